"""Rule ``archive-hygiene``: judged on the inventory, which was measured on the artifact's own bytes."""

import posixpath
import re
from collections.abc import Iterator
from typing import ClassVar, Final, Literal

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.inventory import NESTED, CompletenessState, Entry, EntryKind, Inventory
from supplychain.policy.context import Context, Problem, RuleResult, some
from supplychain.policy.globs import matches_any
from supplychain.policy.model import Field, Glob, Many, RuleParams

NOT_SCANNED: Final = "not scanned"
"""How the walk begins its reason for an archive that it did not look into."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_WORDS: Final = {
    "world-writable": "everybody may write",
    "setuid": "setuid or setgid",
    "absolute-path": "an absolute path",
    "parent-path": "a path with ..",
    "link-escape": "a link out of the archive",
    "owner": "owned by the user who packed it",
    "device": "a device or pipe",
    "unscanned": "not scanned",
}


class ArchiveHygieneParams(RuleParams):
    """Parameters of ``archive-hygiene``."""

    allow: Many[
        Literal["world-writable", "setuid", "absolute-path", "parent-path", "link-escape", "owner", "unscanned"]
    ] = Field(default=(), description="What is tolerated.")
    inside: Many[Glob] = Field(
        default=("**",), alias="in", description="The paths in which `allow` holds; everywhere if absent."
    )


class ArchiveHygiene:
    """Nothing in the artifacts harms the machine that unpacks them.

    What it checks:
        Every path in every artifact, nested archives too: no file or folder that everybody may write, no setuid or
        setgid bit, no absolute path or `..`, no link that leads out, no device, and no owner but root (a numeric
        or named user of the machine that packed it). An archive inside that could not be scanned is an error.

    Why:
        Archives are unpacked by root and by installers. World-writable files, setuid bits and links out have
        shipped in releases of good projects, and the owner tells who built them and where.

    Example:
        - id: clean-archives
          type: archive-hygiene
          allow: [setuid]
          in: ["usr/bin/ping"]

    How to fix:
        Set modes and owners when packing: tar --owner=0 --group=0 --numeric-owner --mode=go-w ...
    """

    Params: ClassVar[type[RuleParams]] = ArchiveHygieneParams
    type: ClassVar[str] = "archive-hygiene"
    title: ClassVar[str] = "Archives unpack without harm"

    def judge(self, context: Context, params: ArchiveHygieneParams) -> RuleResult:
        """Look at every entry of every inventory."""
        problems: list[Problem] = []
        examined = failed = 0
        for artifact in context.artifacts:
            inventory = context.measured(artifact)
            if isinstance(inventory, Problem):
                problems.append(inventory)
                continue
            examined += len(inventory.entries)
            found = _faults_by_kind(inventory, params)
            failed += len({path for paths in found.values() for path in paths})
            problems += [_problem(artifact, kind, paths) for kind, paths in found.items()]
        return RuleResult(
            examined=examined,
            total=examined,
            failed=failed,
            problems=tuple(problems),
            unit="entries",
            message="modes, owners, paths and links are as they should be",
        )


def _faults_by_kind(inventory: Inventory, params: ArchiveHygieneParams) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    everywhere = params.inside == ("**",)
    for path, kind in _all_faults(inventory):
        if kind in params.allow and (everywhere or matches_any(params.inside, path)):
            continue
        found.setdefault(kind, []).append(path)
    return {kind: found[kind] for kind in _WORDS if kind in found}


def _all_faults(inventory: Inventory) -> Iterator[tuple[str, str]]:
    for entry in inventory.entries:
        for kind in _faults(entry):
            yield entry.path, kind
    for gap in inventory.completeness:
        if gap.state is not CompletenessState.COMPLETE and gap.reason.startswith(NOT_SCANNED):
            yield gap.ref, "unscanned"


def _faults(entry: Entry) -> Iterator[str]:
    """What is wrong with one entry."""
    linked = entry.kind is EntryKind.SYMLINK
    if entry.mode is not None and not linked:
        if entry.mode & 0o002:
            yield "world-writable"
        if entry.mode & 0o6000:
            yield "setuid"
    if entry.uid or entry.gid or entry.owner not in ("", "root"):
        yield "owner"
    if entry.kind in (EntryKind.DEVICE, EntryKind.FIFO):
        yield "device"
    inner = entry.path.rpartition(NESTED)[2]
    if _absolute(inner):
        yield "absolute-path"
    if ".." in re.split(r"[/\\]", inner):
        yield "parent-path"
    if (linked or entry.kind is EntryKind.HARDLINK) and _escapes(inner, entry.link, relative=linked):
        yield "link-escape"


def _absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or bool(_DRIVE.match(path))


def _escapes(path: str, target: str, *, relative: bool) -> bool:
    """Whether a link leads out of its archive: a symlink from its folder, a hard link from the root."""
    target = target.replace("\\", "/")
    start = posixpath.dirname(path) if relative else ""
    reached = posixpath.normpath(posixpath.join(start, target))
    return _absolute(target) or reached == ".." or reached.startswith("../")


def _problem(artifact: Artifact, kind: str, paths: list[str]) -> Problem:
    return Problem(
        outcome=Outcome.ERROR if kind == "unscanned" else Outcome.FAIL,
        message=f"{_WORDS[kind]}: {some(paths)}",
        artifact=artifact,
        expected="" if kind == "unscanned" else f"no entry that is {kind}",
        actual=f"{len(paths)} of {kind}",
        fix=f"Pack {artifact.name} again with clean modes, owners and links.",
    )
