"""What a verb found out, ready to be rendered. Every class here has a line in each report it can appear in."""

from dataclasses import dataclass

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
