"""prepare: from files to the asset set of a release, beside them.

Per asset: inventory, SBOMs, a signature, an attestation of each SBOM, provenance when it is given; for the set:
SHA256SUMS, release.json and its signature. Idempotent: what already says exactly this, by the same signer, is kept
byte for byte, so that a rerun after an interruption only adds what is missing.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from supplychain import _io, _json
from supplychain._io import StrPath
from supplychain.archive import LIMITS, Limits
from supplychain.errors import EvidenceMissing, SubjectMismatch, SupplyChainError
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.inventory import CompletenessState, EntryKind, Inventory
from supplychain.model.names import CYCLONEDX_SUFFIX, RELEASE_FILE, SPDX_SUFFIX, SUMS_FILE
from supplychain.model.release import Asset, AssetSet, Release, check_names, sums_of
from supplychain.model.results import Written
from supplychain.model.statement import Envelope, Statement
from supplychain.predicates.documents import CycloneDx, Spdx
from supplychain.release.attestations import Files, append_attestations, sign_file, statement_about
from supplychain.release.collect import asset_paths, read_evidence
from supplychain.release.measure import measure
from supplychain.report.screen import counted
from supplychain.sbom.formats import Writing, format_named
from supplychain.signing import BundleSigner
from supplychain.verify import bundle as bundles
from supplychain.verify.verifier import match_subjects

DOCUMENTS: tuple[tuple[str, str, type[Any]], ...] = (
    ("cyclonedx-json", CYCLONEDX_SUFFIX, CycloneDx),
    ("spdx-json", SPDX_SUFFIX, Spdx),
)
"""Which SBOMs are written: format, file suffix, predicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What prepare did."""

    assets: AssetSet
    inventories: tuple[Inventory, ...]
    """One an asset, in the order of the assets."""
    wrote: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that already said exactly this."""

    def written(self, *, next: str) -> Written:  # noqa: A002  # the word on the screen
        """What to show of the files; ``next`` is the command that follows. Several assets have a line each."""
        summary = tuple(map(_summary, self.inventories)) if len(self.inventories) > 1 else ()
        return Written(verb="prepare", files=self.wrote, kept=self.kept, next=next, summary=summary)


def _summary(inventory: Inventory) -> str:
    files = sum(entry.kind is EntryKind.FILE for entry in inventory.entries)
    gaps = sum(gap.state is not CompletenessState.COMPLETE for gap in inventory.completeness)
    read = f"{counted(gaps, 'places')} not read in full" if gaps else "everything that was met was read"
    components = counted(len(inventory.components), "components")
    return f"{inventory.subject.name}: {components} in {counted(files, 'files')}; {read}"


def prepare_assets(
    paths: Sequence[StrPath],
    *,
    release: Release,
    signer: BundleSigner,
    now: datetime,
    tool_version: str,
    created: datetime | None = None,
    provenance: Sequence[StrPath] = (),
    limits: Limits = LIMITS,
    progress: Callable[[str, int], None] | None = None,
) -> Prepared:
    """Make the asset set in the folder where the assets lie.

    ``created`` is the time written into SBOMs (SOURCE_DATE_EPOCH); without it, the newest time recorded inside the
    asset, else the time of an SBOM that is already there, else ``now``. ``provenance`` names files with attestations
    by whoever built: each is appended to every asset it is about, and one that is about none is SubjectMismatch.
    """
    folder, files = asset_paths(paths)
    check_names([f.name for f in files], where=str(folder))
    given = [e for path in provenance for e in read_evidence(path)]
    out, made, inventories = Files(), [], []
    used: set[str] = set()
    for path in files:
        with _io.open_plain(path) as stream:
            artifact, inventory = measure(stream, path, limits=limits, progress=progress)
            payloads = [_add_document(out, path, inventory, artifact, d, now, created, tool_version) for d in DOCUMENTS]
            sign_file(out, path, artifact, signer, now)
            about = [e for e in given if _is_about(e, artifact)]
            used |= {e.uri for e in about}
            append_attestations(out, path, artifact, payloads, about, signer, now)
        made.append(Asset(name=path.name, sha256=artifact.sha256, size=inventory.size))
        inventories.append(inventory)
    if unused := [e.uri for e in given if e.uri not in used]:
        raise SubjectMismatch("the provenance is about none of the assets", where=unused[0])
    assets = AssetSet(release=release, assets=tuple(sorted(made)))
    _add_set(out, folder, assets, signer, now)
    out.write()
    return Prepared(assets=assets, inventories=tuple(inventories), wrote=tuple(out.wrote), kept=tuple(out.kept))


def _add_document(
    out: Files,
    path: Path,
    inventory: Inventory,
    artifact: Artifact,
    document: tuple[str, str, type[Any]],
    now: datetime,
    created: datetime | None,
    tool_version: str,
) -> bytes:
    """One SBOM beside the asset; the Statement about it comes back, to be attested."""
    name, suffix, predicate = document
    target = path.with_name(path.name + suffix)
    writer = format_named(name)
    time = created or inventory.newest or _time_of(target, writer) or now
    data = writer.write(inventory, Writing(created=time, tool_version=tool_version))
    out.put(target, data)
    return statement_about(
        [artifact], predicate, predicate.parse(_json.parse(data, where=str(target)), predicate.TYPES[0])
    )


def _time_of(path: Path, writer: Any) -> datetime | None:
    """The time in a document of an earlier run, kept so that a rerun gives the same bytes."""
    try:
        found: datetime | None = writer.read(_json.parse(_io.read_bytes(path), where=str(path))).created
    except SupplyChainError:
        return None
    return found


def _is_about(evidence: Evidence, artifact: Artifact) -> bool:
    """Whether given provenance names this asset. Nobody's signature is checked here: the gate does that."""
    content = bundles.content_of(bundles.parse(evidence.data, where=evidence.uri))
    if not isinstance(content, Envelope):
        raise EvidenceMissing("no attestation but a signature", where=evidence.uri, hint="give an attestation")
    try:
        match_subjects(Statement.parse(content.payload, where=evidence.uri), artifact, where=evidence.uri)
    except SubjectMismatch:
        return False
    return True


def _add_set(out: Files, folder: Path, assets: AssetSet, signer: BundleSigner, now: datetime) -> None:
    """SHA256SUMS, release.json, and its signature."""
    out.put(folder / SUMS_FILE, sums_of(assets.assets))
    data = assets.encode()
    out.put(folder / RELEASE_FILE, data)
    sha256 = hashlib.sha256(data).hexdigest()
    known = {name: hashlib.new(name, data).hexdigest() for name in ("sha384", "sha512")}
    document = Artifact(name=RELEASE_FILE, sha256=sha256, size=len(data), known=known)
    sign_file(out, folder / RELEASE_FILE, document, signer, now)
