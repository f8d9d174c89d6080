"""What is said about policies and rules: from the code, complete, and the same every time."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from supplychain import _yaml
from supplychain.errors import UsageError
from supplychain.policy import rules as rules_room
from supplychain.policy.documentation import documentation_of, summary_of
from supplychain.policy.explain import (
    advice,
    explain_policy,
    explain_rule,
    json_schema,
    list_rules,
    rules_reference,
    schema_text,
)
from supplychain.policy.faults import fault_of
from supplychain.policy.reader import read_policy
from supplychain.policy.rules import RULES, load
from tests.support.cases import load_key, policy

ROOT = Path(__file__).parents[2]
RELEASE = ROOT / "policies" / "release.yaml"
KEYLESS = ROOT / "policies" / "keyless.yaml"


def test_every_rule_file_is_in_the_table_and_every_entry_is_a_file() -> None:
    assert rules_room.__file__ is not None
    files = {p.stem for p in Path(rules_room.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {target.partition(":")[0].rpartition(".")[2] for target in RULES.values()}


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_is_documented_under_the_fixed_headings(kind: str) -> None:
    rule = load(kind)
    told = documentation_of(type(rule))
    assert rule.type == kind
    assert all((told.claim, told.checks, told.why, told.example, told.fix))
    assert told.claim.endswith(".")
    assert "\n" not in told.summary
    assert all(info.description for info in rule.Params.model_fields.values())
    said = explain_rule(kind)
    assert all(heading in said for heading in ("What it checks", "Why", "Parameters", "Example", "How to fix"))


@pytest.mark.parametrize("kind", RULES)
def test_the_example_of_every_rule_is_a_rule(kind: str) -> None:
    example = documentation_of(type(load(kind))).example
    both = "release: {key: release.pub}\nbuilder: {key: builder.pub, slsa-level: 2}"
    read = policy(example, both) if "signers:" in example else policy(example)
    assert [r.type for r in read.rules] == [kind]


def test_a_class_without_documentation_says_nothing() -> None:
    class Bare:
        pass

    assert summary_of(Bare) == ""


def test_an_unknown_rule_type_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        explain_rule("max-sise")
    assert "max-size" in caught.value.hint


def test_the_list_of_rules_has_one_line_each() -> None:
    lines = list_rules().splitlines()
    assert [line.split()[0] for line in lines] == list(RULES)
    assert lines[list(RULES).index("max-size")] == "max-size               No file is larger than it may be"


def test_a_policy_in_words() -> None:
    said = explain_policy(
        policy(
            """
- {id: size, type: max-size, bytes: 1kB, mode: warn, when: {kind: patch, line: "10.11"}, allow-empty: true}
- {id: sbom, type: sbom-present, formats: [spdx], signers: [b], waivable: false, enforce-from: "2027-01-01"}""",
            'a: {key: a.pub, valid-from: "2026-01-01", valid-until: "2027-01-01"}\n'
            "b: {key: b.pub, revoked: true, builder: https://ci.example.org, slsa-level: 2}",
            head="owner: us@example.org\nmax-age: 90m",
        )
    )
    lines = said.splitlines()
    assert lines[1:3] == ["owner us@example.org", "a decision by it may be used to publish for 1.5 hours"]
    assert "from 2026-01-01 00:00 UTC; until 2027-01-01 00:00 UTC; SLSA build level 1 at most" in said
    assert "revoked: nothing by it counts; speaks for https://ci.example.org; SLSA build level 2 at most" in said
    assert (
        "  size: No file is larger than it may be (warn only) (only when kind is patch and line is 10.11)"
        " (nothing to examine is a pass)" in lines
    )
    assert "  sbom: Every artifact has its SBOMs (enforced from 2027-01-01 00:00 UTC) (cannot be waived)" in lines
    assert "      bytes: 1000" in lines
    assert "      formats: spdx" in lines


def test_a_pinned_policy_is_shown_as_such() -> None:
    plain = policy("- {id: size, type: max-size, bytes: 1kB}")
    assert "pinned" not in explain_policy(plain)
    assert " pinned" in explain_policy(policy("- {id: size, type: max-size, bytes: 1kB}", pin=plain.sha256))


@pytest.mark.parametrize(
    ("rules", "signers", "said"),
    [
        ("- {id: x, type: max-size, bytes: 1B, mode: warn}", "a: {key: a.pub}", "no rule is enforced"),
        ("- {id: x, type: max-size, bytes: 1B}", "a: {key: a.pub}", "no rule asks for signer 'a'"),
        ("- {id: x, type: sbom-present}", "a: {key: a.pub, revoked: true}", "every signer it names is revoked"),
        ("- {id: x, type: slsa-build, level: 2}", "a: {key: a.pub}", "none of its signers reaches level 2"),
        (
            "- {id: x, type: licence, deny: [AGPL-3.0-only]}",
            "a: {key: a.pub}",
            "AGPL-3.0-or-later is not denied, and offers AGPL-3.0-only too",
        ),
    ],
)
def test_lint_tells_what_is_probably_not_meant(rules: str, signers: str, said: str) -> None:
    assert any(said in line for line in advice(policy(rules, signers)))


def test_a_good_policy_gets_no_advice() -> None:
    rules = "- {id: x, type: licence, deny: [AGPL-3.0-only, AGPL-3.0-or-later, MIT]}\n- {id: z, type: slsa-build}"
    assert advice(policy(rules)) == ()


def test_the_policy_for_identities_is_a_good_one() -> None:
    read = read_policy(KEYLESS.read_bytes(), where="keyless.yaml", load=load_key)
    assert advice(read) == ()
    assert all(signer.identity for signer in read.signers)
    assert {"slsa-build", "slsa-source", "threshold"} <= {r.type for r in read.rules}
    validation: ModuleType = pytest.importorskip("jsonschema_rs")
    value = json.loads(json.dumps(_yaml.parse(KEYLESS.read_bytes(), where="keyless.yaml").value))
    validator = validation.validator_for(json_schema())
    assert validator.is_valid(value)
    for wrong in ({"issuer": "https://i.example"}, {"identity": "x"}, value["signers"]["ci"] | {"slsa-level": 4}):
        assert not validator.is_valid(value | {"signers": {"ci": wrong}})


def test_the_policy_to_copy_is_a_good_one() -> None:
    read = read_policy(RELEASE.read_bytes(), where="release.yaml", load=load_key)
    assert advice(read) == ()
    assert [s.name for s in read.signers] == ["release"]
    assert {r.type for r in read.rules} == set(RULES) - {"licence", "in-toto-layout", "slsa-source", "threshold"}
    assert explain_policy(read)


@pytest.mark.parametrize(("name", "text"), [("rules.md", rules_reference()), ("policy.schema.json", schema_text())])
def test_the_reference_is_what_the_code_says(name: str, text: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == text


def test_the_schema_accepts_the_policy_to_copy_and_refuses_what_the_reader_refuses() -> None:
    validation: ModuleType = pytest.importorskip("jsonschema_rs")
    validator = validation.validator_for(json_schema())
    good = json.loads(json.dumps(_yaml.parse(RELEASE.read_bytes(), where="release.yaml").value))
    assert validator.is_valid(good)
    for wrong in (
        good | {"rulez": []},
        good | {"rules": []},
        good | {"rules": [{"id": "x", "type": "max-sise"}]},
        good | {"rules": [{"id": "x", "type": "max-size"}]},
        good | {"rules": [{"id": "x", "type": "max-size", "bytes": "1MB", "requrie": 1}]},
        good | {"signers": {"release": {}}},
        good | {"signers": {"release": {"key": "x", "slsa-level": 3}}},
    ):
        assert not validator.is_valid(wrong)


def test_a_fault_without_words_of_ours_keeps_its_own() -> None:
    fault = fault_of({"type": "new_kind", "loc": ("a",), "msg": "Input is odd", "input": 1})
    assert fault.message == "input is odd"
