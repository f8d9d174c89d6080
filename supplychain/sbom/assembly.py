"""What several catalogers know, as one graph: components merged by ref, edges between what is there, one root.

Nothing depends on the order in which catalogers or their findings come. An edge that leads nowhere is taken out and
its source is listed as incomplete, so that no reader believes the graph to be whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import attrgetter, lt
from typing import Any, Final, TypeVar

from supplychain.model.inventory import (
    EDGE_ORDER,
    Completeness,
    CompletenessState,
    Component,
    Edge,
    EdgeKind,
    Scope,
    Unknown,
)
from supplychain.sbom.catalogers import Catalogued

_T = TypeVar("_T")
_STRENGTH: Final = {scope: rank for rank, scope in enumerate(Scope)}
"""Seen in the artifact beats declared for running, which beats all that is needed earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """The graph of an inventory, sorted."""

    components: tuple[Component, ...]
    edges: tuple[Edge, ...]
    owners: Mapping[str, str]
    completeness: tuple[Completeness, ...]
    unknowns: tuple[Unknown, ...]


def assemble(subject: str, found: Sequence[Catalogued], paths: Set[str]) -> Assembled:
    """One graph under the subject; ``paths`` are those of the entries, the only ones that can be owned."""
    alike: defaultdict[str, list[Component]] = defaultdict(list)
    for component in (c for one in found for c in one.components):
        if component.ref != subject:
            alike[component.ref].append(component)
    components = {ref: _merge(same) for ref, same in sorted(alike.items())}
    completeness = {c for one in found for c in one.completeness}
    edges, dangling = _resolve(subject, components.keys(), {e for one in found for e in one.edges})
    edges.sort(key=EDGE_ORDER)
    edges += _attach(subject, components, edges)
    return Assembled(
        components=tuple(components.values()),
        edges=tuple(sorted(edges, key=EDGE_ORDER)),
        owners=_owners(found, components.keys(), paths),
        completeness=tuple(sorted(completeness | dangling)),
        unknowns=tuple(sorted({u for one in found for u in one.unknowns})),
    )


def _merge(same: Sequence[Component]) -> Component:
    """One component out of all that were found under one ref."""
    if len(same) == 1 and all(map(_in_order, _GROUPS(same[0]))):
        return same[0]
    return Component(
        ref=same[0].ref,
        name=_stated(c.name for c in same),
        version=_stated(c.version for c in same),
        type=_stated(c.type for c in same),
        purl=_stated(c.purl for c in same),
        scope=min((c.scope for c in same), key=_STRENGTH.__getitem__),
        occurrences=_united(c.occurrences for c in same),
        digests=_united(c.digests for c in same),
        licences=_united(c.licences for c in same),
        producer=_stated(c.producer for c in same),
        description=_stated(c.description for c in same),
        found=_united(c.found for c in same),
        properties=_united(c.properties for c in same),
    )


_GROUPS: Final = attrgetter("occurrences", "digests", "licences", "found", "properties")


def _in_order(items: "tuple[Any, ...]") -> bool:
    """Whether these are sorted, each once."""
    return len(items) < 2 or all(map(lt, items, items[1:]))


def _stated(texts: Iterable[str]) -> str:
    """The first of those that say something, in the order of the alphabet."""
    return min((text for text in texts if text), default="")


def _united(groups: Iterable[Iterable[_T]]) -> tuple[_T, ...]:
    return tuple(sorted({item for group in groups for item in group}))  # type: ignore[type-var]  # all are ordered


def _resolve(subject: str, known: Set[str], edges: Set[Edge]) -> tuple[list[Edge], set[Completeness]]:
    """The edges whose two ends are there, and a note for each that is not."""
    kept: list[Edge] = []
    notes: set[Completeness] = set()
    ends = {subject, *known}
    for edge in edges:
        if edge.source == edge.target:
            continue
        if edge.source in ends and edge.target in ends:
            kept.append(edge)
            continue
        missing = [ref for ref in (edge.source, edge.target) if ref not in ends]
        ref = edge.source if edge.source not in missing else subject
        reason = f"{edge.kind} {edge.target}, which is not in the inventory"
        if edge.source in missing:
            reason = (
                f"{edge.source} {reason}"
                if edge.target in missing
                else (f"{edge.source}, which is not in the inventory, {edge.kind} {edge.target}")
            )
        notes.add(Completeness(ref=ref, state=CompletenessState.INCOMPLETE, reason=reason))
    return kept, notes


def _attach(subject: str, components: Mapping[str, Component], edges: Sequence[Edge]) -> list[Edge]:
    """Edges from the subject, so that everything is reached from it: to what has no parent, then into each cycle.

    ``edges`` are sorted.
    """
    below: defaultdict[str, list[str]] = defaultdict(list)
    children = set()
    for edge in edges:
        below[edge.source].append(edge.target)
        children.add(edge.target)
    reached = {subject}
    _reach(subject, below, reached)
    made: list[Edge] = []

    def attach(refs: Iterable[str]) -> None:
        for ref in refs:
            if ref not in reached:
                shipped = components[ref].scope is Scope.SHIPPED
                made.append(
                    Edge(source=subject, target=ref, kind=EdgeKind.CONTAINS if shipped else EdgeKind.DEPENDS_ON)
                )
                _reach(ref, below, reached)

    attach(ref for ref in components if ref not in children)
    attach(_parents_first([ref for ref in components if ref not in reached], below))
    return made


def _reach(start: str, below: Mapping[str, Sequence[str]], reached: set[str]) -> None:
    reached.add(start)
    waiting = [start]
    while waiting:
        for target in below.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)


def _parents_first(refs: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[str]:
    """Reverse postorder: the first not yet reached is never below another one, unless they form a cycle."""
    done: list[str] = []
    seen: set[str] = set()
    for start in refs:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(below.get(start, ())))]
        while path:
            ref, targets = path[-1]
            target = next((t for t in targets if t not in seen), None)
            if target is None:
                done.append(ref)
                path.pop()
            else:
                seen.add(target)
                path.append((target, iter(below.get(target, ()))))
    return done[::-1]


def _owners(found: Sequence[Catalogued], known: Set[str], paths: Set[str]) -> dict[str, str]:
    """Of entries that are there, by components that are there; the first ref where two claim one file."""
    owners: dict[str, str] = {}
    for path, ref in ((p, r) for one in found for p, r in one.owners.items()):
        if path in paths and ref in known and ref <= owners.get(path, ref):
            owners[path] = ref
    return dict(sorted(owners.items()))
