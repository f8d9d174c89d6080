"""Catalogers: each reads the files of one ecosystem and says which components they tell of.

A cataloger is pure: no subprocess, no network, no disk. The walk (`sbom.inventory`) shows it every path with the
first bytes; for those it wants it reads facts at once, while the bytes are at hand; when a walk is over it combines
the facts of all its files. Adding one is a file here, a line in `CATALOGERS`, and one in `wanted` that says for which
files it is loaded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, BinaryIO, Final, Protocol, cast

from supplychain.model.inventory import Completeness, Component, Edge, Unknown
from supplychain.sbom.catalogers.wanted import WANTED

HEAD_BYTES: Final = 512
"""How much of a file `Cataloger.wants` may look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file met on the walk."""

    path: str
    """Relative to the subject; ``outer.tar!/inner`` inside a nested archive."""
    size: int
    sha256: str
    head: bytes
    """The first bytes, at most HEAD_BYTES."""
    open: Callable[[], BinaryIO]
    """A new seekable stream at position 0, which the reader closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogued:
    """What a cataloger knows after the walk. Order does not matter: the inventory sorts and merges.

    Two components with one ref are one component: their occurrences, digests and properties are united.
    """

    components: Sequence[Component] = ()
    edges: Sequence[Edge] = ()
    """Between refs. A component that nothing depends on is attached to the subject by the inventory."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Path of a file to the ref of the component that owns it."""
    completeness: Sequence[Completeness] = ()
    unknowns: Sequence[Unknown] = ()


class Cataloger(Protocol):
    """The contract. Instances hold no state: facts travel from `read` to `combine` as values."""

    @property
    def name(self) -> str:
        """As in the table."""
        ...

    def wants(self, path: str, head: bytes) -> bool:
        """Whether `read` should see this file. Called for every file: decide by the path first."""
        ...

    def read(self, file: File) -> Any:
        """The facts in one file, small enough to keep. Raises InputError: the file is then listed as incomplete."""
        ...

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        """All facts of a walk, in path order, as components and edges. Never called with no facts.

        The files' `open` must not be called any more.
        """
        ...


CATALOGERS: Final = {
    "python": "supplychain.sbom.catalogers.python:PythonPackages",
    "python-locks": "supplychain.sbom.catalogers.python_locks:PythonLocks",
    "npm": "supplychain.sbom.catalogers.npm:NpmLock",
    "go-binary": "supplychain.sbom.catalogers.go_binary:GoBinary",
    "go-module": "supplychain.sbom.catalogers.go_module:GoModule",
}
"""Name to "module:Class"; all of them run on every walk."""


@dataclass(frozen=True, slots=True)
class _Deferred:
    """A cataloger of the table, loaded with the first file that it wants."""

    name: str

    def wants(self, path: str, head: bytes) -> bool:
        return WANTED[self.name](path, head)

    def read(self, file: File) -> Any:
        return self._loaded().read(file)

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        return self._loaded().combine(facts)

    def _loaded(self) -> Cataloger:
        module, _, attribute = CATALOGERS[self.name].partition(":")
        return cast("Cataloger", getattr(import_module(module), attribute)())


def catalogers() -> list[Cataloger]:
    """One of each, in the order of the table."""
    return [_Deferred(name) for name in CATALOGERS]
