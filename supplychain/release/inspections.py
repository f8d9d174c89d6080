"""Inspections of an in-toto layout: commands of its owner, run where a copy of the product lies and nothing else.

This is somebody else's program on this machine. It is run only when that was asked for by name, without our secrets;
what it may do otherwise is what this user may do.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from supplychain import _io, _process
from supplychain.errors import (
    ArtifactChanged,
    AssetSetMismatch,
    CommandFailed,
    LimitExceeded,
    UnsafePath,
    UnsupportedType,
    UsageError,
)
from supplychain.model.artifact import Artifact
from supplychain.release.environment import child_environment
from supplychain.verify.layout.content import MAX_ARTIFACTS, Item, Performed

TIMEOUT: Final = 600.0
"""Seconds one inspection may take."""


def lay_out(artifacts: Sequence[Artifact], folder: Path) -> None:
    """Copy the product into an empty folder, under the names of its files.

    Raises AssetSetMismatch for two files of one name, and ArtifactChanged for one that is not what was measured.
    """
    names = [a.name for a in artifacts]
    if len({n.casefold() for n in names}) < len(names):
        raise AssetSetMismatch("two files of the product have one name", where=", ".join(sorted(names))[:300])
    for artifact in artifacts:
        assert artifact.path is not None
        shutil.copyfile(artifact.path, folder / artifact.name, follow_symlinks=False)
        with _io.open_artifact(folder / artifact.name) as copied:
            if copied.sha256 != artifact.sha256:
                raise ArtifactChanged("the file changed while it was being verified", where=artifact.path)


def inspect(inspection: Item, folder: Path, environment: Mapping[str, str]) -> Performed:
    """Run one inspection in the folder: its materials are the files before, its products the files after.

    Raises CommandFailed, UnsupportedType for a command that cannot be started here, UnsafePath for a link it left
    behind, LimitExceeded.
    """
    before, command = _files(folder), inspection.command
    if not command:
        raise UnsupportedType(f"the inspection {inspection.name} has no command")
    try:
        status = _process.run(
            command, cwd=os.fspath(folder), environment=child_environment(environment), timeout=TIMEOUT
        )
    except UsageError as e:
        raise UnsupportedType(f"the inspection {inspection.name} cannot be run here: {e}") from e
    if status:
        raise CommandFailed(f"inspection {inspection.name}: {command[0][:80]} ended with status {status}")
    return Performed(command=inspection.command, materials=before, products=_files(folder))


def _files(folder: Path) -> dict[str, dict[str, str]]:
    """Every file below the folder with its digest; what is neither file nor folder is refused, not left out."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise UnsafePath("a symbolic link, which no rule could judge", where=path.relative_to(folder).as_posix())
        if path.is_dir():
            continue
        with _io.open_artifact(path) as artifact:
            found[path.relative_to(folder).as_posix()] = {"sha256": artifact.sha256}
        if len(found) > MAX_ARTIFACTS:
            raise LimitExceeded(f"more than {MAX_ARTIFACTS} files after an inspection")
    return found
