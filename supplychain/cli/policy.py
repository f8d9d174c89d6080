"""supplychain policy lint|explain|rules|schema."""

import argparse

from supplychain.api.policy import explain, lint, rules, schema
from supplychain.cli.arguments import Context, command_line


def configure_policy(parser: argparse.ArgumentParser) -> None:
    """The verbs of the noun."""
    verbs = parser.add_subparsers(metavar="lint | explain | rules | schema", required=True)
    checked = verbs.add_parser("lint", help="say everything that is wrong with a policy", allow_abbrev=False)
    checked.add_argument("policy", metavar="FILE")
    checked.set_defaults(run=run_lint)
    told = verbs.add_parser("explain", help="a policy, or one type of rule, in words", allow_abbrev=False)
    told.add_argument("what", metavar="FILE|RULE-TYPE")
    told.set_defaults(run=run_explain)
    listed = verbs.add_parser("rules", help="the types of rules there are", allow_abbrev=False)
    listed.set_defaults(run=run_rules)
    made = verbs.add_parser("schema", help="the JSON Schema of policies, for editors", allow_abbrev=False)
    made.set_defaults(run=run_schema)


def run_lint(args: argparse.Namespace, context: Context) -> int:
    """0 when nothing is wrong; every problem and 2 otherwise, as the exception says."""
    context.stdout.write(lint(args.policy))
    context.console.next(command_line("gate", "dist/", "--policy", args.policy))
    return 0


def run_explain(args: argparse.Namespace, context: Context) -> int:
    """In words."""
    context.stdout.write(explain(args.what))
    return 0


def run_rules(_args: argparse.Namespace, context: Context) -> int:
    """The list."""
    context.stdout.write(rules())
    context.console.next(command_line("policy", "explain", "RULE-TYPE"))
    return 0


def run_schema(_args: argparse.Namespace, context: Context) -> int:
    """The schema."""
    context.stdout.write(schema())
    return 0
