"""npm locks: each trap that makes a name-only reader wrong, each attack, and the laws."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import InputError, LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.inventory import CompletenessState, Component, Covers, Scope
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.npm import NpmLock
from tests.support.cataloger_runner import file_of, run
from tests.support.npm_locks import integrity, lock, lock_v1, package, tree

ROOT = "pkg:npm/app@1.0.0"


def made(data: bytes, path: str = "package-lock.json", **others: bytes) -> Catalogued:
    return run(NpmLock(), {path: data, **{name.replace("_", "."): content for name, content in others.items()}})


def edges(result: Catalogued) -> set[tuple[str, str]]:
    return {(e.source.removeprefix("pkg:npm/"), e.target.removeprefix("pkg:npm/")) for e in result.edges}


def component(result: Catalogued, ref: str) -> Component:
    (found,) = [c for c in result.components if c.ref == ref]
    return found


def refs(result: Catalogued) -> set[str]:
    return {c.ref for c in result.components}


def app(**kinds: Any) -> dict[str, Any]:
    return {"name": "app", "version": "1.0.0", **kinds}


def test_the_nearest_of_two_versions_is_the_one_that_runs() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*", "b": "1"}),
                "node_modules/a": package(dependencies={"b": "2", "c": "*"}),
                "node_modules/a/node_modules/b": package("2.0.0", dependencies={"c": "*"}),
                "node_modules/b": package("1.0.0"),
                "node_modules/c": package(dependencies={"b": "*"}),
            }
        )
    )
    assert edges(result) == {
        ("app@1.0.0", "a@1.0.0"),
        ("app@1.0.0", "b@1.0.0"),
        ("a@1.0.0", "b@2.0.0"),
        ("a@1.0.0", "c@1.0.0"),
        ("b@2.0.0", "c@1.0.0"),
        ("c@1.0.0", "b@1.0.0"),
    }
    assert result.completeness == []


def test_an_alias_is_the_package_it_stands_for() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"old": "npm:@real/thing@1"}),
                "node_modules/old": package(name="@real/thing"),
                "node_modules/@real/thing": package("2.0.0"),
            }
        )
    )
    assert edges(result) == {("app@1.0.0", "%40real/thing@1.0.0")}
    assert ("npm:alias", "old") in component(result, "pkg:npm/%40real/thing@1.0.0").properties


def test_links_lead_to_workspaces_and_their_own_dependencies() -> None:
    result = made(
        lock(
            {
                "": app(workspaces=["packages/*", "!packages/private"]),
                "node_modules/one": {"resolved": "packages/one", "link": True},
                "node_modules/secret": {"resolved": "packages/private", "link": True},
                "packages/one": {"version": "1.1.0", "dependencies": {"b": "*"}, "devDependencies": {"d": "*"}},
                "packages/private": {"name": "secret", "version": "3.0.0"},
                "packages/one/node_modules/b": package("2.0.0"),
                "node_modules/b": package("1.0.0"),
                "node_modules/d": package(dev=True),
            }
        )
    )
    assert edges(result) == {("app@1.0.0", "one@1.1.0"), ("one@1.1.0", "b@2.0.0"), ("one@1.1.0", "d@1.0.0")}
    one = component(result, "pkg:npm/one@1.1.0")
    assert ("npm:first-party", "packages/one") in one.properties
    assert [o.path for o in one.occurrences] == ["package-lock.json#packages/one"]
    assert component(result, "pkg:npm/d@1.0.0").scope is Scope.DEV


@pytest.mark.parametrize(
    ("pattern", "is_member"),
    [
        ("packages/*", True),
        ("./packages/one/", True),
        ("**", True),
        ("packages/**", True),
        ("packages/**/one", True),
        ("pack*/o?e", True),
        ("packages/one/**", True),
        ("*", False),
        ("packages/*/x", False),
        ("a/**", False),
    ],
)
def test_workspace_patterns(pattern: str, is_member: bool) -> None:
    members = {
        "": app(workspaces={"packages": [pattern]}),
        "node_modules/one": {"resolved": "packages/one", "link": True},
        "packages/one": {"version": "1.1.0"},
    }
    assert bool(edges(made(lock(members)))) is is_member


def test_a_linked_folder_outside_the_project_does_not_see_the_projects_packages() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"out": "file:../out"}),
                "../out": {"version": "1.0.0", "dependencies": {"b": "*"}},
                "node_modules/out": {"resolved": "../out", "link": True},
                "node_modules/b": package(),
            }
        )
    )
    assert edges(result) == {("app@1.0.0", "out@1.0.0")}
    assert [(c.ref, c.state) for c in result.completeness] == [
        ("pkg:npm/out@1.0.0", CompletenessState.INCOMPLETE),
    ]


def test_the_folder_of_a_scope_holds_no_packages_of_its_own() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"@s/a": "*"}),
                "node_modules/@s/a": package(dependencies={"b": "*"}),
                "node_modules/@s/node_modules/b": package("6.6.6"),
                "node_modules/b": package(),
            }
        )
    )
    assert ("%40s/a@1.0.0", "b@1.0.0") in edges(result)


def test_a_required_package_that_is_not_there_is_said_and_an_optional_one_is_not() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*"}, devDependencies={"gone-dev": "*"}),
                "node_modules/a": package(
                    dependencies={"gone": "*", "both": "*"},
                    optionalDependencies={"fsevents": "*", "both": "*"},
                    peerDependencies={"react": "*", "vue": "*"},
                    peerDependenciesMeta={"vue": {"optional": True}},
                ),
            }
        )
    )
    assert [(c.ref, c.state, c.reason) for c in result.completeness] == [
        (
            "pkg:npm/a@1.0.0",
            CompletenessState.INCOMPLETE,
            "package-lock.json#node_modules/a needs gone, which the lock does not hold",
        ),
        (
            "pkg:npm/a@1.0.0",
            CompletenessState.INCOMPLETE,
            "package-lock.json#node_modules/a needs react, which the lock does not hold",
        ),
        (ROOT, CompletenessState.INCOMPLETE, "package-lock.json needs gone-dev, which the lock does not hold"),
    ]


def test_peers_resolve_beside_the_package_that_asks() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"plugin": "*", "react": "*"}),
                "node_modules/plugin": package(peerDependencies={"react": "*"}),
                "node_modules/react": package("18.0.0"),
            }
        )
    )
    assert ("plugin@1.0.0", "react@18.0.0") in edges(result)


def test_bundled_packages_are_components_without_a_hash() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*"}),
                "node_modules/a": package(dependencies={"b": "*"}, bundleDependencies=["b"]),
                "node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": True, "license": "MIT"},
            }
        )
    )
    assert edges(result) == {("app@1.0.0", "a@1.0.0"), ("a@1.0.0", "b@1.0.0")}
    assert ("npm:inBundle", "true") in component(result, "pkg:npm/b@1.0.0").properties
    assert component(result, "pkg:npm/b@1.0.0").digests == ()


def test_what_a_workspace_asks_of_its_peers_counts() -> None:
    result = made(
        lock(
            {
                "": app(workspaces=["one"], peerDependencies={"p": "*"}),
                "node_modules/one": {"resolved": "one", "link": True},
                "one": {"version": "1.0.0", "peerDependencies": {"p": "*"}},
                "node_modules/p": package(devOptional=True),
            }
        )
    )
    assert edges(result) == {
        ("app@1.0.0", "one@1.0.0"),
        ("app@1.0.0", "p@1.0.0"),
        ("one@1.0.0", "p@1.0.0"),
    }
    assert component(result, "pkg:npm/p@1.0.0").scope is Scope.DEV


def test_a_folder_that_only_another_package_links_to_is_no_workspace() -> None:
    result = made(
        lock(
            {
                "": app(workspaces=["libs/*"], dependencies={"a": "*"}),
                "node_modules/a": package(dependencies={"f": "file:../libs/f"}),
                "node_modules/a/node_modules/f": {"resolved": "libs/f", "link": True},
                "libs/f": {"name": "f", "version": "1.0.0"},
            }
        )
    )
    assert edges(result) == {("app@1.0.0", "a@1.0.0"), ("a@1.0.0", "f@1.0.0")}


def test_dev_dependencies_of_an_installed_package_are_not_asked_for() -> None:
    asking = package(devDependencies={"gone": "*", "b": "*"})
    result = made(lock({"": app(dependencies={"a": "*"}), "node_modules/a": asking, "node_modules/b": package()}))
    assert result.completeness == []
    assert edges(result) == {("app@1.0.0", "a@1.0.0")}


def test_one_package_at_several_places_is_one_component() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*"}),
                "node_modules/a": package(dependencies={"x": "*"}),
                "node_modules/a/node_modules/x": package("2.0.0", dev=True, optional=True, dependencies={"y": "*"}),
                "node_modules/b/node_modules/x": package("2.0.0", dependencies={"y": "*"}),
                "node_modules/b": package(),
                "node_modules/b/node_modules/y": package("2.0.0"),
                "node_modules/y": package("1.0.0"),
            }
        )
    )
    x = component(result, "pkg:npm/x@2.0.0")
    assert [o.path for o in x.occurrences] == [
        "package-lock.json#node_modules/a/node_modules/x",
        "package-lock.json#node_modules/b/node_modules/x",
    ]
    assert x.scope is Scope.RUNTIME
    assert x.properties == ()
    assert {e for e in edges(result) if e[0] == "x@2.0.0"} == {("x@2.0.0", "y@1.0.0"), ("x@2.0.0", "y@2.0.0")}


def test_one_version_with_two_hashes_is_two_components() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*", "x": "*"}),
                "node_modules/a": package(dependencies={"x": "*"}),
                "node_modules/a/node_modules/x": package("2.0.0", content="other bytes"),
                "node_modules/x": package("2.0.0"),
            }
        )
    )
    first = "x@2.0.0#package-lock.json:node_modules/a/node_modules/x"
    second = "x@2.0.0#package-lock.json:node_modules/x"
    assert edges(result) == {("app@1.0.0", "a@1.0.0"), ("app@1.0.0", second), ("a@1.0.0", first)}
    assert len({c.digests for c in result.components if c.name == "x"}) == 2
    assert {c.purl for c in result.components if c.name == "x"} == {"pkg:npm/x@2.0.0"}


def test_two_locks_agree_on_one_component_though_one_states_an_older_hash() -> None:
    old = package("2.0.0", integrity=integrity("2.0.0", "sha1"))
    result = run(
        NpmLock(),
        {
            "a/package-lock.json": lock({"": app(), "node_modules/x": old}),
            "b/package-lock.json": lock({"": {"name": "b", "version": "1.0.0"}, "node_modules/x": package("2.0.0")}),
        },
    )
    x = component(result, "pkg:npm/x@2.0.0")
    assert {d.algorithm for d in x.digests} == {"sha1", "sha512"}
    assert [f.path for f in x.found] == ["a/package-lock.json", "b/package-lock.json"]


def test_two_projects_of_one_name_stay_apart() -> None:
    nameless = {"": {"name": "frontend"}}
    result = run(NpmLock(), {"a/package-lock.json": lock(nameless), "b/package-lock.json": lock(nameless)})
    assert refs(result) == {
        "pkg:npm/frontend#a/package-lock.json:",
        "pkg:npm/frontend#b/package-lock.json:",
    }
    assert {u.field for u in result.unknowns} == {"version"}


def test_a_shrinkwrap_is_read_instead_of_the_lock_beside_it() -> None:
    result = run(
        NpmLock(),
        {
            "package-lock.json": lock({"node_modules/x": package("1.0.0")}),
            "npm-shrinkwrap.json": lock({"node_modules/x": package("2.0.0")}),
        },
    )
    assert refs(result) == {ROOT, "pkg:npm/x@2.0.0"}


def test_integrity_is_the_hash_of_the_archive_with_its_address() -> None:
    both = f"{integrity('bytes', 'sha1')} {integrity('bytes')}?opt"
    result = made(lock({"": app(), "node_modules/x": package(integrity=both)}))
    digests = component(result, "pkg:npm/x@1.0.0").digests
    assert {(d.algorithm, d.value) for d in digests} == {
        ("sha1", hashlib.sha1(b"bytes").hexdigest()),
        ("sha512", hashlib.sha512(b"bytes").hexdigest()),
    }
    assert {(d.covers, d.url) for d in digests} == {
        (Covers.PACKAGE_ARCHIVE, "https://registry.npmjs.org/x/-/x-1.0.0.tgz")
    }


def test_an_unknown_hash_algorithm_is_an_unknown_hash_not_a_false_one() -> None:
    result = made(lock({"": app(), "node_modules/x": package(integrity="sha3-AAAA")}))
    assert component(result, "pkg:npm/x@1.0.0").digests == ()
    assert [(u.ref, u.field) for u in result.unknowns] == [("pkg:npm/x@1.0.0", "hashes")]


@pytest.mark.parametrize("bad", ["sha512-AAAA", "sha512-***", "sha512", "sha1-" + "A" * 100])
def test_an_integrity_that_is_no_hash_is_malformed(bad: str) -> None:
    with pytest.raises(MalformedDocument, match="integrity"):
        NpmLock().read(file_of("web/package-lock.json", lock({"node_modules/x": package(integrity=bad)})))


@pytest.mark.parametrize(
    ("resolved", "purl"),
    [
        ("git+ssh://git@github.com/o/r.git#abc", "pkg:npm/x@1.0.0?vcs_url=git%2Bssh://git%40github.com/o/r.git%23abc"),
        ("https://codeload.github.com/o/r/tar.gz/abc", "?download_url=https://codeload.github.com/o/r/tar.gz/abc"),
        ("file:vendor/x-1.0.0.tgz", "?download_url=file:vendor/x-1.0.0.tgz"),
        ("https://mirror.example/npm/x/-/x-1.0.0.tgz", "pkg:npm/x@1.0.0"),
    ],
)
def test_what_is_not_from_a_registry_says_where_from(resolved: str, purl: str) -> None:
    result = made(lock({"": app(), "node_modules/x": package(resolved=resolved)}))
    (x,) = [c for c in result.components if c.name == "x"]
    assert unquote(x.purl).endswith(unquote(purl))


def test_credentials_in_an_address_are_left_out() -> None:
    result = made(
        lock(
            {
                "": app(),
                "node_modules/x": package(resolved="https://ci:s3cret@npm.example/x/-/x-1.0.0.tgz"),
                "node_modules/y": package(resolved="git+https://t0ken@github.com/o/y.git#abc", content=""),
                "node_modules/z": package(resolved="https://[t0ken@broken/z.tgz"),
            }
        )
    )
    assert "s3cret" not in repr(result)
    assert "t0ken" not in repr(result)
    assert component(result, "pkg:npm/x@1.0.0").digests[0].url == "https://npm.example/x/-/x-1.0.0.tgz"


@pytest.mark.parametrize(
    ("stated", "licences"),
    [
        ("MIT", {"MIT"}),
        ({"type": "BSD-3-Clause", "url": "http://x"}, {"BSD-3-Clause"}),
        ([{"type": "MIT"}, {"type": "Apache-2.0"}], {"MIT OR Apache-2.0", "Apache-2.0 OR MIT"}),
        (None, set()),
        (7, set()),
    ],
)
def test_licences_as_packages_have_written_them(stated: object, licences: set[str]) -> None:
    result = made(lock({"": app(), "node_modules/x": package(license=stated)}))
    assert set(component(result, "pkg:npm/x@1.0.0").licences) <= licences
    assert bool(component(result, "pkg:npm/x@1.0.0").licences) is bool(licences)


def test_version_1_nests_and_aliases_and_its_direct_dependencies_come_from_package_json() -> None:
    data = lock_v1(
        {
            "a": {
                "version": "1.0.0",
                "integrity": integrity("a"),
                "requires": {"b": "2"},
                "dependencies": {"b": {"version": "2.0.0", "requires": {"c": "*"}}},
            },
            "b": {"version": "1.0.0", "dev": True},
            "c": {"version": "npm:@real/c@1.5.0", "requires": {"b": "*"}},
            "g": {"version": "git+ssh://git@github.com/o/g.git#abc", "from": "g"},
            "w": {"version": "file:packages/w"},
        }
    )
    manifest = json.dumps(app(dependencies={"a": "*", "w": "*"}, devDependencies={"b": "1"})).encode()
    result = made(data, package_json=manifest)
    assert edges(result) == {
        ("app@1.0.0", "a@1.0.0"),
        ("app@1.0.0", "b@1.0.0"),
        ("app@1.0.0", "w"),
        ("a@1.0.0", "b@2.0.0"),
        ("b@2.0.0", "%40real/c@1.5.0"),
        ("%40real/c@1.5.0", "b@1.0.0"),
    }
    assert result.completeness == []
    assert component(result, "pkg:npm/w").properties == (
        ("npm:first-party", "packages/w"),
        ("npm:resolved", "file:packages/w"),
    )
    assert component(result, "pkg:npm/b@1.0.0").scope is Scope.DEV
    assert {u.ref.partition("?")[0] for u in result.unknowns} == {"pkg:npm/g", "pkg:npm/w"}


@pytest.mark.parametrize("manifest", [None, b"{"])
def test_version_1_without_its_package_json_says_what_it_cannot_know(manifest: bytes | None) -> None:
    data = lock_v1({"a": {"version": "1.0.0", "requires": {"b": "*"}}, "b": {"version": "1.0.0"}})
    result = made(data) if manifest is None else made(data, package_json=manifest)
    assert edges(result) == {("app@1.0.0", "a@1.0.0"), ("a@1.0.0", "b@1.0.0")}
    (note,) = result.completeness
    assert (note.ref, note.state) == (ROOT, CompletenessState.UNKNOWN)
    assert "package.json" in note.reason


def test_a_broken_package_json_beside_a_current_lock_matters_to_nobody() -> None:
    assert made(lock({}), package_json=b"{").completeness == []


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/.package-lock.json",
        "node_modules/x/package-lock.json",
        "app.tgz!/node_modules/x/npm-shrinkwrap.json",
        "vendor/x/package-lock.json",
        "node_modules/x.tgz!/package/package-lock.json",
        "my-package-lock.json",
        "package-lock.json/readme",
    ],
)
def test_locks_of_installed_and_vendored_packages_are_not_inventory(path: str) -> None:
    assert not NpmLock().wants(path, b"{")


@pytest.mark.parametrize("path", ["package-lock.json", "web/npm-shrinkwrap.json", "a.tgz!/package/package-lock.json"])
def test_locks_of_the_project_are(path: str) -> None:
    assert NpmLock().wants(path, b"{")


@pytest.mark.parametrize("version", [0, 4, None])
def test_a_lockfile_version_nobody_knows_is_unsupported(version: int | None) -> None:
    data = json.dumps({"lockfileVersion": version, "packages": {}}).encode()
    with pytest.raises(UnsupportedType, match="lockfileVersion"):
        NpmLock().read(file_of("package-lock.json", data))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "web/package-lock.json"),
        (b"[]", "an object"),
        (b'{"lockfileVersion": "x"}', "lockfileVersion"),
        (b'{"lockfileVersion": 3}', "packages"),
        (lock({"node_modules/x": []}), r'packages\["node_modules/x"\]'),
        (lock({"node_modules/x": {"version": 1}}), r'packages\["node_modules/x"\].version'),
        (lock({"node_modules/x": {"dependencies": []}}), "dependencies"),
        (lock({"node_modules/x": {"link": True}}), "resolved"),
        (lock({"node_modules/x/../../y": package()}), "plain folders"),
        (lock({"node_modules//x": package()}), "plain folders"),
        (lock({"node_modules/..": package()}), "plain folders"),
        (lock({"node_modules/\x1b[31m": package(name="x")}), "plain folders"),
        (lock({"node_modules/a/b": package()}), "package name"),
        (lock({"node_modules/x": package(name="@/x")}), "package name"),
        (lock({"node_modules/x": package("../../etc")}), "version"),
        (lock({"node_modules/x": package("1\x1b[31m")}), "version"),
        (lock({"": {"workspaces": [1]}}), "workspaces"),
        (lock_v1({"x": {"version": "1", "requires": []}}), "requires"),
        (lock_v1({"x": 1}), "dependencies.x"),
    ],
)
def test_a_broken_lock_names_its_place(data: bytes, place: str) -> None:
    with pytest.raises(MalformedDocument, match=place) as caught:
        NpmLock().read(file_of("web/package-lock.json", data))
    assert caught.value.where.startswith("web/package-lock.json")


def test_nesting_without_end_is_refused() -> None:
    deep = "/".join(["node_modules/x"] * 65)
    with pytest.raises(LimitExceeded, match="levels"):
        NpmLock().read(file_of("package-lock.json", lock({deep: package()})))


def test_patterns_that_would_explode_do_not() -> None:
    members = {
        "": app(workspaces=["a*" * 100 + "b", "/".join(["**"] * 400)]),
        "node_modules/one": {"resolved": "a" * 2000, "link": True},
        "a" * 2000: {"version": "1.1.0"},
    }
    started = time.process_time()
    made(lock(members))
    assert time.process_time() - started < 2


def test_links_in_a_circle_and_to_nowhere_are_said() -> None:
    result = made(
        lock(
            {
                "": app(dependencies={"a": "*", "c": "*"}),
                "node_modules/a": {"resolved": "node_modules/b", "link": True},
                "node_modules/b": {"resolved": "node_modules/a", "link": True},
                "node_modules/c": {"resolved": "gone", "link": True},
            }
        )
    )
    assert refs(result) == {ROOT}
    assert {c.state for c in result.completeness} == {CompletenessState.INCOMPLETE}
    assert any("links to gone" in c.reason for c in result.completeness)


def test_a_project_without_a_name_is_named_by_its_folder() -> None:
    data = json.dumps({"lockfileVersion": 3, "packages": {"": {}, "node_modules/x": package()}}).encode()
    result = made(data, "web/package-lock.json")
    root = component(result, "web/package-lock.json")
    assert (root.name, root.purl, root.type) == ("web", "", "application")
    assert {u.field for u in result.unknowns if u.ref == root.ref} == {"name", "version"}


def test_two_thousand_packages_cost_little_and_growth_is_linear() -> None:
    def spent(data: bytes) -> float:
        def once() -> float:
            started = time.process_time()
            made(data)
            return time.process_time() - started

        return min(once() for _ in range(3))

    small, large = spent(tree(1000)), spent(tree(8000))
    assert large / small < 8**1.6  # a quadratic reader takes 64 times as long; benchmarks tell the exponent
    assert small < 2


def shuffled(value: Any, draw: Callable[[list[Any]], list[Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: shuffled(value[key], draw) for key in draw(list(value))}


@given(st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_files_and_of_entries_changes_nothing(random: Any) -> None:
    """What is known does not depend on the order in which it was met."""

    def mixed(keys: list[Any]) -> list[Any]:
        random.shuffle(keys)
        return keys

    documents = {
        "package-lock.json": json.loads(tree(40)),
        "b/package-lock.json": json.loads(lock({"node_modules/x": package()})),
    }
    cataloger = NpmLock()
    expected = run(cataloger, {path: json.dumps(d).encode() for path, d in documents.items()})
    facts = []
    for path in mixed(list(documents)):
        file = file_of(path, json.dumps(shuffled(documents[path], mixed)).encode())
        facts.append((file, cataloger.read(file)))
    again = cataloger.combine(facts)
    assert again == expected


KEYS = ["", "a", "node_modules/a", "node_modules/a/node_modules/b", "packages", "dependencies", "version", "name"]
KEYS += ["lockfileVersion", "resolved", "link", "integrity", "requires", "workspaces", "peerDependencies", "license"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.text(max_size=5)
    | st.sampled_from(["a", "file:x", "npm:a@1", "../a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=200) | JSON.map(lambda v: json.dumps(v).encode()))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_facts_or_one_of_our_errors(data: bytes) -> None:
    """Any bytes give a result or one of our errors."""
    _survives(data)


@given(
    version=st.integers(1, 3),
    packages=st.dictionaries(st.text(max_size=20) | st.sampled_from(["", "a"]), JSON),
    tree=JSON,
)
@settings(max_examples=100, deadline=None)
def test_any_lock_gives_facts_or_one_of_our_errors(version: int, packages: dict[str, Any], tree: object) -> None:
    """Any bytes give a result or one of our errors: deeper in, where the outer shape is right."""
    top = {"name": "app", "lockfileVersion": version, "packages": packages, "dependencies": tree}
    _survives(json.dumps(top).encode())


def _survives(data: bytes) -> None:
    try:
        facts = NpmLock().read(file_of("package-lock.json", data))
    except InputError:
        return
    result = NpmLock().combine([(file_of("package-lock.json", data), facts)])
    known = refs(result)
    assert all(e.source in known and e.target in known for e in result.edges)
