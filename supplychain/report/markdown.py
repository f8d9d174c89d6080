"""One chat message or pull-request comment: the same answer, reasons and steps as the screen, in at most 16,383 runes.

Everything that came from outside stands in a code span, where no chat formats it, links it or calls anybody. What does
not fit is counted.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, assert_never

from supplychain.errors import UsageError
from supplychain.model.decision import Decision, Verdict
from supplychain.model.inventory import Inventory
from supplychain.model.layout import LayoutVerification
from supplychain.model.release import AssetSet, Published
from supplychain.model.results import KeyInfo, TrustedParties, Validation, Written
from supplychain.model.verification import Verification
from supplychain.report import Result, View, outline, proofs
from supplychain.report.escape import code
from supplychain.report.screen import counted, minute, short
from supplychain.report.trusted import lasting

RUNES = 16_383
"""What Mattermost takes in one message."""
_RESERVE = 200
"""For the line ends and the words that say how much is left out."""
_HEAD = 120
"""Characters of one value in the first lines."""
_SAME = 5
"""Findings of one rule that are shown."""


class Markdown:
    """Markdown that one chat message can carry."""

    kinds: ClassVar[tuple[str, ...]] = ("Decision", "Verification", "Published", "TrustedParties")

    def render(self, result: Result, view: View) -> str:  # noqa: ARG002  # a chat has no width, and no colour
        """The message about this result."""
        match result:
            case Decision():
                return _decision(result)
            case Verification():
                return _verification(result)
            case Published():
                return _published(result)
            case TrustedParties():
                return _trusted(result)
            case LayoutVerification() | Validation() | KeyInfo() | Written() | Inventory() | AssetSet():
                raise UsageError(f"there is no markdown report of a {type(result).__name__}")
            case _:
                assert_never(result)


def _decision(decision: Decision) -> str:
    groups = outline.groups(decision)
    by_word = outline.rules(groups)
    policy = decision.policy
    root = f", root {code(short(decision.root))}" if decision.root else ""
    named = code(outline.named(decision), limit=_HEAD)
    by_policy = f"Policy {code(f'{policy.id} {policy.version}', limit=_HEAD)} {code(short(policy.sha256))}"
    pinned = "pinned" if policy.pinned else "policy not pinned"
    head = [
        f"**{decision.verdict.upper()}** {named}: {outline.clause(decision, by_word)}",
        "",
        f"{by_policy}, {pinned}{root}, as of {minute(decision.as_of)}.",
        "",
    ]
    quiet = [f"- pass: {counted(len(by_word['pass']), 'rules')}; read {code(outline.examined(decision), limit=_HEAD)}"]
    if by_word["n/a"]:
        quiet.append(f"- not applicable: {counted(len(by_word['n/a']), 'rules')}")
    tail = [] if decision else ["", "Nothing may be published."]
    if decision and decision.no_permit:
        tail = ["", f"No permit: {code(decision.no_permit)}"]
    room = RUNES - _RESERVE - _runes([*head, *quiet, *tail])
    steps = _steps(decision, groups, room // 2)
    refused = [f"- {code(f'{r.uri}: {r.code}: {r.message}')}" for r in decision.rejected]
    rejected = ["", "Evidence that was found and does not count:", *_fit(refused, room // 4)] if refused else []
    findings = _fit(list(_findings(groups)), room - _runes([*steps, *rejected]))
    return "\n".join([*head, *findings, *quiet, *rejected, *steps, *tail]) + "\n"


def _findings(groups: Sequence[outline.Group]) -> Iterable[str]:
    for group in groups:
        if group.word not in outline.SHOWN:
            continue
        rule = f"**{group.word}** {code(group.rule, limit=_HEAD)}"
        count = f" {code(group.count, limit=_HEAD)}" if group.count else ""
        for finding in group.findings[:_SAME]:
            yield f"- {rule}{count}: {code(outline.message(finding))}"
        if len(group.findings) > _SAME:
            yield f"- {rule}: and {len(group.findings) - _SAME:,} more of this rule"


def _steps(decision: Decision, groups: Sequence[outline.Group], room: int) -> list[str]:
    steps = [f"{number}. {code(step)}" for number, step in enumerate(outline.todo(groups), start=1)]
    if not steps or decision:
        return []
    wanted = "allowed" if decision.verdict is Verdict.DENIED else "judged"
    return ["", f"To get this release {wanted}:", "", *_fit(steps, room)]


def _verification(result: Verification) -> str:
    made = proofs.proofs(result)
    verified = sum(proof.verified for proof in made)
    answer = "VERIFIED" if proofs.verified(result) else "NOT VERIFIED"
    head = [f"**{answer}** {verified:,} of {counted(len(made), 'artifacts')}", ""]
    lines: list[str] = []
    for proof in made:
        digest = f" {code(short(proof.sha256))}" if proof.sha256 else ""
        said = "VERIFIED" if proof.verified else "NOT VERIFIED"
        lines.append(f"- **{said}** {code(proof.artifact, limit=_HEAD)}{digest}")
        for row in proof.rows:
            if row.error is None:
                signed = ", ".join(filter(None, proofs.signed(row)))
                lines.append(f"  - {code(row.predicate_type or 'signature', limit=_HEAD)} {code(signed)}")
            else:
                hint = f" hint: {code(row.error.hint)}" if row.error.hint else ""
                lines.append(f"  - {code(proofs.problem(row, row.error))}{hint}")
    return "\n".join([*head, *_fit(lines, RUNES - _RESERVE - _runes(head))]) + "\n"


def _published(result: Published) -> str:
    said = "PUBLISHED" if result.delivered else "NOT PUBLISHED"
    head = [f"**{said}** {code(str(result.release), limit=_HEAD)}, set {code(short(result.set_digest))}", ""]
    if result.resumed_from:
        head[0] += f", resumed from {minute(result.resumed_from)}"
    lines = [
        f"- {'there already' if d.already else 'done'}: {code(d.destination)}, {counted(d.files, 'files')}"
        for d in result.delivered
    ]
    if result.withheld:
        lines += ["", "Withheld, it did not go out:", *(f"- {code(note)}" for note in result.withheld)]
    return "\n".join([*head, *_fit(lines, RUNES - _RESERVE - _runes(head))]) + "\n"


def _trusted(result: TrustedParties) -> str:
    head = [f"**TRUSTED ROOT** {code(result.source, limit=_HEAD)} {code(short(result.sha256))}", ""]
    lines = [
        f"- {'ended' if party.ended else 'trusted'} {code(party.role)}: {code(party.name, limit=_HEAD)}, "
        f"{lasting(party)}, {code(short(party.id))}"
        for party in result.parties
    ]
    lines += [f"- unusable: {code(reason)}" for reason in result.unusable]
    return "\n".join([*head, *_fit(lines or ["- it believes nobody"], RUNES - _RESERVE - _runes(head))]) + "\n"


def _fit(lines: Sequence[str], room: int) -> list[str]:
    """As many of the lines as there is room for, and how many more there are."""
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return [*kept, f"- and {len(lines) - len(kept):,} more"]
        kept.append(line)
    return kept


def _runes(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)
