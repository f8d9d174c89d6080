"""Reads what an installed or packed Python distribution says of itself: METADATA or PKG-INFO, RECORD, direct_url.json.

The content is foreign: names are checked, sizes bounded, and a path that would leave its folder owns nothing.
"""

import csv
import posixpath
import re
from dataclasses import dataclass
from typing import Final

from packaging.metadata import RawMetadata, parse_email

from supplychain._json import Node, parse
from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.sbom.catalogers.python_identity import (
    normalised,
    vcs_qualifiers,
    without_secrets,
)
from supplychain.sbom.licences import declared, from_classifiers, is_expression

MAX_HEADERS: Final = 1 << 20
"""Bytes of a METADATA file before its description."""
MAX_FIELDS: Final = 10_000
"""Lines of them."""
MAX_FIELD_NAMES: Final = 1_000
"""Different words that begin them: the email package looks each of them up in all lines."""
MAX_PINS: Final = 1_000
"""Lines of a vendor.txt."""
MAX_OWNED: Final = 500_000
"""Lines of a RECORD."""
MAX_TEXT: Final = 500
"""Characters kept of a summary or an author."""

_BODY = re.compile(rb"\r?\n\r?\n|\r\r")
_PIN = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,99})==(?P<version>[A-Za-z0-9][A-Za-z0-9.+!_-]{0,99})\s*(?:[#;].*)?\Z"
)
_ADDRESS = re.compile(r"\s*<[^<>]*>\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Core metadata, as far as an inventory tells it."""

    name: str
    """As written."""
    key: str
    """As PEP 503 compares it."""
    version: str
    """As written; empty when it is missing."""
    summary: str
    licences: tuple[str, ...]
    producer: str
    requires: tuple[str, ...]
    """Requires-Dist, as written."""
    requires_python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """direct_url.json: where a distribution was installed from, when not by name from an index."""

    qualifiers: tuple[tuple[str, str], ...]
    editable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """RECORD: the files of a distribution, relative to the folder that holds its dist-info."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """vendor.txt beside copied packages: what its author says was copied."""

    pins: tuple[tuple[str, str], ...]
    """(name, version)"""


def read_metadata(data: bytes, *, where: str) -> Metadata:
    """METADATA or PKG-INFO. Raises MalformedDocument without a usable Name, or when the format is broken."""
    raw = _raw(data, where)
    name = raw.get("name", "")
    if not name:
        raise MalformedDocument("no Name, or more than one", where=where)
    return Metadata(
        name=name,
        key=normalised(name, where=where),
        version=raw.get("version", "").strip(),
        summary=_known(_line(raw.get("summary", ""))),
        licences=_licences(raw),
        producer=_producer(raw),
        requires=tuple(dict.fromkeys(" ".join(one.split()) for one in raw.get("requires_dist", ()))),
        requires_python=_line(raw.get("requires_python", "")),
    )


def read_record(data: bytes, *, where: str) -> Record:
    """RECORD, without the lines that name nothing below its folder. Raises MalformedDocument and LimitExceeded."""
    lines = data.decode("utf-8", "replace").splitlines()
    if len(lines) > MAX_OWNED:
        raise LimitExceeded(f"{len(lines)} lines, at most {MAX_OWNED} are read", where=where)
    try:
        cells = [row[0] for row in csv.reader(lines) if row]
    except csv.Error as e:
        raise MalformedDocument(f"not comma-separated: {e}", where=where) from e
    return Record(paths=tuple(sorted({path for cell in cells if (path := _below(cell))})))


def read_vendored(data: bytes, *, where: str) -> Vendored:
    """The ``name==version`` lines of a vendor.txt; comments and anything else are no pins."""
    lines = data.decode("utf-8", "replace").splitlines()
    if len(lines) > MAX_PINS:
        raise LimitExceeded(f"{len(lines)} lines, at most {MAX_PINS} are read", where=where)
    found = (_PIN.match(line) for line in lines)
    return Vendored(pins=tuple(sorted({(pin["name"], pin["version"]) for pin in found if pin})))


def read_origin(data: bytes, *, where: str) -> Origin:
    """direct_url.json (PEP 610). Credentials and local folders are left out of what is kept."""
    node = parse(data, where=where, max_bytes=MAX_HEADERS)
    url = node.at("url").text()
    if vcs := node.maybe("vcs_info"):
        found = vcs_qualifiers(vcs.at("vcs").text(), url, vcs.at("commit_id").text(), _maybe(node, "subdirectory"))
        return Origin(qualifiers=tuple(found.items()), editable=False)
    folder = node.maybe("dir_info")
    editable = folder.maybe("editable") if folder else None
    remote = folder is None and not url.startswith("file:")
    return Origin(
        qualifiers=(("download_url", without_secrets(url).partition("#")[0]),) if remote else (),
        editable=editable.boolean() if editable else False,
    )


def _maybe(node: Node, key: str) -> str:
    child = node.maybe(key)
    return child.text(empty=True) if child else ""


def _raw(data: bytes, where: str) -> RawMetadata:
    head = _BODY.split(data, maxsplit=1)[0]
    lines = head.splitlines() if len(head) <= MAX_HEADERS else []
    names = {line.partition(b":")[0] for line in lines if line[:1] not in {b" ", b"\t"}}
    if len(head) > MAX_HEADERS or len(lines) > MAX_FIELDS or len(names) > MAX_FIELD_NAMES:
        raise LimitExceeded(
            f"more than {MAX_HEADERS} bytes, {MAX_FIELDS} lines or {MAX_FIELD_NAMES} kinds of fields", where=where
        )
    # As text, never as bytes: for bytes that are no ASCII the email package decodes RFC 2047 words, whose
    # expressions take quadratic time, and which no metadata specification allows.
    text = head.decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        raw, _ = parse_email(text + "\n")
    except Exception as e:  # the email package raises what it likes: none of it may escape
        raise MalformedDocument(f"not core metadata: {type(e).__name__}", where=where) from e
    return raw


def _line(text: str) -> str:
    """On one line, bounded."""
    joined = " ".join(text[: 4 * MAX_TEXT].split())
    return joined if len(joined) <= MAX_TEXT else joined[: MAX_TEXT - 1] + "…"


def _licences(raw: RawMetadata) -> tuple[str, ...]:
    """The most precise declaration: License-Expression, a License that is one, classifiers, any other License."""
    if expression := raw.get("license_expression", ""):
        return declared(expression)
    text = raw.get("license", "")
    if is_expression(text):
        return declared(text)
    return from_classifiers(raw.get("classifiers", ())) or declared(_known(text))


def _producer(raw: RawMetadata) -> str:
    for who in (raw.get("author"), raw.get("author_email"), raw.get("maintainer"), raw.get("maintainer_email")):
        line = _known(_line(who or ""))
        if named := _ADDRESS.sub("", line).strip('" ') or line:
            return named
    return ""


def _known(text: str) -> str:
    """Old tools wrote UNKNOWN where nothing was declared."""
    return "" if text.strip() == "UNKNOWN" else text


def _below(cell: str) -> str:
    """A path that stays below its folder; empty for all others, and for what is no path."""
    path = cell.replace("\\", "/")
    if not path or path.startswith("/") or ":" in path.partition("/")[0] or "\0" in path or "!/" in path:
        return ""
    if ".." in path.split("/"):
        return ""
    plain = posixpath.normpath(path)
    return "" if plain == "." else plain
