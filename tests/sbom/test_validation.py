"""sbom validate: the vectors of the CycloneDX project, and what a schema alone does not see."""

import json
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _io
from supplychain.errors import (
    ExtraMissing,
    InputError,
    LimitExceeded,
    MalformedDocument,
    SupplyChainError,
    UnsupportedType,
)
from supplychain.model.results import ValidatedDocument
from supplychain.model.verification import Problem
from supplychain.sbom.formats import Writing, format_named
from supplychain.sbom.formats.validation import validate
from tests.support.inventories import CREATED, inventory
from tests.support.purity import no_effects

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
    made: dict[str, Any] = json.loads(format_named(name).write(inventory(), Writing(created=CREATED, tool_version="1")))
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


BOM = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components/></bom>'


def test_xml_in_utf_8_is_judged() -> None:
    prolog = '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- <!DOCTYPE of no meaning> -->\n<?note <!DOCTYPE?>\n'
    for text in (BOM, prolog + BOM, "  " + BOM):
        assert judge(text.encode()) == ValidatedDocument(path="d", format="CycloneDX 1.6 XML")


ENTITY = '<!DOCTYPE bom [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = "<!DOCTYPE bom [" + "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9)) + "]>"


@pytest.mark.threat(46)
@pytest.mark.parametrize("kind", [ENTITY, LAUGHS, "<!DOCTYPE bom>", "<!DOCTYPE bom SYSTEM 'http://127.0.0.1:9/x.dtd'>"])
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>', "<!-- a -->\n<?b c?> ", "\ufeff"])
def test_xml_with_a_document_type_is_refused(kind: str, before: str) -> None:
    with pytest.raises(MalformedDocument, match="document type"):
        judge((before + kind + BOM.replace("<components/>", "&a;")).encode())


@pytest.mark.threat(46)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"])
def test_document_type_in_another_encoding_is_refused(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{ENTITY}{BOM}'
    data = text.encode(encoding if encoding != "utf-7" else "ascii")
    with suppress(SupplyChainError):
        assert judge(data).problems


def test_document_type_inside_text_is_text() -> None:
    inside = "<component type='library'><name><![CDATA[<!DOCTYPE a>]]></name></component>"
    assert judge(BOM.replace("<components/>", f"<components>{inside}</components>").encode()).problems == ()


@pytest.mark.threat(40)
def test_deep_xml_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        judge(b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + b"<a>" * 100_000)


def test_schema_outside_is_never_fetched() -> None:
    elsewhere = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://127.0.0.1:9/x"'
    with no_effects():
        assert judge(BOM.replace(" version", f" {elsewhere} version").encode()).problems == ()
        named = document() | {"$schema": "http://127.0.0.1:9/schema.json"}
        assert codes(named) in ([], ["SchemaViolation"])


def test_schema_that_does_not_ship_is_refused() -> None:
    def schemas(name: str) -> bytes:
        if name.startswith("bom-"):
            return b'{"$ref": "http://127.0.0.1:9/other.schema.json"}'
        return _io.sbom_schema(name)

    with pytest.raises(InputError, match="cannot be used"):
        validate(json.dumps(document()).encode(), where="d", schemas=schemas)


@pytest.mark.parametrize("schema", [b"<schema", b"<schema/>"])
def test_broken_xml_schema_is_refused(schema: bytes) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        validate(BOM.encode(), where="d", schemas=lambda _: schema)


def test_xml_schema_that_does_not_ship_is_refused() -> None:
    def schemas(name: str) -> bytes:
        return _io.sbom_schema(name).replace(b"spdx.SNAPSHOT.xsd", b"http://127.0.0.1:9/x.xsd")

    with pytest.raises(InputError, match="cannot be used"):
        validate(BOM.encode(), where="d", schemas=schemas)


@pytest.mark.parametrize(("module", "data"), [("jsonschema_rs", b'{"spdxVersion": "SPDX-2.3"}'), ("lxml", b"<x/>")])
def test_missing_extra_is_named(module: str, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing) as caught:
        validate(data, where="d", schemas=partial(_io.sbom_schema))  # not the function whose schemas are compiled
    assert caught.value.hint == "pip install 'supplychain[validate]'"


def test_endless_problems_are_cut_and_that_is_said() -> None:
    made = document() | {"components": [{"type": "gadget", "name": f"x{i}"} for i in range(500)]}
    problems = judge(made).problems
    assert len(problems) == 101
    assert problems[-1] == Problem(code="LimitExceeded", message="more than 100 problems")


def test_value_found_is_shown_when_it_is_short() -> None:
    made = document() | {"serialNumber": "urn:uuid:nonsense"}
    (problem,) = judge(made).problems
    assert problem.message.startswith("serialNumber: the value does not match")
    assert problem.message.endswith(", found 'urn:uuid:nonsense'")
    long = judge(document() | {"serialNumber": "x" * 5000}).problems[0]
    assert len(long.message) < 400


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"timestamp": "yesterday"}},
        {"externalReferences": [{"type": "website", "url": "no reference: %%"}]},
    ],
    ids=["time", "address"],
)
def test_formats_are_asserted(change: dict[str, Any]) -> None:
    assert codes(document() | change) == ["SchemaViolation"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT OR Apache-2.0", []),
        ("(MIT)", []),
        ("DocumentRef-x:LicenseRef-y AND MIT", []),
        ("MIT AND", ["UnknownLicence"]),
        ("Made-Up-1.0", ["UnknownLicence"]),
        ("MIT; rm -rf /", ["UnknownLicence"]),
        ("(" * 400 + "MIT" + ")" * 400, ["UnknownLicence"]),
    ],
)
def test_expression_must_mean_something(expression: str, expected: list[str]) -> None:
    made = document()
    made["components"][0]["licenses"] = [{"expression": expression}]
    assert codes(made) == expected


def test_composition_that_leads_nowhere_and_links_to_other_documents() -> None:
    made = document()
    elsewhere = "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x"
    made["compositions"] = [{"aggregate": "incomplete", "assemblies": ["nowhere", elsewhere]}]
    assert codes(made) == ["DanglingReference"]


def test_references_of_services_and_other_elements_are_known() -> None:
    made = document()
    made["services"] = [{"bom-ref": "s", "name": "s", "services": [{"bom-ref": "t", "name": "t"}]}]
    made["components"][0]["evidence"] = {"occurrences": [{"bom-ref": "o", "location": "x"}]}
    made["dependencies"] = [{"ref": "s", "dependsOn": ["t", "o"]}]
    assert codes(made) == []


def spdx(**more: Any) -> dict[str, Any]:
    return document("spdx-json") | more


def test_spdx_licences_must_be_told_or_listed() -> None:
    made = spdx()
    made["packages"][0]["licenseDeclared"] = "LicenseRef-nowhere OR MIT"
    assert codes(made) == ["UnknownLicence"]
    made["packages"][0]["licenseDeclared"] = "Made-Up-1.0"
    assert codes(made) == ["UnknownLicence"]
    made["packages"][0]["licenseDeclared"] = "DocumentRef-x:LicenseRef-y"
    assert codes(made) == []


def test_spdx_document_must_say_what_it_describes() -> None:
    assert "NothingDescribed" in codes(spdx(relationships=[]))
    assert codes(spdx(relationships=[], packages=spdx()["packages"][:1])) == []


@pytest.mark.parametrize(
    "change",
    [
        {"documentNamespace": "urn:uuid:x#fragment"},
        {"documentNamespace": "not a uri"},
        {"dataLicense": "MIT"},
        {"creationInfo": {"created": "2026-01-01", "creators": ["Tool: x"]}},
        {"creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["x"]}},
        {"files": [{"SPDXID": "SPDXRef-f", "fileName": "f", "checksums": []}]},
        {"surprise": 1},
    ],
)
def test_spdx_fields_are_those_of_the_specification(change: dict[str, Any]) -> None:
    assert "SchemaViolation" in codes(spdx(**change))


def test_spdx_2_2_asks_for_more_and_knows_less() -> None:
    old = spdx(spdxVersion="SPDX-2.2")
    assert "SchemaViolation" in codes(old)
    for package in old["packages"]:
        package.pop("primaryPackagePurpose")
        package |= {"copyrightText": "NOASSERTION", "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION"}
    assert judge(old) == ValidatedDocument(path="d", format="SPDX 2.2 JSON")


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_judged_or_refused(data: bytes) -> None:
    with suppress(SupplyChainError):
        assert judge(data).problems
