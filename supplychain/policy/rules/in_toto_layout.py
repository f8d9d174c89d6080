"""Rule ``in-toto-layout``: judged on verified links, by the artifact rules of a layout that the policy holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from typing import Any, ClassVar, Final, TypeAlias

from supplychain.errors import MalformedDocument, SubjectMismatch, SupplyChainError, UnsupportedType
from supplychain.keys.public import PublicKey
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Cited, Outcome
from supplychain.model.statement import Subject
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Problem, RuleResult, cite, clip, more
from supplychain.policy.model import EvidenceParams, Field, Many, Name, PolicyPath, RuleParams
from supplychain.predicates import short_name
from supplychain.predicates.link import Link
from supplychain.verify.layout.content import Artifacts, Layout, Performed, Step
from supplychain.verify.layout.keys import FunctionaryKey
from supplychain.verify.layout.rules import Budget, check_item
from supplychain.verify.layout.verification import open_layout

MAX_CHAINS: Final = 256
"""Ways to choose one performance of each step that are tried for one artifact."""


class InTotoLayoutParams(EvidenceParams):
    """Parameters of ``in-toto-layout``."""

    names_signers: ClassVar[tuple[str, ...]] = ("signers", "owners")
    reads_steps: ClassVar[bool] = True
    layout: PolicyPath = Field(description="The signed in-toto layout, a file under the policy's folder.")
    owners: Many[Name] = Field(min_length=1, description="Who must have signed the layout; every one of them.")


class InTotoLayout:
    """Each artifact came through the steps of the layout, in the hands of those who may perform them.

    What it checks:
        The layout is signed by every one of the `owners` and has not expired. For each of its steps there are link
        attestations (v0.3) by as many different functionaries as the layout asks for, who tell of the same files; a
        functionary counts who is one of the `signers` here and whose key stands at that step in the layout. The
        artifact rules of all steps hold, and the artifact is a product of the last step. Links of earlier steps are
        given with --evidence. A layout with inspections is not judged: a gate runs nobody's programs.

    Why:
        Provenance says how the last step was done. A layout says which steps there must have been, and that what one
        made is what the next one used: nothing was slipped in between.

    Example:
        - id: through-our-steps
          type: in-toto-layout
          layout: root.layout
          owners: [release]
          signers: [builder]

    How to fix:
        Perform the missing step through supplychain run --step NAME --material PATH --output PATH --key K -- CMD, and
        give its attestation with --evidence. Where a file does not fit, find out where it came from first.
    """

    Params: ClassVar[type[RuleParams]] = InTotoLayoutParams
    type: ClassVar[str] = "in-toto-layout"
    title: ClassVar[str] = "Made by the steps of its layout"

    def judge(self, context: Context, params: InTotoLayoutParams) -> RuleResult:
        """One chain of performances that fits, for each artifact."""
        total = len(context.artifacts)
        try:
            layout = _layout(context, params)
        except SupplyChainError as e:
            judged = e.exit_code == 1
            outcome = Outcome.FAIL if judged else Outcome.ERROR
            problem = Problem(outcome=outcome, message=clip(f"{e.code}: {e}", 500), fix=e.hint)
            return _nothing_else(problem, total=total)
        steps = [_performances(step, layout, context, params) for step in layout.steps]
        if lacking := [_lacking(s, context, params) for s in steps if not s.performances]:
            return _nothing_else(*lacking, total=total)
        chains = _Chains(layout=layout, budget=Budget(links=0), judged={})
        found = [chains.of(artifact, steps) for artifact in context.artifacts]
        good = [chain for chain in found if not isinstance(chain, Problem)]
        names = ", ".join(clip(step.name, 40) for step in layout.steps[:5]) + more(len(layout.steps) - 5)
        return RuleResult(
            examined=total,
            total=total,
            problems=tuple(p for p in found if isinstance(p, Problem)),
            evidence=tuple(sorted({cite(p) for p in _proofs(good)})),
            message=f"came through {names}",
        )


def _nothing_else(*problems: Problem, total: int) -> RuleResult:
    """What is wrong for all artifacts alike."""
    judged = total if any(p.outcome is Outcome.FAIL for p in problems) else 0
    return RuleResult(examined=judged, total=total, failed=judged, problems=problems)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Performance:
    """A step as enough functionaries say that it was performed."""

    performed: Performed
    proofs: tuple[Verified[Link], ...]


Chain: TypeAlias = tuple[_Performance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepFound:
    """What there is of one step."""

    step: Step
    performances: tuple[_Performance, ...]
    others: tuple[Verified[Link], ...]
    """Links of this step that do not count, or are too few."""


def _layout(context: Context, params: InTotoLayoutParams) -> Layout:
    """The layout, once its owners are known to have signed it."""
    keys: list[PublicKey] = []
    for name in params.owners:
        signer = context.facts[name].signer
        if signer.key is None or signer.revoked:
            why = "is revoked" if signer.revoked else "signs by certificates, and layouts are signed by keys"
            raise UnsupportedType(f"the owner {name} {why}", where=params.layout.path)
        keys.append(signer.key)
    layout = open_layout(params.layout.data, keys=keys, at=context.at, where=params.layout.path)
    if layout.inspections:
        raise UnsupportedType("the layout has inspections, and a gate runs nobody's programs", where=params.layout.path)
    return layout


def _performances(step: Step, layout: Layout, context: Context, params: InTotoLayoutParams) -> _StepFound:
    """The performances of a step that enough functionaries state alike, in the order of their evidence."""
    named = [layout.keys[k] for k in step.functionaries if k in layout.keys]
    may = {k.public.fingerprint for k in named if isinstance(k, FunctionaryKey)}
    links = [p for p in context.case.steps if isinstance(p.predicate, Link) and p.predicate.name == step.name]
    alike: dict[object, dict[str, Verified[Link]]] = {}
    performed: dict[object, Performed] = {}
    for proof in links:
        if proof.signer not in params.signers or proof.signer_id not in may:
            continue
        try:
            said = _performed(proof)
        except MalformedDocument:
            continue
        key = (_frozen(said.materials), _frozen(said.products))
        performed.setdefault(key, said)
        alike.setdefault(key, {}).setdefault(proof.signer_id, proof)
    enough = [(key, by) for key, by in alike.items() if len(by) >= step.threshold]
    return _StepFound(
        step=step,
        performances=tuple(_Performance(performed=performed[k], proofs=tuple(by.values())) for k, by in enough),
        others=tuple(links),
    )


def _performed(proof: Verified[Link]) -> Performed:
    """What a link says, as artifact rules read it. Raises MalformedDocument for one path with two contents."""
    link = proof.predicate
    return Performed(
        command=link.command, materials=_artifacts(link.materials, proof), products=_artifacts(proof.subjects, proof)
    )


def _artifacts(resources: Sequence[Subject], proof: Verified[Link]) -> Artifacts:
    """By name, or else by address or digest, so that none escapes the rules for want of a name."""
    found: dict[str, Mapping[str, str]] = {}
    for resource in resources:
        path = resource.name or resource.uri or ",".join(f"{a}:{v}" for a, v in sorted(resource.digests.items()))
        if found.setdefault(path, resource.digests) != resource.digests:
            raise MalformedDocument(f"{path[:120]!r} stands for two files", where=proof.source.uri)
    return found


def _frozen(artifacts: Artifacts) -> frozenset[tuple[str, tuple[tuple[str, str], ...]]]:
    return frozenset((path, tuple(sorted(digests.items()))) for path, digests in artifacts.items())


def _lacking(found: _StepFound, context: Context, params: InTotoLayoutParams) -> Problem:
    """Why no performance of a step counts: links that are too few are a FAIL, none at all is an ERROR."""
    step, by = found.step, " or ".join(params.signers)
    fix = f"Perform it through supplychain run --step {step.name}, and give its attestation with --evidence."
    refused = [r for r in context.case.rejected if r.predicate_type and short_name(r.predicate_type) == "link"]
    cited = (*(cite(p) for p in found.others[:5]), *(Cited(uri=r.uri, sha256=r.sha256) for r in refused[:5]))
    if found.others:
        who = ", ".join(sorted({p.signer for p in found.others}))
        message = f"step {step.name} needs {step.threshold} functionaries who agree; there are links by {who}"
        return Problem(outcome=Outcome.FAIL, message=message, evidence=cited, expected=by, actual=who, fix=fix)
    if judged := [r for r in refused if r.judged]:
        message = f"step {step.name} has no link; {judged[0].uri.rpartition('/')[2]}: {judged[0].message}"
        return Problem(outcome=Outcome.FAIL, message=message + more(len(judged) - 1), evidence=cited, fix=fix)
    message = f"no link of step {step.name} by {by} was found"
    return Problem(outcome=Outcome.ERROR, message=message, evidence=cited, fix=fix, empty=not refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chains:
    """Chains of performances, each judged once."""

    layout: Layout
    budget: Budget
    judged: dict[Chain, tuple[SubjectMismatch, ...]]

    def of(self, artifact: Artifact, steps: Sequence[_StepFound]) -> Chain | Problem:
        """The first chain that fits and ends in the artifact, or what is wrong with the nearest."""
        last = tuple(p for p in steps[-1].performances if _made(artifact, p.performed))
        options = [*(s.performances for s in steps[:-1]), last]
        if not last:
            return Problem(
                outcome=Outcome.FAIL,
                message=f"it is no product of the last step, {steps[-1].step.name}",
                artifact=artifact,
                evidence=tuple(cite(p) for one in steps[-1].performances[:5] for p in one.proofs),
                fix=f"Perform the step {steps[-1].step.name} again, and judge what it makes.",
            )
        nearest: tuple[SubjectMismatch, ...] = ()
        for chain in islice(product(*options), MAX_CHAINS):
            errors = self.errors(chain)
            if not errors:
                return chain
            nearest = min((nearest or errors), errors, key=len)
        untried = prod(map(len, options)) > MAX_CHAINS
        tried = f"none of the first {MAX_CHAINS} ways to combine its links fits: " if untried else ""
        return Problem(
            outcome=Outcome.ERROR if untried else Outcome.FAIL,
            message=tried + "; ".join(clip(e.message, 300) for e in nearest),
            artifact=artifact,
            evidence=tuple(sorted({cite(p) for p in _proofs(options)}))[:20],
            fix="Find out where the file that does not fit came from, before anything else.",
        )

    def errors(self, chain: Chain) -> tuple[SubjectMismatch, ...]:
        """What the artifact rules of all steps say of a chain."""
        if chain not in self.judged:
            performed = {s.name: p.performed for s, p in zip(self.layout.steps, chain, strict=True)}
            found = [e for step in self.layout.steps for e in check_item(step, performed, self.budget)]
            self.judged[chain] = tuple(found)
        return self.judged[chain]


def _made(artifact: Artifact, performed: Performed) -> bool:
    return any(digests.get("sha256") == artifact.sha256 for digests in performed.products.values())


def _proofs(options: Sequence[Sequence[_Performance]]) -> Iterator[Verified[Any]]:
    for performances in options:
        for one in performances:
            yield from one.proofs
