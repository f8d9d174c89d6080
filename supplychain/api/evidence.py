"""sign, attest, verify: single artifacts and the evidence beside them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from supplychain import _io, _json, predicates
from supplychain._io import StrPath
from supplychain._json import Node
from supplychain.api.keys import AnySigner, as_signer
from supplychain.api.trust import grounded, with_second_opinion
from supplychain.errors import EvidenceMissing, PredicateMismatch, SupplyChainError, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle
from supplychain.model.digest import Digest
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.model.verification import Problem, Verification, VerifiedRow
from supplychain.model.verified import P, Signature, Verified
from supplychain.release.attestations import Files, append_attestations, sign_file, statement_about
from supplychain.release.collect import beside, missing_beside, pair_beside, read_evidence, read_pair
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import SIGNATURE, verify_any, verify_evidence

if TYPE_CHECKING:  # verifying writes nothing
    from supplychain.model.results import Written

__all__ = [
    "attest",
    "attest_files",
    "parse_artifact",
    "read_pair",
    "sign",
    "sign_files",
    "verify",
    "verify_all",
]

Named: TypeAlias = Evidence | StrPath
Asked: TypeAlias = Callable[..., tuple[Verified[Any], ...]]
"""`verify_any`, or another that asks for more."""
Judged: TypeAlias = tuple[list[VerifiedRow], int]
"""What is shown of an artifact, and its exit code."""

_WORTH: Final = 200
"""Artifacts that are worth a worker to `verify_all`: fewer are verified before it is up."""
_CHUNK: Final = 32
"""Artifacts that a worker is given at once, at most."""


def sign(artifact: StrPath, *, signer: AnySigner) -> Bundle:
    """A signature of the file's bytes, as a Sigstore bundle. Nothing is written. Raises KeyUnusable, Unreadable."""
    with _io.open_artifact(artifact) as opened:
        return as_signer(signer).sign_artifact(opened)


def attest(artifact: StrPath, predicate: Any, *, signer: AnySigner) -> Bundle:
    """A signed Statement that ``predicate`` holds for the artifact. Nothing is written.

    ``predicate`` is one of `supplychain.predicates`.
    """
    with _io.open_artifact(artifact) as opened:
        return as_signer(signer).sign_statement(statement_about([opened], type(predicate), predicate))


def sign_files(artifacts: Sequence[StrPath], *, signer: AnySigner) -> "Written":
    """Sign each file into ``<file>.sigstore.json``; a signature by the same signer that still holds is kept."""
    from supplychain.model.results import Written

    files, now = Files(), datetime.now(UTC)
    for path in map(Path, artifacts):
        with _io.open_artifact(path) as opened:
            sign_file(files, path, opened, as_signer(signer), now)
    files.write()
    return Written(verb="sign", files=tuple(files.wrote), kept=tuple(files.kept))


def attest_files(
    artifacts: Sequence[StrPath], predicate_type: str, content: bytes, *, signer: AnySigner, where: str = "predicate"
) -> "Written":
    """Attest a predicate, given as JSON, of each file: appended to ``<file>.attestations.jsonl``.

    The predicate is read by its type first, so that nothing is signed that nobody could read.
    """
    from supplychain.model.results import Written

    kind = predicates.resolve(predicate_type)
    uri = predicate_type if predicate_type in kind.TYPES else kind.TYPES[0]
    node: Node = _json.parse(content, where=where)
    predicate = kind.parse(node, uri)
    files, now = Files(), datetime.now(UTC)
    for path in map(Path, artifacts):
        with _io.open_artifact(path) as opened:
            payload = statement_about([opened], kind, predicate)
        append_attestations(files, path, opened, [payload], [], as_signer(signer), now)
    files.write()
    return Written(verb="attest", files=tuple(files.wrote), kept=tuple(files.kept))


def verify(
    artifact: StrPath | Digest,
    want: type[P],
    *,
    trust: Trust,
    evidence: Sequence[Named] = (),
    at: datetime | None = None,
    second_opinion: bool = False,
) -> tuple[Verified[P], ...]:
    """Proof that a trusted signer stated ``want`` about the artifact; never empty.

    ``evidence`` names bundles (files, or Evidence at hand): each must give proof. Without it, those beside the
    artifact are read, and one of the wanted type must. ``want=Signature`` asks for a signature of the file. ``at``
    judges validity at another time than now. With ``second_opinion`` sigstore-python must agree wherever it can judge.
    Raises EvidenceMissing, and the error of the evidence that failed.
    """
    now, trust = _aware(at), grounded(trust)
    with _opened(artifact) as opened:
        groups = _groups(artifact, evidence, trust)
        proofs: list[Verified[P]] = []
        errors: list[SupplyChainError] = []
        for group in groups:
            failed: list[SupplyChainError] = []
            found = len(proofs)
            for item in group:
                try:
                    made = verify_evidence(item, opened, want, trust=trust, at=now)
                    if second_opinion:
                        with_second_opinion(made, item, opened, trust=trust)
                    proofs += made
                except SupplyChainError as e:
                    failed.append(e)
            if evidence and len(proofs) == found:
                raise _telling(failed)
            errors += failed
    if not proofs:
        raise _telling(errors)
    return tuple(proofs)


def parse_artifact(text: str) -> str | Digest:
    """What a person names: a path, or ``sha256:HEX``. Raises UsageError."""
    try:
        return Digest.parse(text) if text.startswith("sha256:") else text
    except SupplyChainError as e:
        raise UsageError(e.message, where=e.where, hint=e.hint) from e


def check_type(name: str, *, any_uri: bool = False) -> None:
    """Whether a person names a type that can be read here: its short name or URI, or ``signature``.

    ``any_uri`` lets the URI of a type pass that is not known here: it can be verified, and not made. Raises UsageError
    with the names there are.
    """
    try:
        if name != SIGNATURE and not (any_uri and ":" in name):
            predicates.resolve(name)
    except SupplyChainError as e:
        raise UsageError(e.message, hint=e.hint) from e


def verify_all(
    artifacts: Sequence[StrPath | Digest],
    *,
    trust: Trust,
    want: str | None = None,
    bundles: Sequence[Named] = (),
    at: datetime | None = None,
    second_opinion: bool = False,
    workers: int | None = None,
) -> Verification:
    """`verify` for several artifacts as rows to show, with every refusal told instead of raised.

    ``want`` is a type's short name or URI, or ``signature``; None takes evidence of any known type. A URI that is
    unknown here asks for a statement of exactly that type, whose predicate stays unread. With ``second_opinion``
    sigstore-python must agree wherever it can judge, and each row says what it said.

    ``workers`` are forked processes that share the artifacts; None means as many as there are CPUs, and artifacts worth
    it. The result is that of this process alone, which does the work also where it must not be forked.
    """
    if not artifacts:
        raise UsageError("nothing to verify")
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers verify nothing")
    judge = partial(
        _rows, asked=_asking(want), trust=grounded(trust), named=bundles, at=_aware(at), doubt=second_opinion
    )
    judged = list(_each(judge, artifacts, workers))
    codes = [code for _, code in judged]
    # what could not be judged outweighs a clear no only when nothing said no
    exit_code = 1 if 1 in codes else max(codes)
    rows = tuple(row for found, _ in judged for row in found)
    return Verification(rows=rows, verified=exit_code == 0, exit_code=exit_code)


def _each(
    judge: Callable[[StrPath | Digest], Judged], artifacts: Sequence[StrPath | Digest], workers: int | None
) -> Iterator[Judged]:
    """What ``judge`` says of each artifact, in order. It is asked again here where a worker could not say."""
    wanted = len(artifacts) // _WORTH if workers is None else workers
    if wanted < 2:
        yield from map(judge, artifacts)
        return
    from supplychain import _pool

    ahead: list[
        Judged
    ] = []  # until one verified: what evidence needs, trusted roots above all, is read before the fork
    while len(ahead) < min(_CHUNK, len(artifacts)) and not (ahead and ahead[-1][1] == 0):
        ahead.append(judge(artifacts[len(ahead)]))
    yield from ahead
    rest = artifacts[len(ahead) :]
    crew = min(wanted, _pool.cpus()) if workers is None else workers
    chunk = max(1, min(_CHUNK, len(rest) // (crew * 4)))
    with closing(_pool.pmap(judge, rest, workers=crew, chunk=chunk)) as answers:
        for artifact, answer in zip(rest, answers, strict=True):
            yield judge(artifact) if isinstance(answer, _pool.Failed) else answer


def _asking(want: str | None) -> Asked:
    """How to hold evidence against an artifact, so that it states what is wanted."""
    if want is None:
        return verify_any
    if ":" in want and want not in predicates.TYPES:
        return partial(_stating, want)
    kind: type[Any] = Signature if want == SIGNATURE else predicates.resolve(want)
    return partial(_typed, kind)


def _typed(
    kind: type[Any], item: Evidence, artifact: Artifact, *, trust: Trust, at: datetime
) -> tuple[Verified[Any], ...]:
    return verify_evidence(item, artifact, kind, trust=trust, at=at)


def _stating(uri: str, item: Evidence, artifact: Artifact, *, trust: Trust, at: datetime) -> tuple[Verified[Any], ...]:
    """A statement of exactly this type, its predicate unread."""
    found = verify_evidence(item, artifact, Statement, trust=trust, at=at)
    if found[0].predicate_type != uri:
        raise PredicateMismatch(f"it states {found[0].predicate_type[:120]}, asked for {uri[:120]}", where=item.uri)
    return found


def _rows(
    artifact: StrPath | Digest, *, asked: Asked, trust: Trust, named: Sequence[Named], at: datetime, doubt: bool
) -> Judged:
    name = str(artifact) if isinstance(artifact, Digest) else os.fspath(artifact)
    rows: list[VerifiedRow] = []
    codes: list[int] = []
    sha256: str | None = None
    try:
        with _opened(artifact) as opened:
            sha256 = opened.sha256
            groups = _groups(artifact, named, trust)
            for group in groups:
                held = [_row(item, opened, name, asked, trust, at, doubt) for item in group]
                rows += [row for found, _ in held for row in found]
                worst = [code for _, code in held]
                codes.append(0 if 0 in worst else 1 if 1 in worst else 3)
    except SupplyChainError as e:
        bundle = e.where if sha256 and e.where else None
        return [*rows, VerifiedRow(artifact=name, sha256=sha256, bundle=bundle, error=_problem(e))], e.exit_code
    if named:
        return rows, 1 if 1 in codes else max(codes)
    return rows, 0 if 0 in codes else 1 if 1 in codes else max(codes)


def _row(
    item: Evidence, artifact: Artifact, name: str, asked: Asked, trust: Trust, at: datetime, doubt: bool
) -> tuple[list[VerifiedRow], int]:
    try:
        proofs = asked(item, artifact, trust=trust, at=at)
        opinions = with_second_opinion(proofs, item, artifact, trust=trust) if doubt else {}
    except SupplyChainError as e:
        return [VerifiedRow(artifact=name, sha256=artifact.sha256, bundle=item.uri, error=_problem(e))], e.exit_code
    return [
        VerifiedRow(
            artifact=name,
            sha256=artifact.sha256,
            bundle=item.uri,
            predicate_type=p.predicate_type,
            signer=p.signer,
            identity=p.signer_id if p.certificate else None,
            issuer=p.issuer,
            source_repository=(p.certificate and p.certificate.source_repository) or None,
            source_ref=(p.certificate and p.certificate.source_ref) or None,
            signed_at=p.signed_at,
            root=p.root,
            unchecked=p.unchecked,
            second_opinion=opinions.get(p.signer),
        )
        for p in proofs
    ], 0


def _groups(artifact: StrPath | Digest, named: Sequence[Named], trust: Trust) -> list[list[Evidence]]:
    """The evidence to hold against an artifact, by file. Raises EvidenceMissing when there is none."""
    if named:
        groups = [[e] if isinstance(e, Evidence) else read_evidence(e) for e in named]
        if empty := [str(n) for n, group in zip(named, groups, strict=True) if not group]:
            raise EvidenceMissing("no evidence in the file", where=empty[0])
        return groups
    if isinstance(artifact, Digest):
        raise EvidenceMissing("a digest has no evidence beside it", hint="name a bundle with --bundle")
    found = [*beside(artifact), *pair_beside(artifact, certified=any(s.identity for s in trust.signers))]
    if not found:
        raise missing_beside(artifact)
    return [[e] for e in found]


def _telling(errors: Sequence[SupplyChainError]) -> SupplyChainError:
    """The refusal that tells most: a completed check before what could not be judged, a wrong type last."""
    ranked = sorted(errors, key=lambda e: (isinstance(e, PredicateMismatch), e.exit_code != 1))
    return ranked[0]


def _problem(error: SupplyChainError) -> Problem:
    return Problem(code=error.code, message=error.message, hint=error.hint)


@contextmanager
def _opened(artifact: StrPath | Digest) -> Iterator[Artifact]:
    if isinstance(artifact, Digest):
        if artifact.algorithm != "sha256":
            raise UsageError(f"an artifact is named by its sha256, not by {artifact.algorithm}")
        yield Artifact(name=str(artifact), sha256=artifact.value)
        return
    with _io.open_artifact(artifact) as opened:
        yield opened


def _aware(at: datetime | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    if at.tzinfo is None:
        raise UsageError("the time to judge at has no time zone")
    return at
