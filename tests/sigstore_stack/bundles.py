"""Sign with a private Sigstore: bundles as dicts, for a test to write down or to spoil.

    signer = enroll(stack, workflow())
    bundle = signed_artifact(stack, b"the bytes", signer=signer)
    bundle = signed_statement(stack, payload, kind=EntryKind.INTOTO_2, media_type=V0_2)

These are put together of smaller steps (`message`, `envelope`, `completed`, `assembled`, `rekor.log`, `tsa.stamp`),
which a test calls itself where it wants another order, another part, or none.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509

from tests.sigstore_stack import entries as entries_of
from tests.sigstore_stack import rekor, tsa
from tests.sigstore_stack.authority import issue
from tests.sigstore_stack.claims import Claims, workflow
from tests.sigstore_stack.encoding import Document, b64, der, pem, sha256, spki, unb64
from tests.sigstore_stack.entries import EntryKind, Verifier
from tests.sigstore_stack.keys import PrivateKey, digest_of, hashed, p256, sign
from tests.sigstore_stack.stack import Stack

V0_1 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
V0_2 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
V0_3_OLD = "application/vnd.dev.sigstore.bundle+json;version=0.3"
V0_3 = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key, and the certificate for it; None for one who manages the key and is known by it."""

    key: PrivateKey
    certificate: x509.Certificate | None

    @property
    def verifier(self) -> Verifier:
        return self.key.public_key() if self.certificate is None else self.certificate


def enroll(
    stack: Stack, claims: Claims | None = None, *, key: PrivateKey | None = None, lifetime: timedelta | None = None
) -> Signer:
    """A new certificate for a key, by default a new P-256 one of a release workflow."""
    key = key or p256()
    certificate = issue(stack.authority, key.public_key(), claims or workflow(), log=stack.ctlog, lifetime=lifetime)
    return Signer(key=key, certificate=certificate)


def managed(key: PrivateKey | None = None) -> Signer:
    """One without a certificate."""
    return Signer(key=key or p256(), certificate=None)


def statement(artifact: bytes, *, predicate_type: str = "https://slsa.dev/provenance/v1") -> bytes:
    """A Statement v1 about the bytes, with an empty predicate."""
    subject = {"name": "artifact", "digest": {"sha256": sha256(artifact).hex()}}
    said = {"_type": "https://in-toto.io/Statement/v1", "subject": [subject], "predicateType": predicate_type}
    return json.dumps({**said, "predicate": {}}).encode()


def message(signer: Signer, artifact: bytes) -> Document:
    """A MessageSignature, with the digest of the algorithm that goes with the key (SHA-256 with Ed25519)."""
    public = signer.key.public_key()
    algorithm, digest = hashed(public, artifact) if digest_of(public) else ("sha256", sha256(artifact))
    return {
        "messageDigest": {"algorithm": entries_of.algorithm_2(algorithm), "digest": b64(digest)},
        "signature": b64(sign(signer.key, artifact)),
    }


def envelope(signer: Signer, payload: bytes, payload_type: str = IN_TOTO) -> Document:
    """A DSSE envelope of one signature."""
    signature = sign(signer.key, entries_of.pae(payload_type, payload))
    return {"payload": b64(payload), "payloadType": payload_type, "signatures": [{"sig": b64(signature)}]}


def signed_artifact(
    stack: Stack,
    artifact: bytes,
    *,
    signer: Signer | None = None,
    kind: EntryKind = EntryKind.HASHEDREKORD_1,
    media_type: str = V0_3,
    stamped: bool | None = None,
) -> Document:
    """A bundle of a MessageSignature, logged, and stamped where `stamped`; None stamps what Rekor v2 gives no time."""
    signer = signer or enroll(stack)
    content = {"messageSignature": message(signer, artifact)}
    return completed(stack, signer, content, artifact, kind=kind, media_type=media_type, stamped=stamped)


def signed_statement(
    stack: Stack,
    payload: bytes,
    *,
    signer: Signer | None = None,
    kind: EntryKind = EntryKind.DSSE_1,
    media_type: str = V0_3,
    stamped: bool | None = None,
    payload_type: str = IN_TOTO,
) -> Document:
    """A bundle of a DSSE envelope, logged and stamped as `signed_artifact` says."""
    signer = signer or enroll(stack)
    content = {"dsseEnvelope": envelope(signer, payload, payload_type)}
    return completed(stack, signer, content, kind=kind, media_type=media_type, stamped=stamped)


def completed(
    stack: Stack,
    signer: Signer,
    content: Document,
    artifact: bytes = b"",
    *,
    kind: EntryKind,
    media_type: str = V0_3,
    stamped: bool | None = None,
    pem_of: Callable[[Verifier], bytes] = pem,
) -> Document:
    """Log, stamp and put together signed content as it is: {"messageSignature": ...} or {"dsseEnvelope": ...}.

    Args:
        artifact: what a messageSignature is of; a log knows its digest
        pem_of: wraps the certificate for entries that hold it as PEM (see `rewrapped`)
    """
    signature = signature_of(content)
    entry = rekor.log(stack.rekor(kind.rekor), body(kind, signer, content, artifact, pem_of=pem_of))
    wanted = kind.rekor == 2 if stamped is None else stamped
    tokens = [tsa.stamp(stack.tsa, signature)] if wanted else []
    return assembled(signer, content, entries=[entry], tokens=tokens, media_type=media_type)


def signature_of(content: Document) -> bytes:
    """The signature in a bundle or its content."""
    if "dsseEnvelope" in content:
        return unb64(content["dsseEnvelope"]["signatures"][0]["sig"])
    return unb64(content["messageSignature"]["signature"])


def body(
    kind: EntryKind,
    signer: Signer,
    content: Document,
    artifact: bytes = b"",
    *,
    pem_of: Callable[[Verifier], bytes] = pem,
) -> Document:
    """The log entry's body for signed content."""
    if "dsseEnvelope" in content:
        return entries_of.body_of(kind, content["dsseEnvelope"], signer.verifier, pem_of=pem_of)
    signature = signature_of(content)
    if kind is EntryKind.HASHEDREKORD_1:
        return entries_of.hashedrekord_1(artifact, signature, pem_of(signer.verifier), signer.key.public_key())
    assert kind is EntryKind.HASHEDREKORD_2, kind
    return entries_of.hashedrekord_2(artifact, signature, signer.verifier)


def rewrapped(verifier: Verifier) -> bytes:
    """The same PEM in lines of 76 characters that end in CR LF, as some clients send it to the log."""
    head, *lines, tail = pem(verifier).decode().splitlines()
    text = "".join(lines)
    rows = [text[start : start + 76] for start in range(0, len(text), 76)]
    return "\r\n".join([head, *rows, tail, ""]).encode()


def assembled(
    signer: Signer,
    content: Document,
    *,
    entries: Sequence[Document],
    tokens: Sequence[bytes] = (),
    media_type: str = V0_3,
) -> Document:
    """The bundle of these parts. `content` is {"messageSignature": ...} or {"dsseEnvelope": ...}."""
    material: Document = {**_identified(signer, media_type), "tlogEntries": list(entries)}
    if tokens:
        material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(t)} for t in tokens]}
    return {"mediaType": media_type, "verificationMaterial": material, **content}


def _identified(signer: Signer, media_type: str) -> Document:
    """Versions before 0.3 hold a chain, of which only the leaf is put in: the rest is the trusted root's."""
    if signer.certificate is None:
        return {"publicKey": {"hint": b64(sha256(spki(signer.key.public_key())))}}
    raw = {"rawBytes": b64(der(signer.certificate))}
    if media_type in (V0_1, V0_2):
        return {"x509CertificateChain": {"certificates": [raw]}}
    return {"certificate": raw}


def to_json(document: Document) -> bytes:
    """A bundle, trusted root or configuration, as a file has it."""
    return json.dumps(document).encode()
