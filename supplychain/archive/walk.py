"""The walk: every path of an artifact or folder, nested archives too, each member hashed once on its way.

The visitor learns each path with its digest, and gets the bytes of the files it wants. What cannot be read inside a
nested archive is told to the visitor and the walk goes on; what is wrong with the artifact itself is raised, and so
is every budget of the whole walk: an archive that eats the machine is not skipped, it is refused.

One pass: the artifact's own digest is taken while its members are. A zip is read from its end, and a program here and
there; such a file is copied to a spool of the caller while it is hashed. What is told of an artifact is therefore told
of the bytes that have its digest, even when somebody changes the file meanwhile.
"""

import hashlib
import io
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Final, NamedTuple, Protocol, cast

from supplychain.archive import LIMITS, Container, Limits, Member, Spool, containers
from supplychain.archive.budget import Budget, ContainerMeter
from supplychain.archive.compression import compression_of, decoders, decompress, inner_name
from supplychain.archive.feed import CHUNK, Feed, Pieces
from supplychain.archive.names import Layout, check_link, member_path
from supplychain.archive.streams import FromStream, Hashed, rewind, window
from supplychain.errors import InputError, Unreadable, UnsafeArchive, UnsafePath
from supplychain.model.inventory import NESTED, Entry, EntryKind

HEAD: Final = 512
DEEPEST: Final = 64
"""Levels of nesting no limit goes beyond."""
_FILE: Final = EntryKind.FILE
_sha256 = hashlib.sha256


class FolderItem(NamedTuple):
    """One path of a folder, relative to it and with ``/``."""

    path: str
    kind: EntryKind = EntryKind.FILE
    link: str = ""
    open: Callable[[], BinaryIO | bytes] | None = None
    """For a file: its bytes where they are few, else a new seekable stream, closed by the walk. Raises InputError."""
    unread: str = ""
    """Why this cannot be read, where it is known already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is walked: an artifact, by its opened stream, or a folder, by its items."""

    name: str
    """Of the file or folder, without its place on this machine."""
    stream: BinaryIO | None = None
    """Of an artifact: seekable, read from its start. The caller closes it."""
    items: Iterable[FolderItem] = ()
    """Of a folder, in any order, each path once."""

    @property
    def kind(self) -> str:
        """As `Inventory.kind` names it."""
        return "source" if self.stream is None else "artifact"


class Visitor(Protocol):
    """Who is told what the walk meets."""

    def wants(self, path: str, head: bytes) -> bool:
        """Whether `file` should get the bytes. Asked for every file that can be read."""
        ...

    def entry(self, entry: Entry, head: bytes) -> None:
        """A path, with the first bytes of a file."""
        ...

    def file(self, entry: Entry, head: bytes, reader: Callable[[], BinaryIO]) -> None:
        """A file that was wanted. ``reader`` gives new seekable streams, until this call returns."""
        ...

    def missed(self, path: str, reason: str) -> None:
        """A path that was not read, or not wholly; an empty path is the artifact itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """The artifact as measured."""

    sha256: str | None
    """None for a folder."""
    size: int
    """For a folder the sum of its files."""


def walk(
    source: Source,
    visitor: Visitor,
    *,
    spool: Spool,
    limits: Limits = LIMITS,
    progress: Callable[[int], None] | None = None,
) -> Walked:
    """Walk an artifact or a folder; ``progress`` is told how many bytes of it were read so far.

    Paths inside an artifact that is an archive are those of its members; an artifact that is none is one entry under
    its own name. Raises UnsafeArchive, MalformedDocument, LimitExceeded, Unreadable, UnsupportedType for the artifact
    itself; an archive inside a folder or another archive is reported to the visitor instead, save for the budgets of
    the whole walk.
    """
    run = _Run(visitor, Budget(limits, progress), spool)
    if source.stream is None:
        return run.folder(source.items)
    return run.artifact(source.name, source.stream)


class _Run:
    """One walk."""

    def __init__(self, visitor: Visitor, budget: Budget, spool: Spool) -> None:
        self._visitor = visitor
        self._budget = budget
        self._limits = budget.limits
        self._spool = spool
        self._claims = [(container.claims, container) for container in containers()]

    def artifact(self, name: str, stream: BinaryIO) -> Walked:
        """The artifact itself: what is wrong with it is raised."""
        rewind(stream)
        hashed = Hashed(FromStream(stream, self._budget.source))
        feed = Feed(hashed.pull)
        head = feed.peek(HEAD)
        opened = self._recognise(name, head)
        if isinstance(opened, str) and decoders(opened) is None:
            self._visitor.missed(name, _needs_fast(opened))
            opened = None
        if opened is None:
            self._plain(name, head, hashed, feed)
        elif isinstance(opened, str) or not opened.random_access:
            self._open(opened, name, "", feed, 0)
            _drain(feed)
        else:
            with closing(self._copy(feed, hashed)) as copy:
                self._members(opened, "", copy, 0)
        return Walked(sha256=hashed.sha256, size=hashed.size)

    def _plain(self, name: str, head: bytes, hashed: Hashed, feed: Feed) -> None:
        if not self._visitor.wants(name, head):
            _drain(feed)
            self._visitor.entry(_whole(name, hashed), head)
            return
        with closing(self._copy(feed, hashed)) as copy:
            entry = _whole(name, hashed)
            self._visitor.entry(entry, head)
            self._visitor.file(entry, head, lambda: window(copy))

    def folder(self, items: Iterable[FolderItem]) -> Walked:
        """A folder: what is wrong with one file of it is reported."""
        for path, kind, link, opening, unread in items:
            self._budget.path(len(path))
            if unread:
                self._visitor.missed(path, unread)
            if opening is None:
                self._visitor.entry(Entry(path=path, kind=kind, link=link), b"")
                continue
            try:
                content = opening()
                if isinstance(content, bytes):
                    self._budget.source(len(content))
                    sha256 = _sha256(content).hexdigest()
                    entry = Entry(path=path, kind=_FILE, size=len(content), sha256=sha256)
                    self._visitor.entry(entry, self._short(entry, content, content[:HEAD], 0))
                else:
                    self._streamed(path, content)
            except (Unreadable, UnsafePath) as e:
                self._visitor.entry(Entry(path=path, kind=kind), b"")
                self._visitor.missed(path, f"not read: {e.message}")
        return Walked(sha256=None, size=self._budget.read)

    def _streamed(self, path: str, stream: BinaryIO) -> None:
        with stream:
            member = Member(name=path, content=FromStream(stream, self._budget.source))
            self._visitor.entry(*self._content(member, path, 0, stream))

    def _recognise(self, path: str, head: bytes) -> Container | str | None:
        """A container, the name of a compression, or nothing. Raises UnsafeArchive for what is two things at once."""
        found: Container | str | None = compression_of(head)
        for claims, container in self._claims:
            if claims(head):
                if found is not None:
                    raise UnsafeArchive("a file that is two kinds of archive at once", where=path[:200])
                found = container
        return found

    def _open(self, opened: Container | str, path: str, where: str, feed: Feed, depth: int) -> None:
        """What a feed holds: the members of a container, or the one file inside a compression."""
        if not isinstance(opened, str):
            self._members(opened, where, feed, depth)
            return
        found = decoders(opened)
        if found is None:
            self._visitor.missed(where, _needs_fast(opened))
            return
        meter = ContainerMeter(self._budget, self._visitor.missed, where)
        inner = decompress(feed, opened, found, meter)
        container = self._recognise(path, inner.peek(HEAD))
        if container is None or isinstance(container, str) or container.random_access:
            member = Member(name=inner_name(path, opened), content=inner)
            self._each([member], where, depth)
        else:
            self._members(container, where, inner, depth)
        _drain(inner)

    def _members(self, container: Container, where: str, source: Feed | BinaryIO, depth: int) -> None:
        meter = ContainerMeter(self._budget, self._visitor.missed, where)
        self._each(container.members(source, meter), where, depth)

    def _each(self, members: Iterable[Member], where: str, depth: int) -> None:
        layout, prefix = Layout(), where and where + NESTED
        for member in members:
            inside = member_path(member.name, self._limits.path)
            if not inside:
                self._budget.item()
                continue
            path = prefix + inside
            self._budget.path(len(path))
            layout.check_parents(inside)
            if member.content is not None:
                entry, head = self._content(member, path, depth, None)
            else:
                entry, head = self._bare(member, inside, path, layout), b""
            if layout.add(inside, entry):
                self._visitor.entry(entry, head)

    def _bare(self, member: Member, inside: str, path: str, layout: Layout) -> Entry:
        """A member without content of its own."""
        entry = _entry(member, path)
        if member.kind is EntryKind.FILE:
            self._visitor.missed(path, f"not scanned: {member.unread}")
        elif member.kind is EntryKind.SYMLINK:
            check_link(inside, member.link, self._limits.path)
        elif member.kind is EntryKind.HARDLINK:
            target = layout.target(member_path(member.link, self._limits.path))
            if target is None:
                raise UnsafeArchive("a hard link to nothing in the archive", where=path[:200])
            return entry._replace(sha256=target[0], size=target[1])
        return entry

    def _content(self, member: Member, path: str, depth: int, stream: BinaryIO | None) -> tuple[Entry, bytes]:
        """A file: hash it, show it to the visitor, look inside.

        ``stream`` is that of a file in a folder: it is read again instead of a copy. No digest of a folder is signed.
        """
        content = cast("Pieces", member.content)
        first = content.piece(CHUNK)
        second = content.piece(CHUNK) if first else first
        if second:
            return self._long(member, path, depth, stream, Hashed(content, first, second))
        entry = _entry(member, path, len(first), _sha256(first).hexdigest())
        return entry, self._short(entry, first, bytes(first[:HEAD]), depth)

    def _short(self, entry: Entry, data: "bytes | memoryview", head: bytes, depth: int) -> bytes:
        """A file of one piece, as most are; its first bytes."""
        wanted = self._visitor.wants(entry.path, head)
        opened = self._inside(entry.path, head, depth)
        if wanted or opened is not None:
            self._show(entry, head, io.BytesIO(data), wanted=wanted, opened=opened, depth=depth)
        return head

    def _long(
        self, member: Member, path: str, depth: int, stream: BinaryIO | None, hashed: Hashed
    ) -> tuple[Entry, bytes]:
        """A file of several pieces: streamed where that is enough, else copied."""
        feed = Feed(hashed.pull)
        head = feed.peek(HEAD)
        wanted = self._visitor.wants(path, head)
        opened = self._inside(path, head, depth)
        if not wanted and (opened is None or isinstance(opened, str) or not opened.random_access):
            if opened is not None:
                self._nested(opened, path, feed, depth)
            _drain(feed)
            return _entry(member, path, hashed.size, hashed.sha256), head
        if stream is None:
            copy = self._copy(feed, hashed)
        else:
            copy = None
            _drain(feed)
        try:
            entry = _entry(member, path, hashed.size, hashed.sha256)
            self._show(entry, head, stream or cast("BinaryIO", copy), wanted=wanted, opened=opened, depth=depth)
        finally:
            if copy is not None:
                copy.close()
        return entry, head

    def _show(
        self, entry: Entry, head: bytes, stream: BinaryIO, *, wanted: bool, opened: Container | str | None, depth: int
    ) -> None:
        if wanted:
            self._visitor.file(entry, head, lambda: window(stream))
        if opened is not None:
            self._nested(opened, entry.path, stream, depth)

    def _inside(self, path: str, head: bytes, depth: int) -> Container | str | None:
        try:
            opened = self._recognise(path, head)
        except UnsafeArchive as e:
            self._visitor.missed(path, f"not scanned: {e.message}")
            return None
        if opened is not None and depth >= min(self._limits.depth, DEEPEST):
            self._visitor.missed(path, f"not scanned: nested deeper than {min(self._limits.depth, DEEPEST)} archives")
            return None
        return opened

    def _nested(self, opened: Container | str, path: str, source: Feed | BinaryIO, depth: int) -> None:
        """Look inside a member. What goes wrong there is reported, unless the whole walk is over its budget."""
        try:
            if isinstance(source, Feed):
                self._open(opened, path, path, source, depth + 1)
            elif isinstance(opened, str) or not opened.random_access:
                rewind(source)
                self._open(opened, path, path, Feed(lambda: FromStream(source, _nothing).piece(CHUNK)), depth + 1)
            else:
                self._members(opened, path, source, depth + 1)
        except InputError as e:
            if self._budget.exhausted:
                raise
            self._visitor.missed(path, f"not scanned to its end: {e.code}: {e.message}")

    def _copy(self, feed: Feed, hashed: Hashed) -> BinaryIO:
        """The whole of a member in a stream that can seek."""
        copy = self._spool()
        try:
            while piece := feed.piece(CHUNK):
                copy.write(piece)
        except OSError as e:
            copy.close()
            raise Unreadable(f"no room for a temporary copy: {e.strerror}", where=f"{hashed.size} bytes") from e
        except BaseException:
            copy.close()
            raise
        return copy


def _needs_fast(compression: str) -> str:
    return f"not scanned: reading {compression} needs the extra fast"


def _nothing(_: int) -> None:
    pass


def _drain(feed: Feed) -> None:
    while feed.piece(CHUNK):
        pass


def _whole(name: str, hashed: Hashed) -> Entry:
    return Entry(path=name, kind=EntryKind.FILE, size=hashed.size, sha256=hashed.sha256)


def _entry(member: Member, path: str, size: int = 0, sha256: str | None = None) -> Entry:
    return Entry(
        path=path,
        kind=member.kind,
        size=size,
        sha256=sha256,
        mode=member.mode,
        uid=member.uid,
        gid=member.gid,
        owner=member.owner,
        link=member.link,
        modified=member.modified,
    )
