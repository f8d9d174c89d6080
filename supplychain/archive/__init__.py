"""A streaming walk over files and containers, recursive and within budgets. Nothing is ever extracted to disk.

One file a container; adding one is a file here and a line in `CONTAINERS`. Bytes flow from the artifact through
`feed` (pulled piece by piece), `compression` and a container into `walk`, which hashes every member once on its way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, ClassVar, Final, Protocol, TypeAlias, cast

from supplychain.archive.feed import Feed, Pieces
from supplychain.model.inventory import EntryKind

Spool: TypeAlias = Callable[[], BinaryIO]
"""Makes an empty, seekable, writable stream for bytes that need random access; the caller closes it. `_io.spool`
gives memory up to 32 MiB, then an unnamed temporary file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much foreign input one walk may cost. Above a limit the walk raises LimitExceeded, or records it."""

    depth: int = 8
    """Archives inside archives; deeper ones are recorded as not scanned."""
    bytes: int = 64 << 30
    """All bytes produced, at every level together."""
    entries: int = 2_000_000
    ratio: int = 200
    """Bytes out of a compressed stream for each byte in, once `ratio_after` bytes are out."""
    ratio_after: int = 64 << 20
    document: int = 64 << 20
    """Bytes of one file that a cataloger parses whole."""
    path: int = 4096
    """Characters of one path."""


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member as its container describes it: every field is a claim, and the name may be hostile."""

    name: str
    kind: EntryKind = EntryKind.FILE
    content: Pieces | None = None
    """The bytes of a file, to be read before the next member is asked for; None for all other kinds, and for a file
    that cannot be read, which `unread` explains."""
    unread: str = ""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    owner: str = ""
    link: str = ""
    modified: int | None = None


class Meter(Protocol):
    """What a container must tell while it reads, so that the budgets of the whole walk hold."""

    limits: Limits

    def item(self) -> None:
        """One more header, member or compressed frame was met. Raises LimitExceeded."""
        ...

    def spend(self, count: int) -> None:
        """So many bytes were read from the artifact or made out of compressed ones. Raises LimitExceeded."""
        ...

    def note(self, reason: str) -> None:
        """Something in this container was not read, or is not described by it."""
        ...


class Container(Protocol):
    """The contract of a container. Instances hold no state."""

    name: ClassVar[str]
    random_access: ClassVar[bool]
    """Whether `members` needs to seek."""

    def claims(self, head: bytes) -> bool:
        """Whether these first bytes (512, fewer in a short file) are those of this container."""
        ...

    def members(self, source: "Feed | BinaryIO", meter: Meter) -> Iterator[Member]:
        """Every member, in the order stored: a Feed is given, or for `random_access` a seekable stream.

        Raises UnsafeArchive when headers lie, MalformedDocument when the bytes end early or make no sense,
        LimitExceeded. An empty container has no members.
        """
        ...


CONTAINERS: Final = {
    "tar": "supplychain.archive.tar:Tar",
    "zip": "supplychain.archive.zip:Zip",
}
"""Name to "module:Class", resolved when the first archive is met."""


def containers() -> list[Container]:
    """One instance of every container, in the order of the table."""
    found: list[Container] = []
    for target in CONTAINERS.values():
        module, _, attribute = target.partition(":")
        found.append(cast("Container", getattr(import_module(module), attribute)()))
    return found
