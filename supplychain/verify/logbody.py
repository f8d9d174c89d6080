"""What a log entry's body says, held against the signature it must be about.

A log proves that it holds some bytes; only this comparison ties them to the signature at hand (CVE-2022-36056).
Certificates and keys are compared as DER, since entries wrap their PEM in different ways.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from supplychain import _json
from supplychain._json import Node
from supplychain.errors import LogEntryMismatch, UnsupportedAlgorithm, UnsupportedType
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import LogEntry
from supplychain.model.digest import HEX_LENGTH
from supplychain.model.statement import Envelope
from supplychain.verify.bundle import algorithm_named

_PLAIN: Final = tuple(HEX_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature, and all that its log entry must agree with."""

    signature: bytes
    verifier: bytes
    """DER of the certificate, or of the key's SubjectPublicKeyInfo."""
    artifact: Artifact
    envelope: Envelope | None
    """None for a signature of the artifact itself."""


def check_about(entry: LogEntry, signed: Signed, *, where: str) -> None:
    """Refuse an entry that is not about this signature, its key and what it covers. Raises LogEntryMismatch.

    An entry of another kind or version is UnsupportedType: it may say anything.
    """
    place = f"{where}: log entry"
    kind = (entry.kind, entry.version)
    if kind not in _KINDS:
        raise UnsupportedType(f"an entry of kind {entry.kind[:40]!r} {entry.version[:20]!r}", where=place)
    body = _json.parse(entry.body, where=place)
    found = (body.at("kind").text(), body.at("apiVersion").text())
    if found != kind:
        raise LogEntryMismatch(f"it is called {' '.join(kind)} and its body is {' '.join(found)[:60]}", where=place)
    if problem := _KINDS[kind](body.at("spec"), signed):
        raise LogEntryMismatch(f"the log entry is about another {problem}", where=where)


def _hashedrekord_v1(spec: Node, signed: Signed) -> str | None:
    digest, signature = spec.at("data").at("hash"), spec.at("signature")
    if signed.envelope is not None:
        return "kind of signature"
    return _differing(
        signature=signature.at("content").base64() == signed.signature,
        key=_pem(signature.at("publicKey").at("content")) == signed.verifier,
        file=_measured(signed.artifact, digest) == digest.at("value").text(),
    )


def _hashedrekord_v2(spec: Node, signed: Signed) -> str | None:
    found = spec.at("hashedRekordV002")
    data, signature = found.at("data"), found.at("signature")
    algorithm = algorithm_named(data.at("algorithm"))
    if signed.envelope is not None:
        covered: str | None = hashlib.new(algorithm, signed.envelope.signed_bytes).hexdigest()
    else:
        covered = _known(signed.artifact, algorithm, data)
    return _differing(
        signature=signature.at("content").base64() == signed.signature,
        key=_raw(signature.at("verifier")) == signed.verifier,
        **{"file" if signed.envelope is None else "statement": data.at("digest").base64().hex() == covered},
    )


def _dsse_v1(spec: Node, signed: Signed) -> str | None:
    signatures = spec.at("signatures").items(at_most=1)
    return _differing(
        statement=_payload_hash(spec.at("payloadHash"), signed),
        signature=[s.at("signature").base64() for s in signatures] == [signed.signature],
        key=[_pem(s.at("verifier")) for s in signatures] == [signed.verifier],
    )


def _dsse_v2(spec: Node, signed: Signed) -> str | None:
    found = spec.at("dsseV002")
    digest = found.at("payloadHash")
    signatures = found.at("signatures").items(at_most=1)
    algorithm = algorithm_named(digest.at("algorithm"))
    return _differing(
        statement=signed.envelope is not None
        and digest.at("digest").base64() == hashlib.new(algorithm, signed.envelope.payload).digest(),
        signature=[s.at("content").base64() for s in signatures] == [signed.signature],
        key=[_raw(s.at("verifier")) for s in signatures] == [signed.verifier],
    )


def _intoto_v1(spec: Node, signed: Signed) -> str | None:
    """It names the payload and the key and not the signature: the key's holder signed this payload, by some signature.

    The log took the entry in only after it had verified an envelope of this payload by this key.
    """
    return _differing(
        statement=_payload_hash(spec.at("content").at("payloadHash"), signed),
        key=_pem(spec.at("publicKey")) == signed.verifier,
    )


def _intoto_v2(spec: Node, signed: Signed) -> str | None:
    content = spec.at("content")
    signatures = content.at("envelope").at("signatures").items(at_most=1)
    return _differing(
        statement=_payload_hash(content.at("payloadHash"), signed),
        signature=len(signatures) == 1 and signed.signature in _once_or_twice(signatures[0].at("sig")),
        key=[_pem(s.at("publicKey")) for s in signatures] == [signed.verifier],
    )


_KINDS: Final[dict[tuple[str, str], Callable[[Node, Signed], str | None]]] = {
    ("hashedrekord", "0.0.1"): _hashedrekord_v1,
    ("hashedrekord", "0.0.2"): _hashedrekord_v2,
    ("dsse", "0.0.1"): _dsse_v1,
    ("dsse", "0.0.2"): _dsse_v2,
    ("intoto", "0.0.1"): _intoto_v1,
    ("intoto", "0.0.2"): _intoto_v2,
}


def _differing(**same: bool) -> str | None:
    return " and ".join(what for what, holds in same.items() if not holds) or None


def _measured(artifact: Artifact, digest: Node) -> str:
    algorithm = digest.at("algorithm").text()
    if algorithm not in _PLAIN:
        raise UnsupportedAlgorithm(f"a digest by {algorithm[:40]!r}", where=f"{digest.where}: {digest.path}")
    return _known(artifact, algorithm, digest)


def _known(artifact: Artifact, algorithm: str, node: Node) -> str:
    found = artifact.measured(algorithm)
    if found is None:
        raise UnsupportedAlgorithm(
            f"names the {algorithm} of the file, and only its sha256 was given",
            where=f"{node.where}: {node.path}",
            hint="name the file instead of its digest",
        )
    return found


def _payload_hash(node: Node, signed: Signed) -> bool:
    if node.at("algorithm").text() != "sha256":
        raise UnsupportedAlgorithm("a payload hash other than sha256", where=f"{node.where}: {node.path}")
    return (
        signed.envelope is not None and node.at("value").text() == hashlib.sha256(signed.envelope.payload).hexdigest()
    )


def _raw(verifier: Node) -> bytes:
    certificate, key = verifier.maybe("x509Certificate"), verifier.maybe("publicKey")
    found = certificate or key
    if found is None or (certificate and key):
        verifier.fail("expected one of x509Certificate and publicKey")
    return found.at("rawBytes").base64()


def _pem(node: Node) -> bytes:
    """The DER in base64 of one PEM block, however its lines are wrapped."""
    parts = node.base64().split(b"-----")
    if len(parts) != 5 or parts[4].strip():
        node.fail("expected base64 of one PEM block")
    try:
        return base64.b64decode(b"".join(parts[2].split()), validate=True)
    except (binascii.Error, ValueError):
        node.fail("expected base64 of one PEM block")


def _once_or_twice(node: Node) -> tuple[bytes, ...]:
    """Entries of this kind encode the base64 of the signature once more; some do not."""
    once = node.base64()
    try:
        return once, base64.b64decode(once, validate=True)
    except (binascii.Error, ValueError):
        return (once,)
