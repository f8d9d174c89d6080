"""What the stack signs is what Sigstore's own client accepts; what that cannot judge is checked by its parts."""

import json
from itertools import product

import pytest
from rekor_types import Intoto
from sigstore.errors import VerificationError
from sigstore.models import Bundle, InvalidBundle
from sigstore.verify import policy
from sigstore_models.rekor.v2.entry import Entry

from tests.sigstore_stack import bundles, claims, entries, keys, oracle, root
from tests.sigstore_stack.bundles import V0_1, V0_2, V0_3, V0_3_OLD
from tests.sigstore_stack.encoding import Document, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack

ARTIFACT = b"the bytes of a release\n"
WORKFLOW = claims.workflow()
ARTIFACT_KINDS = (EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2)
STATEMENT_KINDS = tuple(kind for kind in EntryKind if kind is not EntryKind.HASHEDREKORD_1)
MEDIA_TYPES = (V0_1, V0_2, V0_3_OLD, V0_3)
UNJUDGED = (EntryKind.DSSE_2, EntryKind.INTOTO_1, EntryKind.INTOTO_2)
"""Entries of statements that sigstore-python does not read."""


def made(stack: Stack, kind: EntryKind, media_type: str = V0_3, *, stamped: bool | None = None) -> Document:
    payload = bundles.statement(ARTIFACT)
    return bundles.signed_statement(stack, payload, kind=kind, media_type=media_type, stamped=stamped)


def body(bundle: Document) -> Document:
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    read: Document = json.loads(unb64(entry["canonicalizedBody"]))
    return read


def accepted(stack: Stack, bundle: Document, who: policy.VerificationPolicy | None = None) -> None:
    oracle.judge(root.trusted_root(stack), bundle, ARTIFACT, who or oracle.identity(WORKFLOW))


@pytest.mark.parametrize("stamped", [None, True])
@pytest.mark.parametrize(("kind", "media_type"), list(product(ARTIFACT_KINDS, MEDIA_TYPES)))
def test_a_signed_artifact_verifies(stack: Stack, kind: EntryKind, media_type: str, stamped: bool | None) -> None:
    bundle = bundles.signed_artifact(stack, ARTIFACT, kind=kind, media_type=media_type, stamped=stamped)
    assert bundle["mediaType"] == media_type
    assert (body(bundle)["kind"], body(bundle)["apiVersion"]) == kind.value
    if (kind, media_type) == (EntryKind.HASHEDREKORD_2, V0_1):
        with pytest.raises(InvalidBundle, match="inclusion promise"):
            accepted(stack, bundle)
    else:
        accepted(stack, bundle)


@pytest.mark.parametrize("media_type", [V0_2, V0_3])
@pytest.mark.parametrize("kind", STATEMENT_KINDS)
def test_a_signed_statement_verifies(stack: Stack, kind: EntryKind, media_type: str) -> None:
    bundle = made(stack, kind, media_type)
    assert (body(bundle)["kind"], body(bundle)["apiVersion"]) == kind.value
    if kind in UNJUDGED:
        with pytest.raises(VerificationError, match=r"only supported for|Unsupported DSSE log entry"):
            accepted(stack, bundle)
    else:
        accepted(stack, bundle)


def test_a_statement_of_bundle_0_1_verifies(stack: Stack) -> None:
    accepted(stack, made(stack, EntryKind.DSSE_1, V0_1))


def test_a_statement_with_a_timestamp_of_its_own_verifies(stack: Stack) -> None:
    bundle = made(stack, EntryKind.DSSE_1, stamped=True)
    assert bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    accepted(stack, bundle)


@pytest.mark.parametrize("kind", STATEMENT_KINDS)
def test_an_entry_about_an_envelope_has_the_form_of_its_kind(stack: Stack, kind: EntryKind) -> None:
    written = body(made(stack, kind))
    if kind is EntryKind.INTOTO_1:
        assert set(written["spec"]) == {"content", "publicKey"}
        assert set(written["spec"]["content"]) == {"hash", "payloadHash"}
    elif kind is EntryKind.INTOTO_2:
        Intoto.model_validate(written)
    elif kind.rekor == 2:
        Entry.from_json(json.dumps(written))


def test_an_intoto_entry_holds_the_signature_in_base64_twice(stack: Stack) -> None:
    bundle = made(stack, EntryKind.INTOTO_2)
    (signed,) = bundle["dsseEnvelope"]["signatures"]
    (logged,) = body(bundle)["spec"]["content"]["envelope"]["signatures"]
    assert unb64(logged["sig"]).decode() == signed["sig"]


def test_rekor_1_has_no_hashedrekord_of_an_envelope(stack: Stack) -> None:
    with pytest.raises(ValueError, match="no hashedrekord"):
        made(stack, EntryKind.HASHEDREKORD_1)


@pytest.mark.parametrize("name", ["p256", "p384", "ed25519", "rsa2048"])
def test_a_signature_of_any_kind_of_key_is_over_the_pae(stack: Stack, name: str) -> None:
    signer = bundles.enroll(stack, key=keys.NEW_KEY[name]())
    payload = bundles.statement(ARTIFACT)
    bundle = bundles.signed_statement(stack, payload, signer=signer, kind=EntryKind.DSSE_2)
    (signature,) = bundle["dsseEnvelope"]["signatures"]
    keys.verify(signer.key.public_key(), unb64(signature["sig"]), entries.pae(bundles.IN_TOTO, payload))
    (logged,) = body(bundle)["spec"]["dsseV002"]["signatures"]
    assert logged["verifier"]["keyDetails"] == keys.details_of(signer.key.public_key())


@pytest.mark.parametrize(("name", "algorithm"), [("p256", "SHA2_256"), ("p384", "SHA2_384"), ("rsa2048", "SHA2_256")])
def test_a_message_is_digested_as_its_key_asks(stack: Stack, name: str, algorithm: str) -> None:
    signer = bundles.enroll(stack, key=keys.NEW_KEY[name]())
    bundle = bundles.signed_artifact(stack, ARTIFACT, signer=signer, kind=EntryKind.HASHEDREKORD_2)
    assert bundle["messageSignature"]["messageDigest"]["algorithm"] == algorithm
    assert body(bundle)["spec"]["hashedRekordV002"]["data"]["algorithm"] == algorithm
    keys.verify(signer.key.public_key(), unb64(bundle["messageSignature"]["signature"]), ARTIFACT)


def test_ed25519_has_no_hashedrekord_entry(stack: Stack) -> None:
    signer = bundles.enroll(stack, key=keys.NEW_KEY["ed25519"]())
    with pytest.raises(ValueError, match="covers no digest"):
        bundles.signed_artifact(stack, ARTIFACT, signer=signer)


@pytest.mark.parametrize("kind", [EntryKind.DSSE_1, EntryKind.HASHEDREKORD_2])
def test_one_who_manages_a_key_is_logged_by_the_key(stack: Stack, kind: EntryKind) -> None:
    bundle = bundles.signed_statement(stack, bundles.statement(ARTIFACT), signer=bundles.managed(), kind=kind)
    assert "certificate" not in bundle["verificationMaterial"]
    assert bundle["verificationMaterial"]["publicKey"]["hint"]
    assert "BEGIN CERTIFICATE" not in json.dumps(body(bundle))


def test_a_bundle_is_read_and_written_by_sigstore_without_loss(stack: Stack) -> None:
    bundle = made(stack, EntryKind.DSSE_1, stamped=True)
    again = json.loads(Bundle.from_json(bundles.to_json(bundle)).to_json())
    assert again["dsseEnvelope"]["payload"] == bundle["dsseEnvelope"]["payload"]
    assert again["verificationMaterial"]["tlogEntries"] == bundle["verificationMaterial"]["tlogEntries"]
