"""An SBOM as it was read: what somebody claims an artifact to hold.

Claims prove nothing by themselves: `sbom.proof` holds them against measured bytes, `sbom.profiles` against what a
profile asks for.
"""

from dataclasses import dataclass
from datetime import datetime

from supplychain.model.inventory import Completeness, Component, Edge, Unknown


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileClaim:
    """A file the document says is there."""

    path: str
    sha256: str
    """Lower-case hexadecimal; empty when the document names no SHA-256 of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document, whatever its format. All tuples are sorted."""

    format: str
    """CycloneDX or SPDX."""
    spec_version: str
    serial: str = ""
    created: datetime | None = None
    authors: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    subject: Component | None = None
    """What the document is about; None when it does not say."""
    sha256: str = ""
    """Of the subject, as claimed; empty when it is not."""
    components: tuple[Component, ...] = ()
    edges: tuple[Edge, ...] = ()
    files: tuple[FileClaim, ...] = ()
    completeness: tuple[Completeness, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
