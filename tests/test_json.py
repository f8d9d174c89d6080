"""Strict JSON: what is refused, where an error points, and the canonical form."""

import json
import math
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _json
from supplychain._json import JSON, Node, canonical, parse
from supplychain.errors import InputError, LimitExceeded, MalformedDocument

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2.0**53) + 1, 2.0**53 - 1)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
READERS: list[Callable[[Node], object]] = [Node.object, Node.items, Node.text, Node.integer, Node.boolean, Node.base64]
VALUES: st.SearchStrategy[JSON] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)


def node(text: str) -> Node:
    return parse(text.encode(), where="a.json")


def refusal(data: bytes | str) -> str:
    with pytest.raises(MalformedDocument) as caught:
        parse(data if isinstance(data, bytes) else data.encode(), where="a.json")
    return str(caught.value)


@pytest.mark.threat(39)
@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"b":{"c":0,"d":0,"c":0}}]', '{"":0,"":0}'])
def test_a_duplicate_key_is_refused_however_it_is_spelt(text: str) -> None:
    assert "duplicate key" in refusal(text)


@pytest.mark.threat(39)
def test_the_duplicate_key_is_named_and_cut() -> None:
    assert refusal('{"first":1,"twice":2,"twice":3}') == 'a.json: duplicate key "twice"'
    assert len(refusal('{"' + "x" * 9999 + '":1,"' + "x" * 9999 + '":2}')) < 150


@pytest.mark.threat(40)
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_refused_before_it_is_parsed(opening: str) -> None:
    with pytest.raises(LimitExceeded, match="nested deeper than 128 levels"):
        node(opening * 100_000)


@pytest.mark.threat(40)
def test_depth_is_counted_exactly_and_brackets_in_strings_are_text() -> None:
    assert node("[" * 128 + "]" * 128).path == ""
    with pytest.raises(LimitExceeded):
        node("[" * 129 + "]" * 129)
    assert node(json.dumps("[" * 500)).text() == "[" * 500
    assert node(json.dumps('\\"[{' * 300)).text() == '\\"[{' * 300
    assert len(node("[" + ",".join(["[]"] * 500) + "]").items()) == 500


@pytest.mark.threat(40)
def test_a_limit_above_the_parsers_own_still_gives_our_error() -> None:
    with pytest.raises(LimitExceeded):
        parse(b"[" * 90_000 + b"]" * 90_000, where="a.json", max_depth=100_000)


@pytest.mark.threat(41)
@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity]", "-Infinity", "1e400", "-1e400", "9" * 5000, "-" + "9" * 5000, "1" * 21, "0." + "1" * 80],
)
def test_numbers_json_cannot_carry_are_refused(text: str) -> None:
    assert "is not a number JSON can carry" in refusal(text)
    assert len(refusal(text)) < 120


@pytest.mark.threat(42)
@pytest.mark.parametrize(
    "data",
    [
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-32"),
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"\xff"',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'["\\ud800\\u0041"]',
        b'"a\\u0000b"',
        b'{"a\\u0000":1}',
        b'"a\0b"',
        b"\0",
        b'{"a":1}\0',
        b"\xef\xbb\xbf{}",
    ],
)
def test_text_that_is_not_plain_utf8_is_refused(data: bytes) -> None:
    refusal(data)


def test_escaped_pairs_of_surrogates_are_one_character() -> None:
    assert node('"\\ud83d\\ude00"').text() == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1, column 1"),
        ("{} x", "line 1, column 4"),
        ('{\n  "a": tru\n}', "line 2, column 8"),
        ("[1,]", "line 1"),
    ],
)
def test_what_is_no_json_is_refused_with_line_and_column(text: str, place: str) -> None:
    assert place in refusal(text)


def test_more_bytes_than_agreed_are_not_parsed() -> None:
    assert parse(b"[1,2,3]", where="a", max_bytes=7).value == [1, 2, 3]
    with pytest.raises(LimitExceeded, match="7 bytes, at most 6 are read"):
        parse(b"[1,2,3]", where="a", max_bytes=6)


def test_an_error_says_where_in_the_document() -> None:
    doc = node('{"subject":[{"digest":{"sha 256":7}}]}')
    with pytest.raises(MalformedDocument) as caught:
        doc.at("subject").items()[0].at("digest").at("sha 256").text()
    assert str(caught.value) == 'a.json: subject[0].digest["sha 256"]: expected a string, found an integer'
    with pytest.raises(MalformedDocument, match=r"^a\.json: subject\[0\]\.name: missing$"):
        doc.at("subject").items()[0].at("name")
    with pytest.raises(MalformedDocument, match=r'^a\.json: \["1"\]: missing$'):
        doc.at("1")
    with pytest.raises(MalformedDocument, match=r"^a\.json: no$"):
        doc.fail("no", hint="x")


@pytest.mark.parametrize(
    ("text", "kind", "fits"),
    [
        ("null", "null", ""),
        ("true", "true or false", "boolean"),
        ("1", "an integer", "integer"),
        ("1.5", "a number", ""),
        ('"a"', "a string", "text"),
        ("[]", "an array", "items"),
        ("{}", "an object", "object"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(text: str, kind: str, fits: str) -> None:
    for read in READERS:
        name = getattr(read, "__name__", "")
        if name == fits:
            read(node(text))
        elif (name, fits) != ("base64", "text"):
            with pytest.raises(MalformedDocument, match=f"found {kind}$"):
                read(node(text))


def test_members_that_are_absent_or_null() -> None:
    doc = node('{"a":null,"b":0}')
    assert doc.maybe("a") is None
    assert doc.maybe("c") is None
    b = doc.maybe("b")
    assert b is not None
    assert (b.integer(), b.path) == (0, "b")
    assert [(name, child.path) for name, child in doc.members()] == [("a", "a"), ("b", "b")]


def test_an_empty_string_is_a_string_only_when_asked_for() -> None:
    assert node('""').text(empty=True) == ""
    with pytest.raises(MalformedDocument, match="found an empty one"):
        node('""').text()


def test_more_items_than_agreed_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="3 items, at most 2"):
        node("[1,2,3]").items(at_most=2)


@pytest.mark.parametrize(("text", "value"), [("12", 12), ('"12"', 12), ('"-3"', -3), ('"0"', 0), ("-0", 0)])
def test_integers_come_as_numbers_or_as_protobuf_writes_them(text: str, value: int) -> None:
    assert node(text).integer() == value


@pytest.mark.parametrize(
    "text", ['"01"', '" 1"', '"1\\n"', '"\\u0661"', '"1e3"', '"+1"', '""', "1.0", "true", '"%s"' % ("9" * 20)]
)
def test_what_only_looks_like_an_integer_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        node(text).integer()


@pytest.mark.parametrize(("text", "value"), [("+/8=", b"\xfb\xff"), ("-_8=", b"\xfb\xff"), ("YQ==", b"a")])
def test_base64_is_read_in_both_alphabets(text: str, value: bytes) -> None:
    assert node(json.dumps(text)).base64() == value


@pytest.mark.parametrize("text", ["+_8=", "YQ", "YQ=", "Y Q=", "YQ==\n", "é", "===="])
def test_base64_is_padded_unmixed_and_without_spaces(text: str) -> None:
    with pytest.raises(MalformedDocument, match="expected base64"):
        node(json.dumps(text)).base64()


@pytest.mark.parametrize("value", [2**53, -(2**60), math.nan, math.inf, "\ud800", {"\ud800": 1}])
def test_what_canonical_json_cannot_carry_is_our_error(value: JSON) -> None:
    with pytest.raises(MalformedDocument, match="no canonical JSON"):
        canonical(value)


def test_canonical_json_sorts_by_utf16_as_the_rfc_says() -> None:
    assert canonical({"\ue000": 1, "\U00010000": 2}) == '{"\U00010000":2,"\ue000":1}'.encode()
    assert canonical([1.0, 1e21, 0.000001, "\u20ac\n"]) == b'[1,1e+21,0.000001,"\xe2\x82\xac\\n"]'


@given(VALUES)
@settings(max_examples=100, deadline=None)
def test_encode_then_parse_is_the_identity(value: JSON) -> None:
    assert parse(canonical(value), where="x").value == value
    assert parse(json.dumps(value).encode(), where="x").value == value


@given(VALUES)
@settings(max_examples=60, deadline=None)
def test_one_value_has_one_canonical_form(value: JSON) -> None:
    once = canonical(value)
    assert canonical(parse(once, where="x").value) == once


@given(st.binary(max_size=60) | st.text('[]{}",:0123456789eE.+-\\u \n/trufalsnNaI', max_size=60).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_document_or_one_of_our_errors(data: bytes) -> None:
    with suppress(InputError):
        assert parse(data, where="x").value == json.loads(data)


@given(VALUES, st.sampled_from(READERS))
@settings(max_examples=100, deadline=None)
def test_reading_any_value_gives_a_value_or_one_of_our_errors(value: JSON, read: Callable[[Node], object]) -> None:
    with suppress(InputError):
        read(Node(value, where="x"))


def test_the_depth_counter_agrees_with_the_parser() -> None:
    """A bracket the counter misses is one the parser may recurse into."""
    for text in ('"a\\"[[["', '["\\\\",[]]', '{"a\\\\\\"":["]"]}'):
        assert not _json._depth_over(text.encode(), 2), text


@pytest.mark.property
@given(st.recursive(st.just("1"), lambda inner: st.lists(inner, max_size=4).map(lambda v: f"[{','.join(v)}]")))
@settings(max_examples=200, deadline=None)
def test_the_depth_counter_tells_the_deepest_level(text: str) -> None:
    deepest, level = 0, 0
    for character in text:
        level += {"[": 1, "]": -1}.get(character, 0)
        deepest = max(deepest, level)
    for limit in range(1, deepest + 2):
        assert _json._depth_over(text.encode(), limit) == (deepest > limit)


@pytest.mark.parametrize("depth", [15, 16, 17, 18, 40])
def test_depth_is_exact_on_both_sides_of_the_rounds_that_count_it(depth: int) -> None:
    text = b"[" * depth + b"]" * depth
    assert not _json._depth_over(text, depth)
    assert _json._depth_over(text, depth - 1)
