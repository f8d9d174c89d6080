"""supplychain gate."""

import argparse
from datetime import datetime
from pathlib import Path

from supplychain import Policy, _io, gate, read_policy
from supplychain.api.keys import AnySigner
from supplychain.api.render import explain
from supplychain.cli.arguments import (
    Context,
    add_output,
    command_line,
    did_you_mean,
    refuse_unwritable,
)
from supplychain.cli.show import show
from supplychain.cli.signing import add_signer, is_signer_named, same_signer, signer_of, verifying
from supplychain.errors import UsageError

EXAMPLE = """\
schema: supplychain/policy/v1
id: my/release
version: "1"
owner: release-team
signers: { release: { key: release.pub } }
rules: [{ id: signed, type: signer-identity, evidence: [signature] }]
"""
"""A policy to start from, shown where none was named."""


def configure_gate(parser: argparse.ArgumentParser) -> None:
    """gate PATH... --policy F."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="the folder of a release, or files")
    parser.add_argument("--policy", metavar="FILE[@sha256:HEX]", help="the policy; with its digest it is pinned")
    parser.add_argument("--evidence", metavar="PATH", action="append", default=[], help="further evidence")
    parser.add_argument("--trusted-root", metavar="FILE", help="the root certificates lead to, as the policy allows it")
    parser.add_argument("--as-of", metavar="TIME", help="judge as of this time, for audits: gives no permit")
    parser.add_argument("--vsa", metavar="PATH", help="write the signed decision here (needs --key or --keyless)")
    add_signer(parser, what="private key that signs the decision")
    parser.add_argument("-v", "--verbose", action="store_true", help="every rule and every finding")
    parser.add_argument("--explain", metavar="RULE", help="after the decision, all that is known of this rule")
    add_output(parser, "table", "json", "markdown")
    parser.set_defaults(run=run_gate)


def run_gate(args: argparse.Namespace, context: Context) -> int:
    """Judge, show, and sign the decision where that was asked for."""
    if not args.policy:
        context.console.line("a gate needs a policy; save this beside release.pub and name it with --policy:")
        context.console.screen(EXAMPLE)
        raise UsageError(
            "no --policy was named", hint=command_line("gate", *args.paths[:1], "--policy", "release.yaml")
        )
    if args.as_of and args.vsa:
        raise UsageError("a decision as of a chosen time is not signed", hint="leave out --as-of, or --vsa")
    if bool(args.vsa) != is_signer_named(args):
        raise UsageError("--vsa goes with --key or --keyless")
    if args.vsa:
        refuse_unwritable(args.vsa)
    policy = read_policy(args.policy)
    if args.explain:
        _refuse_unknown(args.explain, policy)
    signer = signer_of(args, context) if args.vsa else None
    at = _time(args.as_of) if args.as_of else None
    with context.console.progress("measuring") as progress:
        decision = gate(
            *args.paths,
            policy=policy,
            evidence=args.evidence,
            root=args.trusted_root,
            at=at,
            progress=lambda _, done: progress(done),
        )
    show(decision, args.outputs, context, verbose=args.verbose)
    if args.explain:
        context.stdout.write(explain(decision, args.explain, width=context.width, colour=context.colour))
    if signer and decision.exit_code == 3:
        context.console.warn(f"{args.vsa} was not written: an undetermined decision is neither PASSED nor FAILED")
    elif signer:
        from supplychain.api.publish import sign_decision

        _io.write_atomic(args.vsa, sign_decision(decision, signer=signer, policy=policy))
        context.console.line(f"wrote {args.vsa}")
    if decision and not decision.no_permit:
        context.console.next(_next(args, decision.policy.sha256, signer))
    return decision.exit_code


def _next(args: argparse.Namespace, policy_sha256: str, signer: AnySigner | None) -> str:
    """What follows an allowed decision: its publication once it is signed, and before that its signature."""
    folder = args.paths[0] if Path(args.paths[0]).is_dir() else str(Path(args.paths[0]).parent)
    if signer is None:
        signed = ("--vsa", str(Path(folder, "decision.vsa.json")), "--key", "release.key")
        return command_line("gate", *args.paths, "--policy", args.policy, *signed)
    permit = ("--vsa", args.vsa, *verifying(args, signer, key="--vsa-key"), "--policy-digest", policy_sha256)
    return command_line("publish", folder, "--to", "file:///srv/releases", *permit, *same_signer(args))


def _refuse_unknown(rule: str, policy: Policy) -> None:
    known = [each.id for each in policy.rules]
    if rule not in (*known, "(case)"):
        hint = did_you_mean(rule, known) or f"rules: {', '.join(known)}"
        raise UsageError(f"--explain {rule[:80]}: the policy has no such rule", hint=hint)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text[:40]!r} is no time", hint="write it as 2026-11-23T12:00:00Z") from None
    if at.tzinfo is None:
        raise UsageError(f"--as-of {text} has no time zone", hint=f"write {at.isoformat()}Z for UTC")
    return at
