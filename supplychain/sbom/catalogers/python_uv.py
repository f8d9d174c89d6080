"""Reads uv.lock, version 1: every package with its source, its hashes and exactly what it needs.

uv names the version and the source of a dependency wherever the lock holds several packages of that name, so each
edge is known. Extras have their own lists; those of the project and its dependency groups too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from urllib.parse import parse_qs, unquote

from supplychain.errors import LimitExceeded, UnsupportedType
from supplychain.model.inventory import ContentDigest, Scope
from supplychain.sbom.catalogers.python_identity import (
    archive_digest,
    index_qualifiers,
    normalised,
    scope_of_groups,
    vcs_qualifiers,
    without_secrets,
)
from supplychain.sbom.catalogers.python_lockfile import (
    MAX_NEEDS,
    Gap,
    Index,
    Lock,
    Node,
    Package,
    Table,
    by_name,
    read_toml,
    scopes,
)

_PROJECT: Final = frozenset(("editable", "virtual"))
_BESIDE: Final = frozenset(("editable", "virtual", "directory", "path"))
_SOURCES: Final = _BESIDE | {"registry", "git", "url"}

_Needs: TypeAlias = "dict[str, list[Node]]"
"""What a package needs always (under ``""``) and for each of its extras; a node of the latter asks for an extra."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A lock half read: packages by name, and what was found to be missing on the way."""

    path: str
    tables: list[Table]
    names: dict[str, list[Index]]
    gaps: list[Gap] = field(default_factory=list)
    edges: set[tuple[Index, Index]] = field(default_factory=set)


def read_uv(data: bytes, *, path: str) -> Lock:
    """The lock. Raises MalformedDocument, LimitExceeded, and UnsupportedType for a version we do not know."""
    document = read_toml(data, where=path)
    version = document.values.get("version")
    if version != 1 or isinstance(version, bool):
        raise UnsupportedType(f"expected version 1 of uv.lock, found {str(version)[:40]!r}", where=path)
    manifest = document.table("manifest")
    members = {normalised(name, where=path) for name in manifest.texts("members")}
    tables = document.tables("package")
    packages = [_package(table, members) for table in tables]
    reading = _Reading(path=path, tables=tables, names=by_name(packages, where=path))
    needs = [_needs(reading, place, table) for place, table in enumerate(tables)]
    starts: defaultdict[Scope, list[Node]] = defaultdict(list)
    for place, package in enumerate(packages):
        if package.application:
            starts[Scope.RUNTIME] += [(place, extra) for extra in needs[place]]
        _groups(reading, place, tables[place].table("dev-dependencies"), starts)
    _groups(reading, None, manifest.table("dependency-groups"), starts)
    starts[Scope.RUNTIME] += _resolve_all(reading, None, manifest.tables("requirements"))
    known = scopes(len(packages), starts, lambda node: _below(needs, node))
    return Lock(
        path=path,
        packages=tuple(replace(package, scope=scope) for package, scope in zip(packages, known, strict=True)),
        edges=frozenset(reading.edges),
        gaps=tuple(reading.gaps),
    )


def _below(needs: Sequence[Mapping[str, list[Node]]], node: Node) -> list[Node]:
    place, extra = node
    found = needs[place].get(extra, [])
    return [*found, (place, "")] if extra else found


def _needs(reading: _Reading, place: Index, table: Table) -> _Needs:
    """What a package needs, each an edge: the lock lists an extra only where somebody asked for it."""
    needs = {"": _resolve_all(reading, place, table.tables("dependencies"))}
    optional = table.table("optional-dependencies")
    for extra in optional.values:
        needs[extra] = _resolve_all(reading, place, optional.tables(extra))
    return needs


def _groups(reading: _Reading, place: Index | None, groups: Table, starts: dict[Scope, list[Node]]) -> None:
    for group in groups.values:
        starts[scope_of_groups([group])] += _resolve_all(reading, place, groups.tables(group))


def _resolve_all(reading: _Reading, place: Index | None, wanted: Sequence[Table]) -> list[Node]:
    found: list[Node] = []
    for one in wanted:
        name = normalised(one.text("name"), where=reading.path)
        target = _resolve(reading, name, one)
        if isinstance(target, str):
            reading.gaps.append(Gap(package=place, reason=target))
            continue
        found.append((target, ""))
        found += [(target, extra) for extra in _extras(one)]
        if place is not None:
            reading.edges.add((place, target))
            if len(reading.edges) > MAX_NEEDS:
                raise LimitExceeded(f"more than {MAX_NEEDS} dependencies", where=reading.path)
    return found


def _extras(one: Table) -> list[str]:
    """The extras asked for; old revisions wrote a single one as a string."""
    key = "extra" if "extra" in one.values else "extras"
    return [one.text(key)] if isinstance(one.values.get(key), str) else one.texts(key)


def _resolve(reading: _Reading, name: str, one: Table) -> "Index | str":
    """The package that a dependency means, or why it cannot be told."""
    there = reading.names.get(name, [])
    for key in ("version", "source"):
        if key in one.values:
            there = [place for place in there if reading.tables[place].values.get(key) == one.values[key]]
    if len(there) == 1:
        return there[0]
    if there:
        return f"needs {name}, of which the lock holds {len(there)}"
    return f"needs {' '.join((name, one.text('version')[:80])).strip()}, which the lock does not hold"


def _package(table: Table, members: set[str]) -> Package:
    name = normalised(table.text("name"), where=f"{table.where}: {table.path}.name")
    source = table.table("source")
    kinds = _SOURCES & source.values.keys()
    if len(kinds) != 1:
        table.fail("source", f"expected one of {', '.join(sorted(_SOURCES))}, found {sorted(source.values)[:5]}")
    (kind,) = kinds
    where = source.text(kind)
    digests, hashed = _digests(table)
    beside = kind in _BESIDE
    return Package(
        name=name,
        version=table.text("version"),
        qualifiers=tuple(sorted(_qualifiers(kind, where, source).items())),
        folder=where if beside else None,
        digests=digests,
        hashed=hashed and (bool(digests) or kind not in {"registry", "url", "path"}),
        application=name in members or (kind in _PROJECT and where == "."),
        properties=(("python:source", f"{kind} {where}"),) if beside else (),
    )


def _qualifiers(kind: str, where: str, source: Table) -> dict[str, str]:
    if kind == "registry":
        return index_qualifiers(where)
    if kind == "url":
        return {"download_url": without_secrets(where).partition("#")[0]}
    if kind == "git":
        address, _, commit = where.partition("#")
        subdirectory = parse_qs(address.partition("?")[2], max_num_fields=16).get("subdirectory", [""])[0]
        return vcs_qualifiers("git", address, unquote(commit), subdirectory or source.text("subdirectory"))
    return {}


def _digests(table: Table) -> tuple[tuple[ContentDigest, ...], bool]:
    """The hashes of sdist and wheels, and whether none of them is unreadable."""
    archives = table.tables("wheels")
    if "sdist" in table.values:
        archives.append(table.table("sdist"))
    found: set[ContentDigest] = set()
    readable = True
    for archive in archives:
        if text := archive.text("hash"):
            algorithm, _, value = text.partition(":")
            digest = archive_digest(algorithm, value, archive.text("url"))
            if digest is None:
                readable = False
            else:
                found.add(digest)
    return tuple(sorted(found)), readable
