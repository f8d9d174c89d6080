"""What a decision says, in the order people read it: the answer, why, what next. Every report for people starts here.

Facts and words only; nothing is escaped, shortened or laid out yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supplychain.model.decision import Decision, Finding, Mode, Outcome, Verdict
from supplychain.report.screen import counted, singular

WORDS = ("FAIL", "ERROR", "WARN", "audit", "waived", "n/a", "pass")
"""Worst first: the order of the rows. WARN and audit are what would be FAIL or ERROR if the rule were enforced."""
SHOWN = WORDS[:-2]
"""The words that get a row of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All findings of one rule that came to the same."""

    rule: str
    word: str
    findings: tuple[Finding, ...]

    @property
    def count(self) -> str:
        """How many failed of how many, and how many were looked at."""
        first = self.findings[0]
        total = max(first.total, first.examined, first.failed)
        unit = singular(first.unit) if total == 1 else first.unit
        if first.outcome in (Outcome.ERROR, Outcome.PASS):
            return f"{first.examined:,} of {total:,} {unit} examined" if total else "0 examined"
        if not total:
            return ""
        seen = f", {first.examined:,} examined" if first.examined < total else ""
        return f"{first.failed:,} of {total:,} {unit}{seen}"


def word(finding: Finding) -> str:
    """The word a finding is shown under."""
    match finding.outcome:
        case Outcome.PASS:
            return "pass"
        case Outcome.WAIVED:
            return "waived"
        case Outcome.NOT_APPLICABLE:
            return "n/a"
        case Outcome.FAIL | Outcome.ERROR:
            if finding.mode is Mode.ENFORCE:
                return "FAIL" if finding.outcome is Outcome.FAIL else "ERROR"
            return "WARN" if finding.mode is Mode.WARN else "audit"


def groups(decision: Decision) -> tuple[Group, ...]:
    """Findings by rule and word: the worst word first, then the order of the policy."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for finding in decision.findings:
        found.setdefault((word(finding), finding.rule), []).append(finding)
    ordered = sorted(found.items(), key=lambda item: WORDS.index(item[0][0]))
    return tuple(Group(rule=rule, word=said, findings=tuple(members)) for (said, rule), members in ordered)


def rules(all_groups: Iterable[Group]) -> dict[str, list[str]]:
    """Rule ids by their worst word; every rule once."""
    by_word: dict[str, list[str]] = {said: [] for said in WORDS}
    seen: set[str] = set()
    for group in all_groups:
        if group.rule not in seen:
            seen.add(group.rule)
            by_word[group.word].append(group.rule)
    return by_word


def clause(decision: Decision, by_word: dict[str, list[str]]) -> str:
    """Why the answer is what it is, in one clause."""
    total = sum(map(len, by_word.values()))
    failed, broken, passed = (len(by_word[said]) for said in ("FAIL", "ERROR", "pass"))
    of_rules = f"{total} {'rule' if total == 1 else 'rules'}"
    match decision.verdict:
        case Verdict.DENIED:
            also = f", {broken} could not be judged" if broken else ""
            return f"{failed} of {of_rules} failed{also}"
        case Verdict.UNDETERMINED:
            harmless = "nothing that blocks" if by_word["WARN"] or by_word["audit"] else "nothing"
            return f"{harmless} was judged wrong, but {broken} of {of_rules} could not be judged"
        case Verdict.ALLOWED:
            if passed == total:
                return f"all {of_rules} passed" if total > 1 else f"{of_rules} passed"
            others = [
                f"{len(by_word[said])} {meaning}"
                for said, meaning in (
                    ("WARN", "only warned"),
                    ("audit", "only noted"),
                    ("waived", "waived"),
                    ("n/a", "not applicable"),
                )
                if by_word[said]
            ]
            return f"{passed} of {of_rules} passed, {', '.join(others)}"


def message(finding: Finding) -> str:
    """What was found, with the artifact and the waiver it is about where the message does not name them itself."""
    said = finding.message
    if finding.outcome is Outcome.ERROR and finding.mode is not Mode.ENFORCE:
        said = f"could not be judged: {said}"
    if finding.subject and finding.subject not in said:
        said = f"{finding.subject}: {said}"
    if finding.waiver and finding.waiver not in said:
        said = f"{finding.waiver}: {said}"
    return said


def todo(all_groups: Sequence[Group]) -> tuple[str, ...]:
    """What to do to be allowed, each thing once: failures first. A rule without a fix is named by its title."""
    blocking = [group for group in all_groups if group.word in ("FAIL", "ERROR")]
    fixes = [f.fix or f"{f.rule}: {f.title}" for group in blocking for f in group.findings]
    return tuple(dict.fromkeys(fixes))


def examined(decision: Decision) -> str:
    """How much was looked at, over all rules."""
    most: dict[str, int] = {"artifacts": len(decision.subjects)}
    for finding in decision.findings:
        most[finding.unit] = max(most.get(finding.unit, 0), finding.examined)
    parts = [counted(count, unit) for unit, count in most.items() if count]
    evidence = len(decision.inputs)
    return ", ".join([*parts, f"{evidence:,} {'piece' if evidence == 1 else 'pieces'} of evidence"])


def named(decision: Decision) -> str:
    """What was judged: the release as its signers declared it, else the artifacts."""
    if decision.release:
        return str(decision.release)
    names = [subject.name for subject in decision.subjects]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
