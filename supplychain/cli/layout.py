"""supplychain layout verify."""

import argparse

from supplychain import read_key
from supplychain.api.layout import verify_layout
from supplychain.cli.arguments import Context, add_output, command_line
from supplychain.cli.show import show


def configure_layout(parser: argparse.ArgumentParser) -> None:
    """The verbs of the noun."""
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verify = verbs.add_parser("verify", help="hold classic in-toto links against their layout", allow_abbrev=False)
    verify.add_argument("layout", metavar="LAYOUT", help="the signed layout: Metablock or DSSE envelope")
    verify.add_argument("--links", metavar="DIR", required=True, help="folder of the links, STEP.KEYID.link")
    verify.add_argument(
        "--key",
        metavar="FILE",
        dest="keys",
        action="append",
        required=True,
        help="public key of an owner of the layout; each that is named must have signed it",
    )
    verify.add_argument(
        "--artifact",
        metavar="FILE",
        dest="artifacts",
        action="append",
        default=[],
        help="file that must be a product of the last step",
    )
    verify.add_argument(
        "--unsafe-run-inspections",
        action="store_true",
        help="run the commands the layout names, in a folder with a copy of the artifacts",
    )
    add_output(verify, "text", "json")
    verify.set_defaults(run=run_verify)


def run_verify(args: argparse.Namespace, context: Context) -> int:
    """Verify, then say so in one result."""
    if args.unsafe_run_inspections:
        context.console.warn("inspections are programs of whoever signed the layout; they run as you")
    result = verify_layout(
        args.layout,
        links=args.links,
        keys=[read_key(key) for key in args.keys],
        artifacts=args.artifacts,
        unsafe_inspect_with=context.environment if args.unsafe_run_inspections else None,
    )
    show(result, args.outputs, context)
    if result.exit_code == 0:
        context.console.next(command_line("gate", *(args.artifacts[:1] or ["dist/"]), "--policy", "release.yaml"))
    return result.exit_code
