"""npm: package-lock.json and npm-shrinkwrap.json, versions 1 to 3, as components with exact edges.

One package at one version is one component, however many times npm installs it; it is several only when their
integrity differs, or when folders of different projects share a name. Edges come from places, see `npm_tree`.
A version 1 lock does not say what the project itself asks for, so the package.json beside it is read for that.

Lock files inside installed or vendored packages tell what their authors used and are not inventory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final, TypeAlias, TypeVar

from supplychain.errors import LimitExceeded
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    Edge,
    Found,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued, File, wanted
from supplychain.sbom.catalogers.npm_lockfile import Lock, Manifest, Package, read_lock, read_manifest
from supplychain.sbom.catalogers.npm_tree import Tree, resolve
from supplychain.sbom.licences import declared

MAX_LOCK_BYTES: Final = 64 << 20

_FROM_FOLDER: Final = "folder"

_T = TypeVar("_T")
_Identity: TypeAlias = "frozenset[tuple[str, str]]"
"""(algorithm, value) of its hashes, or the folder it is made from."""
_Where: TypeAlias = "tuple[str, str]"
"""(path of the lock, location in it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resolved:
    """A lock, and its edges where they need no other file."""

    lock: Lock
    tree: Tree | None


class NpmLock:
    """See `Cataloger`."""

    name: ClassVar[str] = "npm"

    def wants(self, path: str, head: bytes) -> bool:
        """See `wanted`."""
        return wanted.npm(path, head)

    def read(self, file: File) -> "_Resolved | Manifest":
        """One lock with its edges, or a manifest. Raises MalformedDocument, LimitExceeded and UnsupportedType."""
        with file.open() as stream:
            data = _bounded(stream, file.path)
        if file.path.rpartition("/")[2] == wanted.NPM_MANIFEST:
            return read_manifest(data, path=file.path)
        lock = read_lock(data, path=file.path)
        return _Resolved(lock=lock, tree=resolve(lock) if lock.direct_known else None)

    def combine(self, facts: "Sequence[tuple[File, _Resolved | Manifest]]") -> Catalogued:
        """Components and edges of all locks, the project of each at the head of its own."""
        values = [value for _, value in facts]
        manifests = {_folder(v.path): v for v in values if isinstance(v, Manifest)}
        locks = _effective(v for v in values if isinstance(v, _Resolved))
        refs = _refs(r.lock for r in locks)
        gathered: defaultdict[str, list[tuple[Lock, Package]]] = defaultdict(list)
        edges: set[tuple[str, str]] = set()
        notes: set[Completeness] = set()
        for resolved in locks:
            lock = resolved.lock
            known = refs[lock.path]
            for location, package in lock.packages.items():
                if package.link is None:
                    gathered[known[location]].append((lock, package))
            tree, found = _tree(resolved, manifests.get(_folder(lock.path)), known)
            notes |= found
            edges.update([(known[source], known[target]) for source, target in tree.edges])
            notes.update(_gaps(lock, tree, known))
        return Catalogued(
            components=[_component(ref, same) for ref, same in sorted(gathered.items())],
            edges=[Edge(source=source, target=target) for source, target in sorted(edges)],
            completeness=sorted(notes),
            unknowns=sorted({u for ref, same in gathered.items() for u in _unknowns(ref, same)}),
        )


def _bounded(stream: BinaryIO, path: str) -> bytes:
    data = stream.read(MAX_LOCK_BYTES + 1)
    if len(data) > MAX_LOCK_BYTES:
        raise LimitExceeded(f"more than {MAX_LOCK_BYTES} bytes", where=path)
    return data


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _effective(found: Iterable[_Resolved]) -> list[_Resolved]:
    """The lock that npm would read in each folder, by path."""
    chosen: dict[str, _Resolved] = {}
    for one in sorted(found, key=lambda r: r.lock.path):
        chosen.setdefault(_folder(one.lock.path), one)
    return list(chosen.values())


def _tree(resolved: _Resolved, manifest: Manifest | None, refs: Mapping[str, str]) -> "tuple[Tree, set[Completeness]]":
    """The edges of a lock; where it does not name the direct dependencies, with those of the package.json beside it."""
    lock = resolved.lock
    if resolved.tree is not None:
        return resolved.tree, set()
    if manifest is not None and manifest.project is not None:
        return resolve(lock, manifest.project), set()
    tree = resolve(lock)
    asked = {target for _, target in tree.edges}
    tops = {("", at) for at, p in lock.packages.items() if at and p.link is None and at not in asked}
    why = f": {manifest.error}" if manifest is not None else ""
    reason = f"{lock.path} does not name the direct dependencies, and no package.json beside it does{why}"
    note = Completeness(ref=refs[""], state=CompletenessState.UNKNOWN, reason=reason)
    return Tree(edges=tree.edges | tops, missing=tree.missing, broken_links=tree.broken_links), {note}


def _refs(locks: Iterable[Lock]) -> dict[str, dict[str, str]]:
    """A ref for every package, by lock and location: its purl, with a path where one purl means several things."""
    alike: defaultdict[str, list[tuple[Lock, Package]]] = defaultdict(list)
    refs: dict[str, dict[str, str]] = {}
    for lock in locks:
        refs[lock.path] = {at: _place(lock, at) for at, p in lock.packages.items() if not p.purl and p.link is None}
        for package in lock.packages.values():
            if package.purl:
                alike[package.purl].append((lock, package))
    for known, same in alike.items():
        if len(same) == 1:
            lock, package = same[0]
            refs[lock.path][package.location] = known
            continue
        kinds: defaultdict[_Identity, list[_Where]] = defaultdict(list)
        for lock, package in same:
            kinds[_identity(lock, package)].append((lock.path, package.location))
        ambiguous = len(kinds) > 1 and _differ(kinds)
        for places in kinds.values():
            path, location = min(places)
            ref = f"{known}#{path}:{location}" if ambiguous else known
            for path, location in places:
                refs[path][location] = ref
    return refs


def _identity(lock: Lock, package: Package) -> _Identity:
    """What makes two packages of one purl the same: the folder they are made from, or the bytes they came in."""
    if package.first_party is not None:
        return frozenset(((_FROM_FOLDER, _folder(lock.path) + package.first_party),))
    return frozenset((d.algorithm, d.value) for d in package.digests)


def _differ(kinds: Iterable[_Identity]) -> bool:
    """Whether some of these contradict each other: two folders, a folder and an archive, or two hashes."""
    stated: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for kind in kinds:
        for algorithm in {algorithm for algorithm, _ in kind}:
            stated[algorithm].add(frozenset(value for name, value in kind if name == algorithm))
    return any(len(values) > 1 for values in stated.values()) or (_FROM_FOLDER in stated and len(stated) > 1)


def _place(lock: Lock, location: str) -> str:
    return f"{lock.path}#{location}" if location else lock.path


def _gaps(lock: Lock, tree: Tree, refs: Mapping[str, str]) -> Iterator[Completeness]:
    for location, name in tree.missing:
        reason = f"{_place(lock, location)} needs {name}, which the lock does not hold"
        yield Completeness(ref=refs[location], state=CompletenessState.INCOMPLETE, reason=reason)
    for location, target in tree.broken_links:
        reason = f"{_place(lock, location)} links to {target}, which the lock does not hold"
        yield Completeness(ref=refs[""], state=CompletenessState.INCOMPLETE, reason=reason)


def _component(ref: str, same: "Sequence[tuple[Lock, Package]]") -> Component:
    """One component out of every place where it is installed."""
    lock, first = same[0] if len(same) == 1 else min(same, key=lambda pair: (pair[0].path, pair[1].location))
    packages = [package for _, package in same]
    return Component(
        ref=ref,
        name=first.name or _folder(lock.path).rstrip("/").rpartition("/")[2] or lock.path,
        version=first.version,
        type="application" if "" in {p.location for p in packages} else "library",
        purl=first.purl,
        scope=Scope.RUNTIME if False in {p.dev for p in packages} else Scope.DEV,
        occurrences=_union([(Occurrence(path=_place(at, p.location)),) for at, p in same]),
        digests=_union([p.digests for p in packages]),
        licences=_union([declared(p.licence) for p in packages]),
        found=_union([(Found(cataloger=NpmLock.name, path=at.path),) for at, _ in same]),
        properties=_union([*map(_properties, packages), _shared_flags(packages)]),
    )


def _union(groups: "Sequence[tuple[_T, ...]]") -> "tuple[_T, ...]":
    """All of them, sorted, each once."""
    if len(groups) == 1 and len(groups[0]) < 2:
        return groups[0]
    return tuple(sorted({item for group in groups for item in group}))  # type: ignore[type-var]  # all are ordered


def _shared_flags(packages: Sequence[Package]) -> tuple[tuple[str, str], ...]:
    """What holds at every place: a package that is optional here and needed there is not optional."""
    shared = [flag for flag in packages[0].flags if all(flag in p.flags for p in packages)]
    return tuple([(f"npm:{flag}", "true") for flag in shared])


def _properties(package: Package) -> tuple[tuple[str, str], ...]:
    said = []
    if package.deprecated:
        said.append(("npm:deprecated", package.deprecated))
    if package.first_party is not None:
        said.append(("npm:first-party", package.first_party or "."))
    elif package.name and not package.location.endswith(f"node_modules/{package.name}"):
        said.append(("npm:alias", package.location.rpartition("node_modules/")[2]))
    if package.resolved and not package.digests:
        said.append(("npm:resolved", package.resolved))
    return tuple(said)


def _unknowns(ref: str, same: "Sequence[tuple[Lock, Package]]") -> list[Unknown]:
    """Fields that no place tells."""
    packages = [package for _, package in same]
    unknown = []
    if {p.name for p in packages} == {""}:
        unknown.append(Unknown(ref=ref, field="name"))
    if {p.version for p in packages} == {""}:
        unknown.append(Unknown(ref=ref, field="version"))
    if True in {p.unreadable_hash for p in packages} and {p.digests for p in packages} == {()}:
        unknown.append(Unknown(ref=ref, field="hashes"))
    return unknown
