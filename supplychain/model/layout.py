"""What was found of a product and its in-toto layout, ready to be rendered."""

from dataclasses import dataclass
from datetime import datetime

from supplychain.model.verification import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStep:
    """One step or inspection of an in-toto layout against the links that were found for it."""

    name: str
    inspection: bool
    threshold: int
    """How many functionaries the layout asks for; 0 for an inspection."""
    signers: tuple[str, ...]
    """Fingerprints of the functionaries whose links count."""
    links: tuple[str, ...]
    """Where those links lie, in the same order."""
    materials: int
    """How many, in the link that stands for the step."""
    products: int
    notes: tuple[str, ...] = ()
    """What is worth knowing and decides nothing: links that do not count, another command."""
    problems: tuple[Problem, ...] = ()
    """None means that the step holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProduct:
    """A file in hand against the products of the last step of a layout."""

    artifact: str
    sha256: str
    names: tuple[str, ...]
    """What the step calls it."""
    error: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutVerification:
    """The answer of ``layout verify``."""

    layout: str
    """Where it lies."""
    sha256: str | None
    """Of the file; None when it could not be read."""
    signers: tuple[str, ...] = ()
    """Fingerprints of the keys that must have signed it."""
    expires: datetime | None = None
    """None when the layout itself was refused."""
    steps: tuple[CheckedStep, ...] = ()
    """In the order of the layout, inspections that were run at the end."""
    products: tuple[CheckedProduct, ...] = ()
    """The files that were compared; empty when none was, or when a step does not hold."""
    error: Problem | None = None
    """Why the layout itself was refused."""
    verified: bool
    exit_code: int
