"""A streaming walk over files and containers, recursive and within budgets. Nothing is ever extracted to disk.

One file a container; adding one is a file here and a line in `CONTAINERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeAlias

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

CONTAINERS: Final = {
    "tar": "supplychain.archive.tar:Tar",
    "zip": "supplychain.archive.zip:Zip",
}
