"""Sigstore bundles and bare DSSE envelopes, read and written. What is read here is still untrusted.

Bundles are protobuf messages in their JSON form (sigstore/protobuf-specs, ``sigstore_bundle.proto``): base64 in the
standard alphabet, 64-bit integers as strings. Exactly one signature is in a bundle.
"""

import base64
from typing import Final

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import MalformedDocument, SignatureInvalid, UnsupportedAlgorithm, UnsupportedType
from supplychain.model.bundle import BUNDLE_V03, Bundle, Certificates, MessageSignature, PublicKeyHint
from supplychain.model.statement import Envelope

MEDIA_TYPES: Final = (BUNDLE_V03, "application/vnd.dev.sigstore.bundle+json;version=0.3")
"""Both spellings of v0.3."""
MAX_BUNDLE_BYTES: Final = 64 << 20
MAX_LOG_ENTRIES: Final = 8
MAX_TIMESTAMPS: Final = 8
MAX_CERTIFICATES: Final = 8

_ALGORITHMS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_ENUM_NAMES: Final = {ours: theirs for theirs, ours in _ALGORITHMS.items()}


def parse(data: bytes, *, where: str) -> Bundle | Envelope:
    """Read a bundle, or a bare DSSE envelope, once.

    Raises MalformedDocument, LimitExceeded, UnsupportedType for any other media type, and SignatureInvalid for a
    bundle whose certificate chain or signature list is empty.
    """
    node = _json.parse(data, where=where, max_bytes=MAX_BUNDLE_BYTES)
    members = node.object()
    if "mediaType" not in members and "payloadType" in members:
        return Envelope.parse(node)
    return _parse_bundle(node)


def content_of(parsed: Bundle | Envelope) -> MessageSignature | Envelope:
    """What was signed: the content of a bundle, or the bare envelope itself."""
    return parsed.content if isinstance(parsed, Bundle) else parsed


def _parse_bundle(node: Node) -> Bundle:
    media_type = node.at("mediaType").text()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedType(
            f"media type {media_type[:80]!r} is not judged by this version",
            where=node.where,
            hint=f"expected {BUNDLE_V03}",
        )
    message, envelope = node.maybe("messageSignature"), node.maybe("dsseEnvelope")
    content: MessageSignature | Envelope
    if message and not envelope:
        content = _parse_message(message)
    elif envelope and not message:
        content = Envelope.parse(envelope)
        if len(content.signatures) != 1:
            raise SignatureInvalid(
                f"a bundle holds exactly one signature, this one {len(content.signatures)}", where=node.where
            )
    else:
        node.fail("expected either messageSignature or dsseEnvelope")
    material = node.at("verificationMaterial")
    entries = material.maybe("tlogEntries")
    stamps = material.maybe("timestampVerificationData")
    tokens = stamps.maybe("rfc3161Timestamps") if stamps else None
    return Bundle(
        content=content,
        material=_parse_material(material),
        log_entries=tuple(entries.items(at_most=MAX_LOG_ENTRIES)) if entries else (),
        timestamps=tuple(t.at("signedTimestamp").base64() for t in tokens.items(at_most=MAX_TIMESTAMPS))
        if tokens
        else (),
        media_type=media_type,
    )


def _parse_message(node: Node) -> MessageSignature:
    claimed = node.maybe("messageDigest")
    if claimed is None:
        return MessageSignature(signature=node.at("signature").base64(), algorithm=None, digest=None)
    name = claimed.at("algorithm").text()
    if name not in _ALGORITHMS:
        raise UnsupportedAlgorithm(f"message digest by {name[:40]!r}", where=f"{node.where}: {claimed.path}")
    return MessageSignature(
        signature=node.at("signature").base64(),
        algorithm=_ALGORITHMS[name],
        digest=claimed.at("digest").base64().hex(),
    )


def _parse_material(node: Node) -> PublicKeyHint | Certificates:
    key, certificate, chain = (node.maybe(name) for name in ("publicKey", "certificate", "x509CertificateChain"))
    if [key, certificate, chain].count(None) != 2:
        node.fail("expected one of publicKey and certificate")
    if key:
        hint = key.maybe("hint")
        return PublicKeyHint(hint=hint.text(empty=True) if hint else "")
    if certificate:
        return Certificates(chain=(certificate.at("rawBytes").base64(),))
    assert chain is not None
    found = chain.at("certificates").items(at_most=MAX_CERTIFICATES)
    if not found:
        raise SignatureInvalid("an empty certificate chain signs nothing", where=node.where)
    raise MalformedDocument("a bundle of version 0.3 carries one certificate, not a chain", where=node.where)


def encode(bundle: Bundle) -> bytes:
    """The bundle of a managed key as one line of canonical JSON, without a newline.

    Raises UnsupportedType for certificates, log entries and timestamps.
    """
    if not isinstance(bundle.material, PublicKeyHint) or bundle.log_entries or bundle.timestamps:
        raise UnsupportedType("only bundles of managed keys are written by this version")
    out: dict[str, JSON] = {
        "mediaType": bundle.media_type,
        "verificationMaterial": {"publicKey": {"hint": bundle.material.hint}, "tlogEntries": []},
    }
    content = bundle.content
    if isinstance(content, Envelope):
        out["dsseEnvelope"] = {
            "payload": _b64(content.payload),
            "payloadType": content.payload_type,
            "signatures": [{"sig": _b64(s.sig), "keyid": s.keyid} for s in content.signatures],
        }
    else:
        signature: dict[str, JSON] = {"signature": _b64(content.signature)}
        if content.algorithm and content.digest:
            digest = _b64(bytes.fromhex(content.digest))
            signature["messageDigest"] = {"algorithm": _ENUM_NAMES[content.algorithm], "digest": digest}
        out["messageSignature"] = signature
    return _json.canonical(out)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
