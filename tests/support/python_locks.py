"""Reads Python locks in tests, and says what was found in a few words."""

from collections.abc import Mapping

from supplychain.model.inventory import Component, Scope
from supplychain.sbom.catalogers import Catalogued
from supplychain.sbom.catalogers.python_locks import PythonLocks
from tests.support.cataloger_runner import run

SHA = "sha256:" + "a" * 64
OTHER_SHA = "sha256:" + "b" * 64


def catalogue(files: Mapping[str, str | bytes]) -> Catalogued:
    """What is made of these files."""
    return run(PythonLocks(), {path: d if isinstance(d, bytes) else d.encode() for path, d in files.items()})


def short(ref: str) -> str:
    """A ref without ``pkg:pypi/``."""
    return ref.removeprefix("pkg:pypi/")


def edges(found: Catalogued) -> set[tuple[str, str]]:
    """Edges by short refs."""
    return {(short(e.source), short(e.target)) for e in found.edges}


def scopes(found: Catalogued) -> dict[str, Scope]:
    """Scope by short ref."""
    return {short(c.ref): c.scope for c in found.components}


def component(found: Catalogued, ref: str) -> Component:
    """The one with this short ref."""
    (one,) = [c for c in found.components if short(c.ref) == ref]
    return one


def reasons(found: Catalogued) -> list[tuple[str, str, str]]:
    """(short ref, state, reason) of all that is not complete."""
    return [(short(c.ref), c.state.value, c.reason) for c in found.completeness]


def unknown(found: Catalogued) -> set[tuple[str, str]]:
    """(short ref, field)"""
    return {(short(u.ref), u.field) for u in found.unknowns}
