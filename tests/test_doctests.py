"""Every example in a docstring runs."""

import doctest
from importlib import import_module

import pytest

from tests.test_architecture import FILES

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("name", [n for n, path in FILES.items() if ">>> " in path.read_text(encoding="utf-8")])
def test_examples_run(name: str) -> None:
    tried = doctest.testmod(import_module(f"supplychain.{name}".rstrip(".")), optionflags=FLAGS)
    assert tried.attempted > 0
    assert tried.failed == 0


def test_the_example_of_the_purity_hook_runs() -> None:
    assert doctest.testmod(import_module("tests.support.purity"), optionflags=FLAGS) == (0, 1)
