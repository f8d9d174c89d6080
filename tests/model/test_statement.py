"""Statements and envelopes: what is signed, what is read, what is refused."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain._json import parse
from supplychain.errors import InputError, LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.statement import (
    MAX_SIGNATURES,
    MAX_SUBJECTS,
    STATEMENT_V01,
    STATEMENT_V1,
    Envelope,
    Statement,
    Subject,
    encode_statement,
    pae,
)

DIGEST = {"sha256": "0" * 64}


def read(**changes: Any) -> Statement:
    fields = {"_type": STATEMENT_V1, "subject": [{"digest": DIGEST}], "predicateType": "urn:x", "predicate": {}}
    made = {k: v for k, v in {**fields, **changes}.items() if v is not ...}
    return Statement.parse(json.dumps(made).encode(), where="s.json")


def envelope(**changes: Any) -> Envelope:
    sig = {"sig": base64.b64encode(b"sig").decode()}
    fields = {"payload": base64.b64encode(b"{}").decode(), "payloadType": "text/plain", "signatures": [sig]}
    made = {k: v for k, v in {**fields, **changes}.items() if v is not ...}
    return Envelope.parse(parse(json.dumps(made).encode(), where="e.json"))


@pytest.mark.parametrize("kind", [STATEMENT_V1, STATEMENT_V01])
def test_both_versions_of_a_statement_are_read(kind: str) -> None:
    made = read(_type=kind, predicate={"a": 1}, unknown="ignored")
    assert (made.predicate_type, made.subjects) == ("urn:x", (Subject(digests=DIGEST),))
    assert made.predicate.at("a").integer() == 1


@pytest.mark.threat(5)
@pytest.mark.parametrize(
    "kind", ["https://in-toto.io/Statement/v2", STATEMENT_V1 + "/", STATEMENT_V1.upper(), "Statement"]
)
def test_an_unknown_type_of_statement_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedType, match="is no in-toto Statement"):
        read(_type=kind)


@pytest.mark.parametrize("changes", [{"_type": ...}, {"_type": None}, {"predicateType": ...}, {"predicateType": ""},
                                     {"subject": ...}, {"subject": {}}, {"subject": []}, {"subject": [{}]},
                                     {"subject": [{"digest": {}}]}, {"predicate": []}, {"predicate": "x"}])  # fmt: skip
def test_a_statement_without_its_parts_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedDocument, match=r"^s\.json: "):
        read(**changes)


def test_an_absent_predicate_is_an_empty_one() -> None:
    assert read(predicate=...).predicate.value == read(predicate=None).predicate.value == {}


@pytest.mark.threat(15)
def test_ten_thousand_subjects_are_not_read() -> None:
    assert len(read(subject=[{"digest": DIGEST}] * MAX_SUBJECTS).subjects) == MAX_SUBJECTS
    with pytest.raises(LimitExceeded, match="10000 items, at most 1024"):
        read(subject=[{"digest": DIGEST}] * 10_000)


@pytest.mark.threat(15)
def test_ten_thousand_signatures_are_not_read() -> None:
    with pytest.raises(LimitExceeded, match=f"at most {MAX_SIGNATURES}"):
        envelope(signatures=[{"sig": "YQ=="}] * 10_000)


def test_a_subject_keeps_what_it_says_and_nothing_more() -> None:
    raw = {"name": "a", "uri": "b", "digest": DIGEST, "mediaType": "ignored"}
    made = read(subject=[raw]).subjects[0]
    assert made.encode() == {"name": "a", "uri": "b", "digest": DIGEST}
    assert Subject(digests={}).encode() == {}


def test_a_material_may_lack_a_digest_and_a_subject_may_not() -> None:
    node = parse(b'{"uri":"git+https://example.org/a"}', where="m")
    assert Subject.parse(node, digest_required=False).digests == {}
    with pytest.raises(MalformedDocument, match="digest: missing"):
        Subject.parse(node)


def test_a_statement_is_written_in_canonical_json() -> None:
    raw = encode_statement([Subject(name="b", digests=DIGEST)], "urn:x", {"z": 1, "a": True})
    assert raw == (
        b'{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":true,"z":1},"predicateType":"urn:x",'
        b'"subject":[{"digest":{"sha256":"%s"},"name":"b"}]}' % (b"0" * 64)
    )


def test_the_pre_authentication_encoding_is_that_of_the_specification() -> None:
    """DSSE protocol.md, test vector: PAE("http://example.com/HelloWorld", "hello world")."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"\0") == b"DSSEv1 2 \xc3\xa9 1 \0"


@pytest.mark.threat(18)
def test_the_payload_is_decoded_once_for_signature_and_statement() -> None:
    made = envelope()
    assert made.signed_bytes.endswith(made.payload)
    assert made.signed_bytes == pae("text/plain", made.payload)


@pytest.mark.threat(6)
def test_an_envelope_without_signatures_is_read_as_such() -> None:
    assert envelope(signatures=[]).signatures == ()


def test_a_keyid_is_kept_and_may_be_absent_or_empty() -> None:
    made = envelope(signatures=[{"sig": "YQ==", "keyid": "k"}, {"sig": "YQ==", "keyid": ""}, {"sig": "YQ=="}])
    assert [s.keyid for s in made.signatures] == ["k", "", ""]


@pytest.mark.parametrize("changes", [{"payload": ...}, {"payload": ""}, {"payload": "!"}, {"payload": 1},
                                     {"payloadType": ...}, {"payloadType": ""}, {"signatures": ...},
                                     {"signatures": {}}, {"signatures": [{}]}, {"signatures": [{"sig": ""}]},
                                     {"signatures": [{"sig": "YQ==", "keyid": 1}]}])  # fmt: skip
def test_an_envelope_without_its_parts_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedDocument, match=r"^e\.json: "):
        envelope(**changes)


@given(st.binary(max_size=40), st.text(st.characters(codec="utf-8"), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_the_encoding_of_what_is_signed_is_unambiguous(payload: bytes, kind: str) -> None:
    """DSSE protocol.md: the lengths make it injective: it can be taken apart in one way only."""
    rest = pae(kind, payload).removeprefix(b"DSSEv1 ")
    size, _, rest = rest.partition(b" ")
    taken, rest = rest[: int(size)], rest[int(size) + 1 :]
    size, _, rest = rest.partition(b" ")
    assert (taken.decode(), rest, int(size)) == (kind, payload, len(payload))


@given(st.recursive(st.none() | st.integers(0, 9) | st.sampled_from([STATEMENT_V1, "x", ""]), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["_type", "subject", "digest", "sha256", "predicateType", "predicate", "payload", "signatures", "sig"]), inner, max_size=5), max_leaves=12))  # fmt: skip  # noqa: E501
@settings(max_examples=100, deadline=None)
def test_any_document_gives_a_statement_or_one_of_our_errors(value: Any) -> None:
    data = json.dumps(value).encode()
    with suppress(InputError):
        assert Statement.parse(data, where="x").subjects
    with suppress(InputError):
        assert Envelope.parse(parse(data, where="x")).payload
