"""One function behind every ``-o``."""

from supplychain.report import Result
from supplychain.report import render as _render
from supplychain.report.escape import terminal


def render(result: Result, format: str = "text") -> str:  # noqa: A002  # the word of the command line
    """The result as text: ``text``, ``json`` or ``markdown``, ending in a line end. Raises UsageError."""
    return _render(result, format)


def render_for(result: Result, format: str, *, width: int, colour: bool, verbose: bool) -> str:  # noqa: A002
    """As `render`, for a screen of this width."""
    return _render(result, format, width=width, colour=colour, verbose=verbose)


def safe(text: str) -> str:
    """Untrusted text as one harmless line of a terminal or a log; what could do harm is shown escaped."""
    return terminal(text)
