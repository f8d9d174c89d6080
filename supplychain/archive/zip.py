"""zip: wheels, jars and the like, read by the central directory, which every local header must confirm.

A zip describes each member twice and is read from its end, so that two tools can be shown two contents. Here a member
counts when both descriptions agree, its bytes overlap nobody's, its name is used once, and its size and CRC are those
of the bytes that came out (APPNOTE.TXT 6.3.10, clauses 4.3 to 4.5).
"""

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, ClassVar, Final, cast

from supplychain.archive import Member, Meter
from supplychain.archive.compression import Ratio
from supplychain.archive.feed import CHUNK, Feed
from supplychain.archive.names import decode
from supplychain.archive.zip_member import ENCRYPTED, Content, Described, Positions, why_unread
from supplychain.errors import LimitExceeded, MalformedDocument, UnsafeArchive
from supplychain.model.inventory import EntryKind

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT: Final = 0xFFFF
_NO_SIZE: Final = 0xFFFFFFFF
_DESCRIPTOR, _UTF8 = 0x8, 0x800
_KINDS: Final = {
    0o040000: EntryKind.DIRECTORY,
    0o120000: EntryKind.SYMLINK,
    0o020000: EntryKind.DEVICE,
    0o060000: EntryKind.DEVICE,
    0o010000: EntryKind.FIFO,
}
_DIRECTORY_BYTES: Final = 512 << 20
"""Of the central directory, which is the one part kept in memory."""
_LINK_BYTES: Final = 16384
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Zip:
    """The container."""

    name: ClassVar[str] = "zip"
    random_access: ClassVar[bool] = True

    def claims(self, head: bytes) -> bool:
        """See Container. Behind a ``#!`` line too, as Python's zipapps are made."""
        return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK")) or (
            head.startswith(b"#!") and b"\nPK\x03\x04" in head
        )

    def members(self, source: Feed | BinaryIO, meter: Meter) -> Iterator[Member]:
        """See Container."""
        assert not isinstance(source, Feed)
        stream = Positions(source)
        described, prefix, start = _central_directory(stream, meter)
        ratio = Ratio(meter)
        end = prefix
        for one in sorted(described, key=lambda d: (d.offset, d.raw)):
            at = one.offset + prefix
            if at < end:
                raise UnsafeArchive("members that overlap", where=one.name[:200])
            _check_gap(stream, end, at, meter)
            data, end = _check_local(stream, one, at, start)
            yield _member(stream, one, data, ratio)
        _check_gap(stream, end, start, meter)
        if prefix:
            meter.note(f"{prefix} bytes in front of the zip belong to no member")


def _central_directory(stream: Positions, meter: Meter) -> tuple[list[Described], int, int]:
    """Every member described, the bytes in front of the archive, and where the directory starts."""
    count, size, offset, end = _end_record(stream)
    start = end - size
    prefix = start - offset
    if start < 0 or prefix < 0:
        raise UnsafeArchive("a central directory that starts outside the file")
    if size > _DIRECTORY_BYTES:
        raise LimitExceeded(f"a central directory of {size} bytes, more than {_DIRECTORY_BYTES}")
    found: list[Described] = []
    names: set[bytes] = set()
    at = start
    while at < end:
        one, at = _describe(stream, at, end)
        meter.item()
        if one.raw in names:
            raise UnsafeArchive("two members with one name", where=one.name[:200])
        names.add(one.raw)
        found.append(one)
    if len(found) != count:
        raise UnsafeArchive(f"{len(found)} members where {count} are announced")
    return found, prefix, start


def _end_record(stream: Positions) -> tuple[int, int, int, int]:
    """Count, size, offset and end of the central directory. Exactly one end record reaches the end of the file."""
    tail_at = max(0, stream.size - _END.size - _COMMENT)
    tail = stream.at(tail_at, stream.size - tail_at)
    ends = []
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= _END.size and at + _END.size + _END.unpack_from(tail, at)[7] == len(tail):
            ends.append(at)
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if not ends:
        raise MalformedDocument("the zip has no end of its central directory (truncated, or bytes behind it)")
    if len(ends) > 1:
        raise UnsafeArchive("a zip with two ends")
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, ends[0])
    position = tail_at + ends[0]
    if position >= _LOCATOR64.size and stream.at(position - _LOCATOR64.size, 4) == b"PK\x06\x07":
        return _end_record64(stream, position - _LOCATOR64.size, (count, size, offset))
    if disk or first_disk or here != count:
        raise UnsafeArchive("a zip in several parts")
    return count, size, offset, position


def _end_record64(stream: Positions, locator: int, stated: tuple[int, int, int]) -> tuple[int, int, int, int]:
    position = locator - _END64.size
    record = _END64.unpack(stream.at(position, _END64.size)) if position >= 0 else (b"",) * 10
    if record[0] != b"PK\x06\x06":
        raise UnsafeArchive("a zip64 locator without its record in front of it")
    _, _, _, _, disk, first_disk, here, count, size, offset = record
    if disk or first_disk or here != count:
        raise UnsafeArchive("a zip in several parts")
    for short, long, unset in zip(stated, (count, size, offset), (0xFFFF, _NO_SIZE, _NO_SIZE), strict=True):
        if short not in {unset, long}:
            raise UnsafeArchive("a zip whose two ends disagree")
    return count, size, offset, position


def _describe(stream: Positions, at: int, end: int) -> tuple[Described, int]:
    if end - at < _CENTRAL.size:
        raise MalformedDocument("a central directory that ends inside an entry")
    fields = _CENTRAL.unpack(stream.at(at, _CENTRAL.size))
    magic, made_by, _, flags, method, clock, date, crc, packed, size, name_size, extra_size, comment_size = fields[:13]
    disk, _, attributes, offset = fields[13:]
    after = at + _CENTRAL.size + name_size + extra_size + comment_size
    if magic != b"PK\x01\x02" or after > end:
        raise MalformedDocument("a central directory entry that makes no sense")
    variable = stream.at(at + _CENTRAL.size, name_size + extra_size)
    raw, extra = variable[:name_size], _extra(variable[name_size:])
    size, packed, offset = _zip64(extra, size, packed, offset)
    if disk not in {0, 0xFFFF}:
        raise UnsafeArchive("a zip in several parts")
    return Described(
        raw=raw,
        flags=flags,
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        offset=offset,
        attributes=attributes,
        unix=made_by >> 8 in {3, 19},
        name=_name(raw, flags, extra.get(0x7075, b"")),
        modified=_modified(extra, date, clock),
    ), after


def _name(raw: bytes, flags: int, unicode_path: bytes) -> str:
    """A name as the flags say, or by Info-ZIP's Unicode Path field when it is about this name (4.6.9)."""
    name = decode(raw) if flags & _UTF8 or raw.isascii() else raw.decode("cp437")
    if unicode_path[:1] == b"\x01" and unicode_path[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
        other = decode(unicode_path[5:])
        if other != name and (raw.isascii() or flags & _UTF8):
            raise UnsafeArchive("a member with two names", where=name[:200])
        return other
    return name


def _extra(data: bytes) -> dict[int, bytes]:
    """Extra fields by number. Padding that is too short to be one is left out (zipalign writes it)."""
    found: dict[int, bytes] = {}
    at = 0
    while len(data) - at >= 4:
        number, size = struct.unpack_from("<2H", data, at)
        if number in found and number == 1:
            raise UnsafeArchive("two zip64 fields in one header")
        found[number] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return found


def _zip64(extra: dict[int, bytes], size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The values that did not fit in 32 bits (APPNOTE 4.5.3)."""
    long, at, values = extra.get(1, b""), 0, []
    for value in (size, packed, offset):
        if value != _NO_SIZE:
            values.append(value)
            continue
        if len(long) < at + 8:
            if extra.get(1) is None:
                values.append(value)
                continue
            raise MalformedDocument("a zip64 field that is too short")
        values.append(int.from_bytes(long[at : at + 8], "little"))
        at += 8
    return values[0], values[1], values[2]


def _check_local(stream: Positions, one: Described, at: int, start: int) -> tuple[int, int]:
    """Where the data of a member begins and where all of it ends. Both headers must say the same."""
    if at + _LOCAL.size > start:
        raise UnsafeArchive("a member outside the archive", where=one.name[:200])
    fields = _LOCAL.unpack(stream.at(at, _LOCAL.size))
    magic, _, flags, method, _, _, crc, packed, size, name_size, extra_size = fields
    if magic != b"PK\x03\x04":
        raise UnsafeArchive("the central directory points at no member", where=one.name[:200])
    variable = stream.at(at + _LOCAL.size, name_size + extra_size)
    size, packed, _ = _zip64(_extra(variable[name_size:]), size, packed, 0)
    late = flags & _DESCRIPTOR
    pairs = [
        ("name", variable[:name_size], one.raw),
        ("method", method, one.method),
        ("encryption", flags & ENCRYPTED, one.flags & ENCRYPTED),
    ]
    pairs += [(n, a, b) for n, a, b in (("CRC", crc, one.crc), ("compressed size", packed, one.packed),
                                        ("size", size, one.size)) if not (late and a in {0, _NO_SIZE})]  # fmt: skip
    for what, local, central in pairs:
        if local != central:
            raise UnsafeArchive(f"the two headers of a member disagree on its {what}", where=one.name[:200])
    data = at + _LOCAL.size + name_size + extra_size
    end = data + one.packed
    if end > start:
        raise UnsafeArchive("a member that overlaps the central directory", where=one.name[:200])
    return data, end + (_descriptor(stream, one, end, start) if late else 0)


def _descriptor(stream: Positions, one: Described, at: int, start: int) -> int:
    """Length of the data descriptor behind a member, which must agree too (4.3.9)."""
    data = stream.at(at, min(24, start - at))
    for signature in (b"PK\x07\x08", b""):
        for form in ("<3L", "<L2Q"):
            try:
                expected = signature + struct.pack(form, one.crc, one.packed, one.size)
            except struct.error:
                continue
            if data.startswith(expected):
                return len(expected)
    raise UnsafeArchive("a member whose data descriptor disagrees with the directory", where=one.name[:200])


def _check_gap(stream: Positions, start: int, end: int, meter: Meter) -> None:
    """Bytes that no member owns are noted; where they look like a member, somebody hid one."""
    if end > start:
        if stream.at(start, min(4, end - start)) == b"PK\x03\x04":
            raise UnsafeArchive("a member that the central directory does not list")
        meter.note(f"{end - start} bytes inside the zip belong to no member")


def _member(stream: Positions, one: Described, data: int, ratio: Ratio) -> Member:
    kind = EntryKind.FILE
    mode = one.attributes >> 16 if one.unix else 0
    if one.raw.endswith(b"/"):
        kind = EntryKind.DIRECTORY
    elif mode:
        kind = _KINDS.get(mode & 0o170000, EntryKind.FILE)
    unread, content = why_unread(one), None
    carries = kind in {EntryKind.FILE, EntryKind.SYMLINK}
    if one.size and not carries:
        raise UnsafeArchive(f"a {kind} that carries {one.size} bytes", where=one.name[:200])
    if carries and not unread:
        content = Content(stream, one, data, ratio)
    link = ""
    if kind is EntryKind.SYMLINK:
        if unread or one.size > _LINK_BYTES:
            raise UnsafeArchive("a link whose target cannot be read", where=one.name[:200])
        link = decode(Feed(lambda: cast("Content", content).piece(CHUNK)).read(_LINK_BYTES + 1))
    return Member(
        name=one.name,
        kind=kind,
        content=content if kind is EntryKind.FILE else None,
        unread=unread if kind is EntryKind.FILE else "",
        mode=mode & 0o7777 if mode else None,
        link=link,
        modified=one.modified,
    )


def _modified(extra: dict[int, bytes], date: int, clock: int) -> int | None:
    """The extended timestamp, which is UTC; else the DOS time, taken as UTC; None when it is no time."""
    stamp = extra.get(0x5455, b"")
    if len(stamp) >= 5 and stamp[0] & 1:
        return int.from_bytes(stamp[1:5], "little", signed=True)
    try:
        when = datetime(
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            clock >> 11,
            clock >> 5 & 63,
            min(59, (clock & 31) * 2),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return int((when - _EPOCH).total_seconds())
