"""The short way to the licences of a document says what the reader of the format says, or nothing."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError
from supplychain.model.decision import Outcome
from supplychain.model.inventory import Scope
from supplychain.policy.component_licences import _plain_document, of_document
from supplychain.sbom.formats import format_named
from tests.support.cases import artifact, case, component, document, judged, only, packed, sbom

APP = artifact()
DENY = "- {id: r, type: licence, deny: [AGPL-3.0-only]}"


def bom(*components: Any, **subject: Any) -> dict[str, Any]:
    """A CycloneDX document."""
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    about = {"type": "file", "name": "app.tar.gz", **subject}
    return {**head, "metadata": {"component": about}, "components": list(components)}


TEXT = st.sampled_from(
    ["", "a", "MIT", "file", "library", "required", "excluded", "optional", "supplychain:scope", "dev"]
)
ODD: st.SearchStrategy[Any] = TEXT | st.none() | st.integers(0, 2) | st.just([]) | st.just({})
LICENCE = (
    st.fixed_dictionaries({}, optional={"license": st.fixed_dictionaries({}, optional={"id": ODD, "name": ODD})})
    | st.fixed_dictionaries({"expression": ODD}, optional={"license": st.none()})
    | st.sampled_from([{"license": {"id": "MIT"}}, {"expression": "MIT OR ISC"}, 7])
)
PROPERTY = st.fixed_dictionaries({}, optional={"name": ODD, "value": ODD})
COMPONENT = st.fixed_dictionaries(
    {"type": st.just("library") | ODD, "name": st.just("x") | ODD},
    optional={
        "version": st.just("1") | ODD,
        "purl": st.just("pkg:pypi/x@1") | ODD,
        "group": ODD,
        "scope": ODD,
        "licenses": st.lists(LICENCE, max_size=2) | ODD,
        "properties": st.lists(PROPERTY, max_size=2) | ODD,
        "components": st.lists(st.sampled_from([{"type": t, "name": "inner"} for t in ("library", "file")])) | ODD,
    },
)
HASH = st.fixed_dictionaries({"alg": st.sampled_from(["SHA-256", "sha256", "SHA-512"]), "content": ODD})
SUBJECT = st.fixed_dictionaries(
    {},
    optional={"hashes": st.lists(HASH, max_size=2) | ODD, "properties": ODD, "externalReferences": ODD},
)


MIT, ISC = {"license": {"id": "MIT"}}, {"license": {"id": "ISC"}}


@settings(max_examples=100, deadline=None)
@given(st.lists(COMPONENT, max_size=3), SUBJECT)
@example([{"type": "library", "name": "x", "licenses": [MIT, MIT]}], {})
@example([{"type": "library", "name": "x", "licenses": [MIT, ISC]}], {})
def test_the_short_way_says_what_the_reader_says_or_nothing(components: list[Any], subject: dict[str, Any]) -> None:
    node = document(bom(*components, **subject))
    plain = _plain_document(node)
    try:
        read = format_named("cyclonedx-json").read(node)
    except InputError:
        return
    if plain is not None:
        assert plain.sha256 == read.sha256
        assert sorted(plain.components) == sorted(of_document(read))


@pytest.mark.parametrize("value", [7, [], "x", {}, {"metadata": None, "components": []}, {"components": [7]}, bom()])
def test_what_is_not_plain_is_left_to_the_reader(value: Any) -> None:
    node = document({})
    node.value = value
    assert _plain_document(node) is None


@pytest.mark.parametrize(
    ("changes", "plain"),
    [
        ({}, True),
        ({"version": "1", "purl": "pkg:pypi/x@1", "scope": "required"}, True),
        ({"properties": [{"name": "other", "value": "x"}]}, True),
        ({"properties": [{"name": "supplychain:scope", "value": "dev"}]}, False),
        ({"licenses": [{"license": {"name": "See LICENSE"}}, {"expression": "MIT"}]}, True),
        ({"licenses": [{"license": {"id": ""}}]}, False),
        ({"licenses": [{"expression": 7}]}, False),
        ({"scope": "other"}, False),
        ({"version": None}, False),
        ({"type": ""}, False),
        ({"group": "g"}, False),
        ({"components": [{"type": "file", "name": "a.py"}]}, True),
        ({"components": [{"type": "library"}]}, False),
    ],
)
def test_what_a_plain_component_is(changes: dict[str, Any], plain: bool) -> None:
    found = _plain_document(document(bom({"type": "library", "name": "x", **changes})))
    assert (found is not None) is plain


def test_a_file_with_components_in_it_is_one_itself_and_a_bare_file_is_none() -> None:
    files = [{"type": "file", "name": "jar", "components": [{"type": "library", "name": "inner"}]}]
    plain = _plain_document(document(bom(*files, {"type": "file", "name": "a.py"})))
    assert plain is not None
    assert sorted(c.name for c in plain.components) == ["inner", "jar"]


def test_our_own_documents_take_the_short_way() -> None:
    seen = packed(APP, component("a", "1", "MIT"), component("b", "2", "MIT OR ISC"))
    plain = _plain_document(sbom(seen).predicate.document)
    assert plain is not None
    assert plain.sha256 == APP.sha256
    assert [c.licences for c in plain.components] == [("MIT",), ("MIT OR ISC",)]


@pytest.mark.parametrize("changes", [{"scope": Scope.DEV}, {"description": "x"}])
def test_components_that_say_more_are_judged_alike(changes: dict[str, Any]) -> None:
    seen = packed(APP, component("a", "1", "AGPL-3.0-only", **changes))
    assert only(judged(case(APP, verified=(sbom(seen),)), DENY)).outcome is Outcome.FAIL


@pytest.mark.parametrize("key", ["hashes", "externalReferences", "properties"])
def test_a_subject_that_says_more_is_read_whole(key: str) -> None:
    other = {
        "hashes": [{"alg": "SHA-512", "content": "0" * 128}, {"alg": "SHA-256", "content": "0" * 64}],
        "externalReferences": [],
        "properties": [{"name": "supplychain:digest:file:sha512", "value": "0"}],
    }

    def edit(value: dict[str, Any]) -> None:
        value["metadata"]["component"][key] = other[key]

    node = sbom(packed(APP, component("a", "1", "MIT"), files=()), edit=edit).predicate.document
    assert _plain_document(node) is None


def test_a_document_about_other_bytes_does_not_count_by_the_short_way_either() -> None:
    def edit(value: dict[str, Any]) -> None:
        value["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": "0" * 64}]

    found = only(
        judged(case(APP, verified=(sbom(packed(APP, component("a", "1", "MIT"), files=()), edit=edit),)), DENY)
    )
    assert (found.outcome, found.message) == (Outcome.FAIL, "its SBOM is about sha256:000000000...")


def test_a_bad_document_beside_a_good_one_takes_nothing_from_it() -> None:
    seen = packed(APP, component("a", "1", "MIT"))
    bad = sbom(seen, edit=lambda d: d.update(components=7), payload_sha256="1" * 64)
    assert judged(case(APP, verified=(sbom(seen), bad)), DENY)


def test_a_licence_is_not_hidden_by_calling_its_component_a_file() -> None:
    hidden = {"type": "file", "name": "libx.so", "version": "1", "licenses": [{"license": {"id": "AGPL-3.0-only"}}]}
    plain = {"type": "library", "name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]}
    assert _plain_document(document(bom(plain, hidden))) is None
    marked = {"type": "file", "name": "x", "properties": [{"name": "supplychain:kind", "value": "component"}]}
    assert _plain_document(document(bom(plain, marked))) is None
    assert _plain_document(document(bom(plain, {"type": "file", "name": "x", "properties": []}))) is not None
    read = of_document(format_named("cyclonedx-json").read(document(bom(plain, hidden))))
    assert ("AGPL-3.0-only",) in {c.licences for c in read}
