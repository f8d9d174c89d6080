"""SPDX JSON, versions 2.2 and 2.3, as a `Document`: what others wrote, and what `spdx` wrote, exactly.

What others wrote is taken as it stands: checksums of a package are those of its archive, relationships that say that
one element needs or holds another are edges, whichever way round they are put, and file elements are files.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import UnsupportedType
from supplychain.model.inventory import (
    Completeness,
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.document import SUPPLIER, Document, FileClaim
from supplychain.sbom.formats.facts import KIND_COMPONENT, KIND_FILE, KIND_PATH, Facts, read_facts
from supplychain.sbom.formats.members import Members, needed, objects, strings, text, time

READ_VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")
NONE: Final = "NOASSERTION"
FACTS: Final = "supplychain: "
"""How the comment with further facts begins."""
WRITER: Final = "Tool: supplychain-"
TYPES: Final = {
    "APPLICATION": "application",
    "CONTAINER": "container",
    "DEVICE": "device",
    "FILE": "file",
    "FIRMWARE": "firmware",
    "FRAMEWORK": "framework",
    "LIBRARY": "library",
    "OPERATING-SYSTEM": "operating-system",
    "OPERATING_SYSTEM": "operating-system",
}
"""Purpose to the type of a component."""

_IDENTIFIERS: Final = ("cpe23Type", "cpe22Type", "swid", "gitoid", "swh")
_SAYS_NOTHING: Final = frozenset((NONE, "NONE"))
_FORWARD: Final = {
    "DEPENDS_ON": EdgeKind.DEPENDS_ON,
    "HAS_PREREQUISITE": EdgeKind.DEPENDS_ON,
    "DYNAMIC_LINK": EdgeKind.DEPENDS_ON,
    "STATIC_LINK": EdgeKind.DEPENDS_ON,
    "CONTAINS": EdgeKind.CONTAINS,
}
_BACKWARD: Final = {
    "DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "RUNTIME_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "DEV_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "BUILD_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "TEST_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "OPTIONAL_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "PROVIDED_DEPENDENCY_OF": EdgeKind.DEPENDS_ON,
    "PREREQUISITE_FOR": EdgeKind.DEPENDS_ON,
    "CONTAINED_BY": EdgeKind.CONTAINS,
}
_SCOPES: Final = {
    "RUNTIME_DEPENDENCY_OF": Scope.RUNTIME,
    "DEV_DEPENDENCY_OF": Scope.DEV,
    "BUILD_DEPENDENCY_OF": Scope.BUILD,
    "TEST_DEPENDENCY_OF": Scope.TEST,
}


def read(node: Node) -> Document:
    """See `Format.read`."""
    version = node.at("spdxVersion").text()
    if version not in READ_VERSIONS:
        raise UnsupportedType(f"{version[:20]!r} is not read here", where=node.where)
    members = node.object()
    reading = _Reading(node=node, root=text(members, "SPDXID", node))
    reading.relationships()
    described = reading.described()
    reading.packages(described)
    reading.files()
    creation = node.maybe("creationInfo")
    creators = strings(creation.object(), "creators", creation) if creation else []
    created = creation.maybe("created") if creation else None
    return Document(
        format="SPDX",
        spec_version=version.removeprefix("SPDX-"),
        serial=text(members, "documentNamespace", node),
        created=time(created) if created else None,
        authors=tuple(sorted(_agent(c) for c in creators if not c.startswith("Tool:"))),
        tools=tuple(sorted(_agent(c) for c in creators if c.startswith("Tool:"))),
        subject=reading.subject,
        sha256=reading.sha256,
        components=tuple(component for _, component in sorted(reading.components.items())),
        edges=tuple(sorted(reading.edges(), key=lambda e: (e.source, e.target, e.kind))),
        files=tuple(sorted(reading.claims())),
        completeness=tuple(sorted(reading.completeness)),
        unknowns=tuple(sorted(reading.unknowns, key=lambda u: (u.ref, u.field, u.reason))),
        standalone=tuple(sorted(reading.refs.get(one, one) for one in reading.needs_nothing)),
    )


@dataclass(slots=True)
class _Reading:
    """What was met so far. Elements go by their SPDXID until the end, since relationships name those."""

    node: Node
    root: str
    subject: Component | None = None
    subject_id: str = ""
    sha256: str = ""
    refs: dict[str, str] = field(default_factory=dict)
    """SPDXID to the ref of a component."""
    paths: dict[str, tuple[str, str]] = field(default_factory=dict)
    """SPDXID to path and SHA-256 of a file; those merely mentioned are in `mentioned`."""
    mentioned: set[str] = field(default_factory=set)
    components: dict[str, Component] = field(default_factory=dict)
    links: dict[tuple[str, str, EdgeKind], None] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    describes: dict[str, None] = field(default_factory=dict)
    needs_nothing: set[str] = field(default_factory=set)
    completeness: set[Completeness] = field(default_factory=set)
    unknowns: set[Unknown] = field(default_factory=set)

    def relationships(self) -> None:
        """The relationships that say something about containment, need or what the document describes."""
        node, members = self.node, self.node.object()
        for one in objects(members, "relationships", node):
            source = needed(one, "spdxElementId", node)
            target = needed(one, "relatedSpdxElement", node)
            kind = needed(one, "relationshipType", node)
            if kind == "DESCRIBES" and source == self.root:
                self.describes[target] = None
            elif kind == "DESCRIBED_BY" and target == self.root:
                self.describes[source] = None
            elif kind in _FORWARD:
                self._link(source, target, _FORWARD[kind])
            elif kind in _BACKWARD:
                self._link(target, source, _BACKWARD[kind])
                if kind in _SCOPES:
                    self.scopes.setdefault(source, _SCOPES[kind])
        for target in strings(members, "documentDescribes", node):
            self.describes[target] = None

    def _link(self, source: str, target: str, kind: EdgeKind) -> None:
        if target in _SAYS_NOTHING:
            if target == "NONE" and kind is EdgeKind.DEPENDS_ON:
                self.needs_nothing.add(source)
        elif source not in _SAYS_NOTHING:
            self.links[source, target, kind] = None

    def described(self) -> str:
        """The one element the document is about; empty when it describes several, or nothing."""
        return next(iter(self.describes)) if len(self.describes) == 1 else ""

    def packages(self, described: str) -> None:
        """Every package: as subject, component, or file."""
        texts = {
            needed(one, "licenseId", self.node): text(one, "extractedText", self.node)
            for one in objects(self.node.object(), "hasExtractedLicensingInfos", self.node)
        }
        for i, members in enumerate(objects(self.node.object(), "packages", self.node)):
            node = Node(members, where=self.node.where, path=f"packages[{i}]")
            spdx_id = needed(members, "SPDXID", node)
            if spdx_id in self.refs or spdx_id in self.paths:
                node.at("SPDXID").fail("another element has this identifier")
            facts, more = _facts(members, node)
            if spdx_id != described and _kind(members, facts) in (KIND_FILE, KIND_PATH):
                self._file(spdx_id, members, node, facts)
                continue
            made = _component(members, node, facts, more, texts, self.scopes.get(spdx_id, Scope.SHIPPED))
            if made.ref in self.components or (self.subject and made.ref == self.subject.ref):
                made = replace(made, ref=f"{made.ref}#{spdx_id}")
            self.refs[spdx_id] = made.ref
            self._told(made.ref, facts)
            unknown = {one.field for one in facts.unknowns(made.ref)}
            if not made.producer and SUPPLIER not in unknown and text(members, "supplier", node) == NONE:
                self.unknowns.add(Unknown(ref=made.ref, field=SUPPLIER))
            if spdx_id == described:
                self.subject, self.subject_id = made, spdx_id
                self.sha256 = _sha256(members, node)
            else:
                self.components[made.ref] = made
            for name in strings(members, "hasFiles", node):
                self.links[spdx_id, name, EdgeKind.CONTAINS] = None

    def files(self) -> None:
        """The file elements."""
        for i, members in enumerate(objects(self.node.object(), "files", self.node)):
            node = Node(members, where=self.node.where, path=f"files[{i}]")
            spdx_id = needed(members, "SPDXID", node)
            if spdx_id in self.refs or spdx_id in self.paths:
                node.at("SPDXID").fail("another element has this identifier")
            path = needed(members, "fileName", node)
            self.paths[spdx_id] = path.removeprefix("./") or path, _sha256(members, node)

    def _file(self, spdx_id: str, members: Members, node: Node, facts: Facts) -> None:
        path = needed(members, "name", node)
        self.paths[spdx_id] = path, _sha256(members, node)
        if facts.kind == KIND_PATH:
            self.mentioned.add(spdx_id)
        self._told(path, facts)

    def _told(self, known_as: str, facts: Facts) -> None:
        self.completeness.update(facts.completeness(known_as))
        self.unknowns.update(facts.unknowns(known_as))

    def edges(self) -> Iterator[Edge]:
        """The edges between components."""
        for source, target, kind in self.links:
            if source not in self.paths and target not in self.paths and source != self.root:
                yield Edge(source=self.refs.get(source, source), target=self.refs.get(target, target), kind=kind)

    def claims(self) -> Iterator[FileClaim]:
        """The files, with the component that contains each, if it is one other than the subject."""
        owners: defaultdict[str, set[str]] = defaultdict(set)
        for source, target, kind in self.links:
            if kind is EdgeKind.CONTAINS and target in self.paths and source in self.refs and source != self.subject_id:
                owners[target].add(self.refs[source])
        for spdx_id, (path, sha256) in self.paths.items():
            if spdx_id not in self.mentioned:
                yield FileClaim(path=path, sha256=sha256, owner=min(owners.get(spdx_id, ("",))))


def _kind(members: Members, facts: Facts) -> str:
    if facts.kind:
        return facts.kind
    plain = members.get("primaryPackagePurpose") == "FILE" and members.get("checksums")
    more = members.get("externalRefs") or members.get("versionInfo") or members.get("licenseDeclared")
    return KIND_FILE if plain and not more else KIND_COMPONENT


def _facts(members: Members, node: Node) -> tuple[Facts, Members]:
    """What a package is annotated with by this writer: the pairs, and the exact values besides."""
    if "annotations" in members:
        for one in objects(members, "annotations", node):
            comment = text(one, "comment", node)
            if comment.startswith(FACTS) and text(one, "annotator", node).startswith(WRITER):
                told = _json.parse(comment.removeprefix(FACTS).encode(), where=f"{node.where}: {node.path}.annotations")
                return read_facts(
                    (name, value) for name, value in _rows(told.object(), "properties", 2, node)
                ), told.object()
    return read_facts(()), {}


def _rows(members: Members, name: str, width: int, node: Node) -> Iterator[tuple[str, ...]]:
    """Rows of so many strings."""
    for row in _lists(members, name, width, node):
        if not all(isinstance(value, str) for value in row):
            node.fail(f"expected strings in the annotated {name}")
        yield tuple(str(value) for value in row)


def _lists(members: Members, name: str, width: int, node: Node) -> Iterator[list[JSON]]:
    rows = members.get(name, [])
    if not isinstance(rows, list):
        node.fail(f"expected rows as the annotated {name}")
    for row in rows:
        if not isinstance(row, list) or len(row) != width:
            node.fail(f"expected rows of {width} as the annotated {name}")
        yield row


def _component(
    members: Members, node: Node, facts: Facts, more: Members, texts: dict[str, str], scope: Scope
) -> Component:
    purl = next((p for p in _locators(members, node, "purl")), "")
    location = text(members, "downloadLocation", node)
    location = "" if location in _SAYS_NOTHING else location
    licence = text(members, "licenseDeclared", node)
    if licence in ("", NONE):
        licence = text(members, "licenseConcluded", node)
    licences = () if licence in ("", *_SAYS_NOTHING) else (texts.get(licence, licence),)
    digests = facts.digests
    if "digests" in more:
        digests = [*_exact_digests(more, node)]
    elif "checksums" in members:
        digests = [*digests, *_checksums(members, node, location)]
    identifiers = [(f"spdx:{kind}", one) for kind in _IDENTIFIERS for one in _locators(members, node, kind)]
    return Component(
        ref=text(more, "ref", node) or purl or needed(members, "SPDXID", node),
        name=text(members, "name", node),
        version=text(members, "versionInfo", node),
        type=text(more, "type", node) or TYPES.get(text(members, "primaryPackagePurpose", node), "library"),
        purl=purl,
        scope=facts.scope or scope,
        occurrences=_occurrences(more, node),
        digests=tuple(sorted(set(digests))),
        licences=tuple(sorted(strings(more, "licences", node))) if "licences" in more else licences,
        producer=_producer(members, node),
        description=text(members, "description", node) or text(members, "summary", node),
        found=tuple(sorted(facts.found)),
        properties=tuple(sorted([*facts.properties, *identifiers])),
    )


def _producer(members: Members, node: Node) -> str:
    for role in ("supplier", "originator"):
        name = text(members, role, node)
        if name and name not in _SAYS_NOTHING:
            return _agent(name)
    return ""


def _agent(text: str) -> str:
    """The name of a person, organization or tool, without the word that says which it is."""
    kind, colon, name = text.partition(":")
    return name.removeprefix(" ") if colon and kind in ("Person", "Organization", "Tool") else text


def _locators(members: Members, node: Node, kind: str) -> Iterator[str]:
    if "externalRefs" in members:
        for one in objects(members, "externalRefs", node):
            if one.get("referenceType") == kind and (locator := text(one, "referenceLocator", node)):
                yield locator


def _checksums(
    members: Members, node: Node, url: str, covers: Covers = Covers.PACKAGE_ARCHIVE
) -> Iterator[ContentDigest]:
    for one in objects(members, "checksums", node):
        algorithm = needed(one, "algorithm", node).lower()
        value = needed(one, "checksumValue", node).lower()
        yield ContentDigest(algorithm=algorithm, value=value, covers=covers, url=url)


def _exact_digests(more: Members, node: Node) -> Iterator[ContentDigest]:
    for algorithm, value, covers, url in _rows(more, "digests", 4, node):
        if covers not in frozenset(Covers):
            node.fail(f"a digest cannot cover {covers[:20]!r}")
        yield ContentDigest(algorithm=algorithm, value=value, covers=Covers(covers), url=url)


def _occurrences(more: Members, node: Node) -> tuple[Occurrence, ...]:
    found = []
    for path, sha256, size in _lists(more, "occurrences", 3, node):
        if not isinstance(path, str) or not isinstance(sha256, str | None):
            node.fail("expected strings in the annotated occurrences")
        if not isinstance(size, int | None) or isinstance(size, bool):
            node.fail("expected a size in the annotated occurrences")
        found.append(Occurrence(path=path, sha256=sha256, size=size))
    return tuple(sorted(found))


def _sha256(members: Members, node: Node) -> str:
    """The SHA-256 among the checksums; two that differ are none, since nothing can have both."""
    found = {d.value for d in _checksums(members, node, "") if d.algorithm == "sha256"}
    return found.pop() if len(found) == 1 else ""
