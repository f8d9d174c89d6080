"""The second opinion: asked for, sigstore-python agrees or says why it cannot judge, and a refusal of its is ours."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from sigstore.errors import VerificationError
from sigstore.verify import Verifier

from supplychain.api.trust import with_second_opinion
from supplychain.errors import SecondOpinionDiffers
from supplychain.keys.public import read_public
from supplychain.model.bundle import BUNDLE_V01
from supplychain.model.statement import Statement
from supplychain.model.verified import Signature, Verified
from supplychain.roots.opinion import AGREES, second_opinion
from supplychain.roots.packaged import packaged_root
from supplychain.verify.trust import Identity, Trust
from supplychain.verify.verifier import verify_any, verify_evidence
from tests.sigstore_stack import bundles, claims, keys, root
from tests.sigstore_stack.bundles import V0_1, V0_2, V0_3
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.fixtures import stack
from tests.sigstore_stack.stack import Stack
from tests.support.evidence import CONTENT, NOW, artifact, by_digest, evidence, key, signed
from tests.verify.test_conformance import CASES, IDENTITY, ISSUER, SUITE, read

__all__ = ("stack",)

WHO = claims.workflow()
TRUSTED = Identity(WHO.subject, issuer=WHO.issuer)


def proof_of(bundle: Any, trusted_root: bytes) -> Verified[Any]:
    trust = Trust(TRUSTED, key(), root=trusted_root)
    return verify_any(evidence(bundle), artifact(), trust=trust, at=NOW)[0]


def opinion(stack: Stack, bundle: Any, trusted_root: Any = None) -> str:
    data = bundles.to_json(root.trusted_root(stack) if trusted_root is None else trusted_root)
    return second_opinion(evidence(bundle), artifact(), proof_of(bundle, data), root=data)


def stated(stack: Stack, **how: Any) -> Any:
    payload = bundles.statement(CONTENT, predicate_type="https://docs.pypi.org/attestations/publish/v1")
    return bundles.signed_statement(stack, payload, **how)


@pytest.mark.parametrize("kind", [EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2])
@pytest.mark.parametrize("media_type", [V0_2, V0_3])
def test_it_agrees_about_signatures(stack: Stack, kind: EntryKind, media_type: str) -> None:
    assert opinion(stack, bundles.signed_artifact(stack, CONTENT, kind=kind, media_type=media_type)) == AGREES


@pytest.mark.parametrize("kind", [EntryKind.DSSE_1, EntryKind.HASHEDREKORD_2])
def test_it_agrees_about_statements(stack: Stack, kind: EntryKind) -> None:
    assert opinion(stack, stated(stack, kind=kind)) == AGREES


def test_it_agrees_about_an_artifact_known_by_its_digest(stack: Stack) -> None:
    data = bundles.to_json(root.trusted_root(stack))
    bundle = bundles.signed_artifact(stack, CONTENT)
    assert second_opinion(evidence(bundle), by_digest(), proof_of(bundle, data), root=data) == AGREES


@pytest.mark.parametrize("kind", [EntryKind.DSSE_2, EntryKind.INTOTO_1, EntryKind.INTOTO_2])
def test_entries_it_does_not_read_are_not_judged(stack: Stack, kind: EntryKind) -> None:
    said = opinion(stack, stated(stack, kind=kind))
    assert said.startswith("not judged by sigstore-python: a log entry of kind")


def test_a_key_that_is_not_p256_is_not_judged(stack: Stack) -> None:
    signer = bundles.enroll(stack, key=keys.NEW_KEY["p384"]())
    assert "P-256" in opinion(stack, stated(stack, signer=signer, kind=EntryKind.HASHEDREKORD_2))


def test_an_old_bundle_without_a_proof_is_not_judged(stack: Stack) -> None:
    bundle = bundles.signed_artifact(stack, CONTENT, media_type=V0_1)
    assert bundle["mediaType"] == BUNDLE_V01
    assert opinion(stack, bundle) == AGREES
    del bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]
    assert "without the proof" in opinion(stack, bundle)


def test_two_log_entries_are_not_judged(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    one, two = (stated(stack, signer=signer) for _ in range(2))
    # an ECDSA signature is new each time: the second entry is logged for the first envelope
    from tests.sigstore_stack import entries, rekor

    body = entries.body_of(EntryKind.DSSE_1, one["dsseEnvelope"], signer.verifier)
    one["verificationMaterial"]["tlogEntries"].append(rekor.log(stack.rekor(1), body))
    assert two
    assert "2 log entries" in opinion(stack, one)


def test_a_root_without_logs_is_not_judged(stack: Stack) -> None:
    bundle = stated(stack, stamped=True)
    bundle["verificationMaterial"]["tlogEntries"] = []
    document = {**root.trusted_root(stack), "tlogs": [], "ctlogs": []}
    assert "no logs" in opinion(stack, bundle, document)


def test_an_attestation_object_is_not_judged(stack: Stack) -> None:
    bundle = stated(stack)
    material = bundle["verificationMaterial"]
    found = {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {
            "statement": bundle["dsseEnvelope"]["payload"],
            "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
        },
    }
    assert "not in a Sigstore bundle" in opinion(stack, found)


def test_a_signature_by_a_key_is_not_judged(stack: Stack) -> None:
    bundle = signed()
    proof = proof_of(bundle, bundles.to_json(root.trusted_root(stack)))
    assert "signed by a key" in second_opinion(evidence(bundle), artifact(), proof, root=None)
    trust = Trust(key())
    assert set(with_second_opinion([proof], evidence(bundle), artifact(), trust=trust)) == {key().public.fingerprint}


def test_other_evidence_than_was_proven_is_a_disagreement(stack: Stack) -> None:
    """The proof is of one bundle, what sigstore-python is asked about another: file, signer, statement."""
    data = bundles.to_json(root.trusted_root(stack))
    proof = proof_of(bundles.signed_artifact(stack, CONTENT), data)
    someone = bundles.enroll(
        stack, replace(WHO, subject="https://github.com/octo/other/.github/workflows/x.yml@refs/heads/main")
    )
    for other in (
        bundles.signed_artifact(stack, b"another file"),
        bundles.signed_artifact(stack, CONTENT, signer=someone),
        stated(stack),
    ):
        with pytest.raises(SecondOpinionDiffers) as caught:
            second_opinion(evidence(other), artifact(), proof, root=data)
        assert caught.value.exit_code == 1


@pytest.mark.parametrize("error", [VerificationError("no"), AttributeError("x"), ValueError(""), KeyError("a")])
def test_whatever_it_raises_is_a_disagreement(stack: Stack, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(Verifier, "verify_artifact", fails)
    with pytest.raises(SecondOpinionDiffers, match=type(error).__name__):
        opinion(stack, bundles.signed_artifact(stack, CONTENT))
    assert not logging.getLogger("sigstore").disabled


def test_a_root_it_cannot_read_is_a_disagreement(stack: Stack) -> None:
    document = root.trusted_root(stack)
    bundle = bundles.signed_artifact(stack, CONTENT)
    data = bundles.to_json(document)
    broken = json.dumps({**document, "mediaType": "application/vnd.dev.sigstore.trustedroot.v0.2+json"}).encode()
    with pytest.raises(SecondOpinionDiffers):
        second_opinion(evidence(bundle), artifact(), proof_of(bundle, data), root=broken)


OWN_WAY = {
    "intoto-with-custom-trust-root": "a log entry of kind intoto 0.0.2",
    "trust-root-tsa-validity-end-inclusive": "not enough sources of verified time",  # it ends a second earlier
}
"""Valid cases of the conformance suite that sigstore-python does not accept, and what is said of each."""


@pytest.mark.skipif(not CASES, reason="the conformance suite is not beside this checkout")
@pytest.mark.parametrize("case", [c for c in CASES if not c.endswith("_fail")])
def test_the_conformance_suite_gets_the_same_from_both(case: str) -> None:
    content = read(case, "artifact") or (SUITE / "a.txt").read_bytes()
    trusted_root = read(case, "trusted_root.json") or packaged_root()
    public = read(case, "key.pub")
    identity = (read(case, "identity") or IDENTITY.encode()).decode().strip()
    issuer = (read(case, "issuer") or ISSUER.encode()).decode().strip()
    trust = Trust(read_public(public) if public else Identity(identity, issuer=issuer), root=trusted_root)
    item = evidence(read(case, "bundle.sigstore.json"))
    want: type[Any] = Statement if b'"dsseEnvelope"' in item.data else Signature
    (proof,) = verify_evidence(item, artifact(content), want, trust=trust, at=NOW)
    try:
        said = second_opinion(item, artifact(content), proof, root=trusted_root if proof.root else None)
    except SecondOpinionDiffers as e:
        said = e.message
    expected = "not judged" if public else OWN_WAY.get(case, AGREES)
    assert expected in said
