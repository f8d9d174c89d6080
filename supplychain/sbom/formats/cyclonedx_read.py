"""CycloneDX JSON, versions 1.2 to 1.7, as a `Document`: what others wrote, and what `cyclonedx` wrote, exactly.

What others wrote is taken as it stands: nested components are contained in their parent, ``hashes`` are those of a
file, hashes of a distribution those of a package archive, and components of type file that are nothing but a name
and a digest are files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from supplychain._json import JSON, Node
from supplychain.errors import LimitExceeded, UnsupportedType
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats.facts import KIND_COMPONENT, KIND_FILE, KIND_PATH, Facts, Pair, read_facts
from supplychain.sbom.formats.members import MAX_ITEMS, Members, member, needed, objects, strings, text, time

READ_VERSIONS: Final = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")

_SCOPES: Final = {"required": Scope.RUNTIME, "excluded": Scope.DEV}
"""Anything else, and nothing, is taken for part of the product: the strictest reading."""
_DISTRIBUTIONS: Final = frozenset(("distribution", "distribution-intake", "source-distribution"))
_STATES: Final = {
    "unknown": CompletenessState.UNKNOWN,
    "not_specified": CompletenessState.UNKNOWN,
}
_MORE_THAN_A_FILE: Final = ("purl", "version", "cpe", "swid", "licenses", "supplier", "components")
_IDENTIFIERS: Final = ("cpe", "swid", "omniborId", "swhid")


def read(node: Node) -> Document:
    """See `Format.read`."""
    if node.at("bomFormat").text() != "CycloneDX":
        node.at("bomFormat").fail("expected CycloneDX")
    version = node.at("specVersion").text()
    if version not in READ_VERSIONS:
        raise UnsupportedType(f"CycloneDX {version[:20]!r} is not read here", where=node.where)
    metadata = node.maybe("metadata") or Node({}, where=node.where, path="metadata")
    told = metadata.object()
    graph = [
        (needed(item, "ref", node), strings(item, "dependsOn", node))
        for item in objects(node.object(), "dependencies", node)
    ]
    reading = _Reading(named={ref for source, targets in graph for ref in (source, *targets)})
    subject = reading.subject(metadata)
    reading.components_of(node.object(), node, "")
    created = metadata.maybe("timestamp")
    if subject and not subject.producer:
        suppliers = (text(member(told, role, metadata), "name", metadata) for role in ("supplier", "manufacture"))
        subject = replace(subject, producer=next((name for name in suppliers if name), ""))
    reading.compositions(node, subject.ref if subject else "")
    return Document(
        format="CycloneDX",
        spec_version=version,
        serial=text(node.object(), "serialNumber", node),
        created=time(created) if created else None,
        authors=tuple(sorted(_authors(metadata))),
        tools=tuple(sorted(_tools(metadata))),
        subject=subject,
        sha256=_sha256(subject.digests) if subject else "",
        components=tuple(component for _, component in sorted(reading.components.items())),
        edges=tuple(sorted(reading.edges(graph), key=lambda e: (e.source, e.target, e.kind))),
        files=tuple(sorted(reading.files)),
        completeness=tuple(sorted(reading.completeness)),
        unknowns=tuple(sorted(reading.unknowns, key=lambda u: (u.ref, u.field, u.reason))),
        standalone=tuple(sorted(reading.known_as(source) for source, targets in graph if not targets)),
    )


@dataclass(slots=True)
class _Reading:
    """What was met so far."""

    named: set[str]
    """References of the dependency graph: what stands there is a component, even if it is a file."""
    components: dict[str, Component] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """bom-ref to the ref or path by which it is known here, where that is another."""
    files: set[FileClaim] = field(default_factory=set)
    contained: set[tuple[str, str]] = field(default_factory=set)
    noted: set[tuple[str, str]] = field(default_factory=set)
    needs: set[tuple[str, str]] = field(default_factory=set)
    completeness: set[Completeness] = field(default_factory=set)
    unknowns: set[Unknown] = field(default_factory=set)
    explained: set[str] = field(default_factory=set)
    """Refs and paths whose completeness was told with a reason."""

    def known_as(self, reference: str) -> str:
        """The ref of a component, or the path of a file."""
        return self.names.get(reference, reference)

    def subject(self, metadata: Node) -> Component | None:
        """The component of the metadata; what is nested in it is contained in it."""
        node = metadata.maybe("component")
        if node is None:
            return None
        members = node.object()
        facts = _facts(members, node)
        made = _component(members, node, facts)
        self._told(members, made.ref, facts)
        self.components_of(members, node, made.ref)
        return made

    def components_of(self, root: Members, near: Node, container: str) -> None:
        """Every component at any depth below. Not recursive, since the depth is the sender's."""
        waiting = [(root, near, container)]
        count = 0
        while waiting:
            parent, near, container = waiting.pop()
            found = objects(parent, "components", near)
            count += len(found)
            if count > MAX_ITEMS:
                raise LimitExceeded(f"more than {MAX_ITEMS} components are not read", where=near.where)
            for i, members in enumerate(found):
                node = Node(members, where=near.where, path=f"{near.path}.components[{i}]".removeprefix("."))
                ref = self._take(members, node, container)
                if "components" in members:
                    waiting.append((members, node, ref))

    def _take(self, members: Members, node: Node, container: str) -> str:
        facts = _facts(members, node)
        kind = facts.kind or self._kind_of(members, text(members, "bom-ref", node))
        if kind in (KIND_FILE, KIND_PATH):
            path = needed(members, "name", node)
            if kind == KIND_FILE:
                self.files.add(FileClaim(path=path, sha256=_sha256(_hashes(members, node)), owner=container))
            self._told(members, path, facts)
            return path
        made = _component(members, node, facts)
        if made.ref in self.components:
            if members.get("bom-ref"):
                node.at("bom-ref").fail("another component has this reference")
            made = replace(made, ref=f"{made.ref}#{node.path}")
        self.components[made.ref] = made
        self._told(members, made.ref, facts)
        if container:
            self.contained.add((container, made.ref))
        self.noted.update((source, made.ref) for source in facts.contained_in)
        self.needs.update((source, made.ref) for source in facts.needed_by)
        return made.ref

    def _kind_of(self, members: Members, ref: str) -> str:
        """What a component is that does not say so: a file has a digest, and nothing that a package has."""
        if members.get("type") != "file" or not members.get("hashes") or ref in self.named:
            return KIND_COMPONENT
        return KIND_COMPONENT if any(members.get(name) for name in _MORE_THAN_A_FILE) else KIND_FILE

    def _told(self, members: Members, known_as: str, facts: Facts) -> None:
        reference = members.get("bom-ref")
        if isinstance(reference, str) and reference != known_as:
            self.names[reference] = known_as
        if facts.told:
            states = list(facts.completeness(known_as))
            self.completeness.update(states)
            self.unknowns.update(facts.unknowns(known_as))
            if states:
                self.explained.add(known_as)

    def edges(self, graph: Iterable[tuple[str, list[str]]]) -> set[Edge]:
        """The edges of the document; dependencies that are only there to show containment are not among them."""
        found = {Edge(source=s, target=t, kind=EdgeKind.CONTAINS) for s, t in self.contained | self.noted}
        shown = self.noted - self.needs
        for reference, targets in graph:
            source = self.known_as(reference)
            for raw in targets:
                target = self.known_as(raw)
                if (source, target) not in shown:
                    found.add(Edge(source=source, target=target))
        return found

    def compositions(self, node: Node, subject: str) -> None:
        """What is said to be incomplete, where no reason was told already. What is complete is nothing to list."""
        for item in objects(node.object(), "compositions", node):
            aggregate = needed(item, "aggregate", node)
            if aggregate == "complete":
                continue
            state = _STATES.get(aggregate, CompletenessState.INCOMPLETE)
            refs = [*_references(item, "assemblies", node), *_references(item, "dependencies", node)]
            for reference in refs or [subject]:
                ref = self.known_as(reference)
                if ref not in self.explained:
                    self.completeness.add(Completeness(ref=ref, state=state, reason=f"declared {aggregate}"))


def _references(members: Members, name: str, near: Node) -> list[str]:
    """References to elements: strings, or in old versions objects with a ref."""
    value = members.get(name)
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return [needed(item, "ref", near) for item in objects(members, name, near)]
    return strings(members, name, near)


def _facts(members: Members, node: Node) -> Facts:
    pairs: list[Pair] = []
    if "properties" in members:
        pairs = [(text(p, "name", node), text(p, "value", node)) for p in objects(members, "properties", node)]
    return read_facts(pairs)


def _component(members: Members, node: Node, facts: Facts) -> Component:
    purl = text(members, "purl", node)
    name, group = text(members, "name", node), text(members, "group", node)
    name = f"{group}/{name}" if group else name
    digests: Iterable[ContentDigest] = facts.digests
    if "hashes" in members or "externalReferences" in members:
        digests = {*facts.digests, *_hashes(members, node), *_distributions(members, node, purl)}
    properties = facts.properties
    if any(name in members for name in _IDENTIFIERS):
        properties = [*properties, *_identifiers(members, node)]
    return Component(
        ref=text(members, "bom-ref", node) or purl or f"{name}#{node.path}",
        name=name,
        version=facts.version or text(members, "version", node),
        type=facts.type or needed(members, "type", node),
        purl=purl,
        scope=facts.scope or _SCOPES.get(text(members, "scope", node), Scope.SHIPPED),
        occurrences=_occurrences(members, node) if "evidence" in members else (),
        digests=tuple(sorted(digests)),
        licences=tuple(sorted({*_licences(members, node)})) if "licenses" in members else (),
        producer=_producer(members, node),
        description=text(members, "description", node),
        found=tuple(sorted(facts.found)),
        properties=tuple(sorted(properties)),
    )


def _identifiers(members: Members, node: Node) -> Iterator[Pair]:
    """Identifiers that are no package URL, as ``cyclonedx:NAME``."""
    for name in _IDENTIFIERS:
        value: JSON = members.get(name)
        if isinstance(value, dict):
            value = value.get("tagId")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one:
                yield f"cyclonedx:{name}", one
            elif one is not None and not isinstance(one, str):
                node.fail(f"expected a string as {name}")


def _producer(members: Members, node: Node) -> str:
    """Who made it, by the first of the members that versions of the format have for this."""
    for role in ("supplier", "manufacturer"):
        if role in members and (name := text(member(members, role, node), "name", node)):
            return name
    if "authors" in members:
        names = [name for one in objects(members, "authors", node) if (name := text(one, "name", node))]
        if names:
            return ", ".join(names)
    return text(members, "author", node) or text(members, "publisher", node)


def _hashes(members: Members, node: Node, covers: Covers = Covers.FILE, url: str = "") -> Iterator[ContentDigest]:
    """The hashes of a component or reference, in the names of `ContentDigest`."""
    for item in objects(members, "hashes", node):
        algorithm = needed(item, "alg", node).lower()
        algorithm = "sha" + algorithm[4:] if algorithm.startswith("sha-") else algorithm
        yield ContentDigest(algorithm=algorithm, value=needed(item, "content", node).lower(), covers=covers, url=url)


def _distributions(members: Members, node: Node, purl: str) -> Iterator[ContentDigest]:
    for item in objects(members, "externalReferences", node):
        if "hashes" in item and item.get("type") in _DISTRIBUTIONS:
            url = text(item, "url", node)
            yield from _hashes(item, node, Covers.PACKAGE_ARCHIVE, "" if url == purl else url)


def _sha256(digests: Iterable[ContentDigest]) -> str:
    """The SHA-256 among the digests of a file; two that differ are none, since no file can have both."""
    found = {d.value for d in digests if d.algorithm == "sha256" and d.covers is Covers.FILE}
    return found.pop() if len(found) == 1 else ""


def _licences(members: Members, node: Node) -> Iterator[str]:
    for item in objects(members, "licenses", node):
        one = member(item, "license", node)
        found = text(one, "id", node) or text(one, "name", node) or text(item, "expression", node)
        if found:
            yield found


def _occurrences(members: Members, node: Node) -> tuple[Occurrence, ...]:
    found = []
    for item in objects(member(members, "evidence", node), "occurrences", node):
        context = text(item, "additionalContext", node)
        facts = dict(part.split(":", 1) for part in context.split(" ") if ":" in part)
        size = facts.get("size", "")
        known = size.isascii() and size.isdigit() and len(size) < 20
        found.append(
            Occurrence(path=text(item, "location", node), sha256=facts.get("sha256"), size=int(size) if known else None)
        )
    return tuple(sorted(found))


def _authors(metadata: Node) -> Iterator[str]:
    for author in objects(metadata.object(), "authors", metadata):
        if name := text(author, "name", metadata) or text(author, "email", metadata):
            yield name
    if name := text(member(metadata.object(), "manufacturer", metadata), "name", metadata):
        yield name


def _tools(metadata: Node) -> Iterator[str]:
    members = metadata.object()
    if isinstance(members.get("tools"), list):
        listed = objects(members, "tools", metadata)
    else:
        tools = member(members, "tools", metadata)
        listed = [*objects(tools, "components", metadata), *objects(tools, "services", metadata)]
    for tool in listed:
        name = " ".join(part for part in (text(tool, "name", metadata), text(tool, "version", metadata)) if part)
        if name:
            yield name
