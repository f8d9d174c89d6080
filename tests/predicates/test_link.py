"""Links (in-toto attestation link v0.3)."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplychain._json import JSON, Node
from supplychain.errors import MalformedDocument, SupplyChainError
from supplychain.predicates import TYPES, resolve
from supplychain.predicates.link import Link

URI = "https://in-toto.io/attestation/link/v0.3"
GOOD: dict[str, JSON] = {
    "name": "build",
    "command": ["make", "dist", ""],
    "materials": [
        {"name": "src.tar", "digest": {"sha256": "0" * 64}},
        {"uri": "git+https://example.org/a@refs/heads/main", "digest": {"gitCommit": "c0ffee"}},
        {"name": "no digest at all"},
    ],
    "byproducts": {"return-value": 0, "stdout": ""},
    "environment": {"variables": {"CI": "1"}},
}


def read(value: Any) -> Link:
    return Link.parse(Node(value, where="x"), URI)


def test_it_is_found_by_its_name_and_its_uri() -> None:
    assert resolve("link") is resolve(URI) is Link
    assert (URI,) == Link.TYPES
    assert TYPES[URI] == "link"


def test_what_is_read_is_written_again() -> None:
    assert read(copy.deepcopy(GOOD)).encode() == GOOD
    assert read({"name": "build"}) == Link(name="build")
    assert read({"name": "build", "later": 1}).encode() == {"name": "build"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name: expected a string, found an empty one"),
        ({"name": None}, "name: expected a string, found null"),
        ({"command": "make"}, "command: expected an array"),
        ({"command": [1]}, r"command\[0\]: expected a string"),
        ({"materials": {}}, "materials: expected an array"),
        ({"materials": [{}]}, r"materials\[0\]: a material without name, uri or digest"),
        ({"materials": [{"name": "a", "digest": {"sha256": "AB"}}]}, r"materials\[0\].digest.sha256: expected 64"),
        ({"materials": [{"name": "a", "digest": {}}]}, "an empty set of digests"),
        ({"byproducts": []}, "byproducts: expected an object"),
        ({"environment": "x"}, "environment: expected an object"),
    ],
)
@pytest.mark.threat(3, 33)
def test_a_link_that_breaks_its_format_is_malformed(changes: dict[str, JSON], message: str) -> None:
    with pytest.raises(MalformedDocument, match=message):
        read(copy.deepcopy(GOOD) | changes)


_TEXT = st.text("ab/\x1b\u00e9", max_size=5)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), _VALUES))
def test_any_object_is_a_link_or_an_error_of_ours(changes: dict[str, JSON]) -> None:
    """Any bytes give a result or one of our errors; what is read is written and read again as the same."""
    try:
        link = read({**GOOD, **changes})
    except SupplyChainError:
        return
    assert read(link.encode()) == link
