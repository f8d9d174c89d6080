"""Signing certificates: who issued them, for what, in which transparency log, and what they say; wrong in one way."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    TimestampInvalid,
    TrustRootExpired,
)
from supplychain.verify.certificate import load_chain
from tests.sigstore_stack import authority as fulcio
from tests.sigstore_stack import bundles, certificates, ctlog, tsa
from tests.sigstore_stack.bundles import V0_1, V0_2
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.encoding import Document, b64, der, unb64
from tests.sigstore_stack.keys import p256
from tests.sigstore_stack.root import authority_instance, log_instance, opened
from tests.sigstore_stack.stack import Stack
from tests.support.certified import (
    WORKFLOW,
    Extensions,
    accepted,
    certified,
    judge,
    refused,
    set_to,
    signed_by,
    true_sct,
    without,
)

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
NO_PATH = "does not lead to the trusted root"


def trusting(trusted: Document, stack: Stack, *authorities: fulcio.Authority, window: Window | None = None) -> Document:
    found = [authority_instance(each, window or opened(stack)) for each in authorities or (stack.authority,)]
    return trusted | {"certificateAuthorities": found}


def around(start: timedelta, end: timedelta) -> Window:
    return Window(start=START + start, end=START + end)


def test_a_certificate_made_as_these_tests_do_is_accepted(stack: Stack, trusted: Document) -> None:
    assert judge(signed_by(stack, certified(stack)), trusted).signer_id == WORKFLOW.subject


@pytest.mark.threat(12)
def test_signed_before_and_after_the_certificate(stack: Stack, trusted: Document) -> None:
    """Valid at both its ends, to the second."""
    for start, end in ((timedelta(0), DAY), (-DAY, timedelta(0))):
        accepted(signed_by(stack, certified(stack, valid=around(start, end))), trusted)
    for start, end in ((SECOND, DAY), (-DAY, -SECOND)):
        late = signed_by(stack, certified(stack, valid=around(start, end)))
        refused(TimestampInvalid, "its certificate is valid from", late, trusted)


@pytest.mark.threat(12)
def test_every_time_must_be_within_the_certificate(stack: Stack, trusted: Document) -> None:
    """A timestamp within does not excuse a log entry of an hour later."""
    signer = bundles.enroll(stack)
    with stack.clock.at(START + timedelta(minutes=30)):
        late = signed_by(stack, signer)
    token = tsa.stamp(stack.tsa, unb64(late["messageSignature"]["signature"]), at=START)
    late["verificationMaterial"]["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(token)}]}
    refused(TimestampInvalid, "its certificate is valid from", late, trusted)


@pytest.mark.threat(12)
def test_window_of_an_authority_is_closed_at_both_ends(stack: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))
    accepted(bundle, trusting(trusted, stack, window=Window(start=START, end=START)))
    for window in (Window(start=START + SECOND), around(-2 * SECOND, -SECOND)):
        narrow = trusting(trusted, stack, window=window)
        refused(TimestampInvalid, "its authority is trusted from", bundle, narrow)


@pytest.mark.threat(13, 56)
@pytest.mark.parametrize("which", ["valid", "intermediate_valid"])
@pytest.mark.parametrize(("start", "end"), [(-9 * DAY, -SECOND), (SECOND, 9 * DAY)])
def test_authority_that_was_out_of_date_when_it_signed(
    stack: Stack, trusted: Document, which: str, start: timedelta, end: timedelta
) -> None:
    """Also where neither log nor timestamp authority is asked for."""
    windows: dict[str, Any] = dict.fromkeys(("valid", "intermediate_valid"), around(-9 * DAY, 9 * DAY))
    old = fulcio.new_authority(stack.clock, **{**windows, which: around(start, end)})
    other = replace(stack, authority=old)
    bundle = signed_by(other, bundles.enroll(other))
    refused(TrustRootExpired, "was not valid", bundle, trusting(trusted, other))
    more = trusting(trusted, other, stack.authority, old, fulcio.new_authority(stack.clock))
    refused(TrustRootExpired, "was not valid", bundle, more)


def test_authority_valid_for_one_second_is_enough(stack: Stack, trusted: Document) -> None:
    valid = around(timedelta(0), timedelta(0))
    other = replace(stack, authority=fulcio.new_authority(stack.clock, valid=valid))
    accepted(signed_by(other, bundles.enroll(other)), trusting(trusted, other), at=START + 900 * DAY)


def test_the_authority_is_found_among_others_of_its_name(stack: Stack, stranger: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))
    for order in ((stack.authority, stranger.authority), (stranger.authority, stack.authority)):
        accepted(bundle, trusting(trusted, stack, *order))


def test_what_the_right_authority_says_is_told_before_what_others_say(
    stack: Stack, stranger: Stack, trusted: Document
) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))
    first = authority_instance(stranger.authority, opened(stack))
    second = authority_instance(stack.authority, around(-2 * DAY, -DAY))
    for order in ([first, second], [second, first]):
        both = trusted | {"certificateAuthorities": order}
        refused(TimestampInvalid, "its authority is trusted from", bundle, both)


def test_a_root_without_authorities(stack: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))
    none = trusted | {"certificateAuthorities": []}
    refused(SignatureInvalid, "which the trusted root does not name", bundle, none)
    chained = _chained(signed_by(stack, bundles.enroll(stack), media_type=V0_2), stack.authority.intermediate)
    refused(SignatureInvalid, "which the trusted root does not name", chained, none)


def _chained(bundle: Document, *more: x509.Certificate) -> Document:
    chain = bundle["verificationMaterial"]["x509CertificateChain"]["certificates"]
    chain += [{"rawBytes": b64(der(each))} for each in more]
    return bundle


@pytest.mark.parametrize("media_type", [V0_1, V0_2])
def test_an_intermediate_in_the_bundle_is_no_anchor(stack: Stack, trusted: Document, media_type: str) -> None:
    bundle = _chained(signed_by(stack, bundles.enroll(stack), media_type=media_type), stack.authority.intermediate)
    accepted(bundle, trusted)
    ca = authority_instance(stack.authority, opened(stack))
    ca["certChain"]["certificates"].pop(0)
    only_root = trusted | {"certificateAuthorities": [ca]}
    accepted(bundle, only_root)
    unchained = signed_by(stack, bundles.enroll(stack), media_type=media_type)
    refused(SignatureInvalid, "which the trusted root does not name", unchained, only_root)


@pytest.mark.parametrize("media_type", [V0_1, V0_2])
def test_self_issued_certificate_in_the_chain(
    stack: Stack, stranger: Stack, trusted: Document, media_type: str
) -> None:
    for chain in ((stack.authority.intermediate, stack.authority.root), (stranger.authority.root,)):
        bundle = _chained(signed_by(stack, bundles.enroll(stack), media_type=media_type), *chain)
        refused(SignatureInvalid, "self-issued certificate", bundle, trusted)


def test_self_issued_leaf(stack: Stack, trusted: Document) -> None:
    signer = certified(stack, subject="fulcio intermediate")
    refused(SignatureInvalid, "self-issued certificate", signed_by(stack, signer), trusted)


@pytest.mark.parametrize("media_type", [V0_1, V0_2])
def test_chain_of_a_stranger_of_its_name(stack: Stack, stranger: Stack, trusted: Document, media_type: str) -> None:
    """Its intermediate rides along: it issued the leaf, and nobody the caller believes issued it."""
    bundle = signed_by(replace(stack, authority=stranger.authority), bundles.enroll(stranger), media_type=media_type)
    refused(SignatureInvalid, "which the trusted root does not name", bundle, trusted)
    refused(SignatureInvalid, NO_PATH, _chained(bundle, stranger.authority.intermediate), trusted)


def test_certificate_under_the_name_of_another_issuer(stack: Stack, trusted: Document) -> None:
    signer = certified(stack, issuer="fulcio root")
    refused(SignatureInvalid, "which the trusted root does not name", signed_by(stack, signer), trusted)


USAGE: dict[str, tuple[Callable[[Extensions], object], str]] = {
    "no key usage": (without("usage"), "does not say what it may be used for"),
    "no extended usage": (without("extended"), "does not say what it may be used for"),
    "usage of key agreement": (set_to("usage", certificates.key_usage("key_agreement"), True), "not for signing code"),
    "for servers": (
        set_to("extended", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        "not for signing code",
    ),
    "for timestamps": (
        set_to("extended", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])),
        "not for signing code",
    ),
    "for any use": (
        set_to("extended", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
        "not for signing code",
    ),
    "an authority itself": (set_to("basic", x509.BasicConstraints(ca=True, path_length=None), True), NO_PATH),
    "an unknown critical extension": (
        set_to("x", x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
        NO_PATH,
    ),
}


@pytest.mark.parametrize("case", USAGE)
def test_certificate_that_is_not_for_this(stack: Stack, trusted: Document, case: str) -> None:
    change, words = USAGE[case]
    refused(SignatureInvalid, words, signed_by(stack, certified(stack, change=change)), trusted)


def test_leaf_that_issues_a_leaf(stack: Stack, trusted: Document) -> None:
    """Whoever has a certificate must not make others."""
    key = p256()
    first = certified(stack, subject="mallory", key=key)
    assert first.certificate is not None
    lower = certified(
        replace(stack, authority=replace(stack.authority, key=key, intermediate=first.certificate)),
        issuer="mallory",
    )
    bundle = _chained(signed_by(stack, lower, media_type=V0_2), first.certificate)
    refused(SignatureInvalid, NO_PATH, bundle, trusted)


SCTS: dict[str, tuple[Callable[[Stack, Stack], Any], str]] = {
    "missing": (lambda stack, stranger: lambda bare: None, "carries 0 certificate timestamps"),
    "an empty list": (lambda stack, stranger: lambda bare: ctlog.extension(), "carries 0 certificate timestamps"),
    "twice": (lambda stack, stranger: lambda bare: _twice(stack, bare), "carries 2 certificate timestamps"),
    "of another log": (
        lambda stack, stranger: true_sct(replace(stack, ctlog=stranger.ctlog)),
        "a log that the trusted root does not name",
    ),
    "over another certificate": (
        lambda stack, stranger: lambda bare: true_sct(stack)(_bare(certified(stack))),
        "not signed by the log it names",
    ),
    "by another issuer": (
        lambda stack, stranger: true_sct(
            replace(stack, authority=replace(stack.authority, intermediate=stack.authority.root))
        ),
        "not signed by the log it names",
    ),
    "by another key": (
        lambda stack, stranger: lambda bare: _forged(stack, stranger, bare),
        "not signed by the log it names",
    ),
    "by another hash": (
        lambda stack, stranger: lambda bare: _spoilt(stack, bare, 43, b"\x02"),
        "not signed by the log",
    ),
    "of another time": (
        lambda stack, stranger: lambda bare: _spoilt(stack, bare, 40, b"\x01"),
        "not signed by the log",
    ),
    "of no time": (lambda stack, stranger: lambda bare: _spoilt(stack, bare, 33, b"\xff" * 8), "of no time"),
}


def _bare(signer: bundles.Signer) -> x509.Certificate:
    assert signer.certificate is not None
    return signer.certificate


def _sct(stack: Stack, bare: x509.Certificate) -> bytes:
    return ctlog.timestamp(stack.ctlog, bare, stack.authority.intermediate, at=START)


def _twice(stack: Stack, bare: x509.Certificate) -> x509.ExtensionType:
    return ctlog.extension(_sct(stack, bare), _sct(stack, bare))


def _forged(stack: Stack, stranger: Stack, bare: x509.Certificate) -> x509.ExtensionType:
    theirs = _sct(replace(stack, ctlog=stranger.ctlog), bare)
    return ctlog.extension(theirs[:1] + stack.ctlog.log_id + theirs[33:])


def _spoilt(stack: Stack, bare: x509.Certificate, at: int, value: bytes) -> x509.ExtensionType:
    """The SCT with these bytes in place: version, log id (1), time (33), extensions (41), algorithm (43), signature."""
    sct = _sct(stack, bare)
    return ctlog.extension(sct[:at] + value + sct[at + len(value) :])


@pytest.mark.parametrize("case", SCTS)
def test_certificate_timestamp_that_does_not_count(stack: Stack, stranger: Stack, trusted: Document, case: str) -> None:
    make, words = SCTS[case]
    bundle = signed_by(stack, certified(stack, sct=make(stack, stranger)))
    refused(LogEntryMismatch, words, bundle, trusted)


def test_certificate_timestamp_with_extensions(stack: Stack, trusted: Document) -> None:
    accepted(signed_by(stack, certified(stack, sct=true_sct(stack, more=b"more"))), trusted)


def test_without_ct_logs_in_the_root_no_certificate_timestamp_is_needed(stack: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, certified(stack, sct=lambda bare: None))
    accepted(bundle, trusted | {"ctlogs": []})


def test_window_of_a_ct_log_is_closed_at_both_ends(stack: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))

    def within(window: Window) -> Document:
        return trusted | {"ctlogs": [log_instance(stack.ctlog, window)]}

    accepted(bundle, within(Window(start=START, end=START)))
    for window in (Window(start=START + SECOND), around(-2 * SECOND, -SECOND)):
        refused(LogEntryMismatch, "the log is trusted from", bundle, within(window))


def test_milliseconds_of_a_certificate_timestamp_count(stack: Stack, trusted: Document) -> None:
    at = START + timedelta(milliseconds=507)
    accepted(signed_by(stack, certified(stack, sct=true_sct(stack, at=at))), trusted)


@pytest.mark.parametrize("raw", [b"junk", b"\x30\x00", b"\x30\x03\x02\x01\x00"])
def test_bytes_that_are_no_certificate(stack: Stack, trusted: Document, raw: bytes) -> None:
    bundle = signed_by(stack, bundles.enroll(stack))
    bundle["verificationMaterial"]["certificate"] = {"rawBytes": b64(raw)}
    refused(MalformedDocument, "no X.509 certificate that can be read", bundle, trusted)


def _spoilt_inside(signer: bundles.Signer, old: bytes, new: bytes) -> bytes:
    found = der(_bare(signer))
    assert old in found
    return found.replace(old, new, 1)


def test_certificate_whose_parts_cannot_be_read(stack: Stack, trusted: Document) -> None:
    """cryptography reads issuer, dates and extensions late: nothing but our error comes out of that."""
    signer = certified(stack)
    issuer = _bare(signer).issuer.public_bytes()
    spoilt = (
        (issuer, issuer.replace(b"sigstore.test", b"sigstore.te\xff\xff")),
        (b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x25"),  # an extension twice
        (b"\x86%c" % len(WORKFLOW.subject), b"\x83%c" % len(WORKFLOW.subject)),  # a name of the kind x400Address
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x42"),  # version 67
    )
    for old, new in spoilt:
        bundle = signed_by(stack, signer)
        bundle["verificationMaterial"]["certificate"] = {"rawBytes": b64(_spoilt_inside(signer, old, new))}
        refused(MalformedDocument, "no X.509 certificate that can be read", bundle, trusted)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_certificate_with_any_bytes_changed_is_read_or_our_error(stack: Stack, data: st.DataObject) -> None:
    """Whatever is read of it is refused later: here it must only not surprise."""
    found = bytearray(der(stack.authority.intermediate))
    for _ in range(data.draw(st.integers(1, 3))):
        found[data.draw(st.integers(0, len(found) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedDocument, SignatureInvalid):
        load_chain((bytes(found),), where="x")


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_certificate_are_a_refusal(data: bytes) -> None:
    with pytest.raises(MalformedDocument):
        load_chain((data,), where="x")


def test_messages_escape_the_names_of_foreign_issuers(stack: Stack, trusted: Document) -> None:
    signer = certified(stack, issuer="f\u0443lcio\x1b[31m")
    error = refused(SignatureInvalid, "which the trusted root does not name", signed_by(stack, signer), trusted)
    assert error.message.isascii()
    assert "\x1b" not in error.message


def test_time_of_the_log_is_what_counts_not_now(stack: Stack, trusted: Document) -> None:
    with stack.clock.at(START + timedelta(minutes=40)):
        bundle = signed_by(stack, bundles.enroll(stack))
    assert judge(bundle, trusted).signed_at == START + timedelta(minutes=40)
