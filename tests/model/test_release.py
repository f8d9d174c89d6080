"""release.json: exactly which files make up a release, under names that are one file everywhere."""

import json
import unicodedata
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    AssetSetMismatch,
    InputError,
    LimitExceeded,
    MalformedDocument,
    UnsafePath,
    UnsupportedAlgorithm,
    UnsupportedType,
)
from supplychain.model.names import is_evidence
from supplychain.model.release import RELEASE_SCHEMA, Asset, AssetSet, Release, check_names, set_digest

FIRST = {"name": "a.tar.gz", "sha256": "0" * 64, "size": 3}
SECOND = {"name": "b.whl", "sha256": "1" * 64, "size": 0}


@pytest.mark.parametrize(
    "name", "SHA256SUMS release.json release.json.attestations.jsonl a.cdx.json a.sigstore.json any.vsa.json".split()
)
def test_evidence_is_known_by_the_name_of_its_asset(name: str) -> None:
    assert is_evidence(name, {"a"})


@pytest.mark.parametrize("name", ["a", "b.cdx.json", ".sigstore.json", ".DS_Store", "A.cdx.json", "a.cdx.json.bak"])
def test_a_stray_file_is_no_evidence(name: str) -> None:
    assert not is_evidence(name, {"a"})


def read(**changes: Any) -> AssetSet:
    fields = {"schema": RELEASE_SCHEMA, "product": "p", "assets": [FIRST, SECOND]}
    made = {k: v for k, v in {**fields, **changes}.items() if v is not ...}
    return AssetSet.parse(json.dumps(made).encode(), where="release.json")


def test_what_is_written_is_read_again() -> None:
    made = AssetSet(
        release=Release(product="p", version="1", kind="patch"), assets=(Asset(name="a", sha256="0" * 64, size=1),)
    )
    assert AssetSet.parse(made.encode(), where="x") == made
    assert made.encode() == (
        b'{"assets":[{"name":"a","sha256":"%s","size":1}],"cause":null,"commit":null,"kind":"patch","line":null,'
        b'"product":"p","schema":"supplychain/release/v1","version":"1"}\n' % (b"0" * 64)
    )


def test_absent_facts_are_none_and_nothing_is_guessed() -> None:
    assert read(version=None, unknown="ignored").release == Release(product="p")


def test_a_release_is_named_by_what_is_known() -> None:
    assert str(Release()) == "unnamed release"
    assert str(Release(product="p", version="1", kind="patch", cause="security")) == "p 1 (patch, security)"
    assert Release(product="p", kind="patch").resource_uri == "p/_/_/patch"


def test_the_digest_of_a_set_is_that_of_its_names_and_bytes() -> None:
    made = read()
    pairs = [(a.name, a.sha256) for a in made.assets]
    assert made.digest == set_digest(reversed(pairs))
    assert made.digest != set_digest([("c.tar.gz", "0" * 64), pairs[1]])
    assert read(product="other").digest == made.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": ...},
        {"assets": ...},
        {"assets": []},
        {"assets": {}},
        {"product": ""},
        {"product": 1},
        {"assets": [{**FIRST, "size": -1}]},
        {"assets": [{**FIRST, "size": 1.5}]},
        {"assets": [{**FIRST, "sha256": "0"}]},
        {"assets": [{**FIRST, "name": ""}]},
        {"assets": [SECOND, FIRST]},
    ],
)
def test_a_release_without_its_parts_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedDocument):
        read(**changes)


def test_another_schema_is_not_guessed_at() -> None:
    with pytest.raises(UnsupportedType, match="supplychain/release/v2"):
        read(schema="supplychain/release/v2")


@pytest.mark.threat(15)
def test_more_assets_than_agreed_are_not_read() -> None:
    with pytest.raises(LimitExceeded):
        read(assets=[FIRST] * 10_001)


@pytest.mark.threat(54)
@pytest.mark.parametrize(
    "name", ["..", ".", "../../x", "/etc/passwd", "a/b", "a\\b", "a\nb", "\x1b[2Ja", "a\u202eb", "a\0b", "\ud800", ""]
)
def test_a_name_that_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(UnsafePath, match=r"^release\.json: .* is no plain file name"):
        check_names([name], where="release.json")


@pytest.mark.threat(38)
@pytest.mark.parametrize(
    "name",
    [
        "con",
        "NUL.txt",
        "Aux.tar.gz",
        "com1",
        "LPT9.log",
        "com¹.txt",
        "conin$",
        "nul .txt",
        "a:b",
        "a?",
        'a"',
        "a ",
        "a.",
    ],
)
def test_a_name_that_is_no_file_on_every_system_is_refused(name: str) -> None:
    with pytest.raises(AssetSetMismatch, match="is no file name on every system"):
        check_names([name], where="release.json")


@pytest.mark.threat(38)
@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "a"), ("A.txt", "a.TXT"), ("é", "e\u0301"), ("straße", "STRASSE"), ("\u212b", "å"), ("\u017f", "s")],
)
def test_names_that_are_one_file_on_some_systems_are_refused(first: str, second: str) -> None:
    with pytest.raises(AssetSetMismatch, match="are one file on some systems"):
        check_names([first, "between", second], where="release.json")


@pytest.mark.threat(38)
def test_a_set_that_names_a_file_twice_is_refused() -> None:
    with pytest.raises(AssetSetMismatch):
        read(assets=[FIRST, {**FIRST, "sha256": "1" * 64}])


@given(st.lists(st.text(min_size=1, max_size=6), max_size=6))
@settings(max_examples=100, deadline=None)
def test_names_that_pass_are_distinct_files_everywhere(names: list[str]) -> None:
    with suppress(AssetSetMismatch, UnsafePath):
        check_names(names, where="x")
        assert len({unicodedata.normalize("NFC", n.casefold()) for n in names}) == len(names)
        assert not any(set(n) & set("/\\:\0\n") for n in names)


@given(st.binary(max_size=60) | st.dictionaries(st.sampled_from(["schema", "assets", "product"]), st.sampled_from([RELEASE_SCHEMA, [], [FIRST], [SECOND, {}], None, 3])).map(lambda v: json.dumps(v).encode()))  # fmt: skip  # noqa: E501
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_release_or_one_of_our_errors(data: bytes) -> None:
    with suppress(InputError, AssetSetMismatch, UnsupportedAlgorithm):
        assert AssetSet.parse(data, where="x").assets
