"""Rule ``sbom-complete``: judged on attested documents."""

import shlex
from collections import Counter
from typing import Annotated, ClassVar

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.policy.context import Context, Problem, RuleResult, cite, clip, more
from supplychain.policy.documents import Attested, sboms_of
from supplychain.policy.model import EvidenceParams, Field, Many, OneLine, RuleParams
from supplychain.sbom.profiles import PROFILES, Missing, check


class SbomCompleteParams(EvidenceParams):
    """Parameters of ``sbom-complete``."""

    profile: OneLine = Field(description="What must be there: ntia-2021.")
    min_components: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        default=1, description="An SBOM with fewer components fails."
    )
    allow_unknown: Many[OneLine] = Field(
        default=(), description="Fields that a component may lack because nobody knows them, such as supplier."
    )

    def contradictions(self) -> tuple[str, ...]:
        """A profile must be one that is known, and a field one that it may lack: a misspelt one would allow nothing."""
        profile = PROFILES.get(self.profile)
        if profile is None:
            return (f"{self.profile!r} is no profile (known: {', '.join(PROFILES)})",)
        known = ", ".join(sorted(profile.may_be_unknown))
        strange = [field for field in self.allow_unknown if field not in profile.may_be_unknown]
        return tuple(f"{field!r} is no field that may be unknown (known: {known})" for field in strange)


class SbomComplete:
    """Each artifact has an attested SBOM with all the fields that a profile asks for.

    What it checks:
        One of the SBOMs of each artifact, attested by one of the `signers`, lists at least `min-components`
        components, and the document and each component have every field of the profile, but those named in
        `allow-unknown`.

    Why:
        An SBOM without versions, suppliers or relations answers no question when the next vulnerability is
        published. A list with nothing in it is worse than none.

    Example:
        - id: minimum-elements
          type: sbom-complete
          profile: ntia-2021
          min-components: 3
          allow-unknown: [supplier]

    How to fix:
        The finding names the missing fields and where each must come from. Most come from lock files and package
        metadata inside the artifact.
    """

    Params: ClassVar[type[RuleParams]] = SbomCompleteParams
    type: ClassVar[str] = "sbom-complete"
    title: ClassVar[str] = "SBOMs have all that is asked for"

    def judge(self, context: Context, params: SbomCompleteParams) -> RuleResult:
        """One complete document is enough; of several incomplete ones the best is told."""
        problems: list[Problem] = []
        good: list[Attested] = []
        examined = failed = 0
        for artifact in context.artifacts:
            sboms = sboms_of(context, artifact, params.signers)
            if not sboms.found:
                problems += sboms.problems
                continue
            lacking = [(check(s.document, params.profile, allow_unknown=params.allow_unknown), s) for s in sboms.found]
            missing, best = min(lacking, key=lambda pair: (_few(pair[1], params), len(pair[0])))
            examined += len(best.document.components)
            if _few(best, params):
                problems.append(_too_few(artifact, best, params))
                failed += problems[-1].outcome is Outcome.FAIL
            elif missing:
                problems.append(_incomplete(artifact, best, missing, params))
                failed += len({m.ref for m in missing})
            else:
                good.append(best)
        return RuleResult(
            examined=examined,
            total=examined,
            failed=failed,
            problems=tuple(problems),
            unit="components",
            evidence=tuple(sorted({cite(s.proof) for s in good})),
            message=f"{params.profile}: every field is there",
        )


def _few(sbom: Attested, params: SbomCompleteParams) -> bool:
    return len(sbom.document.components) < params.min_components


def _too_few(artifact: Artifact, sbom: Attested, params: SbomCompleteParams) -> Problem:
    count = len(sbom.document.components)
    return Problem(
        outcome=Outcome.FAIL if count else Outcome.ERROR,
        message=f"its SBOM lists {count} components, at least {params.min_components} are expected",
        artifact=artifact,
        evidence=(cite(sbom.proof),),
        expected=f"at least {params.min_components} components",
        actual=f"{count} components",
        fix=f"See what was recognised inside: supplychain sbom create {shlex.quote(artifact.path or artifact.name)}",
        empty=not count,
    )


def _incomplete(
    artifact: Artifact, sbom: Attested, missing: tuple[Missing, ...], params: SbomCompleteParams
) -> Problem:
    fields = Counter(m.field for m in missing)
    first = {m.field: m for m in reversed(missing)}
    told = [
        f"{field} of {clip(first[field].ref, 80) or 'the document'}{more(count - 1)}" for field, count in fields.items()
    ]
    sources = [f"{field} from {first[field].source}" for field in fields]
    return Problem(
        outcome=Outcome.FAIL,
        message=f"{params.profile} lacks {', '.join(told)}",
        artifact=artifact,
        evidence=(cite(sbom.proof),),
        expected=f"{params.profile}: {', '.join(fields)}",
        actual=f"{len(missing)} fields are missing",
        fix=f"Supply {'; '.join(sources)}; then run supplychain prepare again.",
    )
