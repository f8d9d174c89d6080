"""run, prepare: from a build step to the asset set of a release."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from supplychain._io import StrPath
from supplychain._version import __version__
from supplychain.api.keys import AnySigner, as_signer
from supplychain.model.release import AssetSet, Release
from supplychain.model.results import Written
from supplychain.release.attestations import Files, append_attestations
from supplychain.release.prepare import Prepared, prepare_assets
from supplychain.release.run import BUILDER_ID, BuildRecord, link_of, provenance_of, run_step, statement_of


def run_build(
    command: Sequence[str],
    *,
    outputs: Sequence[StrPath],
    materials: Sequence[StrPath] = (),
    step: str = "",
    environment: Mapping[str, str],
    cwd: StrPath = ".",
) -> BuildRecord:
    """Run a build step and measure what it made, and before it the materials that are named.

    ``step`` is its name in a layout. Nothing is signed: the key is opened when the step has ended.
    """
    return run_step(
        command,
        outputs=outputs,
        materials=materials,
        step=step,
        cwd=cwd,
        environment=environment,
        clock=lambda: datetime.now(UTC),
    )


def attest_build(record: BuildRecord, *, signer: AnySigner, builder_id: str | None = None) -> Written:
    """Append what was run to the attestations of each of its outputs.

    That is a link for a step that was named, provenance otherwise; a link names no builder.
    """
    predicate = link_of(record) if record.step else provenance_of(record, builder_id=builder_id or BUILDER_ID)
    payload = statement_of(record, predicate)
    files, now = Files(), datetime.now(UTC)
    for output in record.outputs:
        assert output.path is not None
        append_attestations(files, Path(output.path), output, [payload], [], as_signer(signer), now)
    files.write()
    return Written(verb="run", files=tuple(files.wrote), kept=tuple(files.kept), summary=record.notes)


def prepare(
    *assets: StrPath,
    release: Release,
    signer: AnySigner,
    progress: Callable[[str, int], None] | None = None,
) -> AssetSet:
    """Make the asset set of a release beside its files: SBOMs, signatures, attestations, checksums, release.json.

    Idempotent. Raises InputError for assets that cannot be read, AssetSetMismatch for names that are not one file
    each on every system.
    """
    return prepare_files(assets, release=release, signer=signer, progress=progress).assets


def prepare_files(
    assets: Sequence[StrPath],
    *,
    release: Release,
    signer: AnySigner,
    created: datetime | None = None,
    provenance: Sequence[StrPath] = (),
    progress: Callable[[str, int], None] | None = None,
) -> Prepared:
    """As `prepare`, telling what was written, kept and found. ``created`` is the time that SBOMs state."""
    return prepare_assets(
        assets,
        release=release,
        signer=as_signer(signer),
        now=datetime.now(UTC).replace(microsecond=0),
        tool_version=__version__,
        created=created,
        provenance=provenance,
        progress=progress,
    )
