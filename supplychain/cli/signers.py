"""The flags that name whose signature counts, and what vouches for it: the same for every verb that verifies."""

import argparse

from supplychain import Trust
from supplychain.api.trust import named_trust
from supplychain.cli.arguments import add_key
from supplychain.errors import UsageError


def add_signers(parser: argparse.ArgumentParser) -> None:
    """--key, or an identity."""
    add_key(parser, required=False, what="public key to trust")
    add_identity(parser)


def add_identity(parser: argparse.ArgumentParser) -> None:
    """--certificate-identity, --certificate-identity-glob, --certificate-oidc-issuer, --repo, --trusted-root."""
    parser.add_argument("--certificate-identity", metavar="ID", help="who must have signed, exactly")
    parser.add_argument(
        "--certificate-identity-glob", metavar="GLOB", help="the same; * stands for characters but / and @"
    )
    parser.add_argument("--certificate-oidc-issuer", metavar="URL", help="who must have vouched for the identity")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="built from this GitHub repository, by GitHub Actions")
    for name in ("--certificate-identity-regexp", "--certificate-oidc-issuer-regexp"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument(
        "--trusted-root",
        dest="trusted_roots",
        metavar="FILE",
        action="append",
        default=[],
        help="Sigstore trusted root, JSON; by default the one that ships with sigstore; may be repeated",
    )


def trust_of(args: argparse.Namespace, *, key: str = "key") -> Trust:
    """Whom those flags name; ``key`` is the flag of the public key. Raises UsageError before anything is read."""
    if args.certificate_identity_regexp is not None or args.certificate_oidc_issuer_regexp is not None:
        raise UsageError(
            "an identity and its issuer are no regular expressions: those match more than they show",
            hint="use --certificate-identity-glob, in which * stands for characters but / and @, and an exact issuer",
        )
    return named_trust(
        key=getattr(args, key),
        identity=args.certificate_identity,
        identity_glob=args.certificate_identity_glob,
        issuer=args.certificate_oidc_issuer,
        repository=args.repo,
        roots=args.trusted_roots,
    )
