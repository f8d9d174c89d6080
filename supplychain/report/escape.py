r"""Untrusted text made safe for the place it is shown in: the one module every renderer and log line goes through.

Names, versions and messages come from archives, evidence and other people's servers. On a screen they may not move
the cursor, hide or reorder letters, or start a line that a CI runner obeys; in a chat they may not format, link or
call anybody. What would do so is shown as ``\u{1b}``, so that a reader sees that it was there.

>>> terminal("1.2.3\r::stop-commands::x")
'1.2.3\\u{d}::stop-commands::x'
>>> code("see `@here` | <b>")
'`see \\u{60}\\u{40}here\\u{60} \\u{7c} <b>`'
"""

import re
from typing import Final

FIELD: Final = 1000
"""Characters of one untrusted value that a screen shows; the rest is counted."""

_HIDDEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Printable by their category, yet drawn as nothing: fillers, joiners, variation selectors, the blank Braille cell."""
_COMMAND: Final = re.compile(r"(?:(?<=\s)|\A):(?=:|\Z)|#(?=[A-Za-z]*\[)(?<=##)")
"""What CI runners obey: ``::name::`` after any white space at the start of a line (and where a line starts is not
known before it is laid out; a lone colon at the end meets the one we write behind it), ``##[name]`` and
``##vso[name]`` anywhere in one."""
_BROADCAST: Final = re.compile(r"@(?=(?:all|channel|everyone|group|here|team)(?![a-z0-9]))", re.IGNORECASE)
_NO_JSON: Final = re.compile("[\x00\ud800-\udfff]")


def terminal(text: str, *, limit: int = FIELD) -> str:
    """One line for a terminal or a log: no control, bidirectional, zero-width or unassigned character, no CI command.

    White space other than the space is shown escaped, line ends too. Longer than ``limit`` characters it is cut, and
    says how much is missing. A backslash stays as it is: what is escaped already is not escaped again.
    """
    cut = text[:limit]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else _shown(c) for c in cut)
    cut = _COMMAND.sub(_match, _HIDDEN.sub(_match, cut))
    return cut if len(text) <= limit else f"{cut}... ({len(text) - limit:,} more characters)"


def code(text: str, *, limit: int = 300) -> str:
    """A Markdown code span, in which GitHub, GitLab and Mattermost neither format, link, embed HTML nor mention.

    A backslash would not do: GitHub mentions whoever stands behind ``\\@``. Backticks and pipes are shown escaped, so
    that a span ends where it should, in a table too; so is the ``@`` of the words that call everybody, for the
    services that look into code.
    """
    safe = _BROADCAST.sub(_match, re.sub(r"[`|]", _match, terminal(text, limit=limit)))
    return f"`{safe}`" if safe.strip() else "(empty)"


def data(text: str) -> str:
    """Text as a JSON string can carry it to every reader: no NUL and no lone surrogate, shown escaped instead."""
    return _NO_JSON.sub(_match, text)


def _shown(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _match(found: re.Match[str]) -> str:
    return _shown(found[0])
