"""Results in which every text is hostile: what a renderer must survive."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final

from hypothesis import strategies as st

from supplychain.model.sealed import Sealed, mint
from supplychain.model.verified import Source

PIECES: Final = (
    "\x1b[2J\x1b]0;owned\x07",
    "\r::stop-commands::x",
    "::set-output name=a::b",
    " ::error::x",
    "##[add-mask]x",
    "##vso[task.complete]",
    "\u202egnp.exe",
    "\u200b\u2066",
    "\x00",
    "\ud800",
    "\x85\u2028\n",
    "`@channel` @here|<b>[x](http://e.example)",
    "\ufe0f\u3164",
    "日本語 e\u0301",
    "  ",
    "x" * 400,
)

hostile = st.one_of(
    st.sampled_from(PIECES),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.text(st.characters(), max_size=40),
)
"""Text as an attacker writes it, lone surrogates too."""


def poisoned(value: Any, text: str) -> Any:
    """The same value with this text in the place of every other."""
    changed: Any = value
    if isinstance(value, Source):
        changed = Source(text, text)
    elif isinstance(value, str) and not isinstance(value, Enum):
        changed = text
    elif isinstance(value, tuple):
        items = [poisoned(item, text) for item in value]
        changed = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    elif isinstance(value, Mapping):
        changed = {poisoned(key, text): poisoned(item, text) for key, item in value.items()}
    elif isinstance(value, Sealed):
        names: tuple[str, ...] = type(value).__slots__
        changed = mint(type(value), **{name: poisoned(getattr(value, name), text) for name in names})
    elif is_dataclass(value) and not isinstance(value, type):
        changed = type(value)(**{f.name: poisoned(getattr(value, f.name), text) for f in fields(value) if f.init})
    return changed
