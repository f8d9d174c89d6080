"""A time stamping authority (RFC 3161): tokens over a message, at its clock's time or any other."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.sigstore_stack.certificates import (
    Window,
    authority_extensions,
    certificate,
    identifiers,
    key_usage,
    years_around,
)
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import der, sha256
from tests.sigstore_stack.keys import p256, sign

POLICY = "1.3.6.1.4.1.57264.2"
_SHA256 = {"algorithm": "sha256"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tsa:
    """Its certificate is signed by its own root."""

    name: str
    clock: Clock
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return (self.certificate, self.root)


def new_tsa(clock: Clock, name: str = "tsa", *, valid: Window | None = None, root_valid: Window | None = None) -> Tsa:
    """By default both certificates hold for years around the clock's time."""
    root_key, key = p256(), p256()
    root_valid = root_valid or years_around(clock.now())
    top = f"{name} root"
    root = certificate(
        subject=top,
        public_key=root_key.public_key(),
        issuer=top,
        issuer_key=root_key,
        valid=root_valid,
        extensions=authority_extensions(root_key.public_key(), root_key.public_key(), path_length=0),
    )
    leaf = certificate(
        subject=name,
        public_key=key.public_key(),
        issuer=top,
        issuer_key=root_key,
        valid=valid or root_valid,
        extensions=[
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage("digital_signature"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
            *identifiers(key.public_key(), root_key.public_key()),
        ],
    )
    return Tsa(name=name, clock=clock, key=key, certificate=leaf, root=root)


def stamp(tsa: Tsa, message: bytes, *, at: datetime | None = None, embed: bool = True) -> bytes:
    """A granted TimeStampResp, DER. `embed` puts the authority's certificate inside; `at` is by default now."""
    imprint = {"hash_algorithm": _SHA256, "hashed_message": sha256(message)}
    return _granted(tsa, imprint, at=at or tsa.clock.now(), nonce=secrets.randbits(62), embed=embed)


def respond(tsa: Tsa, request: bytes) -> bytes:
    """The TimeStampResp to a TimeStampReq. ValueError where the request cannot be read."""
    asked = tsp.TimeStampReq.load(request, strict=True).native
    imprint = {
        "hash_algorithm": {"algorithm": asked["message_imprint"]["hash_algorithm"]["algorithm"]},
        "hashed_message": asked["message_imprint"]["hashed_message"],
    }
    return _granted(tsa, imprint, at=tsa.clock.now(), nonce=asked["nonce"], embed=bool(asked["cert_req"]))


def _granted(tsa: Tsa, imprint: Mapping[str, object], *, at: datetime, nonce: int | None, embed: bool) -> bytes:
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": imprint,
            "serial_number": secrets.randbits(63),
            "gen_time": at,
            **({} if nonce is None else {"nonce": nonce}),
        }
    ).dump()
    own = asn1_x509.Certificate.load(der(tsa.certificate))
    signed_data = {
        "version": "v3",
        "digest_algorithms": [_SHA256],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
        "signer_infos": [_signer_info(tsa, own, info, at)],
        **({"certificates": [own]} if embed else {}),
    }
    token = {"content_type": "signed_data", "content": cms.SignedData(signed_data)}
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _signer_info(tsa: Tsa, own: asn1_x509.Certificate, info: bytes, at: datetime) -> cms.SignerInfo:
    """RFC 5652, 5.3: the signature covers the attributes, which name the token and the certificate."""
    named = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": sha256(der(tsa.certificate))})]})
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [sha256(info)]},
            {"type": "signing_time", "values": [cms.Time({"utc_time": at})]},
            {"type": "signing_certificate_v2", "values": [named]},
        ]
    )
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}},
            "digest_algorithm": _SHA256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": sign(tsa.key, attributes.untag().dump()),
        }
    )
