"""The two-way byte proof: every byte the document claims is there, and every byte that is there is claimed.

Only digests are compared, path by path; nested archives too, under their paths in the inventory. Links and folders
hold no bytes and are covered by the digest of the subject alone.
"""

from collections import defaultdict
from dataclasses import dataclass

from supplychain.errors import EvidenceIncomplete, SubjectMismatch
from supplychain.model.inventory import Inventory
from supplychain.sbom.document import Document, files_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Paths, each in exactly one list, sorted."""

    matched: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    """There, with other bytes than claimed, or with bytes that could not be measured."""
    missing: tuple[str, ...] = ()
    """Claimed, and not there."""
    unclaimed: tuple[str, ...] = ()
    """There, and not claimed with a digest that was measured."""

    @property
    def holds(self) -> bool:
        """Whether something was compared and everything matched; never of nothing."""
        return bool(self.matched) and not (self.altered or self.missing or self.unclaimed)


def prove(inventory: Inventory, document: Document) -> Proof:
    """Hold the files a document claims against the files that were measured.

    Raises SubjectMismatch when the document names another digest of the subject, or any for a folder, which has
    none; one that names no digest is judged by its files alone. Raises EvidenceIncomplete when it claims no file
    with a SHA-256: then nothing can be proven, even of an empty artifact.
    """
    if document.sha256 and document.sha256 != inventory.sha256:
        found = f"this is sha256:{inventory.sha256[:12]}" if inventory.sha256 else "this is a folder"
        raise SubjectMismatch(
            f"the document is about sha256:{document.sha256[:12]}, {found}",
            hint="make the SBOM again from this very file",
        )
    claimed: defaultdict[str, set[str]] = defaultdict(set)
    for claim in document.files:
        if claim.sha256:
            claimed[claim.path].add(claim.sha256)
    if not claimed:
        raise EvidenceIncomplete(
            "the document lists no file with its digest, so that nothing can be compared",
            hint="write it with its files: without --no-files",
        )
    there = {file.path: file.sha256 for file in files_of(inventory)}
    agree = {path for path, digests in claimed.items() if path in there and digests == {there[path]}}
    return Proof(
        matched=tuple(sorted(agree)),
        altered=tuple(sorted((claimed.keys() & there.keys()) - agree)),
        missing=tuple(sorted(claimed.keys() - there.keys())),
        unclaimed=tuple(sorted(there.keys() - claimed.keys())),
    )
