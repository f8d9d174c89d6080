"""An SBOM as it was read: what somebody claims an artifact to hold.

Claims prove nothing by themselves: `sbom.proof` holds them against measured bytes, `sbom.profiles` against what a
profile asks for. What `sbom.formats` wrote, it reads back whole: the components, edges, files, completeness and
unknowns of the inventory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from supplychain.model.inventory import Completeness, Component, Edge, EntryKind, Inventory, Unknown

SUPPLIER = "supplier"
VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileClaim:
    """A file the document says is there."""

    path: str
    """Relative to the subject, as in an inventory."""
    sha256: str = ""
    """Lower-case hexadecimal; empty when the document names no SHA-256 of it."""
    owner: str = ""
    """Ref of the component it belongs to; empty when the document names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document, whatever its format. All tuples are sorted. Everything in it is a claim."""

    format: str
    """CycloneDX or SPDX."""
    spec_version: str
    serial: str = ""
    """Serial number, or namespace of an SPDX document; empty when there is none."""
    created: datetime | None = None
    """UTC."""
    authors: tuple[str, ...] = ()
    """People and organisations who made the document."""
    tools: tuple[str, ...] = ()
    subject: Component | None = None
    """What the document is about; None when it does not say."""
    sha256: str = ""
    """Of the subject; empty when the document names none."""
    components: tuple[Component, ...] = ()
    """Empty for a document about nothing, which callers must not take for an empty artifact."""
    edges: tuple[Edge, ...] = ()
    files: tuple[FileClaim, ...] = ()
    """Empty for a document that was written without them: then there is nothing to prove."""
    completeness: tuple[Completeness, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    """Fields said to be unknown or withheld, which is more than saying nothing about them."""
    standalone: tuple[str, ...] = ()
    """Refs of which the document says that they depend on nothing."""


def files_of(inventory: Inventory) -> Iterator[FileClaim]:
    """The files of an inventory in the form in which documents claim them: those, and hard links, have bytes."""
    for entry in inventory.entries:
        if entry.kind in (EntryKind.FILE, EntryKind.HARDLINK):
            yield FileClaim(path=entry.path, sha256=entry.sha256 or "", owner=inventory.owners.get(entry.path, ""))


def stated_unknowns(inventory: Inventory) -> tuple[Unknown, ...]:
    """What a document must call unknown: all that the inventory does, and each supplier and version it lacks."""
    known = {(unknown.ref, unknown.field) for unknown in inventory.unknowns}
    lacking = []
    for component in (inventory.subject, *inventory.components):
        if not component.producer and (component.ref, SUPPLIER) not in known:
            lacking.append(Unknown(ref=component.ref, field=SUPPLIER))
        if not component.version and (component.ref, VERSION) not in known:
            lacking.append(Unknown(ref=component.ref, field=VERSION))
    return tuple(sorted([*inventory.unknowns, *lacking]))
