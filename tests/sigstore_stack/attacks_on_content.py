"""Lies about the signature and what it is of."""

from copy import deepcopy
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.sigstore_stack.bundles import (
    IN_TOTO,
    Signer,
    completed,
    enroll,
    envelope,
    message,
    signature_of,
    signed_artifact,
    signed_statement,
    statement,
)
from tests.sigstore_stack.encoding import Document, b64, sha256
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.keys import p256, sign
from tests.sigstore_stack.scenes import OTHER, Attack, Forgery, Scene, against, good


def signature_of_another_key(scene: Scene) -> Forgery:
    signer = enroll(scene.stack)
    content = {"messageSignature": message(replace(signer, key=p256()), scene.artifact)}
    return against(scene, completed(scene.stack, signer, content, scene.artifact, kind=EntryKind.HASHEDREKORD_1))


def signature_of_other_bytes(scene: Scene) -> Forgery:
    """All is true, of another artifact."""
    return against(scene, signed_artifact(scene.stack, OTHER))


def signature_of_other_bytes_under_our_digest(scene: Scene) -> Forgery:
    forgery = signature_of_other_bytes(scene)
    forgery.bundle["messageSignature"]["messageDigest"]["digest"] = b64(sha256(scene.artifact))
    return forgery


def digest_of_other_bytes(scene: Scene) -> Forgery:
    """The signature is right, and the bundle says it is of other bytes."""
    bundle = good(scene)
    bundle["messageSignature"]["messageDigest"]["digest"] = b64(sha256(OTHER))
    return against(scene, bundle)


def signature_as_two_numbers(scene: Scene) -> Forgery:
    """r and s side by side (IEEE P1363) where DER is due."""
    signer = enroll(scene.stack)
    content = {"messageSignature": message(signer, scene.artifact)}
    r, s = decode_dss_signature(signature_of(content))
    content["messageSignature"]["signature"] = b64(r.to_bytes(32) + s.to_bytes(32))
    return against(scene, completed(scene.stack, signer, content, scene.artifact, kind=EntryKind.HASHEDREKORD_1))


def _enveloped(scene: Scene, signed: Document, signer: Signer) -> Forgery:
    return against(scene, completed(scene.stack, signer, {"dsseEnvelope": signed}, kind=EntryKind.DSSE_1))


def envelope_signed_over_its_payload(scene: Scene) -> Forgery:
    """Not over the PAE, so the payload's type is nobody's word."""
    signer = enroll(scene.stack)
    signed = envelope(signer, scene.statement)
    signed["signatures"][0]["sig"] = b64(sign(signer.key, scene.statement))
    return _enveloped(scene, signed, signer)


def envelope_signed_for_another_type(scene: Scene) -> Forgery:
    signer = enroll(scene.stack)
    signed = envelope(signer, scene.statement, "text/plain")
    signed["payloadType"] = IN_TOTO
    return _enveloped(scene, signed, signer)


def envelope_with_another_payload(scene: Scene) -> Forgery:
    signer = enroll(scene.stack)
    signed = envelope(signer, statement(OTHER))
    signed["payload"] = b64(scene.statement)
    return _enveloped(scene, signed, signer)


def envelope_without_signatures(scene: Scene) -> Forgery:
    bundle = signed_statement(scene.stack, scene.statement, stamped=True)
    bundle["dsseEnvelope"]["signatures"] = []
    return against(scene, bundle)


def envelope_with_two_signatures(scene: Scene) -> Forgery:
    """A Sigstore bundle has one: a second one, of whomever, is not ignored."""
    bundle = signed_statement(scene.stack, scene.statement)
    more = deepcopy(bundle["dsseEnvelope"]["signatures"][0])
    more["sig"] = b64(sign(p256(), scene.statement))
    bundle["dsseEnvelope"]["signatures"].append(more)
    return against(scene, bundle)


ATTACKS: tuple[Attack, ...] = (
    signature_of_another_key,
    signature_of_other_bytes,
    signature_of_other_bytes_under_our_digest,
    digest_of_other_bytes,
    signature_as_two_numbers,
    envelope_signed_over_its_payload,
    envelope_signed_for_another_type,
    envelope_with_another_payload,
    envelope_without_signatures,
    envelope_with_two_signatures,
)
