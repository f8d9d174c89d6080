"""Trusted roots: what is read, and what makes one unreadable."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    EvidenceIncomplete,
    LimitExceeded,
    LogEntryMismatch,
    MalformedDocument,
    SupplyChainError,
    UnsupportedType,
)
from supplychain.roots.packaged import packaged_root
from supplychain.verify.root import MEDIA_TYPES, Window, parse_root
from tests.sigstore_stack import bundles
from tests.sigstore_stack.encoding import Document, b64, rfc3339, spki
from tests.sigstore_stack.root import trusted_root
from tests.sigstore_stack.stack import Stack
from tests.support.certified import accepted, raw, refused, signed_by


def read(document: Document) -> Any:
    return parse_root(raw(document), where="root.json")


def test_the_root_of_the_public_instance_is_read_whole() -> None:
    found = parse_root(packaged_root(), where="root")
    assert found.unusable == ()
    kinds = (found.logs, found.ct_logs, found.certificate_authorities, found.timestamp_authorities)
    assert all(kinds)


def test_equal_bytes_are_one_root(trusted: Document) -> None:
    assert read(trusted) is read(trusted)
    assert len(read(trusted).sha256) == 64


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_every_version_is_read(trusted: Document, media_type: str) -> None:
    assert read(trusted | {"mediaType": media_type}).logs


@pytest.mark.parametrize("media_type", ["application/json", "application/vnd.dev.sigstore.trustedroot+json;version=9"])
def test_unknown_version_is_unsupported(trusted: Document, media_type: str) -> None:
    with pytest.raises(UnsupportedType, match="is no trusted root known here"):
        read(trusted | {"mediaType": media_type})


def test_a_log_may_have_two_ids(stack: Stack, trusted: Document) -> None:
    """Of its key and, as checkpoints name it, of its key and name; equal ones are one."""
    first = trusted["tlogs"][0]
    first["checkpointKeyId"] = {"keyId": b64(b"c" * 32)}
    assert [log.log_id for log in read(trusted).logs][:2] == [stack.rekor_1.log_id, b"c" * 32]
    first["checkpointKeyId"] = first["logId"]
    assert len(read(trusted).logs) == 2
    del first["logId"]
    assert len(read(trusted).logs) == 2


KINDS: dict[str, Any] = {
    "Ed448": lambda: ed448.Ed448PrivateKey.generate().public_key(),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()).public_key(),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048).public_key(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_log_of_a_key_that_proves_nothing_here_is_named_and_not_used(
    stack: Stack, trusted: Document, kind: str
) -> None:
    """One log of a new kind does not make the rest unreadable; what it signed does not verify."""
    trusted["tlogs"][0]["publicKey"]["rawBytes"] = b64(spki(KINDS[kind]()))
    found = read(trusted)
    assert len(found.logs) == 1
    assert found.unusable[0].startswith(stack.rekor_1.url)
    bundle = signed_by(stack, bundles.enroll(stack))
    refused(LogEntryMismatch, "a log that the trusted root does not name", bundle, trusted)


@pytest.mark.parametrize("field", ["tlogs", "ctlogs"])
def test_a_root_all_of_whose_logs_are_unusable_asks_for_them_all_the_same(
    stack: Stack, trusted: Document, field: str
) -> None:
    """Else one bit in the key of a log would take away what a certificate needs."""
    for log in trusted[field]:
        log["publicKey"]["rawBytes"] = b64(spki(KINDS["Ed448"]()))
    bundle = signed_by(stack, bundles.enroll(stack), stamped=True)
    if field == "tlogs":
        bundle["verificationMaterial"]["tlogEntries"] = []
        refused(EvidenceIncomplete, "in no transparency log", bundle, trusted)
    else:
        refused(LogEntryMismatch, "a log that the trusted root does not name", bundle, trusted)


def test_key_of_an_unknown_algorithm_is_named_and_not_used(trusted: Document) -> None:
    unknown = bytes.fromhex("3012 3006 0604 2a03 0405 0308 0001 0203 0405 0607".replace(" ", ""))
    trusted["tlogs"][0]["publicKey"]["rawBytes"] = b64(unknown)
    assert len(read(trusted).unusable) == 1


def test_rsa_key_of_a_log_in_pkcs_1(trusted: Document, rsa_key: Any) -> None:
    der = rsa_key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    trusted["ctlogs"][0]["publicKey"]["rawBytes"] = b64(der)
    assert read(trusted).ct_logs[0].key.algorithm == "rsa"


def _at(*path: Any, value: Any = None) -> Any:
    def spoil(document: Document) -> None:
        found: Any = document
        for step in path[:-1]:
            found = found[step]
        if value is None:
            del found[path[-1]]
        else:
            found[path[-1]] = value

    return spoil


WRONG: dict[str, Any] = {
    "no media type": _at("mediaType"),
    "logs that are no list": _at("tlogs", value={"a": 1}),
    "log without a key": _at("tlogs", 0, "publicKey"),
    "log without an id": _at("tlogs", 0, "logId"),
    "empty id": _at("tlogs", 0, "logId", value={"keyId": ""}),
    "no key": _at("tlogs", 0, "publicKey", "rawBytes", value="AAAA"),
    "no window": _at("tlogs", 0, "publicKey", "validFor"),
    "window without a start": _at("tlogs", 0, "publicKey", "validFor", "start"),
    "start that is null": _at("tlogs", 0, "publicKey", "validFor", value={"start": None}),
    "start that is no time": _at("tlogs", 0, "publicKey", "validFor", value={"start": "soon"}),
    "start without a zone": _at("tlogs", 0, "publicKey", "validFor", value={"start": "2025-01-01T00:00:00"}),
    "start that is a number": _at("tlogs", 0, "publicKey", "validFor", value={"start": 5}),
    "end that is no time": _at("ctlogs", 0, "publicKey", "validFor", "end", value="2025-13-01T00:00:00Z"),
    "authority without a chain": _at("certificateAuthorities", 0, "certChain"),
    "authority of no certificates": _at("certificateAuthorities", 0, "certChain", "certificates", value=[]),
    "certificate that is none": _at(
        "certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes", value="AAAA"
    ),
    "authority without a window": _at("certificateAuthorities", 0, "validFor"),
    "timestamp authority of no certificates": _at("timestampAuthorities", 0, "certChain", "certificates", value=[]),
    "logs misspelt": _at("ctlog", value=[]),
    "end misspelt": _at("tlogs", 0, "publicKey", "validFor", "ende", value="2025-01-01T00:00:00Z"),
    "end of an authority misspelt": _at("certificateAuthorities", 0, "validFor", "ends", value="2025-01-01T00:00:00Z"),
    "field of a log misspelt": _at("tlogs", 0, "baseURL", value="x"),
    "field of a key misspelt": _at("tlogs", 0, "publicKey", "keyDetail", value="x"),
    "field of an id misspelt": _at("tlogs", 0, "logId", "id", value="x"),
    "field of an authority misspelt": _at("timestampAuthorities", 0, "validfor", value={}),
    "field of a chain misspelt": _at("timestampAuthorities", 0, "certChain", "certificate", value=[]),
    "timestamp authority without a start": _at("timestampAuthorities", 0, "validFor", "start"),
}


@pytest.mark.parametrize("case", WRONG)
def test_root_that_breaks_its_format(trusted: Document, case: str) -> None:
    WRONG[case](trusted)
    with pytest.raises(MalformedDocument) as caught:
        read(trusted)
    assert caught.value.where.startswith("root.json")


@pytest.mark.parametrize("field", ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"])
def test_more_than_256_of_a_kind_are_not_read(trusted: Document, field: str) -> None:
    trusted[field] = trusted[field][:1] * 256
    assert read(trusted)
    trusted[field] *= 2
    with pytest.raises(LimitExceeded):
        read(trusted)


def test_a_chain_of_more_than_256_certificates_is_not_read(trusted: Document) -> None:
    trusted["certificateAuthorities"][0]["certChain"]["certificates"] *= 129
    with pytest.raises(LimitExceeded):
        read(trusted)


def test_a_root_of_more_than_4_mib_is_not_read(trusted: Document) -> None:
    size = 4 << 20
    url = "x" * (size - len(raw(trusted)) + len(trusted["tlogs"][0]["baseUrl"]))
    trusted["tlogs"][0]["baseUrl"] = url
    assert read(trusted)
    trusted["tlogs"][0]["baseUrl"] += "x"
    with pytest.raises(LimitExceeded):
        read(trusted)


def test_names_of_places_may_be_absent(stack: Stack, trusted: Document) -> None:
    for each in trusted["tlogs"] + trusted["ctlogs"]:
        del each["baseUrl"]
    for each in trusted["certificateAuthorities"] + trusted["timestampAuthorities"]:
        each["uri"] = ""
    accepted(signed_by(stack, bundles.enroll(stack), stamped=True), trusted)


def test_kinds_may_be_absent() -> None:
    found = read({"mediaType": MEDIA_TYPES[0], "tlogs": None})
    assert (found.logs, found.ct_logs, found.certificate_authorities, found.timestamp_authorities) == ((), (), (), ())


def test_a_window_includes_both_ends_and_says_so() -> None:
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
    assert Window(start, end).holds(start)
    assert Window(start, end).holds(end)
    assert not Window(end, None).holds(start)
    assert not Window(start, start).holds(end)
    assert str(Window(start, end)) == f"from {start} to {end}"
    assert str(Window(start, None)) == f"from {start}"


def test_times_are_of_any_zone(trusted: Document) -> None:
    trusted["tlogs"][0]["publicKey"]["validFor"] = {"start": "2025-06-01T01:00:00+01:00", "end": rfc3339(_YEAR)}
    window = read(trusted).logs[0].window
    assert window.start == datetime(2025, 6, 1, tzinfo=UTC)
    assert window.end == _YEAR


_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_root_are_a_refusal(data: bytes) -> None:
    with pytest.raises(SupplyChainError):
        parse_root(data, where="root.json")


VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.just([]) | st.just({})
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_root_with_any_value_exchanged_is_read_or_our_error(stack: Stack, data: st.DataObject) -> None:
    document: Any = trusted_root(stack)
    found: Any = document
    while True:
        step = data.draw(st.sampled_from(sorted(found) if isinstance(found, dict) else range(len(found))))
        if not isinstance(found[step], dict | list) or not found[step] or data.draw(st.booleans()):
            found[step] = data.draw(VALUES)
            break
        found = found[step]
    with contextlib.suppress(SupplyChainError):
        parse_root(json.dumps(document).encode(), where="root.json")
