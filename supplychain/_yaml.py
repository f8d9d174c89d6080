"""Strict YAML in: the subset that every YAML reader understands alike, with the place of every value.

Policies enter here. What two readers could take differently is refused instead of guessed: tags, anchors, aliases,
merge keys, directives, duplicate keys, several documents, line breaks that are none elsewhere, characters that make
a reviewer see other text than we read, and every plain scalar that some reader takes for another type (the country
``NO``, the version ``1.10``, the time ``12:30``). Nothing is constructed and nothing recurses: PyYAML gives events.

>>> read = parse(b"rules:\\n  - id: signed\\n    count: 2\\n", where="p.yaml")
>>> read.value
{'rules': [{'id': 'signed', 'count': 2}]}
>>> read.place(("rules", 0, "count"))
'p.yaml:3:12'
>>> parse(b"country: NO", where="p.yaml")
Traceback (most recent call last):
supplychain.errors.PolicyInvalid: p.yaml:1:10: 'NO' is read as another type by some YAML readers
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeAlias

import yaml

from supplychain._json import JSON
from supplychain.errors import LimitExceeded, PolicyInvalid

MAX_BYTES: Final = 256 << 10
MAX_DEPTH: Final = 32
MAX_NODES: Final = 50_000

Path: TypeAlias = "tuple[str | int, ...]"
"""Keys and indexes from the document to a value."""
Position: TypeAlias = "tuple[int, int]"
"""Line and column, both from 1."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
_MAX_INTEGER: Final = 2**53 - 1
"""Beyond it a JSON reader may round."""

_TYPED: Final = re.compile(
    r"""
      [-+]?[0-9.][0-9_.,:]*(?:e[-+]?[0-9_]*)?       # numbers, sexagesimal times, versions like 1.10
    | [-+]?0(?:x[0-9a-f_]*|o?[0-7_]*|b[01_]*)       # hexadecimal, octal, binary
    | [-+]?\.(?:inf|nan)
    | [0-9]{4}-[0-9]{1,2}(?:-[0-9]{1,2}.*)?         # dates
    | y|n|yes|no|on|off|true|false
    | ~|null|=|<<|
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""Plain scalars that a reader of YAML 1.1 or 1.2, or one in between, takes for something else than a string."""

_HIDDEN: Final = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
"""Line breaks that only some readers see, controls, and marks that reorder or hide text on a screen."""
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Yaml:
    """A parsed document, and where in the file each of its values and keys stands."""

    value: JSON
    where: str
    values: Mapping[Path, Position]
    keys: Mapping[Path, Position]
    """Position of the key that leads to a path."""

    def place(self, path: Path, *, key: bool = False) -> str:
        """``file:line:column`` of a value, or of its key; of the nearest one around it when the path is not there."""
        if key and path in self.keys:
            return _place(self.where, self.keys[path])
        while path not in self.values:
            path = path[:-1]
        return _place(self.where, self.values[path])


def parse(data: bytes, *, where: str, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Yaml:
    """Read the one document in ``data``. ``where`` names the file in errors.

    Integers, true, false, null, strings, lists and mappings with string keys come out; a number with a fraction must
    be quoted. Raises PolicyInvalid with ``file:line:column``, and LimitExceeded.
    """
    text = _decode(data, where, max_bytes)
    if hidden := _HIDDEN.search(text):
        raise PolicyInvalid(
            f"U+{ord(hidden[0]):04X} is read or shown differently by different programs",
            where=_place(where, _position(text[: hidden.start()])),
            hint="remove it, or write it as an escape in a double-quoted string",
        )
    builder = _Builder(where=where, max_depth=max_depth)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        at = _mark(mark) if mark else (1, 1)
        raise PolicyInvalid(e.problem or e.context or "this is no YAML", where=_place(where, at)) from None
    except yaml.YAMLError:
        raise PolicyInvalid("this is no YAML", where=_place(where, (1, 1))) from None
    if () not in builder.values:
        raise PolicyInvalid("the file is empty", where=_place(where, (1, 1)))
    return Yaml(value=builder.root, where=where, values=builder.values, keys=builder.keys)


def _decode(data: bytes, where: str, max_bytes: int) -> str:
    if len(data) > max_bytes:
        at = _position(data[:max_bytes].decode("utf-8", "replace"))
        raise LimitExceeded(f"{len(data)} bytes, at most {max_bytes} are read", where=_place(where, at))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        at = _position(data[: e.start].decode("utf-8"))
        raise PolicyInvalid("this is not UTF-8", where=_place(where, at), hint="save it as UTF-8") from None


def _position(before: str) -> Position:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _place(where: str, position: Position) -> str:
    return f"{where}:{position[0]}:{position[1]}"


def _mark(mark: Any) -> Position:
    return mark.line + 1, mark.column + 1


@dataclass(slots=True)
class _Open:
    """A collection whose end was not seen yet."""

    path: Path
    items: "list[JSON] | None" = None
    members: "dict[str, JSON] | None" = None
    key: str | None = None


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Builds the value from events, with a stack of its own."""

    where: str
    max_depth: int
    root: JSON = None
    values: dict[Path, Position] = field(default_factory=dict)
    keys: dict[Path, Position] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """One event, in order."""
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.AliasEvent():
                self._refuse(event, "an alias", "write the value out")
            case yaml.ScalarEvent():
                self._node(event)
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._node(event)
                self._open(event, _Open(path=self._next(event), members={}))
            case yaml.SequenceStartEvent():
                self._node(event)
                self._open(event, _Open(path=self._next(event), items=[]))
            case yaml.CollectionEndEvent():
                self.stack.pop()

    def _refuse(self, event: yaml.Event, found: str, hint: str = "") -> NoReturn:
        raise PolicyInvalid(f"{found} is not allowed here", where=self._at(event), hint=hint)

    def _at(self, event: yaml.Event) -> str:
        return _place(self.where, _mark(event.start_mark))

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            self._refuse(event, "a second document", "one file, one document")
        if event.version or event.tags:
            self._refuse(event, "a directive", "remove the line that starts with %")

    def _node(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            self._refuse(event, f"the anchor &{event.anchor}", "write the value out where it is needed")
        if event.tag:  # type: ignore[attr-defined]  # scalars and collections have one
            self._refuse(event, "a tag", "remove it; quote the value if it is a string")
        if len(self.values) + len(self.keys) >= MAX_NODES:
            raise LimitExceeded(f"more than {MAX_NODES} values", where=self._at(event))

    def _next(self, event: yaml.Event) -> Path:
        """The path of the value that comes now."""
        if not self.stack:
            return ()
        top = self.stack[-1]
        if top.items is not None:
            return (*top.path, len(top.items))
        if top.key is None:
            self._refuse(event, "a list or mapping as a key", "keys are strings")
        return (*top.path, top.key)

    def _open(self, event: yaml.Event, opened: _Open) -> None:
        if len(self.stack) >= self.max_depth:
            raise LimitExceeded(f"nested deeper than {self.max_depth} levels", where=self._at(event))
        self._put(event, opened.path, opened.items if opened.members is None else opened.members)
        self.stack.append(opened)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        top = self.stack[-1] if self.stack else None
        if top is None or top.members is None or top.key is not None:
            self._put(event, self._next(event), self._typed(event))
            return
        key = self._typed(event)
        if not isinstance(key, str):
            raise PolicyInvalid(
                f"a key must be a string, found {event.value}", where=self._at(event), hint="quote the key"
            )
        if key in top.members:
            raise PolicyInvalid(
                f"the key {key[:80]!r} is here twice", where=self._at(event), hint="a reader may take either one"
            )
        top.key = key
        self.keys[(*top.path, key)] = _mark(event.start_mark)

    def _put(self, event: yaml.Event, path: Path, value: JSON) -> None:
        self.values[path] = _mark(event.start_mark)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if top.items is not None:
            top.items.append(value)
        else:
            assert top.members is not None
            assert top.key is not None
            top.members[top.key] = value
            top.key = None

    def _typed(self, event: yaml.ScalarEvent) -> JSON:
        text: str = event.value
        if _NO_TEXT.search(text):
            self._refuse(event, "NUL or half a character")
        if event.style in ("'", '"', "|", ">"):
            return text
        return self._plain(text, self._at(event))

    def _plain(self, text: str, at: str) -> JSON:
        """The value of an unquoted scalar, if all readers agree on it."""
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text) and abs(int(text[:20])) <= _MAX_INTEGER:
            return int(text)
        if not text:
            raise PolicyInvalid("the value is missing", where=at, hint="write one, or remove the key")
        if _TYPED.fullmatch(text):
            raise PolicyInvalid(
                f"{text[:80]!r} is read as another type by some YAML readers",
                where=at,
                hint=f'quote it: "{text[:80]}"',
            )
        return text


_CONSTANTS: Final[Mapping[str, JSON]] = {"true": True, "false": False, "null": None}


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: ``rules[0].signers[1]``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out
