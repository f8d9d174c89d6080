"""What several verbs take: one place for each flag, so that it means the same everywhere."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from supplychain.cli.console import Console, Output
from supplychain.errors import UsageError

PASSWORD = "SUPPLYCHAIN_KEY_PASSWORD"  # noqa: S105  # the name of a variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a verb may know of the process it runs in."""

    environment: Mapping[str, str]
    stdout: Output
    console: Console
    terminal: bool
    """Whether a person can be asked."""
    width: int = 100
    colour: bool = False


class Rendering(NamedTuple):
    """What one ``-o`` asks for."""

    format: str
    path: str | None
    """None is stdout."""


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
        if found := re.fullmatch(r"(?:argument (.+?): )?invalid choice: '(.*?)' \(choose from (.*)\)", message):
            choices = found[3].replace("'", "").split(", ")
            where = f"{found[1]}: " if found[1] and found[1].startswith("-") else ""
            near = did_you_mean(found[2], choices)
            raise UsageError(f"{where}{found[2]!r} is none of {', '.join(choices)}", hint=near or self._help())
        if found := re.fullmatch(r"unrecognized arguments: (--[\w-]+).*", message):
            near = did_you_mean(found[1], re.findall(r"--[a-z][a-z-]+", self.format_usage()))
            raise UsageError(message, hint=near or self._help())
        raise UsageError(message, hint=self._help())

    def _help(self) -> str:
        return f"see {self.prog} --help"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A hint at the word that was meant; empty when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(given, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an argument that is empty, as a variable that is not set leaves it: no verb means the folder it is in.

    What follows ``--`` is a command of somebody else. Raises UsageError.
    """
    ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for before, argument in zip(("", *ours), ours, strict=False):
        if not argument or re.fullmatch(r"--[a-z-]+=", argument):
            after = f" after {before}" if before.startswith("-") and not argument else ""
            named = argument.removesuffix("=") or f"an argument{after}"
            raise UsageError(f"{named} is empty", hint="is a variable not set?")


def command_line(*words: str) -> str:
    """A command of ours, to be copied into a shell as it is."""
    import shlex

    return shlex.join(["supplychain", *words])


def public_half(key: str) -> str:
    """The name of the public key that `key new` wrote beside a private one; a placeholder where it has another."""
    return f"{key.removesuffix('.key')}.pub" if key.endswith(".key") else "KEY.pub"


def add_key(parser: argparse.ArgumentParser, *, required: bool = True, what: str = "private key that signs") -> None:
    """--key of a verb that signs."""
    parser.add_argument("--key", metavar="FILE", required=required, help=what)


def add_output(parser: argparse.ArgumentParser, *formats: str, made: bool = False) -> None:
    """-o FORMAT[=PATH], any number of times, checked before work starts.

    ``made`` says that the verb may make the folders that are written to.
    """
    parser.add_argument(
        "-o",
        dest="outputs",
        action="append",
        metavar="FORMAT[=PATH]",
        type=_rendering(formats, made=made),
        help=f"{', '.join(formats)}; to stdout unless a path is given; may be repeated",
    )


def _rendering(formats: Sequence[str], *, made: bool) -> Callable[[str], Rendering]:
    def parse(text: str) -> Rendering:
        name, equals, path = text.partition("=")
        if equals and not path:
            raise UsageError(f"-o {text}: a path is missing after =")
        if name not in formats and not {name, *formats} >= {"table", "text"}:
            hint = did_you_mean(name, formats) or f"formats: {', '.join(formats)}"
            raise UsageError(f"-o {name[:40]}: there is no such format here", hint=hint)
        if path:
            refuse_unwritable(path, made=made)
        return Rendering(name, path or None)

    return parse


def refuse_unwritable(path: str, *, made: bool = False) -> None:
    """Refuse a path where no file can be written, before the work whose result it is for. Raises UsageError."""
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{path}: a folder, not a file", hint="name the file to write, with its folder")
    if not made and not target.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {target.parent}", hint="make it first")


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
