"""A Sigstore trusted root: the logs, certificate authorities and timestamp authorities a caller believes, and when.

The form is ``sigstore_trustroot.proto`` as JSON. Every window is closed at both ends; one without a start is
malformed, since an unbounded key would be believed for ever. A field that the message does not have is refused, as
protobuf's JSON asks: ``ende`` would be no end, and without ``ctlogs`` no certificate timestamp would be asked for. A
key of a kind we do not verify with is kept out of use and named, so that one future log does not make the whole root
unreadable.

>>> parse_root(b'{"mediaType": "application/json"}', where="root.json")
Traceback (most recent call last):
supplychain.errors.UnsupportedType: root.json: media type 'application/json' is no trusted root known here
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm as PycaUnsupported
from cryptography.hazmat.primitives import serialization

from supplychain import _json
from supplychain._json import Node
from supplychain.errors import MalformedDocument, UnsupportedAlgorithm, UnsupportedType
from supplychain.keys.public import PublicKey, wrap_public
from supplychain.verify.bundle import only

MEDIA_TYPES: Final = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)
MAX_ROOT_BYTES: Final = 4 << 20
MAX_AUTHORITIES: Final = 256
"""Of each kind."""
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    PycaUnsupported,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    Warning,  # cryptography warns of what it will refuse one day; whoever makes warnings errors gets ours
)


@dataclass(frozen=True, slots=True)
class Window:
    """A time from ``start`` to ``end``, both included; without an end it goes on."""

    start: datetime
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether this time is inside."""
        return self.start <= at and (self.end is None or at <= self.end)

    def __str__(self) -> str:
        return f"from {self.start}" + (f" to {self.end}" if self.end else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A transparency log, or a certificate transparency log."""

    url: str
    log_id: bytes
    """What entries and SCTs name it by."""
    key: PublicKey
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Authority:
    """A certificate authority or a timestamp authority, with its certificates as the root gives them."""

    uri: str
    chain: tuple[x509.Certificate, ...]
    """Certificate authorities: from the issuer of leaves up to the root. Timestamp authorities: the leaf first."""
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrustedRoot:
    """Whom to believe about time, identity and publicity. Its word is the caller's choice, never evidence's."""

    sha256: str
    """Of the bytes it was read from: what results name it by."""
    where: str
    logs: tuple[Log, ...]
    ct_logs: tuple[Log, ...]
    certificate_authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]
    unusable: tuple[str, ...]
    """Keys that are in it and that we do not verify with, and why."""
    wants_entry: bool
    """It names transparency logs, usable or not: a certificate counts only with an entry in one."""
    wants_sct: bool
    """It names certificate transparency logs, usable or not: a certificate counts only with a timestamp of one."""


@lru_cache(maxsize=16)
def parse_root(data: bytes, *, where: str) -> TrustedRoot:
    """Read a trusted root. Equal bytes give the same object, so that what is derived from it is derived once.

    Raises MalformedDocument, LimitExceeded, UnsupportedType.
    """
    node = _json.parse(data, where=where, max_bytes=MAX_ROOT_BYTES)
    media_type = node.at("mediaType").text()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedType(
            f"media type {media_type[:80]!r} is no trusted root known here",
            where=where,
            hint="a client trust configuration has its root under trustedRoot",
        )
    only(node, "mediaType", "tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities")
    unusable: list[str] = []
    logs, ct_logs = (tuple(_logs(node.maybe(kind), unusable)) for kind in ("tlogs", "ctlogs"))
    return TrustedRoot(
        sha256=hashlib.sha256(data).hexdigest(),
        where=where,
        logs=logs,
        ct_logs=ct_logs,
        certificate_authorities=tuple(_authorities(node.maybe("certificateAuthorities"))),
        timestamp_authorities=tuple(_authorities(node.maybe("timestampAuthorities"))),
        unusable=tuple(unusable),
        wants_entry=bool(node.object().get("tlogs")),
        wants_sct=bool(node.object().get("ctlogs")),
    )


def _logs(node: Node | None, unusable: list[str]) -> Iterator[Log]:
    for item in node.items(at_most=MAX_AUTHORITIES) if node else ():
        only(item, "baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator")
        key = only(item.at("publicKey"), "rawBytes", "keyDetails", "validFor")
        window = _window(key.at("validFor"))
        url = item.maybe("baseUrl")
        name = url.text(empty=True) if url else ""
        ids = [
            only(i, "keyId").at("keyId").base64() for field in ("logId", "checkpointKeyId") if (i := item.maybe(field))
        ]
        if not ids:
            item.fail("a log without an id")
        try:
            found = _public_key(key.at("rawBytes"))
        except UnsupportedAlgorithm as e:
            unusable.append(f"{name}: {e.message}")
            continue
        yield from (Log(url=name, log_id=i, key=found, window=window) for i in dict.fromkeys(ids))


def _public_key(node: Node) -> PublicKey:
    """A key in DER: SubjectPublicKeyInfo, or PKCS#1 for RSA keys of old logs."""
    try:
        key = serialization.load_der_public_key(node.base64())
    except ValueError:
        node.fail("no public key in DER")
    except PycaUnsupported as e:
        raise UnsupportedAlgorithm(str(e), where=node.where) from e
    return wrap_public(key, where=f"{node.where}: {node.path}")


def _authorities(node: Node | None) -> Iterator[Authority]:
    for item in node.items(at_most=MAX_AUTHORITIES) if node else ():
        only(item, "subject", "uri", "certChain", "validFor", "operator")
        certificates = only(item.at("certChain"), "certificates").at("certificates").items(at_most=MAX_AUTHORITIES)
        chain = tuple(load_certificate(c.at("rawBytes").base64(), c.at("rawBytes")) for c in certificates)
        if not chain:
            item.fail("an authority without a certificate")
        uri = item.maybe("uri")
        yield Authority(uri=uri.text(empty=True) if uri else "", chain=chain, window=_window(item.at("validFor")))


def load_certificate(der: bytes, node: Node | None = None, *, where: str = "") -> x509.Certificate:
    """A certificate from DER, not yet believed. Raises MalformedDocument, also for one cryptography cannot handle.

    cryptography reads the parts of a certificate when they are asked for: all that is needed later is read here.
    """
    try:
        found = x509.load_der_x509_certificate(der)
        _ = (found.public_key(), found.issuer, found.subject, found.not_valid_before_utc, found.not_valid_after_utc)
        _ = found.extensions
    except _UNREADABLE as e:
        place = f"{node.where}: {node.path}" if node else where
        raise MalformedDocument("no X.509 certificate that can be read", where=place) from e
    return found


def _window(node: Node) -> Window:
    end = only(node, "start", "end").maybe("end")
    return Window(read_time(node.at("start")), read_time(end) if end else None)


def read_time(node: Node) -> datetime:
    """A time of RFC 3339 with a zone, as protobuf writes it."""
    try:
        found = datetime.fromisoformat(node.text())
    except ValueError:
        node.fail("expected a time of RFC 3339")
    if found.tzinfo is None:
        node.fail("expected a time with a zone")
    return found.astimezone(UTC)
