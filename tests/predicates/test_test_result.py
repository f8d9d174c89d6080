"""Test results (in-toto test-result v0.1)."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain._json import JSON, Node
from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.predicates import TYPES, resolve
from supplychain.predicates.test_result import MAX_CONFIGURATIONS, RESULTS, ResultOfTests

URI = "https://in-toto.io/attestation/test-result/v0.1"
GOOD: dict[str, JSON] = {
    "result": "PASSED",
    "configuration": [
        {"name": ".github/workflows/ci.yml", "digest": {"gitBlob": "ebe4add40f63c3c98bc9b32ff1e736f04120b023"}}
    ],
    "url": "https://ci.example.org/runs/1",
    "passedTests": ["build (3.11, linux)"],
    "warnedTests": [],
    "failedTests": [],
}


def read(value: Any) -> ResultOfTests:
    return ResultOfTests.parse(Node(value, where="x"), URI)


def test_it_is_found_by_its_name_and_its_uri() -> None:
    assert resolve("test-result") is resolve(URI) is ResultOfTests
    assert (URI,) == ResultOfTests.TYPES
    assert TYPES[URI] == "test-result"


def test_what_is_read_is_written_again() -> None:
    read_ = read(copy.deepcopy(GOOD))
    assert read_.encode() == GOOD
    assert read_.configuration[0].name == ".github/workflows/ci.yml"
    assert read({"result": "FAILED", "configuration": [{"uri": "u"}]}).encode() == {
        "result": "FAILED",
        "configuration": [{"uri": "u"}],
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"result": "passed"}, "x: result: expected PASSED, WARNED, FAILED, found 'passed'"),
        ({"result": None}, "x: result: expected a string, found null"),
        ({"configuration": []}, "x: configuration: a result without a configuration"),
        ({"configuration": [{}]}, "x: configuration[0]: a configuration without name, uri or digest"),
        ({"configuration": {}}, "x: configuration: expected an array, found an object"),
        ({"failedTests": ["t"]}, "x: failedTests: the result is PASSED, and tests are listed here"),
        ({"warnedTests": ["t"]}, "x: warnedTests: the result is PASSED, and tests are listed here"),
        ({"result": "WARNED", "failedTests": ["t"]}, "x: failedTests: the result is WARNED, and tests are listed here"),
        ({"passedTests": [7]}, "x: passedTests[0]: expected a string, found an integer"),
        ({"url": 7}, "x: url: expected a string, found an integer"),
    ],
)
def test_a_result_that_says_nothing_or_contradicts_itself_is_malformed(changes: dict[str, JSON], message: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        read(GOOD | changes)
    assert str(caught.value) == message


@pytest.mark.parametrize("missing", ["result", "configuration"])
def test_a_required_field_must_be_there(missing: str) -> None:
    with pytest.raises(MalformedDocument, match=f"{missing}: missing"):
        read({k: v for k, v in GOOD.items() if k != missing})


def test_configurations_are_limited() -> None:
    with pytest.raises(LimitExceeded):
        read(GOOD | {"configuration": [{"name": "x"}] * (MAX_CONFIGURATIONS + 1)})


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "other"]), st.sampled_from([*RESULTS, None, 1, [], {}, ["t"], [{"name": "c"}]])
    )
)
def test_any_object_is_a_result_or_malformed(value: dict[str, Any]) -> None:
    """Any bytes give a result or one of our errors."""
    try:
        made = read(value)
    except MalformedDocument:
        return
    assert read(made.encode()) == made
