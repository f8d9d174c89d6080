"""Finding evidence where it lies: beside the artifact, in the files a caller names, in a folder of a release.

What is found here is `Evidence`, or the name of a file: nothing is verified, and nothing is judged by its name.
"""

import base64
import binascii
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from supplychain import _io, _json
from supplychain._io import StrPath
from supplychain._json import JSON
from supplychain.errors import AssetSetMismatch, EvidenceMissing, LimitExceeded, UnsafePath
from supplychain.model.evidence import Evidence
from supplychain.model.names import (
    ATTESTATIONS_SUFFIX,
    EVIDENCE_SUFFIXES,
    MAX_ASSETS,
    SIGNATURE_SUFFIX,
    is_evidence,
)
from supplychain.release.pieces import pieces

MAX_OLD_BYTES: Final = 4 << 20
"""Of a detached signature, or of a certificate."""
_CERTIFICATES: Final = (".pem", ".crt", ".cert")


def read_evidence(path: StrPath) -> list[Evidence]:
    """The evidence in one file, whichever of the forms of `release.pieces` it has. A blank ``.jsonl`` holds none.

    Raises Unreadable, UnsafePath, LimitExceeded, and what `pieces` raises.
    """
    return pieces(_io.read_bytes(path), name=os.fspath(path))


def read_pair(signature: StrPath, certificate: StrPath | None = None) -> Evidence:
    """A detached signature, with the certificate of who made it: the files that cosign wrote before bundles.

    The signature is base64 or raw, the certificate PEM or base64 of PEM. The pair carries no time: who trusts
    identities needs the bundle of it. Raises Unreadable, UnsafePath, LimitExceeded.
    """
    raw = _io.read_bytes(signature, max_bytes=MAX_OLD_BYTES)
    if not raw.strip():
        raise EvidenceMissing("an empty signature", where=os.fspath(signature))
    parts: dict[str, JSON] = {"base64Signature": _as_base64(raw)}
    if certificate is not None:
        text = _io.read_bytes(certificate, max_bytes=MAX_OLD_BYTES)
        if not text.strip():
            raise EvidenceMissing("an empty certificate", where=os.fspath(certificate))
        parts["cert"] = _as_base64(text)
    return Evidence(uri=os.fspath(signature), data=_json.canonical(parts))


def pair_beside(artifact: StrPath, *, certified: bool) -> list[Evidence]:
    """``<artifact>.sig``, with ``<artifact>.pem``, ``.crt`` or ``.cert`` where ``certified``; empty when not there."""
    name = os.fspath(artifact)
    if not os.path.lexists(f"{name}.sig"):
        return []
    there = [name + suffix for suffix in _CERTIFICATES if certified and os.path.lexists(name + suffix)]
    return [read_pair(f"{name}.sig", there[0] if there else None)]


def _as_base64(data: bytes) -> str:
    """Base64 without line breaks of what is base64 already, or raw."""
    text = b"".join(data.split())
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = data
    return base64.b64encode(found or data).decode()


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
        f"no signature found; looked for {name}{SIGNATURE_SUFFIX}, {name}{ATTESTATIONS_SUFFIX} and {name}.sig "
        "beside the file",
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
