"""All Python locks together: one component for one package, whatever the order, size or content of the files."""

import time
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.model.inventory import CompletenessState
from supplychain.sbom.assembly import assemble
from supplychain.sbom.catalogers.python_locks import PythonLocks
from tests.support.cataloger_runner import file_of
from tests.support.python_locks import OTHER_SHA, SHA, catalogue, edges, reasons, scopes, unknown

REGISTRY = 'source = { registry = "https://pypi.org/simple" }'


def uv(name: str, version: str, *, sha: str = SHA, source: str = REGISTRY, body: str = "") -> str:
    wheel = f'wheels = [{{ url = "https://f.example.org/{name}.whl", hash = "{sha}" }}]'
    return f'version = 1\n[[package]]\nname = "{name}"\nversion = "{version}"\n{source}\n{wheel}\n{body}\n'


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("uv.lock", True),
        ("a/b/poetry.lock", True),
        ("a.tar.gz!/a-1/uv.lock", True),
        ("pylock.toml", True),
        ("pylock.dev.toml", True),
        ("pylock.a.b.toml", False),
        ("pylock..toml", False),
        ("pyproject.toml", True),
        ("requirements.txt", True),
        ("requirements.in", False),
        ("notes.txt", False),
        ("lib/site-packages/a/uv.lock", False),
        ("node_modules/a/requirements.txt", False),
        ("pip/_vendor/requirements.txt", False),
        ("vendor/a/poetry.lock", False),
        ("a.whl!/a/uv.lock", False),
        ("a.dist-info/pylock.toml", False),
    ],
)
def test_locks_of_installed_packages_are_not_inventory(path: str, wanted: bool) -> None:
    assert PythonLocks().wants(path, b"") is wanted


def test_one_package_in_two_locks_is_one_component() -> None:
    found = catalogue({"uv.lock": uv("n", "1"), "requirements.txt": f"n==1 --hash={SHA}"})
    merged = assemble("subject", [found], {"uv.lock", "requirements.txt"}).components
    assert [c.ref for c in merged] == ["pkg:pypi/n@1"]
    assert [f.path for f in merged[0].found] == ["requirements.txt", "uv.lock"]


def test_locks_that_contradict_each_other_make_two_components() -> None:
    found = catalogue({"a/uv.lock": uv("n", "1"), "b/uv.lock": uv("n", "1", sha=OTHER_SHA)})
    assert set(scopes(found)) == {"n@1#a/uv.lock", "n@1#b/uv.lock"}


def test_two_folders_of_one_name_are_two_components() -> None:
    source = 'source = { editable = "." }'
    found = catalogue({"a/uv.lock": uv("n", "1", source=source), "b/uv.lock": uv("n", "1", source=source)})
    assert set(scopes(found)) == {"n@1#a", "n@1#b"}
    assert {c.purl for c in found.components} == {"pkg:pypi/n@1"}


@pytest.mark.parametrize("version", ["9" * 40_000, "1.0" * 13_000, "1/../2", "a b", "1\\u001b[31m"])
def test_version_that_nobody_can_order_is_kept_and_unknown(version: str) -> None:
    begun = time.process_time()
    found = catalogue({"uv.lock": uv("n", version)})
    assert time.process_time() - begun < 0.5
    (one,) = found.components
    assert one.version == version.replace("\\u001b", "\x1b")
    assert one.purl == "pkg:pypi/n"
    assert len(one.ref) < 120
    assert {field for _, field in unknown(found)} == {"version"}


def test_two_versions_that_nobody_can_order_stay_two() -> None:
    body = f'[[package]]\nname = "n"\nversion = "b b"\n{REGISTRY}\n'
    assert set(scopes(catalogue({"uv.lock": uv("n", "a a", body=body)}))) == {"n#a a", "n#b b"}


def test_order_of_files_does_not_matter() -> None:
    cataloger = PythonLocks()
    files = {
        "uv.lock": uv("n", "1"),
        "b/uv.lock": uv("n", "1", sha=OTHER_SHA),
        "poetry.lock": '[[package]]\nname = "n"\nversion = "1"\n[metadata]\nlock-version = "2.0"\n',
        "pyproject.toml": '[project]\nname = "p"\ndependencies = ["n"]',
    }
    facts = [(f, cataloger.read(f)) for f in (file_of(path, text.encode()) for path, text in files.items())]
    made = {repr(assemble("s", [cataloger.combine(order)], set(files))) for order in permutations(facts)}
    assert len(made) == 1


@pytest.mark.parametrize(
    ("path", "head", "key", "source"),
    [
        ("uv.lock", "version = 1", "package", REGISTRY),
        ("poetry.lock", '[metadata]\nlock-version = "2.0"', "package", ""),
        ("pylock.toml", 'lock-version = "1.0"\ncreated-by = "x"', "packages", 'directory = { path = "x" }'),
    ],
)
def test_lock_full_of_packages_of_one_name_is_not_read(path: str, head: str, key: str, source: str) -> None:
    body = "".join(f'[[{key}]]\nname = "n"\nversion = "{n}"\n{source}\n' for n in range(300))
    found = catalogue({path: f"{head}\n{body}"})
    assert not found.components
    assert reasons(found) == [(path, "incomplete", f"{path}: more than 200 packages named n")]


def test_ten_thousand_packages_take_linear_time() -> None:
    def took(count: int) -> float:
        text = "version = 1\n" + "".join(
            f'[[package]]\nname = "p{n}"\nversion = "1"\n{REGISTRY}\n'
            f'dependencies = [{{ name = "p{(n * 7 + 1) % count}" }}]\n'
            f'wheels = [{{ url = "https://f.example.org/p{n}.whl", hash = "{SHA}" }}]\n'
            for n in range(count)
        )
        begun = time.process_time()
        assert len(catalogue({"uv.lock": text}).components) == count
        return time.process_time() - begun

    took(200)
    assert took(4_000) < 10 * took(1_000)


PATHS = st.sampled_from(["uv.lock", "poetry.lock", "pylock.toml", "requirements.txt", "pyproject.toml", "b/uv.lock"])
TOML = st.lists(
    st.sampled_from(
        [
            "version = 1",
            'lock-version = "1.0"',
            'created-by = "x"',
            "[[package]]",
            "[[packages]]",
            'name = "a"',
            'version = "1"',
            REGISTRY,
            'dependencies = [{ name = "a" }]',
            'directory = { path = "x" }',
            "[package.dependencies]",
            'a = { version = "^1", extras = ["x"], optional = true }',
            "[package.extras]",
            'x = ["a"]',
            "[metadata]",
            'lock-version = "2.0"',
            f"a==1 --hash={SHA}",
            "-r b.txt",
        ]
    ),
    max_size=10,
).map("\n".join)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(PATHS, st.one_of(st.binary(max_size=60), TOML, st.text(max_size=60)), max_size=4))
def test_any_bytes_give_facts_or_an_input_error(files: dict[str, str | bytes]) -> None:
    found = catalogue({p: d.encode("utf-8", "replace") if isinstance(d, str) else d for p, d in files.items()})
    refs = {c.ref for c in found.components}
    assert {ref for edge in found.edges for ref in (edge.source, edge.target)} <= refs
    assert {u.ref for u in found.unknowns} <= refs
    assert {c.ref for c in found.completeness} <= refs | set(files)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, set[tuple[int, int]], set[int], set[int]]:
    """A number of packages, who needs whom, and what the project needs to run and to develop."""
    count = draw(st.integers(1, 8))
    places = st.integers(0, count - 1)
    return count, draw(st.sets(st.tuples(places, places), max_size=20)), draw(st.sets(places)), draw(st.sets(places))


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_uv_and_poetry_tell_the_same_graph(graph: tuple[int, set[tuple[int, int]], set[int], set[int]]) -> None:
    count, needs, runtime, dev = graph
    names = {n: [t for s, t in sorted(needs) if s == n] for n in range(count)}

    def listed(places: set[int] | list[int]) -> str:
        return ", ".join(f'{{ name = "p{n}" }}' for n in sorted(places))

    uv_lock = 'version = 1\n[[package]]\nname = "app"\nversion = "1"\nsource = { virtual = "." }\n'
    uv_lock += f"dependencies = [{listed(runtime)}]\n[package.dev-dependencies]\ndev = [{listed(dev)}]\n"
    poetry_lock = ""
    for n in range(count):
        head = f'[[package]]\nname = "p{n}"\nversion = "1"\n'
        uv_lock += f"{head}{REGISTRY}\ndependencies = [{listed(names[n])}]\n"
        poetry_lock += head + "[package.dependencies]\n" + "".join(f'p{t} = "*"\n' for t in names[n])
    project = '[project]\nname = "app"\nversion = "1"\n[tool.poetry.dependencies]\n' + "".join(
        f'p{n} = "*"\n' for n in runtime
    )
    project += "[tool.poetry.group.dev.dependencies]\n" + "".join(f'p{n} = "*"\n' for n in dev)
    ours = catalogue({"uv.lock": uv_lock})
    theirs = catalogue({"poetry.lock": poetry_lock + '[metadata]\nlock-version = "2.0"\n', "pyproject.toml": project})
    true = {(f"p{s}@1", f"p{t}@1") for s, t in needs if s != t} | {("app@1", f"p{n}@1") for n in runtime | dev}
    assert edges(ours) == edges(theirs) == true
    assert scopes(ours) == scopes(theirs)
    assert not reasons(ours)
    assert not reasons(theirs)


def test_state_tells_what_is_missing_from_what_is_never_told() -> None:
    found = catalogue({"requirements.txt": f"a==1 --hash={SHA}\nb==1 --hash={SHA}\nc"})
    assert {c.state for c in found.completeness} == {CompletenessState.UNKNOWN, CompletenessState.INCOMPLETE}
