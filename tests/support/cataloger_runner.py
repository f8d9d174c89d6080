"""Shows files to a cataloger as the walk does, without the walk."""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from supplychain.errors import InputError
from supplychain.model.inventory import Completeness, CompletenessState
from supplychain.sbom.catalogers import HEAD_BYTES, Cataloger, Catalogued, File


def file_of(path: str, data: bytes) -> File:
    """The file as the walk would hand it over."""
    return File(
        path=path,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        head=data[:HEAD_BYTES],
        open=lambda: BytesIO(data),
    )


def run(cataloger: Cataloger, files: Mapping[str, bytes]) -> Catalogued:
    """What the cataloger makes of these files; one that it cannot read is listed as incomplete, as by the walk."""
    facts: list[tuple[File, Any]] = []
    broken: list[Completeness] = []
    for path in sorted(files):
        file = file_of(path, files[path])
        if not cataloger.wants(path, file.head):
            continue
        try:
            facts.append((file, cataloger.read(file)))
        except InputError as e:
            broken.append(Completeness(ref=path, state=CompletenessState.INCOMPLETE, reason=str(e)))
    made = cataloger.combine(facts) if facts else Catalogued()
    return Catalogued(
        components=made.components,
        edges=made.edges,
        owners=made.owners,
        completeness=[*made.completeness, *broken],
        unknowns=made.unknowns,
    )
