"""The one executable: find the verb, run it, turn what it raises into a message and an exit code.

Only the module of the verb that was called is imported; ``--help`` and ``--version`` load nothing else.
"""

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from supplychain._version import __version__

if TYPE_CHECKING:
    from supplychain.cli.console import Console

VERBS: Final = {
    "run": ("run", "run a build step and attest what it made"),
    "prepare": ("prepare", "make the asset set of a release: SBOMs, signatures, checksums"),
    "gate": ("gate", "judge a release by a policy: allowed, denied or undetermined"),
    "publish": ("publish", "publish what a gate allowed, and nothing else"),
    "sbom": ("sbom", "create and validate software bills of materials"),
    "key": ("key", "make and show keys"),
    "sign": ("evidence", "sign files"),
    "attest": ("evidence", "state something about files, signed"),
    "verify": ("evidence", "check signatures and attestations of files"),
    "layout": ("layout", "hold classic in-toto links against their layout"),
    "trust": ("trust", "show whom a trusted root believes, and fetch a newer one"),
    "policy": ("policy", "check, explain and describe policies"),
}
"""Verb to the module beside this one, and its line in the help."""

NEWCOMER: Final = """\
what is in it:   supplychain sbom create app.zip -o cyclonedx-json=app.cdx.json
make a key:      supplychain key new release
make a release:  supplychain prepare dist/ --key release.key
judge it:        supplychain gate dist/ --policy release.yaml
"""

_EPILOG: Final = """\
exit codes: 0 yes  1 no, by a complete judgement  2 usage or policy
            3 could not be judged  4 internal error
environment: SUPPLYCHAIN_KEY_PASSWORD  SOURCE_DATE_EPOCH  NO_COLOR
"""

_YOUNG: Final = 50_000
"""New objects before garbage is looked for: modules and their classes are none, and looking through them costs a tenth
of a short command."""


def usage() -> str:
    """The help of the whole program."""
    width = max(map(len, VERBS))
    lines = "".join(f"  {verb:<{width}}  {text}\n" for verb, (_, text) in VERBS.items())
    return (
        "usage: supplychain VERB ...\n\nmakes a release trustworthy before anybody can download it\n\n"
        f"{lines}\n  supplychain VERB --help says more; --version [-o json] tells versions\n"
        f"  --print-completion bash|zsh|tcsh prints a script for your shell\n\n{_EPILOG}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code comes back, and the console script exits with it.

    Without ``arguments`` they are those of the process, which is then all ours: its garbage is collected as suits a
    process that loads much, runs for a moment and ends.
    """
    args = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        gc.set_threshold(_YOUNG)
        atexit.register(gc.freeze)
    try:
        if (text := _said_at_once(args)) and sys.stdout is not None:
            sys.stdout.write(text)
            sys.stdout.flush()
            return 0
        return _dispatch(args)
    except KeyboardInterrupt:  # before a verb was found; later ones say what was kept
        return 130
    except BrokenPipeError:
        # the reader of our output has gone; what was written to files stands
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except OSError as e:  # a full disk behind stdout; the interpreter must not try again as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.stderr.write(f"error: stdout: cannot be written: {(e.strerror or 'unknown reason').lower()}\n")
        return 3


def _said_at_once(args: list[str]) -> str:
    """What needs no verb: the first four commands, the help, the versions. Empty for everything else."""
    if not args:
        return NEWCOMER
    if args[0] in ("-h", "--help", "help"):
        return usage()
    if args[0] == "--version" and args[1:] in ([], ["-o", "json"], ["-ojson"]):
        return _versions(args[1:])
    return ""


def _versions(rest: list[str]) -> str:
    if rest:
        import json
        import platform

        facts = {"schema": "supplychain/version/v1", "version": __version__, "python": platform.python_version()}
        return json.dumps(facts, indent=2) + "\n"
    return f"supplychain {__version__}\n"


def _dispatch(args: list[str]) -> int:
    from supplychain.cli.console import Console
    from supplychain.errors import SupplyChainError

    interactive = sys.stderr is not None and sys.stderr.isatty()
    console = Console(sys.stderr, colour=interactive and not os.environ.get("NO_COLOR"), interactive=interactive)
    try:
        return _run(args, console)
    except SupplyChainError as e:
        console.error(e)
        return e.exit_code
    except KeyboardInterrupt:
        console.error("interrupted", hint="run the same command again: what was done is kept")
        return 130
    except BrokenPipeError:
        raise
    except PermissionError as e:
        where = f"{e.filename}: " if e.filename else ""
        console.error(f"{where}permission denied", hint="whoever runs this must be able to open it and its folder")
        return 3
    except Exception as e:  # the last line of defence: no traceback for a person, and never a success
        if os.environ.get("SUPPLYCHAIN_DEBUG"):
            raise
        console.error(
            f"internal error: {type(e).__name__}: {e}",
            hint="this is a bug; set SUPPLYCHAIN_DEBUG=1 for the traceback and report it",
        )
        return 4


def _run(args: list[str], console: "Console") -> int:
    from supplychain.cli.arguments import Context, Parser, did_you_mean, refuse_empty, screen_width
    from supplychain.cli.console import Output
    from supplychain.errors import UsageError

    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    context = Context(
        environment=dict(os.environ),
        stdout=Output(sys.stdout),
        console=console,
        terminal=sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty(),
        width=screen_width() if on_terminal else 100,
        colour=on_terminal and not os.environ.get("NO_COLOR"),
    )
    verb, *rest = args
    if verb == "--print-completion":
        from supplychain.cli.completion import print_completion

        return print_completion(rest, context)
    if verb not in VERBS:
        raise UsageError(f"{verb!r} is no verb", hint=did_you_mean(verb, VERBS) or "see supplychain --help")
    refuse_empty(rest)
    module = import_module(f"supplychain.cli.{VERBS[verb][0]}")
    parser = Parser(prog=f"supplychain {verb}", description=VERBS[verb][1], allow_abbrev=False)
    getattr(module, f"configure_{verb}")(parser)
    try:
        parsed = parser.parse_args(rest)
    except SystemExit as e:  # argparse leaves this way after printing --help
        return int(e.code or 0)
    code: int = parsed.run(parsed, context)
    return code
