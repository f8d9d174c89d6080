"""Digests: which ones prove something, and how strictly they are read."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain._json import parse
from supplychain.errors import InputError, MalformedDocument, UnsupportedAlgorithm
from supplychain.model.digest import HEX_LENGTH, WEAK, Digest, parse_digest_set, sha256


def digest_set(value: Any) -> dict[str, str]:
    return parse_digest_set(parse(json.dumps(value).encode(), where="s.json"))


@pytest.mark.parametrize("algorithm", HEX_LENGTH)
def test_a_proving_digest_is_read_and_written(algorithm: str) -> None:
    value = hashlib.new(algorithm, b"x").hexdigest()
    made = Digest.parse(f"{algorithm}:{value}")
    assert (str(made), made.short) == (f"{algorithm}:{value}", value[:12])
    assert made == Digest(algorithm, value)


@pytest.mark.threat(30)
@pytest.mark.parametrize("algorithm", [*WEAK, "crc32", "sha224", "SHA256", "sha3-256", "", "gitCommit"])
def test_a_digest_that_proves_nothing_names_nothing(algorithm: str) -> None:
    with pytest.raises(UnsupportedAlgorithm, match="does not prove identity") as caught:
        Digest(algorithm, "0" * WEAK.get(algorithm, 64))
    assert caught.value.hint == "use one of sha256, sha384, sha512"


@pytest.mark.threat(33)
@pytest.mark.parametrize(
    "value",
    ["", "A" * 64, "0" * 63, "0" * 65, "g" * 64, "0" * 63 + "\n", " " + "0" * 63, "\u0660" * 64, "0x" + "0" * 62],
)
def test_a_digest_is_whole_lower_case_hexadecimal(value: str) -> None:
    with pytest.raises(MalformedDocument, match="expected 64 lower-case hexadecimal digits"):
        sha256(value)


@pytest.mark.threat(33)
@pytest.mark.parametrize("text", ["", "0" * 64, "sha256", "sha256=" + "0" * 64])
def test_a_digest_names_its_algorithm(text: str) -> None:
    with pytest.raises(MalformedDocument, match="expected algorithm:hex"):
        Digest.parse(text)


@pytest.mark.threat(33)
def test_an_empty_set_of_digests_matches_nothing() -> None:
    with pytest.raises(MalformedDocument, match="matches nothing"):
        digest_set({})


@pytest.mark.threat(33)
@pytest.mark.parametrize("algorithm", [*HEX_LENGTH, *WEAK])
def test_known_digests_of_a_set_are_well_formed(algorithm: str) -> None:
    good = hashlib.new(algorithm, b"x").hexdigest()
    assert digest_set({algorithm: good}) == {algorithm: good}
    for bad in (good.upper(), good[:-1], good + "0", "z" + good[1:]):
        with pytest.raises(MalformedDocument, match=rf"^s\.json: {algorithm}: expected {len(good)} lower-case"):
            digest_set({"gitCommit": "anything", algorithm: bad})


def test_unknown_algorithms_are_kept_as_they_are() -> None:
    assert digest_set({"gitCommit": "Q!", "goModuleH1": "h1:x="}) == {"gitCommit": "Q!", "goModuleH1": "h1:x="}


@pytest.mark.parametrize("value", [[], "x", None, {"sha256": 1}, {"sha256": ""}, {"x": None}])
def test_a_set_of_digests_is_an_object_of_strings(value: Any) -> None:
    with pytest.raises(MalformedDocument):
        digest_set(value)


@given(st.text(max_size=80))
@settings(max_examples=80, deadline=None)
def test_any_text_gives_a_digest_or_one_of_our_errors(text: str) -> None:
    with pytest.raises(InputError):
        Digest.parse(text)


def test_digests_sort_by_algorithm_then_value() -> None:
    low, high = sha256("0" * 64), sha256("f" * 64)
    assert sorted([Digest("sha512", "0" * 128), high, low]) == [low, high, Digest("sha512", "0" * 128)]
