"""Inventories and the documents written from them."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from supplychain import _io
from supplychain._io import StrPath
from supplychain._version import __version__
from supplychain.archive import LIMITS, Limits
from supplychain.errors import EvidenceIncomplete, SupplyChainError, UnsupportedType, UsageError
from supplychain.model.inventory import Inventory
from supplychain.model.results import ValidatedDocument, Validation, Written
from supplychain.model.verification import Problem
from supplychain.sbom.formats import Format, Writing, format_named
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

    ``created`` is the time they state; without it the newest time recorded inside the source, else now.
    ``spec_version`` is for the formats that know it. ``files`` lists every file; by default for an artifact and not
    for a folder. A source that holds files and no component is EvidenceIncomplete unless ``allow_empty``, and a folder
    that holds nothing always is. Raises UsageError for formats and versions that are not written, before it reads.
    """
    writers = _writers(formats, spec_version)
    found = inventory(source, progress=progress)
    if not found.entries and not found.components:
        raise EvidenceIncomplete("the folder is empty: nothing was examined", where=str(source))
    if not found.components and not allow_empty:
        raise EvidenceIncomplete(
            "no component was recognised",
            where=str(source),
            hint="an SBOM of this would say that it holds nothing; say --allow-empty if that is so",
        )
    time = created or found.newest or datetime.now(UTC).replace(microsecond=0)
    with_files = found.kind == "artifact" if files is None else files
    documents: dict[str, bytes] = {}
    for name, writer in writers.items():
        version = spec_version if spec_version in writer.spec_versions else None
        how = Writing(created=time, tool_version=__version__, spec_version=version or "", files=with_files)
        documents[name] = writer.write(found, how)
    return Created(inventory=found, documents=documents)


def _writers(formats: Sequence[str], spec_version: str | None) -> dict[str, Format]:
    if not formats:
        raise UsageError("no format was named", hint="-o cyclonedx-json, -o spdx-json")
    try:
        writers = {name: format_named(name) for name in formats}
    except UnsupportedType as e:
        raise UsageError(e.message, hint=e.hint) from e
    written = [version for writer in writers.values() for version in writer.spec_versions]
    if spec_version is not None and spec_version not in written:
        raise UsageError(f"version {spec_version[:20]!r} is not written here", hint=f"written: {', '.join(written)}")
    return writers


def validate(paths: Sequence[StrPath]) -> Validation:
    """Each document against the schema of its own format and version. Needs the extra ``validate`` (ExtraMissing).

    1 when one is invalid, else 3 when one could not be judged; every one is told.
    """
    from supplychain.sbom.formats.validation import validate as check

    if not paths:
        raise UsageError("no document was named")
    documents: list[ValidatedDocument] = []
    codes: list[int] = []
    for path in paths:
        name = str(path)
        try:
            document = check(_io.read_bytes(path), where=name, schemas=_io.sbom_schema)
            codes.append(1 if document.problems else 0)
        except UsageError:
            raise
        except SupplyChainError as e:
            problem = Problem(code=e.code, message=e.message, hint=e.hint)
            document = ValidatedDocument(path=name, format="", problems=(problem,))
            codes.append(e.exit_code)
        documents.append(document)
    return Validation(documents=tuple(documents), exit_code=1 if 1 in codes else max(codes))
