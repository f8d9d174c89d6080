"""The verification summary (SLSA VSA v1): what a gate decided, by which policy, on which evidence.

Ours and foreign ones are read. A summary is the word of whoever signed it; `release.permits` says when it is leave to
publish.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Self

from supplychain._json import JSON, Node
from supplychain.model.release import Release
from supplychain.model.statement import Subject
from supplychain.predicates.field_types import read_sha256, read_time, write_time

EXTENSION: Final = "urn:supplychain:judgement:v1"
"""Our facts about the judgement, under a field name that is a URI, as the specification asks of extensions."""
MAX_INPUTS: Final = 100_000
MAX_LEVELS: Final = 64
MAX_AGE_SECONDS: Final = 366 * 24 * 3600


class Result(StrEnum):
    """The answer; the specification knows no third one."""

    PASSED = "PASSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What our gate adds to the specification's fields."""

    policy_id: str
    policy_version: str
    as_of: datetime
    """The time it was judged at."""
    counts: Mapping[str, int]
    """Number of rules by outcome."""
    release: Release = field(default_factory=Release)
    root: str | None = None
    """SHA-256 of the trusted root; None when no certificate was judged."""
    max_age_seconds: int | None = None
    """How long it is leave to publish; None means the reader's default."""
    waivers: tuple[str, ...] = ()
    """Ids of the waivers that were used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationSummary:
    """A signed decision about the subjects of its Statement."""

    TYPES: ClassVar[tuple[str, ...]] = ("https://slsa.dev/verification_summary/v1",)

    verifier_id: str
    result: Result
    resource_uri: str
    policy: Subject
    """The policy's uri and digests; foreign summaries may lack the digest."""
    time_verified: datetime | None = None
    inputs: tuple[Subject, ...] | None = None
    """All the evidence it rests on; None when the verifier does not tell."""
    levels: tuple[str, ...] = ()
    """SLSA levels that were truly verified, such as SLSA_BUILD_LEVEL_2."""
    verifier_versions: Mapping[str, str] = field(default_factory=dict)
    slsa_version: str = ""
    judgement: Judgement | None = None
    """None in a foreign summary."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. Raises MalformedDocument, LimitExceeded."""
        verifier, result = node.at("verifier"), node.at("verificationResult")
        if result.text() not in Result.__members__:
            result.fail(f"expected PASSED or FAILED, found {result.text()[:40]!r}")
        versions, slsa = verifier.maybe("version"), node.maybe("slsaVersion")
        inputs, levels = node.maybe("inputAttestations"), node.maybe("verifiedLevels")
        time, ours = node.maybe("timeVerified"), node.maybe(EXTENSION)
        return cls(
            verifier_id=verifier.at("id").text(),
            result=Result(result.text()),
            resource_uri=node.at("resourceUri").text(),
            policy=Subject.parse(node.at("policy"), digest_required=False),
            time_verified=read_time(time) if time else None,
            inputs=tuple(Subject.parse(i) for i in inputs.items(at_most=MAX_INPUTS)) if inputs else None,
            levels=tuple(level.text() for level in levels.items(at_most=MAX_LEVELS)) if levels else (),
            verifier_versions={name: v.text() for name, v in versions.members()} if versions else {},
            slsa_version=slsa.text(empty=True) if slsa else "",
            judgement=_read_judgement(ours) if ours else None,
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON object; what is not known is left out."""
        verifier: dict[str, JSON] = {"id": self.verifier_id}
        if self.verifier_versions:
            verifier["version"] = dict(self.verifier_versions)
        out: dict[str, JSON] = {
            "verifier": verifier,
            "verificationResult": self.result.value,
            "resourceUri": self.resource_uri,
            "policy": self.policy.encode(),
            "verifiedLevels": list(self.levels),
        }
        if self.time_verified:
            out["timeVerified"] = write_time(self.time_verified)
        if self.inputs is not None:
            out["inputAttestations"] = [i.encode() for i in self.inputs]
        if self.slsa_version:
            out["slsaVersion"] = self.slsa_version
        if self.judgement:
            out[EXTENSION] = _write_judgement(self.judgement)
        return out


def _read_judgement(node: Node) -> Judgement:
    root, age, waivers = node.maybe("rootSha256"), node.maybe("maxAgeSeconds"), node.maybe("waivers")
    release = node.maybe("release")
    facts = {f.name: release.maybe(f.name) for f in fields(Release)} if release else {}
    seconds = age.integer() if age else None
    if age and seconds is not None and not 0 < seconds <= MAX_AGE_SECONDS:
        age.fail(f"expected 1 to {MAX_AGE_SECONDS} seconds, found {seconds}")
    return Judgement(
        policy_id=node.at("policyId").text(),
        policy_version=node.at("policyVersion").text(),
        as_of=read_time(node.at("asOf")),
        counts={name: count.integer() for name, count in node.at("counts").members()},
        release=Release(**{name: fact.text() if fact else None for name, fact in facts.items()}),
        root=read_sha256(root) if root else None,
        max_age_seconds=seconds,
        waivers=tuple(w.text() for w in waivers.items(at_most=MAX_INPUTS)) if waivers else (),
    )


def _write_judgement(judgement: Judgement) -> dict[str, JSON]:
    facts = {f.name: getattr(judgement.release, f.name) for f in fields(Release)}
    out: dict[str, JSON] = {
        "policyId": judgement.policy_id,
        "policyVersion": judgement.policy_version,
        "asOf": write_time(judgement.as_of),
        "counts": dict(judgement.counts),
        "release": {name: value for name, value in facts.items() if value is not None},
        "waivers": list(judgement.waivers),
    }
    if judgement.root:
        out["rootSha256"] = judgement.root
    if judgement.max_age_seconds is not None:
        out["maxAgeSeconds"] = judgement.max_age_seconds
    return out
