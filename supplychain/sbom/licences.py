"""Declared licences: SPDX expressions where the text is one, otherwise the text as its author wrote it.

Nothing is guessed: ``Apache 2.0`` and ``BSD`` name no listed licence exactly, so they stay as they are, and a rule
that needs an SPDX identifier can say which component lacks it.

>>> declared("(mit or apache-2.0 WITH llvm-exception)")
('MIT OR Apache-2.0 WITH LLVM-exception',)
>>> declared("GPL-2.0+"), declared("Apache 2.0"), declared("  ")
(('GPL-2.0-or-later',), ('Apache 2.0',), ())
>>> from_classifiers(["License :: OSI Approved :: BSD License", "License :: OSI Approved :: MIT License"])
('BSD License', 'MIT')
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

MAX_EXPRESSION: Final = 1_000
"""Characters of the longest text that is tried as an expression; real ones stay below 200."""
MAX_TEXT: Final = 160
"""Characters kept of a text that is no expression."""

_GNU = re.compile(r"(?<![\w.-])((?:[AL]?GPL|GFDL)-\d\.\d)(\+)?(?![\w.+-])", re.ASCII)
"""Identifiers that SPDX deprecated by splitting them in ``-only`` and ``-or-later``, with the same meaning."""

CLASSIFIERS: Final = {
    "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CMU License (MIT-CMU)": "MIT-CMU",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "zlib/libpng License": "Zlib",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
}
"""Last part of a licence classifier of PyPI to the one identifier it can mean (PEP 639, appendix).

``Apache Software License``, ``BSD License`` and others are missing on purpose: the PEP forbids to infer a version.
"""


def declared(text: str) -> tuple[str, ...]:
    """The licence that ``text`` declares, as one SPDX expression if it is one; nothing for blank text.

    Identifiers are looked up in the SPDX list without regard to case. Other text is kept on one line; a whole
    licence pasted into the field is cut after its first line, saying how much is left out.
    """
    stripped = text.strip()
    if not stripped:
        return ()
    found = _expression(stripped) if len(stripped) <= MAX_EXPRESSION else None
    return (found or _first_line(stripped),)


def is_expression(text: str) -> bool:
    """Whether the text is an SPDX expression of listed licences (or LicenseRef-...) and nothing else."""
    return 0 < len(text.strip()) <= MAX_EXPRESSION and _expression(text.strip()) is not None


def from_classifiers(classifiers: Iterable[str]) -> tuple[str, ...]:
    """The licences among the trove classifiers of a Python package, sorted; other classifiers are passed over."""
    found: set[str] = set()
    for classifier in classifiers:
        parts = [part.strip() for part in classifier.split("::")]
        if parts[0] == "License" and len(parts) > 1 and parts[1:] != ["OSI Approved"]:
            found.update([CLASSIFIERS[parts[-1]]] if parts[-1] in CLASSIFIERS else declared(parts[-1]))
    return tuple(sorted(found))


@lru_cache(maxsize=4096)
def _expression(text: str) -> str | None:
    try:
        expression = str(canonicalize_license_expression(_unwrapped(text)))
    except (InvalidLicenseExpression, RecursionError, MemoryError):
        # The last two: the expression's brackets are checked by a parser that recurses.
        return None
    return _GNU.sub(_gnu_successor, expression)


def _gnu_successor(match: re.Match[str]) -> str:
    return f"{match[1]}-or-later" if match[2] else f"{match[1]}-only"


def _unwrapped(expression: str) -> str:
    """Without the brackets around all of it, which npm asks for and which mean nothing."""
    while expression.startswith("(") and expression.endswith(")"):
        depth = 0
        for position, character in enumerate(expression):
            depth += (character == "(") - (character == ")")
            if depth == 0 and position < len(expression) - 1:
                return expression
        if depth:
            return expression
        expression = expression[1:-1].strip()
    return expression


def _first_line(stripped: str) -> str:
    line = stripped.splitlines()[0].rstrip()
    kept = line[:MAX_TEXT].rstrip()
    left_out = len(stripped) - len(kept)
    return f"{kept} [{left_out} more characters]" if left_out else kept
