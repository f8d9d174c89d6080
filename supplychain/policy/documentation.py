"""What the docstring of a rule says, under its fixed headings. Everything shown about a rule comes from there."""

import inspect
import re
from dataclasses import dataclass
from typing import Final

HEADINGS: Final = ("What it checks", "Why", "Example", "How to fix")
_HEADING: Final = re.compile(rf"^({'|'.join(HEADINGS)}):$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """A rule, explained. Empty parts were not written."""

    claim: str
    """One sentence: what holds when the rule passes."""
    checks: str
    why: str
    example: str
    """YAML."""
    fix: str

    @property
    def summary(self) -> str:
        """One paragraph: what is checked, and why."""
        return " ".join(" ".join((self.checks or self.claim, self.why)).split())


def documentation_of(rule: type) -> Documentation:
    """Read the docstring of a rule class."""
    text = inspect.cleandoc(rule.__doc__ or "")
    claim, *parts = _HEADING.split(text)
    found = dict(zip(parts[::2], (inspect.cleandoc("\n" + p.strip("\n")) for p in parts[1::2]), strict=True))
    checks, why, example, fix = (found.get(name, "").strip() for name in HEADINGS)
    return Documentation(claim=claim.strip(), checks=checks, why=why, example=example, fix=fix)


def summary_of(rule: type) -> str:
    """One paragraph about a rule, so that a stored decision explains itself."""
    return documentation_of(rule).summary
