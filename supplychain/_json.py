"""Strict JSON in, canonical JSON out.

Every foreign JSON document enters through `parse`: UTF-8 only, no duplicate keys, no NaN or infinity, no number
out of the range of a double and no integer of more than 20 characters, no NUL or lone surrogate, bounded in bytes
and depth. What comes back is a `Node`, a value
that knows the path leading to it, so that a reader's error says where.

>>> node = parse(b'{"subject": [{"name": "a"}]}', where="a.json")
>>> node.at("subject").items()[0].at("name").text()
'a'
>>> node.at("subject").items()[0].at("digest")
Traceback (most recent call last):
supplychain.errors.MalformedDocument: a.json: subject[0].digest: missing
>>> canonical({"b": 1, "a": "é"})
b'{"a":"\\xc3\\xa9","b":1}'
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, NoReturn, TypeAlias

import rfc8785

from supplychain.errors import LimitExceeded, MalformedDocument

JSON: TypeAlias = "str | int | float | bool | None | list[JSON] | dict[str, JSON]"

MAX_BYTES = 64 << 20
"""Bytes of one document, unless the caller says otherwise."""
MAX_DEPTH = 128
"""Levels of nesting; real SBOMs and bundles stay below 20."""

_NOT_MARKS = bytes(set(range(256)) - set(b'[]{}"'))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_STEP = {ord("["): 1, ord("]"): -1}
_ROUNDS = 16
_SURROGATE = re.compile("[\ud800-\udfff]")
_SMUGGLING = re.compile(r"\\u(0000|[dD][89a-fA-F])")
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$-]*\Z")
_MAX_DIGITS = 19
_UNWRAPPED = str.maketrans("", "", "\r\n")
_URL_SAFE = str.maketrans("-_", "+/")


class Node:
    """A value of a parsed document, and the path that leads to it. The content is untrusted until verified."""

    __slots__ = ("_above", "_step", "value", "where")

    def __init__(self, value: JSON, *, where: str, path: str = "") -> None:
        self.value = value
        self.where = where
        self._above: Node | None = None
        self._step: str | int = path

    def _below(self, step: str | int, value: JSON) -> "Node":
        made = Node.__new__(Node)
        made.value, made.where, made._above, made._step = value, self.where, self, step
        return made

    @property
    def path(self) -> str:
        """From the document's root to this value: ``subject[0].digest``. Put together when an error needs it."""
        steps: list[str | int] = []
        node = self
        while node._above is not None:
            steps.append(node._step)
            node = node._above
        path = str(node._step)
        for step in reversed(steps):
            if isinstance(step, int):
                path += f"[{step}]"
            elif _IDENTIFIER.match(step):
                path += f".{step}" if path else step
            else:
                path += f"[{json.dumps(step)}]"
        return path

    def fail(self, message: str, *, hint: str = "") -> NoReturn:
        """Raise MalformedDocument that names the document and this path."""
        raise MalformedDocument(message, where=f"{self.where}: {self.path}" if self.path else self.where, hint=hint)

    def _is(self, kind: str) -> NoReturn:
        self.fail(f"expected {kind}, found {_kind(self.value)}")

    def object(self) -> dict[str, JSON]:
        """The value as an object."""
        if not isinstance(self.value, dict):
            self._is("an object")
        return self.value

    def at(self, key: str) -> "Node":
        """The member of this name, which must be there."""
        members = self.object()
        if key not in members:
            self._below(key, None).fail("missing")
        return self._below(key, members[key])

    def maybe(self, key: str) -> "Node | None":
        """The member of this name; None when it is absent or null."""
        value = self.object().get(key)
        return None if value is None else self._below(key, value)

    def members(self) -> "Iterator[tuple[str, Node]]":
        """The members of an object, in document order."""
        for key, value in self.object().items():
            yield key, self._below(key, value)

    def items(self, *, at_most: int = 1_000_000) -> "list[Node]":
        """The items of an array, of which there may be so many."""
        if not isinstance(self.value, list):
            self._is("an array")
        if len(self.value) > at_most:
            raise LimitExceeded(
                f"{len(self.value)} items, at most {at_most} are read", where=f"{self.where}: {self.path}"
            )
        return [self._below(i, item) for i, item in enumerate(self.value)]

    def text(self, *, empty: bool = False) -> str:
        """The value as a string, which may not be empty unless asked for."""
        if not isinstance(self.value, str):
            self._is("a string")
        if not self.value and not empty:
            self.fail("expected a string, found an empty one")
        return self.value

    def integer(self) -> int:
        """The value as an integer, or as protobuf's JSON writes an int64: a string of decimal digits."""
        value = self.value
        if isinstance(value, str) and re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", value, re.ASCII):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self._is("an integer")
        return value

    def boolean(self) -> bool:
        """The value as true or false."""
        if not isinstance(self.value, bool):
            self._is("true or false")
        return self.value

    def base64(self, *, wrapped: bool = False) -> bytes:
        """The bytes of a padded base64 string, empty refused.

        The alphabet is the standard or the URL-safe one, since DSSE and protobuf's JSON ask readers to take both;
        ``wrapped`` passes over line breaks. Bytes have one spelling: bits that decode to nothing are zero.
        """
        text = self.text()
        if wrapped:
            text = text.translate(_UNWRAPPED)
        if "+" not in text and "/" not in text:
            text = text.translate(_URL_SAFE)
        try:
            found = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            found = b""
        if not found or base64.b64encode(found) != text.encode():
            self.fail("expected base64")
        return found


def parse(data: bytes, *, where: str, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Node:
    """The one document in ``data``, as a Node.

    ``where`` names it in errors. Raises MalformedDocument with line and column, and LimitExceeded.
    """
    if len(data) > max_bytes:
        raise LimitExceeded(f"{len(data)} bytes, at most {max_bytes} are read", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise MalformedDocument(f"not UTF-8 at byte {e.start}", where=where) from None
    if text.startswith("\ufeff"):
        raise MalformedDocument("starts with a byte order mark", where=where, hint="save it as UTF-8 without one")
    if _depth_over(data, max_depth):
        raise LimitExceeded(f"nested deeper than {max_depth} levels", where=where)
    try:
        value = _DECODER.decode(text)
    except _DuplicateKey as e:
        raise MalformedDocument(f"duplicate key {e}", where=where, hint="a reader may take either one") from None
    except _BadNumber as e:
        raise MalformedDocument(f"{e} is not a number JSON can carry", where=where) from None
    except json.JSONDecodeError as e:
        raise MalformedDocument(
            f"line {e.lineno}, column {e.colno}: {e.msg[:1].lower()}{e.msg[1:]}", where=where
        ) from None
    except RecursionError:
        raise LimitExceeded(f"nested deeper than {max_depth} levels", where=where) from None
    if _SMUGGLING.search(text):
        _refuse_escaped(value, where)
    return Node(value, where=where)


def canonical(value: "JSON | Mapping[str, JSON]") -> bytes:
    """``value`` in the JSON Canonicalization Scheme (RFC 8785): one value, one sequence of bytes.

    Raises MalformedDocument for what it cannot carry, such as an integer beyond 2**53.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as e:
        raise MalformedDocument(f"no canonical JSON: {e}") from e


class _DuplicateKey(Exception):
    pass


class _BadNumber(Exception):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]  # add() is None: falsy on purpose
    raise _DuplicateKey(json.dumps(twice[:80]))


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + 1:
        raise _BadNumber(f"an integer of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits) if len(digits) <= 64 else math.inf
    if math.isinf(value):
        raise _BadNumber(digits[:24])
    return value


def _constant(name: str) -> NoReturn:
    raise _BadNumber(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)


def _depth_over(data: bytes, limit: int) -> bool:
    """Whether brackets nest deeper than ``limit``: counted before parsing, since the parser recurses."""
    if data.count(b"[") + data.count(b"{") <= limit:
        return False
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    # two quotes side by side change nothing for what stands after them; an odd number before a bracket is a string
    marks = data.translate(_ONE_KIND, _NOT_MARKS).replace(b'""', b"")
    brackets = b"".join(marks.split(b'"')[::2])
    # each round takes the innermost level away, which leaves nothing of most documents to be counted one by one
    for _ in range(min(_ROUNDS, limit)):
        left = brackets.replace(b"[]", b"")
        if len(left) == len(brackets):
            break
        brackets, limit = left, limit - 1
    return max(accumulate(_STEP[b] for b in brackets), default=0) > limit


def _refuse_escaped(value: JSON, where: str) -> None:
    """Refuse what only an escape can smuggle in: NUL and lone surrogates."""
    todo: list[JSON] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if "\0" in item or _SURROGATE.search(item):
                raise MalformedDocument("a string with NUL or a lone surrogate", where=where)
        elif isinstance(item, dict):
            todo.extend(item.keys())
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)


def _kind(value: JSON) -> str:
    if isinstance(value, Mapping):
        return "an object"
    names = {list: "an array", str: "a string", bool: "true or false", int: "an integer", float: "a number"}
    return "null" if value is None else names[type(value)]
