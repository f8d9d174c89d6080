"""Reads poetry.lock, versions 1 and 2, with the pyproject.toml beside it, which alone names the direct dependencies.

A package in the lock lists all it could need: what is optional counts where somebody asks for an extra that names
it, and what has conditions may be missing. Several versions of one package are told apart by the constraint.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from supplychain.errors import LimitExceeded, UnsupportedType
from supplychain.model.inventory import ContentDigest, Scope
from supplychain.sbom.catalogers.python_identity import (
    archive_digest,
    index_qualifiers,
    normalised,
    normalised_extra,
    parsed_version,
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
    reach,
    read_toml,
    scopes,
)
from supplychain.sbom.catalogers.python_project import Project, Want, poetry_want

NO_DIRECT: Final = "does not name the direct dependencies, and no pyproject.toml beside it does"

_VCS: Final = frozenset(("git", "hg", "svn", "bzr"))
_SOURCES: Final = _VCS | {"", "url", "file", "directory", "legacy"}
_EXTRA_MEMBER = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?")
_CARET = re.compile(r"\s*(\^|~)\s*(\d+(?:\.\d+)*)\S*\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One package with what it could need."""

    package: Package
    wants: tuple[Want, ...]
    extras: tuple[tuple[str, tuple[Want, ...]], ...]
    """Name of an extra to those of its dependencies that it switches on."""
    scoped: bool
    """Whether the lock itself says in which group it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoetryLock:
    """A lock whose direct dependencies are in another file."""

    path: str
    locked: tuple[Locked, ...]


def read_poetry(data: bytes, *, path: str) -> PoetryLock:
    """The lock. Raises MalformedDocument, LimitExceeded, and UnsupportedType for a version we do not know."""
    document = read_toml(data, where=path)
    metadata = document.table("metadata")
    version = metadata.text("lock-version")
    if version.partition(".")[0] not in {"1", "2"}:
        raise UnsupportedType(f"expected lock-version 1 or 2, found {version[:40]!r}", where=path)
    files = metadata.table("files")
    locked = tuple(_locked(table, files) for table in document.tables("package"))
    if sum(len(one.wants) for one in locked) > MAX_NEEDS:
        raise LimitExceeded(f"more than {MAX_NEEDS} dependencies", where=path)
    by_name((one.package for one in locked), where=path)
    return PoetryLock(path=path, locked=locked)


def resolve_poetry(lock: PoetryLock, project: Project | None) -> Lock:
    """The edges, from the project where there is one."""
    resolver = _Resolver(lock)
    gaps: list[Gap] = []
    starts: defaultdict[Scope, list[Node]] = defaultdict(list)
    direct: set[Index] = set()
    root = len(lock.locked) if project is not None and project.name else None
    if project is None or project.error:
        gaps.append(Gap(package=None, reason=_joined(NO_DIRECT, project.error if project else ""), unknown=True))
    for group, wants in project.groups if project else ():
        for want in wants:
            found = resolver.targets(want)
            if not found and not want.conditional:
                gaps.append(Gap(package=root, reason=f"needs {want.name}, which the lock does not hold"))
            starts[scope_of_groups([group])] += _nodes(found, want.extras)
            direct.update(found)
    everything = [(place, "") for place in range(len(lock.locked))]
    asked = reach([*everything, *(node for nodes in starts.values() for node in nodes)], resolver.below)
    edges = {(place, target) for place, extra in asked for target, _ in resolver.below((place, extra))}
    gaps += resolver.gaps
    known = list(scopes(len(lock.locked), starts, resolver.below))
    packages = [
        one.package if one.scoped else replace(one.package, scope=known[place]) for place, one in enumerate(lock.locked)
    ]
    if root is not None and project is not None:
        edges |= {(root, target) for target in direct}
        packages.append(Package(name=project.name, version=project.version, folder=".", application=True))
    return Lock(path=lock.path, packages=tuple(packages), edges=frozenset(edges), gaps=tuple(gaps))


def _joined(reason: str, why: str) -> str:
    return f"{reason}: {why}" if why else reason


class _Resolver:
    """Finds what a want means among the packages of one lock; remembers what is not there."""

    def __init__(self, lock: PoetryLock) -> None:
        self._locked = lock.locked
        self._names = by_name((one.package for one in lock.locked), where=lock.path)
        self._known: dict[Node, list[Node]] = {}
        self.gaps: list[Gap] = []

    def targets(self, want: Want) -> list[Index]:
        """The packages that may be meant: all versions that the constraint allows, as each has its own marker."""
        there = self._names.get(want.name, [])
        if len(there) <= 1:
            return there
        return [one for one in there if allows(want.constraint, self._locked[one].package.version)]

    def below(self, node: Node) -> list[Node]:
        """What a package needs always, or with one of its extras."""
        if node not in self._known:
            self._known[node] = list(self._below(*node))
        return self._known[node]

    def _below(self, place: Index, extra: str) -> Iterator[Node]:
        one = self._locked[place]
        names: dict[str, tuple[str, ...]] = {}
        if extra:
            yield place, ""
            names = {member.name: member.extras for member in dict(one.extras).get(extra, ())}
            yield from ((place, other) for other in names.get(one.package.name, ()) if other != extra)
        for want in one.wants:
            if want.optional is not bool(extra) or (extra and want.name not in names):
                continue
            found = self.targets(want)
            if not found and not want.conditional:
                self.gaps.append(Gap(package=place, reason=f"needs {want.name}, which the lock does not hold"))
            yield from _nodes(found, (*want.extras, *names.get(want.name, ())))


def _nodes(found: Iterable[Index], extras: Iterable[str]) -> Iterator[Node]:
    extras = ("", *dict.fromkeys(extras))
    return ((place, extra) for place in found for extra in extras)


def _locked(table: Table, files: Table) -> Locked:
    written = table.text("name")
    name = normalised(written, where=f"{table.where}: {table.path}.name")
    groups = table.texts("groups") or [g for g in (table.text("category"),) if g]
    source = table.table("source")
    digests, hashed = _digests(table.tables("files") or files.tables(written))
    kind = source.text("type")
    if kind not in _SOURCES:
        table.fail("source.type", f"expected one of {', '.join(sorted(_SOURCES - {''}))}, found {kind[:40]!r}")
    markers = table.values.get("markers")
    package = Package(
        name=name,
        version=table.text("version"),
        qualifiers=tuple(sorted(_qualifiers(kind, source).items())),
        folder=source.text("url") if kind in {"file", "directory"} else None,
        digests=digests,
        hashed=hashed and (bool(digests) or kind == "directory" or kind in _VCS),
        scope=scope_of_groups(groups),
        description=table.text("description")[:500],
        properties=(("python:marker", markers),) if isinstance(markers, str) else (),
    )
    extras = table.table("extras")
    return Locked(
        package=package,
        wants=tuple(_wants(table)),
        extras=tuple((normalised_extra(e), tuple(_members(extras.texts(e)))) for e in extras.values),
        scoped=bool(groups),
    )


def _members(texts: Iterable[str]) -> Iterator[Want]:
    for text in texts:
        if match := _EXTRA_MEMBER.match(text[:2000]):
            extras = tuple(normalised_extra(e.strip()) for e in (match["extras"] or "").split(",") if e.strip())
            yield Want(name=normalised(match["name"].rstrip("._-"), where="extras"), extras=extras)


def _wants(table: Table) -> Iterator[Want]:
    dependencies = table.table("dependencies")
    for written, value in dependencies.values.items():
        name = normalised(written, where=f"{dependencies.where}: {dependencies.path}")
        for one in value if isinstance(value, list) else [value]:
            yield poetry_want(name, one, dependencies)


def _qualifiers(kind: str, source: Table) -> dict[str, str]:
    url = source.text("url")
    if kind in _VCS:
        commit = source.text("resolved_reference") or source.text("reference")
        return vcs_qualifiers(kind, url, commit, source.text("subdirectory"))
    if kind == "url":
        return {"download_url": without_secrets(url).partition("#")[0]}
    return index_qualifiers(url) if kind == "legacy" else {}


def _digests(files: Sequence[Table]) -> tuple[tuple[ContentDigest, ...], bool]:
    found: set[ContentDigest] = set()
    readable = True
    for file in files:
        algorithm, _, value = file.text("hash").partition(":")
        digest = archive_digest(algorithm, value, file.text("url"))
        if digest is None:
            readable = False
        else:
            found.add(digest)
    return tuple(sorted(found)), readable


@lru_cache(maxsize=4096)
def allows(constraint: str, version: str) -> bool:
    """Whether a constraint of Poetry's allows a version; one that we cannot read allows all."""
    found = parsed_version(version)
    if found is None or len(constraint) > 2000:
        return True
    try:
        return any(
            SpecifierSet(_standard(part)).contains(found, prereleases=True) for part in re.split(r"\|\|?", constraint)
        )
    except (InvalidSpecifier, ValueError):
        return True


def _standard(constraint: str) -> str:
    """Poetry's ``^1.2``, ``~1.2``, ``*`` and bare versions as PEP 440 specifiers."""
    return ",".join(filter(None, map(_standard_one, constraint.split(","))))


def _standard_one(text: str) -> str:
    text = text.strip()
    if text in {"", "*"}:
        return ""
    if match := _CARET.match(text):
        numbers = [int(n) for n in match[2].split(".")]
        at = (
            next((i for i, n in enumerate(numbers) if n), len(numbers) - 1)
            if match[1] == "^"
            else min(1, len(numbers) - 1)
        )
        upper = ".".join(map(str, [*numbers[:at], numbers[at] + 1]))
        return f">={match[2]},<{upper}"
    return text if text[0] in "<>=!~" else f"=={text}"
