"""--print-completion: a script that a shell reads, and that knows every verb and every path."""

import shutil
import subprocess
from pathlib import Path

import pytest

from supplychain.cli.completion import PATHS, SHELLS, parsers, script, whole_parser
from supplychain.cli.main import VERBS
from tests.support.commands import CommandLine, command

__all__ = ["command"]

OTHERS = "CAUSE FORMAT[=PATH] GLOB HEX ID KIND NAME OWNER/NAME RULE SHELL TEXT TIME TYPE URI URL VERSION VERB".split()
"""What stands in the help for a value that is no path."""


def has(shell: str) -> "pytest.MarkDecorator":
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.mark.parametrize("shell", [pytest.param(s, marks=has(s)) for s in SHELLS])
def test_the_shell_reads_its_script(shell: str, command: CommandLine) -> None:
    ran = command("--print-completion", shell)
    assert (ran.code, ran.err) == (0, "")
    path = command.write("completion", ran.out)
    checked = subprocess.run([shell, "-n", str(path)], check=False, capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@has("bash")
def test_bash_completes_verbs_options_and_files(tmp_path: Path) -> None:
    (tmp_path / "completion").write_text(script("bash"))
    (tmp_path / "release.pub").write_text("")
    asked = """
. ./completion
complete_words() {
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _shtab_supplychain
  echo "${COMPREPLY[*]}"
}
complete_words supplychain publ
complete_words supplychain sbom cre
complete_words supplychain verify --bund
complete_words supplychain verify --key rel
"""
    done = subprocess.run(["bash", "-c", asked], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split() == ["publish", "create", "--bundle", "release.pub"], done.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_every_verb_is_in_the_script(shell: str) -> None:
    text = script(shell)
    for verb in VERBS:
        assert verb in text


def test_every_value_is_known_to_be_a_path_or_not() -> None:
    for parser in parsers(whole_parser()):
        for action in parser._actions:
            if isinstance(action.metavar, str) and action.nargs != 0 and " " not in action.metavar:
                assert action.metavar in (*PATHS, *OTHERS), f"{parser.prog}: {action.metavar}"


@pytest.mark.parametrize("arguments", [(), ("fish",), ("bash", "zsh")])
def test_other_shells_are_a_wrong_call(arguments: tuple[str, ...], command: CommandLine) -> None:
    ran = command("--print-completion", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "bash zsh tcsh" in ran.err
