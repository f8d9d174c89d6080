"""What several verbs take: one place for each flag, so that it means the same everywhere."""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TextIO

from supplychain.cli.console import Console
from supplychain.errors import UsageError

PASSWORD = "SUPPLYCHAIN_KEY_PASSWORD"  # noqa: S105  # the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a verb may know of the process it runs in."""

    environment: Mapping[str, str]
    stdout: TextIO
    console: Console
    terminal: bool
    """Whether a person can be asked."""
    width: int = 100
    colour: bool = False


def screen_width() -> int:
    """Columns of the terminal, or what COLUMNS says; 80 where there is neither. `shutil` does so, and loads much."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]  # None is caught
    except (AttributeError, ValueError, OSError):
        return 80


class _Help(argparse.HelpFormatter):
    """argparse makes one with each argument that is added, for which it would load shutil to ask for the width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=screen_width() - 2)


class Parser(argparse.ArgumentParser):
    """argparse with our errors: one line, then the hint, exit code 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting: the command line has one way out."""
        raise UsageError(message, hint=f"see {self.prog} --help")


def add_key(parser: argparse.ArgumentParser, *, required: bool = True, what: str = "private key that signs") -> None:
    """--key of a verb that signs."""
    parser.add_argument("--key", metavar="FILE", required=required, help=what)


def add_output(parser: argparse.ArgumentParser, *formats: str) -> None:
    """-o FORMAT[=PATH], any number of times."""
    parser.add_argument(
        "-o",
        dest="outputs",
        action="append",
        metavar="FORMAT[=PATH]",
        help=f"{', '.join(formats)}; to stdout unless a path is given; may be repeated",
    )


def password_of(context: Context, *, new: bool = False) -> str | None:
    """The key's password: from the environment, else asked for on a terminal; None when there is neither."""
    if PASSWORD in context.environment:
        return context.environment[PASSWORD]
    if not context.terminal:
        return None
    import getpass

    first = getpass.getpass("password for the new key: " if new else "password of the key (empty for none): ")
    if new and getpass.getpass("the same again: ") != first:
        raise UsageError("the two passwords differ; nothing was written")
    return first or None


def split_output(text: str) -> tuple[str, str | None]:
    """FORMAT[=PATH] as its parts."""
    name, equals, path = text.partition("=")
    if equals and not path:
        raise UsageError(f"-o {text}: a path is missing after =")
    return name, path or None
