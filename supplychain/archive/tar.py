"""tar, read forwards only: v7, ustar, pax and GNU, with every header bounded and checked.

It reads what GNU tar, bsdtar, Go and Python agree on, and refuses what they read differently (two sizes for one
member, content behind a link, unknown types): an archive that means two things is how a scanner is shown another
tree than the one that is installed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, ClassVar, Final

from supplychain.archive import Member, Meter
from supplychain.archive.feed import CHUNK, Feed, Slice
from supplychain.archive.names import decode
from supplychain.errors import LimitExceeded, MalformedDocument, UnsafeArchive, UnsupportedType
from supplychain.model.inventory import EntryKind

BLOCK: Final = 512
EXTENSION_BYTES: Final = 1 << 20
"""Of one pax header or GNU long name."""
EXTENSIONS: Final = 8
"""Extension headers in front of one member."""

_KINDS: Final = {
    b"0": EntryKind.FILE,
    b"\0": EntryKind.FILE,
    b"7": EntryKind.FILE,
    b"1": EntryKind.HARDLINK,
    b"2": EntryKind.SYMLINK,
    b"3": EntryKind.DEVICE,
    b"4": EntryKind.DEVICE,
    b"5": EntryKind.DIRECTORY,
    b"6": EntryKind.FIFO,
    b"S": EntryKind.FILE,
}
_OCTAL: Final = re.compile(rb"[ \0]*([0-7]*)[ \0]*\Z")
_RECORD: Final = re.compile(rb"([1-9][0-9]{0,6}) ([^=\0]+)=")
_CHECKSUM: Final = re.compile(rb"[ \0]*([0-7]+)[ \0]*\Z")
_HIGH: Final = bytes(range(128, 256))
_DECIMAL: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]*)?\Z", re.ASCII)
_HEADER_SIZE_MAX: Final = 0o77777777777
_ZEROS: Final = bytes(BLOCK)
_OWNER: Final = 256
_SPARSE: Final = "a sparse file: its holes are not expanded"


@dataclass(slots=True)
class _Extended:
    """What extension headers say about the next member."""

    pax: dict[str, bytes] = field(default_factory=dict)
    name: bytes | None = None
    link: bytes | None = None
    count: int = 0


class Tar:
    """The container."""

    name: ClassVar[str] = "tar"
    random_access: ClassVar[bool] = False

    def claims(self, head: bytes) -> bool:
        """See Container. By the checksum, so that v7 archives, which have no magic, are found too."""
        likely = len(head) == BLOCK and head[0] != 0 and _CHECKSUM.match(head, 148, 156) is not None
        return likely and _checksum_holds(head)

    def members(self, source: Feed | BinaryIO, meter: Meter) -> Iterator[Member]:
        """See Container."""
        assert isinstance(source, Feed)
        defaults: dict[str, bytes] = {}
        while True:
            extended = _Extended(pax=dict(defaults))
            header = _next_header(source, meter, extended, defaults)
            if header is None:
                break
            content, member = _member(header, extended, source)
            yield member
            if content:
                _leave(source, content)
        _check_end(source, meter)


def _next_header(source: Feed, meter: Meter, extended: _Extended, defaults: dict[str, bytes]) -> bytes | None:
    """The header of the next member, its extensions read; None at the end of the archive."""
    while True:
        header = source.read(BLOCK)
        if len(header) < BLOCK:
            raise MalformedDocument("the tar has no end (truncated)")
        if header == _ZEROS:
            if extended.count:
                raise MalformedDocument("an extension header without a member")
            return None
        if not _checksum_holds(header):
            raise MalformedDocument("a tar header whose checksum is wrong")
        meter.item()
        flag = header[156:157]
        if flag not in b"xgLK":
            return header
        extended.count += flag != b"g"
        if extended.count > EXTENSIONS:
            raise LimitExceeded(f"more than {EXTENSIONS} extension headers for one member")
        _read_extension(flag, header, source, extended, defaults)


def _read_extension(flag: bytes, header: bytes, source: Feed, extended: _Extended, defaults: dict[str, bytes]) -> None:
    size = _number(header[124:136], "size")
    if not 0 <= size <= EXTENSION_BYTES:
        raise LimitExceeded(f"an extension header of {size} bytes, more than {EXTENSION_BYTES}")
    content = Slice(source, size, "an extension header")
    data = b"".join(_all(content))
    _skip_padding(source, size)
    if flag == b"L":
        extended.name = _once(extended.name, data)
    elif flag == b"K":
        extended.link = _once(extended.link, data)
    else:
        records = dict(_pax(data))
        if flag == b"x":
            extended.pax.update(records)
        elif bad := records.keys() & {"path", "linkpath", "size"}:
            raise UnsafeArchive(f"a global header gives all members one {min(bad)}")
        else:
            defaults.update(records)
            extended.pax = {**defaults, **extended.pax}


def _once(before: bytes | None, data: bytes) -> bytes:
    if before is not None:
        raise UnsafeArchive("two long names for one member")
    return data.rstrip(b"\0")


def _all(content: Slice) -> Iterator[memoryview]:
    while piece := content.piece(EXTENSION_BYTES):
        yield piece


def _pax(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Records ``LENGTH KEY=VALUE\\n`` (POSIX.1, pax extended header)."""
    at = 0
    while at < len(data):
        found = _RECORD.match(data, at)
        end = at + int(found[1]) if found else 0
        if not found or end > len(data) or end <= found.end() or data[end - 1 : end] != b"\n":
            raise MalformedDocument("a pax record that does not have the length it gives")
        yield decode(found[2]), data[found.end() : end - 1]
        at = end


def _member(header: bytes, extended: _Extended, source: Feed) -> tuple[Slice | None, Member]:
    flag = header[156:157]
    kind = _KINDS.get(flag)
    if kind is None:
        raise UnsupportedType(f"a tar member of type {flag!r}", hint="write the archive again with pax or GNU tar")
    pax = extended.pax
    name = decode(_name(header, extended))
    if kind is EntryKind.FILE and flag == b"\0" and name.endswith("/"):
        kind = EntryKind.DIRECTORY  # v7 had no type for folders
    size = _size(header, pax)
    if size and kind is not EntryKind.FILE:
        raise UnsafeArchive(f"a {kind} that carries {size} bytes", where=name[:200])
    content = Slice(source, size, "a member") if kind is EntryKind.FILE else None
    sparse = flag == b"S" or any(key.startswith("GNU.sparse.") for key in pax)
    if flag == b"S":
        _skip_sparse_map(header, source)
    link = pax.get("linkpath") or extended.link or _text(header[157:257])
    return content, Member(
        name=decode(pax.get("GNU.sparse.name", b"")) or name,
        kind=kind,
        content=None if sparse else content,
        unread=_SPARSE if sparse else "",
        mode=_common_number(header[100:108], "mode") & 0o7777,
        uid=_identifier(pax.get("uid"), header[108:116]),
        gid=_identifier(pax.get("gid"), header[116:124]),
        owner=decode((pax.get("uname") or _text(header[265:297]))[:_OWNER]),
        link=decode(link) if kind in {EntryKind.SYMLINK, EntryKind.HARDLINK} else "",
        modified=_modified(pax.get("mtime"), header[136:148]),
    )


def _leave(source: Feed, content: Slice) -> None:
    """Go to the next header, reading what nobody wanted."""
    while content.left:
        content.piece(CHUNK)
    _skip_padding(source, content.size)


def _skip_padding(source: Feed, size: int) -> None:
    padding = -size % BLOCK
    if padding and source.skip(padding) != padding:
        raise MalformedDocument("the tar ends inside a member (truncated)")


def _skip_sparse_map(header: bytes, source: Feed) -> None:
    """Old GNU sparse files: more of the map may stand in blocks between header and content."""
    more, blocks = header[482], 0
    while more:
        block = source.read(BLOCK)
        blocks += 1
        if len(block) < BLOCK or blocks > 1 << 16:
            raise MalformedDocument("the map of a sparse file does not end")
        more = block[504]


def _name(header: bytes, extended: _Extended) -> bytes:
    path = extended.pax.get("path")
    if path and extended.name not in {None, path}:
        raise UnsafeArchive("a member with two names", where=decode(path)[:200])
    if path or extended.name is not None:
        return path or extended.name or b""
    name = _text(header[0:100])
    if header[257:263] == b"ustar\0" and (prefix := _text(header[345:500])):
        return prefix + b"/" + name
    return name


def _size(header: bytes, pax: dict[str, bytes]) -> int:
    size = _number(header[124:136], "size")
    if stated := pax.get("size"):
        text = decode(stated)
        if not text.isdecimal() or not text.isascii() or len(text) > 18:
            raise UnsafeArchive(f"a member of size {text[:40]!r}")
        if size not in {0, int(text)} and int(text) <= _HEADER_SIZE_MAX:
            raise UnsafeArchive(f"a member with two sizes, {size} and {text}")
        size = int(text)
    if size < 0:
        raise UnsafeArchive(f"a member of negative size, {size}")
    if size >= 1 << 60:
        raise UnsafeArchive(f"a member of impossible size, {size}")
    return size


def _modified(stated: bytes | None, raw: bytes) -> int | None:
    if stated is not None:
        text = decode(stated)
        if not _DECIMAL.match(text):
            raise MalformedDocument(f"a pax mtime of {text[:40]!r}")
        return int(text.partition(".")[0])
    return _bounded(_common_number(raw, "mtime"))


def _identifier(stated: bytes | None, raw: bytes) -> int | None:
    if stated is not None and stated.isdigit() and len(stated) <= 18:
        return int(stated)
    value = _bounded(_common_number(raw, "owner"))
    return value if value is not None and value >= 0 else None


def _bounded(value: int) -> int | None:
    return value if -(1 << 62) < value < 1 << 62 else None


def _number(raw: bytes, what: str) -> int:
    """Octal text, or base 256 where the first bit is set (GNU)."""
    text = raw.rstrip(b"\0 ")
    if text.isdigit() and b"8" not in text and b"9" not in text:
        return int(text, 8)
    if raw[0] & 0x80:
        value = int.from_bytes(raw, "big")
        return value - (1 << 8 * len(raw)) if raw[0] & 0x40 else value & ~(1 << (8 * len(raw) - 1))
    found = _OCTAL.match(raw.partition(b"\0")[0])
    if not found:
        raise MalformedDocument(f"a tar header whose {what} is no number: {raw!r}")
    return int(found[1] or b"0", 8)


_common_number = lru_cache(maxsize=4096)(_number)
"""For fields that are the same in most members of an archive."""


def _text(raw: bytes) -> bytes:
    return raw.partition(b"\0")[0]


def _checksum_holds(header: bytes) -> bool:
    stated = _CHECKSUM.match(header, 148, 156)
    if not stated:
        return False
    wanted = int(stated[1], 8)
    total = sum(header) - sum(header[148:156]) + 8 * 32
    if total == wanted:
        return True
    # Ancient tars added up signed bytes.
    high = BLOCK - 8 - len((header[:148] + header[156:]).translate(None, _HIGH))
    return high > 0 and total - 256 * high == wanted


def _check_end(source: Feed, meter: Meter) -> None:
    """Nothing but zeros stands behind the end; whatever else does is not scanned, and said to be so."""
    behind = 0
    while piece := source.piece():
        behind += len(piece) if behind else len(bytes(piece).lstrip(b"\0"))
    if behind:
        meter.note(f"{behind} bytes behind the end of the tar belong to no member")
