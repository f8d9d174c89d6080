"""Decisions and other results to render: one of each kind, minted as only the tests may."""

from datetime import UTC, datetime
from typing import Any, Final

from supplychain.model.decision import Cited, Decision, Finding, Mode, Outcome, Verdict
from supplychain.model.evidence import Rejected
from supplychain.model.permit import JudgedSubject, PolicyRef
from supplychain.model.release import Release
from supplychain.model.sealed import mint
from supplychain.model.verified import Source

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVER: Final = Release(
    product="chat-server", line="10.11", version="10.11.3", kind="patch", cause="security", commit="c0ffee" * 6 + "c0ff"
)
SUBJECTS: Final = tuple(
    JudgedSubject(name=f"chat-server-10.11.3-linux-{arch}.tar.gz", sha256=digit * 64, path=f"dist/{arch}.tar.gz")
    for arch, digit in (("amd64", "7"), ("arm64", "8"))
)


def finding(rule: str, outcome: Outcome = Outcome.PASS, **changes: Any) -> Finding:
    """A finding of one artifact of two."""
    fields: dict[str, Any] = {
        "rule": rule,
        "type": "signer-identity",
        "title": f"Title of {rule}",
        "help": f"What {rule} checks, and why.",
        "outcome": outcome,
        "mode": Mode.ENFORCE,
        "message": f"message of {rule}",
        "examined": 2,
        "total": 2,
        "failed": 1 if outcome is Outcome.FAIL else 0,
    }
    return Finding(**{**fields, **changes})


def decision(verdict: Verdict = Verdict.ALLOWED, *findings: Finding, **changes: Any) -> Decision:
    """A decision with these findings, on two artifacts."""
    fields: dict[str, Any] = {
        "verdict": verdict,
        "policy": PolicyRef(id="chat/server-release", version="2026.11.1", sha256="4f1c2a9be0d1" + "0" * 52),
        "root": None,
        "as_of": NOON,
        "subjects": SUBJECTS,
        "release": SERVER,
        "findings": findings,
        "inputs": (Source("dist/a.attestations.jsonl#1", "a" * 64), Source("dist/a.sigstore.json", "b" * 64)),
        "rejected": (),
        "no_permit": "",
    }
    made: Decision = mint(Decision, **{**fields, **changes})
    return made


def denied() -> Decision:
    """One finding of every kind, as a real refusal has them."""
    arm = SUBJECTS[1]
    return decision(
        Verdict.DENIED,
        finding(
            "signed-by-ci",
            Outcome.FAIL,
            message=f"{arm.name}: provenance is by octo/fork, not octo/server",
            subject=arm.name,
            subject_sha256=arm.sha256,
            evidence=(
                Cited(
                    uri="dist/arm64.attestations.jsonl#1", sha256="a" * 64, pointer="/predicate/builder", signer="ci"
                ),
            ),
            at="policies/server.yaml:14:5",
            expected="octo/server",
            actual="octo/fork",
            fix="Re-run the release workflow of octo/server from tag v10.11.3 for linux-arm64.",
        ),
        finding(
            "sbom-matches",
            Outcome.FAIL,
            message="2 files in the tarball are in no SBOM: bin/chatctl, prepackaged/jira-4.1.0.tar.gz",
            subject=arm.name,
            fix=f"Rebuild the SBOM from the tarball: supplychain sbom create dist/{arm.name}",
        ),
        finding(
            "tests-passed",
            Outcome.ERROR,
            message="no test-result attestation for sha256:777777777777",
            examined=0,
            fix="Attach the test results: supplychain attest --type test-result --predicate results.json ...",
        ),
        finding(
            "no-snapshot-deps",
            Outcome.FAIL,
            mode=Mode.WARN,
            unit="components",
            examined=412,
            total=412,
            message="example-lib 1.2.0-SNAPSHOT",
        ),
        finding(
            "licences",
            Outcome.WAIVED,
            unit="components",
            examined=412,
            total=412,
            failed=1,
            waiver="W-7",
            message="by a.person until 2026-12-01 (8 days): LGPL-2.1-only in libvips",
        ),
        finding("sbom-diff", Outcome.NOT_APPLICABLE, examined=0, total=0, message="only for minor releases"),
        *(finding(rule) for rule in ("builder-l3", "sbom-ntia", "asset-set", "archive-hygiene", "max-size")),
        rejected=(
            Rejected(
                uri="dist/arm64.attestations.jsonl#2",
                sha256="c" * 64,
                code="SignatureInvalid",
                message="not signed by the P-256 key sha256:0011aabb",
                judged=True,
            ),
        ),
    )
