"""collect -> verify -> judge: from a folder to the Case that a policy judges.

Each artifact is opened once; its inventory and the verification of its evidence use that descriptor. What does not
verify is kept as `Rejected`, with the reason, and counts for nothing.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from supplychain import _io
from supplychain._io import StrPath
from supplychain.archive import LIMITS, Limits
from supplychain.errors import EvidenceMissing, InputError, SupplyChainError, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.case import Case, Listing, Observed, Unmeasured
from supplychain.model.evidence import Evidence, Rejected
from supplychain.model.inventory import Inventory
from supplychain.model.names import RELEASE_FILE, RELEASE_SIGNATURE
from supplychain.model.release import AssetSet
from supplychain.model.verified import Signature, Source, Verified
from supplychain.release.collect import beside, list_folder, read_evidence
from supplychain.release.measure import measure
from supplychain.release.steps import verify_link
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import claimed_type, verify_any, verify_evidence

Ask: TypeAlias = Callable[[Sequence[Verified[Any]], Evidence, Artifact], object]
"""Asks another verifier about proofs of one piece of evidence. Raises SecondOpinionDiffers when it refuses."""


def collect(
    paths: Sequence[StrPath],
    *,
    trust: Trust,
    at: datetime,
    evidence: Sequence[StrPath] = (),
    steps: bool = False,
    ask: Ask | None = None,
    limits: Limits = LIMITS,
    progress: Callable[[str, int], None] | None = None,
) -> Case:
    """Measure the artifacts and verify their evidence. A folder is an asset set; several files are just files.

    ``evidence`` names further files, held against every artifact. With ``steps``, links by trusted signers are kept
    whatever they are about. ``ask`` is put before each proof: what it raises refuses the evidence. ``trust`` names one
    root of trust at most, so that the case can say which one it rests on (UsageError for more). Raises EvidenceMissing
    for a folder without release.json, and InputError for an artifact that cannot be read; evidence that does not
    verify is no error.
    """
    if len(trust.roots) > 1:
        raise UsageError("a case rests on one trusted root", hint="name one")
    listing = _listing(Path(paths[0]), trust, at, ask) if len(paths) == 1 and Path(paths[0]).is_dir() else None
    files = _files(paths, listing)
    further = [e for path in evidence for e in read_evidence(path)]
    artifacts: list[Artifact] = []
    verified: list[Verified[Any]] = []
    rejected: list[Rejected] = []
    observed: dict[str, Observed] = {}
    unmeasured: list[Unmeasured] = []
    found = list(further)
    for path in files:
        with _io.open_plain(path) as stream:
            artifact, inventory = _measure(stream, path, limits, progress)
            lying = beside(path)
            for item in (*lying, *further):
                _weigh(item, artifact, trust, at, ask, verified, rejected)
            found += lying
        artifacts.append(artifact)
        if isinstance(inventory, InputError):
            reason = f"{inventory.code}: {inventory}"
            unmeasured.append(Unmeasured(name=artifact.name, sha256=artifact.sha256, reason=reason))
        else:
            observed.setdefault(artifact.sha256, Observed(sha256=artifact.sha256, inventory=inventory))
    links = [p for item in dict.fromkeys(found) for p in verify_link(item, trust=trust, at=at)] if steps else []
    other = {p.source for p in links}
    rejected = [r for r in rejected if r.code != "SubjectMismatch" or Source(r.uri, r.sha256) not in other]
    return Case(
        artifacts=tuple(sorted(artifacts, key=lambda a: (a.name, a.sha256))),
        verified=tuple(sorted(verified, key=lambda v: (v.source, v.artifact, v.signer_id))),
        steps=tuple(links),
        observed=tuple(observed[k] for k in sorted(observed)),
        rejected=tuple(sorted(rejected, key=lambda r: (r.uri, r.sha256, r.sha256_of_artifact or ""))),
        unmeasured=tuple(unmeasured),
        listing=listing,
        root=_root_used(trust, [*verified, *links], listing),
        second_opinion=ask is not None,
    )


def _root_used(trust: Trust, verified: Sequence[Verified[Any]], listing: Listing | None) -> str | None:
    """The trusted root that was named, or else the one that vouched; None when only keys were needed."""
    if trust.roots:
        return hashlib.sha256(trust.roots[0]).hexdigest()
    proofs = [*verified, *([listing.proof] if listing and listing.proof else [])]
    return next((p.root for p in proofs if p.root), None)


def _measure(
    stream: BinaryIO, path: Path, limits: Limits, progress: Callable[[str, int], None] | None
) -> tuple[Artifact, Inventory | InputError]:
    """The artifact, and its inventory or why there is none: the signature of a damaged archive is judged too."""
    try:
        return measure(stream, path, limits=limits, progress=progress)
    except InputError as e:
        stream.seek(0)
        size, digests = _io.digest_stream(stream, "sha256")
        return _io.artifact_of(stream, path, sha256=digests["sha256"], size=size), e


def _weigh(
    evidence: Evidence,
    artifact: Artifact,
    trust: Trust,
    at: datetime,
    ask: Ask | None,
    verified: list[Verified[Any]],
    rejected: list[Rejected],
) -> None:
    """Verified, or rejected with the reason; one bad attestation among good ones takes nothing from them."""
    try:
        proofs = verify_any(evidence, artifact, trust=trust, at=at)
        if ask is not None:
            ask(proofs, evidence, artifact)
        verified += proofs
    except SupplyChainError as e:
        rejected.append(
            Rejected(
                uri=evidence.uri,
                sha256=evidence.sha256,
                code=e.code,
                message=e.message,
                judged=e.exit_code == 1,
                sha256_of_artifact=artifact.sha256,
                predicate_type=claimed_type(evidence),
            )
        )


def _listing(folder: Path, trust: Trust, at: datetime, ask: Ask | None) -> Listing:
    """The folder of an asset set, its release.json, and the proof of who signed that."""
    names = list_folder(folder)
    if RELEASE_FILE not in names:
        raise EvidenceMissing(
            f"no {RELEASE_FILE}: this folder is no asset set",
            where=str(folder),
            hint=f"make one: supplychain prepare {folder} --key release.key",
        )
    path = folder / RELEASE_FILE
    data = _io.read_bytes(path)
    declared = AssetSet.parse(data, where=str(path))
    sha256 = hashlib.sha256(data).hexdigest()
    artifact = Artifact(
        name=RELEASE_FILE, sha256=sha256, size=len(data), measure=lambda a: hashlib.new(a, data).hexdigest()
    )
    proof: Verified[Signature] | None = None
    signature = folder / RELEASE_SIGNATURE
    if signature.name in names:
        with suppress(SupplyChainError):
            item = read_evidence(signature)[0]
            found = verify_evidence(item, artifact, Signature, trust=trust, at=at)
            if ask is not None:
                ask(found, item, artifact)
            proof = found[0]
    return Listing(declared=declared, source=Source(str(path), sha256), proof=proof, names=tuple(names))


def _files(paths: Sequence[StrPath], listing: Listing | None) -> list[Path]:
    """The artifacts to judge: the declared assets that are there, or the files that were named."""
    if not paths:
        raise EvidenceMissing("nothing to judge", hint="name the files of the release, or the folder they lie in")
    if listing is None:
        if folders := [str(p) for p in paths if Path(p).is_dir()]:
            raise UsageError(f"{folders[0]} is a folder among files", hint="name one folder, or files only")
        return [Path(p) for p in paths]
    there = set(listing.names)
    found = [Path(paths[0]) / a.name for a in listing.declared.assets if a.name in there]
    if not found:
        raise EvidenceMissing("none of the assets of release.json is there", where=str(paths[0]))
    return found
