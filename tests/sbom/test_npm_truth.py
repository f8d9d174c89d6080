"""The lock of a real application against an independent reading of npm's rules, and against npm itself."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from supplychain.model.inventory import Scope
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.npm import NpmLock
from tests.support.cataloger_runner import run
from tests.support.npm_locks import trees

LOCK = Path(__file__).parents[2] / "../shared/vectors/locks/desktop.package-lock.json"
Versioned = tuple[str, str]


@pytest.fixture(scope="module")
def data() -> bytes:
    if not LOCK.is_file():
        pytest.skip(f"{LOCK.name} of the public vectors is not beside this repository")
    return LOCK.read_bytes()


@pytest.fixture(scope="module")
def made(data: bytes) -> Catalogued:
    return run(NpmLock(), {"package-lock.json": data})


class Installed:
    """A folder in node_modules, with npm's own view of the tree: a parent and children by name."""

    def __init__(self, raw: dict[str, Any], name: str, parent: "Installed | None") -> None:
        self.raw = raw
        self.name = raw.get("name", name)
        self.parent = parent
        self.children: dict[str, Installed] = {}
        self.target: Installed | None = None

    @property
    def identity(self) -> Versioned:
        return self.name, self.raw["version"]

    def find(self, name: str) -> "Installed | None":
        here: Installed | None = self
        while here is not None:
            if name in here.children:
                found = here.children[name]
                return found.target or found
            here = here.parent
        return None


def read_independently(data: bytes) -> list[Installed]:
    raw = json.loads(data)["packages"]
    nodes: dict[str, Installed] = {}
    for location in sorted(raw, key=len):
        above, _, name = location.rpartition("node_modules/")
        parent = nodes[above.rstrip("/")] if location else None
        nodes[location] = node = Installed(raw[location], name, parent)
        if parent is not None and "node_modules/" in location:
            parent.children[name] = node
    for node in nodes.values():
        if node.raw.get("link"):
            node.target = nodes[node.raw["resolved"]]
    return [node for node in nodes.values() if node.target is None]


def edges_independently(nodes: list[Installed]) -> set[tuple[Versioned, Versioned]]:
    edges = set()
    for node in nodes:
        asked: set[str] = set()
        for kind in ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies"):
            asked |= set(node.raw.get(kind, {}))
        for name in asked:
            found = node.find(name)
            if found is not None:
                edges.add((node.identity, found.identity))
    return edges


def edges_of(made: Catalogued) -> set[tuple[Versioned, Versioned]]:
    known = {c.ref: (c.name, c.version) for c in made.components}
    return {(known[e.source], known[e.target]) for e in made.edges}


def test_recall_and_precision_of_components_are_one(data: bytes, made: Catalogued) -> None:
    truth = {node.identity for node in read_independently(data)}
    found = [(c.name, c.version) for c in made.components]
    assert len(found) == len(set(found))
    assert set(found) == truth
    assert len(truth) == 1347


def test_edges_are_exact(data: bytes, made: Catalogued) -> None:
    truth = edges_independently(read_independently(data))
    assert edges_of(made) == truth
    assert len(truth) == 3106


def test_everything_resolves_and_every_archive_has_its_hash(data: bytes, made: Catalogued) -> None:
    assert made.completeness == []
    assert made.unknowns == []
    raw = [p for p in json.loads(data)["packages"].values() if "integrity" in p]
    stated = {(d.algorithm, d.url) for c in made.components for d in c.digests}
    assert stated == {(p["integrity"].split("-")[0], p["resolved"]) for p in raw}


def test_development_is_told_from_runtime(data: bytes, made: Catalogued) -> None:
    runtime = {n.identity for n in read_independently(data) if not n.raw.get("dev") and not n.raw.get("devOptional")}
    assert {(c.name, c.version) for c in made.components if c.scope is Scope.RUNTIME} == runtime


def edges_of_npm(folder: Path) -> set[tuple[Versioned, Versioned]]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    command = [npm, "ls", "--all", "--package-lock-only", "--json", "--long", "--offline"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    todo = [json.loads(listed.stdout)]
    edges: set[tuple[Versioned, Versioned]] = set()
    while todo:
        node = todo.pop()
        for child in node.get("dependencies", {}).values():
            if "name" in child:  # what is missing has none
                edges.add(((node["name"], node["version"]), (child["name"], child["version"])))
                todo.append(child)
    return edges


@pytest.mark.slow
def test_npm_sees_the_same_edges(data: bytes, made: Catalogued, tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_bytes(data)
    assert edges_of(made) == edges_of_npm(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", trees())
def test_npm_sees_the_same_edges_in_every_trap(name: str, tmp_path: Path) -> None:
    files = trees()[name]
    folder = tmp_path / "app"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    edges = edges_of_npm(folder)
    assert edges
    assert edges_of(run(NpmLock(), files)) == edges
