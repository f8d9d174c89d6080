"""run: execute a build step, and state what it made, from what, by which command.

In two parts, so that a key is opened only when nothing of the step is running any more: `run_step` runs the command
and measures, `provenance_of` or `link_of`, and `statement_of`, turn its record into the Statement that is signed. Who
did not build makes neither: these functions know only what `run_step` saw.
"""

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Final, NoReturn

from supplychain import _io, _process
from supplychain._io import StrPath
from supplychain._json import JSON
from supplychain.errors import (
    CommandFailed,
    EvidenceMissing,
    LimitExceeded,
    SupplyChainError,
    Unreadable,
    UnsafePath,
    UsageError,
)
from supplychain.model.artifact import Artifact
from supplychain.model.statement import MAX_SUBJECTS, Subject, encode_statement
from supplychain.predicates.link import Link
from supplychain.predicates.provenance import Provenance
from supplychain.release.environment import child_environment, recorded_variables, redact
from supplychain.release.source import SourceState, head_of, lock_materials, read_source

BUILD_TYPE: Final = "urn:supplychain:build:run:v1"
"""externalParameters: ``command``, ``outputs`` and, in a git checkout, ``source`` {commit, dirty, uri, ref};
internalParameters: ``variables``."""
BUILDER_ID: Final = "urn:supplychain:builder:local:v1"
"""Whoever ran it, on a machine nobody vouches for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecord:
    """What one build step did, as we saw it."""

    command: tuple[str, ...]
    """As it may be told: secrets that could be recognised are replaced."""
    patterns: tuple[str, ...]
    """The outputs as they were asked for."""
    outputs: tuple[Artifact, ...]
    """Every file made, sorted by name."""
    source: SourceState | None
    """Before the step; None when there is no git commit to name."""
    materials: tuple[Subject, ...]
    """The commit, the lock files and what the caller named, measured before the step."""
    variables: Mapping[str, str]
    started: datetime
    finished: datetime
    step: str
    """Its name in a layout; empty for a build that has none."""
    notes: tuple[str, ...]
    """Sentences for people: what could not be recorded, and why."""


def run_step(
    command: Sequence[str],
    *,
    outputs: Sequence[StrPath],
    materials: Sequence[StrPath] = (),
    step: str = "",
    cwd: StrPath,
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
    timeout: float | None = None,
) -> BuildRecord:
    """Run a build step without a shell and measure what it made.

    ``outputs`` are files, folders (every file in them) or glob patterns, relative to ``cwd``; none may exist before
    the step but empty folders. ``materials``, named alike, must be there. ``step`` is the name
    in a layout. ``environment`` is ours; the step sees it without `environment.child_environment`'s
    exceptions, and nothing of it is recorded but a few named variables. When this returns, no process of the step's
    group is left.

    Raises UsageError (nothing asked for, an output that exists, a material that does not, a program that cannot be
    started), CommandFailed, EvidenceMissing for an output that was not made, UnsafePath for a file that is none,
    LimitExceeded.
    """
    if not command or not command[0]:
        raise UsageError("no command to run", hint="name it after --: supplychain run --output FILE -- make")
    patterns = tuple(os.fspath(o) for o in outputs)
    if not patterns or not all(patterns):
        raise UsageError("no output is named, so nothing could be attested", hint="name what the step makes: --output")
    folder = os.fspath(cwd)
    if not Path(folder).is_dir():
        raise UsageError("no such folder to run in", where=folder)
    if not step.isprintable() or "/" in step:
        raise UsageError(f"a step's name is printable and has no /, found {step[:80]!r}", hint="such as build")
    _refuse_existing(patterns, folder)
    passed = child_environment(environment)
    source, why = read_source(folder, passed)
    locks, notes = lock_materials(folder)
    named = _named_materials([os.fspath(m) for m in materials], folder)
    started = clock()
    status = _process.run(command, cwd=folder, environment=passed, timeout=timeout)
    finished = clock()
    if status:
        told = redact(command, environment)[0]
        how = f"exited with status {status}" if status > 0 else f"was ended by signal {-status}"
        raise CommandFailed(f"{told} {how}; nothing is attested", hint="its own output says why")
    made = _measure(patterns, folder)
    if source and head_of(folder, passed) != source.commit:
        source = SourceState(commit=source.commit, dirty=True, ref=source.ref, uri=source.uri)
        notes.append("the step moved HEAD; the source is recorded as dirty")
    return BuildRecord(
        command=redact(command, environment),
        patterns=tuple(redact([_without_folder(p) for p in patterns], environment)),
        outputs=made,
        source=source,
        materials=(*([source.material] if source else []), *locks, *(m for m in named if m not in locks)),
        variables=recorded_variables(environment),
        started=started,
        finished=finished,
        step=step,
        notes=(*([why] if why else []), *notes),
    )


def provenance_of(record: BuildRecord, *, builder_id: str = BUILDER_ID, invocation_id: str = "") -> Provenance:
    """SLSA provenance of a step that was run here.

    ``builder_id`` is a claim that a policy compares with the signer. Without ``invocation_id``, the address of the
    CI job is taken where the recorded variables tell one.
    """
    if ":" not in builder_id:
        raise UsageError(f"a builder id is a URI, found {builder_id[:80]!r}", hint="such as https://ci.example/builder")
    external: dict[str, JSON] = {"command": list(record.command), "outputs": list(record.patterns)}
    if record.source:
        facts = {"commit": record.source.commit, "ref": record.source.ref, "uri": record.source.uri}
        external["source"] = {"dirty": record.source.dirty, **{k: v for k, v in facts.items() if v}}
    return Provenance(
        build_type=BUILD_TYPE,
        builder_id=builder_id,
        external_parameters=external,
        internal_parameters={"variables": dict(record.variables)} if record.variables else {},
        materials=record.materials,
        invocation_id=invocation_id or _job_address(record.variables),
        started=record.started,
        finished=record.finished,
    )


def link_of(record: BuildRecord) -> Link:
    """The in-toto link of a step that was run under its name in a layout."""
    return Link(
        name=record.step,
        command=record.command,
        materials=record.materials,
        byproducts={"return-value": 0},
        environment={"variables": dict(record.variables)} if record.variables else {},
    )


def statement_of(record: BuildRecord, predicate: Provenance | Link) -> bytes:
    """The Statement to sign: this predicate about every output, by name and SHA-256."""
    subjects = [Subject(name=o.name, digests={"sha256": o.sha256}) for o in record.outputs]
    return encode_statement(subjects, predicate.TYPES[0], predicate.encode())


def _refuse_existing(patterns: Sequence[str], folder: str) -> None:
    """What lay there before was not made by this step."""
    for pattern in patterns:
        for path in _matches(pattern, folder):
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                continue
            raise UsageError(
                f"the output {pattern!r} is there before the step: {path.name}",
                where=folder,
                hint="remove it first; what lay there before was not made by this step",
            )


def _matches(pattern: str, folder: str) -> list[Path]:
    """The paths a pattern names now, sorted; none when there are none."""
    if not glob.has_magic(pattern):
        path = Path(folder, pattern)
        return [path] if os.path.lexists(path) else []
    found = glob.glob(pattern, root_dir=folder, recursive=True, include_hidden=True)  # noqa: PTH207  # pathlib has no root_dir, and refuses absolute patterns
    return [Path(folder, name) for name in sorted(found)]


def _named_materials(patterns: Sequence[str], folder: str) -> list[Subject]:
    """What the caller says goes in, measured before the step."""

    def missing(pattern: str) -> SupplyChainError:
        return UsageError(f"there is no material {pattern!r}", where=folder, hint="name it relative to this folder")

    return [Subject(name=m.name, digests={"sha256": m.sha256}) for m in _measured(patterns, folder, missing)]


def _measure(patterns: Sequence[str], folder: str) -> tuple[Artifact, ...]:
    def missing(pattern: str) -> SupplyChainError:
        return EvidenceMissing(
            f"the step did not make {pattern!r}", where=folder, hint="name what it makes, relative to this folder"
        )

    return _measured(patterns, folder, missing)


def _measured(patterns: Sequence[str], folder: str, missing: Callable[[str], SupplyChainError]) -> tuple[Artifact, ...]:
    files: dict[Path, str] = {}
    for pattern in patterns:
        found = dict(islice(_files(pattern, folder), MAX_SUBJECTS + 1))
        if not found:
            raise missing(pattern)
        files |= found
    if len(files) > MAX_SUBJECTS:
        raise LimitExceeded(f"more than {MAX_SUBJECTS} files, which is what one statement can be about", where=folder)
    names = list(files.values())
    made: list[Artifact] = []
    for path, name in files.items():
        _refuse_links(path, Path(folder))
        with _io.open_artifact(path) as artifact:
            told = name if names.count(name) == 1 else os.path.relpath(path, folder).replace(os.sep, "/")
            made.append(Artifact(name=told, sha256=artifact.sha256, size=artifact.size, path=str(path)))
    return tuple(sorted(made, key=lambda a: (a.name, a.sha256)))


def _files(pattern: str, folder: str) -> Iterator[tuple[Path, str]]:
    """Every file of an output, with its name: its own, or its path inside a folder that is the output."""
    for path in _matches(pattern, folder):
        if path.is_symlink() or not path.is_dir():
            yield path, path.name
            continue
        for root, _, names in os.walk(path, onerror=_unreadable):
            for inner in (Path(root, name) for name in sorted(names)):
                yield inner, inner.relative_to(path).as_posix()


def _unreadable(error: OSError) -> NoReturn:
    raise Unreadable((error.strerror or "cannot be read").lower(), where=str(error.filename)) from error


def _refuse_links(path: Path, folder: Path) -> None:
    """A link on the way from the folder to an output would attest a file that lies somewhere else."""
    for parent in path.parents:
        if parent != folder and parent.is_relative_to(folder) and parent.is_symlink():
            raise UnsafePath("a symbolic link on the way to an output", where=str(parent))


def _without_folder(pattern: str) -> str:
    """A pattern as it may be told: where an absolute one lay is this machine's business."""
    return PurePath(pattern).name if PurePath(pattern).is_absolute() else pattern


def _job_address(variables: Mapping[str, str]) -> str:
    """Where the CI system shows this run; empty when it is not known."""
    if "GITHUB_RUN_ID" in variables and {"GITHUB_SERVER_URL", "GITHUB_REPOSITORY"} <= variables.keys():
        attempt = variables.get("GITHUB_RUN_ATTEMPT", "1")
        base = f"{variables['GITHUB_SERVER_URL']}/{variables['GITHUB_REPOSITORY']}"
        return f"{base}/actions/runs/{variables['GITHUB_RUN_ID']}/attempts/{attempt}"
    told = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "CIRCLE_BUILD_URL")
    return next((variables[name] for name in told if name in variables), "")
