"""The two-way byte proof: every byte the document claims is there, and every byte that is there is claimed."""

from dataclasses import dataclass

from supplychain.errors import EvidenceIncomplete, SubjectMismatch
from supplychain.model.inventory import EntryKind, Inventory
from supplychain.sbom.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Paths, each in exactly one list, sorted."""

    matched: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    """There, with other bytes than claimed."""
    missing: tuple[str, ...] = ()
    """Claimed, and not there."""
    unclaimed: tuple[str, ...] = ()
    """There, and not claimed."""

    @property
    def holds(self) -> bool:
        """Whether something was compared and everything matched."""
        return bool(self.matched) and not (self.altered or self.missing or self.unclaimed)


def prove(inventory: Inventory, document: Document) -> Proof:
    """Hold the files a document claims against the files that were measured.

    Raises SubjectMismatch when the document names another subject, and EvidenceIncomplete when it claims no file
    while there are some: then nothing can be proven.
    """
    if document.sha256 and inventory.sha256 and document.sha256 != inventory.sha256:
        raise SubjectMismatch(
            f"the document is about sha256:{document.sha256[:12]}, this is sha256:{inventory.sha256[:12]}",
            hint="make the SBOM from this very file",
        )
    there = {e.path: e.sha256 for e in inventory.entries if e.kind in (EntryKind.FILE, EntryKind.HARDLINK) and e.sha256}
    claimed = {f.path: f.sha256 for f in document.files}
    if not claimed:
        raise EvidenceIncomplete(
            "the document lists no files, so that nothing can be compared", hint="write it without --no-files"
        )
    return Proof(
        matched=tuple(sorted(p for p, d in claimed.items() if there.get(p) == d)),
        altered=tuple(sorted(p for p, d in claimed.items() if p in there and there[p] != d)),
        missing=tuple(sorted(claimed.keys() - there.keys())),
        unclaimed=tuple(sorted(there.keys() - claimed.keys())),
    )
