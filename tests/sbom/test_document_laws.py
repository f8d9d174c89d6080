"""Laws of the SBOM formats: read is the inverse of write, bytes depend on the content only, any bytes are judged."""

import json
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _io, _json
from supplychain.errors import SupplyChainError
from supplychain.model.inventory import Inventory
from supplychain.sbom.document import Document, files_of, stated_unknowns
from supplychain.sbom.formats import FORMATS, Writing, format_named, read_document
from supplychain.sbom.formats.validation import validate
from tests.support.inventories import CREATED, inventories, sample

T = TypeVar("T")
VARIANTS: Final = [("cyclonedx-json", "1.6"), ("cyclonedx-json", "1.7"), ("spdx-json", "2.3")]
each_variant = pytest.mark.parametrize(("name", "version"), VARIANTS)
each_format = pytest.mark.parametrize("name", FORMATS)


def write(inventory: Inventory, name: str, version: str = "", *, files: bool = True) -> bytes:
    return format_named(name).write(
        inventory, Writing(created=CREATED, tool_version="0.1.0", spec_version=version, files=files)
    )


def read(data: bytes) -> Document:
    return read_document(_json.parse(data, where="written"))


def assert_same(document: Document, inventory: Inventory, *, files: bool = True) -> None:
    assert document.subject == inventory.subject
    assert document.sha256 == inventory.sha256
    assert document.components == inventory.components
    assert document.edges == inventory.edges
    assert document.files == (tuple(sorted(files_of(inventory))) if files else ())
    assert document.completeness == inventory.completeness
    assert document.unknowns == stated_unknowns(inventory)
    assert document.created == CREATED


@each_variant
@pytest.mark.parametrize("files", [True, False])
def test_everything_in_the_sample_comes_back(name: str, version: str, files: bool) -> None:
    inventory = sample()
    assert_same(read(write(inventory, name, version, files=files)), inventory, files=files)


@pytest.mark.property
@each_variant
@settings(max_examples=60, deadline=None)
@given(inventory=inventories(), files=st.booleans())
def test_read_is_the_inverse_of_write(name: str, version: str, inventory: Inventory, files: bool) -> None:
    assert_same(read(write(inventory, name, version, files=files)), inventory, files=files)


@pytest.mark.property
@each_variant
@settings(max_examples=60, deadline=None)
@given(inventory=inventories(), files=st.booleans())
def test_what_is_written_is_valid(name: str, version: str, inventory: Inventory, files: bool) -> None:
    judged = validate(write(inventory, name, version, files=files), where="d", schemas=_io.sbom_schema)
    assert judged.problems == ()


@pytest.mark.property
@each_format
@settings(max_examples=40, deadline=None)
@given(inventory=inventories(), order=st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_of_anything(
    name: str, inventory: Inventory, order: random.Random
) -> None:
    def shuffled(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(order.sample(items, len(items)))

    other = replace(
        inventory,
        components=shuffled(inventory.components),
        edges=shuffled(inventory.edges),
        entries=shuffled(inventory.entries),
        owners=dict(shuffled(tuple(inventory.owners.items()))),
        completeness=shuffled(inventory.completeness),
        unknowns=shuffled(inventory.unknowns),
    )
    assert write(other, name) == write(inventory, name)


@pytest.mark.property
@each_format
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    raw = bytearray(write(sample(), name))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(SupplyChainError):
        read(bytes(raw))
    with suppress(SupplyChainError):
        validate(bytes(raw), where="d", schemas=_io.sbom_schema)


JUNK: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 2**66), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


def replaced(value: Any, choose: random.Random, junk: Any) -> None:
    """The document with one of its values replaced."""
    while isinstance(value, dict | list) and value:
        key = choose.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[key], dict | list) or not value[key] or choose.random() < 0.2:
            value[key] = junk
            return
        value = value[key]


@pytest.mark.property
@each_format
@settings(max_examples=100, deadline=None)
@given(choose=st.randoms(use_true_random=False), junk=JUNK)
def test_values_of_another_type_are_read_or_refused(name: str, choose: random.Random, junk: Any) -> None:
    made = json.loads(write(sample(), name))
    replaced(made, choose, junk)
    raw = json.dumps(made).encode()
    with suppress(SupplyChainError):
        read(raw)
    with suppress(SupplyChainError):
        validate(raw, where="d", schemas=_io.sbom_schema)
