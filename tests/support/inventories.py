"""Inventories for tests, by hand and by Hypothesis."""

from datetime import UTC, datetime

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

CREATED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HEX = "0123456789abcdef"
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda t: t.strip() == t
)
names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
sha256s = st.text(alphabet=HEX, min_size=64, max_size=64)


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


@st.composite
def components(draw: st.DrawFn, ref: str) -> Component:
    """Any component of this ref, as a cataloger might make it."""
    digests = st.one_of(
        st.builds(ContentDigest, algorithm=st.just("sha256"), value=sha256s, covers=st.just(Covers.FILE)),
        st.builds(
            ContentDigest,
            algorithm=st.just("sha256"),
            value=sha256s,
            covers=st.just(Covers.PACKAGE_ARCHIVE),
            url=st.sampled_from(["", "https://example.com/a.tgz"]),
        ),
        st.builds(
            ContentDigest, algorithm=st.just("h1"), value=st.just("AbC="), covers=st.just(Covers.GO_MODULE_DIRHASH)
        ),
    )
    return Component(
        ref=ref,
        name=draw(words),
        version=draw(st.one_of(st.just(""), words)),
        type=draw(st.sampled_from(["library", "application", "framework"])),
        purl=draw(st.sampled_from(["", ref])),
        scope=draw(st.sampled_from(list(Scope))),
        occurrences=tuple(
            sorted(
                draw(st.sets(st.builds(Occurrence, path=names, sha256=sha256s, size=st.integers(0, 99)), max_size=2))
            )
        ),
        digests=tuple(sorted(draw(st.sets(digests, max_size=3)))),
        licences=tuple(
            draw(st.sampled_from([(), ("MIT",), ("MIT OR Apache-2.0",), ("my own words",), ("ISC", "MIT")]))
        ),
        producer=draw(st.one_of(st.just(""), words)),
        description=draw(st.one_of(st.just(""), words)),
        found=tuple(sorted(draw(st.sets(st.builds(Found, cataloger=names, path=names), max_size=2)))),
        properties=tuple(draw(st.lists(st.tuples(st.just("npm:x"), words), max_size=2))),
    )


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Any inventory, sorted as the walk gives it."""
    refs = sorted(f"pkg:npm/{n}@1" for n in draw(st.sets(names, min_size=1, max_size=4)))
    found = tuple(draw(components(ref)) for ref in refs)
    subject = component("pkg:generic/app@1", type="application")
    ends = [subject.ref, *refs]
    pairs = draw(st.sets(st.tuples(st.sampled_from(ends), st.sampled_from(refs)), max_size=6))
    kinds = st.sampled_from(list(EdgeKind))
    edges = tuple(sorted(Edge(source=s, target=t, kind=draw(kinds)) for s, t in pairs if s != t))
    paths = sorted(draw(st.sets(names, max_size=4)))
    return Inventory(
        subject=subject,
        kind="artifact",
        sha256=draw(sha256s),
        components=found,
        edges=edges,
        entries=tuple(Entry(path=p, kind=EntryKind.FILE, sha256=draw(sha256s)) for p in paths),
        owners={p: draw(st.sampled_from(refs)) for p in paths if draw(st.booleans())},
        completeness=tuple(
            sorted(
                Completeness(ref=r, state=CompletenessState.INCOMPLETE, reason=draw(words))
                for r in draw(st.sets(st.sampled_from([*ends, *paths]), max_size=2))
            )
        ),
        unknowns=tuple(
            sorted(Unknown(ref=r, field="version") for r in draw(st.sets(st.sampled_from(refs), max_size=2)))
        ),
    )
