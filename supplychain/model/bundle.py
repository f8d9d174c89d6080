"""Sigstore bundles as frozen facts: a signature, what it covers, and the material to verify it.

The JSON form is read and written in `verify.bundle`; nothing here has been verified.
"""

from dataclasses import dataclass

from supplychain.model.statement import Envelope

BUNDLE_V01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
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
    """Material of a certificate signer, DER, leaf first; bundles of version 0.3 carry the leaf alone."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That a log of some size holds an entry (RFC 6962, 2.1.1), with the log's signed statement of that size."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str | None
    """A signed note (C2SP signed-note, tlog-checkpoint); without one nobody vouches for the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry of a transparency log as a bundle carries it."""

    log_id: bytes
    index: int
    """In the whole log, whatever part of it the proof is about."""
    kind: str
    version: str
    body: bytes
    """What was logged, canonical JSON, unread."""
    integrated_time: int | None
    """Seconds since 1970; only a promise (SET) signs it."""
    promise: bytes | None
    """The signed entry timestamp."""
    proof: InclusionProof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One signature with its verification material: untrusted until the verifier says otherwise."""

    content: MessageSignature | Envelope
    material: PublicKeyHint | Certificates
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 responses, DER, unread."""
    media_type: str = BUNDLE_V03

    @property
    def signature(self) -> bytes:
        """The one signature, which timestamps and log entries are about."""
        content = self.content
        return content.signature if isinstance(content, MessageSignature) else content.signatures[0].sig
