"""sbom validate: the vectors of the CycloneDX project, and what a schema alone does not see."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _io
from supplychain.errors import MalformedDocument, SupplyChainError, UnsupportedType
from supplychain.model.results import ValidatedDocument
from supplychain.sbom.formats import format_named
from supplychain.sbom.formats.validation import validate
from tests.support.inventories import CREATED, inventory

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "cyclonedx"
FILES = sorted(p for p in VECTORS.rglob("*") if p.suffix in (".json", ".xml"))


def judge(value: Any) -> ValidatedDocument:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return validate(data, where="d", schemas=_io.sbom_schema)


@pytest.mark.skipif(not FILES, reason="the CycloneDX vectors are not beside the project")
@pytest.mark.parametrize("version", sorted({p.parent.name for p in FILES}))
def test_published_vectors_are_judged_right(version: str) -> None:
    wrong = []
    for path in FILES:
        if path.parent.name != version:
            continue
        try:
            valid = not judge(path.read_bytes()).problems
        except SupplyChainError:
            valid = False
        if valid != path.name.startswith("valid-"):
            wrong.append(path.name)
    assert wrong == []


def document(name: str = "cyclonedx-json") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(format_named(name).write(inventory(), created=CREATED, tool_version="1"))
    return made


def codes(value: Any) -> list[str]:
    return [p.code for p in judge(value).problems]


def test_our_documents_are_valid() -> None:
    assert judge(document()) == ValidatedDocument(path="d", format="CycloneDX 1.6 JSON")
    assert judge(document("spdx-json")) == ValidatedDocument(path="d", format="SPDX 2.3 JSON")


def test_component_named_twice() -> None:
    made = document()
    made["components"].append(dict(made["components"][0], name="other"))
    assert "DuplicateReference" in codes(made)
    spdx = document("spdx-json")
    spdx["packages"].append(dict(spdx["packages"][0], name="other"))
    assert "DuplicateReference" in codes(spdx)


def test_dependency_that_leads_nowhere() -> None:
    made = document()
    made["dependencies"].append({"ref": "nowhere", "dependsOn": ["elsewhere"]})
    assert codes(made).count("DanglingReference") == 2
    spdx = document("spdx-json")
    spdx["relationships"][0]["relatedSpdxElement"] = "SPDXRef-nowhere"
    assert codes(spdx) == ["DanglingReference"]


def test_problem_names_its_place() -> None:
    made = document()
    made["components"][0]["type"] = "gadget"
    assert judge(made).problems[0].message.startswith("components[0].type: ")
    spdx = document("spdx-json")
    del spdx["packages"][0]["downloadLocation"]
    assert judge(spdx).problems[0].message.startswith("packages[0]: ")


@pytest.mark.parametrize(
    "value", [{"bomFormat": "CycloneDX", "specVersion": "9.9"}, {"spdxVersion": "SPDX-9"}, {"x": 1}, b"<x/>"]
)
def test_what_nobody_can_judge_is_not_valid(value: Any) -> None:
    with pytest.raises(UnsupportedType):
        judge(value)


@pytest.mark.parametrize("value", [b"", b"[1,", b"[]", b"<bom", b'{"bomFormat":"CycloneDX","bomFormat":"x"}'])
def test_what_cannot_be_parsed_is_invalid(value: bytes) -> None:
    assert codes(value) == ["MalformedDocument"]


@pytest.mark.threat(46)
def test_xml_with_a_document_type_is_refused() -> None:
    with pytest.raises(MalformedDocument):
        judge(b'<!DOCTYPE x [<!ENTITY a "b">]><bom xmlns="http://cyclonedx.org/schema/bom/1.6">&a;</bom>')


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_judged_or_refused(data: bytes) -> None:
    with suppress(SupplyChainError):
        assert judge(data).problems
