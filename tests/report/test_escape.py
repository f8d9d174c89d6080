"""Untrusted text in every sink (threats 71, 72, 73)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.report.escape import FIELD, code, data, terminal
from tests.support.poison import hostile


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain 1.2.3-rc.1+build", "plain 1.2.3-rc.1+build"),
        ("naïve 日本語", "naïve 日本語"),
        ("\x1b[31mred", r"\u{1b}[31mred"),
        ("a\rb\nc\td", r"a\u{d}b\u{a}c\u{9}d"),
        ("\x9b2J\x7f", r"\u{9b}2J\u{7f}"),
        ("user\u202egpj.exe", r"user\u{202e}gpj.exe"),
        ("\u2066x\u2069", r"\u{2066}x\u{2069}"),
        ("zero\u200bwidth\ufeff", r"zero\u{200b}width\u{feff}"),
        ("half \ud800", r"half \u{d800}"),
        ("no\u00a0break", r"no\u{a0}break"),
        ("line\u2028para\u2029", r"line\u{2028}para\u{2029}"),
        ("filler\u3164 selector\ufe0f tag\U000e0041", r"filler\u{3164} selector\u{fe0f} tag\u{e0041}"),
        ("\\u{1b} stays as written", "\\u{1b} stays as written"),
    ],
)
def test_what_moves_hides_or_reorders_is_shown_escaped(raw: str, shown: str) -> None:
    assert terminal(raw) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("1.0\r::stop-commands::x", r"1.0\u{d}::stop-commands::x"),
        ("::stop-commands::x", r"\u{3a}:stop-commands::x"),
        ("a ::error file=x::y", r"a \u{3a}:error file=x::y"),
        ("Foo::Bar std::string", "Foo::Bar std::string"),
        ("x##[add-mask]y", r"x#\u{23}[add-mask]y"),
        ("###[group]", r"##\u{23}[group]"),
        ("##vso[task.setvariable]", r"#\u{23}vso[task.setvariable]"),
        ("## heading", "## heading"),
    ],
)
def test_a_ci_runner_is_given_no_command(raw: str, shown: str) -> None:
    assert terminal(raw) == shown


def test_a_long_value_is_cut_and_says_so() -> None:
    assert terminal("v" * 40_000) == "v" * FIELD + "... (39,000 more characters)"
    assert terminal("v" * FIELD) == "v" * FIELD


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("lib `rm -rf`", r"`lib \u{60}rm -rf\u{60}`"),
        ("a|b", r"`a\u{7c}b`"),
        ("[click](http://e.example) <img src=x>", "`[click](http://e.example) <img src=x>`"),
        ("@channel @all, @here @Everyone", r"`\u{40}channel \u{40}all, \u{40}here \u{40}Everyone`"),
        ("@types/node @allure/core a@b.example", "`@types/node @allure/core a@b.example`"),
        ("x\n# heading", r"`x\u{a}# heading`"),
        ("", "(empty)"),
        ("  ", "(empty)"),
    ],
)
def test_a_chat_neither_formats_links_nor_calls_anybody(raw: str, shown: str) -> None:
    assert code(raw) == shown


def test_json_strings_hold_what_every_reader_accepts() -> None:
    assert data("a\x00b\udcffc\x1b") == "a\\u{0}b\\u{dcff}c\x1b"


@given(hostile)
@settings(max_examples=100, deadline=None)
def test_escaped_text_is_printable_and_escaping_it_again_changes_nothing(text: str) -> None:
    shown = terminal(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert " ::" not in shown
    assert terminal(shown, limit=len(shown)) == shown


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=60))
@settings(max_examples=50, deadline=None)
def test_a_span_ends_where_it_should(text: str) -> None:
    shown = code(text)
    assert shown == "(empty)" or (shown[0] == shown[-1] == "`" and shown.count("`") == 2 and "|" not in shown)
