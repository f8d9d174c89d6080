"""CycloneDX: where each fact stands, what others make of it, and what is made of theirs."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from packaging.licenses._spdx import EXCEPTIONS, LICENSES

from supplychain import _io, _json
from supplychain.errors import LimitExceeded, MalformedDocument, UnsupportedType, UsageError
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
    Inventory,
    Scope,
    Unknown,
)
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import Writing, format_named, read_document
from supplychain.sbom.formats.validation import validate
from tests.support.inventories import BUNDLE, CREATED, LODASH, MUX, SHA, WHEEL, component, inventory, sample

CDX = format_named("cyclonedx-json")


def write(made: Inventory, **more: Any) -> bytes:
    return CDX.write(made, Writing(**{"created": CREATED, "tool_version": "0.1.0", **more}))


def written(made: Inventory, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write(made, **more))
    return found


def component_of(made: Inventory, ref: str, **more: Any) -> dict[str, Any]:
    """The component of this ref, at whatever level."""
    waiting = [*written(made, **more)["components"]]
    while waiting:
        one: dict[str, Any] = waiting.pop()
        if one["bom-ref"] == ref:
            return one
        waiting += one.get("components", [])
    raise AssertionError(ref)


def holding(one: Component) -> Inventory:
    return inventory(components=(one,), edges=(), entries=())


def read(value: dict[str, Any]) -> Document:
    return read_document(_json.parse(json.dumps(value).encode(), where="a.cdx.json"))


def foreign(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": list(components), **more}


def properties(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [(p["name"], p["value"]) for p in one.get("properties", [])]


def test_document_says_what_it_is_about_when_and_by_which_tool() -> None:
    made = written(sample())
    assert made["$schema"] == "http://cyclonedx.org/schema/bom-1.6.schema.json"
    metadata = made["metadata"]
    assert metadata["timestamp"] == "2026-11-23T12:00:00Z"
    assert metadata["lifecycles"] == [{"phase": "post-build"}]
    assert metadata["tools"]["components"] == [{"type": "application", "name": "supplychain", "version": "0.1.0"}]
    assert metadata["component"]["hashes"] == [{"alg": "SHA-256", "content": SHA}]
    assert written(replace(sample(), kind="source"))["metadata"]["lifecycles"] == [{"phase": "pre-build"}]


def test_producer_is_author_of_the_document_and_supplier_of_a_subject_that_names_none() -> None:
    metadata = written(sample(), producer="Octo Inc.")["metadata"]
    assert metadata["authors"] == [{"name": "Octo Inc."}]
    assert metadata["supplier"] == metadata["component"]["supplier"] == {"name": "Octo Inc."}
    assert "supplychain:unknown:supplier" not in dict(properties(metadata["component"]))
    found = read(written(sample(), producer="Octo Inc."))
    assert found.authors == ("Octo Inc.",)
    assert found.subject is not None
    assert found.subject.producer == "Octo Inc."


def test_subject_that_names_its_digest_nowhere_still_gets_it() -> None:
    made = replace(inventory(), sha256=SHA)
    assert made.subject.digests == ()
    assert read(written(made)).sha256 == SHA
    assert read(written(replace(made, sha256=None))).sha256 == ""


def test_time_is_written_in_utc_and_needs_a_zone() -> None:
    there = datetime(2026, 11, 23, 14, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert write(sample(), created=there) == write(sample())
    with pytest.raises(UsageError, match="time zone"):
        write(sample(), created=datetime(2026, 11, 23))  # noqa: DTZ001  # the point of the test


def test_serial_number_depends_on_all_that_is_said_and_on_nothing_else() -> None:
    documents = [
        written(sample()),
        written(sample(), files=False),
        written(sample(), created=CREATED + timedelta(seconds=1)),
        written(sample(), spec_version="1.7"),
        written(replace(sample(), components=(LODASH,), edges=())),
        written(inventory()),
    ]
    assert len({document["serialNumber"] for document in documents}) == 6
    assert written(sample())["serialNumber"] == documents[0]["serialNumber"]


def test_unknown_version_is_not_written() -> None:
    with pytest.raises(UnsupportedType, match=r"'1\.5' is not written"):
        write(sample(), spec_version="1.5")
    with pytest.raises(UnsupportedType, match="no document format"):
        format_named("cyclonedx-toml")


def test_each_element_has_a_line_of_its_own() -> None:
    lines = write(sample()).decode().split("\n")
    for ref in (MUX.ref, LODASH.ref, WHEEL.ref, BUNDLE.ref, "file:bin/chat", "file:chat.whl!/app.js"):
        assert len([line for line in lines if f'"bom-ref": "{ref}"' in line]) == 1


def test_digests_stand_where_they_belong() -> None:
    lodash = component_of(sample(), LODASH.ref)
    assert "hashes" not in lodash
    assert lodash["externalReferences"] == [
        {
            "type": "distribution",
            "url": "https://registry.example/lodash/-/lodash-4.17.21.tgz",
            "hashes": [{"alg": "SHA-512", "content": "3" * 128}],
        },
        {"type": "distribution", "url": LODASH.purl, "hashes": [{"alg": "SHA-1", "content": "2" * 40}]},
    ]
    assert component_of(sample(), WHEEL.ref)["hashes"] == [{"alg": "SHA-256", "content": "4" * 64}]


def test_go_dirhash_is_never_a_hash() -> None:
    mux = component_of(sample(), MUX.ref)
    assert "hashes" not in mux
    assert "externalReferences" not in mux
    assert ("supplychain:digest:go-module-dirhash:h1", MUX.digests[0].value) in properties(mux)


@pytest.mark.parametrize(
    "digest",
    [
        ContentDigest(algorithm="sha256", value="abc", covers=Covers.FILE),
        ContentDigest(algorithm="sha256", value="A" * 64, covers=Covers.FILE),
        ContentDigest(algorithm="sha256", value="a" * 40, covers=Covers.PACKAGE_ARCHIVE, url="https://h/a"),
        ContentDigest(algorithm="md4", value="a" * 32, covers=Covers.FILE),
        ContentDigest(algorithm="sha1", value="a" * 40, covers=Covers.GIT_TREE),
        ContentDigest(algorithm="sha256", value="a" * 64, covers=Covers.PACKAGE_ARCHIVE, url="../a b.tgz"),
    ],
)
def test_digest_the_format_cannot_carry_is_a_property(digest: ContentDigest) -> None:
    made = holding(component(digests=(digest,)))
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()
    assert "hashes" not in component_of(made, "pkg:pypi/a@1")
    assert read(written(made)).components[0].digests == (digest,)


def test_files_stand_under_their_owner_and_can_be_left_out() -> None:
    assert [c["name"] for c in component_of(sample(), BUNDLE.ref)["components"]] == ["chat.whl!/app.js"]
    assert "bin/chat" in [c["name"] for c in written(sample())["components"]]
    without = written(sample(), files=False)
    assert [c["name"] for c in without["components"] if c["bom-ref"].startswith("file:")] == [
        "bin/chatctl",
        "vendor.7z",
    ]
    assert read(without).files == ()


def test_contained_in_one_component_is_nested_in_it() -> None:
    assert BUNDLE.ref in [c["bom-ref"] for c in component_of(sample(), WHEEL.ref)["components"]]
    assert BUNDLE.ref not in [c["bom-ref"] for c in written(sample())["components"]]


def test_contained_in_the_subject_is_connected_to_it_for_every_reader() -> None:
    graph = {item["ref"]: item["dependsOn"] for item in written(sample())["dependencies"]}
    assert graph[sample().subject.ref] == [MUX.ref, WHEEL.ref]
    assert ("supplychain:contained-in", sample().subject.ref) in properties(component_of(sample(), WHEEL.ref))


def contained(*pairs: tuple[str, str]) -> Inventory:
    refs = sorted({ref for pair in pairs for ref in pair} - {"pkg:generic/app@1"})
    edges = tuple(sorted(Edge(source=s, target=t, kind=EdgeKind.CONTAINS) for s, t in pairs))
    return inventory(components=tuple(component(ref) for ref in refs), edges=edges, entries=())


@pytest.mark.parametrize(
    "made",
    [
        contained(("a", "b"), ("b", "a")),
        contained(("a", "a")),
        contained(("a", "c"), ("b", "c")),
        contained(*((f"n{i:03}", f"n{i + 1:03}") for i in range(300))),
    ],
    ids=["a circle", "itself", "two containers", "a deep pile"],
)
def test_containment_that_does_not_nest_is_noted_and_nothing_is_lost(made: Inventory) -> None:
    found = read(written(made))
    assert {c.ref for c in found.components} == {c.ref for c in made.components}
    assert found.edges == made.edges


def test_what_is_incomplete_says_why() -> None:
    made = written(sample())
    assert made["compositions"] == [
        {"aggregate": "incomplete", "assemblies": ["file:vendor.7z"]},
        {"aggregate": "unknown", "assemblies": ["app.js", "file:bin/chatctl"]},
    ]
    told = properties(component_of(sample(), "file:vendor.7z"))
    assert ("supplychain:completeness:incomplete", "not scanned: no reader for 7z") in told


def test_complete_is_said_only_of_what_is_listed_file_by_file() -> None:
    whole = replace(sample(), completeness=())
    assert written(whole)["compositions"] == [{"aggregate": "complete", "assemblies": [whole.subject.ref]}]
    assert "compositions" not in written(whole, files=False)
    assert "compositions" not in written(replace(whole, entries=()))


def test_several_states_of_one_component_are_told_as_the_worst() -> None:
    told = tuple(Completeness(ref=MUX.ref, state=state, reason=state) for state in sorted(CompletenessState))
    made = replace(sample(), completeness=told)
    assert written(made)["compositions"] == [{"aggregate": "incomplete", "assemblies": [MUX.ref]}]
    assert read(written(made)).completeness == told


def test_lacking_suppliers_and_versions_are_said_to_be_unknown() -> None:
    told = properties(component_of(sample(), BUNDLE.ref))
    assert ("supplychain:unknown:supplier", "withheld") in told
    assert ("supplychain:unknown:version", "unknown") in told
    assert Unknown(ref=MUX.ref, field="supplier") in read(written(sample())).unknowns


@pytest.mark.parametrize(
    ("licences", "version", "expected"),
    [
        (("MIT",), "1.6", [{"license": {"id": "MIT"}}]),
        (("MIT OR Apache-2.0",), "1.6", [{"expression": "MIT OR Apache-2.0"}]),
        (("LicenseRef-Ours",), "1.6", [{"expression": "LicenseRef-Ours"}]),
        (("see LICENCE",), "1.6", [{"license": {"name": "see LICENCE"}}]),
        (("ISC OR MIT", "Zlib"), "1.6", [{"license": {"name": "ISC OR MIT"}}, {"license": {"id": "Zlib"}}]),
        (("ISC OR MIT", "Zlib"), "1.7", [{"expression": "ISC OR MIT"}, {"license": {"id": "Zlib"}}]),
    ],
)
def test_licences_as_the_schema_takes_them(licences: tuple[str, ...], version: str, expected: list[Any]) -> None:
    made = holding(component(licences=licences))
    assert validate(write(made, spec_version=version), where="d", schemas=_io.sbom_schema).problems == ()
    found = component_of(made, "pkg:pypi/a@1", spec_version=version)["licenses"]
    for item in found:
        assert (item.get("license") or item).pop("acknowledgement") == "declared"
    assert found == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.SHIPPED, None), (Scope.RUNTIME, "required"), (Scope.DEV, "excluded"), (Scope.TEST, "excluded")],
)
def test_scopes_as_the_format_knows_them(scope: Scope, expected: str | None) -> None:
    assert component_of(holding(component(scope=scope)), "pkg:pypi/a@1").get("scope") == expected


def test_path_and_component_of_one_name_have_their_own_references() -> None:
    refs = ("a", "file:a", "file:file:a")
    made = inventory(
        components=tuple(component(ref, purl="") for ref in refs),
        edges=(),
        entries=(Entry(path="a", kind=EntryKind.FILE, sha256=SHA),),
        completeness=(Completeness(ref="a", state=CompletenessState.UNKNOWN, reason="either"),),
    )
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()
    found = read(written(made))
    assert [c.ref for c in found.components] == [*refs]
    assert found.files == (FileClaim(path="a", sha256=SHA),)
    assert found.completeness == made.completeness


@pytest.mark.threat(71)
@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u202eb", "\r::stop-commands::", "\x9b2J", "\u2028"])
def test_hostile_names_are_plain_data(name: str) -> None:
    made = replace(
        holding(component(name=name, version=name)), entries=(Entry(path=name, kind=EntryKind.FILE, sha256=SHA),)
    )
    data = write(made)
    assert data.isascii()
    assert not set(data) & {*range(10), *range(11, 32)}
    assert validate(data, where="d", schemas=_io.sbom_schema).problems == ()
    assert read(json.loads(data)).components[0].name == name


@pytest.mark.threat(42)
def test_what_no_strict_reader_takes_is_replaced_and_the_rest_is_kept() -> None:
    name = "a\0b\ud800c\\u0000d\\ud800e\U0001f4a5"
    data = write(holding(component(name=name)))
    assert read_document(_json.parse(data, where="d")).components[0].name == "a\ufffdb\ufffdc\\u0000d\\ud800e\U0001f4a5"


@pytest.mark.threat(52)
def test_endless_version_stays_readable_and_the_document_valid() -> None:
    made = holding(component(version="9" * 40_000))
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()
    assert read(written(made)).components[0].version == "9" * 40_000


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_library_of_the_project_reads_what_we_write(version: str) -> None:
    raw = written(sample(), spec_version=version)
    bom = Bom.from_json(raw)  # type: ignore[attr-defined]  # added by its serialisation decorator
    assert {str(c.purl) for c in bom.components if c.purl} == {MUX.purl, LODASH.purl, WHEEL.purl}
    wheel = next(c for c in bom.components if c.name == "chat")
    assert {c.name for c in wheel.components} == {"app.js", "chat.whl", "chat.whl!/chat/__init__.py"}
    assert bom.metadata.component.name == "chat-1.0.tar.gz"
    graph = {d.ref.value: {x.ref.value for x in d.dependencies} for d in bom.dependencies}
    assert graph[WHEEL.ref] == {LODASH.ref}


def test_documents_of_others_are_read_whole() -> None:
    found = read(
        foreign(
            {
                "type": "library",
                "bom-ref": "x",
                "group": "@scope",
                "name": "x",
                "version": "1",
                "purl": "pkg:npm/%40scope/x@1",
                "scope": "excluded",
                "cpe": "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*",
                "hashes": [{"alg": "SHA-1", "content": "A" * 40}, {"alg": "BLAKE2b-256", "content": "b" * 64}],
                "externalReferences": [
                    {"type": "website", "url": "https://x"},
                    {"type": "distribution", "url": "https://x/x.tgz", "hashes": [{"alg": "MD5", "content": "c" * 32}]},
                ],
                "licenses": [{"license": {"name": "own"}}, {"license": {"id": "MIT"}}],
                "properties": [{"name": "other:fact", "value": "1"}, {"name": "supplychain:scope", "value": "odd"}],
                "evidence": {"occurrences": [{"location": "lib/x.js"}]},
                "components": [{"type": "library", "name": "inner", "purl": "pkg:npm/inner@1"}],
            },
            {"type": "file", "name": "bin/tool", "hashes": [{"alg": "SHA-256", "content": SHA}]},
            {"type": "file", "name": "config", "version": "3", "hashes": [{"alg": "SHA-256", "content": SHA}]},
            {"type": "operating-system", "name": "debian"},
            metadata={
                "timestamp": "2026-01-02T03:04:05.678+02:00",
                "tools": [{"vendor": "v", "name": "other", "version": "3"}],
                "authors": [{"name": "me"}, {"email": "you@example.org"}],
                "supplier": {"name": "Octo"},
                "component": {
                    "type": "application",
                    "bom-ref": "root",
                    "name": "app",
                    "components": [{"type": "library", "bom-ref": "part", "name": "part"}],
                },
            },
            dependencies=[{"ref": "root", "dependsOn": ["x", "gone"]}, {"ref": "x"}],
            compositions=[
                {"aggregate": "incomplete_third_party_only", "assemblies": ["x"]},
                {"aggregate": "not_specified"},
                {"aggregate": "complete", "dependencies": ["root"]},
            ],
        )
    )
    by_ref = {c.ref: c for c in found.components}
    x = by_ref["x"]
    assert (x.name, x.scope, x.licences) == ("@scope/x", Scope.DEV, ("MIT", "own"))
    assert {(d.algorithm, d.covers, d.url) for d in x.digests} == {
        ("sha1", Covers.FILE, ""),
        ("blake2b-256", Covers.FILE, ""),
        ("md5", Covers.PACKAGE_ARCHIVE, "https://x/x.tgz"),
    }
    assert x.properties == (
        ("cyclonedx:cpe", "cpe:2.3:a:x:x:1:*:*:*:*:*:*:*"),
        ("other:fact", "1"),
        ("supplychain:scope", "odd"),
    )
    assert set(by_ref) == {"x", "pkg:npm/inner@1", "part", "config#components[2]", "debian#components[3]"}
    assert found.files == (FileClaim(path="bin/tool", sha256=SHA),)
    assert found.edges == (
        Edge(source="root", target="gone"),
        Edge(source="root", target="part", kind=EdgeKind.CONTAINS),
        Edge(source="root", target="x"),
        Edge(source="x", target="pkg:npm/inner@1", kind=EdgeKind.CONTAINS),
    )
    assert found.standalone == ("x",)
    assert found.created == datetime(2026, 1, 2, 1, 4, 5, 678000, tzinfo=UTC)
    assert found.tools == ("other 3",)
    assert found.authors == ("me", "you@example.org")
    assert found.subject is not None
    assert found.subject.producer == "Octo"
    assert {(c.ref, c.state) for c in found.completeness} == {
        ("x", CompletenessState.INCOMPLETE),
        ("root", CompletenessState.UNKNOWN),
    }


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"supplier": {"name": "s"}, "author": "a"}, "s"),
        ({"manufacturer": {"name": "m"}, "authors": [{"name": "a"}]}, "m"),
        ({"authors": [{"name": "a"}, {"email": "b"}, {"name": "c"}]}, "a, c"),
        ({"author": "a", "publisher": "p"}, "a"),
        ({"publisher": "p"}, "p"),
        ({}, ""),
    ],
)
def test_who_made_it_in_the_words_of_every_version(who: dict[str, Any], expected: str) -> None:
    assert read(foreign({"type": "library", "name": "x", **who})).components[0].producer == expected


def test_components_without_references_are_told_apart() -> None:
    same = {"type": "library", "name": "x", "purl": "pkg:npm/x@1"}
    refs = [c.ref for c in read(foreign(same, same)).components]
    assert refs == ["pkg:npm/x@1", "pkg:npm/x@1#components[1]"]


def test_file_with_two_digests_of_one_kind_has_none() -> None:
    hashes = [{"alg": "SHA-256", "content": digit * 64} for digit in "12"]
    assert read(foreign({"type": "file", "name": "a", "hashes": hashes})).files == (FileClaim(path="a"),)


def test_file_that_something_depends_on_is_a_component() -> None:
    file = {"type": "file", "bom-ref": "f", "name": "a", "hashes": [{"alg": "SHA-256", "content": SHA}]}
    assert [c.ref for c in read(foreign(file, dependencies=[{"ref": "f"}])).components] == ["f"]


@pytest.mark.threat(40)
def test_deep_nesting_is_refused_and_wide_nesting_is_read() -> None:
    inner: dict[str, Any] = {"type": "library", "name": "x"}
    for _ in range(40):
        inner = {"type": "library", "name": "x", "components": [inner]}
    assert len(read(foreign(inner)).components) == 41
    for _ in range(100):
        inner = {"type": "library", "name": "x", "components": [inner]}
    with pytest.raises(LimitExceeded):
        read(foreign(inner))


LIBRARY = {"type": "library", "name": "x", "bom-ref": "x"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"bomFormat": "SPDX", "specVersion": "1.6"}, "expected CycloneDX"),
        (foreign(LIBRARY, LIBRARY), "another component has this reference"),
        (foreign({"name": "x"}), r"components\[0\]\.type: missing"),
        (foreign({"type": "library", "name": 1}), r"components\[0\]\.name: expected a string, found an integer"),
        (foreign({**LIBRARY, "hashes": [{"alg": "SHA-1"}]}), r"components\[0\]\.content: missing"),
        (foreign({**LIBRARY, "hashes": "x"}), r"components\[0\]\.hashes: expected an array, found a string"),
        (foreign({**LIBRARY, "components": ["x"]}), r"components\[0\]\.components: expected objects"),
        (foreign({**LIBRARY, "supplier": "x"}), r"components\[0\]\.supplier: expected an object"),
        (foreign({**LIBRARY, "swhid": [1]}), "expected a string as swhid"),
        (foreign(dependencies=[{"dependsOn": []}]), "a.cdx.json: ref: missing"),
        (foreign(dependencies=[{"ref": "a", "dependsOn": [1]}]), "dependsOn: expected strings"),
        (foreign(dependencies=[{"ref": "a", "dependsOn": "b"}]), "dependsOn: expected an array"),
        (foreign(metadata={"timestamp": "yesterday"}), r"metadata\.timestamp: expected a time"),
        (foreign(metadata={"timestamp": "0001-01-01T00:00:00+14:00"}), "expected a time"),
        (foreign(metadata=[]), "expected an object"),
    ],
)
def test_broken_documents_say_where(value: dict[str, Any], says: str) -> None:
    with pytest.raises(MalformedDocument, match=says):
        read(value)


def test_versions_and_formats_nobody_reads() -> None:
    for value in ({"bomFormat": "CycloneDX", "specVersion": "1.1"}, {"spdxVersion": "SPDX-3.0"}, {"x": 1}):
        with pytest.raises(UnsupportedType):
            read(value)


@pytest.mark.threat(67)
def test_document_about_nothing_is_seen_to_be() -> None:
    found = read(foreign())
    assert (found.components, found.files, found.subject, found.sha256) == ((), (), None, "")


def test_old_compositions_name_their_parts_as_objects() -> None:
    found = read(foreign(LIBRARY, compositions=[{"aggregate": "unknown", "assemblies": [{"ref": "x"}]}]))
    assert [c.ref for c in found.completeness] == ["x"]


def test_facts_that_are_none_of_ours_stay_properties() -> None:
    odd = [{"name": "supplychain:digest:moon:sha1", "value": "x"}, {"name": "supplychain:unheard-of", "value": "y"}]
    found = read(foreign({**LIBRARY, "properties": odd})).components[0]
    assert found.digests == ()
    assert found.properties == (("supplychain:digest:moon:sha1", "x"), ("supplychain:unheard-of", "y"))


def test_manufacturer_of_the_document_is_an_author_and_services_are_tools() -> None:
    metadata = {"manufacturer": {"name": "Octo"}, "tools": {"services": [{"name": "scan"}, {}]}}
    found = read(foreign(metadata=metadata))
    assert (found.authors, found.tools) == (("Octo",), ("scan",))


def test_endless_components_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplychain.sbom.formats.cyclonedx_read.MAX_ITEMS", 3)
    with pytest.raises(LimitExceeded, match="more than 3 components"):
        read(foreign(*({**LIBRARY, "bom-ref": str(i)} for i in range(4))))
    monkeypatch.setattr("supplychain.sbom.formats.members.MAX_ITEMS", 3)
    with pytest.raises(LimitExceeded):
        read(foreign(dependencies=[{"ref": str(i)} for i in range(4)]))


def test_a_licence_is_an_identifier_where_the_schema_lists_it_and_nowhere_else() -> None:
    listed = set(json.loads(_io.sbom_schema("spdx.SNAPSHOT.schema.json"))["enum"])
    known = {entry["id"] for entry in [*LICENSES.values(), *EXCEPTIONS.values()]}
    others = {"UNLICENSED", "MIT+", "mit", "LicenseRef-a", "NOASSERTION", "AND", "-", "."}
    components = [component(ref=f"c{n}", licences=(text,)) for n, text in enumerate(sorted(listed | known | others))]
    made = written(inventory(components=tuple(components), edges=(), entries=()))
    licences = [c["licenses"][0].get("license", {}) for c in made["components"]]
    assert len(licences) == len(components)
    assert {licence["id"] for licence in licences if "id" in licence} == listed
