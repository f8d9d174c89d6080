"""Results for programs: versioned, whole, in one order; and their schemas."""

import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from supplychain.model.decision import Outcome, Verdict
from supplychain.model.results import Validation
from supplychain.model.verification import Verification
from supplychain.report import render
from tests.support.decisions import decision, denied, finding
from tests.support.result_schemas import FOLDER, contents, schemas
from tests.support.results import ASSETS, RESULTS, VALIDATION


def _members(schema: Any, value: Any, path: str = "") -> list[str]:
    """Members of a rendered value that its schema does not describe."""
    if isinstance(value, list):
        return [found for item in value for found in _members(schema["items"], item, path)]
    if not isinstance(value, dict):
        return []
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "additionalProperties" in schema:
        return []
    unknown = [f"{path}.{name}" for name in value if name not in schema["properties"]]
    return unknown + [
        found
        for name, member in value.items()
        if name in schema["properties"]
        for found in _members(schema["properties"][name], member, f"{path}.{name}")
    ]


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_is_of_its_schema_and_has_no_undescribed_member(kind: str) -> None:
    value = json.loads(render(RESULTS[kind], "json"))
    family, name, version = value["schema"].split("/")
    assert (family, version) == ("supplychain", "v1")
    schema = schemas()[f"{name}.v1.schema.json"]
    jsonschema_rs.Draft202012Validator(schema).validate(value)
    assert _members(schema, value) == []


@pytest.mark.parametrize("name", contents())
def test_the_schema_files_are_what_the_code_gives(name: str) -> None:
    """When this fails, ``python -m tests.support.result_schemas`` writes them: within v1 members are only added."""
    assert (FOLDER / name).read_text(encoding="utf-8") == contents()[name]


@pytest.mark.parametrize("name", contents())
def test_schemas_are_schemas_and_open_to_additions(name: str) -> None:
    schema = schemas()[name]
    jsonschema_rs.meta.validate(schema)
    assert '"additionalProperties": false' not in contents()[name]


def test_a_schema_refuses_what_is_no_result() -> None:
    validator = jsonschema_rs.Draft202012Validator(schemas()["decision.v1.schema.json"])
    good = json.loads(render(denied(), "json"))
    assert validator.is_valid(good)
    for change in ({"verdict": "maybe"}, {"schema": "supplychain/decision/v2"}, {"as_of": "2026-11-23 12:00"}):
        assert not validator.is_valid(good | change)
    assert not validator.is_valid({name: value for name, value in good.items() if name != "counts"})


def test_a_decision_has_the_members_of_the_contract_in_order() -> None:
    value = json.loads(render(denied(), "json"))
    assert list(value) == [
        "schema", "verdict", "exit_code", "release", "policy", "root", "as_of", "subjects", "counts", "findings",
        "untrusted", "inputs", "no_permit",
    ]  # fmt: skip
    assert value["schema"] == "supplychain/decision/v1"
    assert (value["verdict"], value["exit_code"]) == ("denied", 1)
    assert value["counts"] == {"pass": 5, "fail": 3, "error": 1, "waived": 1, "not_applicable": 1}
    assert value["policy"]["sha256"] == "4f1c2a9be0d1" + "0" * 52
    assert value["subjects"][0] == {"name": "chat-server-10.11.3-linux-amd64.tar.gz", "sha256": "7" * 64}
    first = value["findings"][0]
    assert (first["outcome"], first["mode"], first["examined"], first["failed"]) == ("fail", "enforce", 2, 1)
    assert first["evidence"] == [
        {
            "uri": "dist/arm64.attestations.jsonl#1",
            "sha256": "a" * 64,
            "pointer": "/predicate/builder",
            "signer": "ci",
        }
    ]
    assert value["findings"][4]["waiver"] == "W-7"
    assert value["untrusted"][0]["code"] == "SignatureInvalid"


def test_a_rule_that_failed_and_could_not_be_judged_counts_as_failed() -> None:
    made = decision(Verdict.DENIED, finding("r", Outcome.FAIL), finding("r", Outcome.ERROR))
    assert {name: n for name, n in made.counts.items() if n} == {"fail": 1}


def test_paths_of_this_machine_stay_out_of_a_decision() -> None:
    assert "dist/amd64.tar.gz" not in render(denied(), "json")


def test_a_verification_has_the_members_of_the_contract() -> None:
    value = json.loads(render(RESULTS["verification"], "json"))
    assert value["verified"] is True
    assert {"artifact", "sha256", "bundle", "predicate_type", "signer", "issuer", "signed_at", "root", "error"} <= set(
        value["results"][0]
    )
    assert value["results"][1]["signed_at"] == "2026-11-23T12:00:00Z"
    assert value["results"][2]["error"] == {
        "code": "SignatureInvalid",
        "message": "not signed by the P-256 key sha256:0011aabbccdd",
        "hint": None,
    }


def test_nothing_examined_is_no_success_for_programs_either() -> None:
    assert json.loads(render(Verification(rows=(), verified=True, exit_code=0), "json"))["verified"] is False
    assert json.loads(render(Validation(documents=(), exit_code=0), "json"))["valid"] is False
    nameless = Validation(documents=(replace(VALIDATION.documents[0], format=""),), exit_code=0)
    assert json.loads(render(nameless, "json"))["valid"] is False


def test_hostile_text_is_escaped_and_still_the_same_text() -> None:
    """Threats 71 and 72: harmless on a terminal, and exact for a program."""
    version = "1.0\r\x1b[2J\x7f::stop-commands::x ##[group] \u202e é"
    shown = render(decision(Verdict.DENIED, finding("r", message=version)), "json")
    assert shown.isascii()
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "##[" not in shown
    assert json.loads(shown)["findings"][0]["message"] == version


def test_an_asset_set_is_named_by_its_digest() -> None:
    assert json.loads(render(ASSETS, "json"))["set"] == str(ASSETS.digest)
