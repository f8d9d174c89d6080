"""The uv.lock of a large public project: every package and every edge, against lock semantics written out anew."""

import time
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from supplychain.model.inventory import Covers, Scope
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.python_locks import PythonLocks
from tests.support.cataloger_runner import file_of, run

LOCK: Final = Path(__file__).parents[2] / "../shared/vectors/locks/saleor.uv.lock"


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    if not LOCK.is_file():
        pytest.skip("the public uv.lock is not beside the repository")
    return tomllib.loads(LOCK.read_text("utf-8"))


@pytest.fixture(scope="module")
def found(lock: dict[str, Any]) -> Catalogued:
    return run(PythonLocks(), {"saleor/uv.lock": LOCK.read_bytes()})


def true_edges(lock: dict[str, Any]) -> set[tuple[str, str]]:
    """By name alone: this lock holds one version of each."""
    edges = set()
    for package in lock["package"]:
        lists = [package.get("dependencies", [])]
        lists += package.get("optional-dependencies", {}).values()
        lists += package.get("dev-dependencies", {}).values()
        edges |= {(package["name"], need["name"]) for needs in lists for need in needs}
    return {(source, target) for source, target in edges if source != target}


def reachable(lock: dict[str, Any], groups: bool) -> set[str]:
    """Names that the project reaches, extras followed only where they are asked for."""
    packages = {p["name"]: p for p in lock["package"]}
    (root,) = (p for p in lock["package"] if "virtual" in p["source"])
    todo = [*root.get("dependencies", [])]
    for needs in root.get("dev-dependencies", {}).values() if groups else ():
        todo += needs
    seen: set[tuple[str, str]] = set()
    while todo:
        need = todo.pop()
        package = packages[need["name"]]
        for extra in ("", *need.get("extra", [])):
            if (need["name"], extra) not in seen:
                seen.add((need["name"], extra))
                todo += (
                    package.get("optional-dependencies", {}).get(extra, [])
                    if extra
                    else package.get("dependencies", [])
                )
    return {name for name, _ in seen}


def test_every_package_is_found_and_no_other(lock: dict[str, Any], found: Catalogued) -> None:
    assert len(found.components) == len(lock["package"]) == 231
    assert {(c.name, c.version) for c in found.components} == {(p["name"], p["version"]) for p in lock["package"]}
    assert not found.completeness
    assert not found.unknowns


def test_every_edge_is_found_and_no_other(lock: dict[str, Any], found: Catalogued) -> None:
    names = {c.ref: c.name for c in found.components}
    assert {(names[e.source], names[e.target]) for e in found.edges} == true_edges(lock)
    assert len(found.edges) == len(true_edges(lock))


def test_every_hash_covers_its_archive(lock: dict[str, Any], found: Catalogued) -> None:
    true = {
        (p["name"], archive["url"], archive["hash"])
        for p in lock["package"]
        for archive in [*p.get("wheels", []), *([p["sdist"]] if "sdist" in p else [])]
    }
    digests = [(c.name, d) for c in found.components for d in c.digests]
    assert {(name, d.url, f"{d.algorithm}:{d.value}") for name, d in digests} == true
    assert {d.covers for _, d in digests} == {Covers.PACKAGE_ARCHIVE}


def test_scope_tells_what_only_developers_need(lock: dict[str, Any], found: Catalogued) -> None:
    runtime, both = reachable(lock, groups=False), reachable(lock, groups=True)
    scopes = {c.name: c.scope for c in found.components}
    assert {name for name, scope in scopes.items() if scope is Scope.DEV} == both - runtime
    assert {name for name, scope in scopes.items() if scope is Scope.RUNTIME} == runtime | {"saleor"}


def test_project_is_the_head(found: Catalogued) -> None:
    (root,) = (c for c in found.components if c.type == "application")
    assert root.purl == "pkg:pypi/saleor@3.24.0a0"
    assert not any(e.target == root.ref for e in found.edges)


def test_lock_is_read_in_time(lock: dict[str, Any]) -> None:
    cataloger, file = PythonLocks(), file_of("uv.lock", LOCK.read_bytes())
    begun = time.process_time()
    cataloger.combine([(file, cataloger.read(file))])
    assert time.process_time() - begun < 3  # ten times the bar: benchmarks tell the speed
