"""Rule ``slsa-source``: judged on what certificates say of the source, and the provenance they signed."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.verified import Verified
from supplychain.policy.builds import build_of
from supplychain.policy.context import Context, Problem, RuleResult, absent, cite, clip
from supplychain.policy.globs import matches
from supplychain.policy.model import EvidenceParams, Field, Glob, OneLine, RuleParams
from supplychain.predicates.provenance import Provenance


class SlsaSourceParams(EvidenceParams):
    """Parameters of ``slsa-source``."""

    source: Glob | None = Field(default=None, description="URL of the repository that must have been built.")
    source_id: OneLine | None = Field(
        default=None, description="Its number at the host, which no other repository is ever given; a string."
    )
    ref: Glob | None = Field(default=None, description="The branch or tag that must have been built: refs/tags/v*.")
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")] | None = Field(
        default=None, description="The commit that must have been built."
    )


class SlsaSource:
    """Each artifact was built from the source that an identity provider vouches for, and its provenance says the same.

    What it checks:
        Every artifact has verified provenance by one of the `signers`, signed with a certificate that names the
        repository and the commit that were built; the provenance names the same commit, and contradicts the
        certificate in nothing. `source`, `source-id`, `ref` and `commit` are held against the certificate. Where a
        signed release.json names the commit of the release, it is this one. Provenance under a key does not count
        here: nobody but the signer vouches for its source (slsa-build holds what it says). No level of SLSA's source
        track is granted: source attestations are about commits, and this version verifies evidence about artifacts.

    Why:
        A build that is as it should be, of a source that is not, is the attack that a builder cannot see. The identity
        provider knows which repository and commit it started the build for; whoever writes the build does not change
        that.

    Example:
        - id: our-source
          type: slsa-source
          source: https://git.example.org/chat/server
          ref: refs/tags/v*

    How to fix:
        Build from the repository, and at the ref, that the policy names, in a CI service whose identities say so
        (GitHub Actions, GitLab CI), and attest provenance there with its own identity.
    """

    Params: ClassVar[type[RuleParams]] = SlsaSourceParams
    type: ClassVar[str] = "slsa-source"
    title: ClassVar[str] = "Built from the source it should be"

    def judge(self, context: Context, params: SlsaSourceParams) -> RuleResult:
        """One good provenance for each artifact is enough."""
        problems: list[Problem] = []
        good: list[Verified[Provenance]] = []
        empty = 0
        released = _released_commit(context)
        for artifact in context.artifacts:
            gathered = context.gather(artifact, ("provenance",), params.signers)
            if not gathered.proofs:
                problem = absent(artifact, gathered, ("provenance",), params.signers)
                empty += problem.empty
                problems.append(problem)
                continue
            faults = {proof: list(_faults(proof, params, released)) for proof in gathered.proofs}
            fitting = [proof for proof in faults if not faults[proof]]
            good += fitting
            if not fitting:
                nearest = min(faults, key=lambda p: len(faults[p]))
                problems.append(_problem(artifact, nearest, faults[nearest]))
        total = len(context.artifacts)
        sources = sorted({f"{build_of(p).source} at {build_of(p).commit[:12]}" for p in good})
        return RuleResult(
            examined=total - empty,
            total=total,
            problems=tuple(problems),
            evidence=tuple(sorted({cite(p) for p in good})),
            message=f"built from {', '.join(map(clip, sources))}",
        )


def _released_commit(context: Context) -> str | None:
    """The commit in a release.json that a signer of the policy signed."""
    listing = context.case.listing
    return listing.declared.release.commit if listing is not None and listing.proof is not None else None


def _faults(proof: Verified[Provenance], params: SlsaSourceParams, released: str | None) -> Iterator[str]:
    if proof.certificate is None:
        yield "it is signed by a key, so that nobody else vouches for its source"
        return
    build = build_of(proof)
    if not (build.source and build.commit):
        yield "its certificate does not say which commit of which repository was built"
    yield from build.conflicts
    if not proof.predicate.source_commit:
        yield "it names no commit"
    for what, wanted, actual in (
        ("source", params.source, build.source),
        ("repository's number", params.source_id, proof.certificate.source_repository_id),
        ("ref", params.ref, build.ref),
        ("commit", params.commit, build.commit),
    ):
        exact = what not in ("source", "ref")
        if wanted is not None and (actual != wanted if exact else not (actual and matches(wanted, actual))):
            yield f"its {what} is {clip(actual) or 'not said'}, expected {wanted}"
    if released is not None and released != build.commit:
        yield f"release.json is of the commit {clip(released)}, this is of {clip(build.commit) or 'none'}"


def _problem(artifact: Artifact, proof: Verified[Provenance], faults: list[str]) -> Problem:
    return Problem(
        outcome=Outcome.FAIL,
        message=f"provenance: {'; '.join(faults)}",
        artifact=artifact,
        evidence=(cite(proof),),
        fix=f"Build {artifact.name} again from the source that the policy expects, and gate those very outputs.",
    )
