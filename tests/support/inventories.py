"""Inventories as a walk makes them: a sample with everything in it, a large one, and a strategy for the laws."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from hypothesis import strategies as st

from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    Entry,
    EntryKind,
    Found,
    Inventory,
    Occurrence,
    Scope,
    Unknown,
)

T = TypeVar("T")

CREATED: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHA: Final = "77ab01c2d3e4" + "0" * 52
H1: Final = "h1:3NZ4EhpyDDYGI2n5VmUyZVuh48rVsl8ZbSFTwmJWlM4="


def file(path: str, sha256: str = SHA) -> Entry:
    """A plain file."""
    return Entry(path=path, kind=EntryKind.FILE, sha256=sha256, size=3)


def subject(name: str = "chat-1.0.tar.gz", sha256: str = SHA) -> Component:
    """The artifact itself, as `sbom.inventory` describes it."""
    ref = f"pkg:generic/{name}?checksum=sha256:{sha256}"
    digest = ContentDigest(algorithm="sha256", value=sha256, covers=Covers.FILE)
    return Component(ref=ref, name=name, type="file", purl=ref, digests=(digest,))


MUX: Final = Component(
    ref="pkg:golang/github.com/gorilla/mux@v1.8.1",
    name="github.com/gorilla/mux",
    version="v1.8.1",
    purl="pkg:golang/github.com/gorilla/mux@v1.8.1",
    digests=(ContentDigest(algorithm="h1", value=H1[3:], covers=Covers.GO_MODULE_DIRHASH),),
    found=(Found(cataloger="go-binary", path="bin/chat"),),
    occurrences=(Occurrence(path="bin/chat", sha256="1" * 64, size=3), Occurrence(path="bin/chatctl")),
    properties=(("go:replace", "../mux"), ("supplychain:scope", "mistaken for one of ours")),
)
LODASH: Final = Component(
    ref="pkg:npm/lodash@4.17.21",
    name="lodash",
    version="4.17.21",
    purl="pkg:npm/lodash@4.17.21",
    scope=Scope.DEV,
    digests=(
        ContentDigest(algorithm="sha1", value="2" * 40, covers=Covers.PACKAGE_ARCHIVE),
        ContentDigest(
            algorithm="sha512",
            value="3" * 128,
            covers=Covers.PACKAGE_ARCHIVE,
            url="https://registry.example/lodash/-/lodash-4.17.21.tgz",
        ),
    ),
    licences=("MIT",),
    producer="John-David Dalton",
    description="Lodash modular utilities.",
    found=(Found(cataloger="npm", path="package-lock.json"),),
)
WHEEL: Final = Component(
    ref="pkg:pypi/chat@1.0",
    name="chat",
    version="1.0",
    type="application",
    purl="pkg:pypi/chat@1.0",
    digests=(ContentDigest(algorithm="sha256", value="4" * 64, covers=Covers.FILE),),
    licences=("Apache-2.0 OR MIT", "see LICENCE.txt"),
    producer="A. Person <a.person@example.org>",
)
BUNDLE: Final = Component(ref="app.js", name="app.js", type="file", licences=("LicenseRef-Ours",))


def sample() -> Inventory:
    """A little of everything the model can say."""
    root = subject()
    return Inventory(
        subject=root,
        kind="artifact",
        sha256=SHA,
        size=3,
        components=(BUNDLE, MUX, LODASH, WHEEL),
        edges=tuple(
            sorted(
                [
                    Edge(source=root.ref, target=WHEEL.ref, kind=EdgeKind.CONTAINS),
                    Edge(source=root.ref, target=MUX.ref, kind=EdgeKind.CONTAINS),
                    Edge(source=root.ref, target=MUX.ref),
                    Edge(source=WHEEL.ref, target=LODASH.ref),
                    Edge(source=WHEEL.ref, target=BUNDLE.ref, kind=EdgeKind.CONTAINS),
                    Edge(source=MUX.ref, target=LODASH.ref),
                ]
            )
        ),
        entries=(
            Entry(path="bin", kind=EntryKind.DIRECTORY, mode=0o755),
            file("bin/chat", "1" * 64),
            file("bin/chatctl", "1" * 64)._replace(kind=EntryKind.HARDLINK, link="bin/chat"),
            Entry(path="bin/latest", kind=EntryKind.SYMLINK, link="chat"),
            file("chat.whl", "4" * 64),
            file("chat.whl!/app.js", "5" * 64),
            file("chat.whl!/chat/__init__.py", "6" * 64),
        ),
        owners={"chat.whl!/chat/__init__.py": WHEEL.ref, "chat.whl!/app.js": BUNDLE.ref, "chat.whl": WHEEL.ref},
        completeness=(
            Completeness(ref=BUNDLE.ref, state=CompletenessState.UNKNOWN, reason="a bundle without a source map"),
            Completeness(ref="bin/chatctl", state=CompletenessState.UNKNOWN, reason="executable without package data"),
            Completeness(ref="vendor.7z", state=CompletenessState.INCOMPLETE, reason="not scanned: no reader for 7z"),
        ),
        unknowns=(Unknown(ref=BUNDLE.ref, field="supplier", reason="withheld"), Unknown(ref=MUX.ref, field="hashes")),
    )


def component(ref: str = "pkg:pypi/a@1", **more: object) -> Component:
    """A component with the fields that matter to the test."""
    fields: dict[str, object] = {"ref": ref, "name": ref.partition("@")[0], "version": "1", "purl": ref, **more}
    return Component(**fields)  # type: ignore[arg-type]  # a test's own fields


def inventory(**more: object) -> Inventory:
    """An artifact of two components, an edge and a file."""
    subject = component("pkg:generic/app@1", type="application")
    fields: dict[str, object] = {
        "subject": subject,
        "kind": "artifact",
        "sha256": "a" * 64,
        "size": 10,
        "components": (component("pkg:pypi/a@1", producer="A"), component("pkg:pypi/b@2", producer="B")),
        "edges": (
            Edge(source="pkg:generic/app@1", target="pkg:pypi/a@1", kind=EdgeKind.CONTAINS),
            Edge(source="pkg:pypi/a@1", target="pkg:pypi/b@2"),
        ),
        "entries": (Entry(path="bin/app", kind=EntryKind.FILE, size=3, sha256="b" * 64, mode=0o755),),
    }
    return Inventory(**(fields | more))  # type: ignore[arg-type]  # a test's own fields


def large(count: int, *, files: int = 0) -> Inventory:
    """So many npm packages, each needing the next two, and so many files."""
    refs = [f"pkg:npm/package-{i:06}@1.{i}.0" for i in range(count)]
    root = subject()
    components = tuple(
        Component(
            ref=ref,
            name=f"package-{i:06}",
            version=f"1.{i}.0",
            purl=ref,
            scope=Scope.RUNTIME,
            digests=(
                ContentDigest(
                    algorithm="sha512",
                    value=f"{i:0128x}",
                    covers=Covers.PACKAGE_ARCHIVE,
                    url=f"https://registry.npmjs.org/package-{i:06}/-/package-{i:06}-1.{i}.0.tgz",
                ),
            ),
            licences=("MIT" if i % 3 else "Apache-2.0 OR MIT",),
            producer="Somebody <somebody@example.org>" if i % 2 else "",
            found=(Found(cataloger="npm", path="package-lock.json"),),
        )
        for i, ref in enumerate(refs)
    )
    edges = [Edge(source=refs[i], target=refs[j]) for i in range(count) for j in (i + 1, i + 2) if j < count]
    edges += [Edge(source=root.ref, target=ref) for ref in refs[:10]]
    return Inventory(
        subject=root,
        kind="artifact",
        sha256=SHA,
        components=components,
        edges=tuple(sorted(edges)),
        entries=tuple(file(f"lib/{i:06}.js", f"{i:064x}") for i in range(files)),
    )


NASTY: Final = st.sampled_from(
    ["\x1b[31mred", "a\u202eb", "\r::stop-commands::", "a\x7f", "é", "\U0001f4a5", "\\u0000", 'a"b', "file:a", "a b"]
)
TEXT: Final = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8), NASTY
)
_H1: Final = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
_HEX: Final = st.text("0123456789abcdef", min_size=64, max_size=64)
_ALGORITHMS: Final = {"md5": 32, "sha1": 40, "sha256": 64, "sha384": 96, "sha512": 128, "blake3": 64}


@st.composite
def digests(draw: st.DrawFn) -> ContentDigest:
    """Digests of all kinds, some of them of nothing that a format has a place for."""
    covers = draw(st.sampled_from(Covers))
    url = draw(st.sampled_from(["", "https://example.org/a.tgz", "https://example.org/a b", "git+ssh://git@h/a#b"]))
    if covers is Covers.GO_MODULE_DIRHASH:
        return ContentDigest(algorithm="h1", value=_H1, covers=covers, url=url)
    algorithm = draw(st.sampled_from(sorted(_ALGORITHMS)))
    value = draw(st.sampled_from("0123456789abcdef")) * _ALGORITHMS[algorithm]
    if draw(st.booleans()):
        algorithm = "tiger"
    return ContentDigest(algorithm=algorithm, value=value, covers=covers, url=url)


LICENCES: Final = st.one_of(
    st.sampled_from(["MIT", "Apache-2.0 OR MIT", "LicenseRef-Ours", "GPL-2.0-only WITH Classpath-exception-2.0"]), TEXT
)
_VERSIONS: Final = st.one_of(st.just(""), st.just("1.0"), TEXT, st.just("9" * 1500))
_TYPES: Final = st.sampled_from(["library", "application", "file", "platform", "machine-learning-model", "else"])
_OCCURRENCES: Final = st.builds(
    Occurrence, path=TEXT, sha256=st.one_of(st.none(), _HEX), size=st.one_of(st.none(), st.integers(0, 2**40))
)
_FOUND: Final = st.builds(Found, cataloger=st.sampled_from(["npm", "go-binary"]), path=TEXT)
_NAMES: Final = st.one_of(TEXT, st.sampled_from(["supplychain:scope", "supplychain:unknown:x", "npm:alias"]))


def _several(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    """Up to three, in an order that missing values do not disturb: those of the model are compared by their text."""
    return st.lists(strategy, max_size=3, unique=True).map(lambda found: tuple(sorted(found, key=_order)))


def _order(item: object) -> tuple[object, ...]:
    values = [getattr(item, f.name) for f in fields(item)] if is_dataclass(item) else [item]
    return tuple(("" if v is None else v) if not isinstance(v, int) else f"{v:020}" for v in values)


@st.composite
def components(draw: st.DrawFn, ref: str) -> Component:
    """A component of this ref with any facts."""
    return draw(
        st.builds(
            Component,
            ref=st.just(ref),
            name=TEXT,
            version=_VERSIONS,
            type=_TYPES,
            purl=st.sampled_from(["", ref if ref.startswith("pkg:") else "", "pkg:npm/same@1"]),
            scope=st.sampled_from(Scope),
            occurrences=_several(_OCCURRENCES),
            digests=_several(digests()),
            licences=_several(LICENCES),
            producer=st.one_of(st.just(""), TEXT),
            description=st.one_of(st.just(""), TEXT),
            found=_several(_FOUND),
            properties=_several(st.tuples(_NAMES, TEXT)),
        )
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Inventories as `sbom.inventory` may make them: sorted, edges between what is there, owners of what is there."""
    root = subject(draw(st.sampled_from(["a.whl", "chat-1.0.tar.gz"])), draw(_HEX))
    root = replace(root, properties=draw(_several(st.tuples(_NAMES, TEXT))))
    texts = st.one_of(TEXT, st.sampled_from(["pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/same@1", "file:a", "a/b"]))
    refs = sorted(draw(st.sets(texts, max_size=6)) - {root.ref})
    paths = sorted(draw(st.sets(texts, max_size=6)))
    owned = draw(st.lists(st.booleans(), min_size=len(paths), max_size=len(paths)))
    ends = st.sampled_from([root.ref, *refs])
    links = st.builds(Edge, source=ends, target=st.sampled_from(refs or [""]), kind=st.sampled_from(EdgeKind))
    kinds = st.sampled_from(EntryKind)
    entries = []
    for path in paths:
        kind = draw(kinds)
        has_bytes = kind in (EntryKind.FILE, EntryKind.HARDLINK) and draw(st.integers(0, 9)) > 0
        entries.append(Entry(path=path, kind=kind, sha256=draw(_HEX) if has_bytes else None))
    anything = st.sampled_from([root.ref, *refs, *paths, "not/there"])
    told = st.builds(Completeness, ref=anything, state=st.sampled_from(CompletenessState), reason=TEXT)
    reasons = st.sampled_from(["unknown", "withheld"])
    fields = st.sampled_from(["version", "supplier", "hashes"])
    unknowns = draw(_several(st.builds(Unknown, ref=st.sampled_from([root.ref, *refs]), field=fields, reason=reasons)))
    return Inventory(
        subject=root,
        kind=draw(st.sampled_from(["artifact", "source"])),
        sha256=root.digests[0].value,
        components=tuple(draw(components(ref)) for ref in refs),
        edges=tuple(sorted(set(draw(st.lists(links, max_size=8))))) if refs else (),
        entries=tuple(entries),
        owners={path: draw(st.sampled_from(refs)) for path, known in zip(paths, owned, strict=True) if refs and known},
        completeness=draw(_several(told)),
        unknowns=unknowns,
    )
