"""Bundles: what is read, what is written, and what is neither."""

import json
from typing import Any

import pytest

from supplychain.errors import MalformedDocument, SignatureInvalid, UnsupportedType
from supplychain.model.bundle import Bundle, Certificates, PublicKeyHint
from supplychain.model.statement import Envelope
from supplychain.verify.bundle import encode, parse
from tests.support.evidence import attested, key, signed


def read(value: Any) -> Bundle:
    found = parse(json.dumps(value).encode(), where="b.json")
    assert isinstance(found, Bundle)
    return found


@pytest.mark.parametrize("made", [attested, signed])
def test_what_is_written_is_read_back(made: Any) -> None:
    bundle = read(made())
    assert parse(encode(bundle), where="again") == bundle
    assert bundle.material == PublicKeyHint(hint=key().public.hint)


def test_message_without_digest_is_written_without() -> None:
    value = signed()
    del value["messageSignature"]["messageDigest"]
    assert parse(encode(read(value)), where="again") == read(value)


def test_older_spelling_of_the_media_type() -> None:
    value = attested() | {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.3"}
    assert isinstance(read(value).content, Envelope)


@pytest.mark.parametrize("media_type", ["application/vnd.dev.sigstore.bundle.v0.4+json", "text/plain"])
def test_unknown_version_is_unsupported(media_type: str) -> None:
    with pytest.raises(UnsupportedType):
        read(attested() | {"mediaType": media_type})


def test_hint_may_be_absent() -> None:
    value = attested()
    value["verificationMaterial"] = {"publicKey": {}}
    assert read(value).material == PublicKeyHint(hint="")


@pytest.mark.parametrize(
    "change",
    [
        {"dsseEnvelope": None},
        {"messageSignature": {"signature": "AAAA"}},
        {"verificationMaterial": None},
        {"verificationMaterial": {}},
        {"verificationMaterial": {"publicKey": {}, "certificate": {"rawBytes": "AAAA"}}},
        {"verificationMaterial": {"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}}},
        {"verificationMaterial": {"certificate": {"rawBytes": "!"}}},
        {"mediaType": 3},
    ],
)
def test_bundle_that_breaks_its_format(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedDocument):
        read(attested() | change)


@pytest.mark.threat(11)
def test_empty_certificate_list() -> None:
    with pytest.raises(SignatureInvalid):
        read(attested() | {"verificationMaterial": {"x509CertificateChain": {"certificates": []}}})


def test_only_bundles_of_keys_are_written() -> None:
    bundle = read(attested())
    for change in (
        Bundle(content=bundle.content, material=Certificates(chain=(b"x",))),
        Bundle(content=bundle.content, material=bundle.material, timestamps=(b"x",)),
    ):
        with pytest.raises(UnsupportedType):
            encode(change)
