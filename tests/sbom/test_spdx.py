"""SPDX: where each fact stands, and what is made of the documents of others."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from supplychain import _io, _json
from supplychain.errors import MalformedDocument, UnsupportedType
from supplychain.model.inventory import Component, ContentDigest, Covers, Edge, EdgeKind, Inventory, Scope, Unknown
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import Writing, format_named, read_document
from supplychain.sbom.formats.spdx import element_id, file_id
from supplychain.sbom.formats.validation import validate
from tests.support.inventories import BUNDLE, CREATED, LODASH, MUX, SHA, WHEEL, component, inventory, sample

SPDX = format_named("spdx-json")


def write(made: Inventory, **more: Any) -> bytes:
    return SPDX.write(made, Writing(**{"created": CREATED, "tool_version": "0.1.0", **more}))


def written(made: Inventory, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(write(made, **more))
    return found


def package(made: Inventory, spdx_id: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in written(made, **more)["packages"] if p["SPDXID"] == spdx_id)
    return found


def read(value: dict[str, Any]) -> Document:
    return read_document(_json.parse(json.dumps(value).encode(), where="a.spdx.json"))


def holding(one: Component) -> Inventory:
    return inventory(components=(one,), edges=(), entries=())


def foreign(**more: Any) -> dict[str, Any]:
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "dataLicense": "CC0-1.0",
        "name": "a",
        "documentNamespace": "https://example.org/a",
        "creationInfo": {
            "created": "2026-01-02T03:04:05Z",
            "creators": ["Tool: other-3", "Person: Me (me@example.org)"],
        },
        **more,
    }


def element(name: str, **more: Any) -> dict[str, Any]:
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "downloadLocation": "NOASSERTION", **more}


def related(source: str, kind: str, target: str) -> dict[str, str]:
    ends = [end if end in ("NONE", "NOASSERTION") else f"SPDXRef-{end}" for end in (source, target)]
    return {"spdxElementId": ends[0], "relationshipType": kind, "relatedSpdxElement": ends[1]}


def test_document_says_what_it_is_about_when_and_by_which_tool() -> None:
    made = written(sample(), producer="Octo Inc.")
    assert made["creationInfo"] == {
        "created": "2026-11-23T12:00:00Z",
        "creators": ["Tool: supplychain-0.1.0", "Organization: Octo Inc."],
    }
    assert made["relationships"][0] == {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": element_id(sample().subject.ref),
    }
    found = read(made)
    assert (found.authors, found.tools) == (("Octo Inc.",), ("supplychain-0.1.0",))
    assert found.subject is not None
    assert found.subject.producer == "Octo Inc."
    assert found.sha256 == SHA


def test_namespace_depends_on_all_that_is_said() -> None:
    spaces = {
        written(sample())["documentNamespace"],
        written(sample(), files=False)["documentNamespace"],
        written(inventory())["documentNamespace"],
    }
    assert len(spaces) == 3
    assert all(space.startswith("urn:uuid:") for space in spaces)


def test_files_are_packages_with_the_digest_that_was_measured() -> None:
    made = package(sample(), file_id("bin/chat"))
    assert made["primaryPackagePurpose"] == "FILE"
    assert made["checksums"] == [{"algorithm": "SHA256", "checksumValue": "1" * 64}]
    assert "files" not in written(sample())
    assert read(written(sample(), files=False)).files == ()


def test_package_has_its_archive_address_and_licence() -> None:
    lodash = package(sample(), element_id(LODASH.ref))
    assert lodash["downloadLocation"] == LODASH.digests[1].url
    assert [c["algorithm"] for c in lodash["checksums"]] == ["SHA1", "SHA512"]
    assert lodash["licenseDeclared"] == "MIT"
    assert lodash["supplier"] == "Organization: John-David Dalton"
    assert lodash["externalRefs"][0]["referenceLocator"] == LODASH.purl
    mux = package(sample(), element_id(MUX.ref))
    assert (mux["supplier"], mux["downloadLocation"], mux["licenseDeclared"]) == ("NOASSERTION",) * 3
    assert "checksums" not in mux


def test_licences_nobody_lists_are_told_in_full() -> None:
    made = written(sample())
    wheel = package(sample(), element_id(WHEEL.ref))
    texts = {one["licenseId"]: one["extractedText"] for one in made["hasExtractedLicensingInfos"]}
    expression = wheel["licenseDeclared"]
    assert expression.startswith("(Apache-2.0 OR MIT) AND LicenseRef-")
    assert texts[expression.rpartition(" ")[2]] == "see LICENCE.txt"
    assert "LicenseRef-Ours" in texts
    assert {c.ref: c.licences for c in read(made).components}[BUNDLE.ref] == ("LicenseRef-Ours",)


@pytest.mark.parametrize("licence", ["NOASSERTION", "NONE", "(", "MIT AND", "\u202e", "x" * 5000])
def test_licences_of_any_text_come_back(licence: str) -> None:
    made = holding(component(licences=(licence,)))
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()
    assert read(written(made)).components[0].licences == (licence,)


def test_components_alike_but_for_their_refs_have_their_own_identifiers() -> None:
    refs = ["pkg:npm/a@1", "pkg:npm/a%401", "pkg-npm-a-1", "\u202e", " "]
    ids = {element_id(ref) for ref in refs} | {file_id(ref) for ref in refs}
    assert len(ids) == 2 * len(refs)
    made = inventory(components=tuple(component(ref, purl="") for ref in sorted(refs)), edges=(), entries=())
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()


@pytest.mark.parametrize("producer", ["NOASSERTION", " leading", "a: b", "Person: x", "\n"])
def test_producers_of_any_text_come_back(producer: str) -> None:
    made = holding(component(producer=producer))
    assert validate(write(made), where="d", schemas=_io.sbom_schema).problems == ()
    assert read(written(made)).components[0].producer == producer


def test_documents_of_others_are_read_whole() -> None:
    found = read(
        foreign(
            packages=[
                element("root", primaryPackagePurpose="APPLICATION", versionInfo="2"),
                element(
                    "a",
                    versionInfo="1",
                    supplier="NOASSERTION",
                    originator="Person: Ann (ann@example.org)",
                    downloadLocation="https://x/a.tgz",
                    checksums=[{"algorithm": "SHA256", "checksumValue": "A" * 64}],
                    licenseDeclared="NOASSERTION",
                    licenseConcluded="LicenseRef-1",
                    hasFiles=["SPDXRef-f"],
                    externalRefs=[
                        {
                            "referenceCategory": "PACKAGE_MANAGER",
                            "referenceType": "purl",
                            "referenceLocator": "pkg:npm/a@1",
                        },
                        {
                            "referenceCategory": "SECURITY",
                            "referenceType": "cpe23Type",
                            "referenceLocator": "cpe:2.3:x",
                        },
                    ],
                ),
                element("b", supplier="NOASSERTION", licenseDeclared="NONE"),
                element("c", supplier="Organization: C"),
            ],
            files=[
                {
                    "SPDXID": "SPDXRef-f",
                    "fileName": "./lib/f",
                    "checksums": [{"algorithm": "SHA256", "checksumValue": SHA}],
                },
                {
                    "SPDXID": "SPDXRef-g",
                    "fileName": "g",
                    "checksums": [{"algorithm": "SHA1", "checksumValue": "1" * 40}],
                },
            ],
            hasExtractedLicensingInfos=[{"licenseId": "LicenseRef-1", "extractedText": "Do what you like."}],
            relationships=[
                related("root", "DESCRIBED_BY", "DOCUMENT"),
                related("a", "DEPENDENCY_OF", "root"),
                related("b", "DEV_DEPENDENCY_OF", "root"),
                related("c", "CONTAINED_BY", "root"),
                related("a", "DEPENDS_ON", "c"),
                related("c", "DEPENDS_ON", "NONE"),
                related("b", "DEPENDS_ON", "NOASSERTION"),
                related("b", "OTHER", "c"),
            ],
        )
    )
    assert found.subject is not None
    assert (found.subject.name, found.subject.type) == ("root", "application")
    by_name = {c.name: c for c in found.components}
    a = by_name["a"]
    assert (a.ref, a.producer, a.licences) == ("pkg:npm/a@1", "Ann (ann@example.org)", ("Do what you like.",))
    assert a.digests == (
        ContentDigest(algorithm="sha256", value="a" * 64, covers=Covers.PACKAGE_ARCHIVE, url="https://x/a.tgz"),
    )
    assert a.properties == (("spdx:cpe23Type", "cpe:2.3:x"),)
    assert (by_name["b"].scope, by_name["b"].licences, by_name["c"].producer) == (Scope.DEV, (), "C")
    assert found.edges == (
        Edge(source="SPDXRef-root", target="SPDXRef-b"),
        Edge(source="SPDXRef-root", target="SPDXRef-c", kind=EdgeKind.CONTAINS),
        Edge(source="SPDXRef-root", target="pkg:npm/a@1"),
        Edge(source="pkg:npm/a@1", target="SPDXRef-c"),
    )
    assert found.files == (FileClaim(path="g"), FileClaim(path="lib/f", sha256=SHA, owner="pkg:npm/a@1"))
    assert found.unknowns == (Unknown(ref="SPDXRef-b", field="supplier"),)
    assert found.standalone == ("SPDXRef-c",)
    assert found.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (found.authors, found.tools) == (("Me (me@example.org)",), ("other-3",))


def test_document_that_describes_several_things_has_no_subject() -> None:
    found = read(foreign(packages=[element("a"), element("b")], documentDescribes=["SPDXRef-a", "SPDXRef-b"]))
    assert found.subject is None
    assert len(found.components) == 2


def test_packages_with_one_purl_are_told_apart() -> None:
    purl = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]
    found = read(foreign(packages=[element("a", externalRefs=purl), element("b", externalRefs=purl)]))
    assert [c.ref for c in found.components] == ["pkg:npm/a@1", "pkg:npm/a@1#SPDXRef-b"]


def annotated(comment: str) -> dict[str, Any]:
    note = {
        "annotationDate": "2026-01-02T03:04:05Z",
        "annotationType": "OTHER",
        "annotator": "Tool: supplychain-9",
        "comment": comment,
    }
    return foreign(packages=[element("a", annotations=[note])])


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (foreign(packages=[element("a"), element("a")]), "another element has this identifier"),
        (foreign(packages=[{"name": "a"}]), r"packages\[0\]\.SPDXID: missing"),
        (foreign(files=[{"SPDXID": "SPDXRef-f"}]), r"files\[0\]\.fileName: missing"),
        (foreign(relationships=[{"spdxElementId": "SPDXRef-a"}]), "relatedSpdxElement: missing"),
        (foreign(creationInfo={"created": "yesterday"}), "expected a time"),
        (annotated("supplychain: {"), "annotations"),
        (annotated('supplychain: {"properties": {}}'), "expected rows"),
        (annotated('supplychain: {"properties": [["a"]]}'), "expected rows of 2"),
        (annotated('supplychain: {"properties": [["a", 1]]}'), "expected strings"),
        (annotated('supplychain: {"digests": [["sha1", "a", "moon", ""]]}'), "cannot cover"),
        (annotated('supplychain: {"occurrences": [[1, null, null]]}'), "expected strings"),
        (annotated('supplychain: {"occurrences": [["a", null, true]]}'), "expected a size"),
        (annotated('supplychain: {"licences": [1]}'), "expected strings"),
    ],
)
def test_broken_documents_say_where(value: dict[str, Any], says: str) -> None:
    with pytest.raises(MalformedDocument, match=says):
        read(value)


def test_annotation_of_another_tool_is_no_fact() -> None:
    value = annotated('supplychain: {"ref": "forged"}')
    value["packages"][0]["annotations"][0]["annotator"] = "Tool: other-1"
    assert read(value).components[0].ref == "SPDXRef-a"


@pytest.mark.parametrize("version", ["SPDX-2.1", "SPDX-3.0", "2.3"])
def test_versions_nobody_reads(version: str) -> None:
    with pytest.raises(UnsupportedType):
        read(foreign(spdxVersion=version))


@pytest.mark.threat(71)
def test_hostile_names_are_plain_data() -> None:
    data = write(holding(component(name="\x1b[31mred\u202e", version="\r::stop-commands::")))
    assert data.isascii()
    assert b"\x1b" not in data
    assert validate(data, where="d", schemas=_io.sbom_schema).problems == ()


def test_folder_has_a_subject_without_digest() -> None:
    made = replace(inventory(), sha256=None, kind="source")
    assert read(written(made)).sha256 == ""
