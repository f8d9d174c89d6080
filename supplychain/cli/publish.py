"""supplychain publish."""

import argparse

from supplychain import Trust, publish
from supplychain.api.publish import permit_to_publish
from supplychain.cli.arguments import Context, add_output, command_line
from supplychain.cli.show import show
from supplychain.cli.signers import add_identity, trust_of
from supplychain.cli.signing import add_signer, signer_of, verifying
from supplychain.errors import UsageError


def configure_publish(parser: argparse.ArgumentParser) -> None:
    """publish PATH --to DEST... --vsa F, who may decide, --policy-digest HEX, who signs."""
    parser.add_argument("folder", metavar="PATH", help="the folder of the release")
    parser.add_argument("--to", metavar="URL", action="append", required=True, help="destination: file:///srv/releases")
    parser.add_argument("--vsa", metavar="FILE", required=True, help="the signed decision of the gate")
    parser.add_argument("--vsa-key", metavar="PUB", help="public key of who may decide; or name an identity")
    add_identity(parser)
    parser.add_argument("--policy-digest", metavar="HEX", required=True, help="sha256 of the policy that judged")
    add_signer(parser, what="private key that signs the intent and the release")
    add_output(parser, "text", "json", "markdown")
    parser.set_defaults(run=run_publish)


def run_publish(args: argparse.Namespace, context: Context) -> int:
    """Read the permit, publish, say where it lies."""
    trust = _deciding(args)
    signer = signer_of(args, context)
    permit = permit_to_publish(
        args.vsa,
        to=args.to,
        signer=signer,
        trust=trust,
        policy_sha256=args.policy_digest.removeprefix("sha256:"),
    )
    with context.console.progress("publishing") as progress:
        published = publish(
            permit, to=args.to, signer=signer, assets=args.folder, progress=lambda _, done: progress(done)
        )
    show(published, args.outputs, context)
    place = published.delivered[0].location.removeprefix("file://")
    context.console.next(command_line("verify", f"{place}/FILE", *verifying(args, signer)))
    return 0


def _deciding(args: argparse.Namespace) -> Trust:
    """Whose decision counts. Raises UsageError where nobody is named."""
    if not (args.vsa_key or args.certificate_identity or args.certificate_identity_glob or args.repo):
        raise UsageError(
            "nobody is named who may decide",
            hint="name --vsa-key PUB, or --certificate-identity ID and --certificate-oidc-issuer URL",
        )
    return trust_of(args, key="vsa_key")
