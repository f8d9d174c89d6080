"""Python distributions as they are: installed in a folder, packed as wheel or sdist, at any depth.

One distribution is one component, known by the name and version of its metadata. Its RECORD says which files it
owns. An edge stands where its Requires-Dist names a distribution of the same environment: the folder both are
installed in, or the folder both wheels lie in. What only an extra asks for stays a property.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from supplychain.errors import LimitExceeded
from supplychain.model.inventory import (
    NESTED,
    Completeness,
    CompletenessState,
    Component,
    Edge,
    EdgeKind,
    Found,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued, File, wanted
from supplychain.sbom.catalogers.python_identity import alternatives, is_version, parsed_version, python_purl
from supplychain.sbom.catalogers.python_metadata import (
    Metadata,
    Origin,
    Record,
    Vendored,
    read_metadata,
    read_origin,
    read_record,
    read_vendored,
)

MAX_BYTES: Final = 64 << 20
"""Of one metadata file; a RECORD of half a million files stays below it."""
MAX_VERSIONS: Final = 32
"""Versions of one package in one folder of wheels, among which a requirement chooses."""
MAX_REQUIREMENT: Final = 2_000
"""Characters of one Requires-Dist that is looked into."""

_WHEEL: Final = (".whl", ".egg")
_EXTRA = re.compile(r"\bextras?\b")
_LEADING_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)

_Fact: TypeAlias = "Metadata | Origin | Record | Vendored"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Distribution:
    """One place that holds metadata of a distribution."""

    file: File
    metadata: Metadata
    folder: str
    """In which its modules lie: the parent of its dist-info, with a ``/`` at the end unless it is the root."""
    ref: str
    purl: str
    editable: bool


class PythonPackages:
    """See `Cataloger`."""

    name: ClassVar[str] = "python"

    def wants(self, path: str, head: bytes) -> bool:
        """See `wanted`."""
        return wanted.python(path, head)

    def read(self, file: File) -> _Fact:
        """One file. Raises MalformedDocument and LimitExceeded."""
        if file.size > MAX_BYTES:
            raise LimitExceeded(f"{file.size} bytes, at most {MAX_BYTES} are read", where=file.path)
        with file.open() as stream:
            data = stream.read(MAX_BYTES)
        if file.path.endswith("/RECORD"):
            return read_record(data, where=file.path)
        if file.path.endswith("/direct_url.json"):
            return read_origin(data, where=file.path)
        if file.path.endswith("/vendor.txt"):
            return read_vendored(data, where=file.path)
        return read_metadata(data, where=file.path)

    def combine(self, facts: Sequence[tuple[File, _Fact]]) -> Catalogued:
        """Components with their files; edges inside each environment."""
        beside = {posixpath.split(file.path): fact for file, fact in facts}
        found = [_distribution(file, fact, beside) for file, fact in facts if isinstance(fact, Metadata)]
        listed = _listed(found, beside)
        owners = {path: one.ref for path, one in listed}  # the inner one owns what two of them list
        copies = [c for file, fact in facts if isinstance(fact, Vendored) for c in _vendored(file, fact, owners)]
        needs = set(_needs(found))
        edges = {
            *(n for n in needs if isinstance(n, Edge)),
            *_inside(found, listed),
            *(edge for _, edge in copies if edge),
        }
        return Catalogued(
            components=[*map(_component, found), *(component for component, _ in copies)],
            edges=sorted(edges),
            owners=owners,
            completeness=sorted(n for n in needs if isinstance(n, Completeness)),
            unknowns=sorted(_unknowns(found)),
        )


def _distribution(file: File, metadata: Metadata, beside: Mapping[tuple[str, str], _Fact]) -> _Distribution:
    info = posixpath.split(file.path)[0]
    origin = beside.get((info, "direct_url.json"))
    qualifiers = dict(origin.qualifiers) if isinstance(origin, Origin) else {}
    known = python_purl(metadata.name, metadata.version, qualifiers)
    doubtful = metadata.version and not is_version(metadata.version)
    return _Distribution(
        file=file,
        metadata=metadata,
        folder=_parent(file.path),
        ref=f"{known}#{file.path}" if doubtful else known,
        purl=known,
        editable=isinstance(origin, Origin) and origin.editable,
    )


def _parent(path: str) -> str:
    """The folder whose modules this metadata describes: beside a dist-info or egg-info, around a PKG-INFO."""
    info = path.rpartition("/")[0]
    if path.endswith(".egg-info"):
        info = path
    elif not info.endswith((".dist-info", ".egg-info", "EGG-INFO")):
        return path[: path.rfind("/") + 1]
    return info[: info.rfind("/") + 1]


def _component(one: _Distribution) -> Component:
    metadata = one.metadata
    properties = {("python:requires", text) for text in metadata.requires}
    if metadata.requires_python:
        properties.add(("python:requires-python", metadata.requires_python))
    if one.editable:
        properties.add(("python:editable", "true"))
    return Component(
        ref=one.ref,
        name=metadata.name,
        version=metadata.version,
        purl=one.purl,
        scope=Scope.SHIPPED,
        occurrences=(Occurrence(path=one.file.path, sha256=one.file.sha256, size=one.file.size),),
        licences=metadata.licences,
        producer=metadata.producer,
        description=metadata.summary,
        found=(Found(cataloger=PythonPackages.name, path=one.file.path),),
        properties=tuple(sorted(properties)),
    )


def _unknowns(found: Iterable[_Distribution]) -> Iterator[Unknown]:
    """What no place where a distribution was found tells of it."""
    alike: defaultdict[str, list[Metadata]] = defaultdict(list)
    for one in found:
        alike[one.ref].append(one.metadata)
    for ref, same in alike.items():
        if not any(is_version(m.version) for m in same):
            yield Unknown(ref=ref, field="version")
        if not any(m.licences for m in same):
            yield Unknown(ref=ref, field="licences")
        if not any(m.producer for m in same):
            yield Unknown(ref=ref, field="producer")


def _listed(found: Iterable[_Distribution], beside: Mapping[tuple[str, str], _Fact]) -> list[tuple[str, _Distribution]]:
    """Every file that a RECORD lists, and the wheel or sdist that is the distribution; outer ones first."""
    listed: list[tuple[str, _Distribution]] = []
    for one in sorted(found, key=lambda d: (len(d.folder), d.file.path)):
        record = beside.get((posixpath.split(one.file.path)[0], "RECORD"))
        paths = record.paths if isinstance(record, Record) else ()
        listed += [(one.file.path, one), *((one.folder + path, one) for path in paths)]
        if archive := _archive(one):
            listed.append((archive, one))
    return listed


def _inside(found: Iterable[_Distribution], listed: Iterable[tuple[str, _Distribution]]) -> Iterator[Edge]:
    """Distributions whose metadata another one, installed further out, lists as its own file: it carries them."""
    inner = {one.file.path: one for one in found}
    for path, outer in listed:
        one = inner.get(path)
        if one is not None and len(one.folder) > len(outer.folder):
            yield Edge(source=outer.ref, target=one.ref, kind=EdgeKind.CONTAINS)


def _vendored(file: File, fact: Vendored, owners: Mapping[str, str]) -> Iterator[tuple[Component, Edge | None]]:
    """What a vendor.txt says was copied, contained in the distribution that owns that file."""
    owner = owners.get(file.path)
    for name, version in fact.pins:
        ref = python_purl(name, version)
        made = Component(
            ref=ref,
            name=name,
            version=version,
            purl=ref,
            scope=Scope.SHIPPED,
            occurrences=(Occurrence(path=file.path, sha256=file.sha256, size=file.size),),
            found=(Found(cataloger=PythonPackages.name, path=file.path),),
            properties=(("python:vendored", file.path),),
        )
        yield made, Edge(source=owner, target=ref, kind=EdgeKind.CONTAINS) if owner else None


def _needs(found: Sequence[_Distribution]) -> "Iterator[Edge | Completeness]":
    """Edges inside each environment, and what holds too many versions of one package to tell them."""
    environments: defaultdict[str, defaultdict[str, dict[str, _Distribution]]] = defaultdict(lambda: defaultdict(dict))
    for one in found:
        environments[_environment(one)][one.metadata.key][one.ref] = one
    for one in found:
        environment = environments[_environment(one)]
        for text in one.metadata.requires:
            yield from _needed(one, text, environment)


def _needed(
    one: _Distribution, text: str, environment: Mapping[str, Mapping[str, _Distribution]]
) -> "Iterator[Edge | Completeness]":
    name = _LEADING_NAME.match(text)
    there = environment.get(canonicalize_name(name[0]), {}) if name else {}
    if len(there) > MAX_VERSIONS:
        reason = f"needs {text[:80]}, of which {len(there)} versions lie here"
        yield Completeness(ref=one.ref, state=CompletenessState.UNKNOWN, reason=reason)
        return
    for target in _targets(text, there.values()):
        if target.ref != one.ref:
            yield Edge(source=one.ref, target=target.ref)


def _environment(one: _Distribution) -> str:
    """The folder that is one environment; for the metadata of a wheel or sdist the folder that holds the file."""
    archive = _archive(one)
    return archive[: archive.rfind("/") + 1] + "*" if archive else one.folder


def _archive(one: _Distribution) -> str:
    """The nested wheel or sdist that this metadata is about; empty when it is about something else."""
    archive, _, inner = one.folder.rpartition(NESTED)
    if archive.endswith(_WHEEL):
        return "" if inner else archive
    return archive if one.file.path.endswith("/PKG-INFO") and inner.count("/") <= 1 else ""


def _targets(text: str, there: Collection[_Distribution]) -> Iterator[_Distribution]:
    """What a requirement that holds without extras finds; of several versions those that satisfy it."""
    requirement = _unconditional(text) if there else None
    if requirement is None:
        return
    several = len(there) > 1
    for one in there:
        version = parsed_version(one.metadata.version)
        if not several or version is None or requirement.specifier.contains(version, prereleases=True):
            yield one


@lru_cache(maxsize=8192)
def _unconditional(text: str) -> Requirement | None:
    """The requirement, unless it is unreadable or only an extra asks for it."""
    if len(text) > MAX_REQUIREMENT:
        return None
    marker = text.partition(";")[2]
    if marker and all(_EXTRA.search(part) for part in alternatives(marker)):
        return None
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None
