"""supplychain sign, attest, verify."""

import argparse
from dataclasses import replace
from typing import Any

from supplychain import _io
from supplychain.api.evidence import attest_files, check_type, parse_artifact, read_pair, sign_files, verify_all
from supplychain.cli.arguments import Context, add_output, command_line
from supplychain.cli.show import show
from supplychain.cli.signers import add_signers, trust_of
from supplychain.cli.signing import add_signer, signer_of, verifying
from supplychain.errors import UsageError


def configure_sign(parser: argparse.ArgumentParser) -> None:
    """sign ARTIFACT... (--key K | --keyless)."""
    parser.add_argument(
        "artifacts", metavar="ARTIFACT", nargs="+", help="file; its signature goes to <file>.sigstore.json"
    )
    add_signer(parser)
    add_output(parser, "text", "json")
    parser.set_defaults(run=run_sign)


def run_sign(args: argparse.Namespace, context: Context) -> int:
    """Sign every file by one signer."""
    signer = signer_of(args, context)
    made = sign_files(args.artifacts, signer=signer)
    check = command_line("verify", args.artifacts[0], *verifying(args, signer))
    show(replace(made, next=check), args.outputs, context)
    return 0


def configure_attest(parser: argparse.ArgumentParser) -> None:
    """attest ARTIFACT... --type TYPE --predicate F (--key K | --keyless)."""
    parser.add_argument("artifacts", metavar="ARTIFACT", nargs="+", help="file; appended to <file>.attestations.jsonl")
    parser.add_argument("--type", metavar="TYPE", required=True, help="cyclonedx, spdx, provenance, ..., or its URI")
    parser.add_argument("--predicate", metavar="FILE", required=True, help="the predicate, JSON")
    add_signer(parser)
    add_output(parser, "text", "json")
    parser.set_defaults(run=run_attest)


def run_attest(args: argparse.Namespace, context: Context) -> int:
    """Attest one predicate of every file."""
    check_type(args.type)
    content = _io.read_bytes(args.predicate)
    signer = signer_of(args, context)
    result = attest_files(args.artifacts, args.type, content, signer=signer, where=args.predicate)
    check = command_line("verify", args.artifacts[0], *verifying(args, signer), "--type", args.type)
    show(replace(result, next=check), args.outputs, context)
    return 0


def configure_verify(parser: argparse.ArgumentParser) -> None:
    """verify ARTIFACT... (--key PUB | --certificate-identity ID --certificate-oidc-issuer URL | --repo OWNER/NAME)."""
    parser.add_argument("artifacts", metavar="ARTIFACT", nargs="+", help="file, or sha256:HEX with --bundle")
    add_signers(parser)
    parser.add_argument(
        "--bundle",
        dest="bundles",
        metavar="FILE",
        action="append",
        default=[],
        help="evidence that must verify; by default what lies beside the file is read",
    )
    parser.add_argument("--signature", metavar="FILE", help="a detached signature of the file, raw or base64")
    parser.add_argument("--certificate", metavar="FILE", help="the certificate of who made it, PEM or base64 of PEM")
    parser.add_argument(
        "--type", metavar="TYPE", help="what must be stated: signature, cyclonedx, provenance, ..., or a URI"
    )
    parser.add_argument(
        "--second-opinion", action="store_true", help="sigstore-python must agree, wherever it can judge"
    )
    add_output(parser, "text", "json", "markdown")
    parser.set_defaults(run=run_verify)


def run_verify(args: argparse.Namespace, context: Context) -> int:
    """Verify everything, then say so in one result."""
    if args.certificate and not args.signature:
        raise UsageError("--certificate belongs to a --signature", hint="a bundle carries its own certificate")
    if args.signature and len(args.artifacts) > 1:
        raise UsageError(f"--signature is of one file, and {len(args.artifacts)} are named")
    if args.type:
        check_type(args.type, any_uri=True)
    trust = trust_of(args)
    artifacts: list[Any] = [parse_artifact(a) for a in args.artifacts]
    named: list[Any] = [*args.bundles]
    if args.signature:
        named.append(read_pair(args.signature, args.certificate))
    result = verify_all(artifacts, trust=trust, want=args.type, bundles=named, second_opinion=args.second_opinion)
    show(result, args.outputs, context)
    if result.verified:
        context.console.next(command_line("gate", *args.artifacts[:1], "--policy", "release.yaml"))
    return result.exit_code
