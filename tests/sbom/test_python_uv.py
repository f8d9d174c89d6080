"""uv.lock: exact edges, sources, extras, groups, workspaces, and locks that contradict themselves."""

import pytest

from supplychain.model.inventory import Covers, Scope
from tests.support.python_locks import SHA, catalogue, component, edges, reasons, scopes, unknown

HEAD = "version = 1\nrevision = 3\n"
PYPI = 'source = { registry = "https://pypi.org/simple" }'


def package(name: str, version: str = "1", body: str = "", *, source: str = PYPI) -> str:
    """A package with a hash."""
    wheel = f'wheels = [{{ url = "https://files.example.org/{name}-{version}.whl", hash = "{SHA}" }}]'
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n{wheel}\n{body}\n'


def root(body: str, name: str = "app", source: str = '{ virtual = "." }') -> str:
    return f'[[package]]\nname = "{name}"\nversion = "0.1"\nsource = {source}\n{body}\n'


def test_dependencies_extras_and_groups_are_edges_of_the_project() -> None:
    found = catalogue(
        {
            "uv.lock": HEAD
            + root(
                'dependencies = [{ name = "a", extra = ["x"] }]\n'
                '[package.optional-dependencies]\nfast = [{ name = "b" }]\n'
                '[package.dev-dependencies]\ndev = [{ name = "c" }]\ntest = [{ name = "d" }]\nbuild = [{ name = "e" }]'
            )
            + package("a", body='[package.optional-dependencies]\nx = [{ name = "f" }]\ny = [{ name = "g" }]')
            + "".join(package(name) for name in "bdefg")
            + package("c", body='dependencies = [{ name = "a", extra = ["y"], marker = "sys_platform == \'win32\'" }]')
        }
    )
    assert edges(found) == {
        *{("app@0.1", f"{name}@1") for name in "abcde"},
        ("a@1", "f@1"),
        ("a@1", "g@1"),
        ("c@1", "a@1"),
    }
    assert scopes(found) == {
        "app@0.1": Scope.RUNTIME,
        "a@1": Scope.RUNTIME,
        "b@1": Scope.RUNTIME,
        "c@1": Scope.DEV,
        "d@1": Scope.TEST,
        "e@1": Scope.BUILD,
        "f@1": Scope.RUNTIME,
        "g@1": Scope.DEV,
    }
    assert component(found, "app@0.1").type == "application"
    assert not reasons(found)
    assert not unknown(found)


def test_extra_of_the_project_is_needed_to_run() -> None:
    found = catalogue(
        {
            "uv.lock": HEAD
            + root(
                '[package.optional-dependencies]\nfast = [{ name = "a" }]\n'
                '[package.dev-dependencies]\ndev = [{ name = "a" }]'
            )
            + package("a")
        }
    )
    assert scopes(found)["a@1"] is Scope.RUNTIME


def test_version_and_source_tell_packages_of_one_name_apart() -> None:
    git = 'source = { git = "https://git.example.org/n?rev=main#abc123" }'
    found = catalogue(
        {
            "uv.lock": HEAD
            + root(
                "dependencies = ["
                ' { name = "n", version = "1", source = { registry = "https://pypi.org/simple" } },'
                ' { name = "n", version = "2", source = { git = "https://git.example.org/n?rev=main#abc123" } },'
                ' { name = "n", version = "2", source = { registry = "https://pypi.org/simple" } }]'
            )
            + package("n")
            + package("n", "2", 'dependencies = [{ name = "n", version = "1" }]')
            + package("n", "2", source=git)
        }
    )
    vcs = "n@2?vcs_url=git%2Bhttps:%2F%2Fgit.example.org%2Fn%40abc123"
    assert edges(found) == {("app@0.1", "n@1"), ("app@0.1", "n@2"), ("app@0.1", vcs), ("n@2", "n@1")}


def test_cycle_is_kept() -> None:
    found = catalogue(
        {
            "uv.lock": HEAD
            + root('dependencies = [{ name = "a" }]')
            + package("a", body='dependencies = [{ name = "b" }]')
            + package("b", body='dependencies = [{ name = "a" }, { name = "b" }]')
        }
    )
    assert edges(found) == {("app@0.1", "a@1"), ("a@1", "b@1"), ("b@1", "a@1")}


@pytest.mark.parametrize(
    ("source", "ref"),
    [
        ('{ registry = "https://pypi.org/simple/" }', "n@1"),
        (
            '{ registry = "https://u:secret@idx.example.org/simple" }',
            "n@1?repository_url=https:%2F%2Fidx.example.org%2Fsimple",
        ),
        ('{ registry = "../wheels" }', "n@1"),
        ('{ url = "https://h.example.org/n-1.whl?token=x" }', "n@1?download_url=https:%2F%2Fh.example.org%2Fn-1.whl"),
        (
            '{ git = "ssh://git@h.example.org/n?subdirectory=a%2Fb&tag=v1#abc" }',
            "n@1?vcs_url=git%2Bssh:%2F%2Fgit%40h.example.org%2Fn%40abc%23a%2Fb",
        ),
        ('{ path = "libs/n-1.whl" }', "n@1"),
        ('{ directory = "libs/n" }', "n@1"),
        ('{ editable = "libs/n" }', "n@1"),
    ],
)
def test_source_is_part_of_the_identity_and_leaks_no_secret(source: str, ref: str) -> None:
    found = catalogue({"uv.lock": HEAD + package("n", source=f"source = {source}")})
    assert [c.ref for c in found.components] == [f"pkg:pypi/{ref}"]
    assert "secret" not in str(found)
    assert "token" not in str(found)


def test_members_of_a_workspace_are_applications() -> None:
    found = catalogue(
        {
            "uv.lock": HEAD
            + '[manifest]\nmembers = ["one", "two"]\nrequirements = [{ name = "b" }]\n'
            + '[manifest.dependency-groups]\ndev = [{ name = "c" }]\n'
            + root('dependencies = [{ name = "two" }]', "one", '{ editable = "one" }')
            + root('dependencies = [{ name = "a" }]', "two", '{ editable = "two" }')
            + "".join(map(package, "abc"))
        }
    )
    assert {c.name for c in found.components if c.type == "application"} == {"one", "two"}
    assert edges(found) == {("one@0.1", "two@0.1"), ("two@0.1", "a@1")}
    assert scopes(found)["b@1"] is Scope.RUNTIME
    assert scopes(found)["c@1"] is Scope.DEV


def test_what_nobody_reaches_counts_as_runtime() -> None:
    assert scopes(catalogue({"uv.lock": HEAD + package("lonely")})) == {"lonely@1": Scope.RUNTIME}


def test_digest_is_of_the_archive_at_its_address() -> None:
    body = f'sdist = {{ url = "https://u:p@files.example.org/n.tar.gz", hash = "sha512:{"c" * 128}" }}'
    digests = component(catalogue({"uv.lock": HEAD + package("n", body=body)}), "n@1").digests
    assert {(d.algorithm, d.url, d.covers) for d in digests} == {
        ("sha256", "https://files.example.org/n-1.whl", Covers.PACKAGE_ARCHIVE),
        ("sha512", "https://files.example.org/n.tar.gz", Covers.PACKAGE_ARCHIVE),
    }


@pytest.mark.parametrize("given", ["", ', hash = "sha256:abc"', ', hash = "crc32:00"', ', hash = "x"'])
def test_hash_that_is_missing_or_unreadable_is_unknown(given: str) -> None:
    text = f'[[package]]\nname = "n"\nversion = "1"\n{PYPI}\nwheels = [{{ url = "https://h.example.org/n"{given} }}]\n'
    assert unknown(catalogue({"uv.lock": HEAD + text})) == {("n@1", "hashes")}


def test_dynamic_version_is_unknown() -> None:
    found = catalogue({"uv.lock": HEAD + '[[package]]\nname = "app"\nsource = { editable = "." }\n'})
    assert [c.ref for c in found.components] == ["pkg:pypi/app"]
    assert unknown(found) == {("app", "version")}


def test_dependency_that_the_lock_does_not_hold_is_a_gap() -> None:
    found = catalogue(
        {"uv.lock": HEAD + root('dependencies = [{ name = "a", version = "2" }, { name = "b" }, { name = "c" }]')
         + package("a") + package("b") + package("b", "2")}
    )  # fmt: skip
    assert edges(found) == set()
    assert reasons(found) == [
        ("app@0.1", "incomplete", "uv.lock: needs a 2, which the lock does not hold"),
        ("app@0.1", "incomplete", "uv.lock: needs b, of which the lock holds 2"),
        ("app@0.1", "incomplete", "uv.lock: needs c, which the lock does not hold"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected version 1"),
        ("version = 2", "expected version 1 of uv.lock, found '2'"),
        ("version = true", "expected version 1"),
        ("version = 1\nversion = 1", "not TOML"),
        ("version = 1\npackage = 3", "expected an array, found int"),
        ("version = 1\npackage = [3]", "expected tables, found int"),
        ("version = 1\npackage = [{}]", "name of a package"),
        ('version = 1\npackage = [{name = "../x"}]', "name of a package"),
        ('version = 1\npackage = [{name = "x"}]', "source: expected one of"),
        ('version = 1\npackage = [{name = "x", source = {registry = "a", url = "b"}}]', "source: expected one of"),
        (
            'version = 1\npackage = [{name = "x", source = {registry = 1}}]',
            "package[0].source.registry: expected a string",
        ),
        ('version = 1\npackage = [{name = "x", source = 1}]', "expected a table"),
        ("version = 1\n[manifest]\nmembers = [1]", "expected strings"),
        ("x = " + "[" * 20_000, "nested too deeply"),
        ("x = " + "1" * 5_000, "not TOML"),
    ],
)
def test_lock_that_breaks_its_format_is_listed_as_incomplete(text: str, reason: str) -> None:
    found = catalogue({"uv.lock": text})
    assert not found.components
    assert [c.ref for c in found.completeness] == ["uv.lock"]
    assert reason in found.completeness[0].reason


def test_bytes_that_are_no_text_are_listed_as_incomplete() -> None:
    assert "not UTF-8 at byte 0" in catalogue({"uv.lock": b"\xff\xfe"}).completeness[0].reason
