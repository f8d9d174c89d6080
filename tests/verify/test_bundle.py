"""Bundles: what is read, what is written, and what is neither."""

import json
from dataclasses import replace
from typing import Any

import pytest

from supplychain.errors import MalformedDocument, SignatureInvalid, UnsupportedType
from supplychain.model.bundle import Bundle, Certificates, InclusionProof, LogEntry, PublicKeyHint
from supplychain.model.statement import Envelope
from supplychain.verify.bundle import MEDIA_TYPES, WITH_CHAIN, encode, parse
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


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_bundles_of_certificates_logs_and_timestamps_are_read_back(media_type: str) -> None:
    proof = InclusionProof(index=3, size=9, root=b"r" * 32, hashes=(b"h" * 32,), checkpoint="note")
    entry = LogEntry(
        log_id=b"l" * 32,
        index=3,
        kind="dsse",
        version="0.0.1",
        body=b"{}",
        integrated_time=1_700_000_000,
        promise=b"set",
        proof=proof,
    )
    bare = replace(entry, integrated_time=None, promise=None, proof=replace(proof, checkpoint=None))
    promised = replace(entry, proof=None)
    made = Bundle(
        content=read(attested()).content,
        material=Certificates(chain=(b"leaf", b"issuer") if media_type in WITH_CHAIN else (b"leaf",)),
        log_entries=(entry, bare, promised),
        timestamps=(b"token",),
        media_type=media_type,
    )
    assert parse(encode(made), where="again") == made
