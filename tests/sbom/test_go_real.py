"""Programs that a real Go toolchain built, against what the toolchain itself reads from them."""

import os
import subprocess
from pathlib import Path

import pytest

from supplychain.sbom.catalogers.go_binary import GoBinary
from supplychain.sbom.catalogers.go_module import GoModule
from tests.support.cataloger_runner import run
from tests.support.go_oracle import Listed, ask, go

pytestmark = pytest.mark.slow

SOURCE = {
    "go.mod": "module example.com/app\n\ngo 1.20\n\nrequire example.com/lib v1.2.3\n\n"
    "replace example.com/lib => ./lib\n",
    "main.go": 'package main\n\nimport "example.com/lib"\n\nfunc main() { println(lib.Name) }\n',
    "lib/go.mod": "module example.com/lib\n\ngo 1.20\n",
    "lib/lib.go": 'package lib\n\nvar Name = "lib"\n',
    "bare/go.mod": "module example.com/bare\n\ngo 1.20\n",
    "bare/main.go": "package main\n\nfunc main() {}\n",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    for path, text in SOURCE.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return folder


def build(folder: Path, *arguments: str, **settings: str) -> Path:
    program = folder / "program"
    program.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
        **settings,
    }
    command = [go(), "build", "-trimpath", "-o", str(program), *arguments]
    subprocess.run(command, cwd=folder, env=environment, check=True, timeout=600)
    return program


def listed(program: Path) -> tuple[set[Listed], str]:
    result = run(GoBinary(), {"program": program.read_bytes()})
    assert result.completeness == []
    found = {
        Listed(c.name, c.version, f"h1:{c.digests[0].value}" if c.digests else "")
        for c in result.components
        if c.name != "stdlib"
    }
    (stdlib,) = [c for c in result.components if c.name == "stdlib"]
    return found, f"go{stdlib.version}"


@pytest.mark.parametrize("machine", ["linux/amd64", "windows/386", "darwin/arm64", "linux/s390x", "linux/mips"])
def test_every_machine_is_read_as_go_reads_it(source: Path, machine: str) -> None:
    system, processor = machine.split("/")
    program = build(source, GOOS=system, GOARCH=processor)
    oracle = ask(program)
    assert oracle.main is not None
    assert listed(program) == ({*oracle.deps, oracle.main}, oracle.go_version)
    assert oracle.deps == {Listed("example.com/lib", "(devel)", "")}


@pytest.mark.parametrize("flags", ["-s -w", "-buildid="])
def test_a_stripped_program_still_tells(source: Path, flags: str) -> None:
    program = build(source, f"-ldflags={flags}")
    oracle = ask(program)
    assert listed(program)[0] == {*oracle.deps, *filter(None, [oracle.main])}


def test_a_program_of_the_standard_library_alone(source: Path) -> None:
    program = build(source / "bare")
    assert {one.path for one in listed(program)[0]} == {"example.com/bare"}


def test_without_the_magic_the_modules_are_still_found(source: Path) -> None:
    program = build(source)
    program.write_bytes(program.read_bytes().replace(b"\xff Go buildinf:", b"\0" * 14))
    result = run(GoBinary(), {"program": program.read_bytes()})
    assert {c.name for c in result.components} == {"example.com/app", "example.com/lib", "stdlib"}


def test_without_modules_it_is_incomplete(source: Path) -> None:
    program = build(source / "bare", "main.go", GO111MODULE="off")
    assert run(GoBinary(), {"program": program.read_bytes()}).completeness


def test_go_mod_is_read_as_go_reads_it(source: Path) -> None:
    files = {path: text.encode() for path, text in SOURCE.items() if path.endswith("go.mod")}
    result = run(GoModule(), files)
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    command = [go(), "list", "-m", "all"]
    said = subprocess.run(command, cwd=source, env=environment, check=True, timeout=60, capture_output=True, text=True)
    mine = {c.name for c in result.components if c.name != "example.com/bare"}
    assert mine == {line.split()[0] for line in said.stdout.splitlines()}
