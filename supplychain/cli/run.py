"""supplychain run."""

import argparse
from dataclasses import replace
from pathlib import Path

from supplychain import read_key
from supplychain.api.keys import check_key_file
from supplychain.api.release import attest_build, run_build
from supplychain.cli.arguments import Context, add_key, add_output, command_line, password_of
from supplychain.cli.show import show
from supplychain.errors import UsageError


def configure_run(parser: argparse.ArgumentParser) -> None:
    """run --output PATH... --key K -- CMD."""
    parser.add_argument(
        "--output",
        metavar="PATH",
        action="append",
        required=True,
        dest="made",
        help="what the step makes: file, folder, glob",
    )
    parser.add_argument(
        "--material",
        metavar="PATH",
        action="append",
        default=[],
        dest="materials",
        help="what goes in, besides the commit and the lock files: file, folder, glob",
    )
    add_key(parser, what="private key that signs what is stated; opened when the step has ended")
    parser.add_argument("--builder-id", metavar="URI", help="who builds, by its own claim")
    parser.add_argument("--step", metavar="NAME", help="attest an in-toto link of this step, instead of provenance")
    add_output(parser, "text", "json", made=True)
    parser.add_argument("command", metavar="-- CMD", nargs="+", help="the build step")
    parser.set_defaults(run=run_run)


def run_run(args: argparse.Namespace, context: Context) -> int:
    """Run, measure, open the key, attest."""
    if args.step == "" or (args.step and args.builder_id):
        raise UsageError("--step is a name, and a link names no builder", hint="leave out --builder-id, or --step")
    check_key_file(args.key)
    record = run_build(
        args.command,
        outputs=args.made,
        materials=args.materials,
        step=args.step or "",
        environment=context.environment,
    )
    signer = read_key(args.key, password=password_of(context))
    attested = attest_build(record, signer=signer, builder_id=args.builder_id)
    first = Path(args.made[0])
    folder = first if first.is_dir() else first.parent
    check = command_line("prepare", str(folder), "--key", args.key)
    show(replace(attested, next=check), args.outputs, context)
    return 0
