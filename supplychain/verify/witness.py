"""What the authorities and logs of a trusted root say of one signature: who made it, when, and that it is public.

Steps (4) to (6) of the verifier, for certificates and for keys whose bundles carry log entries or timestamps. All that
a bundle carries must verify, since what is passed over could be altered unseen; and what the root names is needed: a
certificate counts with a trusted time, with a log entry where the root has logs, and with a certificate timestamp
where it has such logs. A root without logs is that of an instance that keeps none (its authority stamps the time).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from supplychain.errors import EvidenceIncomplete, EvidenceMissing, SupplyChainError, TimestampInvalid
from supplychain.keys.public import PublicKey, wrap_public
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import BUNDLE_V01, Bundle, Certificates
from supplychain.model.certificate import CertificateFacts
from supplychain.model.statement import Envelope
from supplychain.verify import certificate as certificates
from supplychain.verify.logbody import Signed, check_about
from supplychain.verify.root import Authority, Log, TrustedRoot, parse_root
from supplychain.verify.timestamp import time_of
from supplychain.verify.transparency import verify_entry
from supplychain.verify.trust import CLOCK_SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What one trusted root vouches for."""

    root: str
    """SHA-256 of the root."""
    signed_at: datetime | None
    """The earliest time an authority or log vouched for; None when none did."""
    certificate: CertificateFacts | None
    """None for a signature by a key."""


def certificate_key(material: Certificates, *, where: str) -> PublicKey:
    """The key in a certificate that is not yet believed. Raises MalformedDocument, UnsupportedAlgorithm."""
    return wrap_public(certificates.load_chain(material.chain, where=where)[0].public_key(), where=where)


def witness(
    bundle: Bundle, key: PublicKey, artifact: Artifact, *, roots: Sequence[bytes], at: datetime, where: str
) -> Witnessed:
    """What the first root that vouches says. ``at`` is now: nothing was signed after it.

    Raises the refusal that got furthest when none does, and EvidenceMissing without any root.
    """
    if not roots:
        raise EvidenceMissing(
            "its certificate, log entries or timestamps need a trusted root, and none was named",
            where=where,
            hint="name one with --trusted-root",
        )
    first: SupplyChainError | None = None
    for number, data in enumerate(roots, 1):
        root = parse_root(data, where=f"trusted root {number}" if len(roots) > 1 else "trusted root")
        try:
            return _witnessed_by(root, bundle, key, artifact, at, where)
        except SupplyChainError as e:
            first = first or e
    assert first is not None
    raise first


def _witnessed_by(
    root: TrustedRoot, bundle: Bundle, key: PublicKey, artifact: Artifact, at: datetime, where: str
) -> Witnessed:
    material, facts = bundle.material, None
    chain = certificates.load_chain(material.chain, where=where) if isinstance(material, Certificates) else ()
    authorities: Sequence[Authority] = ()
    if chain:
        authorities = certificates.issuing(chain, root, where=where)
        certificates.check_usage(chain[0], where=where)
        facts = certificates.facts_of(chain[0], where=where)
    times = [time_of(token, bundle.signature, root, where=where) for token in bundle.timestamps]  # (4)
    logs: list[Log] = []
    for entry in bundle.log_entries:  # (6)
        if entry.proof is None and bundle.media_type != BUNDLE_V01:
            raise EvidenceIncomplete("a log entry without an inclusion proof", where=where)
        log, promised = verify_entry(entry, root, where=where)
        check_about(entry, _signed(bundle, key, artifact, chain), where=where)
        logs.append(log)
        times += [promised] if promised else []
    _check_times(times, logs, at, where)
    if chain:
        _check_certified(chain, root, authorities, times, logs, where)
    return Witnessed(root=root.sha256, signed_at=min(times, default=None), certificate=facts)


def _signed(bundle: Bundle, key: PublicKey, artifact: Artifact, chain: tuple[x509.Certificate, ...]) -> Signed:
    content = bundle.content
    return Signed(
        signature=bundle.signature,
        verifier=chain[0].public_bytes(serialization.Encoding.DER) if chain else key.spki,
        artifact=artifact,
        envelope=content if isinstance(content, Envelope) else None,
    )


def _check_times(times: Sequence[datetime], logs: Sequence[Log], at: datetime, where: str) -> None:
    """(4) Nobody signed in the future, and every log was trusted when it was written."""
    for time in times:
        if time > at + CLOCK_SKEW:
            raise TimestampInvalid(
                f"signed at {time}, which is after {at}", where=where, hint="check the clock of this machine"
            )
        for log in logs:
            if not log.window.holds(time):
                raise TimestampInvalid(f"signed at {time}, its log {log.url} is trusted {log.window}", where=where)


def _check_certified(
    chain: tuple[x509.Certificate, ...],
    root: TrustedRoot,
    authorities: Sequence[Authority],
    times: Sequence[datetime],
    logs: Sequence[Log],
    where: str,
) -> None:
    """(5) A certificate lives for minutes: without a trusted time it says nothing."""
    if root.wants_entry and not logs:
        raise EvidenceIncomplete("its certificate's signature is in no transparency log", where=where)
    if not times:
        raise EvidenceIncomplete(
            "nobody vouches for the time of its signature",
            where=where,
            hint="a certificate counts only with a timestamp, or a log entry that promises a time",
        )
    for time in times:
        issuer = certificates.verify_path(chain, authorities, time, where=where)
    if root.wants_sct:
        certificates.verify_sct(chain[0], issuer, root, where=where)
