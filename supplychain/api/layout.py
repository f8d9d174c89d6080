"""layout verify: a classic in-toto layout, the folder of its links, and the product in hand."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from supplychain import _io
from supplychain._io import StrPath
from supplychain.errors import (
    EvidenceMissing,
    LimitExceeded,
    PolicyError,
    SupplyChainError,
    Unreadable,
    UsageError,
)
from supplychain.keys.public import PublicKey
from supplychain.model.layout import LayoutVerification
from supplychain.model.verification import Problem
from supplychain.release import inspections
from supplychain.verify.layout.metadata import MAX_METADATA_BYTES
from supplychain.verify.layout.verification import MAX_DEPTH, MAX_LINKS, Inspect, Links
from supplychain.verify.layout.verification import verify_layout as _verify

MAX_BYTES: Final = 256 << 20
"""Of all links together."""


def verify_layout(
    layout: StrPath,
    *,
    links: StrPath,
    keys: Sequence[PublicKey],
    artifacts: Sequence[StrPath] = (),
    at: datetime | None = None,
    unsafe_inspect_with: Mapping[str, str] | None = None,
) -> LayoutVerification:
    """Hold the links in a folder against a layout that each of ``keys`` has signed.

    ``artifacts`` must be products of the layout's last step. ``unsafe_inspect_with`` is an environment: with it the
    inspections of the layout are run, commands of whoever signed it, in a folder that holds a copy of the artifacts.
    A refusal is in the result, with its reason; a call or a layout that asks for nothing raises UsageError or
    PolicyInvalid.
    """
    if unsafe_inspect_with is not None and not artifacts:
        raise UsageError("there is nothing to inspect", hint="name the product: --artifact FILE")
    where = os.fspath(layout)
    data: bytes | None = None
    with ExitStack() as opened:
        try:
            data = _io.read_bytes(layout, max_bytes=MAX_METADATA_BYTES)
            files = [opened.enter_context(_io.open_artifact(a)) for a in artifacts]
            inspect: Inspect | None = None
            if unsafe_inspect_with is not None:
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="supplychain-")))
                inspections.lay_out(files, folder)
                inspect = partial(inspections.inspect, folder=folder, environment=unsafe_inspect_with)
            return _verify(
                data,
                read_links(links),
                keys=keys,
                at=at or datetime.now(UTC),
                where=where,
                artifacts=files,
                inspect=inspect,
            )
        except (UsageError, PolicyError):
            raise
        except SupplyChainError as e:
            problem = Problem(code=e.code, message=str(e), hint=e.hint)
            return LayoutVerification(layout=where, sha256=None, error=problem, verified=False, exit_code=e.exit_code)


def read_links(folder: StrPath) -> Links:
    """Every ``*.link`` file of a folder, and of the folders of sublayouts in it; nothing is followed.

    Raises Unreadable, UnsafePath, LimitExceeded, and EvidenceMissing when there is none.
    """
    reading = _Reading()
    found = reading.folder(Path(folder), depth=0)
    if not reading.count:
        raise EvidenceMissing("no link was found", where=os.fspath(folder), hint="links are called STEP.KEYID.link")
    return found


class _Reading:
    """Folders of links being read, and how much there was."""

    def __init__(self) -> None:
        self.count = 0
        self.size = 0

    def folder(self, path: Path, *, depth: int) -> Links:
        """One folder."""
        if depth > MAX_DEPTH:
            raise LimitExceeded(f"folders nested deeper than {MAX_DEPTH}", where=str(path))
        try:
            with os.scandir(path) as entries:
                listed = sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries)
        except OSError as e:
            raise Unreadable((e.strerror or "cannot be read").lower(), where=str(path)) from e
        files = {n: self.file(path / n) for n, is_folder in listed if n.endswith(".link") and not is_folder}
        folders = {n: self.folder(path / n, depth=depth + 1) for n, is_folder in listed if is_folder}
        return Links(where=str(path), files=files, folders=folders)

    def file(self, path: Path) -> bytes:
        """One link."""
        data = _io.read_bytes(path, max_bytes=MAX_METADATA_BYTES)
        self.count, self.size = self.count + 1, self.size + len(data)
        if self.count > MAX_LINKS or self.size > MAX_BYTES:
            raise LimitExceeded(f"more than {MAX_LINKS} links or {MAX_BYTES} bytes of them", where=str(path))
        return data
