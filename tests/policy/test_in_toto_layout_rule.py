"""in-toto-layout: a pass, a failure and nothing at all; and what would slip something in between two steps."""

from dataclasses import replace
from itertools import permutations
from typing import Any, Final

import pytest

from supplychain.errors import PolicyInvalid
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Decision, Outcome, Verdict
from supplychain.model.evidence import Rejected
from supplychain.model.statement import Subject
from supplychain.model.verified import Verified
from supplychain.policy.model import Policy
from supplychain.policy.reader import read_policy
from supplychain.policy.rules import in_toto_layout
from supplychain.predicates.link import Link
from supplychain.predicates.test_result import ResultOfTests
from tests.support.cases import artifact, case, judged, only, policy_text, proof
from tests.support.layouts import inspection, layout, public, signed, step
from tests.support.purity import no_effects

APP: Final = artifact()
SRC: Final = "c" * 64
URI: Final = "https://in-toto.io/attestation/link/v0.3"
RULE: Final = "- {id: chain, type: in-toto-layout, layout: in/root.layout, owners: [owner], signers: [alice, bob]}"
NO: Final = ["DISALLOW", "*"]
MATCH: Final = ["MATCH", "src.tar", "WITH", "PRODUCTS"]
TWO_STEPS: Final = layout(
    step("fetch", [NO], [["CREATE", "src.tar"], NO]),
    step("build", [[*MATCH, "FROM", "fetch"], NO], [["CREATE", "app*"], NO], by=("bob",)),
)


def policy(content: Any = TWO_STEPS, rule: str = RULE, by: tuple[str, ...] = ("owner",), signers: str = "") -> Policy:
    def load(path: str) -> bytes:
        if path == "in/root.layout":
            return content if isinstance(content, bytes) else signed(content, *by)
        return public(path.removesuffix(".pub")).pem()

    names = signers or "\n".join(f"{n}: {{key: {n}.pub}}" for n in ("owner", "alice", "bob", "carol"))
    return read_policy(policy_text(rule, names), where="policy.yaml", load=load)


def named(**files: str) -> tuple[Subject, ...]:
    return tuple(Subject(name=name.replace("_", "."), digests={"sha256": sha256}) for name, sha256 in files.items())


def said(name: str, by: str, materials: Any = (), products: Any = (), **changes: Any) -> Verified[Any]:
    """A verified link."""
    about = next((s.digests["sha256"] for s in products), "0" * 64)
    facts = {"signer": by, "signer_id": public(by).fingerprint, "subjects": tuple(products)}
    return proof(about, Link(name=name, materials=tuple(materials)), URI, **{**facts, **changes})


FETCH: Final = said("fetch", "alice", (), named(src_tar=SRC))
BUILD: Final = said("build", "bob", named(src_tar=SRC), named(app_tar_gz=APP.sha256))


def verdict(
    *steps: Verified[Any], content: Any = TWO_STEPS, artifacts: tuple[Artifact, ...] = (APP,), **more: Any
) -> Decision:
    about = tuple(s for s in steps if s.artifact.value == APP.sha256)
    held = case(*artifacts, steps=steps, verified=about, rejected=more.pop("rejected", ()))
    return judged(held, policy(content, **more))


def test_an_artifact_that_came_through_all_steps_passes() -> None:
    for order in permutations((FETCH, BUILD)):
        decision = verdict(*order)
        found = only(decision)
        assert (found.outcome, found.message) == (Outcome.PASS, "came through fetch, build")
        assert {e.signer for e in found.evidence} == {"alice", "bob"}
        assert {i.uri for i in decision.inputs} == {FETCH.source.uri, BUILD.source.uri}


def test_without_any_link_nothing_was_judged() -> None:
    decision = verdict()
    assert decision.verdict is Verdict.UNDETERMINED
    assert [f.message for f in decision.findings if f.rule == "chain"] == [
        "no link of step build by alice or bob was found",
        "no link of step fetch by alice or bob was found",
    ]
    assert verdict(rule=RULE.replace("}", ", allow-empty: true}")).verdict is not Verdict.DENIED


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((FETCH,), "no link of step build"),
        ((BUILD,), "no link of step fetch"),
        ((FETCH, said("build", "bob", named(src_tar="d" * 64), named(app_tar_gz=APP.sha256))), "materials of build"),
        ((FETCH, said("build", "bob", named(more=SRC), named(app_tar_gz=APP.sha256))), "DISALLOW *: more"),
        ((FETCH, said("build", "bob", named(src_tar=SRC), named(app_tar_gz="e" * 64))), "no product of the last step"),
        ((FETCH, said("build", "alice", named(src_tar=SRC), named(app_tar_gz=APP.sha256))), "there are links by alice"),
        ((FETCH, said("build", "carol", named(src_tar=SRC), named(app_tar_gz=APP.sha256))), "there are links by carol"),
        (
            (FETCH, said("build", "bob", [Subject(digests={"sha256": SRC})], named(app_tar_gz=APP.sha256))),
            f"DISALLOW *: sha256:{SRC}",
        ),
        (
            (FETCH, said("build", "bob", named(src_tar=SRC), (*named(app_tar_gz=APP.sha256), *named(app_tar_gz=SRC)))),
            "there are links by bob",
        ),
        (
            (FETCH, said("build", "bob", [Subject(name="src.tar", digests={"sha1": "a" * 40})], named(app=APP.sha256))),
            "DISALLOW *: src.tar",
        ),
    ],
    ids=range(10),
)
def test_what_did_not_come_through_is_not_allowed(steps: tuple[Verified[Any], ...], message: str) -> None:
    decision = verdict(*steps)
    assert message in only(decision).message
    missing = message.startswith("no link")
    assert decision.verdict is (Verdict.UNDETERMINED if missing else Verdict.DENIED)


def test_a_good_chain_is_found_among_old_and_bad_links() -> None:
    old = said("fetch", "alice", (), named(src_tar="d" * 64))
    wrong = said("build", "bob", named(src_tar="f" * 64), named(app_tar_gz=APP.sha256))
    test = proof(APP, ResultOfTests(result="PASSED", configuration=()), "https://example.org/t")
    for order in permutations((FETCH, old, wrong, BUILD)):
        assert only(verdict(*order, test)).outcome is Outcome.PASS
    assert only(verdict(old, wrong)).outcome is Outcome.FAIL


def test_judging_by_a_layout_has_no_effects() -> None:
    ready, held = policy(), case(APP, steps=(FETCH, BUILD))
    expected = judged(held, ready).findings
    with no_effects():
        assert judged(held, ready).findings == expected


def test_each_artifact_may_have_a_chain_of_its_own() -> None:
    other = artifact("app.zip", b"another")
    zipped = said("build", "bob", named(src_tar=SRC), named(app_zip=other.sha256))
    assert only(verdict(FETCH, BUILD, zipped, artifacts=(APP, other))).outcome is Outcome.PASS
    both = said("build", "bob", named(src_tar=SRC), named(app_tar_gz=APP.sha256, app_zip=other.sha256))
    assert only(verdict(FETCH, both, artifacts=(APP, other))).outcome is Outcome.PASS
    decision = verdict(FETCH, BUILD, artifacts=(APP, other))
    assert (only(decision).subject, only(decision).outcome) == ("app.zip", Outcome.FAIL)


def test_too_many_ways_to_combine_links_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_toto_layout, "MAX_CHAINS", 2)
    bad = [said("fetch", "alice", (), named(src_tar=f"{i:064x}")) for i in range(3)]
    found = only(verdict(*bad, BUILD))
    assert found.outcome is Outcome.ERROR
    assert "first 2 ways" in found.message


@pytest.mark.threat(7)
def test_a_threshold_counts_functionaries_who_agree() -> None:
    two = layout(step("build", by=("alice", "bob"), threshold=2))
    by_alice = said("build", "alice", named(src_tar=SRC), named(app_tar_gz=APP.sha256))
    again = said("build", "bob", named(src_tar=SRC), named(app_tar_gz=APP.sha256), payload_sha256="1" * 64)
    assert only(verdict(BUILD, by_alice, content=two)).outcome is Outcome.PASS
    assert only(verdict(BUILD, again, content=two)).outcome is Outcome.FAIL
    differs = said("build", "alice", named(src_tar="d" * 64), named(app_tar_gz=APP.sha256))
    assert only(verdict(BUILD, differs, content=two)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("content", "by", "outcome", "message"),
    [
        (TWO_STEPS, ("mallory",), Outcome.FAIL, "SignatureInvalid"),
        (TWO_STEPS, (), Outcome.FAIL, "SignatureInvalid"),
        (layout(step("build"), expires="2026-11-23T12:00:00Z"), ("owner",), Outcome.FAIL, "TimestampInvalid"),
        (layout(step("build"), inspect=[inspection("i", ["true"])]), ("owner",), Outcome.ERROR, "nobody's programs"),
        (layout(), ("owner",), Outcome.ERROR, "PolicyInvalid"),
        (b"no layout", ("owner",), Outcome.ERROR, "MalformedDocument"),
    ],
    ids=range(6),
)
def test_a_layout_that_does_not_count_lets_nothing_pass(
    content: Any, by: tuple[str, ...], outcome: Outcome, message: str
) -> None:
    found = only(verdict(FETCH, BUILD, content=content, by=by))
    assert found.outcome is outcome
    assert message in found.message


@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ("{key: owner.pub, revoked: true}", "the owner owner is revoked"),
        ("{issuer: 'https://i', identity: 'https://x/y'}", "the owner owner signs by certificates"),
    ],
)
def test_an_owner_who_cannot_sign_a_layout_is_not_believed(owner: str, why: str) -> None:
    found = only(verdict(FETCH, BUILD, signers=f"owner: {owner}\nalice: {{key: alice.pub}}\nbob: {{key: bob.pub}}"))
    assert (found.outcome, why in found.message) == (Outcome.ERROR, True)


def test_a_link_that_did_not_verify_is_told() -> None:
    bad = Rejected(
        uri="x/fetch.json", sha256="0" * 64, code="SignatureInvalid", message="by none", judged=True, predicate_type=URI
    )
    found = only(verdict(BUILD, rejected=(bad,)))
    assert (found.outcome, "fetch.json: by none" in found.message) == (Outcome.FAIL, True)
    found = only(verdict(BUILD, rejected=(replace(bad, judged=False),)))
    assert found.outcome is Outcome.ERROR


def test_a_link_by_a_key_that_only_borrows_the_name_does_not_count() -> None:
    stolen = said("build", "bob", named(src_tar=SRC), named(app=APP.sha256), signer_id=public("mallory").fingerprint)
    decision = verdict(FETCH, stolen)
    assert decision.verdict is not Verdict.ALLOWED
    assert "IdentityMismatch" in {r.code for r in decision.rejected}


def test_the_layout_enters_the_digest_of_the_policy_by_its_content() -> None:
    same = signed(TWO_STEPS, "owner")
    digest = policy(same).sha256
    assert policy(same).sha256 == digest
    assert policy(same + b"\n").sha256 != digest
    moved = policy(same, RULE.replace("in/root.layout", '"in/root.layout"'))
    assert moved.sha256 == digest
    assert "sha256:" in str(policy(same).resolved()["rules"])


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RULE.replace("in/root.layout", "../root.layout"), "not a path under the policy's folder"),
        (RULE.replace("in/root.layout", "/root.layout"), "not a path under the policy's folder"),
        (RULE.replace("in/root.layout", "1"), "expected the path of a file"),
        (RULE.replace("layout: in/root.layout, ", ""), "lacks 'layout'"),
        (RULE.replace("owners: [owner], ", ""), "lacks 'owners'"),
        (RULE.replace("owners: [owner]", "owners: []"), "at least one entry"),
        (RULE.replace("owners: [owner]", "owners: [nobody]"), "'nobody' is not in signers"),
    ],
)
def test_a_rule_without_layout_or_owners_is_no_policy(rule: str, message: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        policy(rule=rule)
    assert message in str(caught.value)


def test_a_layout_that_cannot_be_read_is_no_policy() -> None:
    def load(path: str) -> bytes:
        if path.endswith(".pub"):
            return public("owner").pem()
        raise FileNotFoundError(path)

    text = policy_text(RULE.replace("[alice, bob]", "[owner]"), "owner: {key: owner.pub}")
    with pytest.raises(PolicyInvalid, match="cannot be read"):
        read_policy(text, where="policy.yaml", load=load)
