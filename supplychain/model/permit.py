"""Leave to publish exactly these bytes. Made by an allowed decision, or read from a signed one."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from supplychain.model.release import Release
from supplychain.model.sealed import Sealed
from supplychain.model.verified import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef:
    """Which policy judged."""

    id: str
    version: str
    sha256: str
    """Of the resolved policy, keys and packs by content: what ``F@sha256:HEX`` pins."""
    pinned: bool = False
    """Whether the caller named that digest; an unpinned policy is judged and shown as such."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class JudgedSubject:
    """One artifact that was judged."""

    name: str
    sha256: str
    path: str | None = None
    """Where it lay when it was judged here; None when the permit was read from a VSA."""


Subjects: TypeAlias = tuple[JudgedSubject, ...]


class Permit(Sealed):
    """What `publish` takes, and nothing else."""

    made_by = "Decision.permit() or read_permit()"
    __slots__ = ("decided_at", "inputs", "policy", "release", "subjects", "vsa")
    subjects: Subjects
    release: Release | None
    policy: PolicyRef
    decided_at: datetime
    inputs: tuple[Source, ...]
    """The evidence that counted: only these files may go out with the assets."""
    vsa: Source | None
    """The signed decision it was read from; None when the decision was made in this process."""
