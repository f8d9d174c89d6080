"""SBOMs as predicates: a whole CycloneDX or SPDX document, attested.

The document is kept as it was signed; `sbom.formats` reads it into components and edges.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.errors import UnsupportedType

CYCLONEDX_VERSIONS: Final = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
SPDX_VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class CycloneDx:
    """A CycloneDX document, JSON."""

    TYPES: ClassVar[tuple[str, ...]] = ("https://cyclonedx.org/bom",)

    document: Node

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it as far as its version. Raises MalformedDocument, UnsupportedType."""
        if node.at("bomFormat").text() != "CycloneDX":
            node.at("bomFormat").fail("expected CycloneDX")
        version = node.at("specVersion").text()
        if version not in CYCLONEDX_VERSIONS:
            raise UnsupportedType(f"CycloneDX {version[:20]!r} is not read here", where=node.where)
        return cls(document=node)

    def encode(self) -> dict[str, JSON]:
        """The document."""
        return self.document.object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spdx:
    """An SPDX 2 document, JSON."""

    TYPES: ClassVar[tuple[str, ...]] = ("https://spdx.dev/Document/v2.3", "https://spdx.dev/Document")

    document: Node

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it as far as its version. Raises MalformedDocument, UnsupportedType."""
        version = node.at("spdxVersion").text()
        if version not in SPDX_VERSIONS:
            raise UnsupportedType(f"{version[:20]!r} is not read here", where=node.where)
        node.at("SPDXID").text()
        return cls(document=node)

    def encode(self) -> dict[str, JSON]:
        """The document."""
        return self.document.object()
