"""supplychain prepare."""

import argparse
from pathlib import Path

from supplychain import Release
from supplychain.api.release import prepare_files
from supplychain.cli.arguments import Context, add_output, command_line
from supplychain.cli.sbom import source_date
from supplychain.cli.show import show
from supplychain.cli.signing import add_signer, signer_of

KINDS = ("cloud", "minor", "patch", "security", "esr")
CAUSES = ("feature", "regression", "security", "dependency", "hotfix")


def configure_prepare(parser: argparse.ArgumentParser) -> None:
    """prepare PATH... (--key K | --keyless)."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="the folder the assets lie in, or the assets")
    add_signer(parser)
    for name, text in (
        ("product", "such as chat-server"),
        ("line", "such as 10.11"),
        ("version", "such as 10.11.3"),
        ("commit", "of git"),
    ):
        parser.add_argument(f"--{name}", metavar="TEXT", help=text)
    parser.add_argument("--kind", metavar="KIND", choices=KINDS, help=f"of release: {', '.join(KINDS)}")
    parser.add_argument("--cause", metavar="CAUSE", choices=CAUSES, help=f"why it is made: {', '.join(CAUSES)}")
    parser.add_argument(
        "--provenance", metavar="FILE", action="append", default=[], help="attestations by whoever built the assets"
    )
    add_output(parser, "text", "json")
    parser.set_defaults(run=run_prepare)


def run_prepare(args: argparse.Namespace, context: Context) -> int:
    """Make the asset set, say what is in it."""
    release = Release(
        product=args.product, line=args.line, version=args.version, kind=args.kind, cause=args.cause, commit=args.commit
    )
    signer = signer_of(args, context)
    with context.console.progress("measuring") as progress:
        made = prepare_files(
            args.paths,
            release=release,
            signer=signer,
            created=source_date(context),
            provenance=args.provenance,
            progress=lambda _, done: progress(done),
        )
    first = Path(args.paths[0])
    folder = args.paths[0] if first.is_dir() else str(first.parent)
    written = made.written(next=command_line("gate", folder, "--policy", "release.yaml"))
    if len(made.inventories) == 1:
        show(made.inventories[0], None, context, to_console=True)
    show(made.assets, args.outputs, context)
    show(written, None, context, to_console=True)
    return 0
