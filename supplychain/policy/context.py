"""What a rule sees, and what it answers: the room between the engine and the rules.

A rule gets a `Context`: a case in which only evidence counts that a signer of the policy made, within its time, and
never a clock, a file or the network. It answers with a `RuleResult`; the engine turns that into findings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from supplychain.errors import SupplyChainError, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.case import Case
from supplychain.model.decision import Cited, Outcome
from supplychain.model.evidence import Rejected
from supplychain.model.inventory import Inventory
from supplychain.model.verified import Verified
from supplychain.policy.model import SIGNATURE, SignerFacts
from supplychain.predicates import short_name
from supplychain.verify.trust import shown

T = TypeVar("T")

_SHOWN = 5
UNREAD_FIX: Final = "as it is, it cannot be read; make it again, or repair what packs it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong (FAIL) or that could not be judged (ERROR)."""

    outcome: Outcome
    message: str
    artifact: Artifact | None = None
    evidence: tuple[Cited, ...] = ()
    expected: str = ""
    actual: str = ""
    fix: str = ""
    empty: bool = False
    """An ERROR because nothing was there: what ``allow-empty`` excuses."""
    warns: bool = False
    """Whether it only warns, even in an enforced rule."""

    def __post_init__(self) -> None:
        if self.outcome not in (Outcome.FAIL, Outcome.ERROR) or (self.empty and self.outcome is not Outcome.ERROR):
            raise UsageError(f"a problem is a fail or an error, not {self.outcome}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What a rule found. No problems and something examined is a pass; nothing examined never is, by itself."""

    examined: int
    total: int
    problems: tuple[Problem, ...] = ()
    failed: int | None = None
    """How many of the examined are wrong; None counts the failed artifacts."""
    unit: str = "artifacts"
    message: str = ""
    """What a pass says."""
    evidence: tuple[Cited, ...] = ()
    """What a pass rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The evidence of some kinds about one artifact."""

    proofs: tuple[Verified[Any], ...] = ()
    """By the signers asked for."""
    others: tuple[Verified[Any], ...] = ()
    """By other signers of the policy."""
    refused: tuple[Rejected, ...] = ()
    """What may have been of these kinds and did not verify."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The case as one rule sees it."""

    case: Case
    """Its `verified` holds only what counts under this policy at this time; the rest is in `rejected`."""
    artifacts: tuple[Artifact, ...]
    """What the rule is about; all artifacts of the case unless its ``when`` names some."""
    at: datetime
    facts: Mapping[str, SignerFacts]
    """The signers of the policy, by name."""
    about: Mapping[str, Sequence[Verified[Any]]]
    """The evidence by the SHA-256 of the artifact it is about."""
    memo: dict[object, Any] = field(default_factory=dict, repr=False)
    """What rules computed before, by key: shared by all rules of one judgement."""

    def gather(self, artifact: Artifact, kinds: Collection[str], signers: Collection[str]) -> Gathered:
        """The evidence of these kinds (short names, or ``signature``) about an artifact."""
        found = [p for p in self.about.get(artifact.sha256, ()) if short_name(p.predicate_type) in kinds]
        return Gathered(
            proofs=tuple(p for p in found if p.signer in signers),
            others=tuple(p for p in found if p.signer not in signers),
            refused=tuple(
                r
                for r in self.case.rejected_for(artifact)
                if r.predicate_type is None or short_name(r.predicate_type) in kinds
            ),
        )

    def once(self, key: object, make: Callable[[], T]) -> T:
        """The value under this key, made by the first rule that asks; an error is kept and raised again."""
        if key not in self.memo:
            try:
                self.memo[key] = (make(), None)
            except SupplyChainError as e:
                self.memo[key] = (None, e)
        value, error = self.memo[key]
        if error is not None:
            raise error
        made: T = value
        return made

    def measured(self, artifact: Artifact) -> Inventory | Problem:
        """What was measured inside an artifact, or why that is not known."""
        found = [o.inventory for o in self.case.observed if o.sha256 == artifact.sha256]
        fix = "Judge the file itself, not only its digest."
        if not found:
            reasons = [u.reason for u in self.case.unmeasured if u.sha256 == artifact.sha256]
            wrong = f"it could not be read: {clip(min(reasons), 300)}" if reasons else "its inventory was not taken"
            fix = f"{clip(artifact.name)}: {UNREAD_FIX}" if reasons else fix
        elif any(i.sha256 not in (None, artifact.sha256) for i in found):
            wrong = "its inventory is of other bytes"
        elif any(i != found[0] for i in found):
            wrong = "two inventories of it differ"
        else:
            return found[0]
        return Problem(outcome=Outcome.ERROR, message=wrong, artifact=artifact, fix=fix)


def cite(proof: Verified[Any], pointer: str = "") -> Cited:
    """A proof as a finding cites it."""
    return Cited(uri=proof.source.uri, sha256=proof.source.sha256, pointer=pointer, signer=proof.signer)


def by_whom(proof: Verified[Any]) -> str:
    """Who signed: the policy's name, and for a certificate whom it names, escaped so that look-alikes are seen."""
    return proof.signer if proof.certificate is None else f"{proof.signer} ({shown(proof.signer_id)})"


def absent(artifact: Artifact, gathered: Gathered, kinds: Sequence[str], signers: Sequence[str]) -> Problem:
    """Why there is no evidence of these kinds by these signers.

    Evidence that a completed check refused, or that somebody else signed, is a FAIL; evidence that could not be
    judged, or none, is an ERROR.
    """
    wanted, by = _kind(kinds), " or ".join(signers)
    fix = _FIXES.get(kinds[0], f"Attest it: supplychain attest --type {kinds[0]} {artifact.name} ...")
    cited = tuple(Cited(uri=r.uri, sha256=r.sha256) for r in gathered.refused[:_SHOWN])
    if judged := [r for r in gathered.refused if r.judged]:
        message = f"{judged[0].uri.rpartition('/')[2]}: {judged[0].message}{more(len(judged) - 1)}"
        return Problem(
            outcome=Outcome.FAIL,
            message=message,
            artifact=artifact,
            evidence=cited,
            expected=f"{wanted} by {by}",
            fix=fix,
        )
    if gathered.others:
        names = ", ".join(sorted({by_whom(p) for p in gathered.others}))
        return Problem(
            outcome=Outcome.FAIL,
            message=f"its {wanted} is by {names}, not by {by}",
            artifact=artifact,
            evidence=tuple(cite(p) for p in gathered.others[:_SHOWN]),
            expected=by,
            actual=names,
            fix=fix,
        )
    if gathered.refused:
        first = gathered.refused[0]
        name, others = first.uri.rpartition("/")[2], more(len(gathered.refused) - 1)
        message = f"{name} could not be judged: {first.message}{others}"
        return Problem(outcome=Outcome.ERROR, message=message, artifact=artifact, evidence=cited, fix=fix)
    return Problem(
        outcome=Outcome.ERROR, message=f"no {wanted} by {by} was found", artifact=artifact, fix=fix, empty=True
    )


def _kind(kinds: Sequence[str]) -> str:
    return SIGNATURE if list(kinds) == [SIGNATURE] else f"{' or '.join(kinds)} attestation"


def more(count: int) -> str:
    """``" and 3 more"``, or nothing."""
    return f" and {count} more" if count > 0 else ""


def some(items: Iterable[str], shown: int = _SHOWN) -> str:
    """The first few of a list for people, each cut to a readable length, and how many more there are."""
    found = list(items)
    return ", ".join(clip(i) for i in found[:shown]) + more(len(found) - shown)


def clip(text: str, limit: int = 120) -> str:
    """Foreign text cut to a length; that it was cut is shown. Renderers escape it."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


_PREPARE = "Make the evidence of the release again: supplychain prepare ..."
_FIXES = {
    SIGNATURE: _PREPARE,
    "cyclonedx": _PREPARE,
    "spdx": _PREPARE,
    "provenance": "Attest the build where it runs: supplychain run --output PATH --key K -- CMD",
}
