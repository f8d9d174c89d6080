"""Layouts and links, typed: read from bytes whose signature was verified (in-toto specification 1.0, 4.3 and 4.4).

What the in-toto library lets pass and this does not: a layout without steps, a threshold below one, a missing time of
expiry (the library sets one from its clock), one name twice, a placeholder for a parameter that nobody gives.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from supplychain._json import Node
from supplychain.errors import LimitExceeded, PolicyInvalid, SupplyChainError, UnsupportedType
from supplychain.model.digest import parse_digest_set
from supplychain.predicates.field_types import read_time
from supplychain.verify.layout.keys import FunctionaryKey, read_key

MAX_STEPS: Final = 256
"""Steps, and inspections, of one layout."""
MAX_KEYS: Final = 256
MAX_RULES: Final = 1_000
"""Of the materials, or the products, of one step."""
MAX_ARTIFACTS: Final = 100_000
"""Materials, or products, of one link."""
MAX_WORDS: Final = 10_000
"""Of a command."""
MAX_NAME: Final = 200

Side: TypeAlias = Literal["materials", "products"]
Artifacts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Path to digests by algorithm."""

_KEY_ID: Final = re.compile(r"[0-9a-fA-F]{8,256}\Z", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"\{[A-Za-z0-9_-]*\}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRule:
    """One artifact rule."""

    words: tuple[str, ...]
    """As the layout spells it."""
    unpacked: Mapping[str, str]
    """As the in-toto library reads it: rule_type and pattern, and for MATCH source_prefix, dest_prefix, dest_type and
    dest_name."""

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What steps and inspections have in common."""

    name: str
    command: tuple[str, ...]
    """What a step is expected to run, or an inspection runs; may be empty."""
    materials: tuple[ArtifactRule, ...]
    products: tuple[ArtifactRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Item):
    """A step, and who may perform it."""

    functionaries: tuple[str, ...]
    """Ids of keys of the layout, each once."""
    threshold: int
    """How many different functionaries must have performed it alike; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The steps a product must have gone through."""

    steps: tuple[Step, ...]
    """In order, at least one."""
    inspections: tuple[Item, ...]
    keys: Mapping[str, FunctionaryKey | SupplyChainError]
    """By key id; the error of a key that cannot be used here."""
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """A step as it was performed."""

    command: tuple[str, ...] = ()
    materials: Artifacts = field(default_factory=dict)
    products: Artifacts = field(default_factory=dict)


def read_layout(node: Node) -> Layout:
    """Read a layout.

    Raises MalformedDocument, LimitExceeded, PolicyInvalid for one that could hold nothing back, UnsupportedType for
    placeholders of parameters.
    """
    steps = tuple(_step(s) for s in node.at("steps").items(at_most=MAX_STEPS))
    inspections = tuple(_item(i, "run") for i in node.at("inspect").items(at_most=MAX_STEPS))
    if not steps:
        raise PolicyInvalid("a layout without steps asks for nothing", where=node.where)
    names = [item.name for item in (*steps, *inspections)]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        node.fail(f"the name {twice[0][:80]!r} is given twice")
    expires = read_time(node.at("expires"))
    return Layout(steps=steps, inspections=inspections, keys=dict(_keys(node.at("keys"))), expires=expires)


def read_link(node: Node) -> tuple[str, Performed]:
    """The name of the step, and how it was performed. Raises MalformedDocument, LimitExceeded."""
    return node.at("name").text(), Performed(
        command=_words(node.at("command")),
        materials=_artifacts(node.at("materials")),
        products=_artifacts(node.at("products")),
    )


def _keys(node: Node) -> Iterator[tuple[str, FunctionaryKey | SupplyChainError]]:
    if len(node.object()) > MAX_KEYS:
        raise LimitExceeded(f"{len(node.object())} keys, at most {MAX_KEYS} are read", where=node.where)
    for keyid, child in node.members():
        named = child.maybe("keyid")
        if named is not None and named.text() != keyid:
            named.fail(f"the key stands under the id {keyid[:80]!r}")
        try:
            yield keyid, read_key(child)
        except SupplyChainError as e:
            yield keyid, e


def _step(node: Node) -> Step:
    item = _item(node, "expected_command")
    threshold = node.at("threshold").integer()
    if threshold < 1:
        raise PolicyInvalid(f"step {item.name!r} has the threshold {threshold}; it is at least 1", where=node.where)
    ids = [k.text() for k in node.at("pubkeys").items(at_most=MAX_KEYS)]
    if wrong := [i for i in ids if not _KEY_ID.match(i)]:
        node.at("pubkeys").fail(f"expected ids of keys in hexadecimal, found {wrong[0][:80]!r}")
    return Step(
        name=item.name,
        command=item.command,
        materials=item.materials,
        products=item.products,
        functionaries=tuple(dict.fromkeys(ids)),
        threshold=threshold,
    )


def _item(node: Node, command: str) -> Item:
    name = node.at("name").text()
    if not name.isprintable() or "/" in name or len(name) > MAX_NAME:
        node.at("name").fail(f"expected a printable name without /, found {name[:80]!r}")
    return Item(
        name=name,
        command=_words(node.at(command)),
        materials=_rules(node.at("expected_materials")),
        products=_rules(node.at("expected_products")),
    )


def _rules(node: Node) -> tuple[ArtifactRule, ...]:
    return tuple(_rule(r) for r in node.items(at_most=MAX_RULES))


def _rule(node: Node) -> ArtifactRule:
    from in_toto.rulelib import unpack_rule
    from securesystemslib.exceptions import FormatError

    words = [w.text(empty=True) for w in node.items(at_most=10)]
    if any(_PLACEHOLDER.search(w) for w in words):
        raise UnsupportedType(
            f"the rule {' '.join(words)[:120]!r} has a placeholder for a parameter, and none can be given",
            where=f"{node.where}: {node.path}",
            hint="write the value into the layout",
        )
    try:
        unpacked: dict[str, str] = unpack_rule(words)
    except FormatError:
        node.fail(f"{' '.join(words)[:120]!r} is no artifact rule", hint="such as MATCH * WITH PRODUCTS FROM build")
    return ArtifactRule(words=tuple(words), unpacked=unpacked)


def _words(node: Node) -> tuple[str, ...]:
    return tuple(w.text(empty=True) for w in node.items(at_most=MAX_WORDS))


def _artifacts(node: Node) -> Artifacts:
    if len(node.object()) > MAX_ARTIFACTS:
        raise LimitExceeded(f"{len(node.object())} artifacts, at most {MAX_ARTIFACTS} are read", where=node.where)
    return {path: parse_digest_set(child) for path, child in node.members()}
