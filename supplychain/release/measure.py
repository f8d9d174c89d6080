"""Measuring one artifact: its inventory and its digest, from one opened descriptor."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from supplychain import _io
from supplychain.archive import Limits
from supplychain.archive.walk import Source
from supplychain.model.artifact import Artifact
from supplychain.model.inventory import Inventory
from supplychain.sbom.inventory import take_inventory


def measure(
    stream: BinaryIO, path: Path, *, limits: Limits, progress: Callable[[str, int], None] | None
) -> tuple[Artifact, Inventory]:
    """The artifact behind a stream that stands at its start, and what is inside it.

    ``progress`` is told the name and the bytes read so far. Raises InputError for content that cannot be read.
    """
    told = (lambda done: progress(path.name, done)) if progress else None
    source = Source(name=path.name, stream=stream)
    inventory = take_inventory(source, spool=_io.spool, limits=limits, progress=told)
    assert inventory.sha256 is not None
    return _io.artifact_of(stream, path, sha256=inventory.sha256, size=inventory.size), inventory
