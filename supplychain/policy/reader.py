"""From the bytes of a policy file to a `Policy`, or to everything that is wrong with it, each with its place.

YAML is the format; JSON and TOML are read by their suffix, into the same models (errors then give the path instead of
line and column). Key files are handed in by ``load``: this module opens nothing.
"""

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from supplychain import _json, _yaml
from supplychain._yaml import Path, Position
from supplychain.errors import LimitExceeded, MalformedDocument, PolicyInvalid, SupplyChainError
from supplychain.keys.public import PublicKey, read_public
from supplychain.model.decision import Mode
from supplychain.policy.faults import Fault
from supplychain.policy.fields import Model, hold, keys_of
from supplychain.policy.model import (
    EvidenceParams,
    Policy,
    PolicyFile,
    PolicyRule,
    RuleEntry,
    RuleParams,
    When,
)
from supplychain.policy.rules import RULES, load
from supplychain.policy.signers import CertificateSigner, ClaimsEntry, KeySigner, SignerFacts
from supplychain.verify.trust import Identity, Signer

Load: TypeAlias = Callable[[str], bytes]
"""Gives the bytes of a file by its path relative to the policy. It keeps to the policy's folder, without links."""

NOT_SUPPORTED: Final = ("extends", "params", "plugins", "waivers")
"""Keys of the format that this version cannot honour: refused, never passed over."""
MAX_REPORTED: Final = 100
_NESTED: Final[Mapping[str, type[Model]]] = {"when": When, "claims": ClaimsEntry}
"""Keys whose value has a model of its own."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """One thing that is wrong with a policy."""

    at: str
    """file:line:column."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def read_policy(data: bytes, *, where: str, load: Load, pin: str | None = None) -> Policy:
    """Read and resolve a policy. ``where`` is its file name, ``pin`` the digest it must have (sha256, hexadecimal).

    Raises PolicyInvalid that tells every problem, one a line; LimitExceeded.
    """
    policy, problems = examine(data, where=where, load=load, pin=pin)
    if policy is None:
        raise _invalid(problems)
    return policy


def examine(
    data: bytes, *, where: str, load: Load, pin: str | None = None
) -> tuple[Policy | None, tuple[PolicyProblem, ...]]:
    """The policy, or None and all its problems, in the order of the file.

    Raises PolicyInvalid when the file cannot be parsed at all, or is not the one that was pinned; LimitExceeded.
    """
    reading = _Reading(document=_parse(data, where), load=load)
    policy = reading.policy(pin)
    found = sorted(reading.problems, key=lambda item: item[0])
    return policy, tuple(problem for _, problem in found)


def _invalid(problems: Sequence[PolicyProblem]) -> PolicyInvalid:
    if len(problems) == 1:
        return PolicyInvalid(problems[0].message, where=problems[0].at, hint=problems[0].hint)
    lines = [f"{p}; {p.hint}" if p.hint else str(p) for p in problems[:MAX_REPORTED]]
    if len(problems) > MAX_REPORTED:
        lines.append(f"and {len(problems) - MAX_REPORTED} more problems")
    return PolicyInvalid("\n".join(lines), problems=lines)


class _Document(Protocol):
    """A parsed file that knows where its values stand."""

    @property
    def value(self) -> Any: ...

    def place(self, path: Path, *, key: bool = False) -> str:
        """Where a value, or its key, stands."""
        ...


@dataclass(frozen=True, slots=True)
class _Unplaced:
    """A document whose parser keeps no positions: paths stand for them."""

    value: Any
    where: str

    def place(self, path: Path, *, key: bool = False) -> str:  # noqa: ARG002  # one place for key and value
        """``file: path``."""
        return f"{self.where}: {_yaml.dotted(path)}" if path else self.where


def _parse(data: bytes, where: str) -> _Document:
    if where.endswith(".json"):
        try:
            node = _json.parse(data, where=where, max_bytes=_yaml.MAX_BYTES, max_depth=_yaml.MAX_DEPTH)
        except MalformedDocument as e:
            raise PolicyInvalid(e.message, where=e.where, hint=e.hint) from e
        return _Unplaced(node.value, where)
    if where.endswith(".toml"):
        return _Unplaced(_toml(data, where), where)
    return _yaml.parse(data, where=where)


def _toml(data: bytes, where: str) -> Any:
    if len(data) > _yaml.MAX_BYTES:
        raise LimitExceeded(f"{len(data)} bytes, at most {_yaml.MAX_BYTES} are read", where=where)
    try:
        return tomllib.loads(data.decode("utf-8"))
    except RecursionError:
        raise LimitExceeded("nested too deeply", where=where) from None
    except ValueError as e:
        raise PolicyInvalid(f"this is no TOML: {e}", where=where) from None


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One policy being read; problems are gathered, so that all of them are told at once."""

    document: _Document
    load: Load
    problems: "list[tuple[Position, PolicyProblem]]" = field(default_factory=list)
    names: tuple[str, ...] = ()
    """Every signer the file has, the wrong ones too."""

    def policy(self, pin: str | None) -> Policy | None:
        """Read all of it; None when there was a problem."""
        raw = self.document.value
        if not isinstance(raw, Mapping):
            self.tell((), "expected a mapping with schema, id, version, signers and rules")
            return None
        for key in NOT_SUPPORTED:
            if key in raw:
                self.tell((key,), f"{key!r} is not supported by this version, and never ignored", key=True)
        top = self.held(PolicyFile, {k: v for k, v in raw.items() if k not in NOT_SUPPORTED}, (), "the policy")
        signers, rules = raw.get("signers"), raw.get("rules")
        if isinstance(signers, Mapping):
            self.names = tuple(str(name) for name in signers)
        facts = self.signers(signers) if isinstance(signers, Mapping) else {}
        resolved = self.rules(rules) if isinstance(rules, list) else ()
        if top is None or self.problems:
            return None
        return Policy(
            id=top.id,
            version=top.version,
            owner=top.owner or "",
            facts=facts,
            rules=resolved,
            trusted_root=top.trusted_root,
            second_opinion=top.second_opinion,
            max_age=top.max_age,
            pin=pin,
            where=self.document.place(()),
        )

    def tell(self, path: Path, message: str, *, key: bool = False, hint: str = "") -> None:
        """Note a problem at a place."""
        place = self.document.place(path, key=key)
        _, *numbers = place.rsplit(":", 2)
        order = (
            (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and all(n.isdigit() for n in numbers) else (0, 0)
        )
        self.problems.append((order, PolicyProblem(at=place, message=message, hint=hint)))

    def held(self, model: type[M], value: object, path: Path, what: str, known: Iterable[str] = ()) -> M | None:
        """The value as the model reads it; its faults are told."""
        found, faults = hold(model, value, self.file)
        for fault in faults:
            self.fault(fault, path, what, (*keys_of(model), *known))
        return found

    def fault(self, fault: Fault, path: Path, what: str, known: Sequence[str]) -> None:
        """A fault of a model, told with its place and what was probably meant."""
        inner = _yaml.dotted(step for step in fault.path if isinstance(step, str))
        if fault.unknown:
            there = known if len(fault.path) == 1 else keys_of(_NESTED[str(fault.path[-2])])
            said = f"unknown key {fault.unknown!r} in {what}; {_near(fault.unknown, there)}"
            self.tell((*path, *fault.path), said, key=True)
        elif fault.missing:
            name = f"{inner}.{fault.missing}" if inner else fault.missing
            self.tell((*path, *fault.path), f"{what} lacks {name!r}")
        else:
            self.tell(
                (*path, *fault.path), f"{inner} of {what}: {fault.message}" if inner else f"{what}: {fault.message}"
            )

    def signers(self, raw: Mapping[str, object]) -> dict[str, SignerFacts]:
        """The signers that can be read."""
        found: dict[str, SignerFacts] = {}
        first: dict[PublicKey | Identity | None, str] = {}
        for name, value in raw.items():
            facts = self.signer(name, value)
            if facts is None:
                continue
            kind = "key" if facts.signer.key else "identity"
            same = first.setdefault(facts.signer.key or facts.signer.identity, name)
            if same != name:
                self.tell(("signers", name), f"signer {name!r} is the same {kind} as {same!r}", key=True)
            found[name] = facts
        return found

    def signer(self, name: str, raw: object) -> SignerFacts | None:
        """One signer; None when something is wrong with it."""
        path, what = ("signers", name), f"signer {name!r}"
        certified = isinstance(raw, Mapping) and "key" not in raw and {"issuer", "identity", "claims"} & set(raw)
        entry: KeySigner | CertificateSigner | None
        entry = self.held(CertificateSigner, raw, path, what) if certified else self.held(KeySigner, raw, path, what)
        if entry is None:
            return None
        key = self.key(entry.key, (*path, "key")) if isinstance(entry, KeySigner) else None
        identity = entry.resolved if isinstance(entry, CertificateSigner) else None
        if key is None and identity is None:
            return None
        if isinstance(entry, CertificateSigner):
            for where, contradiction in entry.contradictions():
                self.tell((*path, where), f"{what}: {contradiction}")
        if entry.valid_from and entry.valid_until and entry.valid_from > entry.valid_until:
            self.tell((*path, "valid-until"), f"{what}: valid-until is before valid-from")
        signer = Signer(
            name=name,
            key=key,
            identity=identity,
            valid_from=entry.valid_from,
            valid_until=entry.valid_until,
            revoked=entry.revoked,
        )
        return SignerFacts(signer=signer, builder=entry.builder, slsa_level=entry.slsa_level)

    def file(self, name: str) -> bytes:
        """The content of a file under the policy's folder. Raises PolicyInvalid for a path that leads elsewhere."""
        windows = PureWindowsPath(name)
        if windows.anchor or PurePosixPath(name).is_absolute() or ".." in windows.parts or "\0" in name:
            raise PolicyInvalid(f"{name!r} is not a path under the policy's folder")
        return self.load(name)

    def key(self, name: str, path: Path) -> PublicKey | None:
        """The public key in a file under the policy's folder."""
        try:
            return read_public(self.file(name), where=name)
        except (SupplyChainError, OSError) as e:
            said = e if isinstance(e, SupplyChainError) else f"{name}: cannot be read"
            self.tell(path, str(said), hint=getattr(e, "hint", ""))
            return None

    def rules(self, raw: Sequence[object]) -> tuple[PolicyRule, ...]:
        """The rules that can be read, in the order of the file."""
        found: list[PolicyRule] = []
        ids: dict[str, int] = {}
        for index, value in enumerate(raw):
            rule = self.rule(index, value)
            if rule is None:
                continue
            if ids.setdefault(rule.id, index) != index:
                self.tell(("rules", index, "id"), f"the rule id {rule.id!r} is used twice")
            found.append(rule)
        return tuple(found)

    def rule(self, index: int, raw: object) -> PolicyRule | None:
        """One rule; None when something is wrong with it."""
        path: Path = ("rules", index)
        common = keys_of(RuleEntry)
        if not isinstance(raw, Mapping):
            self.tell(path, f"rule {index + 1}: expected a mapping")
            return None
        what = f"rule {raw['id']!r}" if isinstance(raw.get("id"), str) else f"rule {index + 1}"
        kind = raw.get("type")
        entry = self.held(RuleEntry, {k: v for k, v in raw.items() if k in common}, path, what)
        if not isinstance(kind, str):
            return None
        if kind not in RULES:
            self.tell((*path, "type"), f"unknown rule type {kind!r} in {what}; {_near(kind, RULES)}")
            return None
        model = load(kind).Params
        params = self.held(model, {k: v for k, v in raw.items() if k not in common}, path, what, common)
        if issubclass(model, EvidenceParams):
            for key in model.names_signers:
                self.named_signers(raw.get(key), (*path, key))
        if entry is None or params is None:
            return None
        if entry.enforce_from is not None and entry.mode != "enforce":
            self.tell((*path, "enforce-from"), f"{what}: enforce-from is for rules with mode: enforce")
        named = self.with_signers(params, path, what)
        for contradiction in named.contradictions():
            self.tell(path, f"{what}: {contradiction}")
        return PolicyRule(
            id=entry.id,
            type=kind,
            mode=Mode(entry.mode),
            enforce_from=entry.enforce_from,
            when=entry.when,
            waivable=entry.waivable,
            allow_empty=entry.allow_empty,
            fix=entry.fix,
            params=named,
            at=self.document.place(path),
        )

    def named_signers(self, raw: object, path: Path) -> None:
        """Tell every signer of a rule that the policy does not have."""
        for number, name in enumerate(raw if isinstance(raw, list) else ()):
            if isinstance(name, str) and name not in self.names:
                said = f"signer {name!r} is not in signers ({', '.join(self.names)})"
                self.tell((*path, number), said)

    def with_signers(self, params: RuleParams, path: Path, what: str) -> RuleParams:
        """The parameters with their signers named; the only signer may be left out."""
        if not isinstance(params, EvidenceParams) or params.signers:
            return params
        if "signers" in params.model_fields_set:
            self.tell((*path, "signers"), f"{what} names no signer")
        elif len(self.names) != 1 and not params.any_signer:
            self.tell(path, f"{what} must say whose evidence counts: signers: [{', '.join(self.names)}]")
        return params.model_copy(update={"signers": self.names})


def _near(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names)}"
