"""What `go version -m` says of a program: the oracle for the inventory of real ones."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest


class Listed(NamedTuple):
    """A module that is in a program."""

    path: str
    version: str
    h1: str


class Oracle(NamedTuple):
    """The words of go, with replacements followed."""

    go_version: str
    main: Listed | None
    deps: frozenset[Listed]


def go() -> str:
    """The go command, or skip."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("go is not installed")
    return found


def ask(program: Path) -> Oracle:
    """Ask go. Fails where go cannot read the program."""
    said = subprocess.run([go(), "version", "-m", str(program)], capture_output=True, text=True, check=True, timeout=60)
    lines = said.stdout.splitlines()
    main: Listed | None = None
    deps: list[Listed] = []
    for line in lines[1:]:
        kind, *fields = line.removeprefix("\t").split("\t")
        if kind not in {"mod", "dep", "=>"}:
            continue
        path, version, h1 = (*fields, "", "")[:3]
        if kind == "mod":
            main = Listed(path, version, h1)
        elif kind == "dep":
            deps.append(Listed(path, version, h1))
        elif path.startswith("."):
            deps[-1] = Listed(deps[-1].path, "(devel)", "")
        else:
            deps[-1] = Listed(path, version, h1)
    return Oracle(lines[0].rpartition(": ")[2], main, frozenset(deps))
