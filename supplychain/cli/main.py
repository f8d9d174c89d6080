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
    "prepare": ("prepare", "make the asset set of a release: SBOMs, signatures, attestations, checksums"),
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
what is in it:   supplychain sbom create dist/app.tar.gz -o cyclonedx-json=app.cdx.json
make a key:      supplychain key new release
make a release:  supplychain prepare dist/ --key release.key
judge it:        supplychain gate dist/ --policy release.yaml
"""

_EPILOG: Final = """\
exit codes: 0 yes  1 no, by a complete judgement  2 usage or policy  3 could not be judged  4 internal error
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
        f"{lines}\n  supplychain VERB --help says more; --version [-o json] tells versions\n\n{_EPILOG}"
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
        if not args:
            sys.stdout.write(NEWCOMER)
            return 0
        if args[0] in ("-h", "--help", "help"):
            sys.stdout.write(usage())
            return 0
        if args[0] == "--version":
            sys.stdout.write(_versions(args[1:]))
            return 0
        code = _dispatch(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output has gone; what was written to files stands
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    return code


def _versions(rest: list[str]) -> str:
    if rest in (["-o", "json"], ["-ojson"]):
        import json
        import platform

        facts = {"schema": "supplychain/version/v1", "version": __version__, "python": platform.python_version()}
        return json.dumps(facts, indent=2) + "\n"
    return f"supplychain {__version__}\n"


def _dispatch(args: list[str]) -> int:
    from supplychain.cli.console import Console
    from supplychain.errors import SupplyChainError, UsageError

    interactive = sys.stderr.isatty()
    console = Console(sys.stderr, colour=interactive and not os.environ.get("NO_COLOR"), interactive=interactive)
    try:
        if args[0] not in VERBS:
            import difflib

            near = difflib.get_close_matches(args[0], VERBS, n=1)
            raise UsageError(
                f"{args[0]!r} is no verb", hint=f"did you mean {near[0]}?" if near else "see supplychain --help"
            )
        return _run(args, console)
    except SupplyChainError as e:
        console.error(e)
        return e.exit_code
    except KeyboardInterrupt:
        console.error("interrupted", hint="run the same command again: what was done is kept")
        return 130
    except BrokenPipeError:
        raise
    except Exception as e:  # the last line of defence: no traceback for a person, and never a success
        if os.environ.get("SUPPLYCHAIN_DEBUG"):
            raise
        console.error(
            f"internal error: {type(e).__name__}: {e}",
            hint="this is a bug; set SUPPLYCHAIN_DEBUG=1 for the traceback and report it",
        )
        return 4


def _run(args: list[str], console: "Console") -> int:
    from supplychain.cli.arguments import Context, Parser, screen_width

    module = import_module(f"supplychain.cli.{VERBS[args[0]][0]}")
    parser = Parser(prog=f"supplychain {args[0]}", description=VERBS[args[0]][1], allow_abbrev=False)
    getattr(module, f"configure_{args[0]}")(parser)
    on_terminal = sys.stdout.isatty()
    context = Context(
        environment=dict(os.environ),
        stdout=sys.stdout,
        console=console,
        terminal=sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty(),
        width=screen_width() if on_terminal else 100,
        colour=on_terminal and not os.environ.get("NO_COLOR"),
    )
    try:
        parsed = parser.parse_args(args[1:])
    except SystemExit as e:  # argparse leaves this way after printing --help
        return int(e.code or 0)
    code: int = parsed.run(parsed, context)
    return code
