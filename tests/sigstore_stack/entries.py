"""Bodies of log entries, as Rekor canonicalizes them: one function a kind and version.

A `verifier` is what the signature is checked with: a certificate, or the public key of one who manages it.
"""

import json
from collections.abc import Callable
from enum import Enum
from typing import assert_never

from cryptography import x509

from tests.sigstore_stack.encoding import Document, b64, canonical, der, pem, sha256, spki, unb64
from tests.sigstore_stack.keys import PublicKey, details_of, hashed

Verifier = x509.Certificate | PublicKey


class EntryKind(Enum):
    """Kind and version."""

    HASHEDREKORD_1 = ("hashedrekord", "0.0.1")
    HASHEDREKORD_2 = ("hashedrekord", "0.0.2")
    DSSE_1 = ("dsse", "0.0.1")
    DSSE_2 = ("dsse", "0.0.2")
    INTOTO_1 = ("intoto", "0.0.1")
    INTOTO_2 = ("intoto", "0.0.2")

    @property
    def rekor(self) -> int:
        """The version of Rekor that takes it."""
        return 2 if self in (EntryKind.HASHEDREKORD_2, EntryKind.DSSE_2) else 1


def public_key_of(verifier: Verifier) -> PublicKey:
    if not isinstance(verifier, x509.Certificate):
        return verifier
    key = verifier.public_key()
    assert isinstance(key, PublicKey)
    return key


def body_of(
    kind: EntryKind, envelope: Document, verifier: Verifier, *, pem_of: Callable[[Verifier], bytes] = pem
) -> Document:
    """The body for a signed DSSE envelope. `pem_of` wraps the verifier, for entries that hold PEM."""
    match kind:
        case EntryKind.DSSE_1:
            return dsse_1(envelope, pem_of(verifier))
        case EntryKind.INTOTO_1:
            return intoto_1(envelope, pem_of(verifier))
        case EntryKind.INTOTO_2:
            return intoto_2(envelope, pem_of(verifier))
        case EntryKind.DSSE_2:
            return dsse_2(envelope, verifier)
        case EntryKind.HASHEDREKORD_2:
            message = pae(envelope["payloadType"], unb64(envelope["payload"]))
            return hashedrekord_2(message, unb64(envelope["signatures"][0]["sig"]), verifier)
        case EntryKind.HASHEDREKORD_1:
            raise ValueError("Rekor v1 has no hashedrekord entries of envelopes")
        case _:
            assert_never(kind)


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _entry(kind: EntryKind, spec: Document) -> Document:
    name, version = kind.value
    return {"apiVersion": version, "kind": name, "spec": spec}


def _sha256(data: bytes) -> Document:
    return {"algorithm": "sha256", "value": sha256(data).hex()}


def hashedrekord_1(message: bytes, signature: bytes, verifier: bytes, key: PublicKey) -> Document:
    algorithm, digest = hashed(key, message)
    return hashedrekord_1_of(algorithm, digest.hex(), b64(signature), verifier)


def hashedrekord_1_of(algorithm: str, digest: str, signature: str, verifier: bytes) -> Document:
    """For whom only the digest is known: what a request to Rekor says."""
    spec = {
        "data": {"hash": {"algorithm": algorithm, "value": digest}},
        "signature": {"content": signature, "publicKey": {"content": b64(verifier)}},
    }
    return _entry(EntryKind.HASHEDREKORD_1, spec)


def dsse_1(envelope: Document, verifier: bytes, *, sent: bytes | None = None) -> Document:
    """`sent` is the envelope as the log was given it, which its hash is of."""
    spec = {
        "envelopeHash": _sha256(written(envelope) if sent is None else sent),
        "payloadHash": _sha256(unb64(envelope["payload"])),
        "signatures": [{"signature": each["sig"], "verifier": b64(verifier)} for each in envelope["signatures"]],
    }
    return _entry(EntryKind.DSSE_1, spec)


def intoto_1(envelope: Document, verifier: bytes) -> Document:
    content = {"hash": _sha256(written(envelope)), "payloadHash": _sha256(unb64(envelope["payload"]))}
    return _entry(EntryKind.INTOTO_1, {"content": content, "publicKey": b64(verifier)})


def intoto_2(envelope: Document, verifier: bytes) -> Document:
    """Its signatures are in base64 twice; the payload is not kept."""
    signatures = [{"sig": b64(each["sig"].encode()), "publicKey": b64(verifier)} for each in envelope["signatures"]]
    content = {
        "envelope": {"payloadType": envelope["payloadType"], "signatures": signatures},
        "hash": _sha256(written(envelope)),
        "payloadHash": _sha256(unb64(envelope["payload"])),
    }
    return _entry(EntryKind.INTOTO_2, {"content": content})


def hashedrekord_2(message: bytes, signature: bytes, verifier: Verifier) -> Document:
    algorithm, digest = hashed(public_key_of(verifier), message)
    data = {"algorithm": algorithm_2(algorithm), "digest": b64(digest)}
    return hashedrekord_2_of(data, {"content": b64(signature), "verifier": verifier_2(verifier)})


def hashedrekord_2_of(data: Document, signature: Document) -> Document:
    return _entry(EntryKind.HASHEDREKORD_2, {"hashedRekordV002": {"data": data, "signature": signature}})


def dsse_2(envelope: Document, verifier: Verifier) -> Document:
    return dsse_2_of(envelope, [verifier_2(verifier)] * len(envelope["signatures"]))


def dsse_2_of(envelope: Document, verifiers: list[Document]) -> Document:
    digest = {"algorithm": "SHA2_256", "digest": b64(sha256(unb64(envelope["payload"])))}
    signatures = [
        {"content": each["sig"], "verifier": verifier}
        for each, verifier in zip(envelope["signatures"], verifiers, strict=True)
    ]
    return _entry(EntryKind.DSSE_2, {"dsseV002": {"payloadHash": digest, "signatures": signatures}})


def verifier_2(verifier: Verifier) -> Document:
    details = details_of(public_key_of(verifier))
    if isinstance(verifier, x509.Certificate):
        return {"keyDetails": details, "x509Certificate": {"rawBytes": b64(der(verifier))}}
    return {"keyDetails": details, "publicKey": {"rawBytes": b64(spki(verifier))}}


def algorithm_2(name: str) -> str:
    """sha256 is SHA2_256 in protobuf's enumeration."""
    return name.upper().replace("SHA", "SHA2_")


def written(envelope: Document) -> bytes:
    """An envelope as its signer may have sent it: not canonical, so that nobody can compute envelopeHash again."""
    return json.dumps(envelope, indent=1).encode()


def kind_of(body: Document) -> Document:
    return {"kind": body["kind"], "version": body["apiVersion"]}


def data_of(body: Document) -> bytes:
    """The bytes of the leaf."""
    return canonical(body)
