"""Inventories and the documents written from them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from supplychain import _io
from supplychain._io import StrPath
from supplychain._version import __version__
from supplychain.archive import LIMITS, Limits
from supplychain.errors import EvidenceIncomplete, UsageError
from supplychain.model.inventory import Inventory
from supplychain.model.results import ValidatedDocument, Validation, Written
from supplychain.sbom.formats import Writing, format_named
from supplychain.sbom.inventory import take_inventory


def inventory(source: StrPath, *, limits: Limits = LIMITS, progress: Callable[[int], None] | None = None) -> Inventory:
    """What is inside a file or folder, measured. Raises InputError when the source itself cannot be read."""
    with _io.open_source(source) as opened:
        return take_inventory(opened, spool=_io.spool, limits=limits, progress=progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What ``sbom create`` made of one walk."""

    inventory: Inventory
    documents: Mapping[str, bytes]
    """By format name."""

    def write(self, paths: Mapping[str, StrPath]) -> Written:
        """Write each document to the path given for its format."""
        for name, path in paths.items():
            _io.write_atomic(path, self.documents[name])
        return Written(verb="sbom create", files=tuple(os.fspath(p) for p in paths.values()))


def create(
    source: StrPath,
    formats: Sequence[str],
    *,
    created: datetime | None = None,
    spec_version: str | None = None,
    files: bool | None = None,
    allow_empty: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Created:
    """One walk, any number of documents.

    ``created`` is the time they state; without it the newest time recorded inside the source, else now. ``files``
    lists every file; by default for an artifact and not for a folder. A source that holds files and no component is
    EvidenceIncomplete unless ``allow_empty``.
    """
    if not formats:
        raise UsageError("no format was named", hint="-o cyclonedx-json, -o spdx-json")
    found = inventory(source, progress=progress)
    if not found.components and not allow_empty:
        raise EvidenceIncomplete(
            "no component was recognised",
            where=str(source),
            hint="an SBOM of this would say that it holds nothing; say --allow-empty if that is so",
        )
    time = created or found.newest or datetime.now(UTC).replace(microsecond=0)
    with_files = found.kind == "artifact" if files is None else files
    documents: dict[str, bytes] = {}
    for name in formats:
        writer = format_named(name)
        how = Writing(created=time, tool_version=__version__, spec_version=spec_version or "", files=with_files)
        documents[name] = writer.write(found, how)
    return Created(inventory=found, documents=documents)


def validate(paths: Sequence[StrPath]) -> Validation:
    """Each document against the schema of its own format and version. Needs the extra ``validate`` (ExtraMissing).

    1 when one is invalid, 3 when one could not be judged.
    """
    from supplychain.sbom.formats.validation import validate as check

    if not paths:
        raise UsageError("no document was named")
    documents: list[ValidatedDocument] = []
    codes: list[int] = []
    for path in paths:
        name = str(path)
        document = check(_io.read_bytes(path), where=name, schemas=_io.sbom_schema)
        documents.append(document)
        codes.append(1 if document.problems else 0)
    return Validation(documents=tuple(documents), exit_code=max(codes))
