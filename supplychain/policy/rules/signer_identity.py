"""Rule ``signer-identity``: judged on verified evidence."""

from typing import ClassVar

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Cited, Outcome
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Gathered, Problem, RuleResult, absent, by_whom, cite, more
from supplychain.policy.model import EvidenceParams, EvidenceType, Field, Many, RuleParams


class SignerIdentityParams(EvidenceParams):
    """Parameters of ``signer-identity``."""

    evidence: Many[EvidenceType] = Field(
        min_length=1, description="What each artifact must have: signature, or types of attestation."
    )
    all: bool = Field(
        default=False, description="Whether every piece of that evidence must be good, instead of one of each type."
    )


class SignerIdentity:
    """Each artifact has each of these kinds of evidence, made by one of the named signers.

    What it checks:
        For every artifact and every kind in `evidence` there is a verified signature or attestation about exactly
        these bytes by one of the `signers`: a key, or an identity whose certificate says all that the policy asks.
        With `all: true`, evidence of these kinds that did not verify, or that
        somebody else signed, fails the rule even beside good evidence.

    Why:
        A signature by somebody is worth nothing. Only who was meant to make a statement can make it, whoever else
        holds a key.

    Example:
        - id: signed-by-us
          type: signer-identity
          signers: [release]
          evidence: [signature, provenance, cyclonedx]

    How to fix:
        Make the missing evidence where it belongs: signatures and SBOMs with supplychain prepare, provenance with
        supplychain run. If the bytes changed after they were signed, find out why before signing again.
    """

    Params: ClassVar[type[RuleParams]] = SignerIdentityParams
    type: ClassVar[str] = "signer-identity"
    title: ClassVar[str] = "Signed and attested by those who should"

    def judge(self, context: Context, params: SignerIdentityParams) -> RuleResult:
        """Look for one proof of each kind about each artifact."""
        problems: list[Problem] = []
        proofs: list[Verified[object]] = []
        for artifact in context.artifacts:
            for kind in params.evidence:
                gathered = context.gather(artifact, (kind,), params.signers)
                proofs += gathered.proofs
                if not gathered.proofs:
                    problems.append(absent(artifact, gathered, (kind,), params.signers))
                elif params.all and (gathered.others or gathered.refused):
                    problems.append(_bad_among_good(artifact, gathered, kind))
        total = len(context.artifacts)
        lacking = {p.artifact.sha256 for p in problems if p.empty and p.artifact}
        return RuleResult(
            examined=total - len([a for a in context.artifacts if a.sha256 in lacking]),
            total=total,
            problems=tuple(problems),
            evidence=tuple(sorted({cite(p) for p in proofs})),
            message=f"{', '.join(params.evidence)} by {', '.join(sorted({by_whom(p) for p in proofs}))}",
        )


def _bad_among_good(artifact: Artifact, gathered: Gathered, kind: str) -> Problem:
    others = [f"{p.source.uri} is by {by_whom(p)}" for p in gathered.others]
    refused = [f"{r.uri}: {r.message}" for r in gathered.refused]
    judged = bool(gathered.others) or any(r.judged for r in gathered.refused)
    said = others + refused
    cited = {cite(p) for p in gathered.others} | {Cited(uri=r.uri, sha256=r.sha256) for r in gathered.refused}
    return Problem(
        outcome=Outcome.FAIL if judged else Outcome.ERROR,
        message=f"every {kind} must be good, but {said[0]}{more(len(said) - 1)}",
        artifact=artifact,
        evidence=tuple(sorted(cited)),
        fix=f"Remove the evidence of {artifact.name} that does not verify, once you know where it came from.",
    )
