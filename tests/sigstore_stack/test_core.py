"""The stack stands on itself: it is no help to its judge, and is quick enough to be made for one test."""

import ast
import sys
import time
from pathlib import Path

import pytest

from tests.sigstore_stack.stack import new_stack

FOLDER = Path(__file__).parent
CORE = sorted(
    path
    for path in FOLDER.glob("*.py")
    if path.stem not in ("conftest", "fixtures", "oracle") and "test_" not in path.name
)
ALLOWED = {"cryptography", "asn1crypto", "rfc8785"}


def imported(path: Path) -> set[str]:
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.stem)
def test_the_core_needs_cryptography_alone(path: Path) -> None:
    """Neither sigstore-python, which judges it, nor supplychain, which is judged by it."""
    ours = {name for name in imported(path) if name.startswith("tests.sigstore_stack")}
    foreign = {name.partition(".")[0] for name in imported(path) - ours}
    assert foreign <= ALLOWED | sys.stdlib_module_names


def test_a_stack_is_made_in_no_time() -> None:
    new_stack()
    before = time.process_time()
    for _ in range(5):
        new_stack()
    assert (time.process_time() - before) / 5 < 0.05
