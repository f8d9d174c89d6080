"""How bytes, keys and times are written in Sigstore's documents."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any, TypeAlias

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.sigstore_stack.keys import PublicKey

Document: TypeAlias = dict[str, Any]
"""JSON as the stack writes it, for a test to edit."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical(document: Document) -> bytes:
    """RFC 8785: what a log hashes and signs."""
    return bytes(rfc8785.dumps(document))


def spki(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo, DER."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def pem(thing: x509.Certificate | PublicKey) -> bytes:
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def rfc3339(moment: datetime) -> str:
    """In UTC with Z, as protobuf's JSON has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
