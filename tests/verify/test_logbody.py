"""What a log entry's body says of the signature: each kind, each field, wrong in one way."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from supplychain.errors import (
    LimitExceeded,
    LogEntryMismatch,
    MalformedDocument,
    SupplyChainError,
    UnsupportedAlgorithm,
    UnsupportedType,
)
from tests.sigstore_stack import bundles, entries, rekor, tsa
from tests.sigstore_stack.encoding import Document, b64, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack
from tests.support.certified import ARTIFACT, accepted, entry, measured, refused, signed_by

Spoil = Callable[[Document], object]


def _logged_as(stack: Stack, change: Spoil) -> Document:
    """A body that the log took in although it is not as it must be."""
    signer = bundles.enroll(stack)
    content = bundles.message(signer, ARTIFACT)
    body = bundles.body(EntryKind.HASHEDREKORD_1, signer, {"messageSignature": content}, ARTIFACT)
    change(body)
    logged = rekor.log(stack.rekor_1, body)
    return bundles.assembled(signer, {"messageSignature": content}, entries=[logged])


@pytest.mark.parametrize("kind", ["rekord", "hashedrekord"])
def test_entry_of_an_unknown_kind_or_version(stack: Stack, trusted: Document, kind: str) -> None:
    bundle = _logged_as(stack, lambda body: body.update(kind=kind, apiVersion="0.0.9"))
    refused(UnsupportedType, f"an entry of kind '{kind}' '0.0.9'", bundle, trusted)


def test_entry_that_is_called_another_kind_than_it_is(stack: Stack, trusted: Document) -> None:
    """kindVersion is not in the tree."""
    for name in ("dsse", "intoto"):
        bundle = signed_by(stack, bundles.enroll(stack))
        entry(bundle)["kindVersion"]["kind"] = name
        refused(LogEntryMismatch, f"it is called {name} 0.0.1 and its body is hashedrekord 0.0.1", bundle, trusted)
    bundle = signed_by(stack, bundles.enroll(stack))
    entry(bundle)["kindVersion"]["version"] = "0.0.2"
    entry(bundle)["logIndex"] = entry(bundle)["inclusionProof"]["logIndex"]
    del entry(bundle)["inclusionPromise"]
    refused(LogEntryMismatch, "it is called hashedrekord 0.0.2", bundle, trusted)


def _at(*path: str, value: Any) -> Spoil:
    def spoil(body: Document) -> None:
        for step in path[:-1]:
            body = body[step]
        if value is None:
            del body[path[-1]]
        else:
            body[path[-1]] = value

    return spoil


ONE_PEM = b"-----BEGIN X-----\nAAAA\n-----END X-----\n"
BODIES: dict[str, tuple[Spoil, type[SupplyChainError], str]] = {
    "no spec": (_at("spec", value=None), MalformedDocument, "missing"),
    "no hash": (_at("spec", "data", value={}), MalformedDocument, "missing"),
    "no signature": (_at("spec", "signature", value=None), MalformedDocument, "missing"),
    "sha1": (_at("spec", "data", "hash", "algorithm", value="sha1"), UnsupportedAlgorithm, "a digest by 'sha1'"),
    "other hash": (_at("spec", "data", "hash", "value", value="0" * 64), LogEntryMismatch, "another file"),
    "hash in upper case": (_at("spec", "data", "hash", "value", value="A" * 64), LogEntryMismatch, "another file"),
    "no PEM": (
        _at("spec", "signature", "publicKey", "content", value=b64(b"junk")),
        MalformedDocument,
        "one PEM block",
    ),
    "two PEM blocks": (
        _at("spec", "signature", "publicKey", "content", value=b64(ONE_PEM * 2)),
        MalformedDocument,
        "one PEM block",
    ),
    "text after the PEM": (
        _at("spec", "signature", "publicKey", "content", value=b64(ONE_PEM + b"more")),
        MalformedDocument,
        "one PEM block",
    ),
    "no base64 in the PEM": (
        _at("spec", "signature", "publicKey", "content", value=b64(ONE_PEM.replace(b"AAAA", b"*AAAA"))),
        MalformedDocument,
        "one PEM block",
    ),
    "another PEM": (
        _at("spec", "signature", "publicKey", "content", value=b64(ONE_PEM)),
        LogEntryMismatch,
        "another key",
    ),
}


@pytest.mark.threat(9)
@pytest.mark.parametrize("case", BODIES)
def test_body_that_says_something_else(stack: Stack, trusted: Document, case: str) -> None:
    spoil, error, words = BODIES[case]
    refused(error, words, _logged_as(stack, spoil), trusted)


def _stated_as(stack: Stack, kind: EntryKind, change: Spoil) -> Document:
    signer = bundles.enroll(stack)
    content = bundles.envelope(signer, bundles.statement(ARTIFACT))
    body = entries.body_of(kind, content, signer.verifier)
    change(body["spec"])
    logged = rekor.log(stack.rekor(kind.rekor), body)
    tokens = [tsa.stamp(stack.tsa, unb64(content["signatures"][0]["sig"]))]
    return bundles.assembled(signer, {"dsseEnvelope": content}, entries=[logged], tokens=tokens)


def _twice(*path: str) -> Spoil:
    def spoil(body: Any) -> None:
        for step in path:
            body = body[step]
        body *= 2

    return spoil


def _one(*path: str, name: str, value: Any) -> Spoil:
    def spoil(body: Any) -> None:
        for step in path:
            body = body[step]
        body[0][name] = value

    return spoil


K = EntryKind
PAYLOAD = {"algorithm": "sha256", "value": "0" * 64}
WEAK = {"algorithm": "md5", "value": "0" * 32}
PEM = b64(ONE_PEM)
RAW: Document = {"publicKey": {"rawBytes": "AAAA"}}
STATED: dict[str, tuple[EntryKind, Spoil, type[SupplyChainError], str]] = {
    "dsse 1, payload": (K.DSSE_1, _at("payloadHash", value=PAYLOAD), LogEntryMismatch, "another statement"),
    "dsse 1, weak": (K.DSSE_1, _at("payloadHash", value=WEAK), UnsupportedAlgorithm, "other than sha256"),
    "dsse 1, key": (K.DSSE_1, _one("signatures", name="verifier", value=PEM), LogEntryMismatch, "another key"),
    "dsse 1, signature": (
        K.DSSE_1,
        _one("signatures", name="signature", value="AAAA"),
        LogEntryMismatch,
        "another signature",
    ),
    "dsse 1, none": (K.DSSE_1, _at("signatures", value=[]), LogEntryMismatch, "another signature and key"),
    "dsse 1, two": (K.DSSE_1, _twice("signatures"), LimitExceeded, "2 items, at most 1"),
    "dsse 2, payload": (
        K.DSSE_2,
        _at("dsseV002", "payloadHash", "digest", value=b64(b"0" * 32)),
        LogEntryMismatch,
        "another statement",
    ),
    "dsse 2, weak": (
        K.DSSE_2,
        _at("dsseV002", "payloadHash", "algorithm", value="MD5"),
        UnsupportedAlgorithm,
        "a digest by 'MD5'",
    ),
    "dsse 2, signature": (
        K.DSSE_2,
        _one("dsseV002", "signatures", name="content", value="AAAA"),
        LogEntryMismatch,
        "another signature",
    ),
    "dsse 2, key": (K.DSSE_2, _one("dsseV002", "signatures", name="verifier", value=RAW), LogEntryMismatch, "key"),
    "dsse 2, no key": (
        K.DSSE_2,
        _one("dsseV002", "signatures", name="verifier", value={}),
        MalformedDocument,
        "one of x509Certificate and publicKey",
    ),
    "dsse 2, two keys": (
        K.DSSE_2,
        _one("dsseV002", "signatures", name="verifier", value={**RAW, "x509Certificate": RAW["publicKey"]}),
        MalformedDocument,
        "one of x509Certificate and publicKey",
    ),
    "dsse 2, two": (K.DSSE_2, _twice("dsseV002", "signatures"), LimitExceeded, "2 items, at most 1"),
    "hashedrekord 2, other": (
        K.HASHEDREKORD_2,
        _at("hashedRekordV002", "data", "digest", value=b64(b"0" * 32)),
        LogEntryMismatch,
        "another statement",
    ),
    "intoto 1, payload": (
        K.INTOTO_1,
        _at("content", "payloadHash", value=PAYLOAD),
        LogEntryMismatch,
        "another statement",
    ),
    "intoto 1, key": (K.INTOTO_1, _at("publicKey", value=PEM), LogEntryMismatch, "another key"),
    "intoto 2, payload": (
        K.INTOTO_2,
        _at("content", "payloadHash", value=PAYLOAD),
        LogEntryMismatch,
        "another statement",
    ),
    "intoto 2, signature": (
        K.INTOTO_2,
        _one("content", "envelope", "signatures", name="sig", value="AAAA"),
        LogEntryMismatch,
        "another signature",
    ),
    "intoto 2, key": (
        K.INTOTO_2,
        _one("content", "envelope", "signatures", name="publicKey", value=PEM),
        LogEntryMismatch,
        "another key",
    ),
    "intoto 2, none": (
        K.INTOTO_2,
        _at("content", "envelope", "signatures", value=[]),
        LogEntryMismatch,
        "another signature and key",
    ),
    "intoto 2, two": (K.INTOTO_2, _twice("content", "envelope", "signatures"), LimitExceeded, "2 items, at most 1"),
}


@pytest.mark.threat(9)
@pytest.mark.parametrize("case", STATED)
def test_body_of_a_statement_that_says_something_else(stack: Stack, trusted: Document, case: str) -> None:
    kind, spoil, error, words = STATED[case]
    found = refused(error, words, _stated_as(stack, kind, spoil), trusted)
    if error is LogEntryMismatch and "and" not in words:
        assert " and " not in found.message


def test_an_intoto_entry_may_hold_the_signature_in_base64_once(stack: Stack, trusted: Document) -> None:
    def once(spec: Document) -> None:
        for each in spec["content"]["envelope"]["signatures"]:
            each["sig"] = unb64(each["sig"]).decode()

    accepted(_stated_as(stack, EntryKind.INTOTO_2, once), trusted)


def test_a_certificate_in_an_entry_may_be_wrapped_otherwise(stack: Stack, trusted: Document) -> None:
    def wrapped(spec: Document) -> None:
        (each,) = spec["signatures"]
        each["verifier"] = b64(unb64(each["verifier"]).replace(b"\n", b"\r\n"))

    accepted(_stated_as(stack, EntryKind.DSSE_1, wrapped), trusted)


@pytest.mark.parametrize("data", [b"junk", b"[]", b'{"kind": 1}', b"\xff", b"{" * 200])
def test_body_that_is_no_document(stack: Stack, trusted: Document, data: bytes) -> None:
    signer = bundles.enroll(stack)
    content = bundles.message(signer, ARTIFACT)
    log = stack.rekor_1
    index = log.tree.append(data)
    logged = {
        "logIndex": str(log.first + index),
        "logId": {"keyId": b64(log.log_id)},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "inclusionProof": rekor.proof(log, index, index + 1),
        "canonicalizedBody": b64(data),
        "integratedTime": str(log.clock.seconds()),
    }
    promise = rekor.promise(log, data, log.first + index, log.clock.seconds())
    logged["inclusionPromise"] = {"signedEntryTimestamp": b64(promise)}
    bundle = bundles.assembled(signer, {"messageSignature": content}, entries=[logged])
    error = LimitExceeded if len(data) > 100 else MalformedDocument
    refused(error, "", bundle, trusted)


def test_a_p384_file_is_logged_by_its_own_digest(stack: Stack, trusted: Document) -> None:
    """An entry may name any digest that proves something."""

    def longer(body: Document) -> None:
        digest = {"algorithm": "sha512", "value": hashlib.sha512(ARTIFACT).hexdigest()}
        body["spec"]["data"]["hash"] = digest

    bundle = _logged_as(stack, longer)
    accepted(bundle, trusted)
    refused(UnsupportedAlgorithm, "names the sha512 of the file", bundle, trusted, about=measured(by_digest=True))
