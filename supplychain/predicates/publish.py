"""Publish attestations: an index says that it took this file under this name (PyPI), or this version (npm).

They say who published, and nothing of how it was built.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from supplychain._json import JSON, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """One file of a package, published. PyPI's predicate is empty: the subject says it all."""

    TYPES: ClassVar[tuple[str, ...]] = (
        "https://docs.pypi.org/attestations/publish/v1",
        "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
    )

    name: str = ""
    """Of the package; empty where the predicate does not say it, as the rest."""
    version: str = ""
    registry: str = ""
    """URL of the registry that took it."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. Raises MalformedDocument."""
        said = {field: node.maybe(field) for field in ("name", "version", "registry")}
        return cls(**{field: value.text() for field, value in said.items() if value})

    def encode(self) -> dict[str, JSON]:
        """The JSON object."""
        said = {"name": self.name, "version": self.version, "registry": self.registry}
        return {field: value for field, value in said.items() if value}
