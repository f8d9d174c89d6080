"""The two-way byte proof: nothing may be altered, missing or unclaimed, and nothing compared proves nothing."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _json
from supplychain.errors import EvidenceIncomplete, SubjectMismatch
from supplychain.model.inventory import Entry, EntryKind, Inventory
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import FORMATS, Writing, format_named, read_document
from supplychain.sbom.proof import Proof, prove
from tests.support.inventories import CREATED, file, inventory, sample

each_format = pytest.mark.parametrize("name", FORMATS)
ONE: Final = "1" * 64
TWO: Final = "2" * 64


def document(made: Inventory, name: str = "cyclonedx-json", *, files: bool = True) -> Document:
    data = format_named(name).write(made, Writing(created=CREATED, tool_version="1", files=files))
    return read_document(_json.parse(data, where="d"))


def holding(*entries: Entry) -> Inventory:
    return inventory(entries=entries)


@each_format
def test_document_of_this_very_artifact_is_proven(name: str) -> None:
    proof = prove(sample(), document(sample(), name))
    assert proof.holds
    assert proof.matched == ("bin/chat", "bin/chatctl", "chat.whl", "chat.whl!/app.js", "chat.whl!/chat/__init__.py")


@each_format
def test_every_difference_is_named_in_both_directions(name: str) -> None:
    claimed = document(holding(file("a", ONE), file("b", ONE), file("gone", ONE)), name)
    proof = prove(holding(file("a", ONE), file("b", TWO), file("new", ONE)), claimed)
    assert proof == Proof(matched=("a",), altered=("b",), missing=("gone",), unclaimed=("new",))
    assert not proof.holds


@each_format
@pytest.mark.parametrize("at", range(5))
def test_one_changed_byte_breaks_the_proof(name: str, at: int) -> None:
    made = sample()
    files = [e for e in made.entries if e.sha256]
    changed = files[at]._replace(sha256="0" * 64)
    other = replace(made, entries=tuple(changed if e == files[at] else e for e in made.entries))
    assert prove(other, document(made, name)).altered == (files[at].path,)


@each_format
@pytest.mark.threat(34)
def test_document_about_another_artifact(name: str) -> None:
    with pytest.raises(SubjectMismatch, match="about sha256:aaaaaaaaaaaa, this is sha256:ffffffffffff"):
        prove(inventory(sha256="f" * 64), document(inventory(), name))


def test_folder_is_not_the_artifact_a_document_is_about() -> None:
    with pytest.raises(SubjectMismatch, match="this is a folder"):
        prove(replace(inventory(), sha256=None), document(inventory()))


def test_document_that_names_no_subject_is_judged_by_its_files() -> None:
    assert prove(inventory(), replace(document(inventory()), sha256="")).holds


@each_format
@pytest.mark.threat(67)
def test_document_without_files_proves_nothing(name: str) -> None:
    for made in (inventory(), holding()):
        with pytest.raises(EvidenceIncomplete):
            prove(made, document(made, name, files=False))
    with pytest.raises(EvidenceIncomplete):
        prove(holding(), document(holding(), name))
    assert not Proof().holds


def test_claims_without_a_sha256_prove_nothing() -> None:
    weak = Document(format="CycloneDX", spec_version="1.6", files=(FileClaim(path="bin/app"),))
    with pytest.raises(EvidenceIncomplete):
        prove(inventory(), weak)
    mixed = replace(weak, files=(*weak.files, FileClaim(path="other", sha256=ONE)))
    assert prove(inventory(), mixed) == Proof(missing=("other",), unclaimed=("bin/app",))


def test_two_claims_about_one_path_never_both_hold() -> None:
    twice = Document(
        format="SPDX", spec_version="2.3", files=(FileClaim(path="a", sha256=ONE), FileClaim(path="a", sha256=TWO))
    )
    for digest in (ONE, TWO):
        assert prove(holding(file("a", digest)), twice).altered == ("a",)


def test_file_that_could_not_be_measured_is_never_matched() -> None:
    unread = Entry(path="a", kind=EntryKind.FILE)
    claim = Document(format="SPDX", spec_version="2.3", files=(FileClaim(path="a", sha256=ONE),))
    assert prove(holding(unread), claim).altered == ("a",)
    other = Document(format="SPDX", spec_version="2.3", files=(FileClaim(path="b", sha256=ONE),))
    assert prove(holding(unread), other).unclaimed == ("a",)


FILES: Final = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([ONE, TWO]), max_size=6)


@pytest.mark.property
@settings(max_examples=100, deadline=None)
@given(FILES, FILES)
def test_holds_exactly_when_both_sides_are_the_same_and_not_empty(
    there: dict[str, str], claimed: dict[str, str]
) -> None:
    """Each path stands in exactly one list."""
    made = holding(*(file(path, digest) for path, digest in sorted(there.items())))
    claims = tuple(FileClaim(path=path, sha256=digest) for path, digest in sorted(claimed.items()))
    told = Document(format="SPDX", spec_version="2.3", files=claims)
    if not claimed:
        with pytest.raises(EvidenceIncomplete):
            prove(made, told)
        return
    proof = prove(made, told)
    assert proof.holds == (there == claimed)
    listed = [*proof.matched, *proof.altered, *proof.missing, *proof.unclaimed]
    assert sorted(listed) == sorted(there.keys() | claimed.keys())
