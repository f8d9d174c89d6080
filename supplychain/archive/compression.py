"""gzip, bzip2, xz and zstd, decompressed as a feed under a ratio.

gzip is read by isal and zstd by zstandard where the extra `fast` brings them; gzip falls back to the standard
library, zstd to Python 3.14's own reader, else it is not scanned and said to be so.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from supplychain.archive import Meter
from supplychain.archive.feed import CHUNK, Feed
from supplychain.errors import LimitExceeded, MalformedDocument

MAGIC: Final = {
    "gzip": b"\x1f\x8b\x08",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
    "zstd": b"\x28\xb5\x2f\xfd",
}
_BY_START: Final = {magic[:2]: name for name, magic in MAGIC.items()}
SUFFIXES: Final = {"gzip": (".gz",), "bzip2": (".bz2",), "xz": (".xz",), "zstd": (".zst", ".zstd")}

_FIRST_INPUT = 4096
_ZSTD_INPUT = 1024
_MEMORY = 256 << 20
_WINDOW = 128 << 20
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")


class Decoder(Protocol):
    """One compressed frame, as `bz2.BZ2Decompressor` reads it."""

    @property
    def eof(self) -> bool:
        """Whether the frame is complete."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether no more output can come from what was given."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the frame."""
        ...

    def decompress(self, data: memoryview, max_length: int) -> bytes:
        """Take input, give at most so much output."""
        ...


class ZlibDecoder:
    """`zlib.decompressobj` with the face of a Decoder."""

    __slots__ = ("_zlib",)

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """See Decoder."""
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        """See Decoder."""
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """See Decoder."""
        return self._zlib.unused_data

    def decompress(self, data: memoryview, max_length: int) -> bytes:
        """See Decoder."""
        return self._zlib.decompress(self._zlib.unconsumed_tail or data, max_length)


class _ZstandardDecoder:
    """zstandard's `decompressobj`, which knows no output limit: so it is given little input at a time."""

    __slots__ = ("_zstd",)
    needs_input = True

    def __init__(self, zstd: Any) -> None:
        self._zstd = zstd

    @property
    def eof(self) -> bool:
        return bool(self._zstd.eof)

    @property
    def unused_data(self) -> bytes:
        return cast("bytes", self._zstd.unused_data)

    def decompress(self, data: memoryview, max_length: int) -> bytes:  # noqa: ARG002  # bounded by the input instead
        return cast("bytes", self._zstd.decompress(data)) if data else b""


Decoders = tuple[Callable[[], Decoder], tuple[type[Exception], ...]]
"""Makes a decoder for one frame; the exceptions it raises on bytes that make no sense."""


def gzip_decoders(*, fast: bool = True) -> Decoders:
    """isal where it is installed and wanted, otherwise zlib."""
    return (_igzip("DECOMP_GZIP") if fast else None) or ((lambda: ZlibDecoder(31)), (zlib.error,))


def deflate_decoders(*, fast: bool = True) -> Decoders:
    """Raw deflate, as zip stores it."""
    return (_igzip("DECOMP_DEFLATE") if fast else None) or ((lambda: ZlibDecoder(-15)), (zlib.error,))


def _igzip(mode: str) -> Decoders | None:
    try:
        from isal import igzip_lib
    except ImportError:
        return None
    flag = getattr(igzip_lib, mode)
    error = cast("type[Exception]", igzip_lib.IsalError)
    return (lambda: cast("Decoder", igzip_lib.IgzipDecompressor(flag=flag))), (error, ValueError, EOFError)


def zstd_decoders() -> Decoders | None:
    """zstandard, else the standard library of Python 3.14, else None."""
    try:
        import zstandard
    except ImportError:
        return _standard_zstd()
    whole = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    return (lambda: _ZstandardDecoder(whole.decompressobj())), (zstandard.ZstdError,)


def _standard_zstd() -> Decoders | None:
    from importlib import import_module

    try:
        zstd = import_module("compression.zstd")
    except ImportError:
        return None
    options = {zstd.DecompressionParameter.window_log_max: _WINDOW.bit_length() - 1}
    return (lambda: cast("Decoder", zstd.ZstdDecompressor(options=options))), (zstd.ZstdError, ValueError, EOFError)


def decoders(name: str) -> Decoders | None:
    """What reads this compression here; None where nothing installed does."""
    if name == "gzip":
        return gzip_decoders()
    if name == "bzip2":
        return (lambda: cast("Decoder", bz2.BZ2Decompressor())), (OSError, ValueError, EOFError)
    if name == "xz":
        return (lambda: cast("Decoder", lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY))), (
            lzma.LZMAError,
            ValueError,
            EOFError,
        )
    return zstd_decoders()


def compression_of(head: bytes) -> str | None:
    """The compression these first bytes name, or None."""
    name = _BY_START.get(head[:2])
    if name is None:
        return "zstd" if head[1:4] == b"\x2a\x4d\x18" and _starts("zstd", head) else None
    if not _starts(name, head) or (name == "bzip2" and head[4:10] not in _BZIP2_BLOCKS):
        return None
    return name


def _starts(name: str, head: bytes) -> bool:
    if name == "zstd" and head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50:
        return True  # a skippable frame, as pzstd writes first
    return head.startswith(MAGIC[name])


def inner_name(path: str, compression: str) -> str:
    """What the one file inside ``path`` is called: its last segment without the compression's suffix."""
    name = path.rpartition("/")[2]
    lowered = name.lower()
    for suffix in SUFFIXES[compression]:
        inner = name[: -len(suffix)]
        if lowered.endswith(suffix) and inner.strip("."):
            return inner
    return name


class Ratio:
    """Bytes out for each byte in, over one compressed stream or one zip."""

    __slots__ = ("_limit", "_meter", "_start", "fed", "made")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._limit = meter.limits.ratio
        self._start = meter.limits.ratio_after
        self.fed = 0
        self.made = 0

    def add(self, made: int) -> None:
        """Count output. Raises LimitExceeded."""
        self.made += made
        self._meter.spend(made)
        if self.made > self._start and self.made > self._limit * self.fed:
            raise LimitExceeded(
                f"{self.made} bytes came out of {self.fed} compressed ones, more than {self._limit} for each",
                hint="this is how a decompression bomb looks; raise the limit only for content you made",
            )


def decompress(source: Feed, name: str, found: Decoders, meter: Meter) -> Feed:
    """The content of a compressed feed, all its frames. Raises MalformedDocument, LimitExceeded while it is read."""
    return Feed(_Frames(source, name, found, meter).pull)


class _Frames:
    """Every frame of a stream, one after the other. Zeros may follow the last one, as tape and tar tools leave them."""

    __slots__ = (
        "_count",
        "_decoder",
        "_errors",
        "_magic",
        "_make",
        "_meter",
        "_most",
        "_name",
        "_source",
        "_step",
        "ratio",
    )

    def __init__(self, source: Feed, name: str, found: Decoders, meter: Meter) -> None:
        self._source = source
        self._name = name
        self._make, self._errors = found
        self._meter = meter
        self._magic = MAGIC[name]
        self._most = _ZSTD_INPUT if name == "zstd" else CHUNK // 4
        self._step = min(_FIRST_INPUT, self._most)
        self._decoder: Decoder | None = None
        self._count = 0
        self.ratio = Ratio(meter)

    def pull(self) -> bytes:
        """The next output; empty at the end."""
        while True:
            decoder = self._decoder or self._next_frame()
            if decoder is None:
                return b""
            out = self._advance(decoder)
            if decoder.eof:
                rest = decoder.unused_data
                self.ratio.fed -= len(rest)
                self._source.unread(rest)
                self._decoder = None
            if out:
                self.ratio.add(len(out))
                return out

    def _next_frame(self) -> Decoder | None:
        if self._count:
            self._skip_zeros()
        head = self._source.peek(len(self._magic))
        if self._count and not head:
            return None
        if not _starts(self._name, head):
            what = "bytes follow the last frame" if self._count else "not a frame"
            raise MalformedDocument(f"{what} of this {self._name} stream")
        self._meter.item()
        self._count += 1
        # Input grows from a small first piece, so that a million tiny frames do not copy the same rest again and again.
        self._step = min(_FIRST_INPUT, self._most)
        self._decoder = self._make()
        return self._decoder

    def _skip_zeros(self) -> None:
        while piece := self._source.piece():
            if rest := bytes(piece).lstrip(b"\0"):
                self._source.unread(rest)
                return

    def _advance(self, decoder: Decoder) -> bytes:
        data = memoryview(b"")
        ended = False
        if decoder.needs_input:
            data = self._source.piece(self._step)
            self._step = min(self._step * 2, self._most)
            self.ratio.fed += len(data)
            ended = not data
        try:
            out = decoder.decompress(data, CHUNK)
        except self._errors as e:
            if "emory usage" in str(e):
                raise LimitExceeded(f"the {self._name} stream needs more than {_MEMORY} bytes to be read") from e
            raise MalformedDocument(self._broken) from e
        if ended and not out and not decoder.eof:
            raise MalformedDocument(self._broken)
        return out

    @property
    def _broken(self) -> str:
        # In one voice for all readers: what an inventory says must not depend on which one is installed.
        return f"the {self._name} stream is damaged or ends too early"
