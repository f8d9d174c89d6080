"""Rule slsa-source: what a certificate says of the source, and a provenance that says the same."""

from dataclasses import replace
from typing import Any

import pytest

from supplychain.errors import PolicyInvalid
from supplychain.model.case import Case
from supplychain.model.decision import Finding, Outcome
from supplychain.model.statement import Subject
from supplychain.model.verified import Verified
from tests.support.cases import (
    CERTIFIED,
    artifact,
    built,
    case,
    certificate,
    certified,
    judged,
    listing,
    only,
    policy,
    proof,
    refused,
)

APP, WHL = artifact(), artifact("app.whl", b"a wheel\n")
COMMIT = "c" * 40
SOURCE = Subject(uri="git+https://github.com/octo/app@refs/tags/v1.0.0", digests={"gitCommit": COMMIT})


def made(*materials: Subject, about: Any = APP, **claims: str) -> Verified[Any]:
    """Provenance signed with a certificate."""
    return certified(built(about, materials=materials, by=certificate().identity), certificate(**claims))


def finding(held: Case, params: str = "", signers: str = CERTIFIED) -> Finding:
    return only(judged(held, policy(f"- {{id: r, type: slsa-source, signers: [release]{params}}}", signers)))


def test_source_and_commit_that_certificate_and_provenance_agree_on_pass() -> None:
    params = f", source: 'https://github.com/octo/*', source-id: '42', ref: refs/tags/v*, commit: {COMMIT}"
    found = finding(case(APP, verified=(made(SOURCE),)), params)
    assert (found.outcome, found.examined) == (Outcome.PASS, 1)
    assert found.message == "built from https://github.com/octo/app at cccccccccccc"
    assert finding(case(APP, verified=(made(SOURCE),))).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("materials", "claims", "params", "said"),
    [
        ((), {}, "", "it names no commit"),
        (
            (Subject(uri="git+https://github.com/octo/app", digests={"gitCommit": "d" * 40}),),
            {},
            "",
            "it names the commit",
        ),
        (
            (Subject(uri="git+https://github.com/fork/app", digests={"gitCommit": COMMIT}),),
            {},
            "",
            "it names the source",
        ),
        ((SOURCE,), {"source_digest": ""}, "", "its certificate does not say which commit"),
        ((SOURCE,), {"source_repository": ""}, "", "its certificate does not say which commit"),
        (
            (SOURCE,),
            {},
            ", source: https://github.com/octo/other",
            "its source is https://github.com/octo/app, expected",
        ),
        ((SOURCE,), {}, ", source-id: '4'", "its repository's number is 42, expected 4"),
        (
            (SOURCE,),
            {"source_repository_id": ""},
            ", source-id: '4'",
            "its repository's number is not said, expected 4",
        ),
        ((SOURCE,), {}, ", ref: refs/heads/main", "its ref is refs/tags/v1.0.0, expected refs/heads/main"),
        ((SOURCE,), {}, f", commit: {'d' * 40}", f"its commit is {COMMIT}, expected"),
    ],
)
def test_another_source_fails(materials: tuple[Subject, ...], claims: dict[str, str], params: str, said: str) -> None:
    found = finding(case(APP, verified=(made(*materials, **claims),)), params)
    assert found.outcome is Outcome.FAIL
    assert said in found.message


def test_under_a_key_nobody_vouches_for_the_source() -> None:
    found = finding(case(APP, verified=(built(APP, materials=(SOURCE,)),)), "", "release: {key: release.pub}")
    assert found.message == "provenance: it is signed by a key, so that nobody else vouches for its source"
    assert found.outcome is Outcome.FAIL


def test_one_good_provenance_is_enough_and_the_nearest_bad_one_is_told() -> None:
    bad, worse = made(), made(source_digest="")
    assert finding(case(APP, verified=(bad, worse, made(SOURCE)))).outcome is Outcome.PASS
    assert finding(case(APP, verified=(worse, bad))).message == "provenance: it names no commit"


def test_without_provenance_the_source_cannot_be_judged() -> None:
    found = finding(case(APP, WHL, verified=(made(SOURCE),)))
    assert (found.outcome, found.subject, found.examined, found.total) == (Outcome.ERROR, "app.whl", 1, 2)
    assert finding(case(APP, rejected=(refused(APP),))).outcome is Outcome.FAIL
    nothing = judged(case(), policy("- {id: r, type: slsa-source}", CERTIFIED))
    assert not nothing


def test_the_commit_of_a_signed_release_is_the_one_that_was_built() -> None:
    both = f"{CERTIFIED}\nother: {{key: other.pub}}"

    def released(commit: str, *, signed: bool = True) -> Case:
        declared = listing(APP, commit=commit, signed=False)
        by = proof(declared.source.sha256, signer="other") if signed else None
        return case(APP, verified=(made(SOURCE),), listing=replace(declared, proof=by))

    assert finding(released(COMMIT), "", both).outcome is Outcome.PASS
    found = finding(released("d" * 40), "", both)
    assert found.message == f"provenance: release.json is of the commit {'d' * 40}, this is of {COMMIT}"
    assert finding(released("d" * 40, signed=False), "", both).outcome is Outcome.PASS


@pytest.mark.parametrize("commit", ["main", "C" * 40, "c" * 39])
def test_a_commit_is_named_in_full(commit: str) -> None:
    with pytest.raises(PolicyInvalid, match="commit of rule 'r': expected text of the form"):
        policy(f"- {{id: r, type: slsa-source, commit: {commit}}}", CERTIFIED)
