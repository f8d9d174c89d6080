"""One function behind every ``-o``."""

from typing import TYPE_CHECKING

from supplychain.report import Result, View
from supplychain.report import render as _render
from supplychain.report.escape import terminal

if TYPE_CHECKING:
    from supplychain.model.decision import Decision

__all__ = ["Result", "explain", "render", "render_for", "safe"]


def render(result: Result, format: str = "text") -> str:  # noqa: A002  # the word of the command line
    """The result as text: ``text``, ``json`` or ``markdown``, ending in a line end. Raises UsageError."""
    return _render(result, format)


def render_for(result: Result, format: str, *, width: int, colour: bool, verbose: bool) -> str:  # noqa: A002
    """As `render`, for a screen of this width."""
    return _render(result, format, width=width, colour=colour, verbose=verbose)


def explain(decision: "Decision", rule: str, *, width: int = 100, colour: bool = False) -> str:
    """All a decision knows about one of its rules, as a screen. Raises UsageError when it has no such rule."""
    from supplychain.report.judgement import explain as told

    return told(decision, rule, View(width=width, colour=colour))


def safe(text: str) -> str:
    """Untrusted text as one harmless line of a terminal or a log; what could do harm is shown escaped."""
    return terminal(text)
