"""A visitor that remembers all it is told, and wants every file."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from supplychain import _io
from supplychain.archive import LIMITS, Limits
from supplychain.archive.walk import FolderItem, Source, Visitor, Walked, walk
from supplychain.model.inventory import Entry


@dataclass
class SeenFile:
    """One file."""

    entry: Entry
    head: bytes
    content: bytes


@dataclass
class Seen:
    """All that a walk told."""

    want: bool = True
    name: str = "artifact"
    limits: Limits = LIMITS
    entries: dict[str, Entry] = field(default_factory=dict)
    files: dict[str, SeenFile] = field(default_factory=dict)
    missed: list[tuple[str, str]] = field(default_factory=list)
    walked: Walked | None = None

    def wants(self, path: str, head: bytes) -> bool:
        return self.want

    def entry(self, entry: Entry, head: bytes) -> None:
        self.entries[entry.path] = entry

    def file(self, entry: Entry, head: bytes, reader: Callable[[], BinaryIO]) -> None:
        with reader() as first, reader() as second:
            content = first.read()
            assert second.read(7) == content[:7]
        self.files[entry.path] = SeenFile(entry=entry, head=head, content=content)

    def missed_(self, path: str, reason: str) -> None:
        self.missed.append((path, reason))

    def visitor(self) -> Visitor:
        return _Visitor(self)

    def walk(self, source: BinaryIO | Iterable[FolderItem]) -> "Seen":
        stream = cast("BinaryIO", source) if isinstance(source, io.IOBase) else None
        items = () if stream else cast("Iterable[FolderItem]", source)
        self.walked = walk(
            Source(name=self.name, stream=stream, items=items), self.visitor(), spool=_io.spool, limits=self.limits
        )
        return self


class _Visitor:
    def __init__(self, seen: Seen) -> None:
        self.wants, self.entry, self.file, self.missed = seen.wants, seen.entry, seen.file, seen.missed_


def walk_bytes(data: bytes, *, limits: Limits = LIMITS, want: bool = True, name: str = "artifact") -> Seen:
    """Walk an artifact of these bytes."""
    return Seen(limits=limits, want=want, name=name).walk(io.BytesIO(data))
