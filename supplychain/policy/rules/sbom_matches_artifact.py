"""Rule ``sbom-matches-artifact``: attested documents held against measured bytes."""

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from supplychain.errors import EvidenceIncomplete
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.inventory import Inventory
from supplychain.policy.context import Context, Problem, RuleResult, cite, some
from supplychain.policy.documents import Attested, sboms_of
from supplychain.policy.globs import matches_any
from supplychain.policy.model import EvidenceParams, Field, Glob, Many, RuleParams
from supplychain.sbom.proof import Proof, prove


class SbomMatchesArtifactParams(EvidenceParams):
    """Parameters of ``sbom-matches-artifact``."""

    allow_unclaimed: Many[Glob] = Field(default=(), description="Paths of files that no SBOM needs to list.")


class SbomMatchesArtifact:
    """What the SBOMs say is in the artifact is in it, byte for byte, and nothing else.

    What it checks:
        Every file that an attested SBOM lists is in the artifact with that SHA-256, and every file in the artifact,
        nested archives too, is in one of its SBOMs or matches `allow-unclaimed`. The files are measured on the
        artifact itself. SBOMs that list no files prove nothing here; one that does is needed.

    Why:
        An SBOM made from a lock file or a checkout tells what should have shipped. Files that were added, exchanged
        or left out between there and the release are found by comparing bytes, and by nothing else.

    Example:
        - id: sbom-is-true
          type: sbom-matches-artifact
          allow-unclaimed: ["**/RECORD"]

    How to fix:
        Make the SBOM from the artifact: supplychain sbom create ARTIFACT, or prepare. If it was, the artifact changed
        afterwards: find out why.
    """

    Params: ClassVar[type[RuleParams]] = SbomMatchesArtifactParams
    type: ClassVar[str] = "sbom-matches-artifact"
    title: ClassVar[str] = "SBOMs and bytes agree"

    def judge(self, context: Context, params: SbomMatchesArtifactParams) -> RuleResult:
        """Every document must be true; together they must name every file."""
        problems: list[Problem] = []
        used: list[Attested] = []
        examined = failed = 0
        for artifact in context.artifacts:
            sboms = sboms_of(context, artifact, params.signers)
            inventory = context.measured(artifact)
            if isinstance(inventory, Problem):
                problems.append(inventory)
                continue
            wrong = [p for p in sboms.problems if p.outcome is Outcome.FAIL or not sboms.found]
            proofs = list(_proofs(context, inventory, sboms.found))
            if sboms.found and not proofs:
                message = "its SBOMs list no files, so that nothing can be compared"
                wrong.append(Problem(outcome=Outcome.ERROR, message=message, artifact=artifact, fix=_FIX, empty=True))
            problems += wrong
            problems += _differences(artifact, proofs, params)
            used += [sbom for sbom, _ in proofs]
            examined += len(
                {path for _, proof in proofs for path in (*proof.matched, *proof.altered, *proof.unclaimed)}
            )
            failed += len(_bad_paths(proofs, params)) + len([p for p in wrong if p.outcome is Outcome.FAIL])
        return RuleResult(
            examined=examined,
            total=examined,
            failed=failed,
            problems=tuple(problems),
            unit="files",
            evidence=tuple(sorted({cite(s.proof) for s in used})),
            message="every file is in the SBOM with its digest, and nothing else is",
        )


_FIX = "Make the SBOM again from this very file: supplychain prepare ..."


def _proofs(context: Context, inventory: Inventory, sboms: tuple[Attested, ...]) -> Iterator[tuple[Attested, Proof]]:
    """The byte proof of each document that lists files."""
    for sbom in sboms:
        key = ("byte proof", sbom.proof.payload_sha256, inventory.sha256)
        try:
            yield sbom, context.once(key, partial(prove, inventory, sbom.document))
        except EvidenceIncomplete:
            continue


def _unclaimed(proofs: list[tuple[Attested, Proof]], params: SbomMatchesArtifactParams) -> list[str]:
    """Files that none of the documents lists."""
    if not proofs:
        return []
    nowhere = set.intersection(*(set(proof.unclaimed) for _, proof in proofs))
    return sorted(path for path in nowhere if not matches_any(params.allow_unclaimed, path))


def _bad_paths(proofs: list[tuple[Attested, Proof]], params: SbomMatchesArtifactParams) -> set[str]:
    wrong = {path for _, proof in proofs for path in (*proof.altered, *proof.missing)}
    return wrong | set(_unclaimed(proofs, params))


def _differences(
    artifact: Artifact, proofs: list[tuple[Attested, Proof]], params: SbomMatchesArtifactParams
) -> Iterator[Problem]:
    for sbom, proof in proofs:
        for paths, said in (
            (proof.altered, "have other bytes than its SBOM says"),
            (proof.missing, "are in its SBOM and not in it"),
        ):
            if paths:
                yield Problem(
                    outcome=Outcome.FAIL,
                    message=f"{len(paths)} files {said}: {some(paths)}",
                    artifact=artifact,
                    evidence=(cite(sbom.proof),),
                    fix=_FIX,
                )
    if unclaimed := _unclaimed(proofs, params):
        yield Problem(
            outcome=Outcome.FAIL,
            message=f"{len(unclaimed)} files are in no SBOM: {some(unclaimed)}",
            artifact=artifact,
            evidence=tuple(sorted({cite(sbom.proof) for sbom, _ in proofs})),
            fix=_FIX,
        )
