"""Rule threshold: N of M, and everything that looks like more signers than there are."""

from typing import Any

import pytest

from supplychain.errors import PolicyInvalid
from supplychain.model.decision import Finding, Outcome
from supplychain.model.verified import Source, Verified
from supplychain.predicates.test_result import ResultOfTests
from tests.support.cases import artifact, built, case, certificate, certified, judged, only, policy, proof, refused

APP, WHL = artifact(), artifact("app.whl", b"a wheel\n")
THREE = "a: {key: a.pub}\nb: {key: b.pub}\nc: {key: c.pub}"
TWO_OF = "type: threshold, threshold: 2, signers: [a, b, c], evidence: [signature]"
GITHUB = "https://token.actions.githubusercontent.com"
TESTED = "https://in-toto.io/attestation/test-result/v0.1"


def finding(rule: str, *verified: Verified[Any], signers: str = THREE, **more: Any) -> Finding:
    """What one rule comes to."""
    return only(judged(case(APP, verified=verified, **more), policy(f"- {{id: r, {rule}}}", signers)))


def signed(*names: str) -> list[Verified[Any]]:
    return [proof(APP, signer=name) for name in names]


def by(email: str, name: str, issuer: str = "https://a.example", **changes: Any) -> Verified[Any]:
    """A signature with the certificate of a person."""
    facts = certificate(identity=email, issuer=issuer, source_repository="")
    return certified(proof(APP, signer=name), facts, **changes)


def test_enough_different_signers_pass() -> None:
    found = finding(TWO_OF, *signed("a", "c"))
    assert (found.outcome, found.message) == (Outcome.PASS, "signature by a, c")
    assert {e.signer for e in found.evidence} == {"a", "c"}
    assert finding(TWO_OF, *signed("a", "b", "c")).outcome is Outcome.PASS


def test_too_few_signers_fail_and_are_counted() -> None:
    found = finding(TWO_OF, *signed("b"))
    assert found.outcome is Outcome.FAIL
    assert found.message == "the threshold is not met: 1 of 2 distinct signers: b"
    assert (found.expected, found.actual) == ("2 of a, b, c", "1")
    assert found.fix.startswith("Let another of a, b, c sign app.tar.gz")


def test_without_any_signature_the_threshold_cannot_be_judged() -> None:
    found = finding(TWO_OF)
    assert (found.outcome, found.examined, found.message) == (Outcome.ERROR, 0, "no signature by a or b or c was found")
    assert finding(TWO_OF, rejected=(refused(APP),)).outcome is Outcome.FAIL


def test_every_artifact_and_every_kind_needs_its_signers() -> None:
    rule = "type: threshold, threshold: 2, signers: [a, b], evidence: [signature, provenance]"
    both = [p for name in ("a", "b") for p in (proof(APP, signer=name), built(APP, signer=name))]
    assert finding(rule, *both).outcome is Outcome.PASS
    found = finding(rule, *both[:3])
    assert found.message == "the threshold is not met: 1 of 2 distinct signers: a"
    held = case(APP, WHL, verified=tuple(signed("a", "b")))
    found = only(judged(held, policy(f"- {{id: r, {TWO_OF}}}", THREE)))
    assert (found.outcome, found.subject, found.examined, found.total) == (Outcome.ERROR, "app.whl", 1, 2)


@pytest.mark.threat(17)
@pytest.mark.parametrize("threshold", ["0", "-1", "'2'", "true"])
def test_a_threshold_of_nobody_is_refused_when_it_is_read(threshold: str) -> None:
    with pytest.raises(PolicyInvalid, match="threshold of rule 'r'"):
        policy(f"- {{id: r, type: threshold, threshold: {threshold}, signers: [a], evidence: [signature]}}", THREE)


@pytest.mark.threat(17)
@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("threshold: 3, signers: [a, b]", "a threshold of 3 can never be met by 2 named signers"),
        ("threshold: 2, signers: [a, a]", "a threshold of 2 can never be met by 1 named signer"),
        ("signers: [a, b]", "lacks 'threshold'"),
        ("threshold: 2, signers: []", "names no signer"),
        ("threshold: 2", "must say whose evidence counts"),
        ("threshold: 1, signers: [a], distinct: name", "expected 'identity' or 'issuer'"),
        ("threshold: 1, signers: [a], distinct-from: author", "expected 'builder'"),
    ],
)
def test_a_threshold_that_is_never_met_is_refused_when_it_is_read(rule: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        policy(f"- {{id: r, type: threshold, evidence: [signature], {rule}}}", THREE)
    assert said in str(caught.value)


def test_the_only_signer_of_a_policy_meets_no_threshold_of_two() -> None:
    with pytest.raises(PolicyInvalid, match="can never be met by 1 named signer"):
        policy("- {id: r, type: threshold, threshold: 2, evidence: [signature]}")


@pytest.mark.threat(7)
def test_one_key_twice_is_one_signer() -> None:
    twice = [proof(APP, signer="a"), proof(APP, signer="a", source=Source("other.json", "e" * 64))]
    found = finding(TWO_OF, *twice)
    assert (found.outcome, found.actual) == (Outcome.FAIL, "1")


@pytest.mark.threat(10)
def test_two_log_entries_of_one_signer_are_one_signer() -> None:
    people = "\n".join(f"{n}: {{issuer: https://a.example, identity: '{n}*@example.org'}}" for n in "ab")
    rule = TWO_OF.replace("a, b, c", "a, b")
    twice = [by("a@example.org", "a", source=Source(f"{n}.json", n * 64)) for n in "12"]
    found = finding(rule, *twice, signers=people)
    assert found.message == "the threshold is not met: 1 of 2 distinct signers: a ('a@example.org')"
    assert finding(rule, *twice, by("b@example.org", "b"), signers=people).outcome is Outcome.PASS


@pytest.mark.threat(7)
def test_one_identity_under_two_names_is_one_signer() -> None:
    people = (
        "a: {issuer: https://a.example, identity: 'ann*@example.org'}\n"
        "b: {issuer: https://a.example, identity: ann@example.org}"
    )
    rule = TWO_OF.replace("a, b, c", "a, b")
    one = [by("ann@example.org", "a"), by("ann@example.org", "b")]
    assert finding(rule, *one, signers=people).actual == "1"
    both = [*one, by("annika@example.org", "a")]
    assert finding(rule, *both, signers=people).outcome is Outcome.PASS


@pytest.mark.threat(7)
def test_several_identities_under_one_name_are_one_signer() -> None:
    people = "a: {issuer: https://a.example, identity: 'x*@example.org'}\nb: {key: b.pub}"
    many = [by(f"x{n}@example.org", "a") for n in range(3)]
    assert finding(TWO_OF.replace("a, b, c", "a, b"), *many, signers=people).actual == "1"


@pytest.mark.threat(7)
def test_one_workflow_at_two_refs_is_one_signer() -> None:
    workflow = "https://github.com/octo/app/.github/workflows/release.yml"
    signers = "\n".join(
        f"{name}: {{issuer: {GITHUB}, identity: '{workflow}@{ref}'}}"
        for name, ref in (("a", "refs/tags/v*"), ("b", "refs/heads/main"))
    )
    two = [
        certified(proof(APP, signer="a"), certificate(identity=f"{workflow}@refs/tags/v1")),
        certified(proof(APP, signer="b"), certificate(identity=f"{workflow}@refs/heads/main")),
    ]
    assert finding(TWO_OF.replace("a, b, c", "a, b"), *two, signers=signers).actual == "1"


def test_a_workflow_without_a_ref_is_a_signer_by_its_name() -> None:
    signers = "\n".join(f"{n}: {{issuer: https://a.example, identity: 'https://ci.example/{n}'}}" for n in "ab")
    two = [
        certified(
            proof(APP, signer=n),
            certificate(identity=f"https://ci.example/{n}", issuer="https://a.example", source_repository=""),
        )
        for n in "ab"
    ]
    assert finding(TWO_OF.replace("a, b, c", "a, b"), *two, signers=signers).outcome is Outcome.PASS


def test_distinct_issuers_are_counted_with_their_people() -> None:
    people = "\n".join(
        f"{name}: {{issuer: https://{issuer}.example, identity: {email}@example.org}}"
        for name, issuer, email in (("a", "x", "ann"), ("b", "y", "ann"), ("c", "x", "bob"))
    )
    rule = f"{TWO_OF}, distinct: issuer"
    ann_x, ann_y, bob_x = (
        by("ann@example.org", "a", "https://x.example"),
        by("ann@example.org", "b", "https://y.example"),
        by("bob@example.org", "c", "https://x.example"),
    )
    found = finding(rule, ann_x, bob_x, signers=people)
    assert found.message.startswith("the threshold is not met: 1 of 2 distinct signers of different issuers: a (")
    assert finding(rule, ann_x, ann_y, signers=people).actual == "1"
    assert finding(rule, ann_y, bob_x, signers=people).outcome is Outcome.PASS
    assert finding(TWO_OF, ann_x, bob_x, signers=people).outcome is Outcome.PASS


def test_keys_are_issuers_of_their_own() -> None:
    assert finding(f"{TWO_OF}, distinct: issuer", *signed("a", "b")).outcome is Outcome.PASS


APART = f"{TWO_OF}, distinct-from: builder"


def test_whoever_built_it_does_not_count_where_duties_are_separate() -> None:
    provenance = built(APP, signer="a")
    assert finding(APART, provenance, *signed("b", "c")).outcome is Outcome.PASS
    found = finding(APART, provenance, *signed("a", "b"))
    assert found.outcome is Outcome.FAIL
    assert found.message == "the threshold is not met: 1 of 2 distinct signers: b (not counting a, who built it)"
    alone = finding(APART.replace("threshold: 2", "threshold: 1"), provenance, *signed("a"))
    assert alone.message == "the threshold is not met: 0 of 1 distinct signers: nobody (not counting a, who built it)"


def test_absence_of_provenance_does_not_help_the_builder() -> None:
    found = finding(APART, *signed("a", "b"))
    assert (found.outcome, found.message) == (
        Outcome.ERROR,
        "who built it is not known: no signer of the policy attested provenance of it",
    )


def test_a_builder_under_another_name_is_still_the_builder() -> None:
    people = (
        "a: {issuer: https://a.example, identity: 'ann*@example.org'}\n"
        "b: {issuer: https://a.example, identity: ann@example.org}"
    )
    rule = "type: threshold, threshold: 1, signers: [b], evidence: [signature], distinct-from: builder"
    facts = certificate(identity="ann@example.org", issuer="https://a.example", source_repository="")
    provenance = certified(built(APP, signer="a"), facts)
    assert finding(rule, provenance, by("ann@example.org", "b"), signers=people).outcome is Outcome.FAIL


def test_a_statement_that_says_failed_is_no_vote() -> None:
    rule = TWO_OF.replace("signature", "test-result").replace("threshold: 2", "threshold: 1")

    def tested(name: str, result: str) -> Verified[Any]:
        return proof(APP, ResultOfTests(result=result, configuration=()), TESTED, signer=name)

    assert finding(rule, tested("a", "PASSED")).outcome is Outcome.PASS
    found = finding(rule, tested("a", "PASSED"), tested("b", "FAILED"), tested("c", "FAILED"))
    assert (found.outcome, found.message) == (Outcome.FAIL, "its test-result by b says FAILED and 1 more")
