"""The judgement of a release, and the findings it rests on.

Only the policy engine makes a `Decision`; only an allowed one gives a `Permit`, and nothing is published without.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from supplychain.errors import PermitRefused
from supplychain.model.evidence import Rejected
from supplychain.model.permit import Permit, PolicyRef, Subjects
from supplychain.model.release import Release
from supplychain.model.sealed import Sealed, mint
from supplychain.model.verified import Source


class Outcome(StrEnum):
    """What a rule came to."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"
    """It could not be judged: no evidence, nothing examined, unreadable input, or the rule itself broke."""
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    """Its explicit ``when`` does not hold."""


class Mode(StrEnum):
    """What an outcome of FAIL or ERROR does."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


class Verdict(StrEnum):
    """The answer."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNDETERMINED = "undetermined"

    @property
    def exit_code(self) -> int:
        """Of the command line: 0, 1 or 3."""
        return {Verdict.ALLOWED: 0, Verdict.DENIED: 1, Verdict.UNDETERMINED: 3}[self]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cited:
    """Evidence that a finding rests on."""

    uri: str
    sha256: str
    pointer: str = ""
    """JSON pointer into its payload, where one place says it."""
    signer: str = ""
    """Name of the signer in the policy; empty for what we measured ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a rule found. A rule that fails for three artifacts has three findings with the same counts."""

    rule: str
    """Its id in the policy."""
    type: str
    """Which kind of rule."""
    title: str
    help: str
    """One paragraph: what it checks and why, so that a stored decision explains itself."""
    outcome: Outcome
    mode: Mode
    message: str
    unit: str = "artifacts"
    """What is counted: artifacts, components, files, ..."""
    examined: int = 0
    total: int = 0
    """How many there were; below it stands how many of them were examined and how many failed."""
    failed: int = 0
    subject: str | None = None
    """Name of the artifact."""
    subject_sha256: str | None = None
    evidence: tuple[Cited, ...] = ()
    at: str = ""
    """file:line:column of the rule in the policy."""
    expected: str = ""
    actual: str = ""
    fix: str = ""
    waiver: str | None = None


class Decision(Sealed):
    """Allowed, denied or undetermined, with every finding, input and digest it rests on."""

    made_by = "supplychain.policy.engine"
    __slots__ = (
        "as_of",
        "findings",
        "inputs",
        "no_permit",
        "policy",
        "rejected",
        "release",
        "root",
        "subjects",
        "verdict",
    )
    verdict: Verdict
    policy: PolicyRef
    root: str | None
    """SHA-256 of the trusted root; None when no certificate was judged."""
    as_of: datetime
    """The time it was judged at."""
    subjects: Subjects
    """What was judged, sorted by name."""
    release: Release | None
    """From a release.json signed by a signer of the policy; None otherwise."""
    findings: tuple[Finding, ...]
    """In the order of the policy's rules."""
    inputs: tuple[Source, ...]
    """Every piece of evidence that counted, sorted."""
    rejected: tuple[Rejected, ...]
    """Evidence that was found and does not count."""
    no_permit: str
    """Why an allowed decision still gives no permit (a chosen time, recorded observations); empty otherwise."""

    def __bool__(self) -> bool:
        """True only when allowed."""
        return self.verdict is Verdict.ALLOWED

    def __str__(self) -> str:
        what = str(self.release) if self.release else ", ".join(s.name for s in self.subjects[:3])
        return f"{self.verdict.upper()} {what}: {self.summary}"

    @property
    def exit_code(self) -> int:
        """0 allowed, 1 denied, 3 undetermined."""
        return self.verdict.exit_code

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of rules by outcome; all five outcomes are there. Of a rule's findings the first is the worst."""
        by_rule = {f.rule: f.outcome for f in reversed(self.findings)}
        counted = Counter(by_rule.values())
        return {outcome.value: counted[outcome] for outcome in Outcome}

    @property
    def summary(self) -> str:
        """One clause: how the rules came out."""
        words = [f"{n} {name.replace('_', ' ')}" for name, n in self.counts.items() if n]
        return ", ".join(words)

    def permit(self) -> Permit:
        """The permit to publish exactly these subjects. Raises PermitRefused unless allowed now, on measured bytes."""
        if not self:
            raise PermitRefused(
                f"the decision is {self.verdict}: {self.summary}", hint="render the decision to see what would allow it"
            )
        if self.no_permit:
            raise PermitRefused(self.no_permit, hint="judge again, now, with the artifacts at hand")
        permit: Permit = mint(
            Permit,
            subjects=self.subjects,
            release=self.release,
            policy=self.policy,
            decided_at=self.as_of,
            inputs=self.inputs,
            vsa=None,
        )
        return permit
