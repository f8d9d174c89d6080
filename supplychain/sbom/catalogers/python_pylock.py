"""Reads pylock.toml (PEP 751), which `packaging` checks against its specification.

The format has no project and need not say who needs whom; where a file says nothing of it, that is a gap.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from packaging.markers import Marker
from packaging.pylock import Package as Entry
from packaging.pylock import PackageArchive, PackageSdist, PackageWheel, Pylock, PylockValidationError

from supplychain.errors import MalformedDocument, UnsupportedType
from supplychain.model.inventory import ContentDigest, Scope
from supplychain.sbom.catalogers.python_identity import (
    alternatives,
    archive_digest,
    index_qualifiers,
    scope_of_groups,
    vcs_qualifiers,
    version_in_file_name,
    without_secrets,
)
from supplychain.sbom.catalogers.python_lockfile import Gap, Index, Lock, Package, Table, by_name, read_toml

NO_EDGES: Final = "does not say which package needs which"

_GROUP = re.compile(r"""['"]([^'"]*)['"]\s+in\s+dependency_groups""")


def read_pylock(data: bytes, *, path: str) -> Lock:
    """The lock. Raises MalformedDocument, LimitExceeded, and UnsupportedType for a version we do not know."""
    document = read_toml(data, where=path)
    version = document.values.get("lock-version")
    if version != "1.0":
        raise UnsupportedType(f"expected lock-version 1.0, found {str(version)[:40]!r}", where=path)
    tables = document.tables("packages")
    try:
        lock = Pylock.from_dict(document.values)
    except (PylockValidationError, RecursionError) as e:
        raise MalformedDocument(f"not a pylock file: {str(e)[:200]}", where=path) from e
    default = frozenset(lock.default_groups or ())
    packages = tuple(_package(entry, default) for entry in lock.packages)
    edges, gaps = _edges(lock, tables, by_name(packages, where=path))
    if not edges and len(lock.packages) > 1 and not any(p.dependencies is not None for p in lock.packages):
        gaps.append(Gap(package=None, reason=NO_EDGES, unknown=True))
    return Lock(
        path=path,
        packages=packages,
        edges=frozenset(edges),
        gaps=tuple(gaps),
    )


def _package(entry: Entry, default: frozenset[str]) -> Package:
    archives = list(_archives(entry))
    digests = [digest for archive in archives for digest in _digests(archive)]
    known = {digest for digest in digests if digest is not None}
    properties = {("python:marker", str(entry.marker))} if entry.marker else set()
    return Package(
        name=entry.name,
        version=str(entry.version) if entry.version else _version_of(entry),
        qualifiers=tuple(sorted(_qualifiers(entry).items())),
        folder=_folder(entry),
        digests=tuple(sorted(known)),
        hashed=all(any(_digests(archive)) for archive in archives),
        scope=_scope(entry.marker, default),
        properties=tuple(sorted(properties)),
    )


def _archives(entry: Entry) -> "Iterator[PackageArchive | PackageSdist | PackageWheel]":
    yield from entry.wheels or ()
    if entry.sdist:
        yield entry.sdist
    if entry.archive:
        yield entry.archive


def _digests(archive: "PackageArchive | PackageSdist | PackageWheel") -> "Iterator[ContentDigest | None]":
    for algorithm, value in archive.hashes.items():
        yield archive_digest(algorithm, value, archive.url or "")


def _version_of(entry: Entry) -> str:
    """A version that only the name of the archive tells."""
    if entry.archive:
        return version_in_file_name(entry.archive.path or _path(entry.archive.url or ""))
    return ""


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _qualifiers(entry: Entry) -> dict[str, str]:
    if entry.vcs and entry.vcs.url:
        return vcs_qualifiers(entry.vcs.type, entry.vcs.url, entry.vcs.commit_id, entry.vcs.subdirectory or "")
    if entry.archive:
        return {"download_url": without_secrets(entry.archive.url).partition("#")[0]} if entry.archive.url else {}
    return index_qualifiers(entry.index or "")


def _folder(entry: Entry) -> str | None:
    if entry.directory:
        return entry.directory.path
    for place in (entry.vcs, entry.archive):
        if place and not place.url:
            return place.path
    return None


def _scope(marker: Marker | None, default: frozenset[str]) -> Scope:
    """Runtime, unless every way in which the marker can hold names a group that is not installed by default."""
    if marker is None:
        return Scope.RUNTIME
    groups: list[str] = []
    for part in alternatives(str(marker)):
        named = _GROUP.findall(part)
        if not named or not default.isdisjoint(named):
            return Scope.RUNTIME
        groups += named
    return scope_of_groups(groups)


def _edges(
    lock: Pylock, tables: Sequence[Table], names: Mapping[str, Sequence[Index]]
) -> tuple[set[tuple[Index, Index]], list[Gap]]:
    """Each dependency is a table whose keys are those of the one package that is meant."""
    edges: set[tuple[Index, Index]] = set()
    gaps: list[Gap] = []
    for place, entry in enumerate(lock.packages):
        for wanted in entry.dependencies or ():
            name = str(wanted.get("name", ""))[:80]
            there = [one for one in names.get(name, ()) if _covers(tables[one].values, wanted)]
            if len(there) == 1:
                edges.add((place, there[0]))
            else:
                held = f"of which the lock holds {len(there)}" if there else "which the lock does not hold"
                gaps.append(Gap(package=place, reason=f"needs {name}, {held}"))
    return edges, gaps


def _covers(values: object, wanted: object) -> bool:
    """Whether all that is wanted is there."""
    if isinstance(wanted, Mapping) and isinstance(values, Mapping):
        return all(key in values and _covers(values[key], value) for key, value in wanted.items())
    return bool(values == wanted)
