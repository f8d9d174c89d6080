"""supplychain key new|show."""

import argparse

from supplychain.api.keys import new_key, show_key
from supplychain.cli.arguments import PASSWORD, Context, add_output, command_line, password_of
from supplychain.cli.show import show
from supplychain.errors import UsageError


def configure_key(parser: argparse.ArgumentParser) -> None:
    """The verbs of the noun."""
    verbs = parser.add_subparsers(metavar="new | show", required=True)
    new = verbs.add_parser("new", help="make NAME.key (readable by you alone) and NAME.pub", allow_abbrev=False)
    new.add_argument("name", metavar="NAME")
    new.add_argument("--unsafe-no-password", action="store_true", help="write the private key unencrypted")
    add_output(new, "text", "json")
    new.set_defaults(run=run_new)
    shown = verbs.add_parser("show", help="what a key file holds", allow_abbrev=False)
    shown.add_argument("file", metavar="FILE")
    add_output(shown, "text", "json")
    shown.set_defaults(run=run_show)


def run_new(args: argparse.Namespace, context: Context) -> int:
    """key new NAME."""
    password = None if args.unsafe_no_password else password_of(context, new=True)
    if not password and not args.unsafe_no_password:
        raise UsageError(
            "a new key needs a password",
            hint=f"set {PASSWORD}, or say --unsafe-no-password and guard the file yourself",
        )
    if args.unsafe_no_password:
        context.console.warn("the private key is not encrypted: whoever reads the file can sign as you")
    made = new_key(args.name, password=password)
    show(made, args.outputs, context)
    context.console.next(command_line("sign", "FILE", "--key", made.path))
    return 0


def run_show(args: argparse.Namespace, context: Context) -> int:
    """key show FILE."""
    password = context.environment.get(PASSWORD)
    shown = show_key(args.file, password=password)
    show(shown, args.outputs, context)
    context.console.next(command_line("sign" if shown.private else "verify", "FILE", "--key", args.file))
    return 0
