"""supplychain run."""

import argparse
from dataclasses import replace
from pathlib import Path

from supplychain.api.release import attest_build, run_build
from supplychain.cli.arguments import Context, add_output, command_line
from supplychain.cli.show import show
from supplychain.cli.signing import add_signer, later_signer_of, refuse_token, same_signer
from supplychain.errors import UsageError


def configure_run(parser: argparse.ArgumentParser) -> None:
    """run --output PATH... (--key K | --keyless) -- CMD."""
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
    add_signer(parser, what="private key that signs what is stated; opened when the step has ended")
    parser.add_argument("--builder-id", metavar="URI", help="who builds, by its own claim")
    parser.add_argument("--step", metavar="NAME", help="attest an in-toto link of this step, instead of provenance")
    add_output(parser, "text", "json", made=True)
    parser.add_argument("command", metavar="-- CMD", nargs="+", help="the build step")
    parser.set_defaults(run=run_run)


def run_run(args: argparse.Namespace, context: Context) -> int:
    """Run, measure, open the key or fetch the token, attest."""
    if args.step == "" or (args.step and args.builder_id):
        raise UsageError("--step is a name, and a link names no builder", hint="leave out --builder-id, or --step")
    refuse_token(args)
    open_signer = later_signer_of(args, context)
    record = run_build(
        args.command,
        outputs=args.made,
        materials=args.materials,
        step=args.step or "",
        environment=context.environment,
    )
    attested = attest_build(record, signer=open_signer(), builder_id=args.builder_id)
    first = Path(args.made[0])
    folder = first if first.is_dir() else first.parent
    check = command_line("prepare", str(folder), *same_signer(args))
    show(replace(attested, next=check), args.outputs, context)
    return 0
