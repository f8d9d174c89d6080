"""The pages of docs/reference that are made from the code: ``make docs`` writes them, a test compares them."""

import ast
import contextlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final
from unittest import mock

from supplychain import errors
from supplychain.cli.main import VERBS, main, usage
from supplychain.policy.explain import rules_reference, schema_text
from tests.support.threats import SECTIONS, Threat, held

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "docs/reference"
NOUNS: Final = {
    "sbom": ("create", "validate"),
    "key": ("new", "show"),
    "layout": ("verify",),
    "trust": ("show", "update"),
    "policy": ("lint", "explain", "rules", "schema"),
}
"""Verbs with verbs of their own."""


def pages() -> dict[str, str]:
    """File name to text."""
    return {
        "commands.md": commands_page(),
        "errors.md": errors_page(),
        "policy.schema.json": schema_text(),
        "rules.md": rules_reference(),
        "threats.md": threats_page(),
    }


@cache
def help_of(*verb: str) -> str:
    """What ``--help`` prints, on a terminal of 100 columns."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), mock.patch.dict(os.environ, {"COLUMNS": "100"}):
        assert main([*verb, "--help"]) == 0
    return out.getvalue().rstrip() + "\n"


def commands() -> list[tuple[str, ...]]:
    """Every verb, in the order of the program's own help."""
    found: list[tuple[str, ...]] = []
    for verb in VERBS:
        found += [(verb, below) for below in NOUNS[verb]] if verb in NOUNS else [(verb,)]
    return found


def commands_page() -> str:
    """Every verb's help."""
    lines = ["# Commands", "", "Made from the program's own help.", "", "```", usage().rstrip(), "```"]
    for verb in commands():
        lines += ["", f"## {' '.join(verb)}", "", "```", help_of(*verb).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def errors_page() -> str:
    """Every error class, its exit code and what it means."""
    lines = ["# Errors", "", "Each error has a code (its class name, which never changes meaning), an exit code and,"]
    lines += ["where something can be done, a hint. Anything that is none of these is a bug: exit code 4.", ""]
    lines += ["| Code | Exit code | Meaning |", "|---|---|---|"]
    families = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.SupplyChainError)]
    for kind in families:
        told = (kind.__doc__ or "").partition("\n")[0]
        lines.append(f"| `{kind.__name__}` | {kind.exit_code} | {told} |")
    return "\n".join(lines) + "\n"


def threats_page() -> str:
    """Every threat with the tests that hold it."""
    tests = tests_by_threat()
    lines = ["# Threats", "", "Hostile and broken input, what answers it, and the tests that hold it. A line without"]
    lines += ["tests belongs to a part that this version does not have: such input is refused as unsupported.", ""]
    for title, threats in SECTIONS.items():
        lines += [f"## {title}", "", "| # | Input | Answer | Tests |", "|---|---|---|---|"]
        for threat in threats:
            links = "<br>".join(map(_link, sorted(tests[threat.number])))
            lines.append(f"| {threat.number} | {threat.given} | {threat.answer} | {links} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def threats() -> list[Threat]:
    """All of them."""
    return [threat for section in SECTIONS.values() for threat in section]


@cache
def tests_by_threat() -> dict[int, set[str]]:
    """Threat to the tests that hold it, by marker, docstring or the table itself."""
    found: dict[int, set[str]] = defaultdict(set, held())
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        where = path.relative_to(ROOT / "tests").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in {*_by_marker(node), *_by_docstring(node)}:
                    found[number].add(f"{where}::{node.name}")
    return found


@cache
def all_tests() -> set[str]:
    """Every test function there is, as the table names it."""
    return {
        f"{path.relative_to(ROOT / 'tests').as_posix()}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _by_marker(node: ast.FunctionDef) -> Iterator[int]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.threat":
            yield from (a.value for a in mark.args if isinstance(a, ast.Constant) and isinstance(a.value, int))


def _by_docstring(node: ast.FunctionDef) -> Iterator[int]:
    for numbers in re.findall(r"Threats? ((?:\d+(?:, | and )?)+)", ast.get_docstring(node) or ""):
        yield from map(int, re.findall(r"\d+", numbers))


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../../tests/{path})"


if __name__ == "__main__":
    for file_name, text in pages().items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
