"""Python distributions: installed, packed and nested, one component each, with exact owners and edges."""

import time
from collections.abc import Mapping
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.model.inventory import Completeness, Component, Edge, EdgeKind, Scope, Unknown
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.python import PythonPackages
from tests.support.cataloger_runner import file_of, run
from tests.support.python_packages import distribution, metadata


def catalogue(files: Mapping[str, bytes]) -> Catalogued:
    return run(PythonPackages(), files)


def component(found: Catalogued, name: str) -> Component:
    (one,) = [c for c in found.components if c.name == name]
    return one


def edges(found: Catalogued, kind: EdgeKind = EdgeKind.DEPENDS_ON) -> set[tuple[str, str]]:
    return {(e.source.partition("/")[2], e.target.partition("/")[2]) for e in found.edges if e.kind is kind}


def test_distribution_is_told_by_its_metadata() -> None:
    data = metadata(
        "Foo.Bar",
        "1.0",
        "License-Expression: mit",
        "Author-email: Jane Doe <jane@example.org>",
        "Summary: Does things",
        "Requires-Python: >=3.11",
        "Requires-Dist: baz >=2; extra == 'x'",
    )
    found = catalogue({"lib/Foo_Bar-1.0.dist-info/METADATA": data})
    one = component(found, "Foo.Bar")
    assert (one.ref, one.purl, one.version) == ("pkg:pypi/foo-bar@1.0", "pkg:pypi/foo-bar@1.0", "1.0")
    assert (one.licences, one.producer, one.description) == (("MIT",), "Jane Doe", "Does things")
    assert one.scope is Scope.SHIPPED
    assert one.properties == (("python:requires", "baz >=2; extra == 'x'"), ("python:requires-python", ">=3.11"))
    assert [o.path for o in one.occurrences] == ["lib/Foo_Bar-1.0.dist-info/METADATA"]
    assert one.occurrences[0].sha256 == file_of("", data).sha256
    assert not found.unknowns
    assert not found.completeness


@pytest.mark.parametrize(
    ("fields", "licences"),
    [
        (["License: MIT", "Classifier: License :: OSI Approved :: BSD License"], ("MIT",)),
        (["License: see LICENSE", "Classifier: License :: OSI Approved :: MIT License"], ("MIT",)),
        (["License: Apache 2.0"], ("Apache 2.0",)),
        (["License-Expression: isc", "License: MIT"], ("ISC",)),
        (["License: UNKNOWN"], ()),
        (["License: The Licence\n        of many\n        lines"], ("The Licence [30 more characters]",)),
    ],
)
def test_most_precise_licence_is_declared(fields: list[str], licences: tuple[str, ...]) -> None:
    one = component(catalogue({"a-1.dist-info/METADATA": metadata("a", "1", *fields)}), "a")
    assert one.licences == licences


@pytest.mark.parametrize(
    ("fields", "producer"),
    [
        (["Author: Jane", "Maintainer: Joe"], "Jane"),
        (["Author: UNKNOWN", "Maintainer-email: joe@example.org"], "joe@example.org"),
        (["Author-email: <jane@example.org>"], "<jane@example.org>"),
        (['Author-email: "Doe, Jane" <jane@example.org>'], "Doe, Jane"),
        (["Author: Zoë"], "Zoë"),
    ],
)
def test_producer_is_who_signs_the_metadata(fields: list[str], producer: str) -> None:
    assert component(catalogue({"a-1.dist-info/METADATA": metadata("a", "1", *fields)}), "a").producer == producer


def test_what_metadata_does_not_tell_is_unknown() -> None:
    found = catalogue({"a.dist-info/METADATA": b"Name: a\n"})
    assert list(found.unknowns) == [Unknown(ref="pkg:pypi/a", field=f) for f in ("licences", "producer", "version")]


def test_record_tells_who_owns_which_file() -> None:
    files = distribution("lib/sp", "foo", "1", record=["foo/__init__.py", "foo-1.dist-info/METADATA", "./foo/x.py"])
    assert catalogue(files).owners == {
        "lib/sp/foo-1.dist-info/METADATA": "pkg:pypi/foo@1",
        "lib/sp/foo/__init__.py": "pkg:pypi/foo@1",
        "lib/sp/foo/x.py": "pkg:pypi/foo@1",
    }


@pytest.mark.parametrize(
    "path", ["../../bin/x", "/etc/passwd", "a/../../b", "C:/x", "..\\x", "\\x", "", ".", "x.zip!/y", "a\0b"]
)
def test_record_cannot_claim_what_is_outside_its_folder(path: str) -> None:
    files = distribution("lib/sp", "foo", "1", record=[path])
    assert set(catalogue(files).owners) == {"lib/sp/foo-1.dist-info/METADATA"}


def test_wheel_in_a_tarball_owns_its_own_members() -> None:
    files = distribution("rel.tar.gz!/dist/foo.whl!", "foo", "1", record=["foo.py"])
    found = catalogue(files)
    assert found.owners["rel.tar.gz!/dist/foo.whl!/foo.py"] == "pkg:pypi/foo@1"
    assert found.owners["rel.tar.gz!/dist/foo.whl"] == "pkg:pypi/foo@1"


def test_distribution_inside_a_wheel_of_another_one_does_not_own_the_wheel() -> None:
    files = distribution("foo.whl!", "foo", "1", record=["foo/_vendor/bar-1.dist-info/METADATA"])
    files |= distribution("foo.whl!/foo/_vendor", "bar", "1")
    found = catalogue(files)
    assert found.owners["foo.whl"] == "pkg:pypi/foo@1"
    assert edges(found, EdgeKind.CONTAINS) == {("foo@1", "bar@1")}


def test_inner_distribution_owns_what_the_outer_lists_too() -> None:
    files = distribution("sp", "outer", "1", record=["outer/_vendor/inner-2.dist-info/METADATA", "outer/_vendor/i.py"])
    files |= distribution("sp/outer/_vendor", "inner", "2", record=["i.py"])
    found = catalogue(files)
    assert edges(found, EdgeKind.CONTAINS) == {("outer@1", "inner@2")}
    assert found.owners["sp/outer/_vendor/i.py"] == "pkg:pypi/inner@2"


def test_copies_named_by_vendor_txt_are_contained_in_their_owner() -> None:
    files = distribution("sp", "pip", "25", record=["pip/_vendor/vendor.txt"])
    files["sp/pip/_vendor/vendor.txt"] = b"urllib3==2.5.0\n  idna==3.10 # why\n# x==1\nnot pinned\nbad==1/2\n"
    found = catalogue(files)
    assert edges(found, EdgeKind.CONTAINS) == {("pip@25", "urllib3@2.5.0"), ("pip@25", "idna@3.10")}
    assert component(found, "idna").properties == (("python:vendored", "sp/pip/_vendor/vendor.txt"),)


def test_edges_stay_inside_an_environment() -> None:
    files = distribution("one", "a", "1", "Requires-Dist: b>=1", "Requires-Dist: missing")
    files |= distribution("one", "B", "1")
    files |= distribution("two", "b", "2")
    assert edges(catalogue(files)) == {("a@1", "b@1")}


def test_installed_version_is_used_even_if_it_breaks_the_requirement() -> None:
    files = distribution("sp", "a", "1", "Requires-Dist: b>=5") | distribution("sp", "b", "1")
    assert edges(catalogue(files)) == {("a@1", "b@1")}


def test_wheels_of_one_folder_need_each_other_by_version() -> None:
    files = distribution("r.tar!/w/a.whl!", "a", "1", "Requires-Dist: b>=2")
    for version in ("1", "2", "3rc1"):
        files |= distribution(f"r.tar!/w/b-{version}.whl!", "b", version)
    files |= distribution("r.tar!/other/b.whl!", "b", "4")
    assert edges(catalogue(files)) == {("a@1", "b@2"), ("a@1", "b@3rc1")}


def test_folder_with_endless_versions_of_one_package_tells_no_edge() -> None:
    files = distribution("w/a.whl!", "a", "1", "Requires-Dist: b>=2")
    for version in range(40):
        files |= distribution(f"w/b-{version}.whl!", "b", str(version))
    found = catalogue(files)
    assert not found.edges
    assert [(c.ref, c.reason) for c in found.completeness] == [
        ("pkg:pypi/a@1", "needs b>=2, of which 40 versions lie here")
    ]


def test_wheels_of_one_version_for_many_platforms_are_one_target() -> None:
    files = distribution("w/a.whl!", "a", "1", "Requires-Dist: b>=2")
    for platform in range(40):
        files |= distribution(f"w/b-1-{platform}.whl!", "b", "1", "Requires-Dist: c" if platform == 7 else "Author: x")
    files |= distribution("w/c.whl!", "c", "1")
    assert edges(catalogue(files)) == {("a@1", "b@1"), ("b@1", "c@1")}


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("b", True),
        ("b; sys_platform == 'win32'", True),
        ("b; extra == 'x'", False),
        ("b; extra == 'x' and python_version > '3'", False),
        ("b; (extra == 'x' or extra == 'y')", False),
        ("b; extra == 'x' and (os_name == 'nt' or os_name == 'posix')", False),
        ("a[x]", False),
        ("b; extra == 'x' or python_version > '3'", True),
        ("b; 'extra' == 'x'", False),
        ("b[x] (>=1)", True),
        ("b @ https://example.org/b.whl", True),
        ("b >=,", False),
        ("b; " + "(" * 500, False),
        ("b; " + " or ".join(["python_version > '3'"] * 200), False),
        ("!", False),
    ],
)
def test_edge_stands_where_the_marker_could_hold_without_extras(requirement: str, expected: bool) -> None:
    files = distribution("sp", "a", "1", f"Requires-Dist: {requirement}") | distribution("sp", "b", "1")
    found = catalogue(files)
    assert edges(found) == ({("a@1", "b@1")} if expected else set())
    assert ("python:requires", requirement) in component(found, "a").properties


def test_egg_info_in_an_sdist_is_the_same_component() -> None:
    files = {
        "foo-1.tar.gz!/foo-1/PKG-INFO": metadata("foo", "1"),
        "foo-1.tar.gz!/foo-1/src/foo.egg-info/PKG-INFO": metadata("foo", "1", "Author: Jane"),
    }
    found = catalogue(files)
    assert {c.ref for c in found.components} == {"pkg:pypi/foo@1"}
    assert found.owners["foo-1.tar.gz"] == "pkg:pypi/foo@1"
    assert [u.field for u in found.unknowns] == ["licences"]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("PKG-INFO", True),
        ("foo-1/PKG-INFO", True),
        ("a.tar!/foo-1/PKG-INFO", True),
        ("a/b/PKG-INFO", False),
        ("a.tar!/a/b/PKG-INFO", False),
        ("a/b/foo.egg-info/PKG-INFO", True),
        ("a/b/x.egg/EGG-INFO/PKG-INFO", True),
        ("a/foo-1.egg-info", True),
        ("a/METADATA", False),
        ("a-1.dist-info/METADATA", True),
        ("a-1.dist-info/LICENSE", False),
        ("x/_vendor/vendor.txt", True),
        ("x/vendor.txt", False),
    ],
)
def test_metadata_is_known_by_its_place(path: str, wanted: bool) -> None:
    assert PythonPackages().wants(path, b"") is wanted


def test_egg_info_that_is_a_file() -> None:
    found = catalogue({"sp/foo-1.egg-info": metadata("foo", "1", "Requires-Dist: b")} | distribution("sp", "b", "1"))
    assert edges(found) == {("foo@1", "b@1")}


@pytest.mark.parametrize(
    ("origin", "purl", "editable"),
    [
        (
            b'{"url":"https://u:secret@example.org/a.git","vcs_info":{"vcs":"git","commit_id":"abc"},"subdirectory":"sub"}',
            "pkg:pypi/a@1?vcs_url=git%2Bhttps:%2F%2Fexample.org%2Fa.git%40abc%23sub",
            False,
        ),
        (
            b'{"url": "https://example.org/a.whl?token=secret#x", "archive_info": {}}',
            "pkg:pypi/a@1?download_url=https:%2F%2Fexample.org%2Fa.whl",
            False,
        ),
        (b'{"url": "file:///home/me/a", "dir_info": {"editable": true}}', "pkg:pypi/a@1", True),
        (b'{"url": "file:///home/me/a.whl", "archive_info": {}}', "pkg:pypi/a@1", False),
    ],
)
def test_origin_that_is_no_index_is_part_of_the_identity(origin: bytes, purl: str, editable: bool) -> None:
    found = catalogue(distribution("sp", "a", "1") | {"sp/a-1.dist-info/direct_url.json": origin})
    one = component(found, "a")
    assert one.purl == one.ref == purl
    assert ("python:editable", "true") in one.properties or not editable


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("METADATA", b"Version: 1\n", "no Name"),
        ("METADATA", b"Name: a\nName: b\nVersion: 1\n", "no Name, or more than one"),
        ("METADATA", b"Name: ../../x\nVersion: 1\n", "name of a package"),
        ("METADATA", b"Name: a b\n", "name of a package"),
        ("METADATA", b"Name: \xff\n", "name of a package"),
        ("METADATA", b"", "no Name"),
        ("METADATA", b"Name: a\n" + b"x" * (2 << 20), "more than"),
        ("METADATA", b"".join(b"X-%d: y\n" % n for n in range(5000)), "kinds of fields"),
        ("direct_url.json", b"{", "line 1"),
        ("direct_url.json", b'{"url": "git+x", "vcs_info": {}}', "missing"),
        ("RECORD", b"a,b\x00,\n" * 3 + b'"' + b"x" * 200_000, "not comma-separated"),
        ("RECORD", b"x\n" * 500_001, "at most"),
    ],
)
def test_malformed_file_is_listed_as_incomplete(name: str, data: bytes, reason: str) -> None:
    found = catalogue({f"sp/a-1.dist-info/{name}": data})
    assert [c.ref for c in found.completeness] == [f"sp/a-1.dist-info/{name}"]
    assert reason in found.completeness[0].reason
    assert not found.components


def test_endless_vendor_txt_is_not_read() -> None:
    assert "at most" in catalogue({"_vendor/vendor.txt": b"a==1\n" * 2000}).completeness[0].reason


@pytest.mark.parametrize("version", ["1.0" * 13_000, "1" * 40_000, "not a version", "1/../../2", "1\x1b[31m"])
def test_version_that_nobody_can_order_is_kept_and_unknown(version: str) -> None:
    begun = time.process_time()
    found = catalogue({"a.dist-info/METADATA": metadata("a", version), "b.dist-info/METADATA": metadata("a", "1")})
    assert time.process_time() - begun < 0.5
    odd = next(c for c in found.components if c.version != "1")
    assert (odd.version, odd.purl, odd.ref) == (version, "pkg:pypi/a", "pkg:pypi/a#a.dist-info/METADATA")
    assert Unknown(ref=odd.ref, field="version") in found.unknowns


def test_hostile_metadata_takes_no_time() -> None:
    words = b"Author: \xff" + b"=?a?q?" * 150_000 + b"\n"
    many = b"".join(b"F%d: x\n" % (n % 900) for n in range(9_900))
    begun = time.process_time()
    found = catalogue(
        {"a.dist-info/METADATA": b"Name: a\nVersion: 1\n" + words, "b.dist-info/METADATA": b"Name: b\n" + many}
    )
    assert time.process_time() - begun < 20
    assert {c.name for c in found.components} == {"a", "b"}


def test_ten_thousand_distributions_take_linear_time() -> None:
    def took(count: int) -> float:
        files: dict[str, bytes] = {}
        for n in range(count):
            files |= {f"sp/p{n}-1.dist-info/METADATA": metadata(f"p{n}", "1", f"Requires-Dist: p{(n * 7) % count}>=1")}
        begun = time.process_time()
        assert len(catalogue(files).components) == count
        return time.process_time() - begun

    took(100)
    assert took(4_000) < 10 * took(1_000)


def test_order_of_files_does_not_matter() -> None:
    files = distribution("sp", "a", "1", "Requires-Dist: b", record=["b.py"]) | distribution(
        "sp", "b", "1", record=["b.py"]
    )
    cataloger = PythonPackages()
    facts = [(f, cataloger.read(f)) for f in (file_of(path, data) for path, data in files.items())]
    seen = set()
    for order in permutations(facts):
        found = cataloger.combine(order)
        seen.add(
            (
                frozenset(found.components),
                frozenset(found.edges),
                tuple(sorted(found.owners.items())),
                frozenset(found.unknowns),
            )
        )
    assert len(seen) == 1


PATHS = st.sampled_from(
    ["a.dist-info/METADATA", "a.dist-info/RECORD", "a.dist-info/direct_url.json", "PKG-INFO", "_vendor/vendor.txt"]
)
LINES = st.lists(
    st.one_of(
        st.sampled_from([b"Name: a", b"Version: 1", b"Requires-Dist: a; extra=='x'", b"", b"License: MIT", b'{"url":']),
        st.binary(max_size=20),
    ),
    max_size=8,
).map(b"\n".join)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, st.one_of(st.binary(max_size=80), LINES), max_size=4))
def test_any_bytes_give_facts_or_an_input_error(files: dict[str, bytes]) -> None:
    found = catalogue(files)
    assert all(isinstance(c, Completeness) for c in found.completeness)
    refs = {c.ref for c in found.components}
    assert {e for edge in found.edges for e in (edge.source, edge.target)} <= refs
    assert set(found.owners.values()) <= refs


def test_edges_name_refs_of_components() -> None:
    files = distribution("sp", "a", "1", "Requires-Dist: b") | distribution("sp", "b", "weird version")
    found = catalogue(files)
    assert list(found.edges) == [Edge(source="pkg:pypi/a@1", target="pkg:pypi/b#sp/b-weird version.dist-info/METADATA")]
