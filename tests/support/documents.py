"""Runs what the documents say, in a folder made ready for it.

``python`` blocks are executed in order, with `secret` (the key's password) at hand. In ``console`` blocks each line
after ``$`` is a command; the lines below it are what it prints, ``...`` standing for anything, none meaning that it
does not matter. A command is expected to exit 0, or as ``# exit 1`` behind it says. ``supplychain`` runs in this
process, everything else in a shell. ``<!-- given: prepared -->`` above them asks for a folder in that state (see
`GIVEN`); ``instance`` comes with a private Sigstore and the variables of a CI job. ``/srv/releases`` stands for a
folder of the test's own, and ``HEX`` for the digest that the last ``policy explain`` told.
"""

import contextlib
import doctest
import io
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from supplychain.cli.main import main

ROOT: Final = Path(__file__).resolve().parents[2]
PASSWORD: Final = "correct horse"
LOCK: Final = """\
{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
  "": {"name": "app", "version": "1.0.0", "dependencies": {"left-pad": "1.3.0"}},
  "node_modules/left-pad": {"version": "1.3.0", "resolved": "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz",
    "integrity": "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==",
    "license": "WTFPL"}}}
"""

BUILT: Final = (
    "supplychain key new release",
    "mkdir dist",
    "supplychain run --output dist/app-1.0.0.zip --key release.key -- python3 -m zipfile -c dist/app-1.0.0.zip app",
    "mkdir my-policy",
    "cp policies/release.yaml release.pub my-policy/",
    "cp policies/release.yaml policies/server.yaml",
    "cp release.pub policies/",
)
PREPARED: Final = (
    *BUILT,
    "supplychain prepare dist/ --key release.key --product app --version 1.0.0 --kind minor --cause feature",
)
INSTANCE: Final = (
    *BUILT,
    "supplychain sbom create dist/app-1.0.0.zip -o cyclonedx-json=app.cdx.json",
)
GIVEN: Final = {"built": BUILT, "prepared": PREPARED, "instance": INSTANCE, "nothing": ()}


@contextlib.contextmanager
def instance(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """A private Sigstore with its files in the folder: what stands for its addresses, and the variables of a CI job."""
    from tests.sigstore_stack import oracle, root
    from tests.sigstore_stack.clock import Clock
    from tests.sigstore_stack.services import served
    from tests.sigstore_stack.stack import new_stack

    with served(new_stack(Clock(oracle.today()))) as services:
        (folder / "sigstore.json").write_text(json.dumps(services.trust_config()))
        (folder / "root.json").write_text(json.dumps(root.trusted_root(services.stack)))
        addresses = {"https://issuer.example.com": services.issuer.url, "http://127.0.0.1/timestamp": services.urls.tsa}
        yield addresses, services.github_environment()


class Block(NamedTuple):
    """A fenced block of a document."""

    line: int
    language: str
    text: str


def documents() -> list[Path]:
    """Every document for people, but those made from the code."""
    made = {"commands.md", "errors.md", "rules.md", "threats.md"}
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "policies").glob("*.md")]
    return sorted(p for p in found if p.name not in made)


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks, in order."""
    for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(text.count("\n", 0, found.start()) + 1, found[1], found[2])


def given(text: str) -> tuple[str, ...]:
    """The commands that make the folder ready."""
    found = re.search(r"<!-- given: (\w+) -->", text)
    return GIVEN[found[1] if found else "nothing"]


class Folder:
    """A folder in which a document is tried."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "app").mkdir()
        (path / "app/package-lock.json").write_text(LOCK, encoding="utf-8")
        (path / "srv").mkdir()
        shutil.copytree(ROOT / "policies", path / "policies")
        self.names: dict[str, object] = {"secret": PASSWORD}
        self.digest = ""
        self.stands_for = {"/srv/releases": f"{path}/srv/releases"}

    def try_out(self, block: Block) -> None:
        """Run a block, or raise AssertionError with what it did instead."""
        text = block.text
        for name, true in self.stands_for.items():
            text = text.replace(name, true)
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile("\n" * block.line + text, "document", "exec"), self.names)
        elif block.language == "console":
            for command, expected in _commands(text):
                self.command(command, expected)

    def command(self, line: str, expected: str = "") -> None:
        """Run a command and hold what it prints against what the document shows."""
        line, _, comment = line.partition("  # exit ")
        line = line.replace("HEX", self.digest or "HEX")
        code, out = _call(line.strip()) if line.startswith("supplychain ") else _shell(line)
        assert code == int(comment.strip() or 0), f"$ {line}\nexit {code}\n{out}"
        if line.startswith("supplychain policy explain"):
            self.digest = (re.findall(r"sha256:([0-9a-f]{64})", out) or [self.digest])[0]
        if expected:
            flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            assert doctest.OutputChecker().check_output(expected, out, flags), f"$ {line}\n{out}"


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with what it is said to print; a backslash continues a command."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield re.sub(r"(?<=\S) {2,}(?!# exit)", " ", command), output.strip("\n") and output.rstrip("\n") + "\n"


def _call(line: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = main(shlex.split(line)[1:])
    return code, out.getvalue()


def _shell(line: str) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", line], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout.decode()


def mentioned(text: str) -> Iterator[list[str]]:
    """Every command line of ours that a document shows in a fence or in backticks, as words."""
    fenced = "\n".join(b.text.replace("\\\n", " ") for b in blocks(text) if b.language != "python")
    inline = re.findall(r"`(supplychain [^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    for line in [*re.findall(r"^(?:\$ |\s*- )?(supplychain .*)$", fenced, re.MULTILINE), *inline]:
        yield shlex.split(line.partition("  #")[0].replace("\n", " "))[1:]
