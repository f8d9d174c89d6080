"""CycloneDX JSON: written in versions 1.6 and 1.7, read from 1.2 on.

What the format has a place for stands there; further facts are properties (see `facts`). Files are components of
type file, nested in the component that owns them. A component contained in exactly one other is nested in it too;
other containment, the subject's included, is a property beside an edge of ``dependencies``, so that tools which know
nothing of it still see one connected graph. A dirhash of a Go module is a property as well: no file has that digest.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Final

from supplychain._json import Node
from supplychain.model.inventory import (
    CompletenessState,
    Component,
    Covers,
    EdgeKind,
    Inventory,
    Occurrence,
    Scope,
)
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import Writing, chosen_version
from supplychain.sbom.formats.facts import (
    CONTAINED_IN,
    KIND,
    KIND_FILE,
    KIND_PATH,
    NEEDED_BY,
    TYPE,
    VERSION,
    Pair,
    Plan,
    completed,
    digest_fact,
    facts_of,
    plan,
)
from supplychain.sbom.formats.text import document, listing, quote, serial_of, stamp, texts
from supplychain.sbom.formats.values import is_digest, is_expression, is_url

ALGORITHMS: Final = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3-256": "SHA3-256",
    "sha3-384": "SHA3-384",
    "sha3-512": "SHA3-512",
    "blake2b-256": "BLAKE2b-256",
    "blake2b-384": "BLAKE2b-384",
    "blake2b-512": "BLAKE2b-512",
    "blake3": "BLAKE3",
}
TYPES: Final = frozenset(
    """application framework library container platform operating-system device device-driver firmware file
    machine-learning-model data cryptographic-asset""".split()
)
MAX_NESTED: Final = 8
"""Levels of components inside components; what lies deeper is written beside them, with its containment noted."""
MAX_VERSION: Final = 1024
"""Characters of a version, by the schema."""

_SCOPES: Final = {
    Scope.RUNTIME: '"scope": "required"',
    Scope.DEV: '"scope": "excluded"',
    Scope.BUILD: '"scope": "excluded"',
    Scope.TEST: '"scope": "excluded"',
}
"""What ships needs no word: without one, a component is part of the product."""
_TOLD_BY_SCOPE: Final = frozenset((Scope.SHIPPED, Scope.RUNTIME, Scope.DEV))
_WORD: Final = re.compile(r"[A-Za-z0-9.+-]+", re.ASCII)
"""The shape of all identifiers of licences."""
_DECLARED: Final = '"acknowledgement": "declared"'


class CycloneDxJson:
    """See the module."""

    name: ClassVar[str] = "cyclonedx-json"
    spec_versions: ClassVar[tuple[str, ...]] = ("1.6", "1.7")

    def write(self, inventory: Inventory, how: Writing) -> bytes:
        """See Format."""
        version = chosen_version(self, how.spec_version)
        inventory = completed(inventory, how.producer)
        writer = _Writer(inventory, plan(inventory, files=how.files), mixed_licences=version != "1.6")
        body = [
            _metadata(writer, how),
            listing("components", writer.components()),
            listing("dependencies", writer.dependencies()),
            listing("compositions", writer.compositions()),
        ]
        head = [
            f'"$schema": "http://cyclonedx.org/schema/bom-{version}.schema.json"',
            '"bomFormat": "CycloneDX"',
            f'"specVersion": "{version}"',
        ]
        serial = f'"serialNumber": "urn:uuid:{serial_of(inventory, head + body)}"'
        return document([*head, serial, '"version": 1', *body])

    def read(self, node: Node) -> Document:
        """See Format."""
        from supplychain.sbom.formats import cyclonedx_read

        return cyclonedx_read.read(node)


def _metadata(writer: "_Writer", how: Writing) -> str:
    phase = "post-build" if writer.inventory.kind == "artifact" else "pre-build"
    entity = f'{{"name": {quote(how.producer)}}}'
    tool = f'{{"type": "application", "name": "supplychain", "version": {quote(how.tool_version)}}}'
    members = [
        f'"timestamp": "{stamp(how.created)}"',
        f'"lifecycles": [{{"phase": "{phase}"}}]',
        f'"tools": {{"components": [{tool}]}}',
        f'"authors": [{entity}]' if how.producer else "",
        f'"component": {writer.subject()}',
        f'"supplier": {entity}' if how.producer else "",
    ]
    joined = ",\n".join(member for member in members if member)
    return f'"metadata": {{\n{joined}\n}}'


@dataclass(frozen=True, slots=True)
class _Containment:
    """How the contains edges are written: each target nested in its one container, or noted on it."""

    nested: Mapping[str, list[str]]
    """Container to what is nested in it."""
    inside: frozenset[str]
    """What is nested."""
    noted: Mapping[str, list[str]]
    """Target to the containers noted on it."""


class _Writer:
    """One document under way: the parts that need the whole inventory at hand."""

    def __init__(self, inventory: Inventory, planned: Plan, *, mixed_licences: bool) -> None:
        self.inventory = inventory
        self._plan = planned
        self._mixed = mixed_licences
        self._refs = {inventory.subject.ref, *(c.ref for c in inventory.components)}
        self._by_ref = {c.ref: c for c in inventory.components}
        self._contained = _containment(inventory)
        self._needs: defaultdict[str, set[str]] = defaultdict(set)
        for edge in inventory.edges:
            if edge.kind is EdgeKind.DEPENDS_ON:
                self._needs[edge.source].add(edge.target)

    def subject(self) -> str:
        """What the document is about."""
        return self._component(self.inventory.subject)

    def components(self) -> Iterator[str]:
        """A line for each component, file and path told about; those nested follow in the lines of their parent."""
        files: defaultdict[str, list[str]] = defaultdict(list)
        for claim in self._plan.files:
            owner = claim.owner if claim.owner in self._by_ref else ""
            files[owner].append(self._file(claim))
        for ref, component in sorted(self._by_ref.items()):
            if ref not in self._contained.inside:
                yield self._line(component, files)
        yield from files[""]
        for path in self._plan.mentions:
            yield _file(self._file_ref(path), path, pairs=[(KIND, KIND_PATH), *self._plan.told[path]])

    def _line(self, component: Component, files: Mapping[str, list[str]]) -> str:
        text, ref = self._component(component), component.ref
        if ref not in self._contained.nested and ref not in files:
            return text
        inner = [self._line(self._by_ref[child], files) for child in self._contained.nested.get(ref, ())]
        return f"{text[:-1]}, {listing('components', [*inner, *files.get(ref, ())])}}}"

    def _file_ref(self, path: str) -> str:
        """A reference that no component has."""
        ref = f"file:{path}"
        while ref in self._refs:
            ref = f"file:{ref}"
        return ref

    def _file(self, claim: FileClaim) -> str:
        pairs = [*self._plan.told.get(claim.path, ())]
        if not claim.sha256:
            pairs.append((KIND, KIND_FILE))
        return _file(self._file_ref(claim.path), claim.path, claim.sha256, pairs=pairs)

    def _component(self, component: Component) -> str:
        ref, kind, version = component.ref, component.type, component.version
        pairs = facts_of(component, self._plan.told.get(ref, ()), _TOLD_BY_SCOPE)
        for container in self._contained.noted.get(ref, ()):
            pairs += self._noted(container, ref)
        if kind not in TYPES:
            pairs.append((TYPE, kind))
            kind = "library"
        if len(version) > MAX_VERSION:
            pairs.append((VERSION, version))
            version = ""
        made = [f'{{"type": "{kind}", "bom-ref": {quote(ref)}']
        if component.producer:
            made.append(f'"supplier": {{"name": {quote(component.producer)}}}')
        made.append(f'"name": {quote(component.name)}')
        if version:
            made.append(f'"version": {quote(version)}')
        if component.description:
            made.append(f'"description": {quote(component.description)}')
        if component.scope in _SCOPES:
            made.append(_SCOPES[component.scope])
        made += _digests(component, pairs)
        if component.licences:
            made.append(_licences(component.licences, mixed=self._mixed))
        if component.purl:
            made.append(f'"purl": {quote(component.purl)}')
        if component.occurrences:
            places = ", ".join(map(_occurrence, component.occurrences))
            made.append(f'"evidence": {{"occurrences": [{places}]}}')
        if pairs:
            made.append(_properties(pairs))
        return ", ".join(made) + "}"

    def _noted(self, container: str, ref: str) -> Iterator[Pair]:
        yield CONTAINED_IN, container
        if ref in self._needs.get(container, ()):
            yield NEEDED_BY, container

    def dependencies(self) -> Iterator[str]:
        """A line for each component that needs, or is noted to contain, another.

        The others are left out: by the specification that means that what they depend on is not known.
        """
        shown: defaultdict[str, set[str]] = defaultdict(set)
        for ref, containers in self._contained.noted.items():
            for container in containers:
                shown[container].add(ref)
        for ref in sorted(self._needs.keys() | shown.keys()):
            targets = self._needs.get(ref, set()) | shown.get(ref, set())
            yield f'{{"ref": {quote(ref)}, "dependsOn": {texts(sorted(targets))}}}'

    def compositions(self) -> Iterator[str]:
        """What is known to be incomplete, or not known to be complete, by state; the reasons are properties.

        The subject is called complete only where everything met was read and is listed, file by file.
        """
        by_state: defaultdict[CompletenessState, set[str]] = defaultdict(set)
        if self._plan.files and not self._plan.worst:
            by_state[CompletenessState.COMPLETE].add(self.inventory.subject.ref)
        for ref, state in self._plan.worst.items():
            by_state[state].add(ref if ref in self._refs else self._file_ref(ref))
        for state in sorted(by_state):
            yield f'{{"aggregate": "{state}", "assemblies": {texts(sorted(by_state[state]))}}}'


def _containment(inventory: Inventory) -> _Containment:
    known = {component.ref for component in inventory.components}
    containers: defaultdict[str, list[str]] = defaultdict(list)
    for edge in inventory.edges:
        if edge.kind is EdgeKind.CONTAINS:
            containers[edge.target].append(edge.source)
    nested: defaultdict[str, list[str]] = defaultdict(list)
    noted: dict[str, list[str]] = {}
    for target, sources in sorted(containers.items()):
        if sources[0] in known and _may_nest(target, containers, inventory.subject.ref):
            nested[sources[0]].append(target)
        else:
            noted[target] = sorted(sources)
    inside = frozenset(ref for refs in nested.values() for ref in refs)
    return _Containment(nested=dict(nested), inside=inside, noted=noted)


def _may_nest(target: str, containers: Mapping[str, list[str]], subject: str) -> bool:
    """Whether the way up is unique, and so short that neither a circle nor a deep pile can be on it."""
    sources = containers[target]
    if len(sources) != 1 or sources[0] == subject:
        return False
    for _ in range(MAX_NESTED):
        sources = containers.get(sources[0], [])
        if len(sources) != 1 or sources[0] == subject:
            return True
    return False


def _digests(component: Component, pairs: list[Pair]) -> Iterator[str]:
    """Members for the digests that the format has a place for; the others join ``pairs``.

    An archive without an address is named by its package URL, which says where such archives are distributed.
    """
    hashes: list[str] = []
    archives: dict[str, list[str]] = {}
    for digest in component.digests:
        algorithm, value = digest.algorithm, digest.value
        url = digest.url or component.purl
        if algorithm not in ALGORITHMS or not is_digest(algorithm, value):
            pairs.append(digest_fact(digest))
        elif digest.covers is Covers.FILE and not digest.url:
            hashes.append(_hash(algorithm, value))
        elif digest.covers is Covers.PACKAGE_ARCHIVE and url and is_url(url):
            archives.setdefault(url, []).append(_hash(algorithm, value))
        else:
            pairs.append(digest_fact(digest))
    if hashes:
        yield f'"hashes": [{", ".join(hashes)}]'
    if archives:
        references = [
            f'{{"type": "distribution", "url": {quote(url)}, "hashes": [{", ".join(archives[url])}]}}'
            for url in sorted(archives)
        ]
        yield f'"externalReferences": [{", ".join(references)}]'


def _hash(algorithm: str, value: str) -> str:
    return f'{{"alg": "{ALGORITHMS[algorithm]}", "content": {quote(value)}}}'


def _file(ref: str, path: str, sha256: str = "", *, pairs: list[Pair]) -> str:
    made = f'{{"type": "file", "bom-ref": {quote(ref)}, "name": {quote(path)}'
    if sha256:
        made += f', "hashes": [{_hash("sha256", sha256)}]'
    return f"{made}, {_properties(pairs)}}}" if pairs else made + "}"


def _licences(licences: tuple[str, ...], *, mixed: bool) -> str:
    """Identifiers and names as licences; an expression as such where the schema allows: alone, or from 1.7 on."""
    made = []
    for text in licences:
        if _is_identifier(text):
            made.append(f'{{"license": {{"id": {quote(text)}, {_DECLARED}}}}}')
        elif (mixed or len(licences) == 1) and is_expression(text):
            made.append(f'{{"expression": {quote(text)}, {_DECLARED}}}')
        else:
            made.append(f'{{"license": {{"name": {quote(text)}, {_DECLARED}}}}}')
    return f'"licenses": [{", ".join(made)}]'


@lru_cache(maxsize=4096)
def _is_identifier(text: str) -> bool:
    """Whether the schema lists this licence. A plain expression of one word names one that it lists, see the tests;
    its own list, which takes longer to load than a small document to write, is asked about other words only.
    """
    if not _WORD.fullmatch(text) or text.startswith("LicenseRef-"):
        return False
    if "+" not in text and is_expression(text):
        return True
    from cyclonedx.spdx import is_supported_id

    return is_supported_id(text)


def _occurrence(occurrence: Occurrence) -> str:
    facts = [f"sha256:{occurrence.sha256}"] if occurrence.sha256 else []
    if occurrence.size is not None:
        facts.append(f"size:{occurrence.size}")
    context = f', "additionalContext": {quote(" ".join(facts))}' if facts else ""
    return f'{{"location": {quote(occurrence.path)}{context}}}'


def _properties(pairs: list[Pair]) -> str:
    made = [f'{{"name": {quote(name)}, "value": {quote(value)}}}' for name, value in sorted(pairs)]
    return f'"properties": [{", ".join(made)}]'
