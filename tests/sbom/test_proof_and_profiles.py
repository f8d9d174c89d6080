"""The two-way byte proof, and what a profile asks for."""

from dataclasses import replace

import pytest

from supplychain import _json
from supplychain.errors import EvidenceIncomplete, SubjectMismatch, UnsupportedType
from supplychain.model.inventory import Entry, EntryKind, Inventory
from supplychain.sbom.document import Document
from supplychain.sbom.formats import format_named
from supplychain.sbom.profiles import check
from supplychain.sbom.proof import Proof, prove
from tests.support.inventories import CREATED, component, inventory


def document(made: Inventory) -> Document:
    form = format_named("cyclonedx-json")
    return form.read(_json.parse(form.write(made, created=CREATED, tool_version="1"), where="d"))


def file(path: str, digit: str) -> Entry:
    return Entry(path=path, kind=EntryKind.FILE, sha256=digit * 64)


def test_document_of_this_very_artifact_is_proven() -> None:
    assert prove(inventory(), document(inventory())).holds


def test_every_difference_is_named_in_both_directions() -> None:
    claimed = document(inventory(entries=(file("a", "1"), file("b", "2"), file("gone", "3"))))
    there = inventory(entries=(file("a", "1"), file("b", "9"), file("new", "4")))
    proof = prove(there, claimed)
    assert proof == Proof(matched=("a",), altered=("b",), missing=("gone",), unclaimed=("new",))
    assert not proof.holds


@pytest.mark.threat(34)
def test_document_about_another_artifact() -> None:
    with pytest.raises(SubjectMismatch):
        prove(inventory(sha256="f" * 64), document(inventory()))


@pytest.mark.threat(67)
def test_document_without_files_proves_nothing() -> None:
    with pytest.raises(EvidenceIncomplete):
        prove(inventory(), document(inventory(entries=())))
    assert not Proof().holds


def test_minimum_elements_are_met_by_a_full_document() -> None:
    assert check(document(inventory()), "ntia-2021") == ()


def test_each_missing_field_is_named_with_its_component() -> None:
    made = inventory(components=(component("x", purl="", name="", version="", producer=""),), edges=())
    found = {(m.ref, m.field) for m in check(document(made), "ntia-2021")}
    assert found == {("x", f) for f in ("name", "version", "supplier", "identifier", "relationship")}


def test_fields_that_may_be_unknown_are_left_out_of_account() -> None:
    made = inventory(components=(component("pkg:pypi/a@1"),))
    assert [m.field for m in check(document(made), "ntia-2021")] == ["supplier"]
    assert check(document(made), "ntia-2021", allow_unknown=["supplier"]) == ()


@pytest.mark.threat(67)
def test_empty_document_meets_no_profile() -> None:
    empty = Document(format="CycloneDX", spec_version="1.6")
    assert {m.field for m in check(empty, "ntia-2021")} == {"timestamp", "author", "components", "subject"}
    assert {m.field for m in check(replace(empty, authors=("me",)), "ntia-2021")} == {
        "timestamp",
        "components",
        "subject",
    }


def test_unknown_profile() -> None:
    with pytest.raises(UnsupportedType):
        check(document(inventory()), "nonsense")
