"""The engine: what counts, what is never a pass, and what a decision is."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from supplychain.errors import PermitRefused, PolicyInvalid, SubjectMismatch, UsageError
from supplychain.model.case import Case, Reference
from supplychain.model.decision import Decision, Mode, Outcome, Verdict
from supplychain.policy.context import Context, Problem, RuleResult
from supplychain.policy.engine import CASE_RULE, judge
from supplychain.policy.explain import explain_policy
from supplychain.policy.globs import matches
from supplychain.policy.model import Field, Policy, RuleParams, When
from supplychain.policy.rules import RULES, load
from tests.support.cases import (
    NOON,
    artifact,
    built,
    case,
    file,
    judged,
    listing,
    observed,
    only,
    policy,
    proof,
    public_key,
    refused,
)
from tests.support.purity import no_effects

APP = artifact()
OTHER = artifact("other.whl", b"other bytes\n")
SIGNED = "- {id: signed, type: signer-identity, evidence: [signature]}"
SIZE = "- {id: size, type: max-size, bytes: 1MB}"


def signed_case(**fields: Any) -> Case:
    return case(APP, **{"verified": (proof(APP),), **fields})


def test_a_release_that_meets_its_policy_is_allowed_and_gets_a_permit() -> None:
    decision = judged(signed_case(), f"{SIGNED}\n{SIZE}")
    assert decision.verdict is Verdict.ALLOWED
    assert decision
    permit = decision.permit()
    assert [(s.name, s.sha256, s.path) for s in permit.subjects] == [(APP.name, APP.sha256, APP.path)]
    assert permit.inputs == decision.inputs == (proof(APP).source,)
    assert decision.counts == {"pass": 2, "fail": 0, "error": 0, "waived": 0, "not_applicable": 0}


def test_only_the_engine_makes_a_decision() -> None:
    with pytest.raises(TypeError, match=r"only supplychain\.policy\.engine makes a Decision"):
        Decision()


def test_an_enforced_failure_denies_and_an_enforced_error_leaves_it_undetermined() -> None:
    small = "- {id: small, type: max-size, bytes: 1B}"
    assert judged(signed_case(), f"{SIGNED}\n{small}").verdict is Verdict.DENIED
    assert judged(case(APP), f"{SIGNED}\n{SIZE}").verdict is Verdict.UNDETERMINED
    assert judged(case(APP), f"{SIGNED}\n{small}").verdict is Verdict.DENIED


@pytest.mark.parametrize("mode", ["warn", "audit"])
def test_a_mode_covers_failures_and_errors_alike(mode: str) -> None:
    small = f"- {{id: small, type: max-size, bytes: 1B, mode: {mode}}}"
    unsigned = f"- {{id: signed, type: signer-identity, evidence: [signature], mode: {mode}}}"
    decision = judged(case(APP), f"{SIZE}\n{small}\n{unsigned}")
    assert decision.verdict is Verdict.ALLOWED
    assert [f.outcome for f in decision.findings] == [Outcome.PASS, Outcome.FAIL, Outcome.ERROR]


def test_a_rule_only_warns_until_its_day() -> None:
    late = policy("- {id: small, type: max-size, bytes: 1B, enforce-from: '2026-11-24'}")
    before, after = (judged(case(APP), late, at=NOON + timedelta(days=d)) for d in (0, 1))
    assert (before.verdict, only(before).mode) == (Verdict.ALLOWED, Mode.WARN)
    assert (after.verdict, only(after).mode) == (Verdict.DENIED, Mode.ENFORCE)


def test_nothing_to_judge_is_never_allowed() -> None:
    for rules in (SIZE, "- {id: size, type: max-size, bytes: 1MB, allow-empty: true}"):
        decision = judged(case(), rules)
        assert decision.verdict is Verdict.UNDETERMINED
        assert decision.findings[0].rule == CASE_RULE
        with pytest.raises(PermitRefused):
            decision.permit()


def test_nothing_examined_is_never_allowed() -> None:
    rules = "- {id: size, type: max-size, bytes: 1MB, when: {artifact: '*.exe'}}"
    decision = judged(case(APP), rules)
    assert decision.verdict is Verdict.UNDETERMINED
    assert [f.message for f in decision.findings] == [
        "no rule of the policy examined anything",
        "no artifact is called *.exe",
    ]


def test_all_rules_warning_of_errors_examine_nothing() -> None:
    decision = judged(case(APP), "- {id: signed, type: signer-identity, evidence: [signature], mode: warn}")
    assert decision.verdict is Verdict.UNDETERMINED


@pytest.mark.threat(1)
def test_no_evidence_is_an_error_unless_the_policy_allows_it() -> None:
    empty = "- {id: signed, type: signer-identity, evidence: [signature], allow-empty: true}"
    missing = only(judged(case(APP), SIGNED))
    assert (missing.outcome, missing.message) == (Outcome.ERROR, "no signature by release was found")
    allowed = only(judged(case(APP), empty))
    assert (allowed.outcome, allowed.examined) == (Outcome.PASS, 0)


def test_evidence_that_a_completed_check_refused_is_a_failure_even_where_none_is_allowed() -> None:
    for rules in (SIGNED, "- {id: signed, type: signer-identity, evidence: [signature], allow-empty: true}"):
        decision = judged(case(APP, rejected=(refused(APP),)), rules)
        assert decision.verdict is Verdict.DENIED
        assert only(decision).message.startswith("app.tar.gz.attestations.jsonl#1: the signature was made by none")


def test_evidence_that_could_not_be_judged_is_an_error_even_where_none_is_allowed() -> None:
    unread = refused(APP, judged=False, code="UnsupportedType", message="a certificate")
    for rules in (SIGNED, "- {id: signed, type: signer-identity, evidence: [signature], allow-empty: true}"):
        decision = judged(case(APP, rejected=(unread,)), rules)
        assert decision.verdict is Verdict.UNDETERMINED
        assert only(decision).message == "app.tar.gz.attestations.jsonl#1 could not be judged: a certificate"


def test_one_bad_attestation_among_good_ones_takes_nothing_from_them() -> None:
    decision = judged(signed_case(rejected=(refused(APP),)), SIGNED)
    assert decision
    assert decision.rejected == (refused(APP),)


@pytest.mark.threat(34)
def test_evidence_about_other_bytes_does_not_count() -> None:
    decision = judged(case(APP, verified=(proof(OTHER),)), SIGNED)
    assert decision.verdict is Verdict.UNDETERMINED
    assert decision.inputs == ()


@pytest.mark.threat(59)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signer": "stranger"}, "Untrusted"),
        ({"signer_id": public_key("stranger").fingerprint}, "IdentityMismatch"),
        ({"issuer": "https://issuer.example"}, "IdentityMismatch"),
        ({"signed_at": NOON + timedelta(minutes=6)}, "TimestampInvalid"),
    ],
)
def test_evidence_verified_for_another_trust_does_not_count(changes: dict[str, Any], code: str) -> None:
    decision = judged(case(APP, verified=(proof(APP, **changes),)), SIGNED)
    assert decision.verdict is Verdict.DENIED
    assert [r.code for r in decision.rejected] == [code]
    assert decision.inputs == ()


@pytest.mark.threat(12, 60)
@pytest.mark.parametrize(
    ("signer", "signed_at", "verdict"),
    [
        ("revoked: true", None, Verdict.DENIED),
        ("valid-from: '2026-11-24'", None, Verdict.DENIED),
        ("valid-until: '2026-11-22'", None, Verdict.DENIED),
        ("valid-until: '2026-11-22'", datetime(2026, 11, 21, tzinfo=UTC), Verdict.ALLOWED),
        ("valid-from: '2026-11-22'", datetime(2026, 11, 21, tzinfo=UTC), Verdict.DENIED),
        ("valid-from: '2026-11-23T12:00:00Z', valid-until: '2026-11-23T12:00:00Z'", None, Verdict.ALLOWED),
    ],
)
def test_a_signer_counts_within_its_time(signer: str, signed_at: datetime | None, verdict: Verdict) -> None:
    held = case(APP, verified=(proof(APP, signed_at=signed_at),))
    assert judged(held, policy(SIGNED, f"release: {{key: release.pub, {signer}}}")).verdict is verdict


def test_another_signer_of_the_policy_is_not_the_one_a_rule_names() -> None:
    two = policy(
        "- {id: signed, type: signer-identity, evidence: [signature], signers: [release]}",
        "release: {key: release.pub}\nother: {key: other.pub}",
    )
    decision = judged(case(APP, verified=(proof(APP, signer="other"),)), two)
    assert decision.verdict is Verdict.DENIED
    assert only(decision).message == "its signature is by other, not by release"


KIND = "- {id: size, type: max-size, bytes: 1B, when: {kind: security}}\n- {id: any, type: max-size, bytes: 1MB}"


@pytest.mark.parametrize(
    ("facts", "signed", "outcome"),
    [
        ({"kind": "patch"}, True, Outcome.NOT_APPLICABLE),
        ({"kind": "security"}, True, Outcome.FAIL),
        ({"kind": None}, True, Outcome.FAIL),
        ({"kind": "patch"}, False, Outcome.FAIL),
    ],
)
def test_kind_counts_only_from_a_signed_release(facts: dict[str, Any], signed: bool, outcome: Outcome) -> None:
    decision = judged(case(APP, listing=listing(APP, signed=signed, **facts)), KIND)
    assert decision.findings[0].outcome is outcome
    assert (decision.release is not None) is signed


def test_line_counts_only_from_a_signed_release() -> None:
    rules = "- {id: size, type: max-size, bytes: 1B, when: {line: '10.11'}}"
    assert judged(case(APP, listing=listing(APP, line="10.11")), rules).verdict is Verdict.DENIED
    skipped = judged(case(APP, listing=listing(APP, line="10.10")), rules).findings[1]
    assert skipped.message == "only for releases of line 10.11; this one is 10.10"
    assert judged(case(APP), rules).verdict is Verdict.DENIED


def test_a_signature_of_another_release_file_proves_nothing() -> None:
    held = listing(APP, kind="patch")
    decision = judged(case(APP, listing=replace(held, proof=proof("0" * 64))), KIND)
    assert decision.findings[0].outcome is Outcome.FAIL
    assert [r.code for r in decision.rejected] == ["SubjectMismatch"]


def test_a_release_signed_by_nobody_of_this_policy_proves_nothing() -> None:
    held = listing(APP, kind="patch")
    assert held.proof is not None
    stranger = proof(held.source.sha256, signer="stranger")
    decision = judged(case(APP, listing=replace(held, proof=stranger)), KIND)
    assert decision.release is None
    assert [r.code for r in decision.rejected] == ["Untrusted"]


def test_a_rule_about_some_artifacts_sees_only_those() -> None:
    rules = "- {id: size, type: max-size, bytes: 1B, when: {artifact: '*.whl'}}"
    finding = only(judged(case(APP, OTHER), rules))
    assert (finding.subject, finding.total, finding.failed) == ("other.whl", 1, 1)


def test_inputs_are_everything_that_counted_and_nothing_else() -> None:
    lay = listing(APP)
    snapshot = Reference(kind="osv", uri="osv.zip", sha256="e" * 64, as_of=NOON, data=b"")
    held = signed_case(listing=lay, rejected=(refused(APP),), references=(snapshot,))
    assert lay.proof is not None
    expected = sorted([proof(APP).source, lay.source, lay.proof.source, (snapshot.uri, snapshot.sha256)])
    assert list(judged(held, SIGNED).inputs) == expected


def test_a_chosen_time_or_recorded_observations_give_no_permit() -> None:
    recorded = signed_case(observed=(observed(APP, recorded=True),))
    for decision in (judged(signed_case(), SIGNED, no_permit="as of a chosen time"), judged(recorded, SIGNED)):
        assert decision
        assert decision.no_permit
        with pytest.raises(PermitRefused):
            decision.permit()
    both = judged(recorded, SIGNED, no_permit="as of a chosen time")
    assert both.no_permit == ("as of a chosen time; the artifacts were not measured: observations come from a record")


def test_a_policy_that_asks_for_a_second_opinion_is_undetermined_without_one() -> None:
    asking = policy(SIGNED, head="second-opinion: true")
    held = case(APP, verified=(proof(APP),))
    assert judged(held, asking).verdict is Verdict.UNDETERMINED
    assert judged(replace(held, second_opinion=True), asking)
    assert "sigstore-python agrees" in explain_policy(asking)


def test_a_root_that_the_policy_does_not_name_leaves_it_undetermined() -> None:
    named = policy(SIGNED, head=f"trusted-root: sha256:{'1' * 64}")
    assert judged(signed_case(), named)
    assert judged(signed_case(root="1" * 64), named)
    assert judged(signed_case(root="1" * 64), SIGNED)
    assert judged(signed_case(root="2" * 64), named).verdict is Verdict.UNDETERMINED


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="no time zone"):
        judged(signed_case(), SIGNED, at=datetime(2026, 11, 23, 12, 0))  # noqa: DTZ001  # the point of the test


def test_the_same_file_twice_is_one_subject() -> None:
    twice = judged(case(APP, replace(APP, path="elsewhere")), SIZE)
    assert [s.path for s in twice.subjects] == ["dist/app.tar.gz"]


def test_a_finding_explains_itself() -> None:
    finding = only(judged(case(APP), "- {id: size, type: max-size, bytes: 1B, fix: Pack less.}"))
    assert (finding.type, finding.title, finding.at) == (
        "max-size",
        "No file is larger than it may be",
        "policy.yaml:7:5",
    )
    assert finding.help.startswith("The measured size of each artifact whose name matches.")
    assert (finding.expected, finding.actual, finding.fix) == ("at most 1 bytes", "23 bytes", "Pack less.")
    assert finding.subject_sha256 == APP.sha256


class Counting(RuleParams):
    """Parameters of a rule of the caller's own."""

    name: str = Field(default="*", description="Which.")


@dataclass
class Own:
    """A rule of the caller's own.

    What it checks:
        Whatever the test says.
    """

    answer: Any
    Params: ClassVar[type[RuleParams]] = Counting
    type: ClassVar[str] = "own"
    title: ClassVar[str] = "Own"

    def judge(self, context: Context, params: Counting) -> RuleResult:
        """Answer, or raise."""
        assert matches(params.name, APP.name)
        if isinstance(self.answer, BaseException):
            raise self.answer
        result: RuleResult = self.answer
        return result


GOOD = RuleResult(examined=1, total=1, message="fine")
BAD = RuleResult(examined=1, total=1, problems=(Problem(outcome=Outcome.FAIL, message="bad"),))


def test_rules_of_the_caller_are_enforced_beside_those_of_the_policy() -> None:
    good = judged(signed_case(), SIGNED, rules=[Own(GOOD)])
    assert good
    assert [(f.rule, f.help, f.at) for f in good.findings][1] == ("own", "Whatever the test says.", "")
    assert judged(signed_case(), SIGNED, rules=[Own(BAD)]).verdict is Verdict.DENIED


def test_rules_of_the_caller_never_stand_in_for_those_of_the_policy() -> None:
    assert judged(case(), SIGNED, rules=[Own(GOOD)]).verdict is Verdict.UNDETERMINED
    nothing = "- {id: size, type: max-size, bytes: 1MB, when: {artifact: '*.exe'}}"
    assert judged(case(APP), nothing, rules=[Own(GOOD)]).verdict is Verdict.UNDETERMINED
    with pytest.raises(UsageError, match="two rules have the id 'own'"):
        judged(signed_case(), SIGNED, rules=[Own(GOOD), Own(GOOD)])
    renamed = type("Renamed", (Own,), {"type": "size"})
    with pytest.raises(UsageError, match="two rules have the id 'size'"):
        judged(signed_case(), SIZE, rules=[renamed(GOOD)])


def test_a_rule_of_the_caller_that_needs_parameters_is_refused() -> None:
    class Needy(RuleParams):
        name: str

    needy = type("NeedyRule", (Own,), {"Params": Needy})
    with pytest.raises(UsageError, match="cannot do without parameters"):
        judged(signed_case(), SIGNED, rules=[needy(GOOD)])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            SubjectMismatch("it is about other bytes", where="a.json"),
            "SubjectMismatch: a.json: it is about other bytes",
        ),
        (ZeroDivisionError("secret of the process"), "the rule broke with ZeroDivisionError, which is a bug in it"),
        (RecursionError(), "the rule broke with RecursionError, which is a bug in it"),
        (AssertionError("secret"), "the rule broke with AssertionError, which is a bug in it"),
        (None, "the rule broke: it gave no result"),
        (True, "the rule broke: it gave no result"),
        (RuleResult(examined=0, total=3), "nothing was examined: 0 of 3 artifacts"),
        (RuleResult(examined=-1, total=3), "nothing was examined: 0 of 3 artifacts"),
        (RuleResult(examined=2, total=2, failed=1), "the rule broke: it counts 1 failures and names none"),
    ],
)
def test_a_rule_that_breaks_is_an_error_and_never_a_pass(answer: object, message: str) -> None:
    decision = judged(signed_case(), SIGNED, rules=[Own(answer)])
    assert decision.verdict is Verdict.UNDETERMINED
    assert decision.findings[1].message == message
    assert "secret" not in str(decision.findings)


def test_an_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(signed_case(), SIGNED, rules=[Own(KeyboardInterrupt())])


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.WAIVED, Outcome.NOT_APPLICABLE])
def test_a_problem_is_a_failure_or_an_error(outcome: Outcome) -> None:
    with pytest.raises(UsageError):
        Problem(outcome=outcome, message="x")
    with pytest.raises(UsageError):
        Problem(outcome=Outcome.FAIL, message="x", empty=True)


def test_a_problem_may_warn_and_then_does_not_deny() -> None:
    warning = Problem(outcome=Outcome.FAIL, message="hm", warns=True)
    decision = judged(signed_case(), SIGNED, rules=[Own(replace(BAD, problems=(warning,)))])
    assert decision
    assert decision.findings[1].mode is Mode.WARN


def test_failures_stand_before_errors_and_count_as_the_rule() -> None:
    problems = (
        Problem(outcome=Outcome.ERROR, message="a"),
        Problem(outcome=Outcome.FAIL, message="c", artifact=APP),
        Problem(outcome=Outcome.FAIL, message="b", artifact=APP),
    )
    decision = judged(signed_case(), SIGNED, rules=[Own(RuleResult(examined=1, total=1, problems=problems))])
    assert [f.message for f in decision.findings[1:]] == ["b", "c", "a"]
    assert [f.failed for f in decision.findings[1:]] == [1, 1, 1]
    assert decision.counts["fail"] == 1
    assert decision.counts["error"] == 0


def test_an_error_is_told_again_to_every_rule_that_asks() -> None:
    held = case(APP)
    context = Context(case=held, artifacts=held.artifacts, at=NOON, facts={}, about={})
    calls: list[int] = []

    def broken() -> int:
        calls.append(1)
        raise SubjectMismatch("x")

    for _ in range(3):
        with pytest.raises(SubjectMismatch):
            context.once("key", broken)
    assert len(calls) == 1
    assert context.once("other", lambda: 7) == context.once("other", lambda: 8) == 7


def test_a_policy_says_its_own_digest_and_no_other() -> None:
    ready = policy(f"{SIGNED}\n{SIZE}")
    weaker = replace(ready, rules=ready.rules[1:])
    assert weaker.sha256 != ready.sha256
    with pytest.raises(PolicyInvalid):
        replace(weaker, pin=ready.sha256)
    with pytest.raises(PolicyInvalid, match="needs signers and rules"):
        replace(ready, rules=())
    with pytest.raises(PolicyInvalid, match="needs signers and rules"):
        replace(ready, facts={})
    with pytest.raises(PolicyInvalid, match="two rules have one id"):
        replace(ready, rules=(ready.rules[0], ready.rules[0]))


def test_a_condition_that_asks_nothing_always_holds() -> None:
    ready = policy(SIZE)
    asked = replace(ready, rules=(replace(ready.rules[0], when=When()),))
    assert judged(case(APP), asked)
    assert judged(case(), asked).verdict is Verdict.UNDETERMINED


def test_an_unknown_rule_type_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="there is no rule type 'x'"):
        load("x")


def test_judging_has_no_effects() -> None:
    rules = "\n".join(
        [
            SIGNED,
            SIZE,
            "- {id: sbom, type: sbom-present, formats: [cyclonedx, spdx]}",
            "- {id: complete, type: sbom-complete, profile: ntia-2021}",
            "- {id: match, type: sbom-matches-artifact}",
            "- {id: built, type: slsa-build}",
            "- {id: steps, type: in-toto-layout, layout: root.layout, owners: [release]}",
            "- {id: set, type: asset-set}",
            "- {id: clean, type: archive-hygiene}",
            "- {id: licences, type: licence, deny: [MIT]}",
            "- {id: one, type: threshold, threshold: 1, evidence: [signature]}",
            "- {id: source, type: slsa-source}",
        ]
    )
    ready = policy(rules)
    assert {r.type for r in ready.rules} == set(RULES)
    held = signed_case(verified=(proof(APP), built(APP)), observed=(observed(APP, file("a")),), listing=listing(APP))
    expected = judge(held, ready, at=NOON)
    with no_effects():
        again = judge(held, ready, at=NOON)
    assert again.findings == expected.findings


def test_a_policy_can_be_made_by_hand() -> None:
    ready = policy(SIZE)
    made = Policy(id=ready.id, version=ready.version, facts=ready.facts, rules=ready.rules)
    assert made.sha256 == ready.sha256
