"""Reads requirements files: only a package pinned by ``==`` (or by an address) and by hash is a component.

A line that leaves open what will be installed is no component but a gap, with its number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import Final
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.model.inventory import ContentDigest, Scope
from supplychain.sbom.catalogers.python_identity import (
    archive_digest,
    index_qualifiers,
    normalised,
    scope_of_groups,
    version_in_file_name,
    without_secrets,
)
from supplychain.sbom.catalogers.python_lockfile import MAX_LOCK_BYTES, MAX_PACKAGES, Gap, Lock, Package

NO_EDGES: Final = "does not say which package needs which"
MAX_REQUIREMENT: Final = 2_000
"""Characters of one requirement without its hashes."""
MAX_LINE: Final = 1 << 20
"""Characters of one logical line with them; a package with a thousand wheels stays below it."""
MAX_GAPS: Final = 200
"""Lines that are listed one by one."""

_DEV: Final = frozenset(("dev", "develop", "development", "doc", "docs", "lint", "ci", "typing", "mypy", "local"))
_TEST: Final = frozenset(("test", "tests", "testing"))
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_HASH = re.compile(r"\s--hash(?:=|\s+)(\S+)")
_OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+)?(.*)\Z")
_CREDENTIALS = re.compile(r"://[^/\s@]*@|\?\S*")
_IGNORED: Final = frozenset(
    (
        "-c",
        "--constraint",
        "--extra-index-url",
        "-f",
        "--find-links",
        "--no-index",
        "--no-binary",
        "--only-binary",
        "--prefer-binary",
        "--require-hashes",
        "--pre",
        "--trusted-host",
        "--use-feature",
    )
)
"""Options that name no package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """A requirements file, and the ones that it includes."""

    lock: Lock
    includes: tuple[tuple[str, str], ...]
    """(path relative to the subject, the gap that it is if nobody reads that file)"""


def read_requirements(data: bytes, *, path: str) -> Requirements:
    """The file. Raises MalformedDocument and LimitExceeded."""
    if len(data) > MAX_LOCK_BYTES:
        raise LimitExceeded(f"{len(data)} bytes, at most {MAX_LOCK_BYTES} are read", where=path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise MalformedDocument(f"not UTF-8 at byte {e.start}", where=path) from None
    if "\0" in text:
        raise MalformedDocument("a NUL, which no text has", where=path)
    reading = _Reading(path=path)
    for number, line in _logical_lines(text, path):
        reading.line(number, line)
    return reading.made()


class _Reading:
    """A file half read: what its lines have told so far."""

    def __init__(self, *, path: str) -> None:
        self._path = path
        self._scope = _scope(path)
        self._index = ""
        self._packages: list[Package] = []
        self._open: list[str] = []
        self._includes: list[tuple[str, str]] = []

    def line(self, number: int, line: str) -> None:
        """One logical line."""
        if match := _OPTION.match(line):
            self._option(number, line, match[1], match[2].strip())
            return
        hashes = _HASH.findall(line)
        digests = [_digest(text) for text in hashes]
        reason, package = self._package(_HASH.sub("", line).strip(), [d for d in digests if d])
        if package is None:
            self._leave_open(number, reason, line)
        elif None in digests:
            self._leave_open(number, "a hash that is none", line)
        elif len(self._packages) >= MAX_PACKAGES:
            raise LimitExceeded(f"more than {MAX_PACKAGES} packages", where=self._path)
        else:
            self._packages.append(package)

    def made(self) -> Requirements:
        """The file."""
        left = len(self._open) - MAX_GAPS
        gaps = [Gap(package=None, reason=reason) for reason in self._open[:MAX_GAPS]]
        if left > 0:
            gaps.append(Gap(package=None, reason=f"{left} more lines that pin nothing"))
        if len(self._packages) > 1:
            gaps.append(Gap(package=None, reason=NO_EDGES, unknown=True))
        lock = Lock(path=self._path, packages=tuple(self._packages), edges=frozenset(), gaps=tuple(gaps))
        return Requirements(lock=lock, includes=tuple(self._includes))

    def _leave_open(self, number: int, reason: str, line: str) -> None:
        shown = _CREDENTIALS.sub(lambda m: "://" if m[0].startswith("://") else "", _HASH.sub("", line))
        self._open.append(f"line {number}: {reason}: {shown[:120]}")

    def _option(self, number: int, line: str, option: str, value: str) -> None:
        if option in {"-i", "--index-url"}:
            self._index = value
        elif option in {"-r", "--requirement"}:
            folder = self._path[: self._path.rfind("/") + 1]
            self._includes.append((normpath(folder + value[:1024]), f"line {number}: includes {value[:120]}"))
        elif option not in _IGNORED:
            self._leave_open(number, "not pinned", line)

    def _package(self, text: str, digests: list[ContentDigest]) -> tuple[str, Package | None]:
        """The package that a line pins, or why it pins none."""
        if len(text) > MAX_REQUIREMENT:
            return "too long", None
        try:
            read = Requirement(text)
        except (InvalidRequirement, RecursionError):
            return "not a requirement", None
        pins = list(read.specifier)
        exact = len(pins) == 1 and pins[0].operator in {"==", "==="} and not pins[0].version.endswith(".*")
        if not (exact or read.url):
            return "not pinned", None
        if not digests:
            return "no hash", None
        url = without_secrets(read.url).partition("#")[0] if read.url else ""
        qualifiers = {"download_url": url} if url else index_qualifiers(self._index)
        package = Package(
            name=normalised(read.name, where=self._path),
            version=version_in_file_name(_path_of(url)) if url else pins[0].version,
            qualifiers=tuple(qualifiers.items()),
            digests=tuple(sorted(digests)),
            scope=self._scope,
            properties=(("python:marker", str(read.marker)),) if read.marker else (),
        )
        return "", package


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _digest(text: str) -> ContentDigest | None:
    algorithm, _, value = text.partition(":")
    return archive_digest(algorithm, value.lower())


def _scope(path: str) -> Scope:
    """By the words in the name of the file."""
    name = path.rpartition("/")[2].lower().rpartition(".")[0]
    words = set(re.split(r"[-_.]", name))
    if words & _TEST:
        return Scope.TEST
    return Scope.DEV if words & _DEV else scope_of_groups(words & {"build"})


def _logical_lines(text: str, path: str) -> Iterator[tuple[int, str]]:
    """Lines joined at a backslash and without comments, with the number of their first."""
    parts: list[str] = []
    begun = length = 0
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        begun = begun if parts else number
        continues = line.endswith("\\") and not line.lstrip().startswith("#")
        parts.append(line[:-1] if continues else line)
        length += len(line)
        if length > MAX_LINE:
            raise LimitExceeded(f"line {begun} is longer than {MAX_LINE} characters", where=path)
        if continues and number < len(lines):
            continue
        joined = _COMMENT.sub("", " ".join(parts)).strip()
        parts, length = [], 0
        if joined:
            yield begun, joined
