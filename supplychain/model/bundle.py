"""Sigstore bundles as frozen facts: a signature, what it covers, and the material to verify it.

The JSON form is read and written in `verify.bundle`; nothing here has been verified.
"""

from dataclasses import dataclass

from supplychain._json import Node
from supplychain.model.statement import Envelope

BUNDLE_V03 = "application/vnd.dev.sigstore.bundle.v0.3+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSignature:
    """A signature over the artifact's bytes."""

    signature: bytes
    algorithm: str | None
    """Of the digest that rides along, as our names have it (sha256, ...); None when there is no digest."""
    digest: str | None
    """Hexadecimal; a claim that must agree with the artifact, never a substitute for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeyHint:
    """Material of a managed key: a hint for finding it. A reader never requires the hint to match."""

    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Material of a certificate signer, DER, leaf first."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One signature with its verification material: untrusted until the verifier says otherwise."""

    content: MessageSignature | Envelope
    material: PublicKeyHint | Certificates
    log_entries: tuple[Node, ...] = ()
    """Transparency log entries, unread."""
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 responses, DER, unread."""
    media_type: str = BUNDLE_V03
