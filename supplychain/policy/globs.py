"""Globs of policies: exact text, with three wildcards and no more. A policy never holds a regular expression.

``*`` is any run of characters without ``/``, ``?`` is one of them, ``**`` is any run at all, and ``**/`` is any number
of folders, none included. Everything else stands for itself, letter by letter. Matching takes time linear in the
text whatever the pattern, since the text is foreign.

>>> matches("*.whl", "a.whl"), matches("*.whl", "dist/a.whl"), matches("**/*.whl", "a.whl"), matches("a/**", "a/b/c")
(True, False, True, True)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

WILDCARDS: Final = "*?"


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches the pattern."""
    compiled = _compile(pattern)
    if compiled is None:
        return pattern == text
    return text.startswith(compiled.prefix) and compiled.match(text)


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns matches; False when there are none."""
    return any(matches(p, text) for p in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Glob:
    """A pattern as the bits of a state machine: bit n stands for "n single characters of the pattern are matched"."""

    prefix: str
    letters: dict[str, int]
    """Character to the states it moves on from."""
    any_letter: int
    """States that ``?`` moves on from."""
    stay: int
    """States in which ``*`` takes any character but ``/``."""
    stay_slash: int
    """States in which ``**`` takes any character."""
    skip: int
    """States before the ``/`` of ``**/``, which may be left out on arrival."""
    final: int

    def match(self, text: str) -> bool:
        states = 1 | (self.skip & 1) << 1
        for letter in text:
            slash = letter == "/"
            moving = self.letters.get(letter, 0) | (0 if slash else self.any_letter)
            moved = (states & moving) << 1
            moved |= (moved & self.skip) << 1
            states = moved | (states & (self.stay_slash if slash else self.stay))
            if not states:
                return False
        return bool(states & self.final)


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> _Glob | None:
    """None for a pattern without wildcards."""
    if not any(c in pattern for c in WILDCARDS):
        return None
    letters: dict[str, int] = {}
    any_letter = stay = stay_slash = skip = 0
    state = at = 0
    while at < len(pattern):
        bit, letter = 1 << state, pattern[at]
        if pattern.startswith("**", at):
            stay |= bit
            stay_slash |= bit
            if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
                skip |= bit
            at += 2
        elif letter == "*":
            stay |= bit
            at += 1
        else:
            if letter == "?":
                any_letter |= bit
            else:
                letters[letter] = letters.get(letter, 0) | bit
            state += 1
            at += 1
    return _Glob(
        prefix=pattern[: min(pattern.find(c) for c in WILDCARDS if c in pattern)],
        letters=letters,
        any_letter=any_letter,
        stay=stay,
        stay_slash=stay_slash,
        skip=skip,
        final=1 << state,
    )
