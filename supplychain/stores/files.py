"""file:// destinations: a folder that a web server or a share shows to the world.

::

    <folder>/<product>/<version>/...           visible, put there by one rename
    <folder>/<product>/latest.json             the pointer, replaced by one rename
    <folder>/.staging/<set digest>/...         whole files only, not yet visible
    <folder>/.staging/<set digest>.parts/...   files being copied, named by their SHA-256
    <folder>/.supplychain/lock, journal/*.jsonl

Nothing below the folder is followed through a symbolic link.
"""

import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from supplychain import _io
from supplychain.errors import (
    ArtifactChanged,
    DestinationConflict,
    LimitExceeded,
    StoreError,
    SupplyChainError,
    Unreadable,
    UnsafePath,
    UsageError,
)
from supplychain.stores import Place

STAGING: Final = ".staging"
OURS: Final = ".supplychain"
POINTER: Final = "latest.json"
MAX_FILES: Final = 65_536
MAX_RECORD_BYTES: Final = 16 << 20
MAX_POINTER_BYTES: Final = 64 * 1024
FILE_MODE: Final = 0o644
"""Of everything published: a release is data, and nobody but its owner writes it."""


class FileStore:
    """A folder as a destination. It is made when only its last part is missing."""

    def __init__(self, url: str) -> None:
        """Raises UsageError for a URL that names no absolute folder, UnsafePath for ``..`` and a symbolic link."""
        self._root = _folder_of(url)

    @property
    def url(self) -> str:
        """``file:///absolute/folder``."""
        return self._root.as_uri()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold ``.supplychain/lock``; the system releases it when this process ends, however it ends."""
        with self._storing():
            if not self._root.exists():
                self._root.mkdir()
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            fd = os.open(self._make(OURS) / "lock", flags, FILE_MODE)
        try:
            if not _try_lock(fd):
                raise StoreError(
                    "another publish is at work here", where=self.url, hint="run this again when it has ended"
                )
            yield
        finally:
            os.close(fd)

    def read_record(self, name: str) -> bytes | None:
        """The journal of this name."""
        return self._read(self._below(OURS, "journal") / f"{_plain(name)}.jsonl", MAX_RECORD_BYTES)

    def append_record(self, name: str, line: bytes) -> None:
        """Append a line; a line that an interruption left unfinished is closed first."""
        with self._storing():
            path = self._make(OURS, "journal") / f"{_plain(name)}.jsonl"
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(path, flags, FILE_MODE), "r+b", buffering=0) as stream:
                size = stream.seek(0, os.SEEK_END)
                torn = False
                if size:
                    stream.seek(size - 1)
                    torn = stream.read(1) != b"\n"
                _write(stream, (b"\n" if torn else b"") + line + b"\n")
                os.fsync(stream.fileno())
            if not size:
                _io.sync_folder(path.parent)

    def probe(self, place: Place) -> Mapping[str, str] | None:
        """Every file of a visible release."""
        folder = self._below(_shown(place.product)) / _shown(place.version)
        if not os.path.lexists(folder):
            return None
        if folder.is_symlink() or not folder.is_dir():
            raise DestinationConflict("something that is no folder has the release's name", where=str(folder))
        return self._digests(folder)

    def staged(self, key: str) -> Mapping[str, str]:
        """Every file in the staging folder."""
        folder = self._below(STAGING, _plain(key))
        return self._digests(folder) if folder.exists() else {}

    def put(
        self, key: str, name: str, source: BinaryIO, *, sha256: str, progress: Callable[[int], None] | None = None
    ) -> None:
        """Copy under the hash's name, to the disk, then rename."""
        with self._storing():
            part = self._make(STAGING, f"{_plain(key)}.parts") / _plain(sha256)
            target = self._make(STAGING, key) / _plain(name)
            part.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            try:
                with os.fdopen(os.open(part, flags, FILE_MODE), "wb", buffering=0) as stream:
                    found = _copy(source, stream, progress)
                    os.fsync(stream.fileno())
                if found != sha256:
                    raise ArtifactChanged(
                        f"{name} was judged as sha256:{sha256[:12]} and is sha256:{found[:12]} now",
                        where=self.url,
                        hint="nothing of it was published; judge again what lies there now",
                    )
                part.chmod(FILE_MODE)
                part.replace(target)
            except BaseException:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise
            _io.sync_folder(target.parent)

    def drop(self, key: str, name: str) -> None:
        """Remove a staged file."""
        with self._storing():
            (self._below(STAGING, _plain(key)) / _plain(name)).unlink(missing_ok=True)

    def activate(self, key: str, place: Place, names: Iterable[str]) -> None:
        """Rename the staging folder to the release's."""
        with self._storing():
            folder = self._below(STAGING, _plain(key))
            target = self._make(_shown(place.product)) / _shown(place.version)
            if sorted(p.name for p in folder.iterdir()) != sorted(names):
                raise StoreError("the staged files are not the release's", where=str(folder), hint="run this again")
            if os.path.lexists(target):
                raise DestinationConflict("something is there already", where=str(target))
            self._clear_parts(key)
            try:
                folder.rename(target)
            except OSError as e:
                if os.path.lexists(target):
                    raise DestinationConflict("something is there already", where=str(target)) from e
                raise
            _io.sync_folder(target.parent)
            _io.sync_folder(folder.parent)

    def locate(self, place: Place) -> str:
        """The release's folder as a URL."""
        return (self._root / _shown(place.product) / _shown(place.version)).as_uri()

    def read_pointer(self, product: str) -> bytes | None:
        """``latest.json``."""
        return self._read(self._below(_shown(product)) / POINTER, MAX_POINTER_BYTES)

    def point(self, product: str, data: bytes) -> None:
        """Replace ``latest.json``."""
        with self._storing():
            try:
                _io.write_atomic(self._make(_shown(product)) / POINTER, data)
            except Unreadable as e:
                raise StoreError(e.message, where=e.where) from e

    def _clear_parts(self, key: str) -> None:
        """Remove what interrupted copies left."""
        parts = self._below(STAGING, f"{key}.parts")
        with suppress(OSError):
            for part in parts.iterdir():
                part.unlink()
            parts.rmdir()

    def _below(self, *names: str) -> Path:
        """A folder below ours, which need not exist; no part of the way to it is a symbolic link."""
        path = self._root
        for name in names:
            path /= _plain(name)
            if path.is_symlink():
                raise UnsafePath("a symbolic link below a destination", where=str(path), hint="replace it by a folder")
        return path

    def _make(self, *names: str) -> Path:
        """As `_below`, and made where it is missing."""
        path = self._root
        for i in range(len(names)):
            path = self._below(*names[: i + 1])
            if not path.exists():
                path.mkdir()
                path.chmod(0o755)
                _io.sync_folder(path.parent)
        return path

    def _digests(self, folder: Path) -> dict[str, str]:
        with self._storing():
            with os.scandir(folder) as found:
                entries = sorted((e.name, e.stat(follow_symlinks=False).st_mode) for e in found)
            if len(entries) > MAX_FILES:
                raise LimitExceeded(f"{len(entries)} files in one folder", where=str(folder))
            if strange := [name for name, mode in entries if not stat.S_ISREG(mode)]:
                raise DestinationConflict(f"{strange[0]!r} is no plain file", where=str(folder))
            digests: dict[str, str] = {}
            for name, _ in entries:
                with _io.open_plain(folder / name) as stream:
                    digests[name] = _io.digest_stream(stream, "sha256")[1]["sha256"]
            return digests

    def _read(self, path: Path, max_bytes: int) -> bytes | None:
        if not os.path.lexists(path):
            return None
        try:
            return _io.read_bytes(path, max_bytes=max_bytes)
        except Unreadable as e:
            raise StoreError(e.message, where=e.where) from e

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """What the system refuses is a StoreError that says where."""
        try:
            yield
        except SupplyChainError:
            raise
        except OSError as e:
            where = e.filename if isinstance(e.filename, str) else str(self._root)
            raise StoreError(
                f"the destination cannot be used: {(e.strerror or 'unknown reason').lower()}",
                where=where,
                hint="nothing half done is visible; run this again when that is mended",
            ) from e


def _folder_of(url: str) -> Path:
    try:
        parts = urlsplit(url)
    except ValueError as e:
        raise UsageError("no URL", where=url) from e
    raw = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment or not raw.startswith("/"):
        raise UsageError(
            "a file URL names an absolute folder of this machine", where=url, hint="such as file:///srv/releases"
        )
    if not raw.isprintable():
        raise UnsafePath("a folder name with control characters", where=url)
    if ".." in raw.replace("\\", "/").split("/"):
        raise UnsafePath("a destination with '..' in it", where=url, hint="write the folder it means")
    path = Path(url2pathname(parts.path))
    if not path.is_absolute():
        raise UsageError("no absolute folder of this machine", where=url)
    if path.is_symlink():
        raise UnsafePath("a symbolic link", where=str(path), hint=f"name the folder it points to: {path.resolve()}")
    if path.exists() and not path.is_dir():
        raise UsageError("no folder", where=str(path))
    if not path.parent.is_dir():
        raise UsageError("no such folder", where=str(path.parent), hint="make it first")
    return path


def _plain(name: str) -> str:
    """A name that stays in its folder; publish has checked more than this."""
    if name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise UnsafePath(f"{name[:80]!r} is no plain name")
    return name


def _shown(name: str) -> str:
    """A name of a product or version: never hidden, never the pointer's."""
    if name.startswith(".") or name.casefold() == POINTER:
        raise UsageError(f"{name[:80]!r} cannot be the name of a product or version here")
    return _plain(name)


def _copy(source: BinaryIO, target: BinaryIO, progress: Callable[[int], None] | None) -> str:
    """Copy to the end; the SHA-256 of what was written."""
    digest, done = hashlib.sha256(), 0
    while True:
        try:
            chunk = source.read(_io.CHUNK * 4)
        except OSError as e:
            raise Unreadable((e.strerror or "cannot be read").lower()) from e
        if not chunk:
            return digest.hexdigest()
        digest.update(chunk)
        _write(target, chunk)
        done += len(chunk)
        if progress:
            progress(done)


def _write(target: BinaryIO, data: bytes) -> None:
    """All of it: a raw stream may take less than it is given."""
    view = memoryview(data)
    while view:
        view = view[target.write(view) :]


if sys.platform == "win32":
    import msvcrt

    def _try_lock(fd: int) -> bool:
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
