"""The smallest ELF, PE and Mach-O files that carry Go's build information where its linker puts it."""

import struct
from dataclasses import dataclass

MAGIC = b"\xff Go buildinf:"
START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
END = bytes.fromhex("f932433186182072008242104116d8f2")
H1 = "h1:0A+M6Uqn+Eje4kHMK80dtF3JCXC4ykBgQG4Fe06QRhQ="
MODULES = (
    "path\texample.com/app/cmd/app\n"
    "mod\texample.com/app\t(devel)\t\n"
    f"dep\tgithub.com/a/b\tv1.2.3\t{H1}\n"
    "dep\tgithub.com/c/d/v2\tv2.0.0+incompatible\n"
    f"=>\tgithub.com/fork/d\tv2.0.1\t{H1}\n"
    "dep\texample.com/lib\tv0.0.0\n"
    "=>\t./lib\t(devel)\t\n"
    "build\t-compiler=gc\n"
    'build\t-ldflags="-X main.token=s3cret"\n'
    "build\tCGO_ENABLED=0\n"
    "build\tGOOS=linux\n"
    "build\tvcs.revision=abc\n"
)
DATA_ADDRESS = 0x500000
DATA_OFFSET = 0x400


@dataclass(frozen=True)
class Shape:
    """A machine."""

    format: str = "ELF"
    wide: bool = True
    big: bool = False

    @property
    def order(self) -> str:
        """For struct."""
        return ">" if self.big else "<"


SHAPES = [Shape(f, wide, big) for f in ("ELF", "Mach-O") for wide in (True, False) for big in (True, False)]
SHAPES += [Shape("PE", wide) for wide in (True, False)]


def varint(value: int) -> bytes:
    """As encoding/binary writes it."""
    made = b""
    while value >= 0x80:
        made += bytes([value & 0x7F | 0x80])
        value >>= 7
    return made + bytes([value])


def inline(modules: str = MODULES, version: str = "go1.22.3") -> bytes:
    """The build information of Go 1.18 and later."""
    listed = START + modules.encode() + END if modules else b""
    header = (MAGIC + b"\x08\x02").ljust(32, b"\0")
    return header + varint(len(version)) + version.encode() + varint(len(listed)) + listed


def pointers(shape: Shape, modules: str = MODULES, version: str = "go1.16.15", address: int = DATA_ADDRESS) -> bytes:
    """The build information before Go 1.18, to be placed at an address."""
    size, order = (8, "Q") if shape.wide else (4, "I")
    listed = START + modules.encode() + END if modules else b""
    headers = address + 32
    texts = headers + 4 * size
    number = struct.Struct(shape.order + order)
    head = MAGIC + bytes([size, shape.big]) + number.pack(headers) + number.pack(headers + 2 * size)
    strings = (texts, len(version), texts + len(version), len(listed))
    return head.ljust(32, b"\0") + b"".join(map(number.pack, strings)) + version.encode() + listed


def program(
    data: bytes, shape: Shape = Shape(), *, section: str = "", read_only: bytes = b"", sections: bool = True
) -> bytes:
    """A program whose writable data is ``data``; ``section`` names it, ``read_only`` is its constants."""
    make = {"ELF": _elf, "PE": _pe, "Mach-O": _mach_o}[shape.format]
    return make(data, shape, section, read_only, sections)


def fat(*programs: bytes, wide: bool = False) -> bytes:
    """A fat Mach-O."""
    entry = struct.Struct(">IIQQII" if wide else ">IIIII")
    head = struct.pack(">II", 0xCAFEBABF if wide else 0xCAFEBABE, len(programs))
    at, entries, bodies = 0x1000, b"", b""
    for one in programs:
        padded = one.ljust(-(-len(one) // 0x1000) * 0x1000, b"\0")
        fields = (7, 3, at, len(one), 12, 0)
        entries += entry.pack(*fields[: 6 if wide else 5])
        bodies += padded
        at += len(padded)
    return (head + entries).ljust(0x1000, b"\0") + bodies


def _placed(parts: dict[int, bytes]) -> bytes:
    made = b""
    for offset in sorted(parts):
        assert len(made) <= offset, "parts overlap"
        made = made.ljust(offset, b"\0") + parts[offset]
    return made


def _elf(data: bytes, shape: Shape, section: str, read_only: bytes, sections: bool) -> bytes:
    o, wide = shape.order, shape.wide
    names = b"\0.shstrtab\0.rodata\0.gopclntab\0" + section.encode() + b"\0"
    rodata_at = DATA_OFFSET + len(data)
    names_at = rodata_at + len(read_only)
    table_at = -(-(names_at + len(names)) // 16) * 16
    rows = [
        (0, 0, 0, 0, 0, 0),
        (1, 3, 0, 0, names_at, len(names)),
        (names.index(b".rodata"), 1, 2, 0x400000, rodata_at, len(read_only)),
    ]
    if read_only:
        rows.append((names.index(b".gopclntab"), 1, 2, 0x480000, rodata_at, 0))
    if section:
        rows.append((names.rindex(section.encode()), 1, 3, DATA_ADDRESS, DATA_OFFSET, len(data)))
    row = struct.Struct(o + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
    table = b"".join(row.pack(*r, 0, 0, 1, 0) for r in rows) if sections else b""
    ident = b"\x7fELF" + bytes([1 + wide, 1 + shape.big, 1]) + bytes(9)
    head_size, ph_size = (64, 56) if wide else (52, 32)
    fields: tuple[int, ...] = (2, 62, 1, 0x401000, head_size, table_at if sections else 0, 0, head_size, ph_size, 1)
    fields += (row.size, len(rows) if sections else 0, 1)
    head = ident + struct.pack(o + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"), *fields)
    size = len(data)
    if wide:
        segment = struct.pack(o + "IIQQQQQQ", 1, 6, DATA_OFFSET, DATA_ADDRESS, DATA_ADDRESS, size, size, 4096)
    else:
        segment = struct.pack(o + "IIIIIIII", 1, DATA_OFFSET, DATA_ADDRESS, DATA_ADDRESS, size, size, 6, 4096)
    return _placed(
        {0: head, head_size: segment, DATA_OFFSET: data, rodata_at: read_only, names_at: names, table_at: table}
    )


def _pe(data: bytes, shape: Shape, section: str, read_only: bytes, sections: bool) -> bytes:
    base = 0x400000
    optional = (
        struct.pack("<H22xQ", 0x20B, base).ljust(112, b"\0")
        if shape.wide
        else struct.pack("<H26xI", 0x10B, base).ljust(96, b"\0")
    )
    rodata_at = DATA_OFFSET + len(data)
    rows = [
        (b".data", len(data), DATA_ADDRESS - base, len(data), DATA_OFFSET, 0xC0000040),
        (b".rdata", len(read_only), 0x10000, len(read_only), rodata_at, 0x40000040),
    ]
    table = b"".join(struct.pack("<8sIIII12xI", *r) for r in rows)
    coff = struct.pack("<HHIIIHH", 0x8664, len(rows), 0, 0, 0, len(optional), 2)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    return _placed({0: head, 0x80: b"PE\0\0" + coff + optional + table, DATA_OFFSET: data, rodata_at: read_only})


def _mach_o(data: bytes, shape: Shape, section: str, read_only: bytes, sections: bool) -> bytes:
    o, wide = shape.order, shape.wide
    rodata_at = DATA_OFFSET + len(data)
    rows = [(section or "__noptrdata", "__DATA", DATA_ADDRESS, len(data), DATA_OFFSET)]
    constants = [("__rodata", "__TEXT", 0x400000, len(read_only), rodata_at)]
    if read_only:
        constants.append(("__gopclntab", "__TEXT", 0x480000, 0, rodata_at))
    commands = [
        _mach_o_segment(o, wide, "__DATA", (DATA_ADDRESS, DATA_OFFSET, len(data)), 3, rows if sections else []),
        _mach_o_segment(o, wide, "__TEXT", (0x400000, rodata_at, len(read_only)), 5, constants if sections else []),
    ]
    uuid = struct.pack(o + "II16x", 0x1B, 24)
    body = uuid + b"".join(commands)
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    head = struct.pack(o + "IIIIIII", magic, 7, 3, 2, 1 + len(commands), len(body), 0) + (bytes(4) if wide else b"")
    return _placed({0: head + body, DATA_OFFSET: data, rodata_at: read_only})


def _mach_o_segment(
    o: str,
    wide: bool,
    name: str,
    place: tuple[int, int, int],
    protection: int,
    rows: list[tuple[str, str, int, int, int]],
) -> bytes:
    address, offset, size = place
    row = struct.Struct(o + ("16s16sQQI28x" if wide else "16s16sIII24x"))
    packed = b"".join(row.pack(r[0].encode(), r[1].encode(), *r[2:]) for r in rows)
    fields = (name.encode(), address, size, offset, size, protection, protection, len(rows), 0)
    header = struct.Struct(o + ("II16sQQQQIIII" if wide else "II16sIIIIIIII"))
    return header.pack(0x19 if wide else 1, header.size + len(packed), *fields) + packed
