"""Where a release goes: one file a scheme. A destination moves bytes and tells digests; it decides nothing.

What happens when, and whether at all, is `release.publish`'s business.

>>> open_store("srv/releases")
Traceback (most recent call last):
supplychain.errors.UsageError: srv/releases: a destination is a URL
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import BinaryIO, Final, Protocol

from supplychain.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a destination one release lies: two plain names."""

    product: str
    version: str


class Destination(Protocol):
    """A place where releases become visible. Whatever cannot be read or written raises StoreError."""

    @property
    def url(self) -> str:
        """Its address, in one spelling."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Keep every other publisher out while the block lasts; raises StoreError at once when one is at work."""
        ...

    def read_record(self, name: str) -> bytes | None:
        """What was appended under this name; None when nothing was. A hint for resuming, never evidence."""
        ...

    def append_record(self, name: str, line: bytes) -> None:
        """Append one line, durably."""
        ...

    def probe(self, place: Place) -> Mapping[str, str] | None:
        """The visible files of a release with the SHA-256 measured now; None when nothing is there.

        Raises DestinationConflict for anything there that is no plain file.
        """
        ...

    def staged(self, key: str) -> Mapping[str, str]:
        """The files put under ``key`` so far, read back: with the SHA-256 measured now."""
        ...

    def put(
        self, key: str, name: str, source: BinaryIO, *, sha256: str, progress: Callable[[int], None] | None = None
    ) -> None:
        """Copy a stream into the staging area of ``key``, where nobody sees it; its name holds all bytes or none.

        Raises ArtifactChanged when the stream is not what ``sha256`` names; then nothing is kept.
        """
        ...

    def drop(self, key: str, name: str) -> None:
        """Remove one staged file."""
        ...

    def activate(self, key: str, place: Place, names: Iterable[str]) -> None:
        """Make the staged files visible, all in one step. They must be exactly ``names``.

        Raises DestinationConflict when something is there already; nothing is overwritten.
        """
        ...

    def locate(self, place: Place) -> str:
        """The address of a release, for people. Raises UsageError, UnsafePath for a name that cannot be one here."""
        ...

    def read_pointer(self, product: str) -> bytes | None:
        """What says which release is the newest; None when nothing does."""
        ...

    def point(self, product: str, data: bytes) -> None:
        """Replace the pointer, in one step."""
        ...


STORES: Final = {"file": "supplychain.stores.files:FileStore"}
"""URL scheme to "module:Class"; the class is made from the URL."""


def open_store(url: str) -> Destination:
    """The destination of a URL. Raises UsageError for what is no URL, and for a scheme that no store here serves."""
    scheme, colon, _ = url.partition(":")
    if not colon or len(scheme) < 2 or not scheme.isascii():
        raise UsageError("a destination is a URL", where=url, hint="a folder is file:///its/absolute/path")
    if scheme.lower() not in STORES:
        raise UsageError(f"no store for {scheme[:40]!r}", where=url, hint=f"known: {', '.join(STORES)}")
    module, _, name = STORES[scheme.lower()].partition(":")
    made: Destination = getattr(import_module(module), name)(url)
    return made
