"""A certificate authority in the manner of Fulcio: a root, an intermediate, and leaf certificates of a few minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sigstore_stack import ctlog as ct
from tests.sigstore_stack.certificates import (
    Window,
    authority_extensions,
    certificate,
    identifiers,
    key_usage,
    years_around,
)
from tests.sigstore_stack.claims import Claims, alternative_name, extensions
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.ctlog import CtLog
from tests.sigstore_stack.keys import PublicKey, p256

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Certifies any claims it is given: who may have which is the business of the service before it."""

    name: str
    clock: Clock
    key: ec.EllipticCurvePrivateKey
    """Of the intermediate, which signs leaf certificates."""
    intermediate: x509.Certificate
    root: x509.Certificate
    lifetime: timedelta

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """From the issuer of leaf certificates up to the root."""
        return (self.intermediate, self.root)


def new_authority(
    clock: Clock,
    name: str = "fulcio",
    *,
    valid: Window | None = None,
    intermediate_valid: Window | None = None,
    lifetime: timedelta = LIFETIME,
) -> Authority:
    """By default both certificates hold for years around the clock's time."""
    valid = valid or years_around(clock.now())
    root_key, key = p256(), p256()
    top, below = f"{name} root", f"{name} intermediate"
    code_signing = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False)
    root = certificate(
        subject=top,
        public_key=root_key.public_key(),
        issuer=top,
        issuer_key=root_key,
        valid=valid,
        extensions=authority_extensions(root_key.public_key(), root_key.public_key(), path_length=1),
    )
    intermediate = certificate(
        subject=below,
        public_key=key.public_key(),
        issuer=top,
        issuer_key=root_key,
        valid=intermediate_valid or valid,
        extensions=[*authority_extensions(key.public_key(), root_key.public_key(), path_length=0), code_signing],
    )
    return Authority(name=name, clock=clock, key=key, intermediate=intermediate, root=root, lifetime=lifetime)


def issue(
    authority: Authority,
    public_key: PublicKey,
    claims: Claims,
    *,
    log: CtLog | None,
    lifetime: timedelta | None = None,
    promised_at: datetime | None = None,
    sct: x509.ExtensionType | None = None,
) -> x509.Certificate:
    """A leaf certificate from now on.

    Args:
        log: promises it in an embedded SCT; None leaves the SCT out
        promised_at: the time of the SCT, by default now
        sct: an extension to embed instead of a true promise
    """
    now = authority.clock.now()
    inside = [
        (key_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
        *identifiers(public_key, authority.key.public_key()),
        (x509.SubjectAlternativeName([alternative_name(claims.subject)]), True),
        *((extension, False) for extension in extensions(claims)),
    ]
    serial = x509.random_serial_number()

    def signed(*more: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
        return certificate(
            subject=None,
            public_key=public_key,
            issuer=f"{authority.name} intermediate",
            issuer_key=authority.key,
            valid=Window(start=now, end=now + (lifetime or authority.lifetime)),
            extensions=[*inside, *more],
            serial=serial,
        )

    if sct is not None:
        return signed((sct, False))
    bare = signed()
    if log is None:
        return bare
    promise = ct.timestamp(log, bare, authority.intermediate, at=promised_at or now)
    return signed((ct.extension(promise), False))
