"""supplychain trust show|update."""

import argparse

from supplychain.api.trust import show_trust, update_trust
from supplychain.cli.arguments import Context, add_output
from supplychain.cli.show import show


def configure_trust(parser: argparse.ArgumentParser) -> None:
    """The verbs of the noun."""
    verbs = parser.add_subparsers(metavar="show | update", required=True)
    shown = verbs.add_parser("show", help="who is believed, for what, from when until when", allow_abbrev=False)
    shown.add_argument(
        "--trusted-root", metavar="FILE", help="a trusted root, JSON; by default the one that ships with sigstore"
    )
    shown.add_argument("--trust-config", metavar="FILE", help="a client trust configuration: the root in it")
    add_output(shown, "text", "json", "markdown")
    shown.set_defaults(run=run_show)
    update = verbs.add_parser(
        "update",
        help="fetch the present trusted root of a TUF repository",
        epilog="nothing reads the file that is written, unless --trusted-root names it",
        allow_abbrev=False,
    )
    update.add_argument("-o", dest="output", metavar="FILE", required=True, help="where the trusted root goes")
    update.add_argument("--state", metavar="DIR", required=True, help="remembers what was seen: nothing older counts")
    update.add_argument("--url", metavar="URL", help="the repository; by default that of the public Sigstore")
    update.add_argument(
        "--root", metavar="FILE", help="root metadata (TUF) to start from; by default what ships with sigstore"
    )
    update.add_argument("--offline", action="store_true", help="refuse: this verb is nothing but a fetch")
    update.set_defaults(run=run_update)


def run_show(args: argparse.Namespace, context: Context) -> int:
    """trust show."""
    show(show_trust(root=args.trusted_root, config=args.trust_config), args.outputs, context)
    return 0


def run_update(args: argparse.Namespace, context: Context) -> int:
    """trust update."""
    written = update_trust(args.output, state=args.state, url=args.url, root=args.root, offline=args.offline)
    show(written, None, context)
    return 0
