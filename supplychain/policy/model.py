"""What a policy says: the models its file is held against, and the resolved `Policy` that judges.

The models say which keys there are and what each may hold; `policy.reader` reads a file into them and says where a
file is wrong. This is the one module that loads pydantic; verifying and signing never import it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    Strict,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic import Field as Field  # noqa: PLC0414  # rules take it from here: they do not import pydantic

from supplychain import _json
from supplychain._json import JSON
from supplychain.errors import PolicyInvalid, SupplyChainError
from supplychain.model.decision import Mode
from supplychain.model.permit import PolicyRef
from supplychain.policy.faults import Fault, fault_of
from supplychain.policy.values import read_duration, read_instant, read_size
from supplychain.predicates import ALIASES, PREDICATES, TYPES, short_name
from supplychain.verify.trust import Signer

SCHEMA: Final = "supplychain/policy/v1"
SIGNATURE: Final = "signature"
"""What stands for a predicate type where a signature of the file itself is meant."""
MAX_AGE: Final = timedelta(hours=24)

T = TypeVar("T")
M = TypeVar("M", bound="Model")


def _glob(text: str) -> str:
    if not text or not text.isprintable() or len(text) > 1000:
        raise ValueError("expected a glob of printable characters")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected printable characters")
    return text


def _one_line(text: str) -> str:
    return _printable(" ".join(text.split()))


def _evidence_type(text: str) -> str:
    short = short_name(ALIASES.get(text, text))
    if short == SIGNATURE or short in PREDICATES:
        return short
    raise ValueError(f"{text[:80]!r} is no type of evidence (known: {', '.join((SIGNATURE, *PREDICATES))})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Referenced:
    """A file that a policy names, with its content: it enters the policy's digest by that, not by its name."""

    path: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def _referenced(value: object, info: ValidationInfo) -> Referenced:
    """The file, by the ``load`` that `hold` was given."""
    load = (info.context or {}).get("load")
    if not isinstance(value, str) or load is None:
        raise ValueError("expected the path of a file under the policy's folder")
    try:
        return Referenced(path=value, data=load(value))
    except (SupplyChainError, OSError) as e:
        raise ValueError(str(e) if isinstance(e, SupplyChainError) else f"{value}: cannot be read") from e


Many: TypeAlias = Annotated[tuple[T, ...], Strict(False)]
Duration: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,5}[smhdw]$", "examples": ["24h", "7d"]}),
]
Size: TypeAlias = Annotated[
    int,
    BeforeValidator(read_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^[1-9][0-9]{0,8}(B|[kKMGT]B|[KMGT]iB)$"},
            ],
            "examples": ["250MB", "1GiB"],
        }
    ),
]
Instant: TypeAlias = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "examples": ["2026-11-23T12:00:00Z", "2026-11-23"]}),
]
Glob: TypeAlias = Annotated[str, AfterValidator(_glob)]
EvidenceType: TypeAlias = Annotated[
    str,
    AfterValidator(_evidence_type),
    WithJsonSchema({"type": "string", "examples": [SIGNATURE, *PREDICATES, *TYPES]}),
]
PolicyPath: TypeAlias = Annotated[
    Referenced,
    PlainValidator(_referenced),
    PlainSerializer(lambda found: f"sha256:{found.sha256}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["root.layout"]}),
]
"""A file under the policy's folder, read with the policy."""
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Of a signer or a rule."""
OneLine: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Sentence: TypeAlias = Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
"""Text of one or more lines, joined into one."""


class Model(BaseModel):
    """The base of every model: unknown keys are refused, nothing is coerced, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=lambda n: n.replace("_", "-"))


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


class KeySigner(Model):
    """A signer that is a public key."""

    key: OneLine = Field(description="Public key file (PEM), relative to the policy.")
    valid_from: Instant | None = Field(default=None, description="Earlier signatures do not count.")
    valid_until: Instant | None = Field(default=None, description="Later signatures do not count.")
    revoked: bool = Field(default=False, description="Nothing by this signer counts, whenever it was made.")
    builder: OneLine | None = Field(default=None, description="The builder.id this key speaks for, exactly.")
    slsa_level: Annotated[int, Field(ge=1, le=2)] = Field(
        default=1, description="The highest SLSA build level that provenance by this key can reach."
    )


class Claims(Model):
    """What the certificate of a signer must say besides its identity."""

    source_repository: OneLine | None = None
    source_repository_id: OneLine | None = None
    ref: Glob | None = None
    trigger: OneLine | None = None


def _identity(text: str) -> str:
    if set(text) & set("^$\\()[]{}|") or any(sign in text for sign in (".*", ".+", ".?")):
        raise ValueError(
            "this looks like a regular expression; identities are exact, and * stands for characters but / and @"
        )
    if "**" in text:
        raise ValueError("** is not allowed in an identity")
    head = text.split("/", 4)[:4] if "://" in text else [text.rpartition("@")[2]]
    if any("*" in part for part in head):
        raise ValueError("the host and the owner of an identity are exact: no * there")
    return text


class CertificateSigner(Model):
    """A signer that is an identity in a certificate."""

    issuer: OneLine
    identity: Annotated[OneLine, AfterValidator(_identity)]
    claims: Claims = Claims()


NESTED: Final[Mapping[str, type[Model]]] = {"when": When, "claims": Claims}
"""Keys whose value has a model of its own."""


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
    max_age: Duration = Field(default=MAX_AGE, description="How long a decision may be used to publish.")
    rules: Annotated[Many[object], Field(min_length=1)] = Field(description="What must hold.")


def hold(model: type[M], value: object, load: Callable[[str], bytes] | None = None) -> tuple[M | None, list[Fault]]:
    """The value as the model reads it, or every fault it has.

    A list that is too short only because its entries are wrong has just their faults. ``load`` gives the content of a
    file the value names.
    """
    try:
        return model.model_validate(value, context={"load": load}), []
    except ValidationError as e:
        errors = e.errors(include_url=False)
        return None, [fault_of(error) for error in errors if error["type"] != "too_short" or not error["input"]]


def keys_of(model: type[Model]) -> tuple[str, ...]:
    """The keys of a model as policies spell them."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """A signer of a policy: whom to trust, and for how much."""

    signer: Signer
    builder: str | None = None
    """The only builder.id this signer may speak for; None for any."""
    slsa_level: int = 1
    """The highest level its provenance can reach."""


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
        if self.max_age != MAX_AGE:
            out["max-age"] = _plain(self.max_age)
        out["signers"] = {name: _resolved_signer(facts) for name, facts in self.facts.items()}
        out["rules"] = [_resolved_rule(rule) for rule in self.rules]
        return out


def _resolved_signer(facts: SignerFacts) -> JSON:
    signer = facts.signer
    out: dict[str, JSON] = {"key": signer.key.fingerprint} if signer.key else {}
    if signer.identity:
        out = {"issuer": signer.identity.issuer, "identity": signer.identity.subject}
    extra = {
        "valid-from": signer.valid_from,
        "valid-until": signer.valid_until,
        "revoked": signer.revoked or None,
        "builder": facts.builder,
        "slsa-level": facts.slsa_level if facts.slsa_level != 1 else None,
    }
    return out | {key: _plain(value) for key, value in extra.items() if value is not None}


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
    out |= {key: _plain(value) for key, value in entry.items() if value is not None}
    return out | {k: _plain(v) for k, v in rule.params.model_dump(by_alias=True, exclude_defaults=True).items()}


def _plain(value: Any) -> JSON:
    """A value of a policy as JSON, in one spelling whatever the file's."""
    if isinstance(value, timedelta):
        return f"{value // timedelta(seconds=1)}s"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    plain: JSON = value
    return plain
