"""Proof: a statement or message signature by a signer the caller named.

>>> Verified(signer="me")
Traceback (most recent call last):
TypeError: only supplychain.verify makes a Verified
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from supplychain.model.digest import Digest
from supplychain.model.sealed import Sealed
from supplychain.model.statement import Subject

if TYPE_CHECKING:  # proof by a key has none
    from supplychain.model.certificate import CertificateFacts

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)


class Source(NamedTuple):
    """Where a proof was read, and what exactly was read."""

    uri: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The predicate of a message signature: somebody signed these bytes, and said nothing else about them."""


class Verified(Sealed, Generic[P_co]):
    """Evidence that was verified: trust established, then its content read from the same bytes."""

    made_by = "supplychain.verify"
    __slots__ = (
        "artifact",
        "certificate",
        "issuer",
        "payload_sha256",
        "predicate",
        "predicate_type",
        "root",
        "signed_at",
        "signer",
        "signer_id",
        "source",
        "subjects",
        "unchecked",
    )
    predicate: P_co
    """What was stated, typed."""
    predicate_type: str
    """Its URI; ``signature`` for a message signature."""
    artifact: Digest
    """The SHA-256 of the artifact it is about, measured by us."""
    signer: str
    """The caller's name for who signed it."""
    signer_id: str
    """Who that is: the key's fingerprint, or the certificate's identity. Distinct ids are distinct signers."""
    issuer: str | None
    """Who vouched for the identity of a certificate; None for a key."""
    certificate: "CertificateFacts | None"
    """What the certificate says of the build; None for a key."""
    signed_at: datetime | None
    """The earliest time by a trusted clock; None when nobody vouched for one."""
    source: Source
    root: str | None
    """SHA-256 of the trusted root that vouched; None when only a key was needed."""
    payload_sha256: str
    """Of the signed payload (the Statement), or of the signature for a message signature."""
    subjects: tuple[Subject, ...]
    """All that the Statement is about, `artifact` among them; empty for a message signature."""
    unchecked: tuple[str, ...]
    """Digest algorithms the subject names that could not be compared, because only a digest was given."""
