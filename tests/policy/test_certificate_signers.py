"""Signers of a policy that are identities in certificates: what is refused when it is read, and whom they let sign."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from supplychain.errors import PolicyInvalid
from supplychain.model.decision import Outcome, Verdict
from supplychain.policy.explain import advice, explain_policy
from supplychain.policy.reader import read_policy
from tests.support.cases import (
    CERTIFIED,
    NOON,
    artifact,
    case,
    certificate,
    certified,
    judged,
    load_key,
    only,
    policy,
    policy_text,
    proof,
    public_key,
)

APP = artifact()
SIZE = "- {id: size, type: max-size, bytes: 1MB}"
SIGNED = "- {id: signed, type: signer-identity, evidence: [signature]}"
GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/octo/app/.github/workflows/release.yml@refs/tags/v1.0.0"
SHARED = "https://github.com/octo/builder/.github/workflows/build.yml@refs/heads/main"


def problems(signers: str) -> list[str]:
    """What is wrong with a policy of these signers; a mark stands where the first problem is."""
    text = policy_text(SIZE, signers).decode()
    before, _, after = text.partition("§")
    with pytest.raises(PolicyInvalid) as caught:
        read_policy((before + after).encode(), where="p.yaml", load=load_key)
    place = f"p.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    said = str(caught.value).splitlines()
    assert said[0].startswith(place), (said, place)
    return [line.partition(": ")[2] for line in said]


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    "identity",
    [
        "https://github.com/octo/.*",
        "^https://github.com/octo/chat$",
        "https://github\\\\.com/octo/chat",
        "https://github.com/(octo|evil)/chat",
        "https://github.com/octo/[a-z]+",
        "x.+@example.org",
        "x.?@example.org",
    ],
)
def test_a_regular_expression_as_identity_is_refused(identity: str) -> None:
    (said,) = problems(f'a: {{issuer: "https://i.example", identity: §"{identity}"}}')
    assert "this looks like a regular expression" in said


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    "identity",
    ["https://*/octo/chat", "https://github.com/*/chat", "x@*", "*", "http*://github.com/octo/chat", "*@*", "o*/chat"],
)
def test_host_and_owner_of_an_identity_are_literal(identity: str) -> None:
    (said,) = problems(f'a: {{issuer: "https://i.example", identity: §"{identity}"}}')
    assert "no * there" in said


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("§{identity: x@example.org}", "signer 'a' lacks 'issuer'"),
        ("§{issuer: 'https://i.example'}", "signer 'a' lacks 'identity'"),
        ("§{claims: {ref: refs/heads/main}, issuer: 'https://i.example'}", "signer 'a' lacks 'identity'"),
        ("{issuer: §'', identity: x@example.org}", "issuer of signer 'a': expected text"),
        ("{issuer: §'https://*', identity: x@example.org}", "issuer of signer 'a': expected the URL of an identity"),
        ("{issuer: §i.example, identity: x@example.org}", "issuer of signer 'a': expected the URL of an identity"),
        ("{issuer: https://i.example, identity: §''}", "identity of signer 'a': expected text"),
        ("{issuer: https://i.example, identity: §' '}", "identity of signer 'a': expected text without spaces"),
        ("{issuer: https://i.example, identity: §'*@example.org'}", "identity of signer 'a': * alone is every mailbox"),
        ("{issuer: https://i.example, identity: §'https://github.com/octo/**'}", "identity of signer 'a': ** is not"),
        ("{issuer: https://i.example, identity: x@example.org, §key: a.pub}", "unknown key 'identity'"),
        (
            "{issuer: https://i.example, identity: x@example.org, slsa-level: §4}",
            "slsa-level of signer 'a': expected 1,",
        ),
    ],
)
def test_a_signer_that_would_let_anybody_sign_is_refused(entry: str, expected: str) -> None:
    if "§key" in entry:
        with pytest.raises(PolicyInvalid, match="unknown key"):
            policy(SIZE, f"a: {entry.replace('§', '')}")
        return
    (said,) = problems(f"a: {entry}")
    assert said.startswith(expected)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ("source-repository: §octo/app", "expected the URL of a repository"),
        ("source-repository: §'https://github.com/octo/*'", "expected the URL of a repository"),
        ("source-repository: §https://github.com/octo/app/", "expected the URL of a repository"),
        ("source-repository: §https://github.com/octo/app.git", "expected the URL of a repository"),
        ("source-repository-id: §42", "expected a string, found 42"),
        ("source-repository-id: §'4*'", "this is exact"),
        ("ref: §'refs/**'", "expected a ref"),
        ("ref: §'^refs/tags/v.*$'", "expected a ref"),
        ("trigger: §'*'", "this is exact"),
        ("§reff: x", "unknown key 'reff' in signer 'a'; did you mean 'ref'?"),
    ],
)
def test_claims_are_exact_and_only_a_ref_is_a_glob(claims: str, expected: str) -> None:
    (said,) = problems(f"a: {{issuer: https://i.example, identity: x@example.org, claims: {{{claims}}}}}")
    assert expected in said


LEVEL = f"issuer: {GITHUB}, slsa-level: §3"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            f"issuer: {GITHUB}, identity: §'https://github.com/slsa-framework/slsa-github-generator/x.yml@refs/tags/v2'",
            "signer 'a': everybody may call this workflow",
        ),
        (f"issuer: https://i.example, slsa-level: §3, identity: {SHARED}", "signer 'a': level 3 is only known of"),
        (f"{LEVEL}, identity: {SHARED}", "signer 'a': level 3 needs claims.source-repository"),
        (
            f"{LEVEL}, identity: {WORKFLOW}, claims: {{source-repository: https://github.com/Octo/App}}",
            "signer 'a': level 3 needs a builder apart",
        ),
        (
            f"{LEVEL}, identity: 'https://github.com/octo/b/w/*@refs/tags/v1', claims: {{source-repository-id: '1'}}",
            "signer 'a': level 3 needs one builder",
        ),
    ],
)
def test_a_shared_workflow_is_pinned_to_what_it_builds(entry: str, expected: str) -> None:
    (said,) = problems(f"a: {{{entry}}}")
    assert said.startswith(expected)


def test_one_identity_under_two_names_is_refused() -> None:
    entry = f"{{issuer: {GITHUB}, identity: {WORKFLOW}}}"
    (said,) = problems(f"a: {entry}\n§b: {entry}")
    assert said == "signer 'b' is the same identity as 'a'"
    other = f"{{issuer: {GITHUB}, identity: {WORKFLOW}, claims: {{trigger: push}}}}"
    assert len(policy(SIZE, f"a: {entry}\nb: {other}").signers) == 2


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    entry = f"issuer: {GITHUB}, identity: {WORKFLOW}, valid-from: '2027-01-01', valid-until: §'2026-01-01'"
    assert problems(f"a: {{{entry}}}") == ["signer 'a': valid-until is before valid-from"]


ENTRY = {
    "issuer": GITHUB,
    "identity": "https://github.com/octo/builder/.github/workflows/build.yml@refs/tags/v*",
    "claims": "{source-repository: https://github.com/octo/app}",
}


def entry(**changes: str) -> str:
    return "{" + ", ".join(f"{k.replace('_', '-')}: {v}" for k, v in {**ENTRY, **changes}.items()) + "}"


def test_the_digest_of_a_policy_covers_every_word_about_an_identity() -> None:
    changes: list[Mapping[str, str]] = [
        {},
        {"issuer": "https://issuer.example"},
        {"identity": "https://github.com/octo/builder/.github/workflows/build.yml@refs/tags/w*"},
        {"claims": "{source-repository: https://github.com/octo/other}"},
        {"claims": "{source-repository-id: '42'}"},
        {"claims": "{source-repository: https://github.com/octo/app, ref: refs/heads/main}"},
        {"claims": "{source-repository: https://github.com/octo/app, trigger: push}"},
        {"valid_from": "'2026-01-01'"},
        {"valid_until": "'2027-01-01'"},
        {"revoked": "true"},
        {"builder": "https://builder.example"},
        {"slsa_level": "1"},
        {"slsa_level": "3"},
    ]
    digests = {policy(SIZE, f"a: {entry(**change)}").sha256 for change in changes}
    assert len(digests) == len(changes)
    assert policy(SIZE, f"a: {entry(slsa_level='2')}").sha256 == policy(SIZE, f"a: {entry()}").sha256


def test_an_identity_in_words() -> None:
    signer = entry(slsa_level="3", valid_from="'2026-01-01'")
    said = explain_policy(policy(SIGNED, f"a: {signer}"))
    assert (
        "  a: https://github.com/octo/builder/.github/workflows/build.yml@refs/tags/v*; vouched for by "
        f"{GITHUB}; its source-repository is https://github.com/octo/app; from 2026-01-01 00:00 UTC; "
        "SLSA build level 3 at most"
    ) in said.splitlines()
    assert "certificates lead to the trusted root packaged" in said.splitlines()


def test_lint_says_what_an_identity_would_never_or_too_easily_match() -> None:
    without = policy(SIGNED, f"a: {{issuer: {GITHUB}, identity: https://github.com/octo/app}}")
    assert any("its identity has no @REF" in line for line in advice(without))
    branches = "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/*"
    loose = policy(SIGNED, f"a: {{issuer: {GITHUB}, identity: '{branches}'}}")
    assert any("whoever can push any branch" in line for line in advice(loose))
    pinned = policy(SIGNED, f"a: {{issuer: {GITHUB}, identity: '{branches}', claims: {{ref: refs/heads/main}}}}")
    for good in (pinned, policy(SIGNED, CERTIFIED), policy(SIGNED, "a: {issuer: https://i.example, identity: a@b.c}")):
        assert advice(good) == ()


def verdict(signer: str, **claims: str) -> Verdict:
    """Of a signature with a certificate of these facts."""
    held = case(APP, verified=(certified(proof(APP), certificate(**claims)),))
    return judged(held, policy(SIGNED, f"release: {signer}")).verdict


EXACT = f"{{issuer: {GITHUB}, identity: {WORKFLOW}}}"


def test_a_certificate_of_the_named_identity_counts() -> None:
    decision = judged(case(APP, verified=(certified(proof(APP)),)), policy(SIGNED, CERTIFIED))
    assert decision
    assert only(decision).message == f"signature by release ('{WORKFLOW}')"
    assert verdict(EXACT) is Verdict.ALLOWED
    assert verdict(EXACT, identity=WORKFLOW.replace("v1.0.0", "v1.0.1")) is Verdict.DENIED


@pytest.mark.threat(21, 22, 24, 25, 26)
@pytest.mark.parametrize(
    "identity",
    [
        f"https://evil.example/?{WORKFLOW}",
        f"{WORKFLOW}/evil",
        WORKFLOW.replace("octo/app", "octo-evil/app"),
        WORKFLOW.replace("octo/app", "octo/app-evil"),
        f"{WORKFLOW}\n",
        WORKFLOW.replace("octo", "\u043ecto"),
        WORKFLOW.replace("octo", "\uff4fcto"),
        WORKFLOW.replace("refs/tags/v1.0.0", "refs/heads/attacker"),
        WORKFLOW.replace("release.yml", "test.yml"),
    ],
)
def test_another_identity_is_refused_and_shown_escaped(identity: str) -> None:
    for signer in (EXACT, CERTIFIED.partition(": ")[2]):
        held = case(APP, verified=(certified(proof(APP), certificate(identity=identity)),))
        decision = judged(held, policy(SIGNED, f"release: {signer}"))
        assert decision.verdict is Verdict.DENIED
        (refusal,) = decision.rejected
        assert refusal.code == "IdentityMismatch"
        assert f"it is {identity!a}, expected" in refusal.message
        assert only(decision).message.isascii()


@pytest.mark.threat(27)
def test_the_right_subject_of_another_issuer_is_refused() -> None:
    held = case(APP, verified=(certified(proof(APP), certificate(issuer="https://issuer.example")),))
    decision = judged(held, policy(SIGNED, CERTIFIED))
    assert decision.verdict is Verdict.DENIED
    assert "its issuer is 'https://issuer.example', expected" in decision.rejected[0].message


@pytest.mark.parametrize(
    ("claims", "changes"),
    [
        ("source-repository: https://github.com/octo/app", {"source_repository": "https://github.com/fork/app"}),
        ("source-repository-id: '42'", {"source_repository_id": "43"}),
        ("source-repository-id: '42'", {"source_repository_id": ""}),
        ("ref: refs/tags/v*", {"source_ref": "refs/heads/main"}),
        ("trigger: push", {"trigger": "pull_request_target"}),
    ],
)
def test_every_claim_that_is_asked_for_must_be_made(claims: str, changes: dict[str, str]) -> None:
    signer = f"{{issuer: {GITHUB}, identity: {WORKFLOW}, claims: {{{claims}}}}}"
    assert verdict(signer) is Verdict.ALLOWED
    assert verdict(signer, **changes) is Verdict.DENIED


def test_a_workflow_that_another_repository_called_counts_only_for_a_source_that_is_named() -> None:
    anybody = f"{{issuer: {GITHUB}, identity: {SHARED}}}"
    ours = f"{{issuer: {GITHUB}, identity: {SHARED}, claims: {{source-repository: https://github.com/octo/app}}}}"
    assert verdict(anybody, identity=SHARED) is Verdict.DENIED
    assert verdict(ours, identity=SHARED) is Verdict.ALLOWED
    assert verdict(ours, identity=SHARED, source_repository="https://github.com/fork/app") is Verdict.DENIED


def test_keys_and_certificates_do_not_stand_for_each_other() -> None:
    by_key = judged(case(APP, verified=(proof(APP),)), policy(SIGNED, CERTIFIED))
    assert by_key.verdict is Verdict.DENIED
    assert "signed by a key" in by_key.rejected[0].message
    fingerprint = public_key("release").fingerprint
    named = certified(proof(APP), certificate(identity=fingerprint))
    by_name = judged(case(APP, verified=(named,)), policy(SIGNED))
    assert by_name.verdict is Verdict.DENIED
    assert "which is not the policy's release" in by_name.rejected[0].message


@pytest.mark.parametrize("entry", ["revoked: true", "valid-until: '2026-11-22'", "valid-from: '2026-11-24'"])
def test_an_identity_counts_within_its_time_and_until_it_is_revoked(entry: str) -> None:
    signer = f"{{issuer: {GITHUB}, identity: {WORKFLOW}, {entry}}}"
    assert verdict(signer) is Verdict.DENIED


@pytest.mark.threat(56)
def test_evidence_that_another_root_vouched_for_does_not_count() -> None:
    held = case(APP, verified=(certified(proof(APP), root="1" * 64),))
    named = policy(SIGNED, CERTIFIED, head=f"trusted-root: sha256:{'1' * 64}")
    assert judged(held, named)
    other = replace(named, trusted_root=f"sha256:{'2' * 64}")
    decision = judged(held, other)
    assert decision.verdict is Verdict.DENIED
    assert decision.rejected[0].message == (
        f"vouched for by the trusted root sha256:{'1' * 64}, the policy names sha256:{'2' * 64}"
    )
    assert only(decision).outcome is Outcome.FAIL
    assert decision.as_of == NOON
