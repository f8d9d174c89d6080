"""What a verb found out, ready to be rendered. Every class here has a line in each report it can appear in."""

from dataclasses import dataclass
from datetime import datetime

from supplychain.model.verification import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedDocument:
    """One SBOM held against the schema of its own format and version."""

    path: str
    format: str
    """``CycloneDX 1.6 JSON``; empty when it could not be told."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The answer of ``sbom validate``."""

    documents: tuple[ValidatedDocument, ...]
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """A key as shown to a person: never its private part."""

    path: str
    algorithm: str
    fingerprint: str
    private: bool
    encrypted: bool | None
    """None for a public key."""
    wrote: tuple[str, ...] = ()
    """Files that were written, for ``key new``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Files a verb wrote, and what to do with them next."""

    verb: str
    """sign, attest, prepare, run, sbom create."""
    files: tuple[str, ...]
    kept: tuple[str, ...] = ()
    """Files that already said exactly this and were left as they are."""
    summary: tuple[str, ...] = ()
    """Lines for people, above the list."""
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedParty:
    """One authority or log that a trusted root believes."""

    role: str
    """``certificate authority``, ``transparency log``, ``certificate log`` or ``timestamp authority``."""
    name: str
    """URL of a log; subject of an authority's signing certificate."""
    id: str
    """SHA-256, in hexadecimal: of a log's key as entries name it, of an authority's first certificate."""
    since: datetime
    until: datetime | None
    """None where no end is set."""
    ended: bool
    """What was signed while it lasted still counts; nothing later does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedParties:
    """Whom a trusted root believes, for what, from when until when: the answer of ``trust show``."""

    source: str
    """Where the root came from."""
    sha256: str
    as_of: datetime
    parties: tuple[TrustedParty, ...]
    unusable: tuple[str, ...] = ()
    """Keys that are in it and that nothing is verified with, and why."""
