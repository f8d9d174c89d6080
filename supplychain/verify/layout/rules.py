"""Artifact rules: which materials and products of a step may be there, and whence (in-toto specification 1.0, 4.3.3).

"All materials or products are placed in a queue; each rule consumes what it matches; DISALLOW fails on what is left,
REQUIRE on what is not there." The matchers are the in-toto library's; the queue is ours, since the library keeps a
copy of it for each rule in a variable that all threads share.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from supplychain.errors import LimitExceeded, SubjectMismatch
from supplychain.model.digest import HEX_LENGTH
from supplychain.verify.layout.content import ArtifactRule, Artifacts, Item, Performed, Side

MAX_COMPARISONS: Final = 5_000_000
"""Rules times artifacts of one verification: some seconds."""

_SHOWN: Final = 5


@dataclass(slots=True)
class Budget:
    """What one verification may still spend, its sublayouts included."""

    links: int
    comparisons: int = MAX_COMPARISONS
    exhausted: bool = False

    def take_link(self) -> None:
        """One more link is opened. Raises LimitExceeded."""
        self.links -= 1
        self._check("more links than one verification opens")

    def compare(self, count: int) -> None:
        """So many artifacts are held against a rule. Raises LimitExceeded."""
        self.comparisons -= count
        self._check(f"more than {MAX_COMPARISONS} comparisons of artifacts with rules")

    def _check(self, message: str) -> None:
        if self.links < 0 or self.comparisons < 0:
            self.exhausted = True
            raise LimitExceeded(message)


def check_item(item: Item, performed: Mapping[str, Performed], budget: Budget) -> tuple[SubjectMismatch, ...]:
    """What is wrong with the materials and the products of a step or inspection; nothing when its rules hold.

    ``performed`` has this one and all whose artifacts a MATCH rule may name. Without a DISALLOW at its end a list of
    rules lets everything pass that it does not name: so the specification wants it. Raises LimitExceeded.
    """
    both = (
        _check_side(item, "materials", item.materials, performed, budget),
        _check_side(item, "products", item.products, performed, budget),
    )
    return tuple(found for found in both if found)


def _check_side(
    item: Item, side: Side, rules: tuple[ArtifactRule, ...], performed: Mapping[str, Performed], budget: Budget
) -> SubjectMismatch | None:
    mine = performed[item.name]
    artifacts: Artifacts = getattr(mine, side)
    queue = set(artifacts)
    for rule in rules:
        budget.compare(len(queue) + 1)
        pattern = rule.unpacked["pattern"]
        match rule.unpacked["rule_type"]:
            case "require":
                if pattern not in queue:
                    return _broken(item, side, rule, f"{pattern[:120]!r} is not there")
            case "disallow":
                if found := sorted(_consumed(rule, queue, artifacts, mine, performed)):
                    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
                    return _broken(item, side, rule, ", ".join(f[:120] for f in found[:_SHOWN]) + more)
            case _:
                queue -= _consumed(rule, queue, artifacts, mine, performed)
    return None


def _consumed(
    rule: ArtifactRule,
    queue: set[str],
    artifacts: Artifacts,
    mine: Performed,
    performed: Mapping[str, Performed],
) -> set[str]:
    """What a rule matches in the queue. Artifacts match by a digest that proves something, or not at all."""
    from in_toto import verifylib

    pattern, materials, products = rule.unpacked["pattern"], mine.materials, mine.products
    found: set[str]
    match rule.unpacked["rule_type"]:
        case "match":
            proving = {path for path in queue if artifacts[path].keys() & HEX_LENGTH.keys()}
            try:
                found = verifylib.verify_match_rule(rule.unpacked, proving, artifacts, performed)
            except KeyError:  # a path that is absolute below its prefix, which the library joins to another one
                found = set()
        case "create":
            found = verifylib.verify_create_rule(pattern, queue, materials.keys(), products.keys())
        case "delete":
            found = verifylib.verify_delete_rule(pattern, queue, materials.keys(), products.keys())
        case "modify":
            found = verifylib.verify_modify_rule(pattern, queue, materials, products)
        case _:
            found = verifylib.verify_allow_rule(pattern, queue)
    return found & queue


def _broken(item: Item, side: Side, rule: ArtifactRule, found: str) -> SubjectMismatch:
    return SubjectMismatch(
        f"{side} of {item.name}: {str(rule)[:200]}: {found}",
        hint="what the step used or made is not what the layout lets pass: find out why before anything else",
    )
