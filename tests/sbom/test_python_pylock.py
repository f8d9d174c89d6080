"""pylock.toml (PEP 751): packages, sources, groups by marker, and edges where the file tells them."""

import pytest

from supplychain.model.inventory import Scope
from tests.support.python_locks import OTHER_SHA, SHA, catalogue, component, edges, reasons, scopes, unknown

HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
HASHES = f'hashes = {{ sha256 = "{SHA[7:]}" }}'


def package(name: str, version: str = "1", body: str = "") -> str:
    wheel = f'wheels = [{{ url = "https://f.example.org/{name}-{version}-py3-none-any.whl", {HASHES} }}]'
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{wheel}\n{body}\n'


def test_dependencies_are_edges() -> None:
    found = catalogue(
        {
            "pylock.toml": HEAD
            + package("a", body='dependencies = [{ name = "b" }, { name = "n", version = "2" }]')
            + package("b", body='dependencies = [{ name = "a" }]')
            + package("n", "1")
            + package("n", "2", 'index = "https://pypi.org/simple"')
        }
    )
    assert edges(found) == {("a@1", "b@1"), ("a@1", "n@2"), ("b@1", "a@1")}
    assert not reasons(found)
    assert component(found, "a@1").digests[0].url == "https://f.example.org/a-1-py3-none-any.whl"


def test_dependency_by_source() -> None:
    vcs = '[packages.vcs]\ntype = "git"\nurl = "https://h.example.org/n"\ncommit-id = "abc"\nsubdirectory = "s"'
    wanted = 'dependencies = [{ name = "n", vcs = { commit-id = "abc" } }, { name = "n" }, { name = "q" }]'
    text = HEAD + package("a", body=wanted) + package("n") + f'[[packages]]\nname = "n"\n{vcs}\n'
    found = catalogue({"pylock.toml": text})
    assert edges(found) == {("a@1", "n?vcs_url=git%2Bhttps:%2F%2Fh.example.org%2Fn%40abc%23s")}
    assert [reason for _, _, reason in reasons(found)] == [
        "pylock.toml: needs n, of which the lock holds 2",
        "pylock.toml: needs q, which the lock does not hold",
    ]


def test_lock_without_dependencies_says_that_it_tells_none() -> None:
    found = catalogue({"pylock.dev.toml": HEAD + package("a") + package("b")})
    assert reasons(found) == [("pylock.dev.toml", "unknown", "does not say which package needs which")]
    assert not reasons(catalogue({"pylock.toml": HEAD + package("a")}))


@pytest.mark.parametrize(
    ("marker", "scope"),
    [
        ("'dev' in dependency_groups", Scope.DEV),
        ("'test' in dependency_groups", Scope.TEST),
        ("'dev' in dependency_groups or 'test' in dependency_groups", Scope.DEV),
        ("'base' in dependency_groups or 'dev' in dependency_groups", Scope.RUNTIME),
        ("'dev' in dependency_groups or sys_platform == 'win32'", Scope.RUNTIME),
        ("('dev' in dependency_groups or 'test' in dependency_groups) and sys_platform == 'win32'", Scope.DEV),
        ("'x' in extras", Scope.RUNTIME),
        ("python_version > '3'", Scope.RUNTIME),
    ],
)
def test_scope_follows_the_groups_of_the_marker(marker: str, scope: Scope) -> None:
    head = HEAD + 'dependency-groups = ["base", "dev", "test"]\ndefault-groups = ["base"]\nextras = ["x"]\n'
    found = catalogue({"pylock.toml": head + package("a", body=f'marker = "{marker}"')})
    assert scopes(found) == {"a@1": scope}
    assert [name for name, _ in component(found, "a@1").properties] == ["python:marker"]


@pytest.mark.parametrize(
    ("source", "ref"),
    [
        (f'archive = {{ url = "https://h.example.org/n-2.tar.gz", {HASHES} }}',
         "n@2?download_url=https:%2F%2Fh.example.org%2Fn-2.tar.gz"),
        (f'archive = {{ path = "libs/n-2-py3-none-any.whl", {HASHES} }}', "n@2"),
        (f'archive = {{ url = "https://[/n-2.whl", {HASHES} }}', "n?download_url=https:%2F%2F%5B%2Fn-2.whl"),
        ('version = "1"\ndirectory = { path = "n" }', "n@1"),
        ('version = "1"\nvcs = { type = "git", path = "n", commit-id = "abc" }', "n@1"),
        (f'version = "1"\nindex = "https://u:p@i.example.org/simple"\nsdist = {{ path = "x/n-1.tar.gz", {HASHES} }}',
         "n@1?repository_url=https:%2F%2Fi.example.org%2Fsimple"),
    ],
)  # fmt: skip
def test_source_is_part_of_the_identity(source: str, ref: str) -> None:
    found = catalogue({"pylock.toml": HEAD + f'[[packages]]\nname = "n"\n{source}\n'})
    assert [c.ref for c in found.components] == [f"pkg:pypi/{ref}"]


def test_hash_of_an_algorithm_we_do_not_know_is_unknown() -> None:
    sdist = f'sdist = {{ path = "n-1.tar.gz", hashes = {{ blake3 = "{OTHER_SHA[7:]}" }} }}'
    text = HEAD + f'[[packages]]\nname = "n"\nversion = "1"\n{sdist}\n'
    assert unknown(catalogue({"pylock.toml": text})) == {("n@1", "hashes")}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected lock-version 1.0"),
        ('lock-version = "1.1"\ncreated-by = "x"\npackages = []', "found '1.1'"),
        ('lock-version = "1.0"', "not a pylock file"),
        (HEAD + '[[packages]]\nname = "n"', "not a pylock file"),
        (HEAD + '[[packages]]\nname = "N_n"\ndirectory = { path = "x" }', "not normalized"),
        (HEAD + package("n", "not a version"), "not a pylock file"),
        (HEAD + package("n", body="marker = '" + "(" * 2000 + "'"), "not a pylock file"),
    ],
)
def test_lock_that_breaks_its_format_is_listed_as_incomplete(text: str, reason: str) -> None:
    found = catalogue({"pylock.toml": text})
    assert not found.components
    assert reason in found.completeness[0].reason
