"""The gate on evidence of a private Sigstore: real certificates, logs and timestamps, judged by a policy file."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from supplychain import gate, judge, read_policy
from supplychain.errors import MalformedDocument, SecondOpinionDiffers, UsageError
from supplychain.keys import generate
from supplychain.model.decision import Decision, Verdict
from supplychain.release.gate import collect
from supplychain.release.permits import summary_of
from supplychain.roots.packaged import packaged_root
from supplychain.verify.trust import Signer, Trust
from tests.sigstore_stack import bundles, root
from tests.sigstore_stack.claims import GITHUB_ISSUER, Claims, person, workflow
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack
from tests.support.commands import CommandLine, command

__all__ = ["command"]

CONTENT = b"the bytes of a release\n"
REPOSITORY = "https://github.com/example/widget"
SHARED = "https://github.com/octo/builder/.github/workflows/build.yml@refs/tags/v3"
OWN = f"{{issuer: {GITHUB_ISSUER}, identity: '{REPOSITORY}/.github/workflows/release.yml@refs/tags/v*'}}"
APART = f"{{issuer: {GITHUB_ISSUER}, identity: {SHARED}, slsa-level: 3, claims: {{source-repository: {REPOSITORY}}}}}"
SIGNED = "- {id: signed, type: signer-identity, evidence: [signature, provenance]}"


def by_builder(**changes: str) -> Claims:
    """The shared workflow, called by the repository that it builds."""
    return replace(workflow(), subject=SHARED, build_signer_uri=SHARED, **changes)


def provenance(builder: str, *, commit: str = workflow().build_signer_digest, **more: Any) -> bytes:
    """A Statement of SLSA provenance v1 about the artifact, as GitHub writes it."""
    source = {"uri": f"git+{REPOSITORY}@refs/tags/v1.0.0", "digest": {"gitCommit": commit}}
    predicate = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {},
            "internalParameters": {"github": {"event_name": "push"}},
            "resolvedDependencies": [source],
        },
        "runDetails": {"builder": {"id": builder}},
    }
    statement = json.loads(bundles.statement(CONTENT))
    return json.dumps({**statement, "predicate": {**predicate, **more}}).encode()


@dataclass(slots=True, kw_only=True)
class Release:
    """A folder with an artifact, what a private Sigstore signed of it, its root, and a policy."""

    folder: Path
    stack: Stack

    @property
    def artifact(self) -> Path:
        return self.folder / "app.tar.gz"

    @property
    def root(self) -> Path:
        return self.folder / "root.json"

    @property
    def root_sha256(self) -> str:
        return hashlib.sha256(self.root.read_bytes()).hexdigest()

    def sign(self, *signers: Claims, statements: Sequence[tuple[bytes, Claims]] = ()) -> "Release":
        """Signatures by these, and statements each by another."""
        self.artifact.write_bytes(CONTENT)
        self.root.write_bytes(bundles.to_json(root.trusted_root(self.stack)))
        lines: list[bytes] = []
        for claims in signers:
            signer = bundles.enroll(self.stack, claims)
            lines.append(bundles.to_json(bundles.signed_artifact(self.stack, CONTENT, signer=signer)))
        for payload, claims in statements:
            signer = bundles.enroll(self.stack, claims)
            made = bundles.signed_statement(self.stack, payload, signer=signer, kind=EntryKind.DSSE_2)
            lines.append(bundles.to_json(made))
        Path(f"{self.artifact}.attestations.jsonl").write_bytes(b"\n".join(lines))
        return self

    def policy(self, rules: str, head: str | None = None, **signers: str) -> Path:
        """A policy that allows the root of this Sigstore."""
        (self.folder / "release.pub").write_bytes(generate().public.pem())
        named = signers or {"release": OWN}
        lines = ["schema: supplychain/policy/v1", "id: keyless", 'version: "1"']
        lines += [f"trusted-root: sha256:{self.root_sha256}" if head is None else head, "signers:"]
        lines += [f"  {name}: {entry}" for name, entry in named.items()]
        path = self.folder / "policy.yaml"
        path.write_text("\n".join([*lines, "rules:", *(f"  {line}" for line in rules.splitlines()), ""]))
        return path

    def judged(self, rules: str, **signers: str) -> Decision:
        return gate(self.artifact, policy=self.policy(rules, **signers), root=self.root)


@pytest.fixture
def release(tmp_path: Path, stack: Stack) -> Release:
    return Release(folder=tmp_path, stack=stack)


def built(release: Release, claims: Claims | None = None, **changes: Any) -> Release:
    """Signed, and with provenance, by one workflow."""
    claims = claims or workflow()
    return release.sign(claims, statements=[(provenance(claims.subject, **changes), claims)])


def said(decision: Decision) -> str:
    """Every message of a decision."""
    return "\n".join(f.message for f in decision.findings)


def test_evidence_of_the_named_workflow_is_allowed(release: Release) -> None:
    rules = f"{SIGNED}\n- {{id: built, type: slsa-build, level: 2, source: {REPOSITORY}, trigger: [push]}}"
    decision = built(release).judged(rules)
    assert decision.verdict is Verdict.ALLOWED, said(decision)
    assert decision.root == release.root_sha256
    assert decision.permit().policy.sha256 == decision.policy.sha256
    judgement = summary_of(decision).judgement
    assert judgement is not None
    assert judgement.root == release.root_sha256


@pytest.mark.threat(26)
def test_the_right_workflow_at_another_ref_is_denied(release: Release) -> None:
    decision = built(release, workflow(ref="refs/heads/attacker")).judged(SIGNED)
    assert decision.verdict is Verdict.DENIED
    assert "release.yml@refs/heads/attacker', whom nobody named" in said(decision)
    assert {r.code for r in decision.rejected} == {"IdentityMismatch"}


def test_a_fork_that_calls_the_shared_workflow_is_denied(release: Release) -> None:
    rules = "- {id: built, type: slsa-build, level: 3}"
    assert built(release, by_builder()).judged(rules, release=APART)
    fork = by_builder(source_repository_uri="https://github.com/fork/widget")
    decision = built(release, fork).judged(rules, release=APART)
    assert decision.verdict is Verdict.DENIED
    assert "its source repository is 'https://github.com/fork/widget', expected" in said(decision)


def test_a_shared_workflow_without_a_source_to_build_is_denied(release: Release) -> None:
    anybody = f"{{issuer: {GITHUB_ISSUER}, identity: {SHARED}}}"
    decision = built(release, by_builder()).judged(SIGNED, release=anybody)
    assert decision.verdict is Verdict.DENIED
    assert "is a workflow that anybody may call" in said(decision)


def test_a_self_hosted_runner_is_denied(release: Release) -> None:
    claims = by_builder(runner_environment="self-hosted")
    decision = built(release, claims).judged("- {id: built, type: slsa-build, level: 2}", release=APART)
    assert decision.verdict is Verdict.DENIED
    assert "it ran on a runner that is 'self-hosted', which is SLSA build level 1, 2 is needed" in said(decision)


@pytest.mark.threat(29)
def test_a_level_and_a_builder_that_only_the_provenance_claims_are_denied(release: Release) -> None:
    claimed = provenance("https://slsa.dev/builders/hardened/v1", verifiedLevels=["SLSA_BUILD_LEVEL_3"])
    release.sign(statements=[(claimed, workflow())])
    decision = release.judged("- {id: built, type: slsa-build, level: 3}")
    assert decision.verdict is Verdict.DENIED
    assert "signer release reaches SLSA build level 2 at most, 3 is needed" in said(decision)
    assert "it names the builder https://slsa.dev/builders/hardened/v1, and its certificate is of" in said(decision)


@pytest.mark.threat(29)
def test_a_commit_that_the_certificate_does_not_name_is_denied(release: Release) -> None:
    decision = built(release, commit="d" * 40).judged("- {id: built, type: slsa-build}")
    assert decision.verdict is Verdict.DENIED
    assert f"it names the commit '{'d' * 40}', its certificate says '{workflow().build_signer_digest}'" in said(
        decision
    )


TWO = "- {id: two, type: threshold, threshold: 2, signers: [release, person], evidence: [signature]}"
PERSON = "{issuer: https://accounts.example.com, identity: release-manager@example.com}"


@pytest.mark.threat(7)
@pytest.mark.threat(10)
def test_one_identity_twice_does_not_meet_a_threshold_of_two(release: Release) -> None:
    decision = release.sign(workflow(), workflow(ref="refs/tags/v1.0.1")).judged(TWO, release=OWN, person=PERSON)
    assert decision.verdict is Verdict.DENIED
    assert "the threshold is not met: 1 of 2 distinct signers: release (" in said(decision)
    assert release.sign(workflow(), person()).judged(TWO, release=OWN, person=PERSON)


def test_a_source_that_the_certificate_vouches_for_is_allowed(release: Release) -> None:
    rule = f"- {{id: source, type: slsa-source, source: {REPOSITORY}, ref: refs/tags/v*}}"
    assert built(release).judged(rule)
    other = built(release).judged(rule.replace("widget", "gadget"))
    assert f"its source is {REPOSITORY}, expected https://github.com/example/gadget" in said(other)


def test_a_stranger_of_the_same_name_is_denied(release: Release, stranger: Stack) -> None:
    built(Release(folder=release.folder, stack=stranger))
    release.root.write_bytes(bundles.to_json(root.trusted_root(release.stack)))
    decision = release.judged(SIGNED)
    assert decision.verdict is Verdict.DENIED
    assert decision.root == release.root_sha256


def test_a_root_that_the_policy_does_not_allow_is_refused_before_any_evidence(release: Release) -> None:
    release.sign()
    for head, given in (("", release.root), (f"trusted-root: sha256:{'0' * 64}", None)):
        policy = release.policy(SIGNED, head=head)
        with pytest.raises(UsageError, match="the policy allows the trusted root sha256:") as caught:
            gate(release.folder / "absent", policy=policy, root=given)
        assert "--trusted-root" in caught.value.hint


def test_a_root_that_is_none_is_refused_before_any_evidence(release: Release) -> None:
    release.sign()
    release.root.write_bytes(b"{}")
    with pytest.raises(MalformedDocument):
        gate(release.folder / "absent", policy=release.policy(SIGNED), root=release.root)


def test_the_packaged_root_may_be_named_by_digest_or_as_a_file(release: Release) -> None:
    release.sign()
    release.root.write_bytes(packaged_root())
    for head in ("trusted-root: packaged", f"trusted-root: sha256:{release.root_sha256}"):
        for given in (release.root, None):
            decision = gate(release.artifact, policy=release.policy(SIGNED, head=head), root=given)
            assert decision.verdict is Verdict.UNDETERMINED


def test_a_case_rests_on_one_root() -> None:
    from supplychain.release.gate import collect

    trust = Trust(Signer(name="a", key=generate().public), root=[b"{}", b"[]"])
    with pytest.raises(UsageError, match="one trusted root"):
        collect([], trust=trust, at=None)  # type: ignore[arg-type]  # never reached


def test_the_command_takes_the_root_that_the_policy_allows(command: CommandLine, stack: Stack) -> None:
    release = built(Release(folder=command.folder, stack=stack))
    release.policy(SIGNED)
    ran = command("gate", "app.tar.gz", "--policy", "policy.yaml", "--trusted-root", "root.json", "-o", "json")
    assert ran.code == 0, ran
    assert json.loads(ran.out)["root"] == {"sha256": release.root_sha256}
    ran = command("gate", "absent", "--policy", "policy.yaml")
    assert ran.code == 2
    assert "the packaged one is sha256:" in ran.err


def test_a_second_opinion_is_asked_where_the_policy_wants_one(release: Release) -> None:
    release.sign(workflow())
    both = f"trusted-root: sha256:{release.root_sha256}\nsecond-opinion: true"
    rules = "- {id: signed, type: signer-identity, evidence: [signature]}"
    asked = gate(release.artifact, policy=release.policy(rules, both), root=release.root)
    alone = gate(release.artifact, policy=release.policy(rules), root=release.root)
    assert asked.verdict is alone.verdict is Verdict.ALLOWED
    assert asked.policy.sha256 != alone.policy.sha256


def test_evidence_that_another_verifier_refuses_does_not_count(release: Release) -> None:
    release.sign(workflow())
    policy = read_policy(release.policy("- {id: signed, type: signer-identity, evidence: [signature]}"))
    trust = Trust(*policy.signers, root=release.root.read_bytes())

    def refuse(*_: object) -> None:
        raise SecondOpinionDiffers("it accepts nothing")

    at = datetime.now(UTC)
    case = collect([release.artifact], trust=trust, at=at, ask=refuse)
    assert case.verified == ()
    assert [r.code for r in case.rejected] == ["SecondOpinionDiffers"]
    assert judge(case, policy, at=at).verdict is Verdict.DENIED
