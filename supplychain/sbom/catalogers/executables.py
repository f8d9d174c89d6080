"""Where a compiled program keeps its sections: ELF, PE and Mach-O, 32 and 64 bit, both byte orders, fat ones too.

Only tables are read, never the program as a whole: `Window` reads what is asked for, within the file and within
limits. Headers are foreign: each count, offset and size is a claim, checked before it is used.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from supplychain.errors import LimitExceeded, MalformedDocument

MAX_SECTIONS: Final = 65_536
MAX_HEADER_BYTES: Final = 256
"""Of one program or section header; ELF has at most 64."""
MAX_COMMANDS_BYTES: Final = 16 << 20
MAX_SLICES: Final = 40
"""Programs in one fat file; the same number in a Java class file, which shares the magic, starts at 45."""
CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A section or segment: a range of the file, and where it lies in memory."""

    name: str
    """Empty for a segment."""
    address: int
    offset: int
    """In its program's window."""
    size: int
    """Bytes of it that the file holds."""
    writable: bool = False
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One program; a fat file holds several."""

    format: str
    """ELF, PE or Mach-O."""
    window: "Window"
    sections: tuple[Region, ...]
    segments: tuple[Region, ...]
    """What is mapped into memory; a PE has only sections, which are these too."""

    def locate(self, address: int) -> int | None:
        """The offset of an address, where the file holds its bytes."""
        for region in self.segments:
            if region.address <= address < region.address + region.size:
                return region.offset + address - region.address
        return None


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a seekable stream, read by offset from its start."""

    stream: BinaryIO
    start: int
    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Exactly these bytes. Raises MalformedDocument where the file does not hold them."""
        data = self.peek(offset, count)
        if len(data) != count:
            raise MalformedDocument(f"expected {count} bytes at offset {offset} of the program, it ends before")
        return data

    def peek(self, offset: int, count: int) -> bytes:
        """At most these bytes: fewer at the end."""
        count = min(count, self.size - offset)
        if offset < 0 or count <= 0:
            return b""
        self.stream.seek(self.start + offset)
        parts: list[bytes] = []
        while count > 0:
            part = self.stream.read(count)
            if not part:
                break
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def find_all(self, needle: bytes, region: Region) -> Iterator[int]:
        """Offsets of a byte string in a region, read in pieces that overlap so that none is missed."""
        overlap = len(needle) - 1
        position, end = region.offset, min(region.offset + region.size, self.size)
        tail = b""
        while position < end:
            piece = self.peek(position, min(CHUNK, end - position))
            if not piece:
                return
            buffer = tail + piece
            at = buffer.find(needle)
            while at >= 0:
                yield position - len(tail) + at
                at = buffer.find(needle, at + 1)
            position += len(piece)
            tail = buffer[-overlap:] if overlap else b""


def images(stream: BinaryIO, size: int) -> tuple[Image, ...]:
    """The programs in a file; none when it is no program by its magic.

    Raises MalformedDocument for headers that contradict the file, and LimitExceeded.
    """
    whole = Window(stream, 0, size)
    magic = whole.peek(0, 4)
    if magic in {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}:
        return tuple(_fat(whole, wide=magic[3] == 0xBF))
    image = _image(whole)
    return (image,) if image else ()


def _image(window: Window) -> Image | None:
    magic = window.peek(0, 4)
    if magic == b"\x7fELF":
        return _elf(window)
    if magic in _MACH_O:
        return _mach_o(window, *_MACH_O[magic])
    return _pe(window) if magic[:2] == b"MZ" else None


def _fat(window: Window, *, wide: bool) -> Iterator[Image]:
    (count,) = struct.unpack(">I", window.read(4, 4))
    if count > MAX_SLICES:  # a Java class
        return
    entry = struct.Struct(">IIQQII" if wide else ">IIIII")
    left = window.size
    for index in range(count):
        _, _, offset, size, *_ = entry.unpack(window.read(8 + index * entry.size, entry.size))
        left -= size
        if offset < 8 + count * entry.size or offset + size > window.size or left < 0:
            raise MalformedDocument(f"program {index} of a fat file lies outside it, or on another one")
        image = _image(Window(window.stream, window.start + offset, size))
        if image:
            yield image


def _name(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1")


def _checked(count: int) -> int:
    if count > MAX_SECTIONS:
        raise LimitExceeded(f"{count} sections, at most {MAX_SECTIONS} are read")
    return count


def _elf(window: Window) -> Image:
    ident = window.read(0, 16)
    if ident[4] not in {1, 2} or ident[5] not in {1, 2}:
        raise MalformedDocument("an ELF file of no known class or byte order")
    order, wide = "<>"[ident[5] - 1], ident[4] == 2
    header = struct.Struct(order + ("QQIHHHHHH" if wide else "IIIHHHHHH"))
    phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, names = header.unpack(
        window.read(32 if wide else 28, header.size)
    )
    segments = tuple(_elf_segments(window, order, wide, phoff, phentsize, phnum))
    sections = tuple(_elf_sections(window, order, wide, shoff, shentsize, shnum, names))
    return Image(format="ELF", window=window, sections=sections, segments=segments)


def _elf_segments(window: Window, order: str, wide: bool, at: int, step: int, count: int) -> Iterator[Region]:
    entry = struct.Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII"))
    if count and not entry.size <= step <= MAX_HEADER_BYTES:
        raise MalformedDocument(f"program headers of {step} bytes")
    table = window.read(at, _checked(count) * step)
    for index in range(count):
        fields = entry.unpack_from(table, index * step)
        if wide:
            kind, flags, offset, address, _, size, *_ = fields
        else:
            kind, offset, address, _, size, _, flags, _ = fields
        if kind == 1:  # PT_LOAD
            yield Region(
                name="", address=address, offset=offset, size=size, writable=bool(flags & 2), executable=bool(flags & 1)
            )


def _elf_sections(
    window: Window, order: str, wide: bool, at: int, step: int, count: int, names: int
) -> Iterator[Region]:
    entry = struct.Struct(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
    if not at or not count:
        return
    if not entry.size <= step <= MAX_HEADER_BYTES:
        raise MalformedDocument(f"section headers of {step} bytes")
    table = window.read(at, _checked(count) * step)
    rows = [entry.unpack_from(table, index * step) for index in range(count)]
    strings = b""
    if names < count:
        strings = window.peek(rows[names][4], min(rows[names][5], MAX_COMMANDS_BYTES))
    for name, kind, flags, address, offset, size, *_ in rows:
        if kind != 8:  # SHT_NOBITS: no bytes in the file
            end = strings.find(b"\0", name)
            known = strings[name : end if end >= 0 else len(strings)][:64]
            yield Region(
                name=known.decode("latin-1"),
                address=address,
                offset=offset,
                size=size,
                writable=bool(flags & 1),
                executable=bool(flags & 4),
            )


def _pe(window: Window) -> Image | None:
    start = window.peek(0x3C, 4)
    at = int.from_bytes(start, "little")
    if len(start) < 4 or window.peek(at, 4) != b"PE\0\0":
        return None  # a DOS program, or text that begins with MZ
    count, optional = struct.unpack("<2xH12xH2x", window.read(at + 4, 20))
    (kind,) = struct.unpack("<H", window.read(at + 24, 2))
    if kind == 0x20B:
        (base,) = struct.unpack("<Q", window.read(at + 24 + 24, 8))
    elif kind == 0x10B:
        (base,) = struct.unpack("<I", window.read(at + 24 + 28, 4))
    else:
        raise MalformedDocument(f"a PE file with an optional header of kind {kind:#x}")
    table = window.read(at + 24 + optional, count * 40)
    sections = []
    for index in range(count):
        name, virtual, address, size, offset, flags = struct.unpack_from("<8sIIII12xI", table, index * 40)
        sections.append(
            Region(
                name=_name(name),
                address=base + address,
                offset=offset,
                size=min(size, virtual) if virtual else size,
                writable=bool(flags & 0x80000000),
                executable=bool(flags & 0x20000000),
            )
        )
    return Image(format="PE", window=window, sections=tuple(sections), segments=tuple(sections))


_MACH_O: Final = {
    b"\xfe\xed\xfa\xce": (">", False),
    b"\xfe\xed\xfa\xcf": (">", True),
    b"\xce\xfa\xed\xfe": ("<", False),
    b"\xcf\xfa\xed\xfe": ("<", True),
}


def _mach_o(window: Window, order: str, wide: bool) -> Image:
    count, length = struct.unpack(order + "II", window.read(16, 8))
    if length > MAX_COMMANDS_BYTES:
        raise LimitExceeded(f"load commands of {length} bytes, at most {MAX_COMMANDS_BYTES} are read")
    commands = window.read(32 if wide else 28, length)
    segments: list[Region] = []
    sections: list[Region] = []
    at = 0
    for _ in range(_checked(count)):
        if at + 8 > length:
            raise MalformedDocument("load commands that run past their end")
        command, size = struct.unpack_from(order + "II", commands, at)
        if size < 8 or at + size > length:
            raise MalformedDocument(f"a load command of {size} bytes")
        if command == (0x19 if wide else 0x01):
            segment, inside = _mach_o_segment(commands[at : at + size], order, wide)
            segments.append(segment)
            sections.extend(inside)
            _checked(len(sections))
        at += size
    return Image(format="Mach-O", window=window, sections=tuple(sections), segments=tuple(segments))


def _mach_o_segment(command: bytes, order: str, wide: bool) -> tuple[Region, list[Region]]:
    header = struct.Struct(order + ("8x16sQQQQIIII" if wide else "8x16sIIIIIIII"))
    entry = struct.Struct(order + ("16s16sQQI28x" if wide else "16s16sIII24x"))
    if len(command) < header.size:
        raise MalformedDocument(f"a segment command of {len(command)} bytes")
    _, address, _, offset, size, _, protection, count, _ = header.unpack_from(command)
    if header.size + count * entry.size > len(command):
        raise MalformedDocument(f"a segment command of {len(command)} bytes with {count} sections")
    writable, executable = bool(protection & 2), bool(protection & 4)
    sections = []
    for index in range(count):
        name, _, section_address, section_size, section_offset = entry.unpack_from(
            command, header.size + index * entry.size
        )
        sections.append(
            Region(
                name=_name(name),
                address=section_address,
                offset=section_offset,
                size=section_size,
                writable=writable,
                executable=executable,
            )
        )
    segment = Region(name="", address=address, offset=offset, size=size, writable=writable, executable=executable)
    return segment, sections
