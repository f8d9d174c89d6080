"""The verifier: the only maker of `Verified`. Evidence goes in, proof or a typed refusal comes out.

The steps, numbered alike in the code:

(0) bound the input                      (5) certificate chain and transparency of it, at that time
(1) parse it once                        (6) log entries are about this signature, and in the log
(2) find the keys the trust allows       (7) the signer is one the caller named, and not revoked
(3) the signature covers these bytes     (8) read the Statement from the very bytes that were verified
(4) establish time                       (9) a subject is this artifact, in every digest both sides know
                                        (10) the predicate is of the wanted type

A signature is checked before its witnesses, so that a changed file is called that and not a wrong log entry; nothing
is proof before every step has passed. Steps (4) to (6) are `verify.witness`, loaded when evidence needs them. A keyid
and a hint choose nothing: they are unauthenticated.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
from supplychain.verify.trust import Signer, Trust, shown

if TYPE_CHECKING:  # loaded when a certificate, a log entry or a timestamp asks for it: a managed key does without
    from supplychain.verify.witness import Witnessed

SIGNATURE = "signature"
"""What stands for the predicate type of a message signature."""


def verify_evidence(
    evidence: Evidence, artifact: Artifact, want: type[P], *, trust: Trust, at: datetime
) -> tuple[Verified[P], ...]:
    """Proof that a signer of ``trust`` stated ``want`` about ``artifact``: one for each such signer, never none.

    ``want`` is a predicate class, `Signature` for a signature of the file itself, or `Statement` for a statement of
    any type, whose predicate is then unread and for the caller to judge. ``at`` is the time to judge
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _By:
    """A signer who is named and accepted."""

    signer: Signer
    signer_id: str
    witnessed: "Witnessed | None"


def _proofs(
    evidence: Evidence, artifact: Artifact, want: type[Any] | None, *, trust: Trust, at: datetime
) -> Iterator[Verified[Any]]:
    where = evidence.uri
    parsed = bundles.parse(evidence.data, where=where)  # (0) (1)
    content = bundles.content_of(parsed)
    keys = _keys(parsed, trust, where)  # (2)
    if isinstance(content, MessageSignature):
        if want not in (None, Signature):
            raise PredicateMismatch("a signature of the file, not a statement about it", where=where)
        signed_by: Sequence[PublicKey] = (_signer_of_file(content, artifact, keys, where),)  # (3)
        accepted = _accepted(parsed, signed_by, artifact, trust, at, where)  # (4) to (7)
        for by in accepted:
            yield _mint(evidence, artifact, by, Signature(), SIGNATURE, content.signature)
        return
    signed_by = _signers_of_statement(content, keys, where)  # (3)
    accepted = _accepted(parsed, signed_by, artifact, trust, at, where)  # (4) to (7)
    statement = Statement.parse(content.payload, where=where)  # (8)
    unchecked = match_subjects(statement, artifact, where=where)  # (9)
    predicate = _predicate(statement, want, evidence)  # (10)
    for by in accepted:
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


def _keys(parsed: Bundle | Envelope, trust: Trust, where: str) -> dict[PublicKey, str]:
    """(2) The keys that may have signed, each with what to call it: the caller's, or the certificate's own."""
    if isinstance(parsed, Bundle) and isinstance(parsed.material, Certificates):
        if not any(s.identity for s in trust.signers):
            raise IdentityMismatch(
                "signed by a certificate, and the trusted signers are keys only",
                where=where,
                hint="name who may sign, and the issuer: --certificate-identity, --certificate-oidc-issuer",
            )
        from supplychain.verify.witness import certificate_key

        return {certificate_key(parsed.material, where=where): "its certificate"}
    keys = {s.key: s.name for s in reversed(trust.signers) if s.key}
    if not keys:
        raise IdentityMismatch(
            "signed by a key, and the trusted signers are identities only",
            where=where,
            hint="name the public key to trust",
        )
    return dict(reversed(keys.items()))


def _signer_of_file(content: MessageSignature, artifact: Artifact, keys: dict[PublicKey, str], where: str) -> PublicKey:
    """(3) The key whose signature covers the artifact's bytes. An ECDSA signature is DER, never guessed."""
    for key in keys:
        if key.hash_name is None:
            continue
        measured = artifact.measured(key.hash_name)
        if measured is None:
            raise UnsupportedAlgorithm(
                f"a {key.algorithm} key signs the {key.hash_name} of the file, and only its sha256 was given",
                where=where,
                hint="name the file instead of its digest",
            )
        if _verifies(key, content.signature, measured):
            _claimed_digest_agrees(content, artifact, where)
            return key
        other = content.digest if content.algorithm == key.hash_name else None
        if other and _verifies(key, content.signature, other):
            raise SubjectMismatch(
                f"it signs {content.algorithm}:{other[:12]}, this file is {key.hash_name}:{measured[:12]}",
                where=where,
                hint="the file changed after it was signed; fetch it again, or sign the new file",
            )
    if all(key.hash_name is None for key in keys):
        raise UnsupportedAlgorithm(
            "Ed25519 keys sign statements, not files", where=where, hint="verify an attestation instead"
        )
    raise _by_nobody(keys, where)


def _claimed_digest_agrees(content: MessageSignature, artifact: Artifact, where: str) -> None:
    """The digest that rides along with a signature must not contradict the file."""
    if content.algorithm and content.digest and artifact.measured(content.algorithm) not in (None, content.digest):
        raise SubjectMismatch(
            f"its {content.algorithm} names other bytes than its signature", where=where, hint="sign it again"
        )


def _verifies(key: PublicKey, signature: bytes, digest: str) -> bool:
    try:
        key.verify_digest(signature, bytes.fromhex(digest))
    except SignatureInvalid:
        return False
    return True


def _signers_of_statement(envelope: Envelope, keys: dict[PublicKey, str], where: str) -> tuple[PublicKey, ...]:
    """(3) The keys one of whose signatures covers the envelope; each counts once."""
    if envelope.payload_type != PAYLOAD_TYPE:
        raise UnsupportedType(f"payload type {envelope.payload_type[:80]!r}, expected {PAYLOAD_TYPE}", where=where)
    if not envelope.signatures:
        raise SignatureInvalid("an envelope without a signature", where=where)
    signed = envelope.signed_bytes
    found: list[PublicKey] = []
    for key in keys:
        for signature in envelope.signatures:
            try:
                key.verify(signature.sig, signed)
            except SignatureInvalid:
                continue
            found.append(key)
            break
    if not found:
        raise _by_nobody(keys, where)
    return tuple(found)


def _by_nobody(keys: dict[PublicKey, str], where: str) -> SignatureInvalid:
    names = ", ".join(list(keys.values())[:3]) + (", ..." if len(keys) > 3 else "")
    return SignatureInvalid(
        f"the signature was made by none of the trusted signers ({names})"
        if "its certificate" not in keys.values()
        else "the signature was not made by its certificate over these bytes",
        where=where,
        hint="the evidence or the file was altered, or somebody else signed it",
    )


def _accepted(
    parsed: Bundle | Envelope,
    signed_by: Sequence[PublicKey],
    artifact: Artifact,
    trust: Trust,
    at: datetime,
    where: str,
) -> list[_By]:
    """(4) to (7) The named signers behind these keys, each accepted at the time its witnesses vouch for."""
    witnessed = _witnessed(parsed, signed_by[0], artifact, trust, at, where)
    named = _named(signed_by, witnessed, trust, where)
    accepted: list[_By] = []
    refusals: list[SupplyChainError] = []
    for by in named:
        try:
            _accept(by.signer, (witnessed and witnessed.signed_at) or at, where)
        except SupplyChainError as e:
            refusals.append(e)
        else:
            accepted.append(by)
    if not accepted:
        raise refusals[-1]
    return accepted


def _witnessed(
    parsed: Bundle | Envelope, key: PublicKey, artifact: Artifact, trust: Trust, at: datetime, where: str
) -> "Witnessed | None":
    """(4) (5) (6) What the trusted root's authorities and logs vouch for; None for a key that calls none of them."""
    if not isinstance(parsed, Bundle):
        return None
    if not (isinstance(parsed.material, Certificates) or parsed.log_entries or parsed.timestamps):
        return None
    from supplychain.verify.witness import witness

    return witness(parsed, key, artifact, roots=trust.vouching(), at=at, where=where)


def _named(signed_by: Sequence[PublicKey], witnessed: "Witnessed | None", trust: Trust, where: str) -> list[_By]:
    """(7) Whom the caller named among those who signed. A key is one signer; a certificate may fit several names."""
    if witnessed is None or witnessed.certificate is None:
        first = {s.key: s for s in reversed(trust.signers) if s.key in signed_by}
        return [_By(signer=first[k], signer_id=k.fingerprint, witnessed=witnessed) for k in signed_by]
    facts = witnessed.certificate
    found: list[_By] = []
    reasons: list[str] = []
    for signer in trust.signers:
        if signer.identity is None:
            continue
        if reason := signer.identity.mismatch(facts):
            reasons.append(reason)
        else:
            found.append(_By(signer=signer, signer_id=facts.identity, witnessed=witnessed))
    if found:
        return found
    more = f" (and none of {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    raise IdentityMismatch(
        f"signed by {shown(facts.identity)}, whom nobody named: {reasons[0]}{more}",
        where=where,
        hint="others may call this workflow: add --repo OWNER/NAME, the repository it must have built"
        if facts.called_by_another
        else "if this signer is meant, name it exactly as it is shown",
    )


def _accept(signer: Signer, at: datetime, where: str) -> None:
    """(7) Not revoked, and within its time; where nobody vouches for the time of signing, the time of judging."""
    if signer.revoked:
        raise EvidenceRevoked(f"signer {signer.name} is revoked", where=where, hint="sign it with another key")
    early = signer.valid_from is not None and at < signer.valid_from
    late = signer.valid_until is not None and at > signer.valid_until
    if early or late:
        bound = f"not before {signer.valid_from}" if early else f"not after {signer.valid_until}"
        raise TimestampInvalid(f"signer {signer.name} is trusted {bound}, and this is judged at {at}", where=where)


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
    if want is Statement:
        return statement
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
    by: _By,
    predicate: object,
    predicate_type: str,
    payload: bytes,
    *,
    subjects: tuple[Subject, ...] = (),
    unchecked: tuple[str, ...] = (),
) -> Verified[Any]:
    witnessed = by.witnessed
    certificate = witnessed.certificate if witnessed else None
    proof: Verified[Any] = mint(
        Verified,
        predicate=predicate,
        predicate_type=predicate_type,
        artifact=artifact.digest,
        signer=by.signer.name,
        signer_id=by.signer_id,
        issuer=certificate.issuer if certificate else None,
        certificate=certificate,
        signed_at=witnessed.signed_at if witnessed else None,
        source=Source(evidence.uri, evidence.sha256),
        root=witnessed.root if witnessed else None,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        subjects=subjects,
        unchecked=unchecked,
    )
    return proof
