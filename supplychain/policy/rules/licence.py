"""Rule ``licence``: judged on the components of attested documents."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.inventory import Component, Scope
from supplychain.policy.context import Context, Problem, RuleResult, cite, clip, some
from supplychain.policy.documents import Attested, sboms_of
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
        answers: dict[str, Answer] = {}
        problems: list[Problem] = []
        used: list[Attested] = []
        examined = failed = 0
        for artifact in context.artifacts:
            sboms = sboms_of(context, artifact, params.signers)
            if not sboms.found:
                problems += sboms.problems
                continue
            used += sboms.found
            key = ("licences", tuple(s.proof.payload_sha256 for s in sboms.found))
            rows = [r for r in context.once(key, partial(_rows, sboms.found)).values() if r.scope in params.scopes]
            examined += len(rows)
            denied, unknown = _sort(rows, answers, of_licence)
            if denied:
                problems.append(_problem(artifact, sboms.found, "refused licences", denied))
            if unknown and params.unknown != "pass":
                warns = params.unknown == "warn"
                problems.append(_problem(artifact, sboms.found, "licence not known", unknown, warns=warns))
            failed += len(denied) + (len(unknown) if params.unknown != "pass" else 0)
        return RuleResult(
            examined=examined,
            total=examined,
            failed=failed,
            problems=tuple(problems),
            unit="components",
            evidence=tuple(sorted({cite(s.proof) for s in used})),
            message="no component has a refused licence",
        )


@dataclass(slots=True)
class _Row:
    """One component, whichever documents tell of it."""

    component: Component
    licences: tuple[str, ...]
    scope: str


def _rows(sboms: tuple[Attested, ...]) -> Mapping[tuple[str, str], _Row]:
    """The components of several documents by identity; what they say of one adds up."""
    rows: dict[tuple[str, str], _Row] = {}
    for sbom in sboms:
        for component in sbom.document.components:
            identity = (component.purl, "") if component.purl else (component.name, component.version)
            row = rows.setdefault(identity, _Row(component, (), component.scope))
            row.licences += tuple(text for text in component.licences if text not in row.licences)
            if component.scope is not Scope.SHIPPED:
                row.scope = component.scope
    return rows


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
    rows: list[_Row], answers: dict[str, Answer], of_licence: Callable[[str], Answer]
) -> tuple[list[_Row], list[_Row]]:
    """The components that are denied, and those nobody can tell of."""
    denied: list[_Row] = []
    unknown: list[_Row] = []
    for row in rows:
        worst = Answer.FINE if row.licences else Answer.UNKNOWN
        for text in row.licences:
            if text not in answers:
                answers[text] = answer(text, of_licence)
            worst = min(worst, answers[text])
        if worst is Answer.DENIED:
            denied.append(row)
        elif worst is Answer.UNKNOWN:
            unknown.append(row)
    return denied, unknown


def _problem(
    artifact: Artifact, sboms: tuple[Attested, ...], what: str, rows: list[_Row], *, warns: bool = False
) -> Problem:
    told = sorted(
        f"{clip(' and '.join(r.licences), 60) or 'no licence'} in {r.component.name} {r.component.version}".rstrip()
        for r in rows
    )
    return Problem(
        outcome=Outcome.FAIL,
        message=f"{what}: {some(told)}",
        artifact=artifact,
        evidence=tuple(sorted({cite(s.proof) for s in sboms})),
        actual=f"{len(rows)} components",
        fix="Replace these components, or declare their licences where they are not known.",
        warns=warns,
    )
