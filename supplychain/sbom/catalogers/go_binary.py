"""Go programs: the modules that were linked into ELF, PE and Mach-O files, as their build information lists them.

What a program lists is flat: every module in it, but not which of them asked for which. So the program depends on
each of them, which is true, and property ``go:edges`` says ``flat``; the list itself is whole, therefore nothing is
called incomplete for that. It is incomplete when a program says that Go made it and names no modules: then it was
built without them (GOPATH, Bazel), and what it holds is not told.

A module built in place of another (``replace``) is the one that counts. Checksums are ``h1:``, of a list of files,
and are never taken for the SHA-256 of anything. A file that holds the same words and is no program is no component.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from supplychain.errors import InputError
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Edge,
    Found,
    Occurrence,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued, File, wanted
from supplychain.sbom.catalogers.executables import images
from supplychain.sbom.catalogers.go_buildinfo import BuildInfo, Module, find_build_info, made_by_go
from supplychain.sbom.catalogers.go_names import DEVELOPMENT, dirhash, is_folder, module_purl

_SETTINGS: Final = frozenset(
    "-buildmode -compiler -tags -trimpath CGO_ENABLED GOARCH GOOS GOAMD64 GOARM GOARM64 GO386 GOMIPS GOMIPS64 GOPPC64"
    " GORISCV64 GOWASM GOEXPERIMENT GOFIPS140 vcs vcs.revision vcs.time vcs.modified".split()
)
"""Shown as properties. Flags of linker and C compiler are not: they carry values and folders of the build machine."""
_TOOLCHAIN: Final = "cmd/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linked:
    """A module that is in a program."""

    path: str
    version: str
    purl: str
    digests: tuple[ContentDigest, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Program:
    """What one file tells; the programs of a fat file as one."""

    main: _Linked
    modules: tuple[_Linked, ...]
    """The standard library too: it is in every program."""
    gap: str = ""
    """Why the modules are not all that it holds."""


class GoBinary:
    """See `Cataloger`."""

    name: ClassVar[str] = "go-binary"

    def wants(self, path: str, head: bytes) -> bool:
        """See `wanted`."""
        return wanted.go_binary(path, head)

    def read(self, file: File) -> _Program | None:
        """What the program was built of; None when Go did not make it.

        Only parts of the file are read. Raises MalformedDocument and LimitExceeded.
        """
        with file.open() as stream:
            try:
                found = images(stream, file.size)
                infos = [info for image in found if (info := find_build_info(image)) is not None]
                if infos:
                    return _program(file.path, infos)
            except InputError as e:
                where = f"{file.path}: {e.where}" if e.where else file.path
                raise type(e)(e.message, where=where, hint=e.hint) from None
            if any(made_by_go(image) for image in found):
                return _program(file.path, [BuildInfo(go_version="")])
        return None

    def combine(self, facts: Sequence[tuple[File, _Program]]) -> Catalogued:
        """The programs, each at the head of its modules."""
        refs = _module_refs(facts)
        mains = _main_refs(facts, {m.purl for _, told in facts for m in told.modules})
        components: list[Component] = []
        edges: set[Edge] = set()
        notes: set[Completeness] = set()
        for file, told in facts:
            head = mains[file.path]
            components.append(_component(head, told.main, file, application=True))
            for module in told.modules:
                ref = refs[_key(module)]
                components.append(_component(ref, module, file))
                edges.add(Edge(source=head, target=ref))
            if told.gap:
                notes.add(Completeness(ref=head, state=CompletenessState.INCOMPLETE, reason=told.gap))
        unknown = {Unknown(ref=c.ref, field="version") for c in components if c.version in {"", DEVELOPMENT}}
        return Catalogued(
            components=_merged(components),
            edges=sorted(edges),
            owners={file.path: mains[file.path] for file, _ in facts},
            completeness=sorted(notes),
            unknowns=sorted(unknown),
        )


def _program(path: str, infos: Sequence[BuildInfo]) -> _Program:
    modules = {_key(m): m for info in infos for m in map(_linked, info.deps)}
    first = next((info for info in infos if info.main), infos[0])
    version = next((info.go_version for info in infos if info.go_version), "")
    gap = ""
    if not any(info.main or info.deps for info in infos):
        gap = "a Go program that names no modules: it was built without them, or they were taken out"
    return _Program(
        main=_main(path, first, version, _properties(infos)),
        modules=(*(module for _, module in sorted(modules.items())), _toolchain(version)),
        gap=gap,
    )


def _main(path: str, info: BuildInfo, go_version: str, properties: tuple[tuple[str, str], ...]) -> _Linked:
    if info.main is not None:
        made = _linked(info.main)
        return _Linked(
            path=made.path,
            version=made.version,
            purl=made.purl,
            digests=made.digests,
            properties=made.properties + properties,
        )
    name = info.path or path.rpartition("/")[2]
    known, version = "", ""
    if name.startswith(_TOOLCHAIN):
        version = _release(go_version)
        known = module_purl("stdlib", version, subpath=name)
    elif "." in name.partition("/")[0] and info.path:
        known = module_purl(name)
    return _Linked(path=name, version=version, purl=known, properties=properties)


def _linked(module: Module) -> _Linked:
    """The module itself, or what was built in its place; a folder has no version that anybody could look up."""
    other = module.replacement
    replaced: tuple[tuple[str, str], ...] = ()
    path, version, h1 = module.path, module.version, module.h1
    if other is not None:
        replaced = (("go:replace", f"{module.path} {module.version} => {other.path} {other.version}".rstrip()),)
        path, version, h1 = other.path, other.version, other.h1
        if is_folder(other.path):
            path, version, h1 = module.path, DEVELOPMENT, ""
    digests = (dirhash(h1),) if h1 else ()
    return _Linked(path=path, version=version, purl=module_purl(path, version), digests=digests, properties=replaced)


def _toolchain(go_version: str) -> _Linked:
    """The standard library, which is in every program; of what release, is known where the program tells."""
    version = _release(go_version)
    told = (("go:version", go_version),) if go_version and not version else ()
    return _Linked(path="stdlib", version=version, purl=module_purl("stdlib", version), properties=told)


def _release(go_version: str) -> str:
    """1.22.3 of ``go1.22.3 X:boringcrypto``; empty for a toolchain between releases."""
    first = go_version.partition(" ")[0]
    return first.removeprefix("go") if first.startswith("go") else ""


def _properties(infos: Sequence[BuildInfo]) -> tuple[tuple[str, str], ...]:
    found = {("go:edges", "flat")}
    for info in infos:
        if info.path:
            found.add(("go:package", info.path))
        if info.go_version:
            found.add(("go:version", info.go_version))
        found.update((f"go:{key}", value) for key, value in info.settings if key in _SETTINGS)
    return tuple(sorted(found))


def _key(module: _Linked) -> tuple[str, str]:
    return module.purl, module.digests[0].value if module.digests else ""


def _module_refs(facts: Sequence[tuple[File, _Program]]) -> dict[tuple[str, str], str]:
    """The purl, with the checksum where one version was built from different contents."""
    sums: defaultdict[str, set[str]] = defaultdict(set)
    for _, told in facts:
        for module in told.modules:
            known, value = _key(module)
            sums[known].add(value)
    return {
        (known, value): f"{known}#h1:{value}" if value and len(values - {""}) > 1 else known
        for known, values in sums.items()
        for value in values
    }


def _main_refs(facts: Sequence[tuple[File, _Program]], linked: set[str]) -> dict[str, str]:
    """The purl, with the path where several programs are built from one module, or others hold it as a library."""
    contents: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file, told in facts:
        contents[told.main.purl][file.sha256].append(file.path)
    refs: dict[str, str] = {}
    for known, copies in contents.items():
        for paths in copies.values():
            alone = known and known not in linked and len(copies) == 1
            refs.update(dict.fromkeys(paths, known if alone else f"{known or 'go'}#{min(paths)}"))
    return refs


def _component(ref: str, module: _Linked, file: File, *, application: bool = False) -> Component:
    return Component(
        ref=ref,
        name=module.path,
        version=module.version,
        type="application" if application else "library",
        purl=module.purl,
        occurrences=(Occurrence(path=file.path, sha256=file.sha256, size=file.size),),
        digests=module.digests,
        found=(Found(cataloger=GoBinary.name, path=file.path),),
        properties=module.properties,
    )


def _merged(components: Sequence[Component]) -> list[Component]:
    """One component for each ref, in all the files that hold it."""
    alike: defaultdict[str, list[Component]] = defaultdict(list)
    for component in components:
        alike[component.ref].append(component)
    return [_united(ref, same) for ref, same in sorted(alike.items())]


def _united(ref: str, same: Sequence[Component]) -> Component:
    return Component(
        ref=ref,
        name=same[0].name,
        version=min(c.version for c in same),
        type=min(c.type for c in same),
        purl=same[0].purl,
        occurrences=tuple(sorted({o for c in same for o in c.occurrences})),
        digests=tuple(sorted({d for c in same for d in c.digests})),
        found=tuple(sorted({f for c in same for f in c.found})),
        properties=tuple(sorted({p for c in same for p in c.properties})),
    )
