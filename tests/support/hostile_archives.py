"""Archives made in memory: honest ones by the standard library, hostile ones byte by byte.

`HOSTILE` is the table of attacks on an artifact, each with the error that names it.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from supplychain.errors import InputError, LimitExceeded, MalformedDocument, UnsafeArchive, UnsupportedType

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)


def tar_of(files: Mapping[str, bytes], *, format: int = tarfile.PAX_FORMAT, mtime: int = 1_700_000_000) -> bytes:  # noqa: A002
    """An honest tar."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), mtime, 0o644
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def zip_of(files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An honest zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2023, 11, 14, 22, 13, 20)), data, method)
    return stream.getvalue()


def gz(data: bytes) -> bytes:
    """An honest gzip, the same every time."""
    return gzip.compress(data, mtime=0)


PACK: Final[Mapping[str, Callable[[bytes], bytes]]] = {"gz": gz, "bz2": bz2.compress, "xz": lzma.compress}


def octal(value: int, size: int) -> bytes:
    """A number as tar writes it."""
    return b"%0*o\0" % (size - 1, value)


def base256(value: int, size: int = 12) -> bytes:
    """A number as GNU tar writes those that are large or negative."""
    raw = (value % (1 << 8 * size)).to_bytes(size, "big")
    return bytes([raw[0] | 0x80]) + raw[1:]


def header(
    name: bytes,
    data: bytes = b"",
    *,
    type: bytes = b"0",  # noqa: A002
    size: bytes | None = None,
    link: bytes = b"",
    mode: int = 0o644,
    prefix: bytes = b"",
    mtime: bytes | None = None,
    checksum: int | None = None,
) -> bytes:
    """One tar member, every field as wanted, the data padded."""
    raw = bytearray(BLOCK)
    raw[0:100] = name.ljust(100, b"\0")[:100]
    raw[100:108] = octal(mode, 8)
    raw[108:116] = raw[116:124] = octal(0, 8)
    raw[124:136] = size if size is not None else octal(len(data), 12)
    raw[136:148] = mtime if mtime is not None else octal(1_700_000_000, 12)
    raw[148:156] = b" " * 8
    raw[156:157] = type
    raw[157:257] = link.ljust(100, b"\0")[:100]
    raw[257:265] = b"ustar\x0000"
    raw[345:500] = prefix.ljust(155, b"\0")
    raw[148:156] = b"%06o\0 " % (sum(raw) if checksum is None else checksum)
    return bytes(raw) + data + bytes(-len(data) % BLOCK)


def pax(records: Mapping[str, bytes], *, type: bytes = b"x") -> bytes:  # noqa: A002
    """A pax extended header."""
    data = b""
    for key, value in records.items():
        body = b" " + key.encode() + b"=" + value + b"\n"
        size = len(body) + 1
        while size != len(b"%d" % size) + len(body):
            size = len(b"%d" % size) + len(body)
        data += b"%d" % size + body
    return header(b"PaxHeader", data, type=type)


def zip_entry(
    name: bytes,
    data: bytes,
    *,
    offset: int = 0,
    flags: int = 0,
    method: int = 0,
    size: int | None = None,
    crc: int | None = None,
    packed: bytes | None = None,
    local_name: bytes | None = None,
    attributes: int = 0,
) -> tuple[bytes, bytes]:
    """The local part and the directory entry of one zip member, every field as wanted."""
    body = data if packed is None else packed
    length = len(data) if size is None else size
    crc = zlib.crc32(data) if crc is None else crc
    written = name if local_name is None else local_name
    common = (flags, method, 0, 0x21, crc, len(body), length)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *common, len(written), 0) + written + body
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 0x314, 20, *common, len(name), 0, 0, 0, 0, attributes << 16, offset
    )
    return local, central + name


def zip_end(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    """The end of the central directory."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, offset, len(comment)) + comment


def zip_raw(*members: tuple[bytes, bytes], hidden: bytes = b"", comment: bytes = b"") -> bytes:
    """A zip of raw members; ``hidden`` bytes stand in front of the directory."""
    body = b"".join(local for local, _ in members) + hidden
    directory = b"".join(central for _, central in members)
    return body + directory + zip_end(len(members), len(directory), len(body), comment)


def zip_members(*entries: Mapping[str, object]) -> bytes:
    """A zip of members given by the arguments of `zip_entry`, placed one after the other."""
    members, offset = [], 0
    for entry in entries:
        member = zip_entry(**{"offset": offset, **entry})  # type: ignore[arg-type]  # a table of arguments
        members.append(member)
        offset += len(member[0])
    return zip_raw(*members)


def zip64_end(count: int, size: int, offset: int, at: int, short_count: int, disk: int = 0) -> bytes:
    """The end of a central directory whose numbers need 64 bits, its record at ``at``."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, disk, disk, count, count, size, offset)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1) + zip_end(short_count, 0xFFFFFFFF, 0xFFFFFFFF)


def with_extra(member: tuple[bytes, bytes], extra: bytes) -> tuple[bytes, bytes]:
    """A zip member whose directory entry has extra fields."""
    local, central = member
    return local, central[:30] + struct.pack("<H", len(extra)) + central[32:] + extra


def zeros_zip(size: int, *, count: int = 1) -> bytes:
    """A bomb: zeros in a zip."""
    return zip_of({f"zeros{i}": bytes(size) for i in range(count)})


def zeros_gz(size: int) -> bytes:
    """A bomb: zeros in a gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    step = bytes(1 << 20)
    return b"".join(packer.compress(step) for _ in range(size >> 20)) + packer.flush()


def overlapping_zip() -> bytes:
    """Two members that share their bytes, as the best zip bombs do."""
    inner, _ = zip_entry(b"b", b"x" * 50)
    outer, first = zip_entry(b"a", inner)
    _, second = zip_entry(b"b", b"x" * 50, offset=len(outer) - len(inner))
    return zip_raw((outer, first), (b"", second))


def link(name: bytes, target: bytes, *, type: bytes = b"2") -> bytes:  # noqa: A002
    """A tar of one link behind one file."""
    return header(b"file", b"x") + header(name, type=type, link=target) + END


_SMALL: Final = tar_of({"a": b"x" * 5000, "b": b"y"})
_ZIP: Final = zip_of({"a": b"x" * 5000, "b": b"y"})

HOSTILE: Final[Mapping[str, tuple[Callable[[], bytes], type[InputError]]]] = {
    # 47
    "zip bomb by ratio": (lambda: zeros_zip(80 << 20), LimitExceeded),
    "zip bomb of many small members": (lambda: zeros_zip(9 << 20, count=9), LimitExceeded),
    "bzip2 bomb": (lambda: bz2.compress(bytes(80 << 20)), LimitExceeded),
    # 48
    "zip member larger than stated": (
        lambda: zip_members({"name": b"a", "data": b"xx", "size": 1, "packed": b"xx"}), UnsafeArchive),
    "zip member smaller than stated": (lambda: zip_members({"name": b"a", "data": b"xx", "size": 9}), UnsafeArchive),
    "zip member of another CRC": (lambda: zip_members({"name": b"a", "data": b"xx", "crc": 1}), UnsafeArchive),
    "zip members overlap": (overlapping_zip, UnsafeArchive),
    "zip members share a name": (
        lambda: zip_members({"name": b"a", "data": b"x"}, {"name": b"a", "data": b"y"}), UnsafeArchive),
    "zip members share a name behind a dot": (
        lambda: zip_members({"name": b"a", "data": b"x"}, {"name": b"./a", "data": b"y"}), UnsafeArchive),
    "zip headers give two names": (
        lambda: zip_members({"name": b"good", "data": b"x", "local_name": b"evil"}), UnsafeArchive),
    "zip hides a member": (
        lambda: zip_raw(zip_entry(b"a", b"x"), hidden=zip_entry(b"evil", b"x")[0]), UnsafeArchive),
    "zip announces more members": (
        lambda: _ZIP[:-22] + zip_end(3, *struct.unpack("<2L", _ZIP[-10:-2])), UnsafeArchive),
    "zip with two ends": (
        lambda: zip_raw(zip_entry(b"a", b"x"), comment=zip_end(0, 0, 0)), UnsafeArchive),
    "zip directory points nowhere": (lambda: zip_raw(zip_entry(b"a", b"x", offset=9)), UnsafeArchive),
    "zip path leaves": (lambda: zip_members({"name": b"../evil", "data": b"x"}), UnsafeArchive),
    "zip path leaves on Windows": (lambda: zip_members({"name": b"a\\..\\..\\evil", "data": b"x"}), UnsafeArchive),
    "zip path is absolute": (lambda: zip_members({"name": b"/etc/passwd", "data": b"x"}), UnsafeArchive),
    "zip path has a drive": (lambda: zip_members({"name": b"C:\\evil", "data": b"x"}), UnsafeArchive),
    "zip path holds NUL": (lambda: zip_members({"name": b"a.txt\0.exe", "data": b"x"}), UnsafeArchive),
    "zip link leaves": (
        lambda: zip_members({"name": b"a", "data": b"../../etc", "attributes": 0o120777}), UnsafeArchive),
    "zip pipe with content": (
        lambda: zip_members({"name": b"a", "data": b"x", "attributes": 0o010600}), UnsafeArchive),
    "zip folder with content": (lambda: zip_members({"name": b"a/", "data": b"x"}), UnsafeArchive),
    "zip without a name": (lambda: zip_members({"name": b"", "data": b"x"}), UnsafeArchive),
    "zip directory starts outside": (
        lambda: _ZIP[:-22] + zip_end(2, len(_ZIP), 0), UnsafeArchive),
    "zip directory of too many bytes": (
        lambda: _ZIP[:-22] + zip64_end(2, 1 << 62, 0, len(_ZIP) - 22, 0xFFFF), UnsafeArchive),
    "zip64 locator without its record": (
        lambda: _ZIP[:-22] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + _ZIP[-22:], UnsafeArchive),
    "zip in several parts": (lambda: _ZIP[:-18] + b"\1\0" + _ZIP[-16:], UnsafeArchive),
    "zip64 in several parts": (
        lambda: _ZIP[:-22] + zip64_end(2, 1, 1, len(_ZIP) - 22, 0xFFFF, disk=1), UnsafeArchive),
    "zip with two zip64 fields": (
        lambda: zip_raw(with_extra(zip_entry(b"a", b"x"), struct.pack("<2HQ", 1, 8, 1) * 2)), UnsafeArchive),
    "zip with a short zip64 field": (
        lambda: zip_raw(with_extra(zip_entry(b"a", b"x", size=0xFFFFFFFF), struct.pack("<2HL", 1, 4, 1))),
        MalformedDocument,
    ),
    "zip member overlaps the directory": (
        lambda: zip_raw((zip_entry(b"a", b"x" * 50)[0][:-9], zip_entry(b"a", b"x" * 50)[1])), UnsafeArchive),
    "zip link too long": (
        lambda: zip_members({"name": b"a", "data": b"x" * 20_000, "attributes": 0o120777}), UnsafeArchive),
    "zip link is encrypted": (
        lambda: zip_members({"name": b"a", "data": b"x", "attributes": 0o120777, "flags": 1}), UnsafeArchive),
    "zip truncated": (lambda: _ZIP[:-9], MalformedDocument),
    "zip with bytes behind its end": (lambda: _ZIP + b"x", MalformedDocument),
    "zip path too long": (lambda: zip_members({"name": b"a" * 5000, "data": b"x"}), LimitExceeded),
    # 49
    "tar size is negative": (lambda: header(b"a", size=base256(-512)) + END, UnsafeArchive),
    "tar size is negative in pax": (lambda: pax({"size": b"-512"}) + header(b"a") + END, UnsafeArchive),
    "tar size is impossible": (lambda: header(b"a", size=base256(1 << 70)) + END, UnsafeArchive),
    "tar member has two sizes": (lambda: pax({"size": b"512"}) + header(b"a", b"x" * 1024) + END, UnsafeArchive),
    "tar path is absolute": (lambda: header(b"/etc/passwd", b"x") + END, UnsafeArchive),
    "tar path is absolute in pax": (lambda: pax({"path": b"/etc/passwd"}) + header(b"a", b"x") + END, UnsafeArchive),
    "tar path leaves": (lambda: header(b"a/../../evil", b"x") + END, UnsafeArchive),
    "tar path leaves by its prefix": (lambda: header(b"evil", b"x", prefix=b"..") + END, UnsafeArchive),
    "tar path holds NUL": (lambda: pax({"path": b"a\0b"}) + header(b"a", b"x") + END, UnsafeArchive),
    "tar symlink is absolute": (lambda: link(b"a", b"/etc/passwd"), UnsafeArchive),
    "tar symlink leaves": (lambda: link(b"d/a", b"../../etc"), UnsafeArchive),
    "tar symlink leaves behind another": (
        lambda: header(b"x/y/z", type=b"2", link=b"../..") + header(b"q", type=b"2", link=b"x/y/z/..") + END,
        UnsafeArchive),
    "tar file through a symlink": (
        lambda: header(b"d", type=b"2", link=b"e") + header(b"d/evil", b"x") + END, UnsafeArchive),
    "tar hardlink leaves": (lambda: link(b"a", b"../etc/shadow", type=b"1"), UnsafeArchive),
    "tar hardlink is absolute": (lambda: link(b"a", b"/etc/shadow", type=b"1"), UnsafeArchive),
    "tar hardlink to nothing": (lambda: link(b"a", b"other", type=b"1"), UnsafeArchive),
    "tar symlink with content": (
        lambda: header(b"a", b"x" * 512, type=b"2", link=b"b") + END, UnsafeArchive),
    "tar path twice": (lambda: header(b"a", b"x") + header(b"./a", b"y") + END, UnsafeArchive),
    "tar path twice, then setuid": (lambda: header(b"a", b"x") + header(b"a", b"x", mode=0o4755) + END, UnsafeArchive),
    "tar global header renames": (
        lambda: pax({"path": b"evil"}, type=b"g") + header(b"a", b"x") + END, UnsafeArchive),
    "tar member of unknown type": (lambda: header(b"a", b"x", type=b"M") + END, UnsupportedType),
    "tar pax header bomb": (lambda: header(b"a", type=b"x", size=octal(1 << 33, 12)) + END, LimitExceeded),
    "tar long name of gigabytes": (lambda: header(b"a", type=b"L", size=octal(1 << 33, 12)) + END, LimitExceeded),
    "tar member has two long names": (
        lambda: header(b"L", b"good\0", type=b"L") + header(b"L", b"evil\0", type=b"L") + header(b"a", b"x") + END,
        UnsafeArchive,
    ),
    "tar member has a long name and another in pax": (
        lambda: header(b"L", b"good\0", type=b"L") + pax({"path": b"evil"}) + header(b"a", b"x") + END,
        UnsafeArchive,
    ),
    "tar extension without a member": (
        lambda: header(b"a", b"x") + pax({"path": b"evil"}) + END, MalformedDocument),
    "tar truncated in its padding": (lambda: header(b"a", b"x")[:600], MalformedDocument),
    "tar mtime that is no number": (
        lambda: pax({"mtime": b"soon"}) + header(b"a", b"x") + END, MalformedDocument),
    "tar size that is no number": (lambda: header(b"a", size=b"x" * 12) + END, MalformedDocument),
    "tar sparse map without an end": (
        lambda: header(b"a", type=b"S", prefix=bytes(137) + b"\1") + b"\1" * 512 * 3, MalformedDocument),
    "tar symlink to nothing": (lambda: link(b"a", b""), UnsafeArchive),
    "tar chain of extensions": (
        lambda: pax({"comment": b"x"}) * 9 + header(b"a", b"x") + END, LimitExceeded),
    "tar pax record lies": (
        lambda: header(b"p", b"99 path=x\n", type=b"x") + header(b"a", b"x") + END, MalformedDocument),
    "tar checksum is wrong": (
        lambda: header(b"a", b"x") + header(b"b", b"x", checksum=1) + END, MalformedDocument),
    "tar truncated in a header": (lambda: _SMALL[:700], MalformedDocument),
    "tar truncated in a member": (lambda: _SMALL[:3000], MalformedDocument),
    "tar truncated between members": (lambda: header(b"a", b"x"), MalformedDocument),
    "tar that is a zip too": (lambda: header(b"PK\x03\x04", b"x") + END, UnsafeArchive),
    # 50
    "gzip bomb": (lambda: zeros_gz(80 << 20), LimitExceeded),
    "gzip truncated": (lambda: gz(_SMALL)[:-20], MalformedDocument),
    "gzip of another CRC": (lambda: gz(_SMALL)[:-8] + bytes(4) + gz(_SMALL)[-4:], MalformedDocument),
    "gzip with bytes behind its end": (lambda: gz(_SMALL) + b"garbage", MalformedDocument),
    "gzip damaged": (lambda: b"\x1f\x8b\x08" + b"\xff" * 60, MalformedDocument),
    "xz truncated": (lambda: lzma.compress(_SMALL)[:-9], MalformedDocument),
    "bzip2 truncated": (lambda: bz2.compress(_SMALL)[:-9], MalformedDocument),
}  # fmt: skip
"""Attack to (the bytes, the error that names it)."""
