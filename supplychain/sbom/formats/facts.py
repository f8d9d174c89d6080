"""Facts of an inventory that no document format has a place for, as (name, value) pairs.

CycloneDX carries them as properties, SPDX in an annotation; both give them back exactly. The names:

===================================  ==============================================================================
``supplychain:scope``                `Scope`, where the format cannot tell it
``supplychain:found:CATALOGER``      the file whose reading told of the component
``supplychain:digest:COVERS:NAME``   a digest that is none of a file or package archive, such as a Go dirhash
``supplychain:unknown:FIELD``        ``unknown`` or ``withheld``
``supplychain:completeness:STATE``   why not all of it is known
``supplychain:contained-in``         ref of what contains it
``supplychain:needed-by``            ref of what contains it and depends on it as well
``supplychain:kind``                 of a file: ``component``, ``file``, or ``path`` for one that was met, not read
``supplychain:type``                 a component type the format does not know
``supplychain:version``              a version longer than the format allows
``supplychain:property:NAME``        a property of the component whose own name would be mistaken for one of these
===================================  ==============================================================================
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Covers,
    Found,
    Inventory,
    Scope,
    Unknown,
)
from supplychain.sbom.document import FileClaim, files_of, stated_unknowns

PREFIX: Final = "supplychain:"
CONTAINED_IN: Final = PREFIX + "contained-in"
NEEDED_BY: Final = PREFIX + "needed-by"
KIND: Final = PREFIX + "kind"
SCOPE: Final = PREFIX + "scope"
TYPE: Final = PREFIX + "type"
VERSION: Final = PREFIX + "version"
_COMPLETENESS: Final = PREFIX + "completeness:"
_DIGEST: Final = PREFIX + "digest:"
_FOUND: Final = PREFIX + "found:"
_PROPERTY: Final = PREFIX + "property:"
_UNKNOWN: Final = PREFIX + "unknown:"

KIND_COMPONENT: Final = "component"
KIND_FILE: Final = "file"
KIND_PATH: Final = "path"

_WORST: Final = (CompletenessState.INCOMPLETE, CompletenessState.UNKNOWN, CompletenessState.COMPLETE)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An inventory sorted for writing: what stands where, and which further facts go with it."""

    told: dict[str, list[Pair]]
    """By ref or path: completeness and unknowns."""
    files: list[FileClaim]
    mentions: list[str]
    """Paths that are told about and have no entry of their own in the document."""
    worst: dict[str, CompletenessState]
    """By ref or path: the least complete state told of it."""


def completed(inventory: Inventory, producer: str) -> Inventory:
    """The inventory with all that a document states of its subject: its digest, and this producer where it has none."""
    subject = inventory.subject
    digests = set(subject.digests)
    if inventory.sha256:
        digests.add(ContentDigest(algorithm="sha256", value=inventory.sha256, covers=Covers.FILE))
    made = replace(subject, producer=subject.producer or producer, digests=tuple(sorted(digests)))
    return inventory if made == subject else replace(inventory, subject=made)


def plan(inventory: Inventory, *, files: bool) -> Plan:
    """What to write, with files or without."""
    told: defaultdict[str, list[Pair]] = defaultdict(list)
    worst: dict[str, CompletenessState] = {}
    for one in inventory.completeness:
        told[one.ref].append((_COMPLETENESS + one.state, one.reason))
        worst[one.ref] = min(worst.get(one.ref, one.state), one.state, key=_WORST.index)
    for unknown in stated_unknowns(inventory):
        told[unknown.ref].append((_UNKNOWN + unknown.field, unknown.reason))
    listed = sorted(files_of(inventory)) if files else []
    placed = {inventory.subject.ref, *(c.ref for c in inventory.components), *(f.path for f in listed)}
    return Plan(told=dict(told), files=listed, mentions=sorted(told.keys() - placed), worst=worst)


def facts_of(component: Component, told: Iterable[Pair], native: Container[Scope]) -> list[Pair]:
    """What a format lacks a place for; ``told`` comes from the plan, ``native`` are the scopes that it can tell."""
    pairs = [*told]
    if component.scope not in native:
        pairs.append((SCOPE, component.scope))
    if component.type == "file":
        pairs.append((KIND, KIND_COMPONENT))
    pairs += [(_FOUND + found.cataloger, found.path) for found in component.found]
    for name, value in component.properties:
        pairs.append((_PROPERTY + name if name.startswith(PREFIX) else name, value))
    return pairs


def digest_fact(digest: ContentDigest) -> Pair:
    """A digest as a pair."""
    value = f"{digest.value} {digest.url}" if digest.url else digest.value
    return f"{_DIGEST}{digest.covers}:{digest.algorithm}", value


@dataclass(slots=True)
class Facts:
    """Pairs that were read, told apart. What is not one of ours stays a property."""

    kind: str = ""
    scope: Scope | None = None
    type: str = ""
    version: str = ""
    contained_in: list[str] = field(default_factory=list)
    needed_by: list[str] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    digests: list[ContentDigest] = field(default_factory=list)
    told: list[Pair] = field(default_factory=list)
    properties: list[Pair] = field(default_factory=list)

    def unknowns(self, ref: str) -> Iterator[Unknown]:
        """Those told of the component of this ref."""
        for name, value in self.told:
            if name.startswith(_UNKNOWN):
                yield Unknown(ref=ref, field=name.removeprefix(_UNKNOWN), reason=value)

    def completeness(self, ref: str) -> Iterator[Completeness]:
        """That told of the component or path of this ref."""
        for name, value in self.told:
            if name.startswith(_COMPLETENESS):
                state = CompletenessState(name.removeprefix(_COMPLETENESS))
                yield Completeness(ref=ref, state=state, reason=value)


def read_facts(pairs: Iterable[Pair]) -> Facts:
    """The inverse of `facts_of`. The pairs are claims of whoever wrote the document."""
    facts = Facts()
    for name, value in pairs:
        if not name.startswith(PREFIX) or not _take(facts, name, value):
            facts.properties.append((name, value))
    return facts


def _take(facts: Facts, name: str, value: str) -> bool:
    """Whether the pair is one of ours, well-formed; then it is put in its place."""
    if name.startswith(_FOUND):
        facts.found.append(Found(cataloger=name.removeprefix(_FOUND), path=value))
    elif name.startswith(_UNKNOWN) or name in _STATES:
        facts.told.append((name, value))
    elif name.startswith(_PROPERTY):
        facts.properties.append((name.removeprefix(_PROPERTY), value))
    elif name.startswith(_DIGEST):
        covers, _, algorithm = name.removeprefix(_DIGEST).partition(":")
        if covers not in _COVERS:
            return False
        digest, _, url = value.partition(" ")
        facts.digests.append(ContentDigest(algorithm=algorithm, value=digest, covers=Covers(covers), url=url))
    elif name == SCOPE and value in _SCOPES:
        facts.scope = Scope(value)
    elif name == CONTAINED_IN:
        facts.contained_in.append(value)
    elif name == NEEDED_BY:
        facts.needed_by.append(value)
    elif name in _TEXTS:
        setattr(facts, _TEXTS[name], value)
    else:
        return False
    return True


_SCOPES: Final = frozenset(Scope)
_COVERS: Final = frozenset(Covers)
_STATES: Final = frozenset(_COMPLETENESS + state for state in CompletenessState)
_TEXTS: Final = {KIND: "kind", TYPE: "type", VERSION: "version"}
