"""Which files may leave with the assets: those that were judged, and those that follow from what was judged.

A file goes out when it is one of the permit's inputs (of a ``.jsonl``, the lines that are), the signed decision
itself, an SBOM equal to one that such a line attests of the asset beside it, or a list of the assets that says
exactly what was judged. Everything else is withheld and named: a stranger's attestation beside an asset neither
rides along nor stops the release. A list of assets that says otherwise is no stranger's: it stops the release.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supplychain import _io, _json
from supplychain._io import StrPath
from supplychain._json import Node
from supplychain.errors import AssetSetMismatch, SupplyChainError
from supplychain.model.evidence import Evidence
from supplychain.model.names import CYCLONEDX_SUFFIX, RELEASE_FILE, SPDX_SUFFIX, SUMS_FILE, VSA_SUFFIX, is_evidence
from supplychain.model.permit import Permit
from supplychain.model.release import Asset, AssetSet, Release, sums_of
from supplychain.model.statement import Envelope, Statement
from supplychain.predicates import short_name
from supplychain.release.collect import read_evidence
from supplychain.verify import bundle as bundles

_DOCUMENTS: Final = {CYCLONEDX_SUFFIX: "cyclonedx", SPDX_SUFFIX: "spdx"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What goes out with the assets."""

    files: Mapping[str, bytes]
    withheld: tuple[str, ...]
    """Each file, or part of one, that does not go out, and why; sorted."""


def choose_papers(permit: Permit, assets: Sequence[Asset], evidence: Iterable[StrPath]) -> Papers:
    """Read the files once and keep what may go out: what is published are the bytes that were looked at here.

    Raises AssetSetMismatch for a release.json or SHA256SUMS of other files, and what reading raises.
    """
    paths = sorted(map(Path, evidence), key=lambda p: p.name)
    names = {a.name for a in assets} | {p.name for p in paths} | {RELEASE_FILE}
    judged = {source.sha256 for source in permit.inputs}
    files: dict[str, bytes] = {}
    withheld: list[str] = []
    lines: list[Evidence] = []
    for path in (p for p in paths if p.name.endswith(".jsonl")):
        found = read_evidence(path)
        kept = [line for line in found if line.sha256 in judged] if is_evidence(path.name, names) else []
        lines += kept
        if kept:
            _add(files, path.name, b"".join(line.data + b"\n" for line in kept), path)
        if len(kept) < len(found):
            withheld.append(f"{path.name}: {len(found) - len(kept)} of {len(found)} attestations were not judged")
    attested = list(_attested_documents(lines))
    for path in (p for p in paths if not p.name.endswith(".jsonl")):
        data = _io.read_bytes(path)
        if permit.vsa and _sha256(data) == permit.vsa.sha256:
            _add(files, path.name.removesuffix(VSA_SUFFIX) + VSA_SUFFIX, data, path)
        elif not is_evidence(path.name, names):
            withheld.append(f"{path.name}: its name is that of no evidence beside an asset")
        elif (
            _follows(path, data, permit, assets)
            or _is_attested(path, data, assets, attested)
            or _sha256(data) in judged
        ):
            _add(files, path.name, data, path)
        else:
            withheld.append(f"{path.name}: it was not judged")
    return Papers(files=files, withheld=tuple(sorted(withheld)))


def _add(files: dict[str, bytes], name: str, data: bytes, path: Path) -> None:
    if name in files:
        raise AssetSetMismatch(f"two files of the name {name!r}", where=str(path))
    files[name] = data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _follows(path: Path, data: bytes, permit: Permit, assets: Sequence[Asset]) -> bool:
    """Whether a list of assets says what was judged, and nothing else."""
    if path.name == SUMS_FILE:
        if data != sums_of(assets):
            raise AssetSetMismatch(
                "it does not say what was judged", where=str(path), hint="write it again: supplychain prepare"
            )
        return True
    if path.name == RELEASE_FILE:
        declared = AssetSet.parse(data, where=str(path))
        if sorted(declared.assets) != sorted(assets):
            raise AssetSetMismatch(
                "it declares other files than were judged", where=str(path), hint="judge this folder again"
            )
        return declared.release == (permit.release or Release())
    return False


def _attested_documents(lines: Iterable[Evidence]) -> Iterator[tuple[str, set[str], str]]:
    """Of each judged attestation: its type, the SHA-256 of its subjects, its predicate in one spelling."""
    for line in lines:
        with suppress(SupplyChainError):
            content = bundles.content_of(bundles.parse(line.data, where=line.uri))
            if isinstance(content, Envelope):
                statement = Statement.parse(content.payload, where=line.uri)
                subjects = {s.digests["sha256"] for s in statement.subjects if "sha256" in s.digests}
                yield short_name(statement.predicate_type), subjects, _spelled(statement.predicate)


def _is_attested(
    path: Path, data: bytes, assets: Sequence[Asset], attested: Sequence[tuple[str, set[str], str]]
) -> bool:
    suffix = next((s for s in _DOCUMENTS if path.name.endswith(s)), None)
    asset = next((a for a in assets if suffix and a.name == path.name.removesuffix(suffix)), None)
    if suffix is None or asset is None:
        return False
    spelled = _spelled(_json.parse(data, where=str(path)))
    return any(
        kind == _DOCUMENTS[suffix] and asset.sha256 in subjects and predicate == spelled
        for kind, subjects, predicate in attested
    )


def _spelled(node: Node) -> str:
    """A value in one spelling; unlike ``==`` it tells 1 from 1.0 and from true."""
    return json.dumps(node.value, sort_keys=True)
