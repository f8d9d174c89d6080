"""Links: one step of a supply chain as it was performed (in-toto attestation framework, predicate ``link`` v0.3).

The subjects of the Statement are the step's products. Everything here is the word of whoever performed the step; an
in-toto layout says which words must agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.model.statement import Subject

V03: Final = "https://in-toto.io/attestation/link/v0.3"
MAX_MATERIALS: Final = 100_000
MAX_WORDS: Final = 10_000
"""Of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A step: its name, its command and what went in."""

    TYPES: ClassVar[tuple[str, ...]] = (V03,)

    name: str
    """Of the step, as a layout names it."""
    command: tuple[str, ...] = ()
    """Empty when the step was no command, or its functionary does not tell."""
    materials: tuple[Subject, ...] = ()
    """What went in, in the producer's order; one without a digest proves nothing."""
    byproducts: Mapping[str, JSON] = field(default_factory=dict)
    """What else came of it, such as ``return-value``; opaque."""
    environment: Mapping[str, JSON] = field(default_factory=dict)
    """What the producer tells of its surroundings; opaque."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. Raises MalformedDocument, LimitExceeded."""
        command, materials = node.maybe("command"), node.maybe("materials")
        byproducts, environment = node.maybe("byproducts"), node.maybe("environment")
        return cls(
            name=node.at("name").text(),
            command=tuple(w.text(empty=True) for w in command.items(at_most=MAX_WORDS)) if command else (),
            materials=tuple(_material(m) for m in materials.items(at_most=MAX_MATERIALS)) if materials else (),
            byproducts=byproducts.object() if byproducts else {},
            environment=environment.object() if environment else {},
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON object; what is not known is left out."""
        out: dict[str, JSON] = {"name": self.name}
        if self.command:
            out["command"] = list(self.command)
        if self.materials:
            out["materials"] = [m.encode() for m in self.materials]
        if self.byproducts:
            out["byproducts"] = dict(self.byproducts)
        if self.environment:
            out["environment"] = dict(self.environment)
        return out


def _material(node: Node) -> Subject:
    """A ResourceDescriptor, which names something."""
    found = Subject.parse(node, digest_required=False)
    if not (found.digests or found.uri or found.name):
        node.fail("a material without name, uri or digest")
    return found
