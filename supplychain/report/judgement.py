"""The screen of a decision, and the long answer to why one rule came out as it did."""

from collections.abc import Iterator, Sequence

from supplychain.errors import UsageError
from supplychain.model.decision import Decision, Finding, Verdict
from supplychain.model.evidence import Rejected
from supplychain.report import View, outline
from supplychain.report.escape import terminal
from supplychain.report.screen import (
    Row,
    Tone,
    cells,
    counted,
    headline,
    indented,
    listed,
    minute,
    paint,
    short,
    some,
    table,
    wrap,
)

_NAMES = 4
_STEPS = 10
_TONES = {
    "FAIL": Tone.BAD,
    "ERROR": Tone.BAD,
    "WARN": Tone.CAUTION,
    "audit": Tone.QUIET,
    "waived": Tone.CAUTION,
    "pass": Tone.GOOD,
    "n/a": Tone.QUIET,
}
_VERDICT_TONES = {Verdict.ALLOWED: Tone.GOOD, Verdict.DENIED: Tone.BAD, Verdict.UNDETERMINED: Tone.CAUTION}


def screen(decision: Decision, view: View) -> list[str]:
    """The verdict and what it rests on, a row for all that did not pass, and what to do."""
    groups = outline.groups(decision)
    by_word = outline.rules(groups)
    policy = decision.policy
    pinned = " pinned" if policy.pinned else ""
    lines = headline(
        decision.verdict.upper(),
        _VERDICT_TONES[decision.verdict],
        [terminal(outline.named(decision)), outline.clause(decision, by_word)],
        [
            f"policy {terminal(policy.id)} {terminal(policy.version)} {short(terminal(policy.sha256))}{pinned}",
            "" if policy.pinned else "policy not pinned",
            f"root {short(terminal(decision.root))}" if decision.root else "",
            f"as of {minute(decision.as_of)}",
        ],
        view,
    )
    rows = [_group_row(group, view) for group in groups if group.word in outline.SHOWN]
    rows += _quiet_rows(decision, by_word, view)
    return [*lines, "", *table(rows, view), *_rejected(decision.rejected, view), *_what_next(decision, groups, view)]


def _group_row(group: outline.Group, view: View) -> Row:
    notes = [terminal(outline.message(finding)) for finding in group.findings]
    return Row(
        word=group.word,
        tone=_TONES[group.word],
        columns=(terminal(group.rule), terminal(group.count)),
        notes=some(notes, view),
    )


def _quiet_rows(decision: Decision, by_word: dict[str, list[str]], view: View) -> Iterator[Row]:
    limit = len(decision.findings) if view.verbose else _NAMES
    for word, meaning in (("n/a", "not applicable, its condition does not hold"), ("pass", "")):
        names = by_word[word]
        if names:
            shown = listed([terminal(name) for name in names], limit=limit)
            said = f"{counted(len(names), 'rules')}: {shown}"
            yield Row(word=word, tone=_TONES[word], notes=(f"{said} ({meaning})" if meaning else said,))
    yield Row(word="read", tone=Tone.QUIET, notes=(terminal(outline.examined(decision)),))
    if view.verbose:
        notes = tuple(f"{terminal(s.name)}  {short(terminal(s.sha256))}" for s in decision.subjects)
        yield Row(word="judged", tone=Tone.QUIET, notes=notes)


def _rejected(rejected: Sequence[Rejected], view: View) -> list[str]:
    if not rejected:
        return []
    notes = [f"{terminal(item.uri)}: {terminal(item.code)}: {terminal(item.message)}" for item in rejected]
    lines = [line for note in some(notes, view) for line in indented(note, view)]
    return ["", "Evidence that was found and does not count:", *lines]


def _what_next(decision: Decision, groups: Sequence[outline.Group], view: View) -> list[str]:
    if decision:
        if not decision.no_permit:
            return []
        return ["", *wrap(f"No permit: {terminal(decision.no_permit)}", view.width)]
    steps = outline.todo(groups)
    wanted = "allowed" if decision.verdict is Verdict.DENIED else "judged"
    lines = ["", paint(f"To get this release {wanted}:", Tone.STRONG, view)] if steps else []
    shown = len(steps) if view.verbose else _STEPS
    for number, step in enumerate(steps[:shown], start=1):
        first, *more = _step(terminal(step), max(view.width - 5, 20))
        lines += [f"{number:>3}. {first}", *("     " + line for line in more)]
    if len(steps) > shown:
        lines.append(f"     and {len(steps) - shown:,} more")
    worst = next((group.rule for group in groups if group.word in ("FAIL", "ERROR")), "")
    why = f"Why, step by step: --explain {terminal(worst)}. " if worst else ""
    return [*lines, *wrap(f"{why}Nothing may be published.", view.width)]


def _step(text: str, width: int) -> list[str]:
    """One thing to do; a command that does not fit behind its sentence stands below it, whole, to be copied."""
    sentence, colon, command = text.partition(": supplychain ")
    if not colon or cells(text) <= width:
        return wrap(text, width)
    return [*wrap(f"{sentence}:", width), f"  supplychain {command}"]


def explain(decision: Decision, rule: str, view: View) -> str:
    """All a decision knows about one of its rules: what it checks and why, and every finding with its evidence.

    Raises UsageError when the decision has no such rule.
    """
    groups = [group for group in outline.groups(decision) if group.rule == rule]
    if not groups:
        ids = list(dict.fromkeys(finding.rule for finding in decision.findings))
        raise UsageError(f"no rule {rule[:80]!r} was judged", hint=f"judged: {listed(ids, limit=40)}")
    first = groups[0].findings[0]
    lines = headline(
        groups[0].word,
        _TONES[groups[0].word],
        [terminal(rule), terminal(first.title), terminal(groups[0].count)],
        [f"rule type {terminal(first.type)}", f"mode {first.mode}", f"at {terminal(first.at)}" if first.at else ""],
        view,
    )
    lines += ["", *indented(terminal(first.help), view)] if first.help else []
    for group in groups:
        for finding in group.findings:
            lines += ["", *indented(f"{group.word}: {terminal(outline.message(finding))}", view)]
            lines += table(_facts(finding), view)
    return "\n".join(lines) + "\n"


def _facts(finding: Finding) -> list[Row]:
    evidence = tuple(
        " ".join(
            filter(None, [terminal(e.uri), short(terminal(e.sha256)), terminal(e.pointer), _signed(terminal(e.signer))])
        )
        for e in finding.evidence
    )
    subject = f"{terminal(finding.subject or '')} {short(terminal(finding.subject_sha256 or ''))}".strip()
    facts = {
        "artifact": (subject,) if subject else (),
        "expected": (terminal(finding.expected),) if finding.expected else (),
        "found": (terminal(finding.actual),) if finding.actual else (),
        "evidence": evidence,
        "waiver": (terminal(finding.waiver),) if finding.waiver else (),
        "to fix": (terminal(finding.fix),) if finding.fix else (),
    }
    return [Row(word=f"  {word}", tone=Tone.QUIET, notes=notes) for word, notes in facts.items() if notes]


def _signed(signer: str) -> str:
    return f"signed by {signer}" if signer else ""
