"""The heart of the gate: a case and a policy in, a Decision out. The only maker of `Decision`.

Pure and replayable: time is an argument, and the same inputs give the same decision whatever the order of evidence,
artifacts or rules. Its laws: unverified claims reach no rule; nothing found is never a pass; a rule that breaks is an
error; one more rule never turns a denial into anything better.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from supplychain.errors import SupplyChainError, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.case import Case, Listing
from supplychain.model.decision import Decision, Finding, Mode, Outcome, Verdict
from supplychain.model.evidence import Rejected
from supplychain.model.permit import JudgedSubject
from supplychain.model.release import Release
from supplychain.model.sealed import mint
from supplychain.model.verified import Source, Verified
from supplychain.policy.context import UNREAD_FIX, Context, Problem, RuleResult, clip
from supplychain.policy.documentation import summary_of
from supplychain.policy.globs import matches
from supplychain.policy.model import Policy, PolicyRule, When
from supplychain.policy.rules import Rule, load
from supplychain.verify.trust import CLOCK_SKEW, Signer, shown

CASE_RULE: Final = "(case)"
"""The id of findings about the case as a whole; no rule of a policy can have it."""

_WORST_FIRST: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.WAIVED, Outcome.PASS, Outcome.NOT_APPLICABLE)

AnyRule: TypeAlias = "Rule[Any]"


def judge(case: Case, policy: Policy, *, at: datetime, rules: Sequence[AnyRule] = (), no_permit: str = "") -> Decision:
    """Judge a case by a policy, and by further rules of the caller's own, which are enforced with their defaults.

    ``at`` is the time of judgement, with its time zone; ``no_permit`` is why the caller will not publish on this
    decision (a chosen time), empty otherwise. Evidence counts when a signer of this policy made it, by that signer's
    own key or identity and within its time, whoever verified it; under ``trusted-root: packaged`` the caller answers
    for the root it verified with, since which one is packaged is not known here. Denied: an enforced rule failed.
    Undetermined: none failed, and one could not be judged, or nothing was there to judge. Raises UsageError for a time
    without zone, or a further rule that has the id of a rule of the policy.
    """
    if at.tzinfo is None:
        raise UsageError("the time to judge at has no time zone")
    judged = _counted(case, policy, at)
    context = Context(
        case=judged, artifacts=judged.artifacts, at=at, facts=policy.facts, about=_by_artifact(judged.verified)
    )
    findings = [f for rule in policy.rules for f in _apply(rule, load(rule.type), context)]
    findings = [*_about_case(judged, policy, findings), *findings]
    findings += [f for rule in _further(rules, policy) for f in _apply(rule.entry, rule.rule, context)]
    recorded = any(o.recorded for o in case.observed)
    reasons = [no_permit, "the artifacts were not measured: observations come from a record" if recorded else ""]
    decision: Decision = mint(
        Decision,
        verdict=_verdict(findings),
        policy=policy.ref,
        root=judged.root,
        as_of=at,
        subjects=tuple(JudgedSubject(name=a.name, sha256=a.sha256, path=a.path) for a in judged.artifacts),
        release=_release(judged),
        findings=tuple(findings),
        inputs=_inputs(judged),
        rejected=judged.rejected,
        no_permit="; ".join(r for r in reasons if r),
    )
    return decision


def _verdict(findings: Iterable[Finding]) -> Verdict:
    enforced = {f.outcome for f in findings if f.mode is Mode.ENFORCE}
    if Outcome.FAIL in enforced:
        return Verdict.DENIED
    return Verdict.UNDETERMINED if Outcome.ERROR in enforced else Verdict.ALLOWED


def _counted(case: Case, policy: Policy, at: datetime) -> Case:
    """The case, sorted, with the evidence that counts under this policy; the rest of it is refused, with the reason."""
    artifacts = {(a.name, a.sha256): a for a in sorted(case.artifacts, key=lambda a: a.path or "", reverse=True)}
    known = {a.sha256 for a in case.artifacts}
    verified: list[Verified[Any]] = []
    rejected = set(case.rejected)
    for proof in case.verified:
        if refusal := _refusal(proof, policy, at):
            rejected.add(refusal)
        elif proof.artifact.value in known:
            verified.append(proof)
    steps: list[Verified[Any]] = []
    for proof in case.steps:
        if refusal := _refusal(proof, policy, at):
            rejected.add(refusal)
        else:
            steps.append(proof)
    listing = case.listing
    if listing is not None and listing.proof is not None:
        refusal = _refusal(listing.proof, policy, at) or _other_listing(listing.proof, listing)
        if refusal:
            rejected.add(refusal)
            listing = replace(listing, proof=None)
    return replace(
        case,
        artifacts=tuple(artifacts[key] for key in sorted(artifacts)),
        verified=tuple(sorted(verified, key=_proof_order)),
        steps=tuple(sorted(steps, key=_proof_order)),
        rejected=tuple(sorted(rejected, key=_rejected_order)),
        listing=listing,
    )


def _proof_order(proof: Verified[Any]) -> tuple[object, ...]:
    return (proof.source, proof.artifact, proof.signer, proof.payload_sha256)


def _rejected_order(item: Rejected) -> tuple[str, ...]:
    return (item.uri, item.sha256, item.sha256_of_artifact or "", item.code, item.message, item.predicate_type or "")


def _refusal(proof: Verified[Any], policy: Policy, at: datetime) -> Rejected | None:
    """Why verified evidence does not count under this policy: it may have been verified for another one."""
    signer = policy.facts[proof.signer].signer if proof.signer in policy.facts else None
    root = policy.root_sha256
    when = proof.signed_at or at
    if signer is None:
        code, message = "Untrusted", f"signed by {clip(proof.signer)}, who is no signer of this policy"
    elif stranger := _stranger(proof, signer):
        code, message = "IdentityMismatch", stranger
    elif root and proof.root not in (None, root):
        code, message = (
            "Untrusted",
            f"vouched for by the trusted root sha256:{proof.root}, the policy names sha256:{root}",
        )
    elif signer.revoked:
        code, message = "EvidenceRevoked", f"signer {signer.name} is revoked"
    elif when > at + CLOCK_SKEW:
        code, message = "TimestampInvalid", f"signed at {when}, after the time of judgement"
    elif (signer.valid_from and when < signer.valid_from) or (signer.valid_until and when > signer.valid_until):
        code, message = "TimestampInvalid", f"signer {signer.name} was not trusted at {when}"
    else:
        return None
    return _refused(proof, code, message)


def _stranger(proof: Verified[Any], signer: Signer) -> str:
    """Why evidence is not by this signer; empty when it is."""
    if signer.identity is None:
        assert signer.key is not None
        by_key = proof.certificate is None and proof.issuer is None and proof.signer_id == signer.key.fingerprint
        return "" if by_key else f"signed by {shown(proof.signer_id)}, which is not the policy's {signer.name}"
    if proof.certificate is None:
        return f"signed by a key, {shown(proof.signer_id)}, and the policy's {signer.name} is an identity"
    reason = signer.identity.mismatch(proof.certificate)
    return f"not signed by the policy's {signer.name}: {reason}" if reason else ""


def _other_listing(proof: Verified[Any], listing: Listing) -> Rejected | None:
    if proof.artifact.value == listing.source.sha256:
        return None
    return _refused(proof, "SubjectMismatch", "a signature of another release.json")


def _refused(proof: Verified[Any], code: str, message: str) -> Rejected:
    return Rejected(
        uri=proof.source.uri,
        sha256=proof.source.sha256,
        code=code,
        message=message,
        judged=True,
        sha256_of_artifact=proof.artifact.value,
        predicate_type=proof.predicate_type,
    )


def _by_artifact(verified: Iterable[Verified[Any]]) -> dict[str, list[Verified[Any]]]:
    found: dict[str, list[Verified[Any]]] = {}
    for proof in verified:
        found.setdefault(proof.artifact.value, []).append(proof)
    return found


def _release(case: Case) -> Release | None:
    """What the release is, when a signer of the policy says so."""
    return case.listing.declared.release if case.listing is not None and case.listing.proof is not None else None


def _inputs(case: Case) -> tuple[Source, ...]:
    """Everything that counted."""
    found = {p.source for p in (*case.verified, *case.steps)} | {Source(r.uri, r.sha256) for r in case.references}
    if case.listing is not None and case.listing.proof is not None:
        found |= {case.listing.source, case.listing.proof.source}
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Further:
    entry: PolicyRule
    rule: AnyRule


def _further(rules: Sequence[AnyRule], policy: Policy) -> Iterator[_Further]:
    """The caller's own rules, as entries that no policy file holds."""
    taken = {rule.id for rule in policy.rules}
    for rule in rules:
        if rule.type in taken:
            raise UsageError(f"two rules have the id {rule.type!r}", hint="give the rule another type")
        taken.add(rule.type)
        try:
            params = rule.Params()
        except ValueError as e:
            raise UsageError(f"rule {rule.type!r} cannot do without parameters") from e
        yield _Further(entry=PolicyRule(id=rule.type, type=rule.type, params=params), rule=rule)


def _apply(entry: PolicyRule, rule: AnyRule, context: Context) -> list[Finding]:
    """What one rule comes to."""
    make = _maker(entry, rule, context)
    why, artifacts = _applies(entry.when, context)
    if why:
        return [make(Outcome.NOT_APPLICABLE, why, RuleResult(examined=0, total=0))]
    result = _run(rule, entry, replace(context, artifacts=artifacts))
    problems = [p for p in result.problems if not (p.empty and entry.allow_empty)]
    if problems:
        return sorted((make(p.outcome, p.message, result, p) for p in problems), key=_order)
    if result.failed:
        return [make(Outcome.ERROR, f"the rule broke: it counts {result.failed} failures and names none", result)]
    if result.examined > 0:
        return [make(Outcome.PASS, result.message, result)]
    if entry.allow_empty:
        return [make(Outcome.PASS, "nothing was there to examine, which this rule allows", result)]
    return [make(Outcome.ERROR, f"nothing was examined: 0 of {result.total} {result.unit}", result)]


def _order(finding: Finding) -> tuple[object, ...]:
    return (_WORST_FIRST.index(finding.outcome), finding.subject or "", finding.subject_sha256 or "", finding.message)


def _applies(when: When | None, context: Context) -> tuple[str, tuple[Artifact, ...]]:
    """Why a rule does not apply (empty when it does), and to which artifacts it does.

    Kind and line count only when a signer of the policy signed them; a rule applies as long as they are not known.
    """
    artifacts = context.artifacts
    if when is None:
        return "", artifacts
    release = _release(context.case)
    for name, wanted in (("kind", when.kind), ("line", when.line)):
        actual = getattr(release, name) if release else None
        if wanted is not None and actual is not None and actual != wanted:
            return f"only for releases of {name} {wanted}; this one is {clip(actual)}", ()
    if when.artifact is not None:
        chosen = tuple(a for a in artifacts if matches(when.artifact, a.name))
        if artifacts and not chosen:
            return f"no artifact is called {when.artifact}", ()
        artifacts = chosen
    return "", artifacts


def _run(rule: AnyRule, entry: PolicyRule, context: Context) -> RuleResult:
    """The rule's answer; whatever it raises is an ERROR, without a traceback."""
    try:
        result: object = rule.judge(context, entry.params)
    except SupplyChainError as e:
        return _broken(clip(f"{e.code}: {e}", 500), fix=e.hint)
    except Exception as e:  # noqa: BLE001  # a rule's bug is its ERROR, never a pass and never the end of the gate
        return _broken(f"the rule broke with {type(e).__name__}, which is a bug in it")
    if not isinstance(result, RuleResult):
        return _broken("the rule broke: it gave no result")
    return result


def _broken(message: str, fix: str = "") -> RuleResult:
    return RuleResult(examined=0, total=0, problems=(Problem(outcome=Outcome.ERROR, message=message, fix=fix),))


def _maker(entry: PolicyRule, rule: AnyRule, context: Context) -> Callable[..., Finding]:
    """A function from what a rule found to a Finding that explains itself without this code."""
    title, help_text, mode = rule.title, summary_of(type(rule)), entry.mode_at(context.at)

    def make(outcome: Outcome, message: str, result: RuleResult, problem: Problem | None = None) -> Finding:
        found = problem or Problem(outcome=Outcome.ERROR, message="")
        failing = {p.artifact and (p.artifact.name, p.artifact.sha256) for p in result.problems if _is_fail(p)}
        bad = outcome in (Outcome.FAIL, Outcome.ERROR)
        return Finding(
            rule=entry.id,
            type=entry.type,
            title=title,
            help=help_text,
            outcome=outcome,
            mode=Mode.WARN if found.warns and mode is Mode.ENFORCE else mode,
            message=message,
            unit=result.unit,
            examined=max(result.examined, 0),
            total=max(result.total, result.examined),
            failed=len(failing) if result.failed is None else result.failed,
            subject=found.artifact.name if found.artifact else None,
            subject_sha256=found.artifact.sha256 if found.artifact else None,
            evidence=found.evidence if problem else result.evidence,
            expected=found.expected,
            actual=found.actual,
            fix=(entry.fix or found.fix) if bad else "",
            at=entry.at,
        )

    return make


def _is_fail(problem: Problem) -> bool:
    return problem.outcome is Outcome.FAIL


def _about_case(case: Case, policy: Policy, findings: Sequence[Finding]) -> Iterator[Finding]:
    """What no rule of the policy can make good: nothing to judge, nothing judged, other trust than it asks for."""
    if not case.artifacts:
        yield _case_error("there is no artifact to judge")
    elif not any(f.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.WAIVED) for f in findings):
        yield _case_error("no rule of the policy examined anything")
    for artifact in sorted(case.unmeasured, key=lambda u: (u.name, u.sha256, u.reason)):
        told = f"{clip(artifact.name)} could not be read: {clip(artifact.reason, 300)}"
        yield _case_error(told, fix=f"{clip(artifact.name)}: {UNREAD_FIX}")
    if case.root is not None and policy.root_sha256 not in (None, case.root):
        yield _case_error(f"verified with the trusted root sha256:{case.root}, the policy names {policy.trusted_root}")
    if policy.second_opinion and not case.second_opinion:
        yield _case_error("the policy asks for a second opinion, and no other verifier was asked")


def _case_error(message: str, *, fix: str = "Name the folder of a release, and rules that look at it.") -> Finding:
    return Finding(
        rule=CASE_RULE,
        type=CASE_RULE,
        title="There is something to judge",
        help="Whatever the rules say, nothing is allowed that was not examined.",
        outcome=Outcome.ERROR,
        mode=Mode.ENFORCE,
        message=message,
        fix=fix,
    )
