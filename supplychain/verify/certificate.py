"""Signing certificates: whom they name, who issued them, and that a certificate transparency log saw them.

Path validation is cryptography's, with the certificates of an authority as anchors. What it does not judge is here:
that those were issued one by the next and are valid at that time, the authority's window in the trusted root, the usage
a signing certificate must have, the signed certificate timestamp (RFC 6962, 3.2), and Fulcio's claims.
"""

import hashlib
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as PycaUnsupported
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from cryptography.x509.verification import VerificationError as PathInvalid

from supplychain.errors import (
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    SupplyChainError,
    TimestampInvalid,
    TrustRootExpired,
)
from supplychain.model.certificate import CertificateFacts
from supplychain.verify.root import Authority, TrustedRoot, load_certificate

_FULCIO: Final = "1.3.6.1.4.1.57264.1."
_ISSUER_V1: Final = 1
_USER_NAME: Final = f"{_FULCIO}7"
_ISSUER: Final = 8
_CLAIMS: Final = {
    9: "build_signer_uri",
    10: "build_signer_digest",
    11: "runner_environment",
    12: "source_repository",
    13: "source_digest",
    14: "source_ref",
    15: "source_repository_id",
    16: "source_owner",
    17: "source_owner_id",
    18: "build_config_uri",
    19: "build_config_digest",
    20: "trigger",
    21: "run_uri",
    22: "visibility",
    23: "deployment_environment",
}
"""DER UTF8String each."""
_OLD_CLAIMS: Final = {2: "trigger", 3: "source_digest", 5: "source_repository", 6: "source_ref"}
"""Of GitHub workflows, as bare text, before the claims above existed."""
_GITHUB: Final = "https://token.actions.githubusercontent.com"

_CA_POLICY: Final = ExtensionPolicy.webpki_defaults_ca().may_be_present(
    x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None
)
_LEAF_POLICY: Final = ExtensionPolicy.webpki_defaults_ee().may_be_present(
    x509.ExtendedKeyUsage, Criticality.NON_CRITICAL, None
)


@lru_cache(maxsize=8)
def load_chain(chain: tuple[bytes, ...], *, where: str) -> tuple[x509.Certificate, ...]:
    """The certificates of a bundle, leaf first. A root among them is refused: roots come from the caller alone.

    Remembered for the steps that follow: cryptography reads a certificate's parts once for each object.
    """
    found = tuple(load_certificate(der, where=where) for der in chain)
    for certificate in found:
        if certificate.issuer == certificate.subject:
            raise SignatureInvalid("its chain holds a self-issued certificate, which vouches for nothing", where=where)
    return found


def check_usage(leaf: x509.Certificate, *, where: str) -> None:
    """Refuse a certificate that is not for signing code. Raises SignatureInvalid."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise SignatureInvalid("its certificate does not say what it may be used for", where=where) from None
    if not usage.digital_signature or ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        raise SignatureInvalid("its certificate is not for signing code", where=where)


def issuing(chain: tuple[x509.Certificate, ...], root: TrustedRoot, *, where: str) -> list[Authority]:
    """The authorities that may have issued the leaf, by name and key identifier: for choosing, never a proof.

    Raises SignatureInvalid when the root names none, at whatever time.
    """
    found = [a for a in root.certificate_authorities if any(_names(chain[0], issuer) for issuer in a.chain)]
    if not found and any(_names(chain[0], issuer) for issuer in chain[1:]):
        found = list(root.certificate_authorities)
    if not found:
        raise SignatureInvalid(
            f"its certificate was issued by {_name(chain[0].issuer)}, which the trusted root does not name",
            where=where,
            hint="name the root of the instance that made it with --trusted-root",
        )
    return found


def _names(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    if leaf.issuer != _subject(issuer):
        return False
    try:
        wanted = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        return wanted == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return True


@lru_cache(maxsize=64)
def _subject(issuer: x509.Certificate) -> x509.Name:
    return issuer.subject


def verify_path(
    chain: tuple[x509.Certificate, ...], authorities: Sequence[Authority], at: datetime, *, where: str
) -> x509.Certificate:
    """The certificate that issued the leaf, on a path to one of the authorities that is valid at this time.

    Raises TimestampInvalid, TrustRootExpired when only the authority's own certificates were out of date, and
    SignatureInvalid for a path that leads nowhere.
    """
    leaf = chain[0]
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise TimestampInvalid(
            f"signed at {at}, its certificate is valid from {leaf.not_valid_before_utc} to {leaf.not_valid_after_utc}",
            where=where,
            hint="a signature counts only if it was made while its certificate was valid",
        )
    refusals: list[SupplyChainError] = []
    for authority in authorities:
        try:
            return _path(chain, authority, at, where)
        except SupplyChainError as e:
            refusals.append(e)
    raise refusals[-1]


def _path(chain: tuple[x509.Certificate, ...], authority: Authority, at: datetime, where: str) -> x509.Certificate:
    verifier = (
        PolicyBuilder()
        .store(_store(authority))
        .time(at)
        .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
        .build_client_verifier()
    )
    for certificate in authority.chain:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            name = _name(certificate.subject)
            raise TrustRootExpired(
                f"signed at {at}, when its authority's certificate {name} was not valid", where=where
            )
    try:
        issuer = verifier.verify(chain[0], list(chain[1:])).chain[1]
    except PathInvalid as e:
        reason = f"its certificate does not lead to the trusted root: {str(e)[:200]}"
        raise SignatureInvalid(reason, where=where) from e
    if not authority.window.holds(at):
        raise TimestampInvalid(f"signed at {at}, its authority is trusted {authority.window}", where=where)
    return issuer


@lru_cache(maxsize=64)
def _store(authority: Authority) -> Store:
    """The authority's certificates as anchors, once each was found to be issued by the next."""
    for certificate, issuer in pairwise(authority.chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, PycaUnsupported) as e:
            raise MalformedDocument(
                f"in the trusted root, {_name(certificate.subject)} was not issued by {_name(issuer.subject)}"
            ) from e
    return Store(list(authority.chain))


def _name(name: x509.Name) -> str:
    return ascii(name.rfc4514_string()[:120])[1:-1]


def verify_sct(leaf: x509.Certificate, issuer: x509.Certificate, root: TrustedRoot, *, where: str) -> None:
    """Check that a certificate transparency log of the root took the certificate in (RFC 6962, 3.2).

    Exactly one timestamp must be embedded. Raises LogEntryMismatch.
    """
    kind = x509.PrecertificateSignedCertificateTimestamps
    found = [sct for extension in leaf.extensions if isinstance(extension.value, kind) for sct in extension.value]
    if len(found) != 1:
        raise LogEntryMismatch(
            f"its certificate carries {len(found)} certificate timestamps (SCT), expected 1", where=where
        )
    sct = found[0]
    logs = [log for log in root.ct_logs if log.log_id == sct.log_id]
    if not logs:
        raise LogEntryMismatch(
            f"its certificate timestamp (SCT) is of {sct.log_id.hex()[:12]}, a log that the trusted root does not name",
            where=where,
        )
    try:
        at = sct.timestamp.replace(tzinfo=UTC)
    except ValueError:
        raise LogEntryMismatch("its certificate timestamp (SCT) is of no time that can be", where=where) from None
    precertificate = leaf.tbs_precertificate_bytes
    milliseconds = round(at.timestamp() * 1000)
    signed = b"".join(
        (
            struct.pack("!BBQH", 0, 0, milliseconds, 1),  # v1, certificate_timestamp, time, precert_entry
            _key_hash(issuer),
            len(precertificate).to_bytes(3, "big"),
            precertificate,
            struct.pack("!H", len(sct.extension_bytes)),
            sct.extension_bytes,
        )
    )
    try:
        if not isinstance(sct.signature_hash_algorithm, hashes.SHA256):
            raise SignatureInvalid("not over SHA-256")
        logs[0].key.verify(sct.signature, signed)
    except SignatureInvalid:
        raise LogEntryMismatch(
            "its certificate timestamp (SCT) was not signed by the log it names", where=where
        ) from None
    if not logs[0].window.holds(at):
        raise LogEntryMismatch(
            f"its certificate timestamp (SCT) is of {at}, the log is trusted {logs[0].window}", where=where
        )


@lru_cache(maxsize=64)
def _key_hash(issuer: x509.Certificate) -> bytes:
    key = issuer.public_key()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()


def facts_of(leaf: x509.Certificate, *, where: str) -> CertificateFacts:
    """What the certificate says. True only after its path was verified. Raises MalformedDocument."""
    extensions = {e.oid.dotted_string: e.value for e in leaf.extensions}
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise MalformedDocument("its certificate names nobody", where=where) from None
    raw = {
        int(oid.removeprefix(_FULCIO)): value.value
        for oid, value in extensions.items()
        if oid.startswith(_FULCIO) and isinstance(value, x509.UnrecognizedExtension)
    }
    issuer = _utf8_string(raw[_ISSUER], where) if _ISSUER in raw else _text(raw.get(_ISSUER_V1, b""), where)
    if not issuer:
        raise MalformedDocument("its certificate does not say which identity provider vouched for it", where=where)
    claims = {name: _text(raw[n], where) for n, name in _OLD_CLAIMS.items() if n in raw}
    if claims.get("source_repository"):
        claims["source_repository"] = f"https://github.com/{claims['source_repository']}" if issuer == _GITHUB else ""
    claims |= {name: _utf8_string(raw[n], where) for n, name in _CLAIMS.items() if n in raw}
    return CertificateFacts(identity=_identity(names, where), issuer=issuer, **claims)


def _identity(names: x509.SubjectAlternativeName, where: str) -> str:
    """The one name. Two would leave it open which of them an identity provider vouched for."""
    found: list[str] = []
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name):
            found.append(name.value)
        elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == _USER_NAME:
            found.append(_utf8_string(name.value, where))
        else:
            raise MalformedDocument(f"its certificate has a name of the kind {type(name).__name__}", where=where)
    if len(found) != 1:
        raise MalformedDocument(f"its certificate has {len(found)} names, expected 1", where=where)
    return found[0]


def _utf8_string(der: bytes, where: str) -> str:
    """A DER UTF8String, short or long form of the length, nothing after it."""
    head = 2
    length = der[1] if len(der) > 1 else 0
    if length > 0x80:
        head += length - 0x80
        length = int.from_bytes(der[2:head], "big")
    if der[:1] != b"\x0c" or head > 4 or len(der) != head + length:
        raise MalformedDocument("its certificate has a claim that is no UTF8String", where=where)
    return _text(der[head:], where)


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedDocument("its certificate has a claim that is not UTF-8", where=where) from None
