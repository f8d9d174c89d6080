"""Streams that were handed in, as pieces; and views of them for readers that seek."""

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO, cast

from supplychain.archive.feed import CHUNK, SMALL, Pieces
from supplychain.errors import Unreadable


class Hashed:
    """Pieces of one file, hashed as they pass; ``ahead`` are the first ones, read already."""

    __slots__ = ("_ahead", "_content", "_hash", "size")

    def __init__(self, content: Pieces, *ahead: memoryview) -> None:
        self._content = content
        self._ahead = list(ahead)
        self._hash = hashlib.sha256()
        self.size = 0

    def pull(self) -> memoryview:
        piece = self._ahead.pop(0) if self._ahead else self._content.piece(CHUNK)
        if piece:
            self._hash.update(piece)
            self.size += len(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class FromStream:
    """Pieces of a file that was opened: these bytes are read, not made."""

    __slots__ = ("_count", "_step", "_stream")

    def __init__(self, stream: BinaryIO, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count
        self._step = SMALL

    def piece(self, limit: int) -> memoryview:
        try:
            data = self._stream.read(min(limit, self._step))
            self._step = CHUNK
        except OSError as e:
            raise Unreadable((e.strerror or "cannot be read").lower()) from e
        if data:
            self._count(len(data))
        return memoryview(data)


class Window(io.RawIOBase):
    """A view of a whole seekable stream with its own position; closing it leaves the stream open."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The own position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the own position."""
        if whence == io.SEEK_CUR:
            offset += self._at
        elif whence == io.SEEK_END:
            offset += self._stream.seek(0, io.SEEK_END)
        if offset < 0:
            raise ValueError("negative position")
        self._at = offset
        return offset

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]  # what BufferedReader gives
        """Read at the own position."""
        self._stream.seek(self._at)
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def window(stream: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(Window(stream), CHUNK))


def rewind(stream: BinaryIO) -> None:
    """To the start. Raises Unreadable when the stream cannot seek."""
    try:
        stream.seek(0)
    except (OSError, ValueError) as e:
        raise Unreadable("the stream cannot be read from its start") from e
