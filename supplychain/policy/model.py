"""What a policy says: the models its file is held against, and the resolved `Policy` that judges.

The models say which keys there are and what each may hold (`policy.fields` has the types, `policy.signers` the
signers); `policy.reader` reads a file into them and says where a file is wrong.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal

from supplychain import _json
from supplychain._json import JSON
from supplychain.errors import PolicyInvalid
from supplychain.model.decision import Mode
from supplychain.model.permit import PolicyRef
from supplychain.policy.fields import (  # rules take the types of their parameters from here
    SIGNATURE,
    Duration,
    EvidenceType,
    Field,
    Glob,
    Instant,
    Many,
    Model,
    Name,
    OneLine,
    PolicyPath,
    Sentence,
    Size,
    plain,
)
from supplychain.policy.signers import SignerFacts, resolved_signer
from supplychain.verify.trust import Signer

__all__ = (
    "SIGNATURE",
    "Duration",
    "EvidenceParams",
    "EvidenceType",
    "Field",
    "Glob",
    "Many",
    "Name",
    "OneLine",
    "Policy",
    "PolicyFile",
    "PolicyPath",
    "PolicyRule",
    "RuleEntry",
    "RuleParams",
    "SignerFacts",
    "Size",
    "When",
)

SCHEMA: Final = "supplychain/policy/v1"
MAX_AGE: Final = timedelta(hours=24)


class RuleParams(Model):
    """The base of the parameters of a rule. Keys are spelled with ``-``, fields with ``_``."""

    reads_steps: ClassVar[bool] = False
    """Whether links count that are about other files than those judged: the steps before the last."""

    def contradictions(self) -> tuple[str, ...]:
        """What is wrong with the parameters taken together."""
        return ()


class EvidenceParams(RuleParams):
    """The base of the parameters of a rule that reads evidence."""

    names_signers: ClassVar[tuple[str, ...]] = ("signers",)
    """The parameters that hold names of signers."""
    any_signer: ClassVar[bool] = False
    """Whether no name means every signer of the policy; otherwise it is allowed only where there is one."""
    signers: Many[Name] = Field(
        default=(), description="Whose evidence counts; may be left out where the policy has just one signer."
    )


class When(Model):
    """A condition; what is left out is not asked."""

    kind: Literal["cloud", "minor", "patch", "security", "esr"] | None = Field(
        default=None, description="Kind of the release, from a signed release.json."
    )
    line: OneLine | None = Field(default=None, description="Line of the release, from a signed release.json.")
    artifact: Glob | None = Field(default=None, description="Name of the artifacts that the rule is about.")


class RuleEntry(Model):
    """The keys that every rule has."""

    id: Name = Field(description="Its name in this policy.")
    type: str = Field(description="Which rule.")
    mode: Literal["enforce", "warn", "audit"] = Field(
        default="enforce", description="Whether it can deny, warns, or only records."
    )
    enforce_from: Instant | None = Field(default=None, description="Until this time it only warns.")
    when: When | None = Field(default=None, description="Applies only to these releases or artifacts.")
    waivable: bool = Field(default=True, description="Whether a waiver can excuse a failure.")
    allow_empty: bool = Field(default=False, description="Whether nothing to examine is a pass instead of an error.")
    fix: Sentence = Field(default="", description="What the reader of a failure should do.")


class PolicyFile(Model):
    """The top level. Signers and rules are held against models of their own."""

    schema_: Literal["supplychain/policy/v1"] = Field(alias="schema", description="The format of this file.")
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$")] = Field(description="Name of the policy.")
    version: OneLine = Field(description="Version of the policy, a string.")
    owner: OneLine | None = Field(default=None, description="Who answers for it.")
    signers: Annotated[dict[Name, object], Field(min_length=1)] = Field(description="Whose word counts, by name.")
    trusted_root: Annotated[str, Field(pattern=r"^(packaged|sha256:[0-9a-f]{64})$")] = Field(
        default="packaged", description="The root of trust for certificates: packaged, or sha256:HEX."
    )
    second_opinion: bool = Field(
        default=False, description="Whether sigstore-python must agree on certificates, wherever it can judge."
    )
    max_age: Duration = Field(default=MAX_AGE, description="How long a decision may be used to publish.")
    rules: Annotated[Many[object], Field(min_length=1)] = Field(description="What must hold.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule of a policy, ready to judge."""

    id: str
    type: str
    mode: Mode = Mode.ENFORCE
    enforce_from: datetime | None = None
    when: When | None = None
    waivable: bool = True
    allow_empty: bool = False
    fix: str = ""
    params: RuleParams
    at: str = field(default="", compare=False)
    """file:line:column."""

    def mode_at(self, at: datetime) -> Mode:
        """The mode in force at this time."""
        return Mode.WARN if self.enforce_from is not None and at < self.enforce_from else self.mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy that was read and resolved. Its digest is computed from what it holds, so that it cannot say other."""

    id: str
    version: str
    owner: str = ""
    facts: Mapping[str, SignerFacts]
    """Signers by name, in the order of the file."""
    rules: tuple[PolicyRule, ...]
    trusted_root: str = "packaged"
    second_opinion: bool = False
    """Whether evidence by certificates counts only where sigstore-python agrees, or cannot judge."""
    max_age: timedelta = MAX_AGE
    pin: str | None = None
    """The digest the caller named, in hexadecimal; another one raises PolicyInvalid."""
    where: str = field(default="", compare=False)
    sha256: str = field(init=False)
    """Of the canonical JSON of the resolved policy; keys stand in it by the SHA-256 of their SubjectPublicKeyInfo."""

    def __post_init__(self) -> None:
        if not self.facts or not self.rules:
            raise PolicyInvalid("a policy needs signers and rules", where=self.where)
        if len({rule.id for rule in self.rules}) < len(self.rules):
            raise PolicyInvalid("two rules have one id", where=self.where)
        digest = hashlib.sha256(_json.canonical(self.resolved())).hexdigest()
        if self.pin is not None and self.pin.removeprefix("sha256:") != digest:
            raise PolicyInvalid(
                f"the policy is sha256:{digest}, and sha256:{self.pin.removeprefix('sha256:')[:64]} was asked for",
                where=self.where,
                hint="the policy or one of its keys changed; review it, then name its new digest",
            )
        object.__setattr__(self, "sha256", digest)

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Everybody whose evidence is verified for this policy."""
        return tuple(f.signer for f in self.facts.values())

    @property
    def root_sha256(self) -> str | None:
        """The SHA-256 of the only trusted root it allows; None for the one that is packaged."""
        return None if self.trusted_root == "packaged" else self.trusted_root.removeprefix("sha256:")

    @property
    def pinned(self) -> bool:
        """Whether the caller named the digest."""
        return self.pin is not None

    @property
    def ref(self) -> PolicyRef:
        """What a decision says about the policy."""
        return PolicyRef(id=self.id, version=self.version, sha256=self.sha256, pinned=self.pinned)

    def resolved(self) -> dict[str, JSON]:
        """The policy as its digest sees it: keys by content, values that equal a default left out."""
        out: dict[str, JSON] = {"schema": SCHEMA, "id": self.id, "version": self.version}
        if self.owner:
            out["owner"] = self.owner
        if self.trusted_root != "packaged":
            out["trusted-root"] = self.trusted_root
        if self.second_opinion:
            out["second-opinion"] = True
        if self.max_age != MAX_AGE:
            out["max-age"] = plain(self.max_age)
        out["signers"] = {name: resolved_signer(facts) for name, facts in self.facts.items()}
        out["rules"] = [_resolved_rule(rule) for rule in self.rules]
        return out


def _resolved_rule(rule: PolicyRule) -> JSON:
    entry = {
        "mode": rule.mode.value if rule.mode is not Mode.ENFORCE else None,
        "enforce-from": rule.enforce_from,
        "when": rule.when.model_dump(by_alias=True, exclude_defaults=True) if rule.when else None,
        "waivable": None if rule.waivable else False,
        "allow-empty": rule.allow_empty or None,
        "fix": rule.fix or None,
    }
    out: dict[str, JSON] = {"id": rule.id, "type": rule.type}
    out |= {key: plain(value) for key, value in entry.items() if value is not None}
    return out | {k: plain(v) for k, v in rule.params.model_dump(by_alias=True, exclude_defaults=True).items()}
