"""The two evidence files beside an artifact: its signature, and the attestations one a line.

What the same signer said before is not said again, so that a rerun changes nothing.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from supplychain import _io
from supplychain.errors import SupplyChainError, UnsafePath
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.names import ATTESTATIONS_SUFFIX, SIGNATURE_SUFFIX
from supplychain.model.statement import Statement, Subject, encode_statement
from supplychain.model.verified import Signature
from supplychain.release.collect import read_evidence
from supplychain.signing import BundleSigner
from supplychain.verify import bundle as bundles
from supplychain.verify.verifier import verify_evidence


@dataclass(slots=True)
class Files:
    """The files of one run, written together at its end: a signer that fails half way leaves everything as it was."""

    wrote: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    _made: list[tuple[Path, bytes]] = field(default_factory=list)

    def put(self, path: Path, data: bytes) -> None:
        """Have a file written whole, unless it holds these bytes."""
        if path.exists() and _io.read_bytes(path) == data:
            self.keep(path)
            return
        self._made.append((path, data))

    def keep(self, path: Path) -> None:
        """Leave a file as it is, and say so."""
        self.kept.append(str(path))

    def write(self) -> None:
        """Write what was made; each file is replaced in one step."""
        for path, data in self._made:
            _io.write_atomic(path, data)
            self.wrote.append(str(path))
        self._made.clear()


def statement_about(artifacts: Sequence[Artifact], kind: type[Any], predicate: Any) -> bytes:
    """The Statement that ``predicate`` holds for the artifacts, each named by file name and SHA-256.

    Raises UnsafePath for a name that is not UTF-8: no statement can carry it.
    """
    for artifact in artifacts:
        if any("\ud800" <= letter <= "\udfff" for letter in artifact.name):
            raise UnsafePath(
                "the name is not UTF-8, and nothing can be attested of it",
                where=artifact.name,
                hint="give the file another name",
            )
    subjects = [Subject(name=a.name, digests={"sha256": a.sha256}) for a in artifacts]
    return encode_statement(subjects, kind.TYPES[0], predicate.encode())


def sign_file(files: Files, path: Path, artifact: Artifact, signer: BundleSigner, now: datetime) -> None:
    """Sign an artifact into the file beside it, unless a signature by this signer is there already."""
    target = path.with_name(path.name + SIGNATURE_SUFFIX)
    if target.exists() and _signed_already(target, artifact, signer, now):
        files.keep(target)
    else:
        files.put(target, bundles.encode(signer.sign_artifact(artifact)) + b"\n")


def _signed_already(target: Path, artifact: Artifact, signer: BundleSigner, now: datetime) -> bool:
    trust = signer.trust
    try:
        proof = verify_evidence(read_evidence(target)[0], artifact, Signature, trust=trust, at=now)[0]
    except (SupplyChainError, IndexError):
        return False
    return proof.signed_at is not None or not signer.timestamped


def append_attestations(
    files: Files,
    path: Path,
    artifact: Artifact,
    payloads: Sequence[bytes],
    given: Sequence[Evidence],
    signer: BundleSigner,
    now: datetime,
) -> None:
    """Sign these Statements about an artifact into the attestations beside it, and add the given ones.

    A payload the same signer attested before is not attested again. Lines of others stay as they are.
    """
    target = path.with_name(path.name + ATTESTATIONS_SUFFIX)
    lines = read_evidence(target) if target.exists() else []
    present = {line.data for line in lines}
    mine = _attested_already(lines, artifact, signer, now) if lines else set()
    added = [bundles.encode(signer.sign_statement(p)) for p in payloads if sha256(p).hexdigest() not in mine]
    added += [e.data.strip() for e in given if e.data.strip() not in present]
    if added:
        files.put(target, b"".join(line + b"\n" for line in ([e.data for e in lines] + added)))
    else:
        files.keep(target)


def _attested_already(lines: Sequence[Evidence], artifact: Artifact, signer: BundleSigner, now: datetime) -> set[str]:
    """SHA-256 of the payloads that this signer signed about the artifact, as well as it would now."""
    trust, found = signer.trust, set[str]()
    for line in lines:
        with suppress(SupplyChainError):
            proof = verify_evidence(line, artifact, Statement, trust=trust, at=now)[0]
            if proof.signed_at is not None or not signer.timestamped:
                found.add(proof.payload_sha256)
    return found
