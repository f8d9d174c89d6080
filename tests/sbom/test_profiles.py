"""What a profile asks for: each field named, silence never taken for unknown, an empty document never enough."""

from dataclasses import replace
from typing import Any

import pytest

from supplychain import _json
from supplychain.errors import UnsupportedType
from supplychain.model.inventory import ContentDigest, Covers, Edge, EdgeKind, Inventory, Unknown
from supplychain.sbom.document import Document
from supplychain.sbom.formats import FORMATS, Writing, format_named, read_document
from supplychain.sbom.profiles import PROFILES, Missing, check
from tests.support.inventories import CREATED, component, inventory, subject

each_format = pytest.mark.parametrize("name", FORMATS)
ARCHIVE = subject()


def document(made: Inventory, name: str = "cyclonedx-json", **more: Any) -> Document:
    data = format_named(name).write(made, Writing(created=CREATED, tool_version="1", **more))
    return read_document(_json.parse(data, where="d"))


def wheel(**more: Any) -> Inventory:
    """An archive with one component in it, which needs another one."""
    own = component("pkg:pypi/own@1", producer="A. Person <a@example.org>")
    needed = component("pkg:pypi/needed@2", **{"producer": "B", **more})
    edges = (
        Edge(source=ARCHIVE.ref, target=own.ref, kind=EdgeKind.CONTAINS),
        Edge(source=own.ref, target=needed.ref),
    )
    return inventory(
        subject=ARCHIVE, sha256=ARCHIVE.digests[0].value, components=(needed, own), edges=tuple(sorted(edges))
    )


def fields(found: Document, **more: Any) -> list[tuple[str, str]]:
    return [(missing.ref, missing.field) for missing in check(found, "ntia-2021", **more)]


@each_format
def test_wheel_with_an_author_meets_the_minimum_elements(name: str) -> None:
    assert check(document(wheel(), name), "ntia-2021") == ()


@each_format
@pytest.mark.parametrize(
    ("lacks", "field"), [({"producer": ""}, "supplier"), ({"version": ""}, "version")], ids=["supplier", "version"]
)
def test_unknown_is_missing_unless_it_is_allowed(name: str, lacks: dict[str, str], field: str) -> None:
    found = document(wheel(**lacks), name)
    assert fields(found) == [("pkg:pypi/needed@2", field)]
    assert fields(found, allow_unknown=[field]) == []
    other = "version" if field == "supplier" else "supplier"
    assert fields(found, allow_unknown=[other]) == [("pkg:pypi/needed@2", field)]


def test_silence_is_not_unknown() -> None:
    silent = replace(document(wheel(producer="")), unknowns=())
    assert fields(silent, allow_unknown=["supplier"]) == [("pkg:pypi/needed@2", "supplier")]
    about_another = replace(silent, unknowns=(Unknown(ref="pkg:pypi/own@1", field="supplier"),))
    assert fields(about_another, allow_unknown=["supplier"]) == [("pkg:pypi/needed@2", "supplier")]
    withheld = replace(silent, unknowns=(Unknown(ref="pkg:pypi/needed@2", field="supplier", reason="withheld"),))
    assert fields(withheld, allow_unknown=["supplier"]) == []


def test_each_missing_field_is_named_with_its_component_and_where_it_comes_from() -> None:
    bare = component("x", purl="", name="", version="", producer="")
    found = replace(document(wheel()), components=(bare,))
    missing = [m for m in check(found, "ntia-2021") if m.ref == "x"]
    assert [m.field for m in missing] == ["identifier", "name", "relationship", "supplier", "version"]
    assert all(m.source for m in missing)
    assert missing[1] == Missing(ref="x", field="name", source="the package's own metadata")


def test_subject_that_is_no_mere_file_needs_all_fields() -> None:
    application = component("pkg:generic/app@1", type="application", version="")
    found = document(
        replace(
            wheel(),
            subject=application,
            sha256=None,
            edges=(
                Edge(source=application.ref, target="pkg:pypi/own@1"),
                Edge(source="pkg:pypi/own@1", target="pkg:pypi/needed@2"),
            ),
        )
    )
    assert fields(found) == [(application.ref, "supplier"), (application.ref, "version")]
    assert fields(document(replace(wheel(), subject=replace(application, version="1")), producer="Octo"))[:1] != [
        (application.ref, "supplier")
    ]


def test_relationship_may_be_to_nothing() -> None:
    found = document(wheel())
    alone = component("pkg:npm/alone@1", producer="C")
    lonely = replace(found, components=(*found.components, alone))
    assert fields(lonely) == [(alone.ref, "relationship")]
    assert fields(replace(lonely, standalone=(alone.ref,))) == []


@pytest.mark.parametrize(
    "identified",
    [
        {"purl": "pkg:npm/x@1"},
        {"digests": (ContentDigest(algorithm="sha256", value="a" * 64, covers=Covers.FILE),)},
        {"properties": (("cyclonedx:cpe", "cpe:2.3:x"),)},
        {"properties": (("spdx:swid", "x"),)},
    ],
)
def test_identifier_of_any_scheme(identified: dict[str, Any]) -> None:
    found = document(wheel())
    other = component("pkg:pypi/needed@2", **{"producer": "B", "purl": "", **identified})
    assert fields(replace(found, components=(found.components[1], other))) == []


@pytest.mark.threat(67)
def test_empty_document_meets_no_profile() -> None:
    empty = Document(format="CycloneDX", spec_version="1.6")
    for name in PROFILES:
        assert {m.field for m in check(empty, name)} >= {"components", "subject", "timestamp", "author"}
    nothing = document(replace(wheel(), components=(), edges=()))
    assert fields(nothing) == [("", "components")]


def test_unknown_profiles_and_fields_are_refused() -> None:
    with pytest.raises(UnsupportedType, match="'nonsense' is no profile"):
        check(document(wheel()), "nonsense")
    with pytest.raises(UnsupportedType, match="'suplier'"):
        check(document(wheel()), "ntia-2021", allow_unknown=["suplier"])
    with pytest.raises(UnsupportedType, match="'timestamp'"):
        check(document(wheel()), "ntia-2021", allow_unknown=["timestamp"])
