"""The public conformance suite of Sigstore clients: every case right, by path and by digest, for its own reason.

``REASONS`` says, for each case that must be refused, which error tells what its README states.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from supplychain.errors import (
    EvidenceIncomplete,
    IdentityMismatch,
    KeyUnusable,
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    TimestampInvalid,
    UnsupportedType,
)
from supplychain.keys.public import read_public
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.model.verified import Signature
from supplychain.roots.packaged import packaged_root
from supplychain.verify.trust import Identity, Trust
from supplychain.verify.verifier import verify_evidence

SUITE: Final = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "sigstore-conformance"
CASES: Final = sorted(p.name for p in SUITE.iterdir() if p.is_dir()) if SUITE.is_dir() else []
pytestmark = pytest.mark.skipif(not CASES, reason="the conformance suite is not beside this checkout")

IDENTITY: Final = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER: Final = "https://token.actions.githubusercontent.com"
NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)

REASONS: Final[dict[str, tuple[type[SupplyChainError], str]]] = {
    "bundle-empty-certificate-chain_fail": (SignatureInvalid, "empty certificate chain"),
    "bundle-from-wrong-instance_fail": (SignatureInvalid, "which the trusted root does not name"),
    "bundle-invalid-base64-signature_fail": (MalformedDocument, "expected base64"),
    "bundle-malformed-json_fail": (MalformedDocument, "unterminated string"),
    "bundle-negative-log-index_fail": (MalformedDocument, "not negative, found -1"),
    "bundle-unknown-version_fail": (UnsupportedType, "version=99.9"),
    "bundle-with-root-cert_fail": (SignatureInvalid, "self-issued certificate"),
    "checkpoint-bad-keyhint_fail": (LogEntryMismatch, "checkpoint is not signed by the log"),
    "checkpoint-wrong-roothash_fail": (LogEntryMismatch, "checkpoint is of another size or root hash"),
    "dsse-invalid-sig_fail": (SignatureInvalid, "not made by its certificate"),
    "dsse-mismatch-envelope_fail": (LogEntryMismatch, "about another statement"),
    "dsse-mismatch-sig_fail": (LogEntryMismatch, "about another signature"),
    "inclusion-proof-corrupted-hash_fail": (LogEntryMismatch, "inclusion proof does not lead"),
    "incorrect-public-key_fail": (LogEntryMismatch, "inclusion proof does not lead"),
    "integrated-time-in-future_fail": (TimestampInvalid, "its certificate is valid from"),
    "intoto-expired-certificate_fail": (TimestampInvalid, "its certificate is valid from"),
    "intoto-log-entry-mismatch_fail": (LogEntryMismatch, "about another signature"),
    "intoto-missing-inclusion-proof_fail": (EvidenceIncomplete, "without an inclusion proof"),
    "intoto-set-outside-signing-cert-validity_fail": (TimestampInvalid, "its certificate is valid from"),
    "intoto-tsa-timestamp-outside-cert-validity_fail": (TimestampInvalid, "its certificate is valid from"),
    "invalid-checkpoint-signature_fail": (LogEntryMismatch, "checkpoint is not signed by the log"),
    "invalid-ct-key_fail": (LogEntryMismatch, "certificate timestamp (SCT)"),
    "invalid-inclusion-proof_fail": (LogEntryMismatch, "inclusion proof does not lead"),
    "managed-key-no-key_fail": (IdentityMismatch, "signed by a key"),
    "managed-key-wrong-key_fail": (KeyUnusable, "no PEM public key"),  # not a point of its curve
    "message-digest-mismatch_fail": (SubjectMismatch, "names other bytes than its signature"),
    "rekor2-checkpoint-missing-log-signature_fail": (MalformedDocument, "signature"),
    "rekor2-checkpoint-missing-origin_fail": (MalformedDocument, "expected an origin"),
    "rekor2-checkpoint-missing-root-hash_fail": (MalformedDocument, "a root hash"),
    "rekor2-checkpoint-missing-size_fail": (MalformedDocument, "a size"),
    "rekor2-checkpoint-no-matching-signature_fail": (LogEntryMismatch, "checkpoint is not signed by the log"),
    "rekor2-dsse-invalid-sig_fail": (SignatureInvalid, "not made by its certificate"),
    "rekor2-dsse-mismatch-envelope_fail": (LogEntryMismatch, "and statement"),
    "rekor2-dsse-mismatch-sig_fail": (LogEntryMismatch, "about another signature"),
    "rekor2-no-inclusion-proof_fail": (EvidenceIncomplete, "without an inclusion proof"),
    "rekor2-no-timestamp_fail": (EvidenceIncomplete, "nobody vouches for the time"),
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": (TimestampInvalid, "outside of the authority's validity"),
    "rekor2-timestamp-outside-tsa-cert-validity_fail": (TimestampInvalid, "certificate"),
    "rekor2-timestamp-payload-mismatch_fail": (TimestampInvalid, "another signature"),
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": (TimestampInvalid, "no timestamp authority that"),
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": (TimestampInvalid, "no timestamp authority that"),
    "rekor2-timestamp-with-incorrect-time_fail": (TimestampInvalid, "its certificate is valid from"),
    "set-invalid-signature_fail": (LogEntryMismatch, "promise (SET) was not signed"),
    "signature-mismatch_fail": (SignatureInvalid, "not made by its certificate"),
    "trust-root-tlog-missing-validity-start_fail": (MalformedDocument, "missing"),
    "wrong-hashedrekord-artifact_fail": (LogEntryMismatch, "file"),
    "wrong-hashedrekord-cert-and-sig_fail": (LogEntryMismatch, "signature and key"),
    "wrong-hashedrekord-entry_fail": (LogEntryMismatch, "another signature and key and file"),
    "wrong-material_fail": (SubjectMismatch, "this file is sha256"),
}


def read(case: str, name: str) -> bytes | None:
    path = SUITE / case / name
    return path.read_bytes() if path.exists() else None


def judge(case: str, *, by_digest: bool) -> None:
    content = read(case, "artifact") or (SUITE / "a.txt").read_bytes()
    artifact = Artifact(
        name="artifact",
        sha256=hashlib.sha256(content).hexdigest(),
        measure=None if by_digest else lambda algorithm: hashlib.new(algorithm, content).hexdigest(),
    )
    key, root = read(case, "key.pub"), read(case, "trusted_root.json")
    identity = (read(case, "identity") or IDENTITY.encode()).decode().strip()
    issuer = (read(case, "issuer") or ISSUER.encode()).decode().strip()
    signer = read_public(key) if key else Identity(identity, issuer=issuer)
    trust = Trust(signer, root=root or packaged_root())
    bundle = Evidence(uri="bundle.sigstore.json", data=read(case, "bundle.sigstore.json") or b"")
    want = Statement if b'"dsseEnvelope"' in bundle.data else Signature
    assert verify_evidence(bundle, artifact, want, trust=trust, at=NOW)


@pytest.mark.parametrize("by_digest", [False, True], ids=["path", "digest"])
@pytest.mark.parametrize("case", [c for c in CASES if not c.endswith("_fail")])
def test_valid_case_is_accepted(case: str, by_digest: bool) -> None:
    judge(case, by_digest=by_digest)


@pytest.mark.parametrize("by_digest", [False, True], ids=["path", "digest"])
@pytest.mark.parametrize("case", [c for c in CASES if c.endswith("_fail")])
def test_invalid_case_is_refused_for_its_own_reason(case: str, by_digest: bool) -> None:
    with pytest.raises(SupplyChainError) as caught:
        judge(case, by_digest=by_digest)
    error, words = REASONS[case]
    assert type(caught.value) is error
    assert words in caught.value.message


def test_every_invalid_case_has_its_reason() -> None:
    assert REASONS.keys() == {c for c in CASES if c.endswith("_fail")}
