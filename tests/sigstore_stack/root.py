"""What a verifier trusts and what a signer uses: trusted root v0.1, signing config v0.2, client trust config v0.1."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509

from tests.sigstore_stack.authority import Authority
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.ctlog import CtLog
from tests.sigstore_stack.encoding import Document, b64, der, rfc3339, spki
from tests.sigstore_stack.keys import PublicKey, details_of
from tests.sigstore_stack.rekor import Rekor
from tests.sigstore_stack.stack import Stack
from tests.sigstore_stack.tsa import Tsa

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
SIGNING_CONFIG = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
CLIENT_TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"

SINCE_LONG = Window(start=START - timedelta(days=1))


def opened(stack: Stack) -> Window:
    """From a day before the stack's present on, without an end."""
    return Window(start=stack.clock.now() - timedelta(days=1))


def trusted_root(stack: Stack, *, valid: Window | None = None) -> Document:
    """Trusts every part of the stack. A test edits it, or puts one together of the functions below."""
    valid = valid or opened(stack)
    return document(
        tlogs=[log_instance(each, valid) for each in (stack.rekor_1, stack.rekor_2)],
        ctlogs=[log_instance(stack.ctlog, valid)],
        authorities=[authority_instance(stack.authority, valid)],
        timestamp_authorities=[authority_instance(stack.tsa, valid)],
    )


def document(
    *,
    tlogs: Sequence[Document],
    ctlogs: Sequence[Document],
    authorities: Sequence[Document],
    timestamp_authorities: Sequence[Document],
) -> Document:
    return {
        "mediaType": TRUSTED_ROOT,
        "tlogs": list(tlogs),
        "certificateAuthorities": list(authorities),
        "ctlogs": list(ctlogs),
        "timestampAuthorities": list(timestamp_authorities),
    }


def valid_for(window: Window) -> Document:
    """An open window has no end, as protobuf's JSON leaves out what is absent."""
    start = {"start": rfc3339(window.start)}
    return start if window.end is None else {**start, "end": rfc3339(window.end)}


def log_instance(log: Rekor | CtLog, valid: Window) -> Document:
    """A TransparencyLogInstance of tlogs or ctlogs."""
    key: PublicKey = log.key.public_key()
    return {
        "baseUrl": log.url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": b64(spki(key)), "keyDetails": details_of(key), "validFor": valid_for(valid)},
        "logId": {"keyId": b64(log.log_id)},
    }


def authority_instance(authority: Authority | Tsa, valid: Window) -> Document:
    """A CertificateAuthority of certificateAuthorities or timestampAuthorities."""
    return {
        "subject": {"organization": "sigstore.test", "commonName": authority.name},
        "uri": f"https://{authority.name}.sigstore.test",
        "certChain": {"certificates": [_raw(each) for each in authority.chain]},
        "validFor": valid_for(valid),
    }


def _raw(certificate: x509.Certificate) -> Document:
    return {"rawBytes": b64(der(certificate))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where the services of a stack answer."""

    authority: str
    rekor_1: str
    rekor_2: str
    tsa: str
    """Of the timestamp endpoint itself; the others are roots."""
    issuer: str


NOWHERE = Urls(
    authority="http://127.0.0.1:9",
    rekor_1="http://127.0.0.1:9",
    rekor_2="http://127.0.0.1:9",
    tsa="http://127.0.0.1:9",
    issuer="http://127.0.0.1:9",
)
"""For a configuration that is only verified with."""


def client_trust_config(root: Document, config: Document) -> Document:
    """What a signing client reads: a trusted root, and the signing config of one version of Rekor."""
    return {"mediaType": CLIENT_TRUST_CONFIG, "trustedRoot": root, "signingConfig": config}


def signing_config(urls: Urls, valid: Window = SINCE_LONG, *, rekor: int = 2) -> Document:
    """Services of one operator, of which a client uses one each."""

    def service(url: str, version: int = 1) -> list[Document]:
        return [{"url": url, "majorApiVersion": version, "validFor": valid_for(valid), "operator": "sigstore.test"}]

    return {
        "mediaType": SIGNING_CONFIG,
        "caUrls": service(urls.authority),
        "oidcUrls": service(urls.issuer),
        "rekorTlogUrls": service({1: urls.rekor_1, 2: urls.rekor_2}[rekor], rekor),
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": service(urls.tsa),
        "tsaConfig": {"selector": "ANY"},
    }
