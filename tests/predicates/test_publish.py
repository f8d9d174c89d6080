"""Publish attestations of PyPI and npm."""

import pytest

from supplychain import predicates
from supplychain._json import Node
from supplychain.errors import MalformedDocument
from supplychain.predicates.publish import Publish

PYPI, NPM = Publish.TYPES


def test_both_types_are_read_by_one_class() -> None:
    assert predicates.resolve(PYPI) is predicates.resolve(NPM) is predicates.resolve("publish") is Publish


def test_what_npm_says_is_read_and_written_again() -> None:
    said = {"name": "@octo/app", "version": "1.2.3", "registry": "https://registry.npmjs.org"}
    found = Publish.parse(Node({**said, "more": 1}, where="a.json"), NPM)
    assert (found.name, found.version, found.registry) == tuple(said.values())
    assert found.encode() == said


def test_pypi_says_nothing_but_the_subject() -> None:
    assert Publish.parse(Node({}, where="a.json"), PYPI).encode() == {}


def test_a_name_that_is_no_text_is_malformed() -> None:
    with pytest.raises(MalformedDocument):
        Publish.parse(Node({"name": 1}, where="a.json"), NPM)
