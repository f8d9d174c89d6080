"""A Python lock file in one shape, whatever tool wrote it: packages, who needs whom, and what the file leaves open.

The readers of the formats (`python_uv`, `python_poetry`, `python_pylock`, `python_requirements`) make a `Lock`;
`python_locks` makes components of all of them. Values read from TOML pass through `Table`, which checks their type
and knows where they stand.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.model.inventory import ContentDigest, Scope

MAX_LOCK_BYTES: Final = 64 << 20
MAX_PACKAGES: Final = 200_000
MAX_NEEDS: Final = 1_000_000
"""Dependencies of all packages of one lock together."""
MAX_ALIKE: Final = 200
"""Packages of one name: each dependency on it looks at all of them."""

Index: TypeAlias = int
"""A package by its place in `Lock.packages`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package that a lock holds."""

    name: str
    """As PEP 503 writes it."""
    version: str
    """As written; empty when the lock does not tell."""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Of its package URL: where it comes from, if that is not the public index."""
    folder: str | None = None
    """The folder or file beside the lock that it is made from; None for what comes from elsewhere."""
    digests: tuple[ContentDigest, ...] = ()
    hashed: bool = True
    """Whether a hash is expected and all that are given could be read."""
    application: bool = False
    """The project itself, or a member of its workspace."""
    scope: Scope = Scope.RUNTIME
    description: str = ""
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What a lock does not tell. ``package`` is None for the lock as a whole."""

    package: Index | None
    reason: str
    unknown: bool = False
    """Whether the lock never tells such a thing, rather than contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One lock file. ``edges`` are (needing, needed)."""

    path: str
    packages: tuple[Package, ...]
    edges: frozenset[tuple[Index, Index]]
    gaps: tuple[Gap, ...] = ()


def by_name(packages: Iterable[Package], *, where: str) -> dict[str, list[Index]]:
    """Where the packages of each name are. Raises LimitExceeded for a name with more than MAX_ALIKE of them."""
    names: dict[str, list[Index]] = {}
    for place, package in enumerate(packages):
        there = names.setdefault(package.name, [])
        there.append(place)
        if len(there) > MAX_ALIKE:
            raise LimitExceeded(f"more than {MAX_ALIKE} packages named {package.name}", where=where)
    return names


class Table:
    """A table of a TOML document, with the path that leads to it. Its content is untrusted."""

    __slots__ = ("path", "values", "where")

    def __init__(self, values: Mapping[str, object], *, where: str, path: str = "") -> None:
        self.values = values
        self.where = where
        self.path = path

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise MalformedDocument that names the file and the key."""
        raise MalformedDocument(message, where=f"{self.where}: {self._path(key)}")

    def _path(self, key: str) -> str:
        return f"{self.path}.{key[:80]}" if self.path else key[:80]

    def text(self, key: str) -> str:
        """A string; empty when it is absent."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.fail(key, f"expected a string, found {type(value).__name__}")
        return value

    def boolean(self, key: str) -> bool:
        """True or false; false when it is absent."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.fail(key, f"expected true or false, found {type(value).__name__}")
        return value

    def table(self, key: str) -> "Table":
        """A table; empty when it is absent."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"expected a table, found {type(value).__name__}")
        return Table(value, where=self.where, path=self._path(key))

    def texts(self, key: str) -> list[str]:
        """An array of strings; empty when it is absent."""
        return [value if isinstance(value, str) else self.fail(key, "expected strings") for value in self._array(key)]

    def tables(self, key: str) -> "list[Table]":
        """An array of tables; empty when it is absent."""
        array = self._array(key)
        if len(array) > MAX_PACKAGES:
            raise LimitExceeded(f"{len(array)} tables, at most {MAX_PACKAGES} are read", where=self.where)
        made = []
        for place, value in enumerate(array):
            if not isinstance(value, dict):
                self.fail(key, f"expected tables, found {type(value).__name__}")
            made.append(Table(value, where=self.where, path=f"{self._path(key)}[{place}]"))
        return made

    def _array(self, key: str) -> list[object]:
        value = self.values.get(key, [])
        if not isinstance(value, list):
            self.fail(key, f"expected an array, found {type(value).__name__}")
        return value


def read_toml(data: bytes, *, where: str) -> Table:
    """The document. Raises MalformedDocument (duplicate keys included) and LimitExceeded."""
    if len(data) > MAX_LOCK_BYTES:
        raise LimitExceeded(f"{len(data)} bytes, at most {MAX_LOCK_BYTES} are read", where=where)
    try:
        return Table(tomllib.loads(data.decode("utf-8")), where=where)
    except UnicodeDecodeError as e:
        raise MalformedDocument(f"not UTF-8 at byte {e.start}", where=where) from None
    except RecursionError:
        raise LimitExceeded("nested too deeply", where=where) from None
    except ValueError as e:  # TOMLDecodeError, and integers too long for int()
        raise MalformedDocument(f"not TOML: {str(e)[:200]}", where=where) from e


Node: TypeAlias = "tuple[Index, str]"
"""A package, or with a name one of its extras."""


def reach(start: Iterable[Node], below: Callable[[Node], Sequence[Node]]) -> set[Node]:
    """All that can be reached, the start included."""
    reached = set(start)
    waiting = list(reached)
    while waiting:
        for node in below(waiting.pop()):
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    return reached


def scopes(
    count: int, starts: Mapping[Scope, Sequence[Node]], below: Callable[[Node], Sequence[Node]]
) -> Iterator[Scope]:
    """The scope of every package by who reaches it; runtime first. What nobody reaches counts as runtime."""
    reached = {scope: {index for index, _ in reach(starts.get(scope, ()), below)} for scope in Scope}
    for index in range(count):
        yield next((scope for scope in Scope if index in reached[scope]), Scope.RUNTIME)
