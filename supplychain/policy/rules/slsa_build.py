"""Rule ``slsa-build``: judged on verified provenance."""

from typing import Annotated, ClassVar

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Problem, RuleResult, absent, cite, clip
from supplychain.policy.globs import matches, matches_any
from supplychain.policy.model import EvidenceParams, Field, Glob, Many, RuleParams, SignerFacts
from supplychain.predicates.provenance import Provenance


class SlsaBuildParams(EvidenceParams):
    """Parameters of ``slsa-build``."""

    level: Annotated[int, Field(ge=1, le=3)] = Field(default=1, description="The SLSA build level that is needed.")
    builders: Many[Glob] = Field(default=(), description="builder.id must match one of these; any if absent.")
    source: Glob | None = Field(default=None, description="Where the source must come from, without git+ and @ref.")
    ref: Glob | None = Field(default=None, description="The branch or tag it must be built from: refs/tags/v*.")


class SlsaBuild:
    """Each artifact was built as its provenance says, by a builder that can be held to that.

    What it checks:
        Every artifact has verified SLSA provenance by one of the `signers`, whose level is high enough: the level
        is what the policy grants the signer (`slsa-level`, 1 unless it says 2; a key never reaches 3), never what
        the provenance claims of itself. The builder, source and ref it names match, and the builder is the one that
        the signer speaks for, if the policy says so.

    Why:
        Provenance ties the bytes to a source and a build. Without it anything could have been compiled in; with it,
        what it says is worth as much as the key that signed it.

    Example:
        - id: built-in-ci
          type: slsa-build
          signers: [builder]
          level: 2
          builders: ["https://ci.example.org/runners/*"]
          source: https://git.example.org/chat/server

    How to fix:
        Build with supplychain run --output PATH --key K -- CMD, or in the CI job that the policy expects, and gate
        those very outputs.
    """

    Params: ClassVar[type[RuleParams]] = SlsaBuildParams
    type: ClassVar[str] = "slsa-build"
    title: ClassVar[str] = "Built where and from what it should be"

    def judge(self, context: Context, params: SlsaBuildParams) -> RuleResult:
        """One good provenance for each artifact is enough."""
        problems: list[Problem] = []
        proofs: list[Verified[Provenance]] = []
        empty = 0
        for artifact in context.artifacts:
            gathered = context.gather(artifact, ("provenance",), params.signers)
            if not gathered.proofs:
                problem = absent(artifact, gathered, ("provenance",), params.signers)
                empty += problem.empty
                problems.append(problem)
                continue
            faults = {p: _faults(p.predicate, context.facts[p.signer], params) for p in gathered.proofs}
            good = [proof for proof in faults if not faults[proof]]
            proofs += good
            if not good:
                nearest = min(faults, key=lambda p: len(faults[p]))
                problems.append(_problem(artifact, nearest, faults[nearest]))
        total = len(context.artifacts)
        builders = sorted({clip(p.predicate.builder_id) for p in proofs})
        return RuleResult(
            examined=total - empty,
            total=total,
            problems=tuple(problems),
            evidence=tuple(sorted({cite(p) for p in proofs})),
            message=f"level {params.level}, built by {', '.join(builders)}",
        )


def _faults(provenance: Provenance, facts: SignerFacts, params: SlsaBuildParams) -> list[tuple[str, str, str]]:
    """What does not fit, each as (message, expected, actual)."""
    found: list[tuple[str, str, str]] = []
    builder, name = provenance.builder_id, facts.signer.name
    if facts.slsa_level < params.level:
        message = f"signer {name} reaches SLSA build level {facts.slsa_level} at most, {params.level} is needed"
        found.append((message, f"level {params.level}", f"level {facts.slsa_level}"))
    if facts.builder is not None and builder != facts.builder:
        found.append((f"it names the builder {clip(builder)}, and {name} speaks for another", facts.builder, builder))
    if params.builders and not matches_any(params.builders, builder):
        found.append((f"built by {clip(builder)}", " or ".join(params.builders), builder))
    for what, pattern, actual in (
        ("source", params.source, provenance.source_uri),
        ("ref", params.ref, provenance.source_ref),
    ):
        if pattern is not None and not (actual and matches(pattern, actual)):
            said = f"its {what} is {clip(actual)}" if actual else f"it does not say its {what}"
            found.append((said, pattern, actual or "nothing"))
    return found


def _problem(artifact: Artifact, proof: Verified[Provenance], faults: list[tuple[str, str, str]]) -> Problem:
    return Problem(
        outcome=Outcome.FAIL,
        message=f"provenance: {'; '.join(message for message, _, _ in faults)}",
        artifact=artifact,
        evidence=(cite(proof),),
        expected="; ".join(expected for _, expected, _ in faults),
        actual="; ".join(clip(actual) for _, _, actual in faults),
        fix=f"Build {artifact.name} again where the policy expects it, and gate those very outputs.",
    )
