"""Screens: what a person sees, in the order of the questions: what is the answer, why, what do I do next.

Digests are shortened to twelve digits; a key's fingerprint is not, since people compare it. What is left out is
counted.
"""

from importlib import import_module
from typing import ClassVar, Final

from supplychain.report import Result, View

_SCREENS: Final = {
    "AssetSet": "supplychain.report.delivery:asset_set",
    "Decision": "supplychain.report.judgement:screen",
    "LayoutVerification": "supplychain.report.steps:screen",
    "Inventory": "supplychain.report.contents:screen",
    "KeyInfo": "supplychain.report.outcome:key_info",
    "Published": "supplychain.report.delivery:published",
    "TrustedParties": "supplychain.report.trusted:screen",
    "Validation": "supplychain.report.outcome:validation",
    "Verification": "supplychain.report.proofs:screen",
    "Written": "supplychain.report.outcome:written",
}
"""Result to the "module:function" that lays it out, loaded when one is shown."""


class Text:
    """Screens for a terminal or a build log."""

    kinds: ClassVar[tuple[str, ...]] = tuple(_SCREENS)

    def render(self, result: Result, view: View) -> str:
        """The screen of this result."""
        module, _, name = _SCREENS[type(result).__name__].partition(":")
        lines: list[str] = getattr(import_module(module), name)(result, view)
        return "\n".join(lines) + "\n"
