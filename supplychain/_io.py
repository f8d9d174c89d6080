"""Reading and writing files: bounded reads of plain files, atomic writes, spools, artifacts opened once.

A path given by a person may be a symlink to a plain file only where `follow` says so; artifacts are never symlinks,
FIFOs or devices. What is written appears whole under its name or not at all.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import BinaryIO, cast

from supplychain.errors import ArtifactChanged, LimitExceeded, Unreadable, UnsafePath
from supplychain.model.artifact import Artifact

CHUNK = 256 * 1024
SPOOL_BYTES = 32 << 20
MAX_EVIDENCE_BYTES = 64 << 20


@contextmanager
def open_plain(path: "str | os.PathLike[str]") -> Iterator[BinaryIO]:
    """Open a plain file for reading, checked on the opened descriptor. Symlinks, FIFOs and devices: UnsafePath."""
    name = os.fspath(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(name, flags)
    except OSError as e:
        if Path(name).is_symlink():
            raise UnsafePath("a symbolic link, not a file", where=name, hint="name the file it points to") from None
        raise Unreadable((e.strerror or "cannot be opened").lower(), where=name) from e
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


def read_bytes(path: "str | os.PathLike[str]", *, max_bytes: int = MAX_EVIDENCE_BYTES) -> bytes:
    """The whole content of a plain file, at most so many bytes. Raises UnsafePath, Unreadable, LimitExceeded."""
    with open_plain(path) as stream:
        try:
            chunks, size = [], 0
            while chunk := stream.read(min(CHUNK * 4, max_bytes + 1 - size)):
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
    buffer = bytearray(CHUNK)
    view, size = memoryview(buffer), 0
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]  # every raw and buffered reader has it
        size += count
        for h in hashes.values():
            h.update(view[:count])
    return size, {name: h.hexdigest() for name, h in hashes.items()}


@contextmanager
def open_artifact(path: "str | os.PathLike[str]") -> Iterator[tuple[Artifact, BinaryIO]]:
    """Open an artifact once, measure it, and keep the descriptor for as long as the block lasts.

    Further digests are taken from the same descriptor together with a second SHA-256, so that bytes changed in
    between raise ArtifactChanged instead of being judged under an old digest. The stream stands at its end.
    """
    name = os.fspath(path)
    with open_plain(name) as stream:
        size, digests = digest_stream(stream, "sha256")
        known: dict[str, str] = {}

        def measure(algorithm: str) -> str:
            stream.seek(0)
            again = digest_stream(stream, "sha256", algorithm)[1]
            if again["sha256"] != digests["sha256"]:
                raise ArtifactChanged("the file changed while it was being verified", where=name)
            known[algorithm] = again[algorithm]
            return again[algorithm]

        yield (
            Artifact(
                name=Path(name).name, sha256=digests["sha256"], size=size, known=known, path=name, measure=measure
            ),
            stream,
        )


def write_atomic(path: "str | os.PathLike[str]", data: bytes, *, mode: int = 0o644, exclusive: bool = False) -> None:
    """Write a file so that its name holds the old bytes or all the new ones, durably.

    ``mode`` 0o600 is for keys (Windows has no such bits). With ``exclusive`` an existing file is left alone and
    FileExistsError is raised. Raises Unreadable when the folder cannot be written.
    """
    target = Path(path)
    try:
        fd, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
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
        raise Unreadable(f"cannot be written: {(e.strerror or 'unknown reason').lower()}", where=str(target)) from e


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
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES))  # the caller closes it


def package_data(room: str, name: str) -> bytes:
    """A file that ships inside the package, such as a policy pack or a schema."""
    return resources.files(f"supplychain.{room}").joinpath(name).read_bytes()
