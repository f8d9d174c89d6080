"""What a profile asks of a document: each missing field is named, with its component and where it must come from."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from supplychain.errors import UnsupportedType
from supplychain.sbom.document import Document


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Missing:
    """A field that is not there."""

    ref: str
    """Of the component; empty for the document itself."""
    field: str
    source: str
    """Where it must come from."""


def check(document: Document, profile: str, *, allow_unknown: Collection[str] = ()) -> tuple[Missing, ...]:
    """The fields this profile asks for and the document lacks, sorted; empty when it is met.

    ``allow_unknown`` names fields that a component may lack because nobody knows them. Raises UnsupportedType for a
    profile that is not known.
    """
    if profile not in PROFILES:
        raise UnsupportedType(f"{profile[:40]!r} is no profile", hint=f"profiles: {', '.join(PROFILES)}")
    return tuple(sorted(m for m in PROFILES[profile](document) if m.field not in allow_unknown))


def _ntia_2021(document: Document) -> Iterator[Missing]:
    """The minimum elements of the NTIA (2021): seven data fields."""
    if not document.created:
        yield Missing(ref="", field="timestamp", source="the tool that wrote the document")
    if not document.authors and not document.tools:
        yield Missing(ref="", field="author", source="the tool that wrote the document")
    if not document.components:
        yield Missing(ref="", field="components", source="an inventory of the artifact")
    related = {ref for edge in document.edges for ref in (edge.source, edge.target)}
    subject = document.subject
    if subject is None:
        yield Missing(ref="", field="subject", source="the tool that wrote the document")
    for component in document.components:
        if not component.name:
            yield Missing(ref=component.ref, field="name", source="the package's own metadata")
        if not component.version:
            yield Missing(ref=component.ref, field="version", source="the package's own metadata")
        if not component.producer:
            yield Missing(ref=component.ref, field="supplier", source="the package's own metadata, or a profile file")
        if not component.purl:
            yield Missing(ref=component.ref, field="identifier", source="the cataloger of its ecosystem")
        if component.ref not in related:
            yield Missing(ref=component.ref, field="relationship", source="the lock file or the artifact that holds it")


PROFILES: Final[dict[str, Callable[[Document], Iterator[Missing]]]] = {"ntia-2021": _ntia_2021}
"""Name to the function that lists what is missing."""
