"""What a profile asks of a document: each missing field is named, with its component and where it must come from.

A field is there, or the document says in so many words that nobody knows it and the caller allows that. Silence is
never taken for "unknown". Adding a profile is one function and a line in `PROFILES`.

>>> document = Document(format="CycloneDX", spec_version="1.6", tools=("other 1.0",))
>>> [missing.field for missing in check(document, "ntia-2021")]
['components', 'subject', 'timestamp']
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from supplychain.errors import UnsupportedType
from supplychain.model.inventory import Component
from supplychain.sbom.document import SUPPLIER, VERSION, Document

NAME: Final = "name"
IDENTIFIER: Final = "identifier"
RELATIONSHIP: Final = "relationship"
AUTHOR: Final = "author"
TIMESTAMP: Final = "timestamp"
SUBJECT: Final = "subject"
COMPONENTS: Final = "components"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Missing:
    """A field that is not there."""

    ref: str
    """Of the component; empty for the document itself."""
    field: str
    source: str
    """Where it must come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is asked for."""

    missing: Callable[[Document], Iterator[Missing]]
    """Every field that is not there, those said to be unknown included."""
    may_be_unknown: frozenset[str]
    """Fields of a component that a caller may allow to be unknown."""


def check(document: Document, profile: str, *, allow_unknown: Collection[str] = ()) -> tuple[Missing, ...]:
    """The fields this profile asks for and the document lacks, sorted; empty when it is met.

    ``allow_unknown`` names fields that a component may lack if the document says that they are unknown or withheld.
    A document without components never meets a profile. Raises UnsupportedType for a profile that is not known and
    for a field that it cannot allow to be unknown.
    """
    if profile not in PROFILES:
        raise UnsupportedType(f"{profile[:40]!r} is no profile", hint=f"profiles: {', '.join(PROFILES)}")
    asked = PROFILES[profile]
    if refused := sorted(set(allow_unknown) - asked.may_be_unknown):
        raise UnsupportedType(
            f"{profile} has no field {refused[0][:40]!r} that may be unknown",
            hint=f"fields: {', '.join(sorted(asked.may_be_unknown))}",
        )
    excused = {(unknown.ref, unknown.field) for unknown in document.unknowns if unknown.field in allow_unknown}
    return tuple(sorted({one for one in asked.missing(document) if (one.ref, one.field) not in excused}))


def _ntia_2021(document: Document) -> Iterator[Missing]:
    """The seven data fields of the NTIA's minimum elements of 2021.

    The tool counts as author where no person or organisation is named: it did enter the data. A subject that is a
    mere file, an archive for instance, needs a name, an identifier and a relationship; supplier and version belong
    to the components in it.
    """
    if not document.created:
        yield Missing(ref="", field=TIMESTAMP, source="the tool that writes the document")
    if not document.authors and not document.tools:
        yield Missing(ref="", field=AUTHOR, source="the producer named when the document is made")
    if not document.components:
        yield Missing(ref="", field=COMPONENTS, source="an inventory of the artifact")
    if document.subject is None:
        yield Missing(ref="", field=SUBJECT, source="the tool that writes the document")
    related = {ref for edge in document.edges for ref in (edge.source, edge.target)} | set(document.standalone)
    for component in (*([document.subject] if document.subject else []), *document.components):
        if not component.name:
            yield Missing(ref=component.ref, field=NAME, source="the package's own metadata")
        if not _is_identified(component):
            yield Missing(ref=component.ref, field=IDENTIFIER, source="the cataloger of its ecosystem")
        if component.ref not in related and document.components:
            yield Missing(ref=component.ref, field=RELATIONSHIP, source="the lock file, or the artifact that holds it")
        if component is document.subject and component.type == "file":
            continue
        if not component.version:
            yield Missing(ref=component.ref, field=VERSION, source="the package's own metadata, or the lock file")
        if not component.producer:
            source = "the package's own metadata, or the producer named when the document is made"
            yield Missing(ref=component.ref, field=SUPPLIER, source=source)


_IDENTIFIERS: Final = ("cyclonedx:", "spdx:")
"""Under these names readers keep CPE, SWID and other identifiers that are no package URL."""


def _is_identified(component: Component) -> bool:
    """Whether more than its name identifies it: a package URL, a digest, or an identifier of another scheme."""
    return bool(component.purl or component.digests) or any(
        value for name, value in component.properties if name.startswith(_IDENTIFIERS)
    )


PROFILES: Final = {
    "ntia-2021": Profile(missing=_ntia_2021, may_be_unknown=frozenset((NAME, VERSION, SUPPLIER, IDENTIFIER))),
}
"""Name to what it asks for."""
