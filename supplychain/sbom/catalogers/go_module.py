"""Go source: modules that go.mod asks for, with the sums of go.sum, as replaced, and as vendored.

This is what is declared; what a program holds is told by the program (`go_binary`). From Go 1.17 on a go.mod lists
every module that a build can need, but not which module asks for an indirect one: edges lead from a module to what it
asks for itself, property ``go:edges`` says ``direct``, and the others hang below the subject. An older go.mod
leaves the indirect ones out, so more may be needed than is listed: its completeness is unknown, unless vendor/ tells.

Not inventory: go.mod files below vendor/ and testdata/, and those of a module cache.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import ClassVar, Final, TypeAlias

from supplychain.errors import InputError, MalformedDocument
from supplychain.model.inventory import (
    NESTED,
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Edge,
    Found,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued, File, wanted
from supplychain.sbom.catalogers.go_modfile import (
    MAX_BYTES,
    ModFile,
    Replace,
    Require,
    SumFile,
    Vendored,
    VendorFile,
    WorkFile,
    read_mod,
    read_sum,
    read_vendor,
    read_work,
)
from supplychain.sbom.catalogers.go_names import DEVELOPMENT, is_folder, module_purl

_Told: TypeAlias = ModFile | WorkFile | SumFile | VendorFile
_READERS: Final[Mapping[str, Callable[..., _Told]]] = {
    "go.mod": read_mod,
    "go.work": read_work,
    "go.sum": read_sum,
    "go.work.sum": read_sum,
}
_COMPLETE_SINCE: Final = (1, 17)


class GoModule:
    """See `Cataloger`."""

    name: ClassVar[str] = "go-module"

    def wants(self, path: str, head: bytes) -> bool:
        """See `wanted`."""
        return wanted.go_module(path, head)

    def read(self, file: File) -> _Told:
        """One file. Raises MalformedDocument with the line, and LimitExceeded."""
        with file.open() as stream:
            data = stream.read(MAX_BYTES + 1)
        name = file.path.rpartition("/")[2]
        reader = _READERS.get(name, read_vendor)
        told = reader(data, path=file.path)
        _check_names(told)
        return told

    def combine(self, facts: Sequence[tuple[File, _Told]]) -> Catalogued:
        """The modules of the project, each at the head of what it asks for."""
        tree = _Tree(told for _, told in facts)
        made = _Made()
        for folder, mod in sorted(tree.mods.items()):
            _add_module(made, tree, folder, mod)
        for folder, vendor in sorted(tree.vendors.items()):
            if folder not in tree.mods:
                for vendored in vendor.modules:
                    _add_vendored(made, tree, folder, vendored, vendor.path)
        return made.catalogued()


class _Tree:
    """All module files of a walk, by folder."""

    def __init__(self, told: Iterable[_Told]) -> None:
        self.mods: dict[str, ModFile] = {}
        self.works: dict[str, WorkFile] = {}
        self.vendors: dict[str, VendorFile] = {}
        self._sums: defaultdict[str, list[SumFile]] = defaultdict(list)
        for one in told:
            folder = one.path[: one.path.rfind("/") + 1]
            if isinstance(one, ModFile):
                self.mods[folder] = one
            elif isinstance(one, WorkFile):
                self.works[folder] = one
            elif isinstance(one, VendorFile):
                self.vendors[one.path.removesuffix(wanted.GO_VENDORED)] = one
            else:
                self._sums[folder].append(one)
        self.refs = _main_refs(self.mods)
        self._of_mods = {at: _indexed(mod.replaces) for at, mod in self.mods.items()}
        self._of_works = {at: _indexed(work.replaces) for at, work in self.works.items()}
        self._work_of = {target: at for at, work in sorted(self.works.items()) for target in self._used(at, work)}
        self._members: dict[tuple[str, str], str] = {}
        for target, at in sorted(self._work_of.items()):
            self._members.setdefault((at, self.mods[target].module), self.refs[target])

    def _used(self, folder: str, work: WorkFile) -> Iterator[str]:
        for use in work.uses:
            target = inside(folder, use)
            if target is not None and target in self.mods:
                yield target

    def replacement(self, folder: str, module: Require) -> tuple[str, Replace] | None:
        """What builds in this folder use instead, and the folder that its path is relative to; go.work wins."""
        work = self._work_of.get(folder)
        sources = [(work, self._of_works[work])] if work is not None else []
        for at, replaces in [*sources, (folder, self._of_mods.get(folder, {}))]:
            found = replaces.get((module.path, module.version)) or replaces.get((module.path, ""))
            if found is not None:
                return at, found
        return None

    def beside(self, folder: str, module: Require) -> str | None:
        """The ref of a module of the same workspace."""
        work = self._work_of.get(folder)
        return None if work is None else self._members.get((work, module.path))

    def sums(self, folder: str, path: str, version: str) -> tuple[ContentDigest, ...]:
        """The checksum of a module; that of the workspace counts as well."""
        files = [*self._sums.get(folder, ()), *self._sums.get(self._work_of.get(folder, folder), ())]
        return tuple(sorted({f.sums[path, version] for f in files if (path, version) in f.sums}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """What a requirement comes to."""

    path: str
    version: str
    digests: tuple[ContentDigest, ...] = ()
    replaced: str = ""
    ref: str = ""
    """Of a module of this project, which is then all there is to say."""


class _Made:
    """Components under construction."""

    def __init__(self) -> None:
        self._components: defaultdict[tuple[str, str], list[Component]] = defaultdict(list)
        self._edges: list[tuple[str, tuple[str, str]]] = []
        self._roots: list[Component] = []
        self._known: set[Edge] = set()
        self._notes: list[Completeness] = []

    def root(self, component: Component, note: str) -> None:
        self._roots.append(component)
        if note:
            self._notes.append(Completeness(ref=component.ref, state=CompletenessState.UNKNOWN, reason=note))

    def between(self, source: str, target: str) -> None:
        self._known.add(Edge(source=source, target=target))

    def needed(self, component: Component, by: str) -> None:
        """A component whose ref is its purl until all are known; ``by`` is empty for an indirect one."""
        key = component.purl, component.digests[0].value if component.digests else ""
        self._components[key].append(component)
        if by:
            self._edges.append((by, key))

    def catalogued(self) -> Catalogued:
        sums: defaultdict[str, set[str]] = defaultdict(set)
        for known, value in self._components:
            sums[known].add(value)
        refs = {
            (known, value): f"{known}#h1:{value}" if value and len(sums[known] - {""}) > 1 else known
            for known, value in self._components
        }
        merged: defaultdict[str, list[Component]] = defaultdict(list)
        for key, same in self._components.items():
            merged[refs[key]].extend(same)
        components = [*self._roots, *(_merged(ref, same) for ref, same in merged.items())]
        edges = self._known | {Edge(source=by, target=refs[key]) for by, key in self._edges}
        return Catalogued(
            components=sorted(components, key=lambda c: (c.ref, c.found)),
            edges=sorted(edges),
            completeness=sorted(set(self._notes)),
            unknowns=sorted(
                {Unknown(ref=c.ref, field="version") for c in components if c.version in {"", DEVELOPMENT}}
            ),
        )


def _indexed(replaces: Iterable[Replace]) -> dict[tuple[str, str], Replace]:
    """By the module that is replaced. Go refuses two for one, so which of them is taken only has to be certain."""
    return {(r.old_path, r.old_version): r for r in sorted(replaces, key=lambda r: (r.new_path, r.new_version))}


def inside(folder: str, path: str) -> str | None:
    """The folder that a relative path leads to, with its slash; None where it leaves the archive or the subject."""
    archive, nested, within = folder.rpartition(NESTED)
    if path.startswith("/") or "\\" in path:
        return None
    joined = normpath(within + path)
    if joined == ".." or joined.startswith("../"):
        return None
    return archive + nested + ("" if joined == "." else joined + "/")


def _main_refs(mods: Mapping[str, ModFile]) -> dict[str, str]:
    """By folder: the purl, with the path where several folders are one module, or where one asks for it by name."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for folder, mod in mods.items():
        folders[module_purl(mod.module)].append(folder)
    refs: dict[str, str] = {}
    for known, same in folders.items():
        for folder in same:
            refs[folder] = known if len(same) == 1 else f"{known}#{mods[folder].path}"
    return refs


def _check_names(told: _Told) -> None:
    """Refuse at once what could never be named, so that `combine` does not meet it."""
    if isinstance(told, ModFile):
        names = [(told.module, ""), *((r.path, r.version) for r in told.requires)]
        names += [(r.new_path, r.new_version) for r in told.replaces if not is_folder(r.new_path)]
    elif isinstance(told, WorkFile):
        names = [(r.new_path, r.new_version) for r in told.replaces if not is_folder(r.new_path)]
    elif isinstance(told, VendorFile):
        names = [(m.module.path, m.module.version) for m in told.modules]
        replaces = [m.replace for m in told.modules if m.replace]
        names += [(r.new_path, r.new_version) for r in replaces if not is_folder(r.new_path)]
    else:
        return
    for path, version in names:
        try:
            module_purl(path, version)
        except InputError as e:
            raise MalformedDocument(f"no module has this name and version: {e.message}", where=told.path) from None


def _add_module(made: _Made, tree: _Tree, folder: str, mod: ModFile) -> None:
    vendor = tree.vendors.get(folder)
    ref = tree.refs[folder]
    made.root(_root(ref, mod), "" if vendor or not mod.requires else _gap(mod))
    copied = {v.module.path: v for v in vendor.modules} if vendor else {}
    asked = set()
    for require in mod.requires:
        if (require.path, require.version) in mod.excludes:
            continue
        asked.add(require.path)
        target = _target(tree, folder, require)
        if target.ref:
            if not require.indirect and target.ref != ref:
                made.between(ref, target.ref)
            continue
        vendored = copied.get(require.path)
        component = _component(target, mod.path, indirect=require.indirect, vendored=bool(vendored and vendored.copied))
        made.needed(component, "" if require.indirect else ref)
    for vendored in copied.values():
        if vendor and vendored.module.path not in asked:
            _add_vendored(made, tree, folder, vendored, vendor.path)


def _add_vendored(made: _Made, tree: _Tree, folder: str, vendored: Vendored, path: str) -> None:
    """A module that vendor/modules.txt alone tells of."""
    module = vendored.module
    if vendored.replace is not None:
        target = _replaced(tree, folder, folder, module, vendored.replace)
    else:
        target = _target(tree, folder, module)
    if not target.ref:
        made.needed(_component(target, path, indirect=True, vendored=vendored.copied), "")


def _gap(mod: ModFile) -> str:
    stated = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", mod.go or "1.16")
    if stated and (int(stated[1]), int(stated[2])) >= _COMPLETE_SINCE:
        return ""
    return f"{mod.path} is of go {mod.go or 'before 1.17'}, which does not list indirect modules"


def _target(tree: _Tree, folder: str, require: Require) -> _Target:
    found = tree.replacement(folder, require)
    if found is not None:
        return _replaced(tree, folder, found[0], require, found[1])
    beside = tree.beside(folder, require)
    digests = tree.sums(folder, require.path, require.version)
    return _Target(path=require.path, version=require.version, digests=digests, ref=beside or "")


def _replaced(tree: _Tree, folder: str, base: str, require: Require, replace: Replace) -> _Target:
    """What is built instead; a folder of this project is one of its own modules, any other has no version."""
    said = f"{require.path} {require.version} => {replace.new_path} {replace.new_version}".rstrip()
    if replace.new_version and not is_folder(replace.new_path):
        digests = tree.sums(folder, replace.new_path, replace.new_version)
        return _Target(path=replace.new_path, version=replace.new_version, digests=digests, replaced=said)
    there = inside(base, replace.new_path)
    ref = tree.refs.get(there, "") if there is not None else ""
    return _Target(path=require.path, version=DEVELOPMENT, replaced=said, ref=ref)


def _root(ref: str, mod: ModFile) -> Component:
    properties = [("go:edges", "direct"), *([("go:go", mod.go)] if mod.go else [])]
    return Component(
        ref=ref,
        name=mod.module,
        type="application",
        purl=module_purl(mod.module),
        scope=Scope.RUNTIME,
        occurrences=(Occurrence(path=mod.path),),
        found=(Found(cataloger=GoModule.name, path=mod.path),),
        properties=tuple(properties),
    )


def _component(target: _Target, path: str, *, indirect: bool, vendored: bool) -> Component:
    flags = {"go:indirect": indirect, "go:vendored": vendored}
    properties = [(name, "true") for name, holds in flags.items() if holds]
    known = module_purl(target.path, target.version)
    return Component(
        ref=known,
        name=target.path,
        version=target.version,
        purl=known,
        scope=Scope.SHIPPED if vendored else Scope.RUNTIME,
        occurrences=(Occurrence(path=path),),
        digests=target.digests,
        found=(Found(cataloger=GoModule.name, path=path),),
        properties=tuple(properties + ([("go:replace", target.replaced)] if target.replaced else [])),
    )


def _merged(ref: str, same: Sequence[Component]) -> Component:
    """One component of several requirements; indirect only where nobody asks for it directly."""
    direct = any(("go:indirect", "true") not in c.properties for c in same)
    properties = {p for c in same for p in c.properties if p[0] != "go:indirect" or not direct}
    return Component(
        ref=ref,
        name=same[0].name,
        version=same[0].version,
        purl=same[0].purl,
        scope=min((c.scope for c in same), key=list(Scope).index),
        occurrences=tuple(sorted({o for c in same for o in c.occurrences})),
        digests=tuple(sorted({d for c in same for d in c.digests})),
        found=tuple(sorted({f for c in same for f in c.found})),
        properties=tuple(sorted(properties)),
    )
