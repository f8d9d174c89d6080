"""What the verifier promises, and every attack on it that managed keys can meet."""

import base64
import json
from dataclasses import FrozenInstanceError
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    EvidenceMissing,
    EvidenceRevoked,
    IdentityMismatch,
    LimitExceeded,
    MalformedDocument,
    PredicateMismatch,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    TimestampInvalid,
    UnsupportedAlgorithm,
    UnsupportedType,
    UsageError,
)
from supplychain.keys import PrivateKey
from supplychain.model.artifact import Artifact
from supplychain.model.verified import Signature, Verified
from supplychain.predicates.test_result import ResultOfTests
from supplychain.roots.packaged import packaged_root
from supplychain.verify.trust import Identity, Signer, Trust
from supplychain.verify.verifier import claimed_type, verify_any, verify_evidence
from tests.support.evidence import (
    CONTENT,
    NOW,
    PASSED,
    artifact,
    attested,
    by_digest,
    envelope,
    evidence,
    key,
    other_key,
    signed,
    statement,
    subject,
)

TRUST = Trust(key())


def judge(
    value: Any, want: type[Any] = ResultOfTests, *, trust: Trust = TRUST, about: Artifact | None = None
) -> Verified[Any]:
    return verify_evidence(evidence(value), about or artifact(), want, trust=trust, at=NOW)[0]


def refused(
    error: type[SupplyChainError], value: Any, want: type[Any] = ResultOfTests, **more: Any
) -> SupplyChainError:
    with pytest.raises(error) as caught:
        judge(value, want, **more)
    assert type(caught.value) is error
    assert caught.value.where.startswith("app.tar.gz.sigstore.json")
    return caught.value


def test_attestation_by_a_named_key_is_proof() -> None:
    proof = judge(attested())
    assert proof.predicate.result == "PASSED"
    assert (proof.signer, proof.signer_id) == (key().public.fingerprint, key().public.fingerprint)
    assert proof.artifact == artifact().digest
    assert proof.signed_at is None
    assert proof.issuer is None
    assert proof.root is None
    assert proof.source.sha256 == evidence(attested()).sha256 or len(proof.source.sha256) == 64


def test_signature_of_the_file_is_proof_by_path_and_by_digest() -> None:
    assert judge(signed(), Signature).predicate == Signature()
    assert judge(signed(), Signature, about=by_digest()).predicate_type == "signature"


def test_a_proof_says_all_that_its_statement_is_about() -> None:
    bundle = attested(statement([subject(), subject(b"another", name="b.tar.gz")]))
    assert [s.name for s in judge(bundle).subjects] == ["app.tar.gz", "b.tar.gz"]
    assert judge(signed(), Signature).subjects == ()


@pytest.mark.parametrize("kind", ["p384", "rsa"])
def test_keys_made_elsewhere_sign_files(kind: str) -> None:
    bundle = signed(signer=other_key(kind))
    assert judge(bundle, Signature, trust=Trust(other_key(kind))).predicate == Signature()


@pytest.mark.parametrize("kind", ["p384", "rsa", "ed25519"])
def test_keys_made_elsewhere_sign_statements(kind: str) -> None:
    bundle = attested(signer=other_key(kind))
    assert judge(bundle, trust=Trust(other_key(kind))).signer == other_key(kind).public.fingerprint


def test_p384_signature_cannot_be_judged_by_a_sha256_alone() -> None:
    bundle = signed(signer=other_key("p384"))
    refused(UnsupportedAlgorithm, bundle, Signature, trust=Trust(other_key("p384")), about=by_digest())


def test_ed25519_does_not_verify_files() -> None:
    refused(UnsupportedAlgorithm, signed(), Signature, trust=Trust(other_key("ed25519")))


def test_ed25519_among_others_is_passed_over_for_files() -> None:
    assert judge(signed(), Signature, trust=Trust(other_key("ed25519"), key())).signer == key().public.fingerprint


def test_message_without_a_digest_verifies() -> None:
    bundle = signed()
    del bundle["messageSignature"]["messageDigest"]
    assert judge(bundle, Signature).predicate == Signature()


def test_bare_envelope_verifies_and_each_signer_counts_once() -> None:
    both = evidence(envelope(statement(), key(), key(), key("second")))
    trust = Trust(key(), key("second"), key("third"))
    proofs = verify_evidence(both, artifact(), ResultOfTests, trust=trust, at=NOW)
    assert [p.signer_id for p in proofs] == [key().public.fingerprint, key("second").public.fingerprint]


@pytest.mark.threat(7)
def test_one_key_under_two_names_is_one_signer() -> None:
    trust = Trust(Signer(name="a", key=key().public), Signer(name="b", key=key().public))
    proofs = verify_any(evidence(envelope(statement(), key())), artifact(), trust=trust, at=NOW)
    assert [p.signer for p in proofs] == ["a"]


def test_any_type_is_read_once_the_signature_holds() -> None:
    assert verify_any(evidence(attested()), artifact(), trust=TRUST, at=NOW)[0].predicate.result == "PASSED"
    assert verify_any(evidence(signed()), artifact(), trust=TRUST, at=NOW)[0].predicate == Signature()


@pytest.mark.threat(2)
def test_right_signer_wrong_predicate_type() -> None:
    wrong = attested(statement(predicate_type="https://slsa.dev/provenance/v1", predicate={}))
    refused(PredicateMismatch, wrong)


@pytest.mark.threat(2)
def test_signature_and_statement_do_not_stand_for_each_other() -> None:
    refused(PredicateMismatch, signed(), ResultOfTests)
    refused(PredicateMismatch, attested(), Signature)


@pytest.mark.threat(3)
@pytest.mark.parametrize("payload", [b"not json", b"[]", b'{"_type":"https://in-toto.io/Statement/v1"}'])
def test_payload_that_cannot_be_parsed_is_refused_although_it_is_signed(payload: bytes) -> None:
    refused(MalformedDocument, envelope(payload, key()))


@pytest.mark.threat(4)
def test_other_payload_type_wrapping_a_statement() -> None:
    refused(UnsupportedType, envelope(statement(), key(), payload_type="text/plain"))


@pytest.mark.threat(5)
def test_unknown_statement_type() -> None:
    refused(UnsupportedType, envelope(statement(kind="https://in-toto.io/Statement/v9"), key()))


def test_statement_of_version_0_1_is_read() -> None:
    assert judge(envelope(statement(kind="https://in-toto.io/Statement/v0.1"), key())).predicate.result == "PASSED"


def test_unknown_predicate_type_is_unsupported_when_nothing_was_asked_for() -> None:
    made = evidence(attested(statement(predicate_type="https://example.com/own", predicate={})))
    with pytest.raises(UnsupportedType):
        verify_any(made, artifact(), trust=TRUST, at=NOW)


@pytest.mark.threat(6)
def test_zero_signatures() -> None:
    assert "without a signature" in refused(SignatureInvalid, envelope(statement())).message
    bundle = attested()
    bundle["dsseEnvelope"]["signatures"] = []
    refused(SignatureInvalid, bundle)


def test_bundle_with_two_signatures_is_refused() -> None:
    bundle = attested()
    bundle["dsseEnvelope"]["signatures"] *= 2
    refused(SignatureInvalid, bundle)


@pytest.mark.threat(8)
def test_keyid_of_a_trusted_key_does_not_make_another_key_trusted() -> None:
    refused(SignatureInvalid, envelope(statement(), key("attacker"), keyid=key().public.fingerprint))


def test_signature_by_another_key() -> None:
    refused(SignatureInvalid, attested(signer=key("attacker")))
    error = refused(SignatureInvalid, signed(signer=key("attacker")), Signature)
    assert error.hint


def test_refusal_names_a_few_signers_only() -> None:
    trust = Trust(*(Signer(name=f"s{i}", key=key(f"k{i}").public) for i in range(5)))
    assert "s0, s1, s2, ..." in refused(SignatureInvalid, attested(), trust=trust).message


@pytest.mark.threat(15)
@pytest.mark.parametrize("where", ["signatures", "subjects", "entries", "stamps"])
def test_ten_thousand_of_anything_is_over_the_limit(where: str) -> None:
    value: Any
    if where == "signatures":
        value = envelope(statement(), key())
        value["signatures"] *= 10_000
    elif where == "subjects":
        value = attested(statement([subject()] * 10_000))
    else:
        value = attested()
        stamps = {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}] * 10_000}
        change: dict[str, Any] = {"timestampVerificationData": stamps}
        if where == "entries":
            change = {"tlogEntries": [{}] * 10_000}
        value["verificationMaterial"].update(change)
    refused(LimitExceeded, value)


@pytest.mark.threat(18)
def test_the_predicate_is_read_from_the_bytes_that_were_verified() -> None:
    """Two payloads in one document: the parser that verifies is the parser that reads, and it takes neither."""
    good = json.dumps(envelope(statement(), key()))
    twice = good.replace('"payload":', '"payload": "e30=", "payload":', 1)
    refused(MalformedDocument, twice.encode())


@pytest.mark.threat(19)
def test_signature_over_the_raw_payload_instead_of_the_encoding() -> None:
    refused(SignatureInvalid, envelope(statement(), key(), signed=statement()))


@pytest.mark.threat(20)
def test_raw_ecdsa_signature_where_der_is_expected() -> None:
    bundle = signed()
    der = base64.b64decode(bundle["messageSignature"]["signature"])
    r, s = decode_dss_signature(der)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    bundle["messageSignature"]["signature"] = base64.b64encode(raw).decode()
    refused(SignatureInvalid, bundle, Signature)


@pytest.mark.threat(30)
@pytest.mark.parametrize("algorithm", ["md5", "sha1"])
def test_weak_digest_is_no_proof(algorithm: str) -> None:
    refused(UnsupportedAlgorithm, attested(statement([subject(CONTENT, algorithm)])))


@pytest.mark.threat(31)
def test_all_known_digests_must_agree() -> None:
    mixed = subject(CONTENT, "sha256")
    mixed["digest"]["sha512"] = subject(b"other", "sha512")["digest"]["sha512"]
    assert refused(SubjectMismatch, attested(statement([subject(), mixed]))).message.endswith("in sha512")


@pytest.mark.threat(32)
def test_same_name_other_digest() -> None:
    error = refused(SubjectMismatch, attested(statement([subject(b"other"), subject(b"third")])))
    assert "and 1 more" in error.message


def test_one_of_several_subjects_is_enough() -> None:
    assert judge(attested(statement([subject(b"other"), subject()]))).artifact == artifact().digest


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_subject_named_by_a_longer_digest_only(algorithm: str) -> None:
    assert judge(attested(statement([subject(CONTENT, algorithm)]))).unchecked == ()
    refused(SubjectMismatch, attested(statement([subject(b"other", algorithm)])))


def test_digests_that_could_not_be_compared_are_told() -> None:
    bundle = attested(statement([subject(CONTENT, "sha256", "sha512")]))
    assert judge(bundle, about=by_digest()).unchecked == ("sha512",)
    assert judge(bundle).unchecked == ()


@pytest.mark.threat(33)
@pytest.mark.parametrize("digest", [{}, {"sha256": "A" * 64}, {"sha256": "0" * 63}, {"sha256": "g" * 64}, {"md5": "0"}])
def test_digest_set_that_says_nothing_exactly(digest: dict[str, str]) -> None:
    refused(MalformedDocument, attested(statement([{"name": "x", "digest": digest}])))


def test_subject_without_a_digest() -> None:
    refused(MalformedDocument, attested(statement([{"name": "x"}])))


def test_statement_about_nothing() -> None:
    refused(MalformedDocument, attested(statement([])))


def test_signature_of_another_file_says_which() -> None:
    error = refused(SubjectMismatch, signed(b"other"), Signature)
    assert "this file is sha256:" in error.message
    assert "changed after it was signed" in error.hint


def test_signature_of_another_file_without_its_digest() -> None:
    bundle = signed(b"other")
    del bundle["messageSignature"]["messageDigest"]
    refused(SignatureInvalid, bundle, Signature)


def test_digest_that_contradicts_its_signature() -> None:
    bundle = signed()
    bundle["messageSignature"]["messageDigest"]["digest"] = base64.b64encode(b"0" * 32).decode()
    refused(SubjectMismatch, bundle, Signature)


def test_unknown_digest_algorithm_of_a_message() -> None:
    bundle = signed()
    bundle["messageSignature"]["messageDigest"]["algorithm"] = "SHA1"
    refused(UnsupportedAlgorithm, bundle, Signature)


def test_revoked_signer_counts_for_nothing() -> None:
    trust = Trust(Signer(name="old", key=key().public, revoked=True))
    refused(EvidenceRevoked, attested(), trust=trust)
    refused(EvidenceRevoked, signed(), Signature, trust=trust)


def test_good_signer_beside_a_revoked_one_still_counts() -> None:
    for revoked, good in ((key(), key("second")), (key("second"), key())):
        trust = Trust(Signer(name="r", key=revoked.public, revoked=True), Signer(name="g", key=good.public))
        both = evidence(envelope(statement(), key(), key("second")))
        assert [p.signer for p in verify_any(both, artifact(), trust=trust, at=NOW)] == ["g"]


@pytest.mark.threat(12)
@pytest.mark.parametrize(("field", "days", "told"), [("valid_from", 1, "not before"), ("valid_until", -1, "not after")])
def test_key_outside_its_time(field: str, days: int, told: str) -> None:
    window: dict[str, Any] = {field: NOW + timedelta(days=days)}
    error = refused(TimestampInvalid, attested(), trust=Trust(Signer(name="k", key=key().public, **window)))
    assert f"{told} {window[field]}" in error.message


def test_ends_of_a_keys_time_are_inside() -> None:
    trust = Trust(Signer(name="k", key=key().public, valid_from=NOW, valid_until=NOW))
    assert judge(attested(), trust=trust).signer == "k"


def test_trust_in_identities_only_does_not_judge_keys() -> None:
    identity = Identity("https://example.com/ci", issuer="https://issuer.example.com")
    refused(IdentityMismatch, attested(), trust=Trust(identity))


def test_trust_names_somebody() -> None:
    with pytest.raises(UsageError):
        Trust()
    with pytest.raises(UsageError):
        Signer(name="nobody")
    with pytest.raises(UsageError):
        Identity("", issuer="x")
    assert "sha256:" in repr(TRUST)


def test_an_identity_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Identity("a", issuer="b").issuer = "c"  # type: ignore[misc]  # the point of the test


def test_certificate_logs_and_timestamps_of_a_bundle_are_never_passed_over() -> None:
    certificate = attested()
    certificate["verificationMaterial"] = {"certificate": {"rawBytes": "AAAA"}}
    refused(IdentityMismatch, certificate)
    refused(MalformedDocument, certificate, trust=Trust(Identity("a", issuer="b")))
    entry = attested()
    entry["verificationMaterial"]["tlogEntries"] = [{"logIndex": "1"}]
    refused(MalformedDocument, entry)
    stamp = attested()
    stamp["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}
    refused(EvidenceMissing, stamp)
    refused(TimestampInvalid, stamp, trust=Trust(key(), root=packaged_root()))


def test_claimed_type_is_told_for_what_cannot_be_verified() -> None:
    assert claimed_type(evidence(attested(signer=key("attacker")))) == "https://in-toto.io/attestation/test-result/v0.1"
    assert claimed_type(evidence(envelope(statement()))) is not None
    assert claimed_type(evidence(signed())) == "signature"
    assert claimed_type(evidence(b"junk")) is None


def test_keys_of_one_trust_are_tried_in_turn() -> None:
    keys: list[PrivateKey] = [key("a"), key("b"), key()]
    assert judge(attested(), trust=Trust(*keys)).signer == key().public.fingerprint


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipping_one_bit_of_a_bundle_never_verifies_something_else(data: st.DataObject) -> None:
    """Either it is refused, or the flip was outside of everything that is stated (unknown text, the key hint)."""
    raw = bytearray(_one_bundle())
    at = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[at // 8] ^= 1 << at % 8
    try:
        proof = judge(bytes(raw))
    except SupplyChainError:
        return
    assert proof.predicate.encode() == ResultOfTests.parse(_node(PASSED), "x").encode()


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_refusal(data: bytes) -> None:
    with pytest.raises(SupplyChainError):
        judge(data)


@pytest.mark.property
@settings(max_examples=30, deadline=None)
@given(st.integers(0, len(CONTENT) * 8 - 1))
def test_flipping_one_bit_of_the_artifact_never_verifies(bit: int) -> None:
    changed = bytearray(CONTENT)
    changed[bit // 8] ^= 1 << bit % 8
    for value, want in ((attested(), ResultOfTests), (signed(), Signature)):
        refused(SubjectMismatch, value, want, about=artifact(bytes(changed)))


@cache
def _one_bundle() -> bytes:
    """Signed once: a signature's length differs from one to the next, and a law must draw alike each time."""
    return json.dumps(attested()).encode()


def _node(value: Any) -> Any:
    from supplychain._json import Node

    return Node(value, where="x")
