"""Sigstore bundles and bare DSSE envelopes, read and written. What is read here is still untrusted.

Bundles are protobuf messages in their JSON form (sigstore/protobuf-specs, ``sigstore_bundle.proto``): base64 in the
standard alphabet, 64-bit integers as strings. Exactly one signature is in a bundle. As protobuf's JSON asks of
readers, a field that the message does not have is refused; so nothing in a bundle is passed over unread.
"""

import base64
from typing import Final

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import SignatureInvalid, UnsupportedAlgorithm, UnsupportedType
from supplychain.model.bundle import (
    BUNDLE_V01,
    BUNDLE_V03,
    Bundle,
    Certificates,
    InclusionProof,
    LogEntry,
    MessageSignature,
    PublicKeyHint,
)
from supplychain.model.statement import MAX_SIGNATURES, Envelope

MEDIA_TYPES: Final = (
    BUNDLE_V03,
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    BUNDLE_V01,
)
"""Every version, v0.3 in both spellings."""
WITH_CHAIN: Final = MEDIA_TYPES[2:]
"""The versions whose certificate comes as a chain."""
MAX_BUNDLE_BYTES: Final = 64 << 20
MAX_LOG_ENTRIES: Final = 8
MAX_TIMESTAMPS: Final = 8
MAX_CERTIFICATES: Final = 8
MAX_HASHES: Final = 64
"""Of an inclusion proof: a log of 2**64 entries needs no more."""

_ALGORITHMS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_ENUM_NAMES: Final = {ours: theirs for theirs, ours in _ALGORITHMS.items()}


def parse(data: bytes, *, where: str) -> Bundle | Envelope:
    """Read a bundle, a bare DSSE envelope, or one of the older forms of `verify.forms`, once.

    Raises MalformedDocument, LimitExceeded, UnsupportedType for any other media type, and SignatureInvalid for a
    bundle whose certificate chain or signature list is empty.
    """
    node = _json.parse(data, where=where, max_bytes=MAX_BUNDLE_BYTES)
    members = node.object()
    if "mediaType" not in members and "payloadType" in members:
        return Envelope.parse(node)
    if "mediaType" not in members and members.keys() & {"base64Signature", "verification_material"}:
        from supplychain.verify.forms import parse_older  # a bundle is what nearly every file is

        return parse_older(node)
    return _parse_bundle(node)


def content_of(parsed: Bundle | Envelope) -> MessageSignature | Envelope:
    """What was signed: the content of a bundle, or the bare envelope itself."""
    return parsed.content if isinstance(parsed, Bundle) else parsed


def algorithm_named(node: Node) -> str:
    """The name of a hash algorithm of the protobuf enumeration, as ours. Raises UnsupportedAlgorithm."""
    name = node.text()
    if name not in _ALGORITHMS:
        raise UnsupportedAlgorithm(f"a digest by {name[:40]!r}", where=f"{node.where}: {node.path}")
    return _ALGORITHMS[name]


def only(node: Node, *names: str) -> Node:
    """The node, if it is an object with no other members. An unread field could mean anything: MalformedDocument."""
    for name in node.object():
        if name not in names:
            node.at(name).fail(f"no such field; there are {', '.join(names)}")
    return node


def _parse_bundle(node: Node) -> Bundle:
    media_type = node.at("mediaType").text()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedType(
            f"media type {media_type[:80]!r} is not one that is judged here",
            where=node.where,
            hint=f"expected {BUNDLE_V03}, or an older one",
        )
    only(node, "mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope")
    message, envelope = node.maybe("messageSignature"), node.maybe("dsseEnvelope")
    content: MessageSignature | Envelope
    if message and not envelope:
        content = _parse_message(message)
    elif envelope and not message:
        content = parse_envelope(envelope)
    else:
        node.fail("expected either messageSignature or dsseEnvelope")
    material = only(
        node.at("verificationMaterial"),
        *("publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"),
    )
    entries = material.maybe("tlogEntries")
    return Bundle(
        content=content,
        material=_parse_material(material, media_type),
        log_entries=parse_entries(entries) if entries else (),
        timestamps=_parse_timestamps(material.maybe("timestampVerificationData")),
        media_type=media_type,
    )


def parse_envelope(node: Node) -> Envelope:
    """The envelope of a bundle, with its one signature. Raises SignatureInvalid for none or several."""
    for signature in only(node, "payload", "payloadType", "signatures").at("signatures").items(at_most=MAX_SIGNATURES):
        only(signature, "sig", "keyid")
    envelope = Envelope.parse(node)
    if len(envelope.signatures) != 1:
        raise SignatureInvalid(
            f"a bundle holds exactly one signature, this one {len(envelope.signatures)}", where=node.where
        )
    return envelope


def _parse_message(node: Node) -> MessageSignature:
    claimed = only(node, "messageDigest", "signature").maybe("messageDigest")
    if claimed is None:
        return MessageSignature(signature=node.at("signature").base64(), algorithm=None, digest=None)
    return MessageSignature(
        signature=node.at("signature").base64(),
        algorithm=algorithm_named(only(claimed, "algorithm", "digest").at("algorithm")),
        digest=claimed.at("digest").base64().hex(),
    )


def _parse_material(node: Node, media_type: str) -> PublicKeyHint | Certificates:
    key, certificate, chain = (node.maybe(name) for name in ("publicKey", "certificate", "x509CertificateChain"))
    if [key, certificate, chain].count(None) != 2:
        node.fail("expected one of publicKey and certificate")
    if key:
        hint = only(key, "hint").maybe("hint")
        return PublicKeyHint(hint=hint.text(empty=True) if hint else "")
    found = only(chain, "certificates").at("certificates").items(at_most=MAX_CERTIFICATES) if chain else []
    if chain and not found:
        raise SignatureInvalid("an empty certificate chain signs nothing", where=node.where)
    if (chain is not None) != (media_type in WITH_CHAIN):
        node.fail(f"a bundle of {media_type.removeprefix('application/')} carries its certificate in another field")
    if certificate:
        return Certificates(chain=(only(certificate, "rawBytes").at("rawBytes").base64(),))
    return Certificates(chain=tuple(only(c, "rawBytes").at("rawBytes").base64() for c in found))


def _parse_timestamps(node: Node | None) -> tuple[bytes, ...]:
    tokens = only(node, "rfc3161Timestamps").maybe("rfc3161Timestamps") if node else None
    if tokens is None:
        return ()
    items = tokens.items(at_most=MAX_TIMESTAMPS)
    # made by hand from openssl's base64, which breaks lines, by more than one tool
    found = tuple(only(t, "signedTimestamp").at("signedTimestamp").base64(wrapped=True) for t in items)
    if len(set(found)) < len(found):
        tokens.fail("one timestamp twice")
    return found


def parse_entries(node: Node) -> tuple[LogEntry, ...]:
    """Transparency log entries, each once (``rekor/v1/sigstore_rekor.proto``, TransparencyLogEntry)."""
    found = tuple(map(_parse_entry, node.items(at_most=MAX_LOG_ENTRIES)))
    if len(set(found)) < len(found):
        node.fail("one log entry twice")
    return found


def _parse_entry(node: Node) -> LogEntry:
    only(
        node,
        *("logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof"),
        "canonicalizedBody",
    )
    kind = only(node.at("kindVersion"), "kind", "version")
    integrated, promise, proof = (node.maybe(name) for name in ("integratedTime", "inclusionPromise", "inclusionProof"))
    promised = only(promise, "signedEntryTimestamp").maybe("signedEntryTimestamp") if promise else None
    return LogEntry(
        log_id=only(node.at("logId"), "keyId").at("keyId").base64(),
        index=natural(node.maybe("logIndex")),
        kind=kind.at("kind").text(),
        version=kind.at("version").text(),
        body=node.at("canonicalizedBody").base64(),
        integrated_time=(natural(integrated) or None) if integrated else None,
        promise=promised.base64() if promised else None,
        proof=_parse_proof(proof) if proof else None,
    )


def _parse_proof(node: Node) -> InclusionProof:
    only(node, "logIndex", "rootHash", "treeSize", "hashes", "checkpoint")
    checkpoint, hashes = node.maybe("checkpoint"), node.maybe("hashes")
    envelope = only(checkpoint, "envelope").at("envelope").text() if checkpoint else None
    return InclusionProof(
        index=natural(node.maybe("logIndex")),
        size=natural(node.at("treeSize")),
        root=node.at("rootHash").base64(),
        hashes=tuple(h.base64() for h in hashes.items(at_most=MAX_HASHES)) if hashes else (),
        checkpoint=envelope,
    )


def natural(node: Node | None) -> int:
    """A number that cannot be negative; protobuf's JSON leaves zeros out."""
    value = 0 if node is None else node.integer()
    if value < 0 and node is not None:
        node.fail(f"expected a number that is not negative, found {value}")
    return value


def encode(bundle: Bundle) -> bytes:
    """The bundle as one line of canonical JSON, without a newline, in the form of its own media type."""
    material = bundle.material
    out: dict[str, JSON]
    if isinstance(material, PublicKeyHint):
        out = {"publicKey": {"hint": material.hint}}
    elif bundle.media_type in WITH_CHAIN:
        out = {"x509CertificateChain": {"certificates": [{"rawBytes": _b64(c)} for c in material.chain]}}
    else:
        out = {"certificate": {"rawBytes": _b64(material.chain[0])}}
    out["tlogEntries"] = [_encode_entry(e) for e in bundle.log_entries]
    if bundle.timestamps:
        tokens: list[JSON] = [{"signedTimestamp": _b64(t)} for t in bundle.timestamps]
        out["timestampVerificationData"] = {"rfc3161Timestamps": tokens}
    whole: dict[str, JSON] = {"mediaType": bundle.media_type, "verificationMaterial": out}
    return _json.canonical(whole | _encode_content(bundle.content))


def _encode_content(content: MessageSignature | Envelope) -> dict[str, JSON]:
    if isinstance(content, Envelope):
        return {
            "dsseEnvelope": {
                "payload": _b64(content.payload),
                "payloadType": content.payload_type,
                "signatures": [{"sig": _b64(s.sig), "keyid": s.keyid} for s in content.signatures],
            }
        }
    signature: dict[str, JSON] = {"signature": _b64(content.signature)}
    if content.algorithm and content.digest:
        digest = _b64(bytes.fromhex(content.digest))
        signature["messageDigest"] = {"algorithm": _ENUM_NAMES[content.algorithm], "digest": digest}
    return {"messageSignature": signature}


def _encode_entry(entry: LogEntry) -> JSON:
    out: dict[str, JSON] = {
        "logIndex": str(entry.index),
        "logId": {"keyId": _b64(entry.log_id)},
        "kindVersion": {"kind": entry.kind, "version": entry.version},
        "canonicalizedBody": _b64(entry.body),
    }
    if entry.integrated_time is not None:
        out["integratedTime"] = str(entry.integrated_time)
    if entry.promise is not None:
        out["inclusionPromise"] = {"signedEntryTimestamp": _b64(entry.promise)}
    if (proof := entry.proof) is not None:
        found: dict[str, JSON] = {
            "logIndex": str(proof.index),
            "treeSize": str(proof.size),
            "rootHash": _b64(proof.root),
            "hashes": [_b64(h) for h in proof.hashes],
        }
        if proof.checkpoint is not None:
            found["checkpoint"] = {"envelope": proof.checkpoint}
        out["inclusionProof"] = found
    return out


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
