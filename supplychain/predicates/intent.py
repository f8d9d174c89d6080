"""The intent to publish: signed and written to the journal before the first byte goes out.

It lets an interrupted publish be completed after the permit aged, for this very set, policy and time of decision.
Its one subject is the asset set's digest.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.model.names import MAX_ASSETS
from supplychain.predicates.field_types import read_sha256, read_time, write_time

MAX_DESTINATIONS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be published, where, and by whose leave."""

    TYPES: ClassVar[tuple[str, ...]] = ("urn:supplychain:predicate:intent:v1",)

    set_digest: str
    """SHA-256 of the asset set."""
    destinations: tuple[str, ...]
    """In the order they are served."""
    policy_sha256: str
    """Of the policy that allowed it."""
    resource_uri: str
    """product/line/version/kind."""
    decided_at: datetime
    """When the policy judged."""
    intended_at: datetime
    """When the intent was signed, by the publisher's clock."""
    files: tuple[tuple[str, str], ...]
    """Name and SHA-256 of every asset, sorted."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. Raises MalformedDocument, LimitExceeded."""
        destinations = node.at("destinations").items(at_most=MAX_DESTINATIONS)
        files = node.at("files").items(at_most=MAX_ASSETS)
        if not destinations or not files:
            node.fail("an intent without destinations or files")
        return cls(
            set_digest=read_sha256(node.at("setDigest")),
            destinations=tuple(d.text() for d in destinations),
            policy_sha256=read_sha256(node.at("policySha256")),
            resource_uri=node.at("resourceUri").text(),
            decided_at=read_time(node.at("decidedAt")),
            intended_at=read_time(node.at("intendedAt")),
            files=tuple((f.at("name").text(), read_sha256(f.at("sha256"))) for f in files),
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON object."""
        return {
            "setDigest": self.set_digest,
            "destinations": list(self.destinations),
            "policySha256": self.policy_sha256,
            "resourceUri": self.resource_uri,
            "decidedAt": write_time(self.decided_at),
            "intendedAt": write_time(self.intended_at),
            "files": [{"name": name, "sha256": digest} for name, digest in self.files],
        }
