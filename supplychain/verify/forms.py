"""Older and neighbouring forms of signed evidence, read into the same `Bundle`: nothing is taken on trust here.

- PEP 740 attestation objects (PyPI): a certificate, log entries and an in-toto statement.
- cosign's bundle of before 2024: base64Signature, cert (a certificate or key, PEM), rekorBundle (a promise, no proof).
"""

import base64
import binascii

from supplychain import _json
from supplychain._json import Node
from supplychain.errors import MalformedDocument, UnsupportedType
from supplychain.model.bundle import (
    BUNDLE_V01,
    BUNDLE_V03,
    Bundle,
    Certificates,
    LogEntry,
    MessageSignature,
    PublicKeyHint,
)
from supplychain.model.statement import PAYLOAD_TYPE, Envelope, EnvelopeSignature
from supplychain.verify.bundle import natural, only, parse_entries, parse_envelope


def parse_older(node: Node) -> Bundle:
    """Read either form. Raises MalformedDocument, LimitExceeded, UnsupportedType."""
    return _pep740(node) if "verification_material" in node.object() else _cosign(node)


def _pep740(node: Node) -> Bundle:
    """PEP 740, "Attestation objects", version 1."""
    version = only(node, "version", "verification_material", "envelope").at("version").integer()
    if version != 1:
        raise UnsupportedType(f"an attestation object of version {version}, expected 1", where=node.where)
    material = only(node.at("verification_material"), "certificate", "transparency_entries")
    signed = only(node.at("envelope"), "statement", "signature")
    return Bundle(
        content=Envelope(
            payload_type=PAYLOAD_TYPE,
            payload=signed.at("statement").base64(),
            signatures=(EnvelopeSignature(signed.at("signature").base64()),),
        ),
        material=Certificates(chain=(material.at("certificate").base64(),)),
        log_entries=parse_entries(material.at("transparency_entries")),
        media_type=BUNDLE_V03,
    )


def _cosign(node: Node) -> Bundle:
    only(node, "base64Signature", "cert", "rekorBundle")
    logged, certificate = node.maybe("rekorBundle"), node.maybe("cert")
    return Bundle(
        content=_cosign_content(node.at("base64Signature")),
        material=_cosign_material(certificate)
        if certificate and certificate.text(empty=True)
        else PublicKeyHint(hint=""),
        log_entries=(_promised(logged),) if logged else (),
        media_type=BUNDLE_V01,
    )


def _cosign_content(node: Node) -> MessageSignature | Envelope:
    """A signature of a file; of an attestation, the whole envelope stands in its place."""
    data = node.base64()
    if not data.startswith(b"{"):
        return MessageSignature(signature=data, algorithm=None, digest=None)
    return parse_envelope(_json.parse(data, where=f"{node.where}: {node.path}"))


def _cosign_material(node: Node) -> Certificates | PublicKeyHint:
    """The PEM, as it is or in base64. A key found here is not the caller's: it is no more than a hint."""
    text = node.text()
    pem = text.encode() if "-----BEGIN" in text else node.base64()
    parts = pem.split(b"-----")
    if len(parts) < 5 or parts[1] not in (b"BEGIN CERTIFICATE", b"BEGIN PUBLIC KEY"):
        node.fail("expected a certificate in PEM")
    if parts[1] == b"BEGIN PUBLIC KEY":
        return PublicKeyHint(hint="")
    try:
        # every block is four dashes-delimited parts; the body is the third of each
        return Certificates(
            chain=tuple(base64.b64decode(b"".join(body.split()), validate=True) for body in parts[2::4])
        )
    except (binascii.Error, ValueError):
        raise MalformedDocument("expected certificates in PEM", where=f"{node.where}: {node.path}") from None


def _promised(node: Node) -> LogEntry:
    """The entry of a cosign bundle: the log's promise and what it signs. Its kind is what the body says."""
    payload = only(node, "SignedEntryTimestamp", "Payload").at("Payload")
    only(payload, "body", "integratedTime", "logIndex", "logID")
    body = payload.at("body").base64()
    claimed = _json.parse(body, where=f"{node.where}: log entry")
    log_id = payload.at("logID").text()
    try:
        raw_id = bytes.fromhex(log_id)
    except ValueError:
        payload.at("logID").fail("expected hexadecimal digits")
    return LogEntry(
        log_id=raw_id,
        index=natural(payload.at("logIndex")),
        kind=claimed.at("kind").text(),
        version=claimed.at("apiVersion").text(),
        body=body,
        integrated_time=natural(payload.at("integratedTime")),
        promise=node.at("SignedEntryTimestamp").base64(),
        proof=None,
    )
