"""Foreign bytes, pulled piece by piece: the pipe between an artifact, a decompressor, a container and a hash.

Pieces are views of the bytes somebody else already holds, so a member of a tar is hashed where its decompressor put
it, without a copy. A failure is remembered: whoever reads on after one meets it again, and no error is lost because
a nested reader met it first.

>>> feed = Feed(iter([b"abc", b"defg", b""]).__next__)
>>> feed.peek(2), feed.read(4), bytes(feed.piece(2)), feed.skip(9)
(b'ab', b'abcd', b'ef', 1)
"""

from collections.abc import Callable
from typing import Final, Protocol

from supplychain.errors import InputError, MalformedDocument

CHUNK: Final = 256 * 1024
SMALL: Final = 64 * 1024
"""A first read is no larger: for a small file a larger buffer is a fresh mapping of memory, five times the work."""
NOTHING: Final = memoryview(b"")


class Pieces(Protocol):
    """Anything that gives its bytes piece by piece."""

    def piece(self, limit: int) -> memoryview:
        """The next bytes, at most `limit` of them and perhaps fewer; empty only at the end. Raises InputError."""
        ...


class Feed:
    """A stream over a function that returns the next bytes, and empty bytes at the end."""

    __slots__ = ("_ended", "_failed", "_pull", "_view")

    def __init__(self, pull: Callable[[], bytes | memoryview]) -> None:
        self._pull = pull
        self._view = NOTHING
        self._failed: InputError | None = None
        self._ended = False

    def piece(self, limit: int = CHUNK) -> memoryview:
        """The next bytes, at most `limit` of them; empty only at the end."""
        view = self._view
        if not view:
            if self._ended:
                return NOTHING
            view = self._next()
        if len(view) <= limit:
            self._view = NOTHING
            return view
        self._view = view[limit:]
        return view[:limit]

    def _next(self) -> memoryview:
        if self._failed is not None:
            raise self._failed
        try:
            view = memoryview(self._pull())
        except InputError as e:
            self._failed = e
            raise
        self._ended = not view
        return view

    def read(self, size: int) -> bytes:
        """So many bytes, or all that are left."""
        view = self._view
        if len(view) >= size:
            self._view = view[size:]
            return bytes(view[:size])
        parts = []
        while size and (piece := self.piece(size)):
            parts.append(piece)
            size -= len(piece)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next bytes, left in place: so many, or all that are left."""
        if len(self._view) < size:
            self.unread(self.read(size))
        return bytes(self._view[:size])

    def unread(self, data: bytes) -> None:
        """Put bytes back in front."""
        if data:
            self._view = memoryview(data + bytes(self._view) if self._view else data)

    def skip(self, size: int) -> int:
        """Drop so many bytes, and say how many there were."""
        left = size
        while left and (piece := self.piece(min(left, CHUNK))):
            left -= len(piece)
        return size - left


class Slice:
    """The next so many bytes of a feed: the content of one member. They must all be there."""

    __slots__ = ("_feed", "_what", "left", "size")

    def __init__(self, feed: Feed, size: int, what: str) -> None:
        self._feed = feed
        self._what = what
        self.left = self.size = size

    def piece(self, limit: int) -> memoryview:
        """See `Pieces`. Raises MalformedDocument when the feed ends early."""
        if not self.left:
            return NOTHING
        piece = self._feed.piece(min(limit, self.left))
        if not piece:
            raise MalformedDocument(f"{self._what} ends {self.left} bytes too early (truncated)")
        self.left -= len(piece)
        return piece
