"""Decisions that travel: a signed summary of one, and the permit read back from it.

The gate may run on another machine than publish. What carries its answer is a verification summary (VSA), and
`read_permit` believes it only when every condition of the release workflow holds; each refusal says which did not.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NoReturn, TypeAlias
from urllib.parse import quote

from supplychain.errors import EvidenceIncomplete, LimitExceeded, PermitRefused, TimestampInvalid, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Decision, Verdict
from supplychain.model.evidence import Evidence
from supplychain.model.permit import JudgedSubject, Permit, PolicyRef
from supplychain.model.release import Release, check_names, set_digest
from supplychain.model.sealed import mint
from supplychain.model.statement import MAX_SUBJECTS, Envelope, Statement, Subject, encode_statement
from supplychain.model.verified import Source, Verified
from supplychain.predicates.intent import Intent
from supplychain.predicates.vsa import Judgement, Result, VerificationSummary
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence

VERIFIER_ID: Final = "urn:supplychain:gate:v1"
MAX_AGE: Final = timedelta(hours=24)
"""How long a decision is leave to publish, unless its summary says otherwise."""
RESUME_WITHIN: Final = timedelta(days=7)
"""How long a signed intent may be completed after it was signed."""

FindIntent: TypeAlias = Callable[[str], Verified[Intent] | None]
"""From the digest of an asset set to the verified intent of an interrupted publish."""


def summary_of(
    decision: Decision,
    *,
    max_age: timedelta | None = None,
    levels: Sequence[str] = (),
    verifier_id: str = VERIFIER_ID,
    versions: dict[str, str] | None = None,
) -> VerificationSummary:
    """What a decision says, as a verification summary. ``levels`` are those that a rule truly verified.

    An undetermined decision has none (EvidenceIncomplete): PASSED and FAILED would both be untrue. One that gives no
    permit, such as one at a chosen time, has none either (PermitRefused).
    """
    if decision.no_permit:
        raise PermitRefused(f"no summary is signed: {decision.no_permit}", hint="judge again, now, with the artifacts")
    if decision.verdict is Verdict.UNDETERMINED:
        raise EvidenceIncomplete(
            f"the decision is undetermined, which no summary can say: {decision.summary}",
            hint="supply what could not be judged",
        )
    release = decision.release or Release()
    policy_uri = f"urn:supplychain:policy:{quote(decision.policy.id)}@{quote(decision.policy.version)}"
    return VerificationSummary(
        verifier_id=verifier_id,
        verifier_versions=versions or {},
        result=Result.PASSED if decision.verdict is Verdict.ALLOWED else Result.FAILED,
        resource_uri=release.resource_uri,
        policy=Subject(uri=policy_uri, digests={"sha256": decision.policy.sha256}),
        time_verified=decision.as_of,
        inputs=tuple(Subject(uri=_told(i.uri), digests={"sha256": i.sha256}) for i in decision.inputs),
        levels=tuple(levels),
        slsa_version="1.0",
        judgement=Judgement(
            policy_id=decision.policy.id,
            policy_version=decision.policy.version,
            as_of=decision.as_of,
            counts=decision.counts,
            release=release,
            root=decision.root,
            max_age_seconds=int(max_age.total_seconds()) if max_age else None,
            waivers=tuple(sorted({f.waiver for f in decision.findings if f.waiver})),
        ),
    )


def summary_statement(summary: VerificationSummary, decision: Decision) -> bytes:
    """The Statement to sign: the summary of everything that was judged. LimitExceeded above 1,024 subjects."""
    if len(decision.subjects) > MAX_SUBJECTS:
        raise LimitExceeded(f"{len(decision.subjects)} artifacts, one summary is about {MAX_SUBJECTS} at most")
    subjects = [Subject(name=s.name, digests={"sha256": s.sha256}) for s in decision.subjects]
    return encode_statement(subjects, VerificationSummary.TYPES[0], summary.encode())


def read_permit(
    vsa: bytes,
    *,
    where: str,
    trust: Trust,
    policy_sha256: str,
    at: datetime,
    resource_uri: str | None = None,
    verifier_id: str = VERIFIER_ID,
    resume: FindIntent | None = None,
) -> Permit:
    """Leave to publish, from a signed summary.

    It must be signed by a signer of ``trust``, PASSED, by the verifier and the policy the caller names (any lax
    policy would do otherwise), about named files, about ``resource_uri`` where one is given, verified not after
    ``at`` and within the age it allows. An older one counts only to complete what ``resume`` finds: a publish of the
    very same decision that was begun in time, not more than seven days ago.

    Raises PermitRefused, TimestampInvalid for a time in the future, and every refusal of the verifier. That the files
    at hand are its subjects, and not yanked, is for `publish` to check.
    """
    wanted = _policy_digest(policy_sha256)
    evidence = Evidence(uri=where, data=vsa)
    payload, subjects = _claims(evidence)
    first = Artifact(name=subjects[0].name, sha256=subjects[0].sha256)
    proof = verify_evidence(evidence, first, VerificationSummary, trust=trust, at=at)[0]
    if proof.payload_sha256 != hashlib.sha256(payload).hexdigest():
        _refuse(where, "its subjects are not those that were signed")
    summary = proof.predicate
    for problem in _problems(summary, wanted, verifier_id, resource_uri):
        _refuse(where, problem)
    assert summary.inputs is not None
    _check_age(summary, subjects, where, at, resume)
    ours = summary.judgement
    policy = PolicyRef(
        id=ours.policy_id if ours else summary.policy.uri,
        version=ours.policy_version if ours else "",
        sha256=wanted,
        pinned=True,
    )
    permit: Permit = mint(
        Permit,
        subjects=tuple(sorted(subjects)),
        release=ours.release if ours and ours.release != Release() else None,
        policy=policy,
        decided_at=summary.time_verified,
        inputs=tuple(Source(i.uri, i.digests["sha256"]) for i in summary.inputs if "sha256" in i.digests),
        vsa=proof.source,
    )
    return permit


def _claims(evidence: Evidence) -> tuple[bytes, list[JudgedSubject]]:
    """The payload and what it claims to be about; the verifier decides whether that was signed."""
    content = bundles.content_of(bundles.parse(evidence.data, where=evidence.uri))
    if not isinstance(content, Envelope):
        _refuse(evidence.uri, "it is the signature of a file, not a signed decision")
    found = Statement.parse(content.payload, where=evidence.uri).subjects
    if unnamed := [s for s in found if not s.name or "sha256" not in s.digests]:
        _refuse(evidence.uri, f"its subject {unnamed[0].name[:80]!r} lacks a name or a SHA-256")
    check_names([s.name for s in found], where=evidence.uri)
    return content.payload, [JudgedSubject(name=s.name, sha256=s.digests["sha256"]) for s in found]


def _problems(
    summary: VerificationSummary, policy_sha256: str, verifier_id: str, resource_uri: str | None
) -> Iterator[str]:
    """What is wrong with a summary whose signature is right."""
    if summary.verifier_id != verifier_id:
        yield f"it is by the verifier {summary.verifier_id[:80]!r}, expected {verifier_id!r}"
    if summary.result is not Result.PASSED:
        yield "it says FAILED"
    stated = summary.policy.digests.get("sha256", "")
    if stated != policy_sha256:
        yield f"it judged by policy sha256:{stated[:12] or '(none)'}, expected sha256:{policy_sha256[:12]}"
    if resource_uri is not None and summary.resource_uri != resource_uri:
        yield f"it is about {summary.resource_uri[:120]!r}, expected {resource_uri!r}"
    if summary.judgement and summary.judgement.release.resource_uri != summary.resource_uri:
        yield "it names two different releases"
    if summary.inputs is None:
        yield "it does not list the evidence it rests on"


def _check_age(
    summary: VerificationSummary,
    subjects: Sequence[JudgedSubject],
    where: str,
    at: datetime,
    resume: FindIntent | None,
) -> None:
    decided = summary.time_verified
    if decided is None:
        _refuse(where, "it does not say when it was decided")
    if decided > at:
        raise TimestampInvalid(
            f"it was decided at {decided}, which is after now, {at}",
            where=where,
            hint="check the clocks of both machines",
        )
    ours = summary.judgement
    allowed = timedelta(seconds=ours.max_age_seconds) if ours and ours.max_age_seconds else MAX_AGE
    if at - decided <= allowed:
        return
    digest = set_digest((s.name, s.sha256) for s in subjects).value
    begun = resume(digest) if resume else None
    if begun is None or not _completes(begun.predicate, summary, digest, allowed, at):
        raise PermitRefused(
            f"it was decided at {decided} and counted for {allowed}", where=where, hint="run the gate again"
        )


def _completes(intent: Intent, summary: VerificationSummary, digest: str, allowed: timedelta, at: datetime) -> bool:
    """Whether an interrupted publish was begun by this very decision, in time, and not too long ago."""
    decided = summary.time_verified
    return (
        decided is not None
        and intent.set_digest == digest
        and intent.policy_sha256 == summary.policy.digests.get("sha256")
        and intent.resource_uri == summary.resource_uri
        and intent.decided_at == decided
        and timedelta(0) <= intent.intended_at - decided <= allowed
        and timedelta(0) <= at - intent.intended_at <= RESUME_WITHIN
    )


def _policy_digest(text: str) -> str:
    digest = text.removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII):
        raise UsageError(
            f"a policy digest is 64 lower-case hexadecimal digits, found {text[:80]!r}",
            hint="supplychain policy explain prints it",
        )
    return digest


def _told(uri: str) -> str:
    """Where evidence lay, as the world may read it: its name, not this machine's folders."""
    return re.split(r"[\\/]", uri)[-1] or uri


def _refuse(where: str, problem: str) -> NoReturn:
    raise PermitRefused(f"no permit: {problem}", where=where, hint="publish what a gate allowed by this policy")
