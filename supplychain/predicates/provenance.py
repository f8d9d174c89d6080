"""SLSA provenance: who built an artifact, by which command, from what.

Version 1 is read and written, version 0.2 is read into the same shape. Every field is the builder's word: a policy
believes it as far as it believes the signer, and never takes an identity from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.model.statement import Subject
from supplychain.predicates.field_types import read_time, write_time

V1: Final = "https://slsa.dev/provenance/v1"
V02: Final = "https://slsa.dev/provenance/v0.2"
MAX_MATERIALS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a set of artifacts came to be (SLSA v1, buildDefinition and runDetails)."""

    TYPES: ClassVar[tuple[str, ...]] = (V1, V02)

    build_type: str
    """URI that says how to read the parameters."""
    builder_id: str
    """URI of what ran the build; a claim, until a policy compares it with the signer."""
    external_parameters: Mapping[str, JSON] = field(default_factory=dict)
    """What whoever asked for the build could choose. From v0.2: configSource and parameters."""
    internal_parameters: Mapping[str, JSON] = field(default_factory=dict)
    """What the builder chose. From v0.2: environment."""
    materials: tuple[Subject, ...] = ()
    """What went in (resolvedDependencies), in the builder's order; from v0.2 the configSource first."""
    invocation_id: str = ""
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def source(self) -> Subject | None:
        """The first material that is a git commit; None when no material is one."""
        return next((m for m in self.materials if _commit_of(m)), None)

    @property
    def source_uri(self) -> str | None:
        """Where the source came from, without ``git+`` and ``@ref``; None when the provenance does not say."""
        return _split_uri(self.source.uri)[0] or None if self.source else None

    @property
    def source_ref(self) -> str | None:
        """The branch or tag, such as ``refs/tags/v1``; None when the provenance does not say."""
        return _split_uri(self.source.uri)[1] or None if self.source else None

    @property
    def source_commit(self) -> str | None:
        """The git commit; None when no material is one."""
        return _commit_of(self.source) if self.source else None

    @classmethod
    def parse(cls, node: Node, predicate_type: str) -> Self:
        """Read version 1, or version 0.2 under its own URI. Raises MalformedDocument."""
        return cls._read_v02(node) if predicate_type == V02 else cls._read_v1(node)

    @classmethod
    def _read_v1(cls, node: Node) -> Self:
        definition, run = node.at("buildDefinition"), node.at("runDetails")
        metadata = run.maybe("metadata")
        return cls(
            build_type=definition.at("buildType").text(),
            builder_id=run.at("builder").at("id").text(),
            external_parameters=definition.at("externalParameters").object(),
            internal_parameters=_object(definition.maybe("internalParameters")),
            materials=_materials(definition.maybe("resolvedDependencies")),
            invocation_id=_text(metadata, "invocationId"),
            started=_time(metadata, "startedOn"),
            finished=_time(metadata, "finishedOn"),
        )

    @classmethod
    def _read_v02(cls, node: Node) -> Self:
        invocation, metadata = node.maybe("invocation"), node.maybe("metadata")
        config = invocation.maybe("configSource") if invocation else None
        parameters = invocation.maybe("parameters") if invocation else None
        external: dict[str, JSON] = {"parameters": parameters.value} if parameters else {}
        materials = _materials(node.maybe("materials"))
        if config:
            external["configSource"] = config.object()
            source = Subject.parse(config, digest_required=False)
            if source.digests and source not in materials:
                materials = (source, *materials)
        return cls(
            build_type=node.at("buildType").text(),
            builder_id=node.at("builder").at("id").text(),
            external_parameters=external,
            internal_parameters=_object(invocation.maybe("environment") if invocation else None),
            materials=materials,
            invocation_id=_text(metadata, "buildInvocationId"),
            started=_time(metadata, "buildStartedOn"),
            finished=_time(metadata, "buildFinishedOn"),
        )

    def encode(self) -> dict[str, JSON]:
        """Version 1; what is not known is left out."""
        definition: dict[str, JSON] = {
            "buildType": self.build_type,
            "externalParameters": dict(self.external_parameters),
        }
        if self.internal_parameters:
            definition["internalParameters"] = dict(self.internal_parameters)
        if self.materials:
            definition["resolvedDependencies"] = [m.encode() for m in self.materials]
        run: dict[str, JSON] = {"builder": {"id": self.builder_id}}
        metadata: dict[str, JSON] = {}
        if self.invocation_id:
            metadata["invocationId"] = self.invocation_id
        if self.started:
            metadata["startedOn"] = write_time(self.started)
        if self.finished:
            metadata["finishedOn"] = write_time(self.finished)
        if metadata:
            run["metadata"] = metadata
        return {"buildDefinition": definition, "runDetails": run}


def _text(node: Node | None, key: str) -> str:
    found = node.maybe(key) if node else None
    return found.text(empty=True) if found else ""


def _time(node: Node | None, key: str) -> datetime | None:
    found = node.maybe(key) if node else None
    return read_time(found) if found else None


def _materials(node: Node | None) -> tuple[Subject, ...]:
    items = node.items(at_most=MAX_MATERIALS) if node else []
    return tuple(Subject.parse(item, digest_required=False) for item in items)


def _object(node: Node | None) -> Mapping[str, JSON]:
    return node.object() if node else {}


def _commit_of(material: Subject) -> str | None:
    """The commit a material names: gitCommit, or the sha1 that older builders wrote for a git URI."""
    commit = material.digests.get("gitCommit")
    return commit or (material.digests.get("sha1") if material.uri.startswith("git+") else None)


def _split_uri(uri: str) -> tuple[str, str]:
    """A git URI and its ref. The first ``@refs/`` divides them: a branch may be named ``x@refs/heads/y``."""
    base, at, ref = uri.removeprefix("git+").partition("@refs/")
    return base, f"refs/{ref}" if at else ""
