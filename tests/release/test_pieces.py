"""Files that hold several attestations: each form is taken apart, and a hostile one is a typed error."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplychain._json import canonical
from supplychain.errors import (
    EvidenceIncomplete,
    EvidenceMissing,
    LimitExceeded,
    MalformedDocument,
    SupplyChainError,
    UnsupportedType,
)
from supplychain.release.collect import pair_beside, read_evidence, read_pair
from supplychain.release.pieces import MAX_PIECES, pieces


def pypi(*attestations: Any, version: int = 1) -> Any:
    """A provenance document of the Integrity API, one group for each."""
    return {
        "version": version,
        "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": [a]} for a in attestations],
    }


def npm(*bundles: Any) -> Any:
    return {"attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": b} for b in bundles]}


def github(*bundles: Any) -> Any:
    return {"attestations": [{"bundle": b, "repository_id": 1, "bundle_url": "https://example.org"} for b in bundles]}


def as_json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


@pytest.mark.parametrize("form", [pypi, npm, github])
def test_each_attestation_is_a_piece_of_canonical_bytes(form: Callable[..., Any]) -> None:
    first: Any = {"b": 1, "a": "é"}
    second: Any = {"mediaType": "x"}
    found = pieces(as_json(form(first, second)), name="a.json")
    assert [e.uri for e in found] == ["a.json#1", "a.json#2"]
    assert [e.data for e in found] == [canonical(first), canonical(second)]


def test_a_bundle_is_itself_byte_for_byte() -> None:
    data = b' {"mediaType" : "x"}\n'
    (found,) = pieces(data, name="a.sigstore.json")
    assert (found.uri, found.data) == ("a.sigstore.json", data)


def test_lines_are_pieces_named_by_their_number() -> None:
    found = pieces(b'{"a":1}\n\n{"b":2}\n', name="a.jsonl")
    assert [(e.uri, e.data) for e in found] == [("a.jsonl#1", b'{"a":1}'), ("a.jsonl#3", b'{"b":2}')]
    assert pieces(b"\n", name="a.jsonl") == []


@pytest.mark.threat(15)
@pytest.mark.parametrize("form", [pypi, npm])
def test_ten_thousand_pieces_are_too_many(form: Callable[..., Any]) -> None:
    with pytest.raises(LimitExceeded):
        pieces(as_json(form(*({"n": i} for i in range(10_000)))), name="a.json")
    with pytest.raises(LimitExceeded):
        pieces(b"{}\n" * 10_000, name="a.jsonl")
    crowded = {
        "version": 1,
        "attestation_bundles": [{"attestations": [{"n": i, "g": g} for i in range(600)]} for g in "ab"],
    }
    with pytest.raises(LimitExceeded, match="1200 attestations"):
        pieces(as_json(crowded), name="a.json")


def test_as_many_lines_as_allowed_are_read() -> None:
    assert len(pieces(b"{}\n" * MAX_PIECES, name="a.jsonl")) == MAX_PIECES


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"attestations": []}, EvidenceMissing),
        ({"version": 1, "attestation_bundles": []}, EvidenceMissing),
        (npm({"a": 1}, {"a": 1}), MalformedDocument),
        (pypi({"a": 1}, version=2), UnsupportedType),
        ({"attestation_bundles": []}, MalformedDocument),
        ({"attestations": [{"bundle": None, "bundle_url": "https://example.org/b"}]}, EvidenceIncomplete),
        ({"attestations": [{"bundle": "e30="}]}, MalformedDocument),
        ({"attestations": {"bundle": {}}}, MalformedDocument),
        (pypi("e30="), MalformedDocument),
        (["attestations"], MalformedDocument),
        ("attestations", MalformedDocument),
        (npm({"n": 2**60}), MalformedDocument),
    ],
)
def test_a_document_of_another_shape_is_refused(document: Any, error: type[SupplyChainError]) -> None:
    with pytest.raises(error):
        pieces(as_json(document), name="a.json")


@pytest.mark.threat(39)
def test_a_key_twice_in_the_document_is_refused() -> None:
    with pytest.raises(MalformedDocument, match="duplicate key"):
        pieces(b'{"attestations": [], "attestations": []}', name="a.json")


@pytest.mark.threat(40)
def test_a_deeply_nested_document_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        pieces(b'{"attestations": ' + b"[" * 100_000, name="a.json")


@given(st.binary(max_size=60), st.sampled_from([b'{"attestations": ', b'{"attestation_bundles": ', b""]))
def test_any_bytes_are_pieces_or_a_typed_error(tail: bytes, head: bytes) -> None:
    with suppress(SupplyChainError):
        assert pieces(head + tail, name="a.json")


def test_a_detached_signature_is_read_raw_and_in_base64(tmp_path: Path) -> None:
    raw = tmp_path / "a.sig"
    raw.write_bytes(b"0\x03\x02\x01\xff")
    text = tmp_path / "b.sig"
    text.write_bytes(b"MAMC\nAf8=\n")
    assert json.loads(read_pair(raw).data) == json.loads(read_pair(text).data) == {"base64Signature": "MAMCAf8="}


@pytest.mark.parametrize("suffix", ["pem", "crt", "cert"])
def test_a_certificate_beside_a_detached_signature_belongs_to_it(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "a.sig").write_bytes(b"MAMCAf8=")
    (tmp_path / f"a.{suffix}").write_bytes(b"-----BEGIN CERTIFICATE-----")
    (found,) = pair_beside(tmp_path / "a", certified=True)
    assert set(json.loads(found.data)) == {"base64Signature", "cert"}
    (bare,) = pair_beside(tmp_path / "a", certified=False)
    assert set(json.loads(bare.data)) == {"base64Signature"}
    assert pair_beside(tmp_path / "other", certified=True) == []


def test_an_empty_half_of_a_pair_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.sig").write_bytes(b"\n")
    with pytest.raises(EvidenceMissing, match="empty signature"):
        read_pair(tmp_path / "a.sig")
    (tmp_path / "b.sig").write_bytes(b"MAMCAf8=")
    (tmp_path / "b.pem").write_bytes(b"")
    with pytest.raises(EvidenceMissing, match="empty certificate"):
        read_pair(tmp_path / "b.sig", tmp_path / "b.pem")


def test_a_file_is_read_by_its_form(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(as_json(npm({"a": 1})))
    (found,) = read_evidence(tmp_path / "a.json")
    assert found.uri.endswith("a.json#1")
