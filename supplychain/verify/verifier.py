"""The verifier: the only maker of `Verified`. Evidence goes in, proof or a typed refusal comes out.

The steps, in this order, numbered alike in the code:

(0) bound the input                      (5) log entries are about this signature
(1) parse it once                        (6) the signature covers these bytes
(2) find the keys the trust allows       (7) the signer is one the caller named, and not revoked
(3) establish time                       (8) read the Statement from the very bytes that were verified
(4) certificate chain and validity       (9) a subject is this artifact, in every digest both sides know
                                        (10) the predicate is of the wanted type

Steps (4) and (5) belong to certificates and transparency logs; evidence that carries either is refused as
UnsupportedType rather than judged without them. A keyid chooses nothing: it is unauthenticated.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from supplychain import predicates
from supplychain.errors import (
    EvidenceRevoked,
    IdentityMismatch,
    PredicateMismatch,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    TimestampInvalid,
    UnsupportedAlgorithm,
    UnsupportedType,
)
from supplychain.keys.public import PublicKey
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle, Certificates, MessageSignature
from supplychain.model.digest import HEX_LENGTH
from supplychain.model.evidence import Evidence
from supplychain.model.sealed import mint
from supplychain.model.statement import PAYLOAD_TYPE, Envelope, Statement, Subject
from supplychain.model.verified import P, Signature, Source, Verified
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Signer, Trust

SIGNATURE = "signature"
"""What stands for the predicate type of a message signature."""


def verify_evidence(
    evidence: Evidence, artifact: Artifact, want: type[P], *, trust: Trust, at: datetime
) -> tuple[Verified[P], ...]:
    """Proof that a signer of ``trust`` stated ``want`` about ``artifact``: one for each such signer, never none.

    ``want`` is a predicate class, or `Signature` for a signature of the file itself. ``at`` is the time to judge
    validity at when no trusted clock vouched for one; it must be aware of its time zone. Raises a typed error that
    says which step refused.
    """
    return tuple(_proofs(evidence, artifact, want, trust=trust, at=at))


def verify_any(evidence: Evidence, artifact: Artifact, *, trust: Trust, at: datetime) -> tuple[Verified[Any], ...]:
    """As `verify_evidence`, for evidence of whatever type it is: the type is read once the signature is verified.

    A predicate type unknown to `predicates` raises UnsupportedType.
    """
    return tuple(_proofs(evidence, artifact, None, trust=trust, at=at))


def claimed_type(evidence: Evidence) -> str | None:
    """What evidence that does not verify claims to state: for telling people what it may have been, never a proof."""
    try:
        content = bundles.content_of(bundles.parse(evidence.data, where=evidence.uri))
        if isinstance(content, MessageSignature):
            return SIGNATURE
        return Statement.parse(content.payload, where=evidence.uri).predicate_type
    except SupplyChainError:
        return None


def _proofs(
    evidence: Evidence, artifact: Artifact, want: type[Any] | None, *, trust: Trust, at: datetime
) -> Iterator[Verified[Any]]:
    parsed = bundles.parse(evidence.data, where=evidence.uri)  # (0) (1)
    _refuse_unjudged(parsed, evidence)  # (4) (5)
    content = bundles.content_of(parsed)
    signers = _key_signers(trust, evidence)  # (2)
    if isinstance(content, MessageSignature):
        if want not in (None, Signature):
            raise PredicateMismatch("a signature of the file, not a statement about it", where=evidence.uri)
        by = _signed_file(content, artifact, signers, evidence)  # (6)
        _accept(by, at, evidence)  # (3) (7)
        yield _mint(evidence, artifact, by, Signature(), SIGNATURE, content.signature)
        return
    bys = _signed_statement(content, signers, evidence)  # (6)
    statement = Statement.parse(content.payload, where=evidence.uri)  # (8)
    unchecked = match_subjects(statement, artifact, where=evidence.uri)  # (9)
    predicate = _predicate(statement, want, evidence)  # (10)
    accepted = 0
    for by in bys:
        try:
            _accept(by, at, evidence)  # (3) (7)
        except SupplyChainError:
            if by is bys[-1] and not accepted:
                raise
            continue
        accepted += 1
        yield _mint(
            evidence,
            artifact,
            by,
            predicate,
            statement.predicate_type,
            content.payload,
            subjects=statement.subjects,
            unchecked=unchecked,
        )


def _refuse_unjudged(parsed: Bundle | Envelope, evidence: Evidence) -> None:
    """(4) (5) What this version cannot judge is never passed over."""
    if not isinstance(parsed, Bundle):
        return
    if isinstance(parsed.material, Certificates):
        raise UnsupportedType(
            "signed by a certificate, which this version does not judge",
            where=evidence.uri,
            hint="verify evidence that was signed by a key",
        )
    if parsed.log_entries or parsed.timestamps:
        raise UnsupportedType(
            "carries transparency log entries or timestamps, which this version does not judge", where=evidence.uri
        )


def _key_signers(trust: Trust, evidence: Evidence) -> list[tuple[Signer, PublicKey]]:
    """(2) The keys the caller named."""
    keys = [(s, s.key) for s in trust.signers if s.key]
    if not keys:
        raise IdentityMismatch(
            "signed by a key, and the trusted signers are identities only",
            where=evidence.uri,
            hint="name the public key to trust",
        )
    return keys


def _signed_file(
    content: MessageSignature, artifact: Artifact, signers: list[tuple[Signer, PublicKey]], evidence: Evidence
) -> Signer:
    """(6) The signer whose signature covers the artifact's bytes. An ECDSA signature is DER, never guessed."""
    for signer, key in signers:
        if key.hash_name is None:
            continue
        measured = artifact.measured(key.hash_name)
        if measured is None:
            raise UnsupportedAlgorithm(
                f"a {key.algorithm} key signs the {key.hash_name} of the file, and only its sha256 was given",
                where=evidence.uri,
                hint="name the file instead of its digest",
            )
        if _verifies(key, content.signature, measured):
            _claimed_digest_agrees(content, artifact, evidence)
            return signer
        other = content.digest if content.algorithm == key.hash_name else None
        if other and _verifies(key, content.signature, other):
            raise SubjectMismatch(
                f"it signs {content.algorithm}:{other[:12]}, this file is {key.hash_name}:{measured[:12]}",
                where=evidence.uri,
                hint="the file changed after it was signed; fetch it again, or sign the new file",
            )
    if all(key.hash_name is None for _, key in signers):
        raise UnsupportedAlgorithm(
            "Ed25519 keys sign statements, not files", where=evidence.uri, hint="verify an attestation instead"
        )
    raise _by_nobody(signers, evidence)


def _claimed_digest_agrees(content: MessageSignature, artifact: Artifact, evidence: Evidence) -> None:
    """The digest that rides along with a signature must not contradict the file."""
    if content.algorithm and content.digest and artifact.measured(content.algorithm) not in (None, content.digest):
        raise SubjectMismatch(
            f"its {content.algorithm} names other bytes than its signature", where=evidence.uri, hint="sign it again"
        )


def _verifies(key: PublicKey, signature: bytes, digest: str) -> bool:
    try:
        key.verify_digest(signature, bytes.fromhex(digest))
    except SignatureInvalid:
        return False
    return True


def _signed_statement(
    envelope: Envelope, signers: list[tuple[Signer, PublicKey]], evidence: Evidence
) -> tuple[Signer, ...]:
    """(6) The signers one of whose signatures covers the envelope; each key counts once."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise UnsupportedType(
            f"payload type {envelope.payload_type[:80]!r}, expected {PAYLOAD_TYPE}", where=evidence.uri
        )
    if not envelope.signatures:
        raise SignatureInvalid("an envelope without a signature", where=evidence.uri)
    signed = envelope.signed_bytes
    found: dict[PublicKey, Signer] = {}
    for signer, key in signers:
        for signature in envelope.signatures:
            try:
                key.verify(signature.sig, signed)
            except SignatureInvalid:
                continue
            found.setdefault(key, signer)
            break
    if not found:
        raise _by_nobody(signers, evidence)
    return tuple(found.values())


def _by_nobody(signers: list[tuple[Signer, PublicKey]], evidence: Evidence) -> SignatureInvalid:
    names = ", ".join(s.name for s, _ in signers[:3]) + (", ..." if len(signers) > 3 else "")
    return SignatureInvalid(
        f"the signature was made by none of the trusted signers ({names})",
        where=evidence.uri,
        hint="the evidence or the file was altered, or somebody else signed it",
    )


def _accept(signer: Signer, at: datetime, evidence: Evidence) -> None:
    """(3) (7) Not revoked, and within its time. Nobody vouches for the time of a key's signature: ``at`` stands in."""
    if signer.revoked:
        raise EvidenceRevoked(f"signer {signer.name} is revoked", where=evidence.uri, hint="sign it with another key")
    early = signer.valid_from is not None and at < signer.valid_from
    late = signer.valid_until is not None and at > signer.valid_until
    if early or late:
        bound = f"not before {signer.valid_from}" if early else f"not after {signer.valid_until}"
        raise TimestampInvalid(
            f"signer {signer.name} is trusted {bound}, and this is judged at {at}", where=evidence.uri
        )


def match_subjects(statement: Statement, artifact: Artifact, *, where: str) -> tuple[str, ...]:
    """(9) At least one subject is the artifact, and each that is agrees in all known digests. Names are not compared.

    Returns the algorithms that could not be compared because only a digest was given. Raises SubjectMismatch, and
    UnsupportedAlgorithm when the subjects name only digests that prove nothing.
    """
    unchecked: set[str] = set()
    matched = False
    for subject in statement.subjects:
        known = {a: v for a, v in subject.digests.items() if a in HEX_LENGTH}
        agrees = {a: artifact.measured(a) == v for a, v in known.items() if artifact.measured(a) is not None}
        if not any(agrees.values()):
            continue
        if not all(agrees.values()):
            wrong = ", ".join(sorted(a for a, ok in agrees.items() if not ok))
            raise SubjectMismatch(f"subject {subject.name[:80]!r} disagrees with the file in {wrong}", where=where)
        matched = True
        unchecked |= known.keys() - agrees.keys()
    if matched:
        return tuple(sorted(unchecked))
    if not any(a in HEX_LENGTH for s in statement.subjects for a in s.digests):
        raise UnsupportedAlgorithm(
            f"its subjects have no {' or '.join(HEX_LENGTH)}; weaker digests are no proof", where=where
        )
    first = statement.subjects[0]
    more = f" and {len(statement.subjects) - 1} more" if len(statement.subjects) > 1 else ""
    stated = next((f"{a}:{first.digests[a][:12]}" for a in HEX_LENGTH if a in first.digests), "no known digest")
    raise SubjectMismatch(
        f"it is about {first.name[:80] or 'a file'} {stated}{more}, this file is sha256:{artifact.sha256[:12]}",
        where=where,
        hint="the file changed after it was attested; fetch it again, or attest the new file",
    )


def _predicate(statement: Statement, want: type[Any] | None, evidence: Evidence) -> object:
    """(10) The predicate, read as the type that was asked for."""
    if want is Signature:
        raise PredicateMismatch(
            f"a statement of type {statement.predicate_type[:120]}, not a signature of the file", where=evidence.uri
        )
    kind = want or predicates.resolve(statement.predicate_type)
    if statement.predicate_type not in kind.TYPES:
        raise PredicateMismatch(
            f"it states {statement.predicate_type[:120]}, asked for {kind.TYPES[0]}", where=evidence.uri
        )
    found: object = kind.parse(statement.predicate, statement.predicate_type)
    return found


def _mint(
    evidence: Evidence,
    artifact: Artifact,
    signer: Signer,
    predicate: object,
    predicate_type: str,
    payload: bytes,
    *,
    subjects: tuple[Subject, ...] = (),
    unchecked: tuple[str, ...] = (),
) -> Verified[Any]:
    assert signer.key is not None
    proof: Verified[Any] = mint(
        Verified,
        predicate=predicate,
        predicate_type=predicate_type,
        artifact=artifact.digest,
        signer=signer.name,
        signer_id=signer.key.fingerprint,
        issuer=None,
        signed_at=None,
        source=Source(evidence.uri, evidence.sha256),
        root=None,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        subjects=subjects,
        unchecked=unchecked,
    )
    return proof
