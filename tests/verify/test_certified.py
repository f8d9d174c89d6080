"""Bundles with certificates, log entries and timestamps: what is accepted, and attacks on the whole of a bundle."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from supplychain.errors import (
    EvidenceIncomplete,
    EvidenceMissing,
    EvidenceRevoked,
    IdentityMismatch,
    LimitExceeded,
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    SubjectMismatch,
    TimestampInvalid,
    UnsupportedAlgorithm,
    UnsupportedType,
)
from supplychain.keys.public import read_public
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.model.verified import Signature
from supplychain.verify.trust import Identity, Signer, Trust
from supplychain.verify.verifier import verify_any, verify_evidence
from tests.sigstore_stack import bundles, claims, entries, rekor, root, tsa
from tests.sigstore_stack.bundles import V0_1, V0_2, V0_3, V0_3_OLD
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.encoding import Document, b64, der, pem, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.keys import NEW_KEY, PrivateKey, sign
from tests.sigstore_stack.stack import Stack
from tests.support.certified import (
    ARTIFACT,
    AT,
    WHO,
    WORKFLOW,
    accepted,
    entry,
    judge,
    measured,
    raw,
    refused,
    signed_by,
)

MEDIA_TYPES = (V0_1, V0_2, V0_3_OLD, V0_3)
FILE_KINDS = (EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2)
STATEMENT_KINDS = tuple(kind for kind in EntryKind if kind is not EntryKind.HASHEDREKORD_1)
STATEMENT = bundles.statement(ARTIFACT)
HOUR = timedelta(hours=1)


def file_bundle(stack: Stack, **more: Any) -> Document:
    return bundles.signed_artifact(stack, ARTIFACT, **more)


def statement_bundle(stack: Stack, payload: bytes = STATEMENT, **more: Any) -> Document:
    return bundles.signed_statement(stack, payload, **more)


def public(key: PrivateKey) -> Any:
    return read_public(pem(key.public_key()))


@pytest.mark.parametrize("stamped", [None, True])
@pytest.mark.parametrize(("kind", "media_type"), list(product(FILE_KINDS, MEDIA_TYPES)))
def test_a_signed_file_is_proof(stack: Stack, kind: EntryKind, media_type: str, stamped: bool | None) -> None:
    trusted = root.trusted_root(stack)
    bundle = file_bundle(stack, kind=kind, media_type=media_type, stamped=stamped)
    for by_digest in (False, True):
        assert judge(bundle, trusted, about=measured(by_digest=by_digest)).signed_at == START


@pytest.mark.parametrize("stamped", [None, True])
@pytest.mark.parametrize(("kind", "media_type"), list(product(STATEMENT_KINDS, MEDIA_TYPES)))
def test_a_signed_statement_is_proof(stack: Stack, kind: EntryKind, media_type: str, stamped: bool | None) -> None:
    trusted = root.trusted_root(stack)
    bundle = statement_bundle(stack, kind=kind, media_type=media_type, stamped=stamped)
    for by_digest in (False, True):
        assert judge(bundle, trusted, about=measured(by_digest=by_digest)).signed_at == START


def test_a_proof_says_who_signed_by_whose_word_and_when(stack: Stack) -> None:
    trusted = raw(root.trusted_root(stack))
    proof = judge(file_bundle(stack), trusted)
    assert (proof.signer, proof.signer_id, proof.issuer) == (WHO.subject, WORKFLOW.subject, WORKFLOW.issuer)
    assert proof.certificate is not None
    assert proof.certificate.source_repository == "https://github.com/example/widget"
    assert proof.root == Evidence(uri="", data=trusted).sha256
    assert proof.signed_at == START


def test_the_earliest_time_counts(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    with stack.clock.at(START + timedelta(minutes=2)):
        bundle = file_bundle(stack, signer=signer)
    token = tsa.stamp(stack.tsa, unb64(bundle["messageSignature"]["signature"]), at=START + timedelta(minutes=1))
    late = {"rfc3161Timestamps": [{"signedTimestamp": b64(token)}]}
    bundle["verificationMaterial"]["timestampVerificationData"] = late
    assert judge(bundle, root.trusted_root(stack)).signed_at == START + timedelta(minutes=1)


def test_a_timestamp_is_accepted_however_its_lines_are_wrapped(stack: Stack) -> None:
    bundle = file_bundle(stack, stamped=True)
    (token,) = bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    token["signedTimestamp"] = base64.encodebytes(unb64(token["signedTimestamp"])).decode()
    accepted(bundle, root.trusted_root(stack))


@pytest.mark.parametrize(("logged", "stamped"), list(product([True, False], [True, False])))
def test_a_managed_key_with_and_without_witnesses(stack: Stack, logged: bool, stamped: bool) -> None:
    signer = bundles.managed()
    bundle = statement_bundle(stack, signer=signer, stamped=stamped)
    if not logged:
        bundle["verificationMaterial"]["tlogEntries"] = []
    proof = judge(bundle, root.trusted_root(stack), who=public(signer.key))
    assert proof.signed_at == (START if logged or stamped else None)
    assert (proof.root is None) == (not logged and not stamped)
    assert proof.certificate is None


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_file_signed_by_a_managed_key_and_logged(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.managed()
    accepted(file_bundle(stack, signer=signer, kind=kind), root.trusted_root(stack), who=public(signer.key))


@pytest.mark.threat(12)
@pytest.mark.parametrize(("start", "end"), [(0, 0), (-1, 0), (0, 1)])
def test_a_keys_validity_is_judged_at_the_trusted_time(stack: Stack, start: int, end: int) -> None:
    """Not at the time of judging, which is an hour later; both ends are inside."""
    signer = bundles.managed()
    bundle, trusted = statement_bundle(stack, signer=signer), root.trusted_root(stack)
    window: dict[str, Any] = {"valid_from": START + start * HOUR / 2, "valid_until": START + end * HOUR / 2}
    accepted(bundle, trusted, who=Signer(name="k", key=public(signer.key), **window))
    for name, second in (("valid_from", 1), ("valid_until", -1)):
        outside: dict[str, Any] = {name: START + timedelta(seconds=second)}
        late = Signer(name="k", key=public(signer.key), **outside)
        refused(TimestampInvalid, "signer k is trusted", bundle, trusted, who=late)


def test_an_identity_may_have_a_window_and_be_revoked(stack: Stack) -> None:
    bundle, trusted = file_bundle(stack), root.trusted_root(stack)
    assert judge(bundle, trusted, who=Signer(name="ci", identity=WHO, valid_until=START)).signer == "ci"
    refused(EvidenceRevoked, "ci is revoked", bundle, trusted, who=Signer(name="ci", identity=WHO, revoked=True))


def test_a_certificate_may_fit_several_names(stack: Stack) -> None:
    names = [Signer(name=name, identity=WHO) for name in "ab"]
    trust = Trust(*names, public(bundles.managed().key), root=raw(root.trusted_root(stack)))
    made = Evidence(uri="b", data=raw(file_bundle(stack)))
    assert [p.signer for p in verify_any(made, measured(), trust=trust, at=AT)] == ["a", "b"]


def test_an_instance_without_logs_is_judged_by_its_timestamps(stack: Stack) -> None:
    """Its root names neither logs nor a CT log: those of a private instance of an authority and a TSA."""
    trusted = root.trusted_root(stack) | {"tlogs": [], "ctlogs": []}
    bundle = file_bundle(stack, stamped=True)
    bundle["verificationMaterial"]["tlogEntries"] = []
    assert judge(bundle, trusted).signed_at == START
    refused(EvidenceIncomplete, "is in no transparency log", bundle, root.trusted_root(stack))
    del bundle["verificationMaterial"]["timestampVerificationData"]
    refused(EvidenceIncomplete, "nobody vouches for the time", bundle, trusted)


def test_each_of_several_roots_vouches_alone_and_is_named(stack: Stack, stranger: Stack) -> None:
    ours, theirs = raw(root.trusted_root(stack)), raw(root.trusted_root(stranger))
    for stack_, trusted in ((stack, ours), (stranger, theirs)):
        proof = judge(file_bundle(stack_), [ours, theirs])
        assert proof.root == Evidence(uri="", data=trusted).sha256


def test_roots_that_vouch_only_together_vouch_for_nothing(stack: Stack, stranger: Stack) -> None:
    ours, theirs = root.trusted_root(stack), root.trusted_root(stranger)
    halves = [raw({**ours, "tlogs": theirs["tlogs"]}), raw({**theirs, "tlogs": ours["tlogs"]})]
    refused(LogEntryMismatch, "a log that the trusted root does not name", file_bundle(stack), halves)


def test_the_first_roots_refusal_is_told(stack: Stack, stranger: Stack) -> None:
    roots = [raw(root.trusted_root(stack)), raw(root.trusted_root(stranger))]
    bundle = file_bundle(stack)
    entry(bundle)["inclusionProof"]["hashes"].append(b64(b"x" * 32))
    refused(LogEntryMismatch, "inclusion proof does not lead", bundle, roots)


def test_an_unreadable_root_is_not_passed_over_in_silence(stack: Stack) -> None:
    error = refused(MalformedDocument, "", file_bundle(stack), [b"{", b"}"])
    assert error.where == "trusted root 1"
    assert refused(MalformedDocument, "", file_bundle(stack), b"{").where == "trusted root"


def test_without_a_root_a_certificate_is_not_judged(stack: Stack) -> None:
    with pytest.raises(EvidenceMissing, match="need a trusted root"):
        verify_any(Evidence(uri="b", data=raw(file_bundle(stack))), measured(), trust=Trust(WHO), at=AT)


def test_the_default_root_is_read_only_when_evidence_needs_it(stack: Stack) -> None:
    read: list[int] = []

    def default() -> bytes:
        read.append(1)
        return raw(root.trusted_root(stack))

    key = bundles.managed()
    trust = Trust(WHO, public(key.key)).or_root(default)
    alone = statement_bundle(stack, signer=key)
    alone["verificationMaterial"]["tlogEntries"] = []
    wanted: list[tuple[Document, Any, int]] = [(alone, Statement, 0), (file_bundle(stack), Signature, 1)]
    for bundle, want, times in wanted:
        assert verify_evidence(Evidence(uri="b", data=raw(bundle)), measured(), want, trust=trust, at=AT)
        assert len(read) == times


@pytest.mark.parametrize("name", ["p256", "p384", "rsa"])
def test_a_file_may_be_signed_by_any_kind_of_certified_key(stack: Stack, name: str, rsa_key: PrivateKey) -> None:
    signer = bundles.enroll(stack, key=rsa_key if name == "rsa" else NEW_KEY[name]())
    for kind in FILE_KINDS:
        bundle = file_bundle(stack, signer=signer, kind=kind)
        accepted(bundle, root.trusted_root(stack))
        if name == "p384":
            only = measured(by_digest=True)
            refused(UnsupportedAlgorithm, "sha384 of the file", bundle, root.trusted_root(stack), about=only)


@pytest.mark.parametrize("name", ["p384", "ed25519", "rsa"])
def test_a_statement_may_be_signed_by_any_kind_of_certified_key(stack: Stack, name: str, rsa_key: PrivateKey) -> None:
    signer = bundles.enroll(stack, key=rsa_key if name == "rsa" else NEW_KEY[name]())
    accepted(statement_bundle(stack, signer=signer), root.trusted_root(stack))


def test_a_weak_certified_key_is_refused(stack: Stack) -> None:
    signer = bundles.enroll(stack, key=NEW_KEY["rsa2048"]())
    refused(UnsupportedAlgorithm, "RSA key of 2048 bits", statement_bundle(stack, signer=signer), b"{}")


@pytest.mark.parametrize(
    "said",
    [
        claims.person(),
        claims.Claims(subject="https://example.com/build", issuer="https://issuer.example.com"),
        claims.Claims(subject="builder!example.com", issuer="https://issuer.example.com"),
    ],
    ids=["email", "uri", "user name"],
)
def test_identities_of_every_kind(stack: Stack, said: claims.Claims) -> None:
    proof = judge(
        signed_by(stack, bundles.enroll(stack, said)),
        root.trusted_root(stack),
        who=Identity(said.subject, issuer=said.issuer),
    )
    assert (proof.signer_id, proof.issuer) == (said.subject, said.issuer)


def test_a_changed_file_is_called_that_and_not_a_wrong_log_entry(stack: Stack) -> None:
    trusted, bundle = root.trusted_root(stack), file_bundle(stack)
    for by_digest in (False, True):
        other = measured(b"changed", by_digest=by_digest)
        refused(SubjectMismatch, "this file is sha256:", bundle, trusted, about=other)
    del bundle["messageSignature"]["messageDigest"]
    refused(SignatureInvalid, "not made by its certificate over these bytes", bundle, trusted, about=measured(b"c"))
    stated = statement_bundle(stack)
    refused(SubjectMismatch, "it is about artifact", stated, trusted, about=measured(b"changed"))


def test_a_changed_statement_is_called_that_and_not_a_wrong_log_entry(stack: Stack) -> None:
    bundle = statement_bundle(stack)
    bundle["dsseEnvelope"]["payload"] = b64(bundles.statement(ARTIFACT, predicate_type="https://example.com/x"))
    refused(SignatureInvalid, "not made by its certificate", bundle, root.trusted_root(stack))


@pytest.mark.threat(9)
@pytest.mark.parametrize("kind", FILE_KINDS)
def test_log_entry_of_another_artifact(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    bundle = file_bundle(stack, signer=signer, kind=kind)
    other = bundles.signed_artifact(stack, b"another", signer=signer, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    refused(LogEntryMismatch, "about another signature and file", bundle, root.trusted_root(stack))


@pytest.mark.threat(9)
@pytest.mark.parametrize("kind", STATEMENT_KINDS)
def test_log_entry_of_another_statement(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    bundle = statement_bundle(stack, signer=signer, kind=kind)
    other = statement_bundle(stack, bundles.statement(b"another"), signer=signer, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    words = "about another statement" if kind is not EntryKind.HASHEDREKORD_2 else "signature and statement"
    refused(LogEntryMismatch, words, bundle, root.trusted_root(stack))


@pytest.mark.threat(9)
@pytest.mark.parametrize("kind", [k for k in EntryKind if k is not EntryKind.INTOTO_1])
def test_log_entry_of_another_signature_of_the_same_bytes(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    make: Any = file_bundle if kind in FILE_KINDS else statement_bundle
    bundle, other = make(stack, signer=signer, kind=kind), make(stack, signer=signer, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    error = refused(LogEntryMismatch, "about another signature", bundle, root.trusted_root(stack))
    assert error.message.endswith("another signature")


@pytest.mark.parametrize("kind", list(EntryKind))
def test_log_entry_by_another_certificate_of_the_same_key(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    again = bundles.enroll(stack, key=signer.key)
    make: Any = file_bundle if kind in FILE_KINDS else statement_bundle
    bundle = make(stack, signer=signer, kind=kind)
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": b64(der_of(again))}
    error = refused(LogEntryMismatch, "about another key", bundle, root.trusted_root(stack))
    assert error.message.endswith("another key")


def der_of(signer: bundles.Signer) -> bytes:
    assert signer.certificate is not None
    return der(signer.certificate)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_an_entry_of_a_file_does_not_stand_for_one_of_a_statement(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    bundle = statement_bundle(stack, signer=signer)
    other = file_bundle(stack, signer=signer, kind=kind, stamped=True)
    bundle["verificationMaterial"].update(other["verificationMaterial"])
    del bundle["verificationMaterial"]["timestampVerificationData"]
    refused(LogEntryMismatch, "about another", bundle, root.trusted_root(stack))


@pytest.mark.parametrize("kind", [k for k in STATEMENT_KINDS if k is not EntryKind.HASHEDREKORD_2])
def test_an_entry_of_a_statement_does_not_stand_for_one_of_a_file(stack: Stack, kind: EntryKind) -> None:
    signer = bundles.enroll(stack)
    bundle = file_bundle(stack, signer=signer)
    other = statement_bundle(stack, signer=signer, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = other["verificationMaterial"]["tlogEntries"]
    refused(LogEntryMismatch, "about another statement", bundle, root.trusted_root(stack))


def test_certificate_of_another_key_with_the_same_identity(stack: Stack) -> None:
    bundle = file_bundle(stack)
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": b64(der_of(bundles.enroll(stack)))}
    refused(SignatureInvalid, "not made by its certificate", bundle, root.trusted_root(stack))


@pytest.mark.threat(10)
def test_one_entry_twice_or_one_timestamp_twice_is_refused(stack: Stack) -> None:
    trusted = root.trusted_root(stack)
    bundle = file_bundle(stack, stamped=True)
    bundle["verificationMaterial"]["tlogEntries"] *= 2
    refused(MalformedDocument, "one log entry twice", bundle, trusted)
    bundle = file_bundle(stack, stamped=True)
    bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] *= 2
    refused(MalformedDocument, "one timestamp twice", bundle, trusted)


@pytest.mark.threat(15)
@pytest.mark.parametrize(
    ("field", "count"), [(f, n) for f in ("tlogEntries", "rfc3161Timestamps", "certificates") for n in (9, 10_000)]
)
def test_more_than_eight_of_anything_is_over_the_limit(stack: Stack, field: str, count: int) -> None:
    bundle = file_bundle(stack, media_type=V0_2, stamped=True)
    material = bundle["verificationMaterial"]
    holder = {
        "tlogEntries": "",
        "rfc3161Timestamps": "timestampVerificationData",
        "certificates": "x509CertificateChain",
    }
    inside = material[holder[field]] if holder[field] else material
    inside[field] *= count
    refused(LimitExceeded, f"{count} items, at most 8", bundle, root.trusted_root(stack))


def test_eight_entries_and_timestamps_are_judged(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    content = bundles.message(signer, ARTIFACT)
    signature = unb64(content["signature"])
    body = bundles.body(EntryKind.HASHEDREKORD_1, signer, {"messageSignature": content}, ARTIFACT)
    logged = [rekor.log(stack.rekor_1, body) for _ in range(8)]
    tokens = [tsa.stamp(stack.tsa, signature) for _ in range(8)]
    bundle = bundles.assembled(signer, {"messageSignature": content}, entries=logged, tokens=tokens)
    trusted = root.trusted_root(stack)
    accepted(bundle, trusted)
    logged[7]["inclusionProof"]["rootHash"] = b64(b"x" * 32)
    refused(LogEntryMismatch, "does not lead", bundle, trusted)


@pytest.mark.threat(18)
def test_a_payload_given_twice_is_refused_before_anything_is_verified(stack: Stack) -> None:
    text = json.dumps(statement_bundle(stack))
    twice = text.replace('"payload":', '"payload": "e30=", "payload":', 1)
    refused(MalformedDocument, "duplicate key", twice.encode(), root.trusted_root(stack))


@pytest.mark.threat(4)
def test_another_payload_type_is_not_read_although_it_is_signed(stack: Stack) -> None:
    bundle = statement_bundle(stack, payload_type="text/plain")
    refused(UnsupportedType, "payload type 'text/plain'", bundle, root.trusted_root(stack))


@pytest.mark.threat(19)
def test_certified_signature_over_the_raw_payload(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    content = bundles.envelope(signer, STATEMENT)
    content["signatures"][0]["sig"] = b64(sign(signer.key, STATEMENT))
    logged = rekor.log(stack.rekor_1, entries.body_of(EntryKind.DSSE_1, content, signer.verifier))
    bundle = bundles.assembled(signer, {"dsseEnvelope": content}, entries=[logged])
    refused(SignatureInvalid, "not made by its certificate", bundle, root.trusted_root(stack))


@pytest.mark.threat(59)
def test_signed_after_the_time_of_judging(stack: Stack) -> None:
    """The clock of judging is believed to five minutes; a back-dated one makes nothing valid."""
    trusted, bundle = root.trusted_root(stack), file_bundle(stack)
    skew = timedelta(minutes=5)
    accepted(bundle, trusted, at=START - skew)
    second = timedelta(seconds=1)
    refused(TimestampInvalid, "which is after", bundle, trusted, at=START - skew - second)
    stamped = file_bundle(stack, kind=EntryKind.HASHEDREKORD_2)
    accepted(stamped, trusted, at=START - skew)
    refused(TimestampInvalid, "which is after", stamped, trusted, at=START - skew - second)


@pytest.mark.threat(29)
def test_a_builder_claimed_in_a_predicate_is_nobodys_identity(stack: Stack) -> None:
    said = json.loads(bundles.statement(ARTIFACT))
    said["predicate"] = {"runDetails": {"builder": {"id": WHO.subject}}, "builder": {"id": WHO.subject}}
    attacker = bundles.enroll(stack, claims.workflow("attacker/widget"))
    bundle = statement_bundle(stack, json.dumps(said).encode(), signer=attacker)
    refused(IdentityMismatch, "https://github.com/attacker/widget", bundle, root.trusted_root(stack))


def test_an_instance_nobody_named_signs_nothing(stack: Stack, stranger: Stack) -> None:
    """Its parts bear the same names."""
    refused(SignatureInvalid, "which the trusted root does not name", file_bundle(stranger), root.trusted_root(stack))


@pytest.mark.parametrize("part", ["tsa", "rekor_2", "ctlog"])
def test_one_part_of_another_instance_is_noticed(stack: Stack, stranger: Stack, part: str) -> None:
    mixed = replace(stack, **{part: getattr(stranger, part)})
    error = TimestampInvalid if part == "tsa" else LogEntryMismatch
    refused(error, "", file_bundle(mixed, kind=EntryKind.HASHEDREKORD_2), root.trusted_root(stack))


def test_a_certificate_is_not_judged_for_who_named_keys_only(stack: Stack) -> None:
    key = bundles.managed().key
    refused(IdentityMismatch, "the trusted signers are keys only", file_bundle(stack), b"{}", who=public(key))


def test_a_key_in_a_bundle_is_not_a_certificate_for_who_named_identities(stack: Stack) -> None:
    bundle = statement_bundle(stack, signer=bundles.managed())
    refused(IdentityMismatch, "the trusted signers are identities only", bundle, root.trusted_root(stack))


def test_an_entry_of_a_managed_key_is_about_that_key(stack: Stack) -> None:
    """Logged under another key, by one who resigned the same statement."""
    signer, other = bundles.managed(), bundles.managed()
    bundle, theirs = statement_bundle(stack, signer=signer), statement_bundle(stack, signer=other)
    bundle["verificationMaterial"]["tlogEntries"] = theirs["verificationMaterial"]["tlogEntries"]
    trusted = root.trusted_root(stack)
    refused(LogEntryMismatch, "another signature and key", bundle, trusted, who=public(signer.key))
