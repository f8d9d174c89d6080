"""What is inside an artifact: files, components, edges, and an honest account of what could not be read.

An inventory is measured, never claimed: every path and digest in it comes from bytes that were read.
Paths are relative to the subject, with ``/``; a member of a nested archive is ``outer.tar.gz!/inner/path``.
All tuples are sorted, so that equal content gives equal inventories whatever the order of files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

NESTED = "!/"
"""Stands between the path of an archive and the path of its member."""


class Scope(StrEnum):
    """When a component is used."""

    SHIPPED = "shipped"
    """Seen in the artifact itself."""
    RUNTIME = "runtime"
    """Declared as needed when it runs."""
    DEV = "dev"
    BUILD = "build"
    TEST = "test"


class Covers(StrEnum):
    """What a digest was taken of: only FILE and PACKAGE_ARCHIVE are digests of bytes one can hold."""

    FILE = "file"
    PACKAGE_ARCHIVE = "package-archive"
    GO_MODULE_DIRHASH = "go-module-dirhash"
    GIT_TREE = "git-tree"


class EntryKind(StrEnum):
    """What a path in a container is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    DEVICE = "device"
    FIFO = "fifo"


class CompletenessState(StrEnum):
    """Whether all that a component or container holds is known."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"


class EdgeKind(StrEnum):
    """How one component relates to another."""

    DEPENDS_ON = "depends-on"
    CONTAINS = "contains"


class Entry(NamedTuple):
    """One path met on the walk, as its container describes it. Sorted by path alone.

    A tuple, since a walk makes one for every file of a tree and a frozen dataclass takes five times as long to make.
    """

    path: str
    kind: EntryKind
    size: int = 0
    """Bytes read, never the size a header claims."""
    sha256: str | None = None
    """Of the content; None for all but files and hard links."""
    mode: int | None = None
    """Permission bits with setuid, setgid and sticky; None where the container records none."""
    uid: int | None = None
    gid: int | None = None
    owner: str = ""
    """Name of the owning user, where recorded."""
    link: str = ""
    """Target of a link, as written."""
    modified: int | None = None
    """Seconds since the epoch, where recorded."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ContentDigest:
    """A digest that evidence inside the artifact states about a component, and of what it is a digest."""

    algorithm: str
    """sha1, sha256, sha512, ... or h1 for a Go module's dirhash."""
    value: str
    """Hexadecimal; base64 as written for h1."""
    covers: Covers
    url: str = ""
    """Of the archive, where the evidence names one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """A place where a component was found."""

    path: str
    sha256: str | None = None
    size: int | None = None

    def __lt__(self, other: "Occurrence") -> bool:
        """By path; at one path what is not recorded comes before what is."""
        return self._order() < other._order()

    def _order(self) -> tuple[str, bool, str, bool, int]:
        return self.path, self.sha256 is not None, self.sha256 or "", self.size is not None, self.size or 0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Found:
    """Who found a component, by reading which file."""

    cataloger: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A package, application or module."""

    ref: str
    """Unique in its inventory: the purl, with a digest or a path after ``#`` where the purl is ambiguous."""
    name: str
    version: str = ""
    """Empty when it is not known; then an Unknown says so."""
    type: str = "library"
    """As CycloneDX names it: library, application, framework, container, file, operating-system, ..."""
    purl: str = ""
    """Canonical; empty when the ecosystem has no purl type."""
    scope: Scope = Scope.SHIPPED
    occurrences: tuple[Occurrence, ...] = ()
    digests: tuple[ContentDigest, ...] = ()
    licences: tuple[str, ...] = ()
    """Declared: SPDX expressions where they parse, otherwise the text as written; nothing guessed."""
    producer: str = ""
    """Author, supplier or maintainer, as declared."""
    description: str = ""
    found: tuple[Found, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    """Further facts for people, as (name, value): ``go:replace``, ``npm:alias``, ``python:requires``, ..."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edge:
    """``source`` depends on, or contains, ``target``: both are refs of components, or of the subject."""

    source: str
    target: str
    kind: EdgeKind = EdgeKind.DEPENDS_ON


EDGE_ORDER: Final = attrgetter("source", "target", "kind")
"""The order of edges as a key, with which ten thousand are sorted in a tenth of the time."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Completeness:
    """What is known to be missing. ``ref`` is a component's ref or an entry's path."""

    ref: str
    state: CompletenessState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Unknown:
    """A field of a component that the artifact does not tell."""

    ref: str
    field: str
    reason: str = "unknown"
    """``unknown`` or ``withheld``."""


UNKNOWN_ORDER: Final = attrgetter("ref", "field", "reason")
"""The order of these as a key: a document can have one for each of its components."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The contents of one subject, as measured."""

    subject: Component
    """The artifact itself; its ref is the source of the edges to what it holds or declares."""
    kind: str
    """``artifact`` for a file; ``source`` for a directory."""
    sha256: str | None = None
    """Of the subject's bytes; None for a directory."""
    size: int = 0
    """Bytes of the subject; for a directory the sum of its files."""
    components: tuple[Component, ...] = ()
    edges: tuple[Edge, ...] = ()
    entries: tuple[Entry, ...] = ()
    """Every path met, nested ones too, sorted by path."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Path of an entry to the ref of the component that owns it, where one is known."""
    completeness: tuple[Completeness, ...] = ()
    """Empty means that everything met was read."""
    unknowns: tuple[Unknown, ...] = ()
    newest: datetime | None = None
    """The newest time recorded inside the artifact, UTC: the timestamp of its documents."""

    @property
    def archives(self) -> int:
        """How many nested archives were opened."""
        return len({e.path.rpartition(NESTED)[0] for e in self.entries if NESTED in e.path})
