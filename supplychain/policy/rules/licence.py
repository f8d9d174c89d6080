"""Rule ``licence``: judged on the components of attested documents."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Literal

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Cited, Outcome
from supplychain.policy.component_licences import Bound, bound_by, together
from supplychain.policy.context import Context, Problem, RuleResult, absent, cite, clip, some
from supplychain.policy.documents import KINDS
from supplychain.policy.licences import Answer, answer, canonical, is_licence
from supplychain.policy.model import EvidenceParams, Field, Many, OneLine, RuleParams


class LicenceParams(EvidenceParams):
    """Parameters of ``licence``."""

    deny: Many[OneLine] = Field(default=(), description="SPDX identifiers that no component may be bound to.")
    allow: Many[OneLine] = Field(default=(), description="The only SPDX identifiers that are accepted.")
    unknown: Literal["fail", "warn", "pass"] = Field(
        default="fail", description="What a component whose licence is not known does."
    )
    scopes: Many[Literal["shipped", "runtime", "dev", "build", "test"]] = Field(
        default=("shipped", "runtime", "dev", "build", "test"), description="The components that are looked at."
    )

    def contradictions(self) -> tuple[str, ...]:
        """One list, not both and not neither; and only true identifiers, since a misspelt one denies nothing."""
        either = () if bool(self.deny) != bool(self.allow) else ("give either deny or allow",)
        strange = [text for text in (*self.deny, *self.allow) if not is_licence(text)]
        return (*either, *(f"{text!r} is no SPDX licence identifier" for text in strange))


class Licence:
    """No component is bound to a licence that the policy refuses.

    What it checks:
        The declared licences of every component in the attested SBOMs, as SPDX expressions: of `A OR B` one must be
        acceptable, of `A AND B` both. Several licences of one component all bind. An exception (`WITH`) never makes
        a licence stricter. With `deny` all but the listed identifiers are accepted, with `allow` only those; a
        component without an SPDX licence does what `unknown` says. Identifiers are exact: deny both
        `AGPL-3.0-only` and `AGPL-3.0-or-later`.

    Why:
        What ships is bound by the licences of all that is in it, found before publication or by somebody else after.

    Example:
        - id: licences
          type: licence
          deny: [AGPL-3.0-only, AGPL-3.0-or-later, SSPL-1.0]
          unknown: warn
          scopes: [shipped, runtime]

    How to fix:
        Replace the component, or choose another of its licences with its authors. Where the licence is only unknown,
        declare it in the package's metadata.
    """

    Params: ClassVar[type[RuleParams]] = LicenceParams
    type: ClassVar[str] = "licence"
    title: ClassVar[str] = "No component under a refused licence"

    def judge(self, context: Context, params: LicenceParams) -> RuleResult:
        """Ask for each component of each artifact."""
        of_licence = _judge_of(params)
        answers: dict[tuple[str, ...], Answer] = {}
        problems: list[Problem] = []
        cited: set[Cited] = set()
        examined = failed = 0
        for artifact in context.artifacts:
            gathered = context.gather(artifact, KINDS, params.signers)
            if not gathered.proofs:
                problems.append(absent(artifact, gathered, KINDS, params.signers))
                continue
            told = {p: bound_by(context, artifact, p) for p in gathered.proofs}
            good = {p: found for p, found in told.items() if not isinstance(found, Problem)}
            if not good:
                problems += [found for found in told.values() if isinstance(found, Problem)]
                continue
            evidence = {cite(p) for p in good}
            cited |= evidence
            key = ("bound together", tuple(p.payload_sha256 for p in good), artifact.sha256)
            rows = [r for r in context.once(key, partial(together, good.values())) if r.scope in params.scopes]
            examined += len(rows)
            denied, unknown = _sort(rows, answers, of_licence)
            if denied:
                problems.append(_problem(artifact, evidence, "refused licences", denied))
            if unknown and params.unknown != "pass":
                warns = params.unknown == "warn"
                problems.append(_problem(artifact, evidence, "licence not known", unknown, warns=warns))
            failed += len(denied) + (len(unknown) if params.unknown != "pass" else 0)
        return RuleResult(
            examined=examined,
            total=examined,
            failed=failed,
            problems=tuple(problems),
            unit="components",
            evidence=tuple(sorted(cited)),
            message="no component has a refused licence",
        )


def _judge_of(params: LicenceParams) -> Callable[[str], Answer]:
    """The answer for one identifier. An exception only adds permissions, a ``+`` only later versions."""
    listed = {canonical(text).casefold() for text in (*params.deny, *params.allow)}

    def of_licence(text: str) -> Answer:
        plain = text.partition(" WITH ")[0]
        names = {text.casefold(), plain.casefold(), plain.removesuffix("+").casefold()}
        if names & listed:
            return Answer.DENIED if params.deny else Answer.FINE
        if "licenseref-" in plain.casefold():
            return Answer.UNKNOWN
        return Answer.FINE if params.deny else Answer.DENIED

    return of_licence


def _sort(
    rows: list[Bound], answers: dict[tuple[str, ...], Answer], of_licence: Callable[[str], Answer]
) -> tuple[list[Bound], list[Bound]]:
    """The components that are denied, and those nobody can tell of. Several licences of one component all bind."""
    for licences in {row.licences for row in rows}.difference(answers):
        answers[licences] = min((answer(text, of_licence) for text in licences), default=Answer.UNKNOWN)
    bad = [row for row in rows if answers[row.licences] is not Answer.FINE]
    denied = [row for row in bad if answers[row.licences] is Answer.DENIED]
    return denied, [row for row in bad if answers[row.licences] is Answer.UNKNOWN]


def _problem(artifact: Artifact, evidence: set[Cited], what: str, rows: list[Bound], *, warns: bool = False) -> Problem:
    told = sorted(
        f"{clip(' and '.join(r.licences), 60) or 'no licence'} in {r.name} {r.version}".rstrip() for r in rows
    )
    return Problem(
        outcome=Outcome.FAIL,
        message=f"{what}: {some(told)}",
        artifact=artifact,
        evidence=tuple(sorted(evidence)),
        actual=f"{len(rows)} components",
        fix="Replace these components, or declare their licences where they are not known.",
        warns=warns,
    )
