"""The strict reader of YAML: what all readers take alike comes out, the rest is refused with its place."""

import json
import time

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supplychain import _yaml
from supplychain.errors import LimitExceeded, PolicyInvalid


def read(text: str) -> object:
    return _yaml.parse(text.encode(), where="p.yaml").value


def refusal(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(PolicyInvalid) as caught:
        _yaml.parse(data, where="p.yaml")
    return str(caught.value)


def test_plain_values_come_out_as_what_they_are() -> None:
    text = "---\na: 1\nb: true\nc: false\nd: null\ne: text\nf: -12\ng: [x, 0]\nh: {i: j}\nk: |\n  two\n  lines\n"
    assert read(text) == {
        "a": 1,
        "b": True,
        "c": False,
        "d": None,
        "e": "text",
        "f": -12,
        "g": ["x", 0],
        "h": {"i": "j"},
        "k": "two\nlines\n",
    }


@pytest.mark.parametrize("text", ["24h", "7d", "250MB", "1GiB", "*.whl", "refs/tags/v*", "a:b", "release.pub", "1.2.x"])
def test_text_that_nobody_takes_for_a_number_needs_no_quotes(text: str) -> None:
    assert read(f'"a": {text}' if not text.startswith("*") else f'"a": "{text}"') == {"a": text}


AMBIGUOUS = """NO no No on ON off y Y n N yes YES True FALSE 1.10 1. .5 007 08 0o7 1e3 1E3 +1 -0 0x1F 0b11 12:30:45 1:20
190:20:30.15 2026-11-23 2026-11-23T12:00:00Z 2026-1-2 .inf -.INF .nan .NaN ~ Null NULL = 1_000 1,000 685_230.15 . -.
99999999999999999999 9007199254740992 2026.11.1 <<""".split()


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_scalar_that_some_reader_takes_for_another_type_must_be_quoted(text: str) -> None:
    assert refusal(f"version: {text}") == f"p.yaml:1:10: {text!r} is read as another type by some YAML readers"
    assert read(f'version: "{text}"') == {"version": text}
    assert read(f"version: '{text}'") == {"version": text}


def test_the_refusal_of_a_scalar_says_how_to_write_it() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        read("version: 1.10")
    assert caught.value.hint == 'quote it: "1.10"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "p.yaml:1:4: the anchor &x is not allowed here"),
        ("a: *x", "p.yaml:1:4: an alias is not allowed here"),
        ("a: !!str 1", "p.yaml:1:4: a tag is not allowed here"),
        ("a: ! 1", "p.yaml:1:4: a tag is not allowed here"),
        ("a: !!python/object/apply:os.system [x]", "p.yaml:1:4: a tag is not allowed here"),
        ("b: 1\n<<: {a: 1}", "p.yaml:2:1: '<<' is read as another type by some YAML readers"),
        ("a: 1\na: 2", "p.yaml:2:1: the key 'a' is here twice"),
        ('a: 1\n"a": 2', "p.yaml:2:1: the key 'a' is here twice"),
        ("a: 1\n---\nb: 2", "p.yaml:2:1: a second document is not allowed here"),
        ("%YAML 1.1\n---\na: 1", "p.yaml:1:1: a directive is not allowed here"),
        ("%TAG ! tag:x,2026:\n---\na: 1", "p.yaml:1:1: a directive is not allowed here"),
        ("? [a]\n: 1", "p.yaml:1:3: a list or mapping as a key is not allowed here"),
        ("? {a: 1}\n: 1", "p.yaml:1:3: a list or mapping as a key is not allowed here"),
        ("1: a", "p.yaml:1:1: a key must be a string, found 1"),
        ("true: a", "p.yaml:1:1: a key must be a string, found true"),
        ("on: a", "p.yaml:1:1: 'on' is read as another type by some YAML readers"),
        ("a:\nb: 1", "p.yaml:1:3: the value is missing"),
        ("- a\n-", "p.yaml:2:2: the value is missing"),
        ("", "p.yaml:1:1: the file is empty"),
        ("# only a comment\n", "p.yaml:1:1: the file is empty"),
        ('a: "\\0"', "p.yaml:1:4: NUL or half a character is not allowed here"),
        ("a: b\rc: d", "p.yaml:1:5: U+000D is read or shown differently by different programs"),
        ("a: b # \u2028c: d", "p.yaml:1:8: U+2028 is read or shown differently by different programs"),
        ("a: b\nc: \u202ed", "p.yaml:2:4: U+202E is read or shown differently by different programs"),
        ("\ufeffa: b", "p.yaml:1:1: U+FEFF is read or shown differently by different programs"),
        ("a: \x1b[31m", "p.yaml:1:4: U+001B is read or shown differently by different programs"),
    ],
)
def test_what_two_readers_could_take_differently_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\ta: b", "a: 'x", "}", "a: @b", ": a", "{: a}"])
def test_what_is_no_yaml_is_refused_with_its_place(text: str) -> None:
    said = refusal(text)
    assert said.startswith(("p.yaml:1:", "p.yaml:2:"))
    assert "\n" not in said


def test_other_encodings_are_refused_with_their_place() -> None:
    assert refusal(b"a: b\nc: \xff") == "p.yaml:2:4: this is not UTF-8"
    assert refusal("a: b".encode("utf-16")).startswith("p.yaml:1:1: this is not UTF-8")


@pytest.mark.parametrize("loader", ["SafeLoader", "CSafeLoader"])
def test_half_a_character_is_refused_by_both_parsers(loader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_yaml, "_LOADER", getattr(yaml, loader))
    assert refusal('a: "\\ud800"').startswith("p.yaml:1:")


def test_windows_line_ends_are_line_ends() -> None:
    assert read("a: b\r\nc: d\r\n") == {"a": "b", "c": "d"}


def test_every_value_and_key_has_its_place() -> None:
    document = _yaml.parse(b"rules:\n  - id: a\n    list: [x, yy]\n", where="p.yaml")
    assert document.place(("rules", 0, "list", 1)) == "p.yaml:3:15"
    assert document.place(("rules", 0, "list")) == "p.yaml:3:11"
    assert document.place(("rules", 0, "list"), key=True) == "p.yaml:3:5"
    assert document.place(("rules", 0, "missing"), key=True) == "p.yaml:2:5"
    assert document.place(()) == "p.yaml:1:1"


def test_paths_are_written_as_people_write_them() -> None:
    assert _yaml.dotted(("rules", 0, "when", "kind")) == "rules[0].when.kind"


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 60_000, "[" * 33 + "]" * 33])
def test_deep_nesting_is_over_the_limit_and_soon(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(LimitExceeded, match=r"p\.yaml:1:\d+: nested deeper than 32 levels"):
        read(text)
    assert time.perf_counter() - began < 5


@pytest.mark.threat(40)
def test_the_deepest_allowed_nesting_is_read() -> None:
    assert read("[" * 32 + "]" * 32)


def test_many_values_are_over_the_limit() -> None:
    with pytest.raises(LimitExceeded, match="more than 50000 values"):
        read("[" + "a," * 60_000 + "]")


@pytest.mark.threat(40)
def test_a_large_file_is_over_the_limit_and_says_where() -> None:
    with pytest.raises(LimitExceeded, match=r"p\.yaml:2:262140: 262151 bytes, at most 262144 are read"):
        read("a: b\n# " + "x" * (_yaml.MAX_BYTES))


def test_an_error_without_a_place_is_an_error_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise yaml.YAMLError("no mark")

    monkeypatch.setattr(yaml, "parse", broken)
    assert refusal("a: b") == "p.yaml:1:1: this is no YAML"


def test_a_marked_error_without_marks_is_put_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        raise yaml.MarkedYAMLError

    monkeypatch.setattr(yaml, "parse", broken)
    assert refusal("a: b") == "p.yaml:1:1: this is no YAML"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}#&*!|>'\"%@\n \t?,01.~<=", max_size=60).map(str.encode))
@example(b"a: !<x")
def test_any_bytes_give_a_value_or_a_refusal_with_line_and_column(data: bytes) -> None:
    """Any bytes give a result or one of our errors."""
    try:
        where = _yaml.parse(data, where="p.yaml").place(())
    except (PolicyInvalid, LimitExceeded) as e:
        where = e.where
    name, line, column = where.rsplit(":", 2)
    assert (name, line.isdigit(), column.isdigit()) == ("p.yaml", True, True)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789abcdefxonyNYO+-._:,eETZ~=<", min_size=1, max_size=10))
def test_what_is_read_as_text_no_yaml_1_1_reader_takes_for_anything_else(scalar: str) -> None:
    """The oracle: PyYAML's own YAML 1.1 resolver."""
    try:
        ours = read(f'"k": {scalar}')
    except PolicyInvalid:
        return
    assert yaml.safe_load(f'"k": {scalar}') == ours


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_json_is_read_as_what_it_is(value: object) -> None:
    """Encode, then decode, is the identity: strings in quotes are strings, whatever they look like."""
    assert read(json.dumps(value, ensure_ascii=False)) == value
