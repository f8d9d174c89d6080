"""Rule ``slsa-build``: judged on verified provenance."""

from typing import Annotated, ClassVar

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.verified import Verified
from supplychain.policy.builds import build_of, builder_conflict, level_of
from supplychain.policy.context import Context, Problem, RuleResult, absent, cite, clip
from supplychain.policy.globs import matches_any
from supplychain.policy.model import EvidenceParams, Field, Glob, Many, RuleParams, SignerFacts
from supplychain.predicates.provenance import Provenance


class SlsaBuildParams(EvidenceParams):
    """Parameters of ``slsa-build``."""

    level: Annotated[int, Field(ge=1, le=3)] = Field(default=1, description="The SLSA build level that is needed.")
    builders: Many[Glob] = Field(default=(), description="builder.id must match one of these; any if absent.")
    source: Glob | None = Field(default=None, description="Where the source must come from, without git+ and @ref.")
    ref: Glob | None = Field(default=None, description="The branch or tag it must be built from: refs/tags/v*.")
    trigger: Many[Glob] = Field(
        default=(), description="What may have started the build, such as push or workflow_dispatch; any if absent."
    )


class SlsaBuild:
    """Each artifact was built as its provenance says, by a builder that can be held to that.

    What it checks:
        Every artifact has verified SLSA provenance by one of the `signers`, of the level (of SLSA v1.0's build track)
        that is asked for. The level is never what the provenance claims of itself, but the least of two: what the
        policy grants the signer (`slsa-level`: for a key 1 unless it says 2, for an identity 2 unless it says
        otherwise) and what the certificate supports. A workflow of GitHub Actions on GitHub's own runner supports 2;
        a workflow of another repository than the one it built supports 3, since those who are built cannot reach into
        it; a pipeline of GitLab.com on GitLab's own runner supports 2; a self-hosted runner, and any other issuer,
        supports 1. The `builder.id` must be the one that the policy names for the signer, or else the workflow that
        the certificate was given to, or its platform's runner. Source, commit, ref and trigger are what the
        certificate says, and a provenance that says other is refused; under a key they are what the provenance says.
        `builders`, `source`, `ref` and `trigger` are held against those. SLSA provenance has no field for the outcome
        of a run: that a build succeeded is for its builder to know before it attests.

    Why:
        Provenance ties the bytes to a source and a build. Without it anything could have been compiled in; with it,
        what it says is worth as much as whoever vouches for it.

    Example:
        - id: built-in-ci
          type: slsa-build
          signers: [builder]
          level: 2
          builders: ["https://ci.example.org/runners/*"]
          source: https://git.example.org/chat/server
          ref: refs/tags/v*

    How to fix:
        Build with supplychain run --output PATH --key K -- CMD, or in the CI job that the policy expects, and gate
        those very outputs. A higher level needs another builder: move the steps that build and sign into a reusable
        workflow of its own repository, on the platform's own runners.
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
            faults = {p: _faults(p, context.facts[p.signer], params) for p in gathered.proofs}
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


def _faults(proof: Verified[Provenance], facts: SignerFacts, params: SlsaBuildParams) -> list[tuple[str, str, str]]:
    """What does not fit, each as (message, expected, actual)."""
    found: list[tuple[str, str, str]] = []
    builder, build = proof.predicate.builder_id, build_of(proof)
    level, why = level_of(proof, facts)
    if level < params.level:
        found.append((f"{why}, {params.level} is needed", f"level {params.level}", f"level {level}"))
    if conflict := builder_conflict(proof, facts):
        expected = facts.builder or (proof.certificate.identity if proof.certificate else "")
        found.append((f"it names the builder {clip(builder)}, and {conflict}", expected, builder))
    found += [(conflict, "what its certificate says", "what its provenance says") for conflict in build.conflicts]
    if params.builders and not matches_any(params.builders, builder):
        found.append((f"built by {clip(builder)}", " or ".join(params.builders), builder))
    for what, patterns, actual in (
        ("source", (params.source,) if params.source else (), build.source),
        ("ref", (params.ref,) if params.ref else (), build.ref),
        ("trigger", params.trigger, build.trigger),
    ):
        if patterns and not (actual and matches_any(patterns, actual)):
            said = f"its {what} is {clip(actual)}" if actual else f"it does not say its {what}"
            found.append((said, " or ".join(patterns), actual or "nothing"))
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
