"""The build information that Go's linker leaves in every program: which modules went in, and how it was built.

It stands behind a magic, 16 bytes aligned: in ``.go.buildinfo`` (``__go_buildinfo`` in Mach-O), else anywhere in
writable data. Since Go 1.18 two strings follow; before, two pointers to strings. A magic that nothing meaningful
follows is data that happens to hold these bytes, and the search goes on. Some programs are published with the magic
taken out; the list of modules itself, in read-only data between two markers, is then still found.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.sbom.catalogers.executables import Image, Region

MAGIC: Final = b"\xff Go buildinf:"
LIST_START: Final = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
LIST_END: Final = bytes.fromhex("f932433186182072008242104116d8f2")
MAX_LIST_BYTES: Final = 16 << 20
MAX_VERSION_BYTES: Final = 300
MAX_MODULES: Final = 100_000
MAX_CANDIDATES: Final = 256
"""Places with the magic, or with the marker, that are looked at in one program."""

Order: TypeAlias = Literal["big", "little"]

_ALIGNMENT: Final = 16
_SECTIONS: Final = frozenset((".go.buildinfo", "__go_buildinfo"))
_MARKS: Final = frozenset((".gopclntab", ".note.go.buildid", ".go.module", "__gopclntab", "__go_module"))
"""Sections that only Go's linker makes."""
_READ_ONLY: Final = frozenset((".rodata", ".rdata", "__rodata", "__const"))
_VERSION = re.compile(r"(?:go[0-9]|devel\b)[\x20-\x7e]{0,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module as build info lists it."""

    path: str
    version: str = ""
    h1: str = ""
    """Checksum with its ``h1:``; empty for what was built from a folder."""
    replacement: "Module | None" = None
    """What was built in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInfo:
    """What one program says of its build. Written by whoever made the program: untrusted."""

    go_version: str
    """Such as go1.22.3; empty where the program keeps only its list of modules."""
    path: str = ""
    """Of the main package."""
    main: Module | None = None
    """None where modules were not in use."""
    deps: tuple[Module, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


def find_build_info(image: Image) -> BuildInfo | None:
    """The build information of a program; None when Go did not make it.

    Raises MalformedDocument where it is there but makes no sense, and LimitExceeded.
    """
    found = next(_announced(image), None)
    if found is None:
        listed = _unannounced(image)
        return None if listed is None else parse_modules(listed, go_version="")
    go_version, modules = found
    return parse_modules(modules, go_version=go_version)


def made_by_go(image: Image) -> bool:
    """Whether the program has sections that only Go's linker makes."""
    return any(section.name in _MARKS or section.name in _SECTIONS for section in image.sections)


def parse_modules(text: str, *, go_version: str) -> BuildInfo:
    """The lines ``path``, ``mod``, ``dep``, ``=>`` and ``build`` of a program's list of modules."""
    path = ""
    main: Module | None = None
    deps: list[Module] = []
    settings: list[tuple[str, str]] = []
    last: str = ""
    for number, line in enumerate(text.split("\n"), 1):
        kind, tab, rest = line.partition("\t")
        if kind == "path":
            path = rest
        elif kind == "mod":
            main = _module(rest, number)
        elif kind == "dep":
            deps.append(_module(rest, number))
        elif kind == "=>":
            replacement = _module(rest, number)
            if last == "mod" and main is not None:
                main = _replaced(main, replacement)
            elif last == "dep":
                deps[-1] = _replaced(deps[-1], replacement)
            else:
                raise MalformedDocument("a replacement of nothing", where=f"build info, line {number}")
        elif kind == "build":
            key, _, value = rest.partition("=")
            settings.append((key, value))
        elif tab or not line:
            continue  # kinds that a later Go may add
        else:
            raise MalformedDocument(f"expected key and tab, found {line[:40]!r}", where=f"build info, line {number}")
        last = kind
        if len(deps) > MAX_MODULES:
            raise LimitExceeded(f"more than {MAX_MODULES} modules")
    return BuildInfo(go_version=go_version, path=path, main=main, deps=tuple(deps), settings=tuple(settings))


def _module(rest: str, number: int) -> Module:
    fields = rest.split("\t")
    if not 1 <= len(fields) <= 3 or not fields[0]:
        raise MalformedDocument("expected path, version and checksum", where=f"build info, line {number}")
    path, version, h1 = (*fields, "", "")[:3]
    return Module(path=path, version=version, h1=h1)


def _replaced(module: Module, by: Module) -> Module:
    return Module(path=module.path, version=module.version, h1=module.h1, replacement=by)


def _announced(image: Image) -> Iterator[tuple[str, str]]:
    """Go version and list of modules behind each magic that something meaningful follows."""
    named = [section for section in image.sections if section.name in _SECTIONS]
    data = [segment for segment in image.segments if segment.writable and not segment.executable]
    for offset in _places(image, MAGIC, named + data, aligned=_ALIGNMENT):
        found = _read_at(image, offset)
        if found is not None:
            yield found


def _places(image: Image, needle: bytes, regions: Iterable[Region], *, aligned: int = 1) -> Iterator[int]:
    """Where the needle lies in memory at such an alignment. Regions may overlap, but not to read a file many times."""
    budget, candidates = 2 * image.window.size, 0
    for region in regions:
        budget -= max(0, min(region.size, image.window.size - region.offset))
        if budget < 0:
            raise LimitExceeded("sections that overlap again and again")
        for offset in image.window.find_all(needle, region):
            if (region.address + offset - region.offset) % aligned:
                continue
            candidates += 1
            if candidates > MAX_CANDIDATES:
                raise LimitExceeded(f"more than {MAX_CANDIDATES} places that look like build info")
            yield offset


def _read_at(image: Image, offset: int) -> tuple[str, str] | None:
    """Go version and list of modules of the build info at this offset; None when it is none."""
    header = image.window.peek(offset, 32)
    if len(header) < 32:
        return None
    if header[15] & 2:
        raw_version, after = _inline(image, offset + 32, at_most=MAX_VERSION_BYTES)
        version = _version(raw_version)
        raw_list = _inline(image, after, at_most=MAX_LIST_BYTES)[0] if version else None
    else:
        size = header[14]
        if size not in {4, 8}:
            return None
        order: Order = "big" if header[15] & 1 else "little"
        first, second = (int.from_bytes(header[at : at + size], order) for at in (16, 16 + size))
        version = _version(_pointed(image, first, size, order, at_most=MAX_VERSION_BYTES))
        raw_list = _pointed(image, second, size, order, at_most=MAX_LIST_BYTES) if version and second else b""
    if not version:
        return None
    if raw_list is None:
        raise MalformedDocument("its list of modules is not where it should be", where="build info")
    return version, _listed(raw_list)


def _inline(image: Image, offset: int, *, at_most: int) -> tuple[bytes | None, int]:
    """A string behind its length as a varint, and where it ends; None where there can be none."""
    length = 0
    for index, byte in enumerate(image.window.peek(offset, 10)):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            start = offset + index + 1
            data = image.window.peek(start, length) if length <= at_most else b""
            return (data if len(data) == length else None), start + length
    return None, 0


def _pointed(image: Image, address: int, size: int, order: Order, *, at_most: int) -> bytes | None:
    """The string whose header (pointer and length) lies at an address; None where there can be none."""
    at = image.locate(address)
    header = image.window.peek(at, 2 * size) if at is not None else b""
    if len(header) < 2 * size:
        return None
    pointer, length = int.from_bytes(header[:size], order), int.from_bytes(header[size:], order)
    if not length:
        return b""
    start = image.locate(pointer)
    data = image.window.peek(start, length) if start is not None and length <= at_most else b""
    return data if len(data) == length else None


def _version(raw: bytes | None) -> str:
    text = (raw or b"").decode("latin-1")
    return text if _VERSION.fullmatch(text) else ""


def _listed(raw: bytes) -> str:
    """The list between its markers; nothing where a build system other than go left it out."""
    if len(raw) < 33 or raw[-17:-16] != b"\n":
        return ""
    return _decoded(raw[16:-16])


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as e:
        raise MalformedDocument(f"not UTF-8 at byte {e.start}", where="build info") from None


def _unannounced(image: Image) -> str | None:
    """The list of a program without the magic, by its markers in read-only data."""
    if image.format != "PE" and not made_by_go(image):
        return None
    regions = [section for section in image.sections if section.name in _READ_ONLY]
    for offset in _places(image, LIST_START, regions):
        start = offset + len(LIST_START)
        if not image.window.peek(start, 5).startswith((b"path\t", b"mod\t", b"dep\t")):
            continue
        text = image.window.peek(start, MAX_LIST_BYTES)
        end = text.find(LIST_END)
        if end < 0:
            raise MalformedDocument("a list of modules without an end", where="build info")
        return _decoded(text[:end])
    return None
