"""Python lock files: uv.lock, poetry.lock, pylock.toml and hashed requirements, as components with exact edges.

One package at one version from one place is one component, however many locks name it. It is several where locks
contradict each other: two folders of one name, or two hashes for one address. Lock files inside installed or
vendored packages tell what their authors used and are not inventory.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from posixpath import normpath
from typing import ClassVar, TypeAlias

from supplychain.errors import LimitExceeded
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    Edge,
    Found,
    Occurrence,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued, File, wanted
from supplychain.sbom.catalogers.python_identity import is_version, python_purl
from supplychain.sbom.catalogers.python_lockfile import MAX_LOCK_BYTES, Gap, Lock, Package
from supplychain.sbom.catalogers.python_poetry import PoetryLock, read_poetry, resolve_poetry
from supplychain.sbom.catalogers.python_project import Project, read_project
from supplychain.sbom.catalogers.python_pylock import read_pylock
from supplychain.sbom.catalogers.python_requirements import Requirements, read_requirements
from supplychain.sbom.catalogers.python_uv import read_uv

_Fact: TypeAlias = "Lock | PoetryLock | Project | Requirements"
_Where: TypeAlias = "tuple[str, int]"
"""(path of the lock, place of the package in it)"""


class PythonLocks:
    """See `Cataloger`."""

    name: ClassVar[str] = "python-locks"

    def wants(self, path: str, head: bytes) -> bool:
        """See `wanted`."""
        return wanted.python_locks(path, head)

    def read(self, file: File) -> _Fact:
        """One lock, or the project beside it. Raises MalformedDocument, LimitExceeded and UnsupportedType."""
        if file.size > MAX_LOCK_BYTES:
            raise LimitExceeded(f"{file.size} bytes, at most {MAX_LOCK_BYTES} are read", where=file.path)
        with file.open() as stream:
            data = stream.read(MAX_LOCK_BYTES)
        name = file.path.rpartition("/")[2]
        if name == "uv.lock":
            return read_uv(data, path=file.path)
        if name == "poetry.lock":
            return read_poetry(data, path=file.path)
        if name == "pyproject.toml":
            return read_project(data, path=file.path)
        if wanted.is_pylock(name):
            return read_pylock(data, path=file.path)
        return read_requirements(data, path=file.path)

    def combine(self, facts: Sequence[tuple[File, _Fact]]) -> Catalogued:
        """Components and edges of all locks, each project at the head of its own."""
        locks = list(_locks([fact for _, fact in facts]))
        purls = {(lock.path, n): _purl(package) for lock in locks for n, package in enumerate(lock.packages)}
        refs = _refs(locks, purls)
        edges = {
            Edge(source=refs[lock.path, source], target=refs[lock.path, target])
            for lock in locks
            for source, target in lock.edges
        }
        return Catalogued(
            components=[
                _component(refs[lock.path, place], purls[lock.path, place], lock, package)
                for lock in locks
                for place, package in enumerate(lock.packages)
            ],
            edges=sorted(edge for edge in edges if edge.source != edge.target),
            completeness=sorted({_note(lock, gap, refs) for lock in locks for gap in lock.gaps}),
            unknowns=sorted(_unknowns(locks, refs)),
        )


def _locks(facts: Iterable[_Fact]) -> Iterator[Lock]:
    """All locks whole: those that another file completes, with it."""
    facts = list(facts)
    projects = {_folder(fact.path): fact for fact in facts if isinstance(fact, Project)}
    read = {fact.lock.path for fact in facts if isinstance(fact, Requirements)}
    for fact in facts:
        if isinstance(fact, Lock):
            yield fact
        elif isinstance(fact, PoetryLock):
            yield resolve_poetry(fact, projects.get(_folder(fact.path)))
        elif isinstance(fact, Requirements):
            missed = [Gap(package=None, reason=reason) for path, reason in fact.includes if path not in read]
            lock = fact.lock
            yield Lock(path=lock.path, packages=lock.packages, edges=lock.edges, gaps=(*lock.gaps, *missed))


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _purl(package: Package) -> str:
    return python_purl(package.name, package.version, dict(package.qualifiers))


def _refs(locks: Iterable[Lock], purls: Mapping[_Where, str]) -> dict[_Where, str]:
    """A ref for every package of every lock: its purl, with more where one purl means several things."""
    alike: defaultdict[str, defaultdict[str, list[tuple[_Where, Package]]]] = defaultdict(lambda: defaultdict(list))
    for lock in locks:
        for place, package in enumerate(lock.packages):
            alike[purls[lock.path, place]][_identity(lock, package)].append(((lock.path, place), package))
    refs: dict[_Where, str] = {}
    for known, kinds in alike.items():
        for identity, same in kinds.items():
            torn = not identity and _contradictory(package for _, package in same)
            for where, package in same:
                more = where[0] if torn else identity if len(kinds) > 1 or _unordered(package) else ""
                refs[where] = f"{known}#{more}" if more else known
    return refs


def _identity(lock: Lock, package: Package) -> str:
    """What tells packages of one purl apart: the folder one is made from, or a version that no purl can carry."""
    parts: list[str] = []
    if package.folder is not None:
        parts.append(normpath(_folder(lock.path) + package.folder))
    if _unordered(package):
        version = package.version
        parts.append(version if len(version) <= 64 else f"sha256:{hashlib.sha256(version.encode()).hexdigest()}")
    return ":".join(parts)


def _unordered(package: Package) -> bool:
    return bool(package.version) and not is_version(package.version)


def _contradictory(same: Iterable[Package]) -> bool:
    """Whether one address is said to hold different bytes."""
    values: dict[tuple[str, str], str] = {}
    return any(
        values.setdefault((digest.url, digest.algorithm), digest.value) != digest.value
        for package in same
        for digest in package.digests
        if digest.url
    )


def _component(ref: str, known: str, lock: Lock, package: Package) -> Component:
    return Component(
        ref=ref,
        name=package.name,
        version=package.version,
        type="application" if package.application else "library",
        purl=known,
        scope=package.scope,
        occurrences=(Occurrence(path=lock.path),),
        digests=package.digests,
        description=package.description,
        found=(Found(cataloger=PythonLocks.name, path=lock.path),),
        properties=package.properties,
    )


def _note(lock: Lock, gap: Gap, refs: Mapping[_Where, str]) -> Completeness:
    state = CompletenessState.UNKNOWN if gap.unknown else CompletenessState.INCOMPLETE
    if gap.package is None:
        return Completeness(ref=lock.path, state=state, reason=gap.reason)
    return Completeness(ref=refs[lock.path, gap.package], state=state, reason=f"{lock.path}: {gap.reason}")


def _unknowns(locks: Iterable[Lock], refs: Mapping[_Where, str]) -> Iterator[Unknown]:
    """What no lock tells of a component."""
    alike: defaultdict[str, list[Package]] = defaultdict(list)
    for lock in locks:
        for place, package in enumerate(lock.packages):
            alike[refs[lock.path, place]].append(package)
    for ref, same in alike.items():
        if not any(is_version(package.version) for package in same):
            yield Unknown(ref=ref, field="version")
        if not any(package.hashed for package in same):
            yield Unknown(ref=ref, field="hashes")
