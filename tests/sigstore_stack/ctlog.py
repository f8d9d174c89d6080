"""A Certificate Transparency log that promises to include what Fulcio issues (RFC 6962, 3.2)."""

import struct
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.sigstore_stack.encoding import sha256, spki
from tests.sigstore_stack.keys import p256, sign

SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ECDSA_SHA256 = b"\x04\x03"
_PRECERT_ENTRY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CtLog:
    """Its promises are its signatures; nothing is kept."""

    url: str
    key: ec.EllipticCurvePrivateKey

    @property
    def log_id(self) -> bytes:
        return sha256(spki(self.key.public_key()))


def new_ctlog(url: str = "https://ctfe.sigstore.test") -> CtLog:
    return CtLog(url=url, key=p256())


def timestamp(
    log: CtLog, precertificate: x509.Certificate, issuer: x509.Certificate, *, at: datetime, more: bytes = b""
) -> bytes:
    """The SignedCertificateTimestamp of a certificate that has no SCT yet. `more` are the CtExtensions."""
    tbs = precertificate.tbs_certificate_bytes
    milliseconds = int(at.timestamp() * 1000)
    issuer_key = issuer.public_key()
    assert isinstance(issuer_key, ec.EllipticCurvePublicKey)
    entry = sha256(spki(issuer_key)) + len(tbs).to_bytes(3) + tbs
    tail = struct.pack("!H", len(more)) + more
    signature = sign(log.key, struct.pack("!BBQH", 0, 0, milliseconds, _PRECERT_ENTRY) + entry + tail)
    head = b"\0" + log.log_id + struct.pack("!Q", milliseconds)
    return head + tail + _ECDSA_SHA256 + struct.pack("!H", len(signature)) + signature


def extension(*timestamps: bytes) -> x509.UnrecognizedExtension:
    """The list of SCTs inside a certificate (RFC 6962, 3.3)."""
    listed = b"".join(struct.pack("!H", len(each)) + each for each in timestamps)
    opaque = struct.pack("!H", len(listed)) + listed
    size = len(opaque)
    length = bytes([size]) if size < 0x80 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n)
    return x509.UnrecognizedExtension(SCT_LIST, b"\x04" + length + opaque)
