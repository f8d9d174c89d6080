"""poetry.lock: old and new versions, extras and constraints, with the pyproject.toml that names what is direct."""

import pytest

from supplychain.model.inventory import Scope
from supplychain.sbom.catalogers.python_poetry import allows
from tests.support.python_locks import SHA, catalogue, component, edges, reasons, scopes, unknown

END = '[metadata]\nlock-version = "2.1"\n'
NO_DIRECT = (
    "poetry.lock",
    "unknown",
    "does not name the direct dependencies, and no pyproject.toml beside it does",
)


def package(name: str, version: str = "1", body: str = "") -> str:
    files = f'files = [{{ file = "{name}-{version}.whl", hash = "{SHA}" }}]'
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\ndescription = "About {name}"\n{files}\n{body}\n'


def test_project_beside_the_lock_is_the_head() -> None:
    found = catalogue(
        {
            "poetry.lock": package("a", body='[package.dependencies]\nB = ">=1"')
            + package("b")
            + package("c")
            + package("d")
            + package("e")
            + END,
            "pyproject.toml": '[tool.poetry]\nname = "App"\nversion = "0.1"\n'
            '[tool.poetry.dependencies]\npython = "^3.11"\na = "^1"\nmissing = "*"\n'
            '[tool.poetry.dev-dependencies]\nc = { version = "*" }\n'
            '[tool.poetry.group.test.dependencies]\nd = "*"\nb = "*"\n'
            '[dependency-groups]\nlint = ["e"]\nall = [{ include-group = "lint" }, "a>=1"]\n',
        }
    )
    assert edges(found) == {("a@1", "b@1"), *{("app@0.1", f"{name}@1") for name in "abcde"}}
    assert scopes(found) == {
        "app@0.1": Scope.RUNTIME,
        "a@1": Scope.RUNTIME,
        "b@1": Scope.RUNTIME,
        "c@1": Scope.DEV,
        "d@1": Scope.TEST,
        "e@1": Scope.DEV,
    }
    assert component(found, "app@0.1").type == "application"
    assert component(found, "a@1").description == "About a"
    assert reasons(found) == [("app@0.1", "incomplete", "poetry.lock: needs missing, which the lock does not hold")]


def test_groups_that_include_each_other_without_end_cost_nothing() -> None:
    def members(other: int) -> str:
        return ", ".join([f'{{ include-group = "g{other}" }}'] * 50)

    groups = "".join(f"g{n} = [{members((n + 1) % 40)}, 'a']\n" for n in range(40))
    found = catalogue(
        {"poetry.lock": package("a") + END, "pyproject.toml": f"[project]\nname = 'p'\n[dependency-groups]\n{groups}"}
    )
    assert edges(found) == {("p", "a@1")}


def test_standard_project_table_is_read_too() -> None:
    found = catalogue(
        {
            "poetry.lock": package("a") + package("b", body="optional = true") + END,
            "pyproject.toml": '[project]\nname = "app"\nversion = "2"\ndependencies = ["a>=1"]\n'
            "[project.optional-dependencies]\nfast = ['b ; sys_platform == \"linux\"', 'c ; os_name == \"nt\"']\n",
        }
    )
    assert edges(found) == {("app@2", "a@1"), ("app@2", "b@1")}
    assert not reasons(found)


@pytest.mark.parametrize(
    ("project", "why"),
    [
        (None, ""),
        ("[", "not TOML"),
        ("[project]\nname = 3", "expected a string"),
        ("[project]\nname = 'a'\ndependencies = ['not a requirement!']", "not a requirement"),
        ("[project]\nname = 'a'\ndependencies = ['x" + "y" * 3000 + "']", "not a requirement"),
        ("[dependency-groups]\na = [{ include-group = 3 }]", "groups to include"),
        ("[dependency-groups]\na = [{ include-group = 'b' }]", "b: expected an array"),
        ("[dependency-groups]\na = 3", "expected an array"),
        ("[tool.poetry.dependencies]\na = 3", "expected a constraint"),
    ],
)
def test_lock_without_a_readable_project_says_so(project: str | None, why: str) -> None:
    files = {"poetry.lock": package("a") + package("b", body='[package.dependencies]\na = "*"') + END}
    found = catalogue(files | ({"pyproject.toml": project} if project is not None else {}))
    assert edges(found) == {("b@1", "a@1")}
    assert set(scopes(found).values()) == {Scope.RUNTIME}
    (one,) = reasons(found)
    assert one[:2] == NO_DIRECT[:2]
    assert one[2].startswith(NO_DIRECT[2])
    assert why in one[2]


def test_project_without_a_name_has_no_component_but_scopes() -> None:
    found = catalogue(
        {
            "poetry.lock": package("a") + package("b") + END,
            "pyproject.toml": '[tool.poetry.dependencies]\na = "*"\nq = "*"\n'
            '[tool.poetry.group.dev.dependencies]\nb = "*"',
        }
    )
    assert scopes(found) == {"a@1": Scope.RUNTIME, "b@1": Scope.DEV}
    assert reasons(found) == [("poetry.lock", "incomplete", "needs q, which the lock does not hold")]


def test_optional_dependency_is_an_edge_where_somebody_asks_for_its_extra() -> None:
    a = (
        '[package.dependencies]\nb = { version = "*", optional = true }\nc = { version = "*", optional = true }\n'
        'd = { version = "*", optional = true }\n'
        '[package.extras]\nx = ["b (>=1)"]\ny = ["c"]\nall = ["a[X]", "d"]\n'
    )
    locked = package("a", body=a) + package("b") + package("c") + package("d")
    asks = package("e", body='[package.dependencies]\na = { version = "*", extras = ["All"] }')
    assert edges(catalogue({"poetry.lock": locked + END})) == set()
    assert edges(catalogue({"poetry.lock": locked + asks + END})) == {("e@1", "a@1"), ("a@1", "b@1"), ("a@1", "d@1")}


def test_constraint_tells_versions_of_one_package_apart() -> None:
    locked = (
        package("n", "1.5", "markers = \"python_version < '3.9'\"")
        + package("n", "2.0")
        + package("a", body='[package.dependencies]\nn = ">=1,<2"')
        + package("b", body='[package.dependencies]\nn = ["^1.4", { version = "^2.0", python = ">3" }]')
        + package("c", body='[package.dependencies]\nn = ">=3"')
        + package("d", body='[package.dependencies]\nn = { version = ">=3", markers = "os_name == \'nt\'" }')
    )
    found = catalogue({"poetry.lock": locked + END})
    assert edges(found) == {("a@1", "n@1.5"), ("b@1", "n@1.5"), ("b@1", "n@2.0")}
    assert reasons(found) == [("c@1", "incomplete", "poetry.lock: needs n, which the lock does not hold"), NO_DIRECT]
    assert component(found, "n@1.5").properties == (("python:marker", "python_version < '3.9'"),)


@pytest.mark.parametrize(
    ("constraint", "version", "expected"),
    [
        ("*", "1", True),
        ("", "1", True),
        ("^1.2", "1.9", True),
        ("^1.2", "2.0", False),
        ("^0.2.3", "0.2.9", True),
        ("^0.2.3", "0.3", False),
        ("^0", "0.5", True),
        ("~1.2", "1.2.9", True),
        ("~1.2", "1.3", False),
        ("~1", "1.9", True),
        ("1.2", "1.2.0", True),
        (">=1,<2 || >=3", "2.5", False),
        (">=1,<2 || >=3", "3", True),
        (">=1", "2rc1", True),
        ("nonsense", "1", True),
        (">=1", "no version", True),
        (">=2" + " " * 3000, "1", True),
    ],
)
def test_constraints_of_poetry(constraint: str, version: str, expected: bool) -> None:
    assert allows(constraint, version) is expected


def test_groups_and_categories_written_in_the_lock_are_believed() -> None:
    found = catalogue(
        {
            "poetry.lock": package("a", body='groups = ["main", "dev"]')
            + package("b", body='groups = ["dev"]')
            + package("c", body='groups = ["test"]')
            + package("d", body='category = "dev"')
            + END
        }
    )
    assert list(scopes(found).values()) == [Scope.RUNTIME, Scope.DEV, Scope.TEST, Scope.DEV]


def test_hashes_of_version_1_stand_in_the_metadata() -> None:
    text = (
        '[[package]]\nname = "N"\nversion = "1"\n[metadata]\nlock-version = "1.1"\n'
        f'[metadata.files]\nN = [{{ file = "n.whl", hash = "{SHA}" }}]\n'
    )
    assert [d.value for d in component(catalogue({"poetry.lock": text}), "n@1").digests] == ["a" * 64]


@pytest.mark.parametrize(
    ("source", "ref", "hashes"),
    [
        ('type = "git"\nurl = "https://h.example.org/n.git"\nresolved_reference = "abc"\nsubdirectory = "s"',
         "n@1?vcs_url=git%2Bhttps:%2F%2Fh.example.org%2Fn.git%40abc%23s", False),
        ('type = "url"\nurl = "https://u:p@h.example.org/n.whl"',
         "n@1?download_url=https:%2F%2Fh.example.org%2Fn.whl", True),
        ('type = "legacy"\nurl = "https://u:p@idx.example.org/simple"\nreference = "idx"',
         "n@1?repository_url=https:%2F%2Fidx.example.org%2Fsimple", True),
        ('type = "directory"\nurl = "../n"', "n@1", False),
        ('type = "file"\nurl = "n.whl"', "n@1", True),
    ],
)  # fmt: skip
def test_source_is_part_of_the_identity(source: str, ref: str, hashes: bool) -> None:
    text = f'[[package]]\nname = "n"\nversion = "1"\n[package.source]\n{source}\n'
    found = catalogue({"poetry.lock": text + END})
    assert [c.ref for c in found.components] == [f"pkg:pypi/{ref}"]
    assert unknown(found) == ({(ref, "hashes")} if hashes else set())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected lock-version"),
        ('[metadata]\nlock-version = "3.0"', "found '3.0'"),
        ("[metadata]\nlock-version = 2", "expected a string"),
        (package("n", body='[package.source]\ntype = "ftp"') + END, "source.type: expected one of"),
        (package("n", body='[package.dependencies]\n"a b" = "*"') + END, "name of a package"),
        (package("n", body="[package.dependencies]\na = 3") + END, "expected a constraint"),
        (package("n", body='[package.dependencies]\na = { optional = "x" }') + END, "expected true or false"),
    ],
)
def test_lock_that_breaks_its_format_is_listed_as_incomplete(text: str, reason: str) -> None:
    found = catalogue({"poetry.lock": text})
    assert not found.components
    assert reason in found.completeness[0].reason


def test_unreadable_hash_is_unknown() -> None:
    text = '[[package]]\nname = "n"\nversion = "1"\nfiles = [{ file = "n", hash = "sha256:x" }]\n'
    assert ("n@1", "hashes") in unknown(catalogue({"poetry.lock": text + END}))
