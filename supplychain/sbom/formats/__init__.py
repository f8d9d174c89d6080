"""Document formats: a file for each writer, one for each reader, one table of them.

>>> from supplychain import _json
>>> raw = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "a"}]}'
>>> document = read_document(_json.parse(raw, where="a.cdx.json"))
>>> document.format, document.components[0].name
('CycloneDX', 'a')
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import ClassVar, Final, Protocol, cast

from supplychain._json import Node
from supplychain.errors import UnsupportedType
from supplychain.model.inventory import Inventory
from supplychain.sbom.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a document states that is not in the inventory, and how much of the inventory it lists."""

    created: datetime
    tool_version: str
    spec_version: str = ""
    """Of the format; empty for its default."""
    files: bool = True
    """List every file with its digest; without them `sbom.proof` has nothing to prove."""
    producer: str = ""
    """Who makes the subject and the document about it, where the artifact does not tell."""


class Format(Protocol):
    """The contract. Instances hold no state."""

    name: ClassVar[str]
    spec_versions: ClassVar[tuple[str, ...]]
    """That are written; the first is the default."""

    def write(self, inventory: Inventory, how: Writing) -> bytes:
        """The document: the same bytes for the same inventory, written the same way.

        Raises UnsupportedType for a version that is not written, and UsageError for a time without a time zone.
        """
        ...

    def read(self, node: Node) -> Document:
        """A document of this format, of any version that is read. It need not be valid by its schema.

        Raises MalformedDocument, UnsupportedType for other versions, LimitExceeded.
        """
        ...


FORMATS: Final = {
    "cyclonedx-json": "supplychain.sbom.formats.cyclonedx:CycloneDxJson",
    "spdx-json": "supplychain.sbom.formats.spdx:SpdxJson",
}
"""Name on the command line to "module:Class"."""


def format_named(name: str) -> Format:
    """The format of this name. Raises UnsupportedType with the names there are."""
    if name not in FORMATS:
        raise UnsupportedType(f"{name[:40]!r} is no document format", hint=f"known: {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[name].partition(":")
    return cast("Format", getattr(import_module(module), attribute)())


def chosen_version(form: Format, spec_version: str) -> str:
    """The version to write: the one asked for, or the default."""
    version = spec_version or form.spec_versions[0]
    if version not in form.spec_versions:
        raise UnsupportedType(
            f"{form.name} {version[:20]!r} is not written here", hint=f"written: {', '.join(form.spec_versions)}"
        )
    return version


def read_document(node: Node) -> Document:
    """A document of any format, recognised by its own fields. Raises UnsupportedType, MalformedDocument."""
    members = node.object()
    if "bomFormat" in members:
        return format_named("cyclonedx-json").read(node)
    if "spdxVersion" in members:
        return format_named("spdx-json").read(node)
    raise UnsupportedType(
        "neither CycloneDX nor SPDX 2: it has no bomFormat and no spdxVersion",
        where=node.where,
        hint="give a CycloneDX or SPDX document in JSON",
    )
