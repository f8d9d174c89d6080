"""supplychain --print-completion SHELL: a script that completes verbs, options and paths."""

import argparse
from importlib import import_module
from typing import Any, Final

from supplychain.cli.arguments import Context, Parser
from supplychain.cli.main import VERBS
from supplychain.errors import UsageError

SHELLS: Final = ("bash", "zsh", "tcsh")
PATHS: Final = (
    "ARTIFACT",
    "DIR",
    "FILE",
    "FILE[@sha256:HEX]",
    "FILE|RULE-TYPE",
    "FILE|TOKEN",
    "LAYOUT",
    "PATH",
    "PUB",
    "SBOM",
)
"""What stands in the help for a path: completed with files. Everything else is left to the person."""


def print_completion(arguments: list[str], context: Context) -> int:
    """The script for a shell, to be read by it when it starts."""
    known = " ".join(SHELLS)
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        raise UsageError(f"--print-completion takes one of {known}", hint="supplychain --print-completion bash")
    context.stdout.write(script(arguments[0]))
    return 0


def script(shell: str) -> str:
    """What completes every verb there is in this shell."""
    import shtab

    parser = whole_parser()
    _complete_paths(parser, shtab.FILE)
    text: str = shtab.complete(parser, shell=shell)
    return text.rstrip("\n") + "\n"


def whole_parser() -> argparse.ArgumentParser:
    """All verbs below one parser; the program itself makes only that of the verb it runs."""
    parser = Parser(prog="supplychain", allow_abbrev=False)
    verbs = parser.add_subparsers(metavar="VERB")
    for verb, (module, text) in VERBS.items():
        below = verbs.add_parser(verb, help=text, description=text, allow_abbrev=False)
        getattr(import_module(f"supplychain.cli.{module}"), f"configure_{verb}")(below)
    parser.add_argument("--version", action="store_true", help="tell versions")
    parser.add_argument("--print-completion", metavar="SHELL", choices=SHELLS, help="print the script of a shell")
    return parser


def parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A parser and all below it."""
    found = [parser]
    for action in parser._actions:  # argparse tells of its actions nowhere else
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found += parsers(below)
    return found


def _complete_paths(parser: argparse.ArgumentParser, how: Any) -> None:
    for each in parsers(parser):
        for action in each._actions:
            if action.metavar in PATHS:
                action.complete = how  # type: ignore[attr-defined]  # the attribute that shtab reads
