"""Rule ``threshold``: judged on who signed verified evidence."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar, Literal

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Gathered, Problem, RuleResult, absent, by_whom, cite, more, some
from supplychain.policy.model import EvidenceParams, EvidenceType, Field, Many, RuleParams

FAILED = "FAILED"
"""The result of a statement that says no."""


class ThresholdParams(EvidenceParams):
    """Parameters of ``threshold``."""

    threshold: Annotated[int, Field(ge=1)] = Field(description="How many of the signers are needed.")
    evidence: Many[EvidenceType] = Field(
        min_length=1, description="What each of them must have made: signature, or types of attestation."
    )
    distinct: Literal["identity", "issuer"] = Field(
        default="identity", description="Whether signers must be different, or vouched for by different issuers too."
    )
    distinct_from: Literal["builder"] | None = Field(
        default=None, description="builder: whoever attested the build of an artifact does not count for it."
    )

    def contradictions(self) -> tuple[str, ...]:
        """A threshold that can never be met."""
        named = len(set(self.signers))
        if self.threshold > named:
            return (f"a threshold of {self.threshold} can never be met by {named} named signer{'s' * (named > 1)}",)
        return ()


class Threshold:
    """Each artifact has each of these kinds of evidence by so many different signers.

    What it checks:
        For every artifact and every kind in `evidence`, verified signatures or attestations about exactly these bytes
        by at least `threshold` of the named `signers` (N of M). Each name of the policy counts once, and so does each
        key or identity: a key under two names, two statements of one signer, two log entries of one signature, and
        two refs of one workflow are one signer. With `distinct: issuer` the signers must also be vouched for by
        different issuers, where a key stands for itself. With `distinct-from: builder` whoever attested provenance of
        the artifact does not count (separation of duty), and if nobody did, the rule cannot be judged. A statement by
        a named signer whose result is FAILED fails the rule, however many others passed.

    Why:
        One stolen key or one talked-round person should not be enough, and nobody should approve what they built.

    Example:
        - id: two-people
          type: threshold
          threshold: 2
          signers: [release, builder]
          evidence: [signature]

    How to fix:
        Let another of the named signers look at these very files and sign them: supplychain sign FILE --key K. The
        same signer signing again changes nothing.
    """

    Params: ClassVar[type[RuleParams]] = ThresholdParams
    type: ClassVar[str] = "threshold"
    title: ClassVar[str] = "Signed by enough different signers"

    def judge(self, context: Context, params: ThresholdParams) -> RuleResult:
        """Count the signers of each kind about each artifact."""
        problems: list[Problem] = []
        counted: list[Verified[Any]] = []
        for artifact in context.artifacts:
            for kind in params.evidence:
                gathered = context.gather(artifact, (kind,), params.signers)
                proofs, problem = _judge_kind(context, artifact, gathered, kind, params)
                counted += proofs
                problems += [problem] if problem else []
        total = len(context.artifacts)
        lacking = {p.artifact.sha256 for p in problems if p.empty and p.artifact}
        return RuleResult(
            examined=total - len([a for a in context.artifacts if a.sha256 in lacking]),
            total=total,
            problems=tuple(problems),
            evidence=tuple(sorted({cite(p) for p in counted})),
            message=f"{', '.join(params.evidence)} by {', '.join(sorted({by_whom(p) for p in counted}))}",
        )


def _judge_kind(
    context: Context, artifact: Artifact, gathered: Gathered, kind: str, params: ThresholdParams
) -> tuple[Sequence[Verified[Any]], Problem | None]:
    """The evidence that counts, and what is wrong."""
    if not gathered.proofs:
        return (), absent(artifact, gathered, (kind,), params.signers)
    said_no = [p for p in gathered.proofs if getattr(p.predicate, "result", None) == FAILED]
    if against := sorted(said_no, key=by_whom):
        said = f"its {kind} by {by_whom(against[0])} says {FAILED}{more(len(against) - 1)}"
        return (), Problem(
            outcome=Outcome.FAIL, message=said, artifact=artifact, evidence=tuple(cite(p) for p in against)
        )
    proofs: Sequence[Verified[Any]] = gathered.proofs
    if params.distinct_from:
        builders = _builders(context, artifact)
        if not builders:
            said = "who built it is not known: no signer of the policy attested provenance of it"
            return (), Problem(outcome=Outcome.ERROR, message=said, artifact=artifact, fix=_BUILT)
        proofs = [p for p in proofs if p.signer not in builders and _who(p) not in builders]
    count = _distinct(proofs, params.distinct)
    if count >= params.threshold:
        return proofs, None
    return proofs, _too_few(artifact, gathered.proofs, proofs, count, params)


def _too_few(
    artifact: Artifact,
    found: Sequence[Verified[Any]],
    proofs: Sequence[Verified[Any]],
    count: int,
    params: ThresholdParams,
) -> Problem:
    built = f" (not counting {some(sorted({by_whom(p) for p in found if p not in proofs}))}, who built it)"
    apart = "" if len(found) == len(proofs) else built
    issuers = " of different issuers" if params.distinct == "issuer" else ""
    who = some(sorted({by_whom(p) for p in proofs})) or "nobody"
    return Problem(
        outcome=Outcome.FAIL,
        message=f"the threshold is not met: {count} of {params.threshold} distinct signers{issuers}: {who}{apart}",
        artifact=artifact,
        evidence=tuple(sorted({cite(p) for p in found})),
        expected=f"{params.threshold} of {', '.join(params.signers)}",
        actual=str(count),
        fix=f"Let another of {', '.join(params.signers)} sign {artifact.name}; the same signer again does not count.",
    )


_BUILT = "Gate it with its provenance beside it: supplychain run --output PATH --key K -- CMD makes it."


def _builders(context: Context, artifact: Artifact) -> set[str]:
    """Whoever attested the build of an artifact, by name and by who that is."""
    proofs = context.gather(artifact, ("provenance",), tuple(context.facts)).proofs
    return {name for p in proofs for name in (p.signer, _who(p))}


def _who(proof: Verified[Any]) -> str:
    """The signer behind evidence: a key, a person, or a workflow whatever its ref."""
    if proof.certificate is not None and "://" in proof.signer_id:
        return proof.signer_id.rpartition("@")[0] or proof.signer_id
    return proof.signer_id


def _distinct(proofs: Iterable[Verified[Any]], kind: Literal["identity", "issuer"]) -> int:
    """How many different signers there are: the most pairs in which no name (or issuer) and no signer is twice.

    A name of the policy has one issuer, so that different issuers are different names as well.
    """
    pairs: dict[str, set[str]] = {}
    for proof in proofs:
        first = (proof.issuer or proof.signer_id) if kind == "issuer" else proof.signer
        pairs.setdefault(first, set()).add(_who(proof))
    taken: dict[str, str] = {}

    def place(first: str, tried: set[str]) -> bool:
        for who in sorted(pairs[first] - tried):
            tried.add(who)
            if who not in taken or place(taken[who], tried):
                taken[who] = first
                return True
        return False

    return sum(place(first, set()) for first in sorted(pairs))
