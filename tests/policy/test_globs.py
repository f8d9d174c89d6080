"""Globs: three wildcards, everything else exact, linear time."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.policy.globs import matches, matches_any


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a.whl", "a.whl", True),
        ("a.whl", "axwhl", False),
        ("a.whl", "a.whl\n", False),
        ("*.whl", "a.whl", True),
        ("*.whl", ".whl", True),
        ("*.whl", "dist/a.whl", False),
        ("a/*/c", "a/b/c", True),
        ("a/*/c", "a/b/b/c", False),
        ("a/**/c", "a/b/b/c", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "ac", False),
        ("a/**/c", "a/xc", False),
        ("**", "", True),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "a/bx", False),
        ("?.x", "a.x", True),
        ("?.x", "/.x", False),
        ("?.x", ".x", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a+", "aa", False),
        ("A.whl", "a.whl", False),
        ("https://github.com/octo/*", "https://github.com/octo/server", True),
        ("https://github.com/octo/*", "https://github.com/octo-evil/server", False),
        ("https://github.com/octo/*", "https://evil.example/https://github.com/octo/server", False),
        ("refs/tags/v*", "refs/tags/v1/../../heads/evil", False),
    ],
)
def test_globs_match_exactly(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected
    assert matches_any(("nothing", pattern), text) is expected


def test_no_pattern_matches_nothing() -> None:
    assert not matches_any((), "a")


def test_matching_takes_linear_time_whatever_the_pattern() -> None:
    began = time.process_time()
    assert not matches("*a" * 40 + "b", "a" * 4000)
    assert not matches("**a" * 40 + "b", "a" * 4000)
    assert time.process_time() - began < 2


def regex_of(pattern: str) -> "re.Pattern[str]":
    """The same meaning as a regular expression, which may take exponential time."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            out, at = out + "(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = out + ".*", at + 2
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at]))
            at += 1
    return re.compile(out + r"\Z", re.DOTALL)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab/*?", max_size=8), st.lists(st.text(alphabet="ab/", max_size=8), max_size=30))
def test_globs_mean_what_their_regular_expression_means(pattern: str, texts: list[str]) -> None:
    for text in texts:
        assert matches(pattern, text) is bool(regex_of(pattern).match(text))
