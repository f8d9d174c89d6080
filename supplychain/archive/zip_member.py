"""One member of a zip: where it lies, and its bytes, decompressed and checked against what its headers state."""

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from supplychain.archive.compression import Decoder, Decoders, Ratio, deflate_decoders, zstd_decoders
from supplychain.archive.feed import CHUNK, NOTHING
from supplychain.errors import LimitExceeded, MalformedDocument, Unreadable, UnsafeArchive

ENCRYPTED: Final = 0x1
_STRONG: Final = 0x40 | 0x2000
_STORED, _DEFLATED, _BZIP2, _LZMA, _ZSTD = 0, 8, 12, 14, 93


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One member, by the central directory."""

    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int
    unix: bool
    name: str
    modified: int | None


class Positions:
    """Reads at positions, and says so when bytes are missing."""

    __slots__ = ("_stream", "size")

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, 2)

    def at(self, position: int, size: int) -> bytes:
        """Exactly so many bytes, a chunk or a header at a time."""
        try:
            self._stream.seek(position)
            data = self._stream.read(size)
        except OSError as e:
            raise Unreadable((e.strerror or "cannot be read").lower()) from e
        if len(data) != size:
            raise MalformedDocument("the zip ends too early (truncated)")
        return data


def why_unread(one: Described) -> str:
    if one.flags & (ENCRYPTED | _STRONG):
        return "encrypted"
    if one.method == _ZSTD and zstd_decoders() is None:
        return "compressed with zstd: needs the extra fast"
    if one.method not in {_STORED, _DEFLATED, _BZIP2, _LZMA, _ZSTD}:
        return f"compressed by method {one.method}, which nothing here reads"
    return ""


class Content:
    """The bytes of one member, decompressed; at their end size and CRC must be right."""

    __slots__ = ("_at", "_crc", "_decoder", "_end", "_errors", "_made", "_one", "_ratio", "_stream")

    def __init__(self, stream: Positions, one: Described, at: int, ratio: Ratio) -> None:
        self._stream = stream
        self._one = one
        self._at = at
        self._end = at + one.packed
        self._ratio = ratio
        self._made = self._crc = 0
        self._decoder: Decoder | None = None
        self._errors: tuple[type[Exception], ...] = ()
        if one.method == _LZMA:
            self._decoder, self._errors = self._lzma(), (lzma.LZMAError, EOFError)
        elif one.method != _STORED:
            make, self._errors = _decoders(one.method)
            self._decoder = make()

    def piece(self, limit: int) -> memoryview:
        """See Pieces. Raises UnsafeArchive when size or CRC lie, MalformedDocument, LimitExceeded."""
        out = b""
        while not out:
            decoder = self._decoder
            ended = decoder.eof if decoder else self._at == self._end
            if ended:
                return self._finish()
            out = self._input(min(limit, CHUNK)) if decoder is None else self._decompress(decoder, limit)
        self._made += len(out)
        if self._made > self._one.size:
            raise UnsafeArchive(
                f"a member that holds more than the {self._one.size} bytes it states", where=self._where
            )
        self._crc = zlib.crc32(out, self._crc)
        self._ratio.add(len(out))
        return memoryview(out)

    def _input(self, size: int) -> bytes:
        data = self._stream.at(self._at, min(size, self._end - self._at))
        self._at += len(data)
        self._ratio.fed += len(data)
        return data

    def _decompress(self, decoder: Decoder, limit: int) -> bytes:
        data = b""
        if needs := decoder.needs_input:
            data = self._input(1024 if self._one.method == _ZSTD else CHUNK // 4)
        try:
            out = decoder.decompress(memoryview(data), min(limit, CHUNK))
        except self._errors as e:
            raise MalformedDocument(
                "a member's compressed bytes are damaged or end too early", where=self._where
            ) from e
        if needs and not data and not out and not decoder.eof:
            if self._one.method == _LZMA and self._made == self._one.size:
                self._decoder = None  # no end marker is stored when the size is known (5.8.9)
                return b""
            raise MalformedDocument("a member's compressed bytes are damaged or end too early", where=self._where)
        return out

    def _finish(self) -> memoryview:
        left = self._end - self._at + (len(self._decoder.unused_data) if self._decoder else 0)
        if left or self._made != self._one.size or self._crc != self._one.crc:
            what = "CRC" if not left and self._made == self._one.size else "size"
            raise UnsafeArchive(f"a member whose {what} is not what its headers state", where=self._where)
        return NOTHING

    @property
    def _where(self) -> str:
        return self._one.name[:200]

    def _lzma(self) -> Decoder:
        """Clause 5.8.8: two bytes of version, the length of the properties, the properties."""
        head = self._input(4)
        size = int.from_bytes(head[2:4], "little") if len(head) == 4 else -1
        properties = self._input(size) if size == 5 else b""
        if len(properties) != 5 or properties[0] >= 225:
            raise MalformedDocument("a member's LZMA properties make no sense", where=self._where)
        lc, rest = properties[0] % 9, properties[0] // 9
        dictionary = int.from_bytes(properties[1:], "little")
        if dictionary > 128 << 20:
            raise LimitExceeded(f"an LZMA dictionary of {dictionary} bytes", where=self._where)
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": rest % 5,
                    "pb": rest // 5}]  # fmt: skip
        try:
            return cast("Decoder", lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters))
        except (lzma.LZMAError, ValueError) as e:
            raise MalformedDocument("a member's LZMA properties make no sense", where=self._where) from e


def _decoders(method: int) -> Decoders:
    if method == _BZIP2:
        return (lambda: cast("Decoder", bz2.BZ2Decompressor())), (OSError, ValueError, EOFError)
    found = zstd_decoders() if method == _ZSTD else deflate_decoders()
    assert found is not None  # why_unread asked first
    return found
