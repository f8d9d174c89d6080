"""Finding evidence where it lies: beside the artifact, in the files a caller names, in a folder of a release.

What is found here is `Evidence`, or the name of a file: nothing is verified, and nothing is judged by its name.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from supplychain import _io
from supplychain._io import StrPath
from supplychain.errors import AssetSetMismatch, EvidenceMissing, LimitExceeded, UnsafePath
from supplychain.model.evidence import Evidence
from supplychain.model.names import (
    ATTESTATIONS_SUFFIX,
    EVIDENCE_SUFFIXES,
    MAX_ASSETS,
    SIGNATURE_SUFFIX,
    is_evidence,
)

MAX_LINES: Final = 10_000
"""Attestations of one artifact."""


def read_evidence(path: StrPath) -> list[Evidence]:
    """The evidence in one file: each line of a ``.jsonl``, otherwise the whole file. A blank line is nothing.

    Raises Unreadable, UnsafePath, LimitExceeded.
    """
    name, data = os.fspath(path), _io.read_bytes(path)
    if not name.endswith(".jsonl"):
        return [Evidence(uri=name, data=data)]
    lines = data.split(b"\n")
    if len(lines) > MAX_LINES:
        raise LimitExceeded(f"{len(lines)} lines, at most {MAX_LINES} are read", where=name)
    return [Evidence(uri=f"{name}#{i}", data=line) for i, line in enumerate(lines, 1) if line.strip()]


def beside(artifact: StrPath) -> list[Evidence]:
    """The evidence in the two files that belong beside an artifact; empty when neither is there."""
    found: list[Evidence] = []
    for suffix in (SIGNATURE_SUFFIX, ATTESTATIONS_SUFFIX):
        path = os.fspath(artifact) + suffix
        if os.path.lexists(path):
            found += read_evidence(path)
    return found


def missing_beside(artifact: StrPath) -> EvidenceMissing:
    """The error that says where evidence was looked for."""
    path, name = os.fspath(artifact), Path(artifact).name
    return EvidenceMissing(
        f"no signature found; looked for {name}{SIGNATURE_SUFFIX} and {name}{ATTESTATIONS_SUFFIX} beside the file",
        hint=f"name one with --bundle, or sign with: supplychain sign {path} --key release.key",
    )


def list_folder(folder: StrPath) -> list[str]:
    """The names in a folder, sorted; sub-folders end in ``/``. Raises Unreadable, and LimitExceeded."""
    try:
        with os.scandir(folder) as found:
            names = sorted(e.name + "/" * e.is_dir(follow_symlinks=False) for e in found)
    except NotADirectoryError:
        raise UnsafePath("a file, not a folder", where=os.fspath(folder)) from None
    except OSError as e:
        raise _io.unreadable(e, folder) from e
    if len(names) > MAX_ASSETS * (len(EVIDENCE_SUFFIXES) + 2):
        raise LimitExceeded(f"{len(names)} files in one folder", where=os.fspath(folder))
    return names


def asset_paths(paths: Iterable[StrPath]) -> tuple[Path, list[Path]]:
    """The folder of a release and the assets in it, sorted by name: what a caller named, or all that a folder holds.

    Raises UnsafePath for assets of several folders, EvidenceMissing when there is none, AssetSetMismatch for a
    sub-folder (a release is flat).
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        names = list_folder(path)
        if nested := [n for n in names if n.endswith("/")]:
            raise AssetSetMismatch(
                f"the folder {nested[0]} lies among the assets", where=str(path), hint="a release is a flat folder"
            )
        there = frozenset(names)
        found += [path / n for n in names if not is_evidence(n, there)]
    if not found:
        raise EvidenceMissing("no asset was found", hint="name the files of the release, or the folder they lie in")
    folders = {p.parent for p in found}
    if len(folders) > 1:
        raise UnsafePath(
            f"assets lie in {len(folders)} folders",
            where=", ".join(sorted(map(str, folders))),
            hint="gather them in one",
        )
    return folders.pop(), sorted(set(found), key=lambda p: p.name)
