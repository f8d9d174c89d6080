"""What verifying found out, ready to be rendered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as data: what a program matches on, what a person reads, what to do next."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow:
    """One artifact against one piece of evidence."""

    artifact: str
    sha256: str | None
    """None when the artifact could not be read."""
    bundle: str | None
    """Where the evidence was found; None when there was none."""
    predicate_type: str | None = None
    signer: str | None = None
    """The caller's name for who signed it."""
    identity: str | None = None
    """Who that is by the certificate; None for a key, as the next three."""
    issuer: str | None = None
    source_repository: str | None = None
    """URI of the repository that was built, where the certificate says so."""
    source_ref: str | None = None
    signed_at: datetime | None = None
    root: str | None = None
    unchecked: tuple[str, ...] = ()
    second_opinion: str | None = None
    """What another verifier said, or why it could not judge; None when it was not asked."""
    error: Problem | None = None
    """None means verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer of ``verify`` for any number of artifacts."""

    rows: tuple[VerifiedRow, ...]
    verified: bool
    """True when every artifact has the evidence that was asked for, and every named bundle verified."""
    exit_code: int
