"""What a policy judges: measured artifacts, verified evidence, observations and references. Nothing claimed.

A Case is made by whoever verified and measured (release.gate); a rule reads it and nothing else: no clock, no
file, no network. What was found and not verified is in `rejected`, where a rule can only explain its absence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Rejected
from supplychain.model.inventory import Inventory
from supplychain.model.release import AssetSet
from supplychain.model.verified import P, Signature, Source, Verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What we measured on the bytes of one artifact."""

    sha256: str
    inventory: Inventory
    recorded: bool = False
    """True when it was read from a stored case instead of measured now: such a case gets no permit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A snapshot of outside knowledge: advisories, another release's SBOM."""

    kind: str
    uri: str
    sha256: str
    as_of: datetime
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The folder of an asset set as it lies there."""

    declared: AssetSet
    source: Source
    """Which release.json."""
    proof: Verified[Signature] | None
    """Its verified signature; None when release.json is signed by nobody the policy names."""
    names: tuple[str, ...]
    """Every name present, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """An artifact whose content could not be read: whatever the rules say, it is never allowed."""

    name: str
    sha256: str
    reason: str
    """The error, with its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a decision rests on."""

    artifacts: tuple[Artifact, ...]
    verified: tuple[Verified[Any], ...] = ()
    steps: tuple[Verified[Any], ...] = ()
    """Verified links, each about its own products, which need not be among the artifacts; for rules about steps."""
    observed: tuple[Observed, ...] = ()
    unmeasured: tuple[Unmeasured, ...] = ()
    references: tuple[Reference, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    listing: Listing | None = None
    """None when single files are judged instead of an asset set."""
    second_opinion: bool = False
    """Whether another verifier was asked about every proof in it."""
    root: str | None = None
    """SHA-256 of the trusted root used; None when no certificate was judged."""

    def about(self, artifact: Artifact, want: type[P]) -> Iterator[Verified[P]]:
        """The verified evidence of this predicate type about this artifact, joined on the digest."""
        for proof in self.verified:
            if proof.artifact.value == artifact.sha256 and isinstance(proof.predicate, want):
                yield proof

    def inventory_of(self, artifact: Artifact) -> Inventory | None:
        """What was measured inside this artifact; None when it was not measured."""
        return next((o.inventory for o in self.observed if o.sha256 == artifact.sha256), None)

    def rejected_for(self, artifact: Artifact) -> Iterator[Rejected]:
        """What lay beside this artifact, or was given for it, and does not count."""
        for item in self.rejected:
            if item.sha256_of_artifact in (None, artifact.sha256):
                yield item
