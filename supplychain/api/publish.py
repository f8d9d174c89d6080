"""From a decision to what the world can see: the signed decision, the permit, the publication."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from supplychain import _io
from supplychain._io import StrPath
from supplychain.api.keys import AnySigner, as_signer
from supplychain.api.trust import grounded
from supplychain.errors import PermitRefused
from supplychain.model.decision import Decision
from supplychain.model.names import is_evidence
from supplychain.model.permit import Permit
from supplychain.model.release import Published
from supplychain.policy.model import Policy
from supplychain.release import permits
from supplychain.release import publish as publishing
from supplychain.release.collect import list_folder
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Trust


def sign_decision(decision: Decision, *, signer: AnySigner, policy: Policy) -> bytes:
    """The decision as a signed VSA about all its subjects: a line of JSON.

    Raises PermitRefused for a decision as of a chosen time or on recorded observations, and EvidenceIncomplete for
    an undetermined one, of which neither PASSED nor FAILED would be true.
    """
    summary = permits.summary_of(decision, max_age=policy.max_age)
    return bundles.encode(as_signer(signer).sign_statement(permits.summary_statement(summary, decision))) + b"\n"


def read_permit(vsa: StrPath, *, trust: Trust, policy_sha256: str, at: datetime | None = None) -> Permit:
    """The permit in a signed decision. Raises PermitRefused, and every error of verification."""
    now = at or datetime.now(UTC)
    data = _io.read_bytes(vsa)
    return permits.read_permit(data, where=os.fspath(vsa), trust=grounded(trust), policy_sha256=policy_sha256, at=now)


def permit_to_publish(
    vsa: StrPath, *, to: Sequence[str], signer: AnySigner, trust: Trust, policy_sha256: str
) -> Permit:
    """As `read_permit`, and a permit that aged still completes what this signer began at these destinations."""
    now = datetime.now(UTC)
    return permits.read_permit(
        _io.read_bytes(vsa),
        where=os.fspath(vsa),
        trust=grounded(trust),
        policy_sha256=policy_sha256,
        at=now,
        resume=publishing.find_intent(to, signer=as_signer(signer), at=now),
    )


def publish(
    permit: Permit,
    *,
    to: Sequence[str],
    signer: AnySigner,
    assets: StrPath | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Published:
    """Publish exactly what the permit is for, with the evidence it rests on.

    ``assets`` is the folder where it lies; without it, where it was judged in this process. Interrupted, the same
    call completes it. Raises PermitRefused, ArtifactChanged, AssetSetMismatch, StoreError.
    """
    folder = Path(assets) if assets is not None else _where_judged(permit)
    files = [n for n in list_folder(folder) if not n.endswith("/")]
    names = frozenset(files)
    return publishing.publish(
        permit,
        to=to,
        assets={n: folder / n for n in files if not is_evidence(n, names)},
        evidence=[folder / n for n in files if is_evidence(n, names)],
        signer=as_signer(signer),
        clock=lambda: datetime.now(UTC),
        progress=progress,
    )


def _where_judged(permit: Permit) -> Path:
    folders = {Path(s.path).parent for s in permit.subjects if s.path}
    if len(folders) != 1 or not all(s.path for s in permit.subjects):
        raise PermitRefused("the permit does not say where the assets lie", hint="name their folder: assets=...")
    return folders.pop()
