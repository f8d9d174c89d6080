"""Rule ``sbom-present``: judged on attested documents."""

from typing import ClassVar, Literal

from supplychain.policy.context import Context, Problem, RuleResult, cite
from supplychain.policy.documents import Attested, sboms_of
from supplychain.policy.model import EvidenceParams, Field, Many, RuleParams


class SbomPresentParams(EvidenceParams):
    """Parameters of ``sbom-present``."""

    formats: Many[Literal["cyclonedx", "spdx"]] = Field(
        default=("cyclonedx",), min_length=1, description="Each artifact needs an SBOM in each of these."
    )


class SbomPresent:
    """Each artifact has an SBOM in each of the formats, attested by one of the named signers.

    What it checks:
        For every artifact and every format there is a verified attestation about exactly these bytes whose document
        can be read, names no other subject, and lists something. A document that only lies beside the artifact does
        not count.

    Why:
        Who takes the release must be able to ask what is in it, and to know who answered.

    Example:
        - id: has-sboms
          type: sbom-present
          formats: [cyclonedx, spdx]

    How to fix:
        Run supplychain prepare on the folder: it makes both documents from the bytes and attests them.
    """

    Params: ClassVar[type[RuleParams]] = SbomPresentParams
    type: ClassVar[str] = "sbom-present"
    title: ClassVar[str] = "Every artifact has its SBOMs"

    def judge(self, context: Context, params: SbomPresentParams) -> RuleResult:
        """One readable document of each format is enough."""
        problems: list[Problem] = []
        found: list[Attested] = []
        empty: set[str] = set()
        for artifact in context.artifacts:
            for kind in params.formats:
                sboms = sboms_of(context, artifact, params.signers, (kind,))
                found += sboms.found
                if not sboms.found:
                    problems += sboms.problems
                    empty |= {artifact.sha256 for p in sboms.problems if p.empty}
        return RuleResult(
            examined=len([a for a in context.artifacts if a.sha256 not in empty]),
            total=len(context.artifacts),
            problems=tuple(problems),
            evidence=tuple(sorted({cite(s.proof) for s in found})),
            message=f"{' and '.join(params.formats)} by {', '.join(sorted({s.proof.signer for s in found}))}",
        )
