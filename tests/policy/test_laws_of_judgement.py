"""Laws of the gate, over generated cases and policies."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.model.case import Case
from supplychain.model.decision import Decision, Verdict
from supplychain.model.statement import Subject
from supplychain.policy.model import Policy
from supplychain.report import render
from tests.support.cases import (
    CERTIFIED,
    artifact,
    built,
    case,
    certificate,
    certified,
    component,
    file,
    judged,
    listing,
    observed,
    packed,
    policy,
    proof,
    refused,
    sbom,
)

APP, WHL = artifact(), artifact("app.whl", b"a wheel\n")
SEEN = [packed(APP, component("mit", "1", "MIT")), packed(WHL, component("agpl", "1", "AGPL-3.0-only"))]
MANY = f"release: {{key: release.pub}}\nother: {{key: other.pub}}\n{CERTIFIED.replace('release:', 'ci:', 1)}"

RULES = policy(
    """
- {id: signed, type: signer-identity, evidence: [signature], signers: [release]}
- {id: all, type: signer-identity, evidence: [signature], signers: [release, other], all: true}
- {id: built, type: slsa-build, signers: [release]}
- {id: level, type: slsa-build, level: 2, signers: [other], mode: warn}
- {id: present, type: sbom-present, formats: [cyclonedx, spdx], signers: [release]}
- {id: complete, type: sbom-complete, profile: ntia-2021, signers: [release]}
- {id: match, type: sbom-matches-artifact, signers: [release]}
- {id: licences, type: licence, deny: [AGPL-3.0-only], signers: [release]}
- {id: set, type: asset-set}
- {id: clean, type: archive-hygiene, when: {artifact: '*.whl'}}
- {id: two, type: threshold, threshold: 2, signers: [release, other, ci], evidence: [signature]}
- {id: apart, type: threshold, threshold: 1, signers: [other, ci], evidence: [signature], distinct-from: builder}
- {id: source, type: slsa-source, signers: [ci], ref: refs/tags/v*}
- {id: hardened, type: slsa-build, level: 2, signers: [ci], trigger: [push]}
- {id: size, type: max-size, bytes: 20B, when: {kind: patch}}
- {id: audit, type: max-size, bytes: 1B, mode: audit, allow-empty: true}""",
    MANY,
).rules

FORK = certificate(identity="https://github.com/fork/app/.github/workflows/release.yml@refs/tags/v1.0.0")
SOURCE = Subject(uri="git+https://github.com/octo/app@refs/tags/v1.0.0", digests={"gitCommit": "c" * 40})
EVIDENCE = [
    *(proof(a, signer=s) for a in (APP, WHL) for s in ("release", "other", "stranger")),
    *(built(a, signer=s) for a in (APP, WHL) for s in ("release", "other")),
    *(sbom(seen, kind) for seen in SEEN for kind in ("cyclonedx", "spdx")),
    sbom(observed(APP, file("lie")), payload_sha256="1" * 64),
    *(certified(proof(a, signer="ci"), facts) for a in (APP, WHL) for facts in (certificate(), FORK)),
    *(certified(built(a, signer="ci", by=certificate().identity, materials=(SOURCE,))) for a in (APP, WHL)),
]
REJECTED = [refused(APP), refused(WHL, judged=False), refused(None, uri="x"), refused(APP, predicate_type="vsa")]


def subsets(items: list[Any], least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(range(len(items))), unique=True, min_size=least).map(
        lambda n: [items[i] for i in n]
    )


CASES = st.builds(
    lambda artifacts, verified, seen, rejected, lay: case(
        *artifacts, verified=tuple(verified), observed=tuple(seen), rejected=tuple(rejected), listing=lay
    ),
    subsets([APP, WHL]),
    subsets(EVIDENCE) | st.just(EVIDENCE),
    subsets(SEEN) | st.just(SEEN),
    subsets(REJECTED) | st.just([]),
    st.sampled_from([None, listing(APP, WHL, kind="patch"), listing(APP), listing(APP, WHL, signed=False)]),
)
BASE = replace(policy("- {id: size, type: max-size, bytes: 1MB}", MANY), rules=RULES)
POLICIES = subsets(list(RULES), least=1).map(lambda rules: replace(BASE, rules=tuple(rules)))


def shown(decision: Decision) -> str:
    return render(decision, "json")


@settings(max_examples=100, deadline=None)
@given(CASES, POLICIES, st.sampled_from(RULES))
def test_adding_a_rule_never_turns_a_denial_into_anything_better(held: Case, by: Policy, extra: Any) -> None:
    """Law: adding a rule never turns deny into allow."""
    before = judged(held, by).verdict
    more = replace(by, rules=(*(r for r in by.rules if r.id != extra.id), extra))
    if before is Verdict.DENIED:
        assert judged(held, more).verdict is Verdict.DENIED


@settings(max_examples=100, deadline=None)
@given(CASES, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_evidence_and_artifacts_changes_no_byte(held: Case, by: Policy, random: Any) -> None:
    """Law: the order of evidence never changes the verdict."""

    def mixed(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(items, len(items)))

    other = replace(
        held,
        artifacts=mixed(held.artifacts),
        verified=mixed(held.verified),
        observed=mixed(held.observed),
        rejected=mixed(held.rejected),
    )
    assert shown(judged(other, by)) == shown(judged(held, by))


@settings(max_examples=60, deadline=None)
@given(CASES, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_rules_changes_no_verdict(held: Case, by: Policy, random: Any) -> None:
    mixed = replace(by, rules=tuple(random.sample(by.rules, len(by.rules))))
    first, second = judged(held, by), judged(held, mixed)
    assert first.verdict is second.verdict
    assert sorted(map(repr, first.findings)) == sorted(map(repr, second.findings))


@settings(max_examples=60, deadline=None)
@given(CASES, POLICIES)
def test_the_verdict_is_what_the_findings_say(held: Case, by: Policy) -> None:
    """No enforced failure or error is ever part of a permit."""
    decision = judged(held, by)
    enforced = {f.outcome for f in decision.findings if f.mode == "enforce"}
    assert (decision.verdict is Verdict.DENIED) is ("fail" in enforced)
    assert bool(decision) is (not enforced & {"fail", "error"})
    assert {f.rule for f in decision.findings} >= {r.id for r in by.rules}
    if decision:
        assert held.artifacts
        assert any(f.examined for f in decision.findings)


@settings(max_examples=40, deadline=None)
@given(CASES)
def test_without_evidence_nothing_is_allowed(held: Case) -> None:
    """Absence of evidence never helps."""
    assert not judged(replace(held, verified=()), replace(BASE, rules=RULES[:1]))
