"""supplychain publish."""

import argparse

from supplychain import Trust, publish, read_key
from supplychain.api.publish import permit_to_publish
from supplychain.cli.arguments import Context, add_key, add_output, command_line, password_of, public_half
from supplychain.cli.show import show


def configure_publish(parser: argparse.ArgumentParser) -> None:
    """publish PATH --to DEST... --vsa F --vsa-key PUB --policy-digest HEX --key K."""
    parser.add_argument("folder", metavar="PATH", help="the folder of the release")
    parser.add_argument("--to", metavar="URL", action="append", required=True, help="destination: file:///srv/releases")
    parser.add_argument("--vsa", metavar="FILE", required=True, help="the signed decision of the gate")
    parser.add_argument("--vsa-key", metavar="PUB", required=True, help="public key of who may decide")
    parser.add_argument("--policy-digest", metavar="HEX", required=True, help="sha256 of the policy that judged")
    add_key(parser, what="private key that signs the intent and the release")
    add_output(parser, "text", "json", "markdown")
    parser.set_defaults(run=run_publish)


def run_publish(args: argparse.Namespace, context: Context) -> int:
    """Read the permit, publish, say where it lies."""
    signer = read_key(args.key, password=password_of(context))
    permit = permit_to_publish(
        args.vsa,
        to=args.to,
        signer=signer,
        trust=Trust(read_key(args.vsa_key)),
        policy_sha256=args.policy_digest.removeprefix("sha256:"),
    )
    with context.console.progress("publishing") as progress:
        published = publish(
            permit, to=args.to, signer=signer, assets=args.folder, progress=lambda _, done: progress(done)
        )
    show(published, args.outputs, context)
    place = published.delivered[0].location.removeprefix("file://")
    context.console.next(command_line("verify", f"{place}/FILE", "--key", public_half(args.key)))
    return 0
