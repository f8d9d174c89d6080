"""What a licence expression comes to under a list of identifiers: SPDX semantics with three values.

``OR`` lets whoever uses the component choose, so the best alternative counts; ``AND`` binds to all, so the worst
does; ``WITH`` only adds permissions to its licence. What is no SPDX expression, or refers to a text of its own
(``LicenseRef-``), is unknown.

>>> answer("MIT OR AGPL-3.0-only", lambda id: Answer.DENIED if id == "AGPL-3.0-only" else Answer.FINE).name
'FINE'
>>> answer("MIT AND AGPL-3.0-only", lambda id: Answer.DENIED if id == "AGPL-3.0-only" else Answer.FINE).name
'DENIED'
>>> answer("see LICENSE", lambda id: Answer.FINE).name
'UNKNOWN'
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Final

from supplychain.sbom.licences import declared, is_expression

_WORD: Final = re.compile(r"[()]|[^\s()]+")
_BINDS: Final = {"OR": 1, "AND": 2}


class Answer(IntEnum):
    """From worst to best."""

    DENIED = 0
    UNKNOWN = 1
    FINE = 2


def is_licence(text: str) -> bool:
    """Whether the text is one identifier of the SPDX list (or LicenseRef-...), or one WITH an exception."""
    found = canonical(text)
    return found != "" and not set(_WORD.findall(found)) & {"AND", "OR", "("}


def canonical(text: str) -> str:
    """An expression as the SPDX list spells it; empty for anything else."""
    found = declared(text)
    return found[0] if len(found) == 1 and is_expression(found[0]) else ""


def answer(text: str, of_licence: Callable[[str], Answer]) -> Answer:
    """The answer for a declared licence; ``of_licence`` answers for one identifier, or one WITH an exception."""
    expression = canonical(text)
    if not expression:
        return Answer.UNKNOWN
    answers: list[Answer] = []
    waiting: list[str] = []
    for word in _leaves(expression):
        if word == "(":
            waiting.append(word)
        elif word == ")":
            _reduce(answers, waiting, 0)
            waiting.pop()
        elif word in _BINDS:
            _reduce(answers, waiting, _BINDS[word])
            waiting.append(word)
        else:
            answers.append(of_licence(word))
    _reduce(answers, waiting, 0)
    return answers[0]


def _leaves(expression: str) -> list[str]:
    """Brackets, operators and licences, each licence with its exception."""
    out: list[str] = []
    for word in _WORD.findall(expression):
        if out and (word == "WITH" or out[-1].endswith(" WITH")):
            out[-1] += f" {word}"
        else:
            out.append(word)
    return out


def _reduce(answers: list[Answer], waiting: list[str], binds: int) -> None:
    """Apply the operators that bind at least this much, back to the last open bracket."""
    while waiting and waiting[-1] != "(" and _BINDS[waiting[-1]] >= binds:
        operator, right, left = waiting.pop(), answers.pop(), answers.pop()
        answers.append(min(left, right) if operator == "AND" else max(left, right))
