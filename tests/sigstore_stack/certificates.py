"""X.509 by hand: certificates of authorities and of what they certify, good or bad as the caller wants them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.sigstore_stack.keys import PublicKey

Extensions = Sequence[tuple[x509.ExtensionType, bool]]
"""Each with whether it is critical."""
_USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    " encipher_only decipher_only"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time of validity; without an end it holds still."""

    start: datetime
    end: datetime | None = None


def years_around(moment: datetime) -> Window:
    """From a year before to ten years after."""
    return Window(start=moment - timedelta(days=365), end=moment + timedelta(days=3650))


def key_usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES.split()})


def identifiers(key: PublicKey, issuer: ec.EllipticCurvePublicKey) -> Extensions:
    return (
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False),
    )


def authority_extensions(key: PublicKey, issuer: ec.EllipticCurvePublicKey, *, path_length: int) -> Extensions:
    """What makes a certificate that of an authority (RFC 5280, 4.2.1)."""
    return (
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (key_usage("key_cert_sign", "crl_sign"), True),
        *identifiers(key, issuer),
    )


def _name(common_name: str | None) -> x509.Name:
    if common_name is None:
        return x509.Name([])
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore.test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def certificate(
    *,
    subject: str | None,
    public_key: PublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    valid: Window,
    extensions: Extensions,
    serial: int | None = None,
) -> x509.Certificate:
    """Signed as asked, right or wrong. `subject` None is the empty name of Fulcio's leaf certificates."""
    assert valid.end is not None, "a certificate ends"
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public_key)
        .serial_number(serial if serial is not None else x509.random_serial_number())
        .not_valid_before(valid.start)
        .not_valid_after(valid.end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())
