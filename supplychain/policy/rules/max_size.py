"""Rule ``max-size``: judged on the artifacts as measured."""

from typing import ClassVar

from supplychain.model.decision import Outcome
from supplychain.policy.context import Context, Problem, RuleResult
from supplychain.policy.globs import matches
from supplychain.policy.model import Field, Glob, RuleParams, Size


class MaxSizeParams(RuleParams):
    """Parameters of ``max-size``."""

    limit: Size = Field(alias="bytes", description="The largest size that is allowed, such as 250MB.")
    artifact: Glob = Field(default="*", description="Name of the artifacts that the limit is for.")


class MaxSize:
    """No artifact is larger than the limit.

    What it checks:
        The measured size of each artifact whose name matches. An artifact of which only the digest is known has no
        size and cannot be judged.

    Why:
        A file that outgrew its limit is refused by a store or an upload form after half of the release is out, and
        a sudden growth is often something packed by mistake.

    Example:
        - id: fits-the-store
          type: max-size
          bytes: 250MB
          artifact: "*.tar.gz"

    How to fix:
        Look at what the archive holds (supplychain sbom create ARTIFACT), and pack less; or raise the limit.
    """

    Params: ClassVar[type[RuleParams]] = MaxSizeParams
    type: ClassVar[str] = "max-size"
    title: ClassVar[str] = "No file is larger than it may be"

    def judge(self, context: Context, params: MaxSizeParams) -> RuleResult:
        """Compare sizes."""
        chosen = [a for a in context.artifacts if matches(params.artifact, a.name)]
        problems = []
        for artifact in chosen:
            if artifact.size is None:
                message = "its size is not known: only its digest was given"
                problems.append(Problem(outcome=Outcome.ERROR, message=message, artifact=artifact))
            elif artifact.size > params.limit:
                problems.append(
                    Problem(
                        outcome=Outcome.FAIL,
                        message=f"{artifact.size:,} bytes, {params.limit:,} are allowed",
                        artifact=artifact,
                        expected=f"at most {params.limit} bytes",
                        actual=f"{artifact.size} bytes",
                        fix=f"Pack less into {artifact.name}, or raise the limit of this rule.",
                    )
                )
        largest = max((a.size for a in chosen if a.size is not None), default=0)
        return RuleResult(
            examined=len([a for a in chosen if a.size is not None]),
            total=len(chosen),
            problems=tuple(problems),
            message=f"the largest has {largest:,} of {params.limit:,} bytes",
        )
