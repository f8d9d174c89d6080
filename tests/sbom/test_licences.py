"""Licences: expressions are normalised, everything else stays as written, and nothing blows up."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from license_expression import get_spdx_licensing

from supplychain.sbom.licences import CLASSIFIERS, MAX_TEXT, declared, from_classifiers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mit", "MIT"),
        (" Apache-2.0\n", "Apache-2.0"),
        ("(MIT OR GPL-3.0)", "MIT OR GPL-3.0-only"),
        ("((MIT))", "MIT"),
        ("(mit) or (isc)", "(MIT) OR (ISC)"),
        ("mit and (isc or bsd-3-clause)", "MIT AND (ISC OR BSD-3-Clause)"),
        ("GPL-2.0+ with classpath-exception-2.0", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
        ("AGPL-3.0", "AGPL-3.0-only"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-with-classpath-exception"),
        ("LicenseRef-Acme-1", "LicenseRef-Acme-1"),
    ],
)
def test_expression_is_normalised(text: str, expected: str) -> None:
    assert declared(text) == (expected,)


@pytest.mark.parametrize(
    "text",
    ["BSD", "Apache 2.0", "GPLv3", "UNLICENSED", "SEE LICENSE IN LICENSE.md", "MIT OR", "MIT ISC", "MIT/X11", "(MIT"],
)
def test_text_that_names_no_listed_licence_stays_as_written(text: str) -> None:
    assert declared(text) == (text,)


def test_blank_declares_nothing() -> None:
    assert declared("") == declared(" \n\t") == declared(" " * 5000) == ()


def test_whole_licence_text_in_the_field_is_cut_and_says_so() -> None:
    text = "The MIT License\n\n" + "Permission is hereby granted, free of charge. " * 1000
    assert declared(text) == (f"The MIT License [{len(text.strip()) - 15} more characters]",)
    (line,) = declared("x" * 40_000)
    assert line == "x" * MAX_TEXT + f" [{40_000 - MAX_TEXT} more characters]"
    assert declared("First\nSecond") == ("First [7 more characters]",)


@pytest.mark.parametrize("text", ["(" * 900, "(" * 400 + "MIT" + ")" * 400, "MIT OR " * 140 + "MIT", "(" * 40_000])
def test_hostile_expression_ends_quickly(text: str) -> None:
    begun = time.process_time()
    assert len(declared(text)) == 1
    assert time.process_time() - begun < 0.5


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=1200))
def test_any_text_is_at_most_one_short_licence(text: str) -> None:
    found = declared(text)
    assert len(found) == (1 if text.strip() else 0)
    assert all(len(licence) <= 1_500 and "\n" not in licence for licence in found)


TERMS = st.sampled_from(["MIT", "isc", "Apache-2.0", "bsd-3-clause", "GPL-2.0", "LGPL-2.1+", "gfdl-1.3", "0BSD"])


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        TERMS,
        lambda inner: st.tuples(inner, st.sampled_from([" OR ", " and "]), inner).map(
            lambda t: f"({t[0]}{t[1]}{t[2]})"
        ),
        max_leaves=6,
    )
)
def test_means_what_the_expression_library_reads(text: str) -> None:
    licensing = get_spdx_licensing()
    (ours,) = declared(text)
    assert licensing.parse(ours, validate=True) == licensing.parse(text, validate=True)
    assert declared(ours) == (ours,)


def test_classifiers_with_one_meaning_become_identifiers() -> None:
    licensing = get_spdx_licensing()
    for identifier in CLASSIFIERS.values():
        assert declared(identifier) == (identifier,)
        assert licensing.validate(identifier).errors == []


def test_classifiers_without_a_version_are_not_made_precise() -> None:
    assert from_classifiers(
        [
            "Programming Language :: Python",
            "License :: OSI Approved",
            "License",
            "License :: OSI Approved :: Apache Software License",
            "License :: Public Domain",
        ]
    ) == ("Apache Software License", "Public Domain")
