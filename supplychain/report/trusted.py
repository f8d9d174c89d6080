"""Whom a trusted root believes: the words for it, and the screen."""

from typing import Final

from supplychain.model.results import TrustedParties, TrustedParty
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.screen import Row, Tone, flow, indented, minute, short, table

_ROLES: Final = {
    "certificate authority": "issues certificates that say who signed",
    "transparency log": "keeps what was signed in public, and may say when",
    "certificate log": "keeps the certificates in public",
    "timestamp authority": "says when something was signed",
}
"""What a party of a trusted root is believed for."""


def lasting(party: TrustedParty) -> str:
    """From which day until which, in UTC, it is trusted."""
    until = minute(party.until)[:10] if party.until else ""
    return f"{minute(party.since)[:10]} to {until}" if until else f"since {minute(party.since)[:10]}"


def screen(result: TrustedParties, view: View) -> list[str]:
    """Every party under what it is believed for."""
    lines = flow(
        [f"trusted root {terminal(result.source)}", short(terminal(result.sha256)), f"as of {minute(result.as_of)}"],
        width=view.width,
        indent=0,
    )
    if not result.parties:
        lines.append("  it believes nobody: no certificate, log entry or timestamp can be verified with it")
    for role in dict.fromkeys(party.role for party in result.parties):
        lines += ["", f"{terminal(role)}: {_ROLES[role]}" if role in _ROLES else terminal(role)]
        lines += table([_row(party) for party in result.parties if party.role == role], view)
    if result.unusable:
        lines += ["", "In it, and nothing is verified with them:"]
        lines += [line for reason in result.unusable for line in indented(terminal(reason), view)]
    return lines


def _row(party: TrustedParty) -> Row:
    return Row(
        word="ended" if party.ended else "trusted",
        tone=Tone.CAUTION if party.ended else Tone.GOOD,
        columns=(lasting(party), terminal(party.name)),
        notes=(short(terminal(party.id)),),
    )
