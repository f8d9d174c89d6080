"""Timestamps (RFC 3161): by whom, when, and of what; each wrong in one way."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import MalformedDocument, TimestampInvalid
from supplychain.roots.packaged import packaged_root
from supplychain.verify.root import parse_root
from supplychain.verify.timestamp import time_of
from tests.sigstore_stack import bundles, tsa
from tests.sigstore_stack.certificates import Window, authority_extensions, certificate, key_usage
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.encoding import Document, b64, der, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.keys import p256
from tests.sigstore_stack.root import authority_instance, opened, trusted_root
from tests.sigstore_stack.stack import Stack
from tests.sigstore_stack.tsa import Tsa
from tests.support.certified import ARTIFACT, accepted, judge, raw, refused

SECOND = timedelta(seconds=1)


def logged(stack: Stack) -> Document:
    """By Rekor v2, which vouches for no time, and not stamped yet."""
    return bundles.signed_artifact(stack, ARTIFACT, kind=EntryKind.HASHEDREKORD_2, stamped=False)


def signature(bundle: Document) -> bytes:
    return unb64(bundle["messageSignature"]["signature"])


def with_tokens(bundle: Document, *tokens: bytes) -> Document:
    stamps = [{"signedTimestamp": b64(token)} for token in tokens]
    bundle["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    return bundle


def stamped(stack: Stack, *, by: Tsa | None = None, at: datetime | None = None, embed: bool = True) -> Document:
    bundle = logged(stack)
    return with_tokens(bundle, tsa.stamp(by or stack.tsa, signature(bundle), at=at, embed=embed))


def trusting(trusted: Document, *authorities: Tsa, window: Window | None = None) -> Document:
    valid = window or Window(start=START - timedelta(days=1))
    return trusted | {"timestampAuthorities": [authority_instance(each, valid) for each in authorities]}


@pytest.mark.parametrize("embed", [True, False])
def test_a_timestamp_with_and_without_its_certificate(stack: Stack, trusted: Document, embed: bool) -> None:
    assert judge(stamped(stack, embed=embed), trusted).signed_at == START


def test_the_authority_is_found_among_others(stack: Stack, stranger: Stack, trusted: Document) -> None:
    for order in ((stack.tsa, stranger.tsa), (stranger.tsa, stack.tsa)):
        accepted(stamped(stack), trusting(trusted, *order))


@pytest.mark.threat(14)
@pytest.mark.parametrize("embed", [True, False])
def test_timestamp_of_an_unknown_authority(stack: Stack, trusted: Document, embed: bool) -> None:
    other = tsa.new_tsa(stack.clock, "evil")
    words = "no timestamp authority that the trusted root names"
    refused(TimestampInvalid, words, stamped(stack, by=other, embed=embed), trusted)


@pytest.mark.threat(14)
@pytest.mark.parametrize("embed", [True, False])
def test_timestamp_of_an_unknown_authority_of_the_same_name(
    stack: Stack, stranger: Stack, trusted: Document, embed: bool
) -> None:
    refused(TimestampInvalid, "does not verify", stamped(stack, by=stranger.tsa, embed=embed), trusted)


@pytest.mark.threat(14)
def test_key_of_another_authority_under_the_right_certificate(stack: Stack, stranger: Stack, trusted: Document) -> None:
    forged = replace(stack.tsa, key=stranger.tsa.key)
    refused(TimestampInvalid, "does not verify", stamped(stack, by=forged), trusted)


@pytest.mark.threat(14)
def test_another_certificate_by_the_authoritys_own_root(stack: Stack, trusted: Document) -> None:
    """The certificate that the caller's root names signs timestamps, and none besides."""
    first, second = tsa.new_tsa(stack.clock), tsa.new_tsa(stack.clock)
    shared = replace(first, certificate=second.certificate, key=second.key)
    refused(TimestampInvalid, "does not verify", stamped(stack, by=shared), trusting(trusted, first))


def test_a_root_without_timestamp_authorities(stack: Stack, trusted: Document) -> None:
    words = "the trusted root names no timestamp authority"
    refused(TimestampInvalid, words, stamped(stack), trusted | {"timestampAuthorities": []})


def test_timestamp_of_another_signature(stack: Stack, trusted: Document) -> None:
    bundle = with_tokens(logged(stack), tsa.stamp(stack.tsa, b"another"))
    refused(TimestampInvalid, "it is about another signature", bundle, trusted)


def test_a_bad_timestamp_beside_a_good_one_is_not_passed_over(stack: Stack, trusted: Document) -> None:
    bundle = logged(stack)
    good, bad = tsa.stamp(stack.tsa, signature(bundle)), tsa.stamp(stack.tsa, b"another")
    for order in ((good, bad), (bad, good)):
        refused(TimestampInvalid, "it is about another signature", with_tokens(bundle, *order), trusted)


def test_a_bad_timestamp_beside_a_good_promise_is_not_passed_over(stack: Stack, trusted: Document) -> None:
    bundle = with_tokens(bundles.signed_artifact(stack, ARTIFACT), tsa.stamp(stack.tsa, b"another"))
    refused(TimestampInvalid, "it is about another signature", bundle, trusted)


@pytest.mark.threat(12)
def test_window_of_an_authority_is_closed_at_both_ends(stack: Stack, trusted: Document) -> None:
    bundle = stamped(stack)
    accepted(bundle, trusting(trusted, stack.tsa, window=Window(start=START, end=START)))
    for window in (Window(start=START + SECOND), Window(start=START - 2 * SECOND, end=START - SECOND)):
        narrow = trusting(trusted, stack.tsa, window=window)
        refused(TimestampInvalid, "outside of the authority's validity", bundle, narrow)


@pytest.mark.threat(12)
@pytest.mark.parametrize("which", ["valid", "root_valid"])
def test_timestamp_outside_of_its_authoritys_certificates(stack: Stack, trusted: Document, which: str) -> None:
    for start, end in ((SECOND, timedelta(days=1)), (-timedelta(days=1), -SECOND)):
        window = Window(start=START + start, end=START + end)
        other = Window(start=START - timedelta(days=9), end=START + timedelta(days=9))
        windows: dict[str, Any] = {"valid": other, "root_valid": other, which: window}
        authority = tsa.new_tsa(stack.clock, **windows)
        words = "outside of the validity of its authority's certificates"
        refused(TimestampInvalid, words, stamped(stack, by=authority), trusting(trusted, authority))


def test_a_timestamp_outlives_the_certificates_of_its_authority(stack: Stack, trusted: Document) -> None:
    short = Window(start=START, end=START + SECOND)
    authority = tsa.new_tsa(stack.clock, valid=short, root_valid=short)
    accepted(stamped(stack, by=authority), trusting(trusted, authority), at=START + timedelta(days=900))


@pytest.mark.threat(12)
def test_time_of_signing_is_compared_with_the_certificate_inclusively(stack: Stack, trusted: Document) -> None:
    """A certificate of ten minutes from the time of START."""
    life = stack.authority.lifetime
    for good in (timedelta(0), life):
        assert judge(stamped(stack, at=START + good), trusted).signed_at == START + good
    for bad in (-SECOND, life + SECOND):
        refused(TimestampInvalid, "its certificate is valid from", stamped(stack, at=START + bad), trusted)


def _response(change: Callable[[Any], object]) -> Callable[[bytes], bytes]:
    def spoil(token: bytes) -> bytes:
        response = tsp.TimeStampResp.load(token)
        change(response)
        return bytes(response.dump(force=True))

    return spoil


def _status(name: str) -> Callable[[Any], object]:
    return lambda response: response["status"].__setitem__("status", name)


GARBAGE: dict[str, Callable[[bytes], bytes]] = {
    "rejected": _response(_status("rejection")),
    "granted with changes": _response(_status("granted_with_mods")),
    "waiting": _response(_status("waiting")),
    "revocation": _response(_status("revocation_notification")),
    "cut short": lambda token: token[:-1],
    "the token without its response": lambda token: bytes(tsp.TimeStampResp.load(token)["time_stamp_token"].dump()),
    "one byte": lambda token: b"\x30",
    "text": lambda token: b"no timestamp at all",
    "empty sequence": lambda token: b"\x30\x00",
    "status alone": lambda token: b"\x30\x05\x30\x03\x02\x01\x00",
}


@pytest.mark.threat(14)
@pytest.mark.parametrize("how", GARBAGE)
def test_token_that_was_not_granted_or_cannot_be_read(stack: Stack, trusted: Document, how: str) -> None:
    bundle = logged(stack)
    token = GARBAGE[how](tsa.stamp(stack.tsa, signature(bundle)))
    refused(TimestampInvalid, "a timestamp does not verify", with_tokens(bundle, token), trusted)


def test_more_after_a_token_is_refused(stack: Stack, trusted: Document) -> None:
    bundle = logged(stack)
    token = tsa.stamp(stack.tsa, signature(bundle))
    refused(TimestampInvalid, "it cannot be read", with_tokens(bundle, token + b"\0"), trusted)


def test_an_empty_token_is_malformed(stack: Stack, trusted: Document) -> None:
    refused(MalformedDocument, "expected a string, found an empty one", with_tokens(logged(stack), b""), trusted)


def test_an_authority_with_an_intermediate(stack: Stack, trusted: Document) -> None:
    """As Sigstore's own has: leaf, intermediate, root."""
    below = tsa.new_tsa(stack.clock)
    top, middle = p256(), p256()
    valid = Window(start=START - timedelta(days=9), end=START + timedelta(days=9))

    def authority(name: str, key: Any, issuer: str, issuer_key: Any, depth: int) -> Any:
        return certificate(
            subject=name,
            public_key=key.public_key(),
            issuer=issuer,
            issuer_key=issuer_key,
            valid=valid,
            extensions=authority_extensions(key.public_key(), issuer_key.public_key(), path_length=depth),
        )

    leaf = certificate(
        subject="tsa",
        public_key=below.key.public_key(),
        issuer="middle",
        issuer_key=middle,
        valid=valid,
        extensions=[
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage("digital_signature"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
        ],
    )
    made = replace(below, certificate=leaf, root=authority("top", top, "top", top, 1))
    three = authority_instance(made, opened(stack))
    raw = {"rawBytes": b64(der(authority("middle", middle, "top", top, 0)))}
    three["certChain"]["certificates"].insert(1, raw)
    bundle = stamped(stack, by=made)
    accepted(bundle, trusted | {"timestampAuthorities": [three]})
    three["certChain"]["certificates"].pop(1)
    refused(TimestampInvalid, "does not verify", bundle, trusted | {"timestampAuthorities": [three]})
    three["certChain"]["certificates"][1:1] = [raw, raw]
    refused(TimestampInvalid, "does not verify", bundle, trusted | {"timestampAuthorities": [three]})


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_token_are_a_refusal(data: bytes) -> None:
    root = parse_root(packaged_root(), where="root")
    for token in (data, b"\x30\x82" + len(data).to_bytes(2, "big") + data):
        with pytest.raises(TimestampInvalid):
            time_of(token, b"signature", root, where="x")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_token_with_any_byte_changed_is_our_refusal_or_the_same_time(stack: Stack, data: st.DataObject) -> None:
    token = bytearray(_one_token(stack.tsa))
    at = data.draw(st.integers(0, len(token) - 1))
    token[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(TimestampInvalid):
        found = time_of(bytes(token), b"signature", parse_root(raw(trusted_root(stack)), where="root"), where="x")
        assert found == START


@cache
def _one_token(authority: Tsa) -> bytes:
    """Made once: a law must draw alike each time."""
    return tsa.stamp(authority, b"signature")
