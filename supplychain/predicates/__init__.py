"""What can be stated about an artifact: one file a predicate type, one table of them.

A predicate is read (`parse`) only from a payload whose signature was verified. The short names are those of the
command line (``--type``) and of policies (``evidence:``).
"""

from importlib import import_module
from typing import Any, ClassVar, Final, Protocol, Self

from supplychain._json import JSON, Node
from supplychain.errors import UnsupportedType


class Predicate(Protocol):
    """A typed predicate: frozen, parsed from an object, encoded to one."""

    TYPES: ClassVar[tuple[str, ...]]
    """The URIs it is read under; the first is the one it is written under."""

    @classmethod
    def parse(cls, node: Node, predicate_type: str) -> Self:
        """Read it. Unknown fields are ignored, as in-toto asks. Raises MalformedDocument."""
        ...

    def encode(self) -> dict[str, JSON]:
        """The JSON object to be signed."""
        ...


PREDICATES: Final = {
    "provenance": "supplychain.predicates.provenance:Provenance",
    "cyclonedx": "supplychain.predicates.documents:CycloneDx",
    "spdx": "supplychain.predicates.documents:Spdx",
    "vsa": "supplychain.predicates.vsa:VerificationSummary",
    "test-result": "supplychain.predicates.test_result:ResultOfTests",
    "release": "supplychain.predicates.release:ReleasePredicate",
    "link": "supplychain.predicates.link:Link",
    "publish": "supplychain.predicates.publish:Publish",
    "intent": "supplychain.predicates.intent:Intent",
}
"""Short name to class."""

TYPES: Final = {
    "https://slsa.dev/provenance/v1": "provenance",
    "https://slsa.dev/provenance/v0.2": "provenance",
    "https://cyclonedx.org/bom": "cyclonedx",
    "https://spdx.dev/Document": "spdx",
    "https://spdx.dev/Document/v2.3": "spdx",
    "https://slsa.dev/verification_summary/v1": "vsa",
    "https://in-toto.io/attestation/test-result/v0.1": "test-result",
    "https://in-toto.io/attestation/release/v0.2": "release",
    "https://in-toto.io/attestation/link/v0.3": "link",
    "https://docs.pypi.org/attestations/publish/v1": "publish",
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1": "publish",
    "urn:supplychain:predicate:intent:v1": "intent",
}
"""Predicate type URI to short name."""

ALIASES: Final = {"slsaprovenance": "provenance", "slsaprovenance1": "provenance", "spdxjson": "spdx"}
"""Names other tools use, understood on input."""


def resolve(name: str) -> type[Any]:
    """The predicate class of a short name, alias or URI. Raises UnsupportedType with the names there are."""
    short = ALIASES.get(name, name)
    short = TYPES.get(short, short)
    if short not in PREDICATES:
        raise UnsupportedType(f"{name[:80]!r} is no predicate type known here", hint=f"known: {', '.join(PREDICATES)}")
    module, _, attribute = PREDICATES[short].partition(":")
    found: type[Any] = getattr(import_module(module), attribute)
    return found


def short_name(predicate_type: str) -> str:
    """The short name of a URI; the URI itself when there is none."""
    return TYPES.get(predicate_type, predicate_type)
