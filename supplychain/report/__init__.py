"""Reports: a result in, a string out. One file a format, one table of them, one function behind every ``-o``.

Nothing here reads a file, a clock or the width of a terminal: what a report needs to know is in its `View`. All text
that came from outside passes `report.escape` on its way.

>>> from supplychain.model.results import Written
>>> print(render(Written(verb="sign", files=("a.sigstore.json",), next="supplychain verify a"), "text"), end="")
wrote a.sigstore.json
next: supplychain verify a
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TypeAlias, cast

from supplychain.errors import UsageError

if TYPE_CHECKING:  # whoever has a result to show has loaded its class: a verb does not load those of all the others
    from supplychain.model.decision import Decision
    from supplychain.model.inventory import Inventory
    from supplychain.model.layout import LayoutVerification
    from supplychain.model.release import AssetSet, Published
    from supplychain.model.results import KeyInfo, TrustedParties, Validation, Written
    from supplychain.model.verification import Verification

Result: TypeAlias = (
    "Decision | Verification | LayoutVerification | Validation | KeyInfo | Written | Inventory | AssetSet | Published"
    " | TrustedParties"
)
"""Everything a verb can find out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """For whom it is drawn."""

    width: int = 100
    """Columns of the screen. Words longer than that are not broken: the terminal folds them, and they can be copied."""
    colour: bool = False
    """Colour repeats what a word says, never more."""
    verbose: bool = False
    """Every row and every finding, however many there are."""


class Report(Protocol):
    """The contract of a report. Instances hold no state."""

    kinds: ClassVar[tuple[str, ...]]
    """The results it can show, by the names of their classes."""

    def render(self, result: Result, view: View) -> str:
        """The whole text, ending in a line end. Asked only for one of its kinds."""
        ...


REPORTS: Final = {
    "text": "supplychain.report.text:Text",
    "json": "supplychain.report.json:Json",
    "markdown": "supplychain.report.markdown:Markdown",
}
"""Format to "module:Class", resolved when it is asked for."""

ALIASES: Final = {"table": "text"}
"""Other names of a format, understood on input."""


def render(
    result: Result,
    format: str,  # noqa: A002  # the word of the command line and of the promise
    *,
    width: int = 100,
    colour: bool = False,
    verbose: bool = False,
) -> str:
    """The result as text in this format (``text``, ``json``, ``markdown``), ending in a line end.

    ``width``, ``colour`` and ``verbose`` are for ``text``; the other formats say the same whoever looks. Raises
    UsageError for a format there is none of, and for a result this format has no form for.
    """
    name = ALIASES.get(format, format)
    if name not in REPORTS:
        raise UsageError(f"{format[:40]!r} is no report format", hint=f"formats: {', '.join(REPORTS)}")
    report = _load(name)
    if type(result).__name__ not in report.kinds:
        raise UsageError(f"there is no {name} report of a {type(result).__name__}", hint=_instead(result))
    return report.render(result, View(width=width, colour=colour, verbose=verbose))


def formats(kind: type) -> tuple[str, ...]:
    """The formats in which results of this class can be shown."""
    return tuple(name for name in REPORTS if kind.__name__ in _load(name).kinds)


def _load(name: str) -> Report:
    module, _, attribute = REPORTS[name].partition(":")
    return cast("Report", getattr(import_module(module), attribute)())


def _instead(result: object) -> str:
    there = formats(type(result))
    return f"it can be shown as {', '.join(there)}" if there else "only the results of the verbs are rendered"
