"""The flags of who signs: the same for every verb that does."""

import argparse
from collections.abc import Callable

from supplychain import read_key
from supplychain.api.keys import AnySigner, as_signer, check_key_file, is_token, keyless, timestamped
from supplychain.api.trust import read_root
from supplychain.cli.arguments import Context, add_key, password_of, public_half
from supplychain.errors import UsageError


def add_signer(parser: argparse.ArgumentParser, *, what: str = "private key that signs") -> None:
    """--key or --keyless, and what belongs to each."""
    add_key(parser, required=False, what=what)
    parser.add_argument("--keyless", action="store_true", help="sign by identity instead, with a certificate")
    parser.add_argument(
        "--trust-config", metavar="FILE", help="with --keyless: the private Sigstore to sign with, JSON"
    )
    parser.add_argument(
        "--identity-token",
        metavar="FILE|TOKEN",
        help="with --keyless: an OIDC token of who signs; by default the one this CI job is given",
    )
    parser.add_argument("--timestamp-url", metavar="URL", help="with --key: where each signature is timestamped")
    parser.add_argument(
        "--timestamp-root",
        metavar="FILE",
        help="the trusted root that names that authority; by default the one that ships with sigstore",
    )
    parser.add_argument("--offline", action="store_true", help="talk to no service, and refuse what needs one")


def is_signer_named(args: argparse.Namespace) -> bool:
    """Whether anybody is to sign, for verbs that need not."""
    return bool(args.key) or args.keyless


def signer_of(args: argparse.Namespace, context: Context) -> AnySigner:
    """Who signs, ready: the key opened, or the token at hand. Raises UsageError unless it is exactly one."""
    signer = later_signer_of(args, context)()
    _ = as_signer(signer).trust  # without a token nobody can sign: said before work starts
    return signer


def later_signer_of(args: argparse.Namespace, context: Context) -> Callable[[], AnySigner]:
    """Who will sign, when it is called: no key and no token is touched before. A wrong call is told at once."""
    _check(args)
    if args.keyless:
        # the library warns there of what we raise as an error
        import logging  # a key signs without it

        logging.getLogger("sigstore").addHandler(logging.NullHandler())
        signer = keyless(trust_config=args.trust_config, identity_token=args.identity_token)
        return lambda: signer
    check_key_file(args.key)
    if not args.timestamp_url:
        return lambda: read_key(args.key, password=password_of(context))
    root = read_root(args.timestamp_root) if args.timestamp_root else None
    stamp = timestamped(args.timestamp_url, root=root)
    return lambda: stamp(read_key(args.key, password=password_of(context)))


def same_signer(args: argparse.Namespace) -> list[str]:
    """The flags that name who signs, for the command that comes next. A token is never among them."""
    if args.keyless:
        return ["--keyless", *(["--trust-config", args.trust_config] if args.trust_config else [])]
    return ["--key", args.key]


def verifying(args: argparse.Namespace, signer: AnySigner, *, key: str = "--key") -> list[str]:
    """The flags by which somebody verifies what was just signed, for the command that comes next."""
    identity = as_signer(signer).trust.signers[0].identity
    if identity is None:
        return [key, public_half(args.key), *(["--trusted-root", args.timestamp_root] if args.timestamp_root else [])]
    named = ["--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer]
    return [*named, *(["--trusted-root", "ROOT"] if args.trust_config else [])]


def refuse_token(args: argparse.Namespace) -> None:
    """Refuse a token among the arguments, which every process of this user can read. Raises UsageError."""
    if args.identity_token and is_token(args.identity_token):
        raise UsageError(
            "a token on the command line can be read by the build step",
            hint="name a file with --identity-token, or let this CI job give the token when the step has ended",
        )


def _check(args: argparse.Namespace) -> None:
    if args.keyless == bool(args.key):
        raise UsageError(
            "exactly one of --key and --keyless signs", hint="--key FILE signs by a key, --keyless by an identity"
        )
    online = "--keyless" if args.keyless else "--timestamp-url" if args.timestamp_url else ""
    if args.offline and online:
        raise UsageError(f"{online} talks to services, and --offline forbids it", hint="leave out one of the two")
    if args.keyless and args.timestamp_url:
        raise UsageError(
            "--timestamp-url is for signatures by a key", hint="the services of --keyless timestamp each signature"
        )
    if not args.keyless and (args.trust_config or args.identity_token):
        raise UsageError("--trust-config and --identity-token belong to --keyless")
    if args.timestamp_root and not args.timestamp_url:
        raise UsageError("--timestamp-root belongs to --timestamp-url")
