"""What a file is by its first bytes: archives that are known and that nothing here opens, and programs.

They are named so that an inventory can say what it did not look into. Nothing is decided here.

>>> unopened_archive("setup.7z", b"7z\\xbc\\xaf\\x27\\x1c\\x00\\x04"), program(b"\\x7fELF\\x02\\x01\\x01")
('7z', 'ELF')
"""

from typing import Final

_ARCHIVES: Final = (
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"xar!", "xar"),
    (b"MSCF\0\0\0\0", "cab"),
    (b"ISc(", "InstallShield cab"),
    (b"!<arch>\ndebian-binary", "deb"),
    (b"!<arch>\n", "ar"),
    (b"!<thin>\n", "ar"),
    (b"\xed\xab\xee\xdb", "rpm"),
    (b"hsqs", "squashfs"),
    (b"sqsh", "squashfs"),
    (b"070701", "cpio"),
    (b"070702", "cpio"),
    (b"070707", "cpio"),
    (b"\xc7\x71", "cpio"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
    (b"\x1f\x9d", "compress"),
    (b"\x89LZO\0\r\n\x1a\n", "lzop"),
    (b"MSWIM\0\0\0", "wim"),
    (b"Cr24", "crx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "compound file (msi, ole)"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
)
_BY_START: Final = {start: [(m, n) for m, n in _ARCHIVES if m[:2] == start] for start in {m[:2] for m, _ in _ARCHIVES}}
_BY_SUFFIX: Final = {
    ".dmg": "dmg",
    ".iso": "iso",
    ".lzma": "lzma",
    ".br": "brotli",
    ".qcow2": "qcow2",
    ".vmdk": "vmdk",
}
_MACH_O: Final = frozenset((b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"))
_PE_HEADER_AT: Final = 1 << 24
"""Where a PE header may stand at most, so that four letters of a text are no such place."""
_FAT_ARCHITECTURES: Final = 40
"""A fat Mach-O and a Java class share a magic; then stands a count of architectures or a class version (from 45)."""


def unopened_archive(path: str, head: bytes) -> str:
    """The name of a known archive format that is not opened, or empty."""
    for magic, name in _BY_START.get(head[:2], ()):
        if head.startswith(magic):
            return name
    dot = path.rfind(".")
    if dot < 0 or not head:
        return ""
    suffix = path[dot:].lower()
    if suffix == ".asar":
        return "asar" if head.startswith(b"\x04\0\0\0") else ""
    return _BY_SUFFIX.get(suffix, "")


def program(head: bytes) -> str:
    """The format of a compiled program or library (ELF, PE, Mach-O, WebAssembly), or empty."""
    magic = head[:4]
    if magic == b"\x7fELF":
        return "ELF"
    if magic in _MACH_O:
        return "Mach-O"
    if magic in {b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"}:
        return "Mach-O" if 0 < int.from_bytes(head[4:8], "big") < _FAT_ARCHITECTURES else ""
    if magic == b"\0asm":
        return "WebAssembly"
    if magic[:2] == b"MZ" and len(head) >= 64:
        at = int.from_bytes(head[60:64], "little")
        beyond = len(head) < at + 4 <= _PE_HEADER_AT
        return "PE" if beyond or head[at : at + 4] == b"PE\0\0" else ""
    return ""
