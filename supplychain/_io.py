"""Reading and writing files: bounded reads of plain files, atomic writes, spools, artifacts opened once.

Only plain files are read, never through a symbolic link, a pipe or a device. What is written appears whole under its
name or not at all.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import FileIO
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias, cast

from supplychain.errors import ArtifactChanged, LimitExceeded, Unreadable, UnsafePath
from supplychain.model.artifact import Artifact

if TYPE_CHECKING:  # archive is loaded by those who walk; a bare start does without
    from supplychain.archive.walk import FolderItem, Source

StrPath: TypeAlias = str | os.PathLike[str]
CHUNK = 256 * 1024
_FIRST = 16 * 1024
"""Bytes of the first read, which is all of most files."""
SPOOL_BYTES = 32 << 20
MAX_EVIDENCE_BYTES = 64 << 20
_NEAR_NAMES = 1000

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def open_plain(path: StrPath) -> Iterator[BinaryIO]:
    """Open a plain file for reading, checked on the opened descriptor. Symlinks, FIFOs and devices: UnsafePath."""
    name = os.fspath(path)
    try:
        fd = os.open(name, _FLAGS)
    except ValueError:
        raise UnsafePath("no path: it holds NUL, or characters this system cannot name", where=ascii(name)) from None
    except OSError as e:
        # that of Path raises where the name is too long or the folder is closed to us
        if os.path.islink(name):  # noqa: PTH114
            raise UnsafePath("a symbolic link, not a file", where=name, hint="name the file it points to") from None
        raise unreadable(e, name) from e
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
            raise UnsafePath(f"{kind}, not a file", where=name)
    except BaseException:
        os.close(fd)
        raise
    with os.fdopen(fd, "rb", buffering=0) as stream:
        yield cast("BinaryIO", stream)


def unreadable(error: OSError, path: StrPath) -> Unreadable:
    """What to raise for a path the system would not open; one that is not there gets a hint at nearly its name."""
    hint = _near_name(Path(path)) if isinstance(error, FileNotFoundError) else ""
    return Unreadable((error.strerror or "cannot be opened").lower(), where=os.fspath(path), hint=hint)


def _near_name(wanted: Path) -> str:
    """A hint at what is there under nearly this name, in nearly this folder; empty when nothing is."""
    from difflib import get_close_matches

    for part in (wanted, *wanted.parents):
        if part.exists() or not part.parent.is_dir():
            continue
        with suppress(OSError, ValueError), os.scandir(part.parent) as entries:
            names = [entry.name for entry in islice(entries, _NEAR_NAMES)]
            guesses = [part.parent / name / wanted.relative_to(part) for name in get_close_matches(part.name, names)]
            return next((f"did you mean {guess}?" for guess in guesses if guess.exists()), "")
    return ""


def read_bytes(path: StrPath, *, max_bytes: int = MAX_EVIDENCE_BYTES) -> bytes:
    """The whole content of a plain file, at most so many bytes. Raises UnsafePath, Unreadable, LimitExceeded."""
    with open_plain(path) as stream:
        try:
            chunks, size = [], 0
            piece = _FIRST
            while chunk := stream.read(min(piece, max_bytes + 1 - size)):
                piece = CHUNK * 4
                chunks.append(chunk)
                size += len(chunk)
                if size > max_bytes:
                    raise LimitExceeded(f"more than {max_bytes} bytes", where=os.fspath(path))
        except OSError as e:
            raise Unreadable((e.strerror or "cannot be read").lower(), where=os.fspath(path)) from e
    return b"".join(chunks)


def digest_stream(stream: BinaryIO, *algorithms: str) -> tuple[int, dict[str, str]]:
    """Size and digests of the rest of a stream, in one pass."""
    hashes = {name: hashlib.new(name) for name in algorithms}
    buffer, size = bytearray(_FIRST), 0
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]  # every raw and buffered reader has it
        size += count
        with memoryview(buffer) as view:
            for h in hashes.values():
                h.update(view[:count])
        if count == _FIRST:
            buffer = bytearray(CHUNK)
    return size, {name: h.hexdigest() for name, h in hashes.items()}


def artifact_of(stream: BinaryIO, path: StrPath, *, sha256: str, size: int) -> Artifact:
    """The artifact behind an opened stream that has been measured.

    Further digests are taken from the same descriptor, together with a second SHA-256: bytes that changed in between
    raise ArtifactChanged instead of being judged under an old digest.
    """
    known: dict[str, str] = {}

    def measure(algorithm: str) -> str:
        stream.seek(0)
        again = _measured(stream, path, "sha256", algorithm)[1]
        if again["sha256"] != sha256:
            raise ArtifactChanged("the file changed while it was being verified", where=os.fspath(path))
        known[algorithm] = again[algorithm]
        return again[algorithm]

    name = os.fspath(path)
    return Artifact(name=Path(name).name, sha256=sha256, size=size, known=known, path=name, measure=measure)


@contextmanager
def open_artifact(path: StrPath) -> Iterator[Artifact]:
    """Open an artifact once, measure it, and keep the descriptor for as long as the block lasts."""
    with open_plain(path) as stream:
        size, digests = _measured(stream, path, "sha256")
        yield artifact_of(stream, path, sha256=digests["sha256"], size=size)


def _measured(stream: BinaryIO, path: StrPath, *algorithms: str) -> tuple[int, dict[str, str]]:
    try:
        return digest_stream(stream, *algorithms)
    except OSError as e:
        raise Unreadable((e.strerror or "cannot be read").lower(), where=os.fspath(path)) from e


def write_atomic(path: StrPath, data: bytes, *, mode: int = 0o644, exclusive: bool = False) -> None:
    """Write a file so that its name holds the old bytes or all the new ones, durably.

    ``mode`` 0o600 is for keys (Windows has no such bits). With ``exclusive`` an existing file is left alone and
    FileExistsError is raised. Raises Unreadable when the folder cannot be written.
    """
    import tempfile

    target = Path(path)
    try:
        fd, temporary = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(fd, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).chmod(mode)
            if exclusive:
                os.link(temporary, target)
                Path(temporary).unlink()
            else:
                Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
    except FileExistsError:
        raise
    except OSError as e:
        hint = f"make the folder {target.parent} first" if isinstance(e, FileNotFoundError) else ""
        told = (e.strerror or "unknown reason").lower()
        raise Unreadable(f"cannot be written: {told}", where=str(target), hint=hint) from e


def sync_folder(path: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    if os.name == "posix":
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def spool() -> BinaryIO:
    """An empty stream for bytes that need random access: memory to 32 MiB, then an unnamed temporary file."""
    import tempfile

    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # the caller closes it


def package_data(room: str, name: str) -> bytes:
    """A file that ships inside the package, such as a policy pack or a schema."""
    from importlib import resources

    return resources.files(f"supplychain.{room}").joinpath(name).read_bytes()


def sbom_schema(name: str) -> bytes:
    """A schema of an SBOM format: ours, or one of those that ship with cyclonedx-python-lib."""
    from importlib import resources

    ours = resources.files("supplychain.sbom.formats").joinpath("schemas", name)
    if ours.is_file():
        return ours.read_bytes()
    return resources.files("cyclonedx.schema").joinpath("_res", name).read_bytes()


_HISTORY = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})
_FOLDER_DEPTH = 256
_SMALL = 64 * 1024
"""Below this a file is read at once: a larger buffer is a fresh mapping of memory for every file."""
_BY_DESCRIPTOR = {os.open, os.readlink} <= os.supports_dir_fd and os.scandir in os.supports_fd


@contextmanager
def open_source(path: StrPath) -> "Iterator[Source]":
    """A file or a folder, to be walked while the block lasts. A file that is a symlink, pipe or device: UnsafePath."""
    from supplychain.archive.walk import Source

    name = Path(path).absolute().name or "root"
    if Path(path).is_dir() and not Path(path).is_symlink():
        yield Source(name=name, items=walk_folder(path))
    else:
        with open_plain(path) as stream:
            yield Source(name=name, stream=stream)


def walk_folder(path: StrPath) -> "Iterator[FolderItem]":
    """Everything in a folder, by name, nothing followed: a link is told with its target.

    The history of version control (`.git` and its like) is no content and is left out. A folder that cannot be read
    is told with the reason. An item's `open` works until the next item is asked for; on POSIX it starts from the
    open descriptor of its folder, so that a link put in the way meanwhile is refused, not followed.
    """
    from supplychain.archive.walk import FolderItem
    from supplychain.model.inventory import EntryKind

    top = os.fspath(path)
    with ExitStack() as closing:
        stack = [_enter(closing, top, None, "")]
        while stack:
            folder = stack[-1]
            for entry in folder.entries:  # an iterator: it goes on where it stopped
                item = _item(folder, entry, FolderItem)
                yield item
                if item.kind is not EntryKind.DIRECTORY:
                    continue
                if len(stack) >= _FOLDER_DEPTH:
                    raise LimitExceeded(f"folders nested deeper than {_FOLDER_DEPTH}", where=item.path[:200])
                try:
                    stack.append(_enter(closing, entry.name, folder, f"{item.path}/"))
                except (Unreadable, UnsafePath) as e:
                    yield FolderItem(path=item.path, kind=EntryKind.DIRECTORY, unread=f"not read: {e.message}")
                else:
                    break
            else:
                stack.pop()
                folder.leave()


class _Folder(NamedTuple):
    """A folder that is open: by its descriptor, or by its path where the system has none for folders."""

    at: int | None
    path: str
    prefix: str
    entries: Iterator["os.DirEntry[str]"]
    leave: Callable[[], None]


def _enter(closing: ExitStack, name: str, parent: _Folder | None, prefix: str) -> _Folder:
    path = os.path.join(parent.path, name) if parent else name  # noqa: PTH118  # hot, and names may be bytes in disguise
    fd = None
    try:
        if _BY_DESCRIPTOR:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
            fd = os.open(name, flags, dir_fd=parent.at if parent else None)
        with os.scandir(path if fd is None else fd) as found:
            entries = sorted((e for e in found if e.name not in _HISTORY), key=attrgetter("name"))
    except OSError as e:
        if fd is not None:
            os.close(fd)
        raise Unreadable((e.strerror or "cannot be read").lower(), where=path) from e
    leave = ExitStack()
    if fd is not None:
        leave.callback(os.close, fd)
    closing.enter_context(leave)
    return _Folder(fd, path, prefix, iter(entries), leave.close)


def _item(folder: _Folder, entry: "os.DirEntry[str]", make: "type[FolderItem]") -> "FolderItem":
    path = folder.prefix + entry.name
    if not path.isascii():
        path = os.fsencode(path).decode("utf-8", "backslashreplace")
    try:
        if entry.is_file(follow_symlinks=False):
            return make(path, open=partial(_open_item, folder, entry.name))
        return _item_without_content(folder, entry, path)
    except OSError as e:
        return make(path=path, unread=f"not read: {(e.strerror or 'unknown reason').lower()}")


def _item_without_content(folder: _Folder, entry: "os.DirEntry[str]", path: str) -> "FolderItem":
    from supplychain.archive.walk import FolderItem
    from supplychain.model.inventory import EntryKind

    if entry.is_symlink() or (os.name == "nt" and getattr(entry, "is_junction", bool)()):
        link = os.fsencode(_read_link(folder, entry)).decode("utf-8", "backslashreplace")
        return FolderItem(path=path, kind=EntryKind.SYMLINK, link=link)
    if entry.is_dir(follow_symlinks=False):
        return FolderItem(path=path, kind=EntryKind.DIRECTORY)
    fifo = stat.S_ISFIFO(entry.stat(follow_symlinks=False).st_mode)
    return FolderItem(path=path, kind=EntryKind.FIFO if fifo else EntryKind.DEVICE)


def _read_link(folder: _Folder, entry: "os.DirEntry[str]") -> str:
    if folder.at is None:
        return str(Path(folder.path, entry.name).readlink())
    return os.readlink(entry.name, dir_fd=folder.at)


def _open_item(folder: _Folder, name: str) -> BinaryIO | bytes:
    """A file of a folder, checked on its descriptor; its bytes where they are few."""
    path = name if folder.at is not None else str(Path(folder.path, name))
    try:
        fd = os.open(path, _FLAGS, dir_fd=folder.at)
    except OSError as e:
        raise Unreadable((e.strerror or "cannot be opened").lower()) from e
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise UnsafePath("replaced by something that is no file")
        if found.st_size >= _SMALL:
            stream = FileIO(fd, "rb")
            fd = -1
            return cast("BinaryIO", stream)
        data = os.read(fd, _SMALL)
        if len(data) == found.st_size:
            return data
        raise Unreadable("changed while it was read")
    except OSError as e:
        raise Unreadable((e.strerror or "cannot be read").lower()) from e
    finally:
        if fd >= 0:
            os.close(fd)
