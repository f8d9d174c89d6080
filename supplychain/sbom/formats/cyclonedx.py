"""CycloneDX JSON: written in versions 1.6 and 1.7, read from 1.2 on.

What the format has a place for stands there; what it has none for (scope, completeness, how a component was found)
is in properties whose names begin with ``supplychain:``, so that what was written is read back whole. A dirhash of a
Go module is a property too: it is no digest of any file.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar, Final

from supplychain._json import Node
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    EntryKind,
    Found,
    Inventory,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import chosen_version, lines_of
from supplychain.sbom.licences import is_expression

MAX_COMPONENTS: Final = 1_000_000
NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:supplychain:sbom")

_PREFIX: Final = "supplychain:"
_ALGORITHMS: Final = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
}
_NAMES: Final = {theirs: ours for ours, theirs in _ALGORITHMS.items()}
_EXCLUDED: Final = (Scope.DEV, Scope.BUILD, Scope.TEST)
_FILE: Final = "file:"


class CycloneDxJson:
    """See the module."""

    name: ClassVar[str] = "cyclonedx-json"
    spec_versions: ClassVar[tuple[str, ...]] = ("1.6", "1.7")

    def write(
        self,
        inventory: Inventory,
        *,
        created: datetime,
        tool_version: str,
        spec_version: str = "",
        files: bool = True,
    ) -> bytes:
        """See Format."""
        version = chosen_version(self, spec_version)
        body = _body(inventory, files=files)
        subject = _component(inventory.subject, {}, _contained(inventory.edges)[inventory.subject.ref])
        if inventory.sha256:
            subject["hashes"] = [{"alg": "SHA-256", "content": inventory.sha256}]
        told = [json.dumps([c.state, c.ref, c.reason], ensure_ascii=False) for c in inventory.completeness]
        told_properties = [_property("completeness", text) for text in told]
        _add(subject, "properties", [*subject.pop("properties", []), *told_properties])
        tool = {"type": "application", "name": "supplychain", "version": tool_version}
        phase = "post-build" if inventory.kind == "artifact" else "pre-build"
        out: dict[str, Any] = {
            "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": version,
            "version": 1,
            "metadata": {
                "timestamp": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "lifecycles": [{"phase": phase}],
                "tools": {"components": [tool]},
                "component": subject,
            },
            **body,
        }
        return lines_of(out, lambda text: {"serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, text)}"})

    def read(self, node: Node) -> Document:
        """See Format."""
        return _read(node)


def _body(inventory: Inventory, *, files: bool) -> dict[str, Any]:
    owned: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if files:
        for entry in inventory.entries:
            if entry.kind in (EntryKind.FILE, EntryKind.HARDLINK) and entry.sha256:
                owned[inventory.owners.get(entry.path, "")].append(
                    {
                        "type": "file",
                        "bom-ref": _FILE + entry.path,
                        "name": entry.path,
                        "hashes": [{"alg": "SHA-256", "content": entry.sha256}],
                    }
                )
    unknowns: dict[str, list[Unknown]] = defaultdict(list)
    for unknown in inventory.unknowns:
        unknowns[unknown.ref].append(unknown)
    contained = _contained(inventory.edges)
    components = []
    for component in inventory.components:
        told = {u.field: u.reason for u in unknowns[component.ref]}
        made = _component(component, told, contained[component.ref])
        _add(made, "components", owned.pop(component.ref, []))
        components.append(made)
    unowned = [one for ref in sorted(owned) for one in owned[ref]]
    refs = {inventory.subject.ref, *(c.ref for c in inventory.components)}
    body: dict[str, Any] = {
        "components": [*components, *sorted(unowned, key=lambda c: c["name"])],
        "dependencies": _dependencies(inventory.edges, refs),
    }
    paths = {e.path for e in inventory.entries if e.sha256} if files else set()
    _add(body, "compositions", _compositions(inventory, refs, paths))
    return body


def _contained(edges: Iterable[Edge]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if edge.kind is EdgeKind.CONTAINS:
            found[edge.source].append(edge.target)
    return found


def _component(component: Component, unknowns: Mapping[str, str], contained: Iterable[str]) -> dict[str, Any]:
    out: dict[str, Any] = {"type": component.type, "bom-ref": component.ref, "name": component.name}
    if component.producer:
        out["supplier"] = {"name": component.producer}
    _add(out, "version", component.version)
    _add(out, "description", component.description)
    if component.scope is not Scope.SHIPPED:
        out["scope"] = "excluded" if component.scope in _EXCLUDED else "required"
    hashes = [d for d in component.digests if d.covers is Covers.FILE and d.algorithm in _ALGORITHMS]
    _add(out, "hashes", [{"alg": _ALGORITHMS[d.algorithm], "content": d.value} for d in hashes])
    _add(out, "licenses", _licences(component.licences))
    _add(out, "purl", component.purl)
    _add(out, "externalReferences", _distributions(component.digests))
    properties = [_property("scope", component.scope)] if component.scope is not Scope.SHIPPED else []
    properties += [_property("contains", ref) for ref in contained]
    properties += [_property("found", f"{f.cataloger} {f.path}") for f in component.found]
    properties += [_property(f"unknown:{field}", reason) for field, reason in sorted(unknowns.items())]
    properties += [
        _property(f"digest:{d.covers}:{d.algorithm}", d.value)
        for d in component.digests
        if d.covers not in (Covers.FILE, Covers.PACKAGE_ARCHIVE) or d.algorithm not in _ALGORITHMS
    ]
    properties += [{"name": name, "value": value} for name, value in component.properties]
    _add(out, "properties", properties)
    if component.occurrences:
        out["evidence"] = {"occurrences": [_occurrence(o) for o in component.occurrences]}
    return out


def _add(out: dict[str, Any], name: str, value: Any) -> None:
    """Absent facts are left out."""
    if value:
        out[name] = value


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": _PREFIX + name, "value": value}


def _occurrence(occurrence: Occurrence) -> dict[str, str]:
    out = {"location": occurrence.path}
    facts = [f"sha256:{occurrence.sha256}"] if occurrence.sha256 else []
    facts += [f"size:{occurrence.size}"] if occurrence.size is not None else []
    _add(out, "additionalContext", " ".join(facts))
    return out


def _licences(licences: tuple[str, ...]) -> list[dict[str, Any]]:
    """One expression, or a list of licences: the schema does not take both."""
    if len(licences) == 1 and not _is_id(licences[0]) and is_expression(licences[0]):
        return [{"expression": licences[0], "acknowledgement": "declared"}]
    return [{"license": {("id" if _is_id(text) else "name"): text, "acknowledgement": "declared"}} for text in licences]


@lru_cache(maxsize=4096)
def _is_id(text: str) -> bool:
    """Whether this is one identifier of the SPDX list, which is what the schema takes as an id."""
    return not set(text) & set(" ()+") and not text.startswith("LicenseRef-") and is_expression(text)


def _distributions(digests: Iterable[ContentDigest]) -> list[dict[str, Any]]:
    by_url: dict[str, list[dict[str, str]]] = defaultdict(list)
    for digest in digests:
        if digest.covers is Covers.PACKAGE_ARCHIVE and digest.algorithm in _ALGORITHMS:
            by_url[digest.url].append({"alg": _ALGORITHMS[digest.algorithm], "content": digest.value})
    return [
        {"type": "distribution", "url": url or "urn:supplychain:unknown", "hashes": hashes}
        for url, hashes in sorted(by_url.items())
    ]


def _dependencies(edges: Iterable[Edge], refs: set[str]) -> list[dict[str, Any]]:
    targets: dict[str, set[str]] = {ref: set() for ref in refs}
    for edge in edges:
        if edge.source in refs and edge.target in refs and edge.source != edge.target:
            targets[edge.source].add(edge.target)
    return [{"ref": ref, "dependsOn": sorted(targets[ref])} for ref in sorted(targets)]


def _compositions(inventory: Inventory, refs: set[str], paths: set[str]) -> list[dict[str, Any]]:
    """What is known to be missing, by state; what has no component of its own is said of the subject."""
    by_state: dict[str, set[str]] = defaultdict(set)
    for one in inventory.completeness:
        ref = one.ref if one.ref in refs else _FILE + one.ref if one.ref in paths else inventory.subject.ref
        by_state[one.state].add(ref)
    if not inventory.completeness:
        by_state[CompletenessState.COMPLETE].add(inventory.subject.ref)
    return [{"aggregate": state, "assemblies": sorted(by_state[state])} for state in sorted(by_state)]


def _read(node: Node) -> Document:
    metadata = node.maybe("metadata")
    subject_node = metadata.maybe("component") if metadata else None
    subject = _read_component(subject_node, "") if subject_node else None
    components: list[Component] = []
    files: list[FileClaim] = []
    unknowns: list[Unknown] = []
    contains: set[tuple[str, str]] = set()
    _walk_components(node, components, files, unknowns, contains)
    properties = _properties(subject_node) if subject_node else []
    if subject:
        contains |= {(subject.ref, value) for name, value in properties if name == _PREFIX + "contains"}
    edges = {Edge(source=s, target=t, kind=EdgeKind.CONTAINS) for s, t in contains}
    for item in _items(node, "dependencies"):
        source = item.at("ref").text()
        for target in _items(item, "dependsOn"):
            if (source, target.text()) not in contains:
                edges.add(Edge(source=source, target=target.text()))
    stamp = metadata.maybe("timestamp") if metadata else None
    serial = node.maybe("serialNumber")
    return Document(
        format="CycloneDX",
        spec_version=node.at("specVersion").text(),
        serial=serial.text() if serial else "",
        created=_time(stamp) if stamp else None,
        authors=tuple(sorted(_text(a, "name") for a in _items(metadata, "authors"))) if metadata else (),
        tools=tuple(sorted(_tools(metadata))) if metadata else (),
        subject=subject,
        sha256=next((d.value for d in subject.digests if d.algorithm == "sha256"), "") if subject else "",
        components=tuple(sorted(components, key=lambda c: c.ref)),
        edges=tuple(sorted(edges)),
        files=tuple(sorted(files)),
        completeness=tuple(sorted(_told_completeness(properties, subject_node))),
        unknowns=tuple(sorted(unknowns)),
    )


def _walk_components(
    root: Node,
    components: list[Component],
    files: list[FileClaim],
    unknowns: list[Unknown],
    contains: set[tuple[str, str]],
) -> None:
    """Every component at any depth; nested ones are contained in their parent. Iterative: depth is the sender's."""
    todo: list[tuple[Node, str]] = [(child, "") for child in reversed(_items(root, "components"))]
    count = 0
    while todo:
        node, parent = todo.pop()
        count += 1
        found = _read_component(node, f"#{count}")
        nested = _items(node, "components")
        if found.type == "file" and not nested:
            sha256 = next((d.value for d in found.digests if d.algorithm == "sha256"), "")
            files.append(FileClaim(path=found.name, sha256=sha256))
        else:
            components.append(found)
            properties = _properties(node)
            mark = _PREFIX + "unknown:"
            unknowns += [
                Unknown(ref=found.ref, field=name.removeprefix(mark), reason=value)
                for name, value in properties
                if name.startswith(mark)
            ]
            contains |= {(found.ref, value) for name, value in properties if name == _PREFIX + "contains"}
            if parent:
                contains.add((parent, found.ref))
        todo += [(child, found.ref) for child in reversed(nested)]


def _read_component(node: Node, fallback: str) -> Component:
    ref, purl = _text(node, "bom-ref"), _text(node, "purl")
    properties = _properties(node)
    scope = next((v for n, v in properties if n == _PREFIX + "scope"), "")
    supplier = node.maybe("supplier") or node.maybe("manufacturer")
    producer = (_text(supplier, "name") if supplier else "") or _text(node, "publisher") or _text(node, "author")
    evidence = node.maybe("evidence")
    name, group = node.at("name").text(empty=True), _text(node, "group")
    return Component(
        ref=ref or purl or f"{name}{fallback}",
        name=f"{group}/{name}" if group else name,
        version=_text(node, "version"),
        type=node.at("type").text(),
        purl=purl,
        scope=Scope(scope) if scope in list(Scope) else _scope(_text(node, "scope")),
        occurrences=tuple(sorted(_read_occurrence(o) for o in _items(evidence, "occurrences"))) if evidence else (),
        digests=tuple(sorted({*_read_hashes(node), *_read_references(node), *_told_digests(properties)})),
        licences=tuple(_read_licences(node)),
        producer=producer,
        description=_text(node, "description"),
        found=tuple(sorted(_told_found(properties))),
        properties=tuple((n, v) for n, v in properties if not n.startswith(_PREFIX)),
    )


def _scope(text: str) -> Scope:
    return Scope.DEV if text == "excluded" else Scope.RUNTIME if text == "required" else Scope.SHIPPED


def _read_hashes(node: Node, covers: Covers = Covers.FILE, url: str = "") -> Iterable[ContentDigest]:
    for item in _items(node, "hashes"):
        alg = item.at("alg").text()
        value = item.at("content").text()
        yield ContentDigest(algorithm=_NAMES.get(alg, alg.lower()), value=value.lower(), covers=covers, url=url)


def _read_references(node: Node) -> Iterable[ContentDigest]:
    for item in _items(node, "externalReferences"):
        if _text(item, "type") == "distribution":
            url = item.at("url").text(empty=True)
            yield from _read_hashes(item, Covers.PACKAGE_ARCHIVE, "" if url == "urn:supplychain:unknown" else url)


def _told_digests(properties: Iterable[tuple[str, str]]) -> Iterable[ContentDigest]:
    for name, value in properties:
        parts = name.split(":")
        if name.startswith(_PREFIX + "digest:") and len(parts) == 4 and parts[2] in list(Covers):
            yield ContentDigest(algorithm=parts[3], value=value, covers=Covers(parts[2]))


def _told_found(properties: Iterable[tuple[str, str]]) -> Iterable[Found]:
    for name, value in properties:
        if name == _PREFIX + "found":
            cataloger, _, path = value.partition(" ")
            yield Found(cataloger=cataloger, path=path)


def _told_completeness(properties: Iterable[tuple[str, str]], node: Node | None) -> Iterable[Completeness]:
    for name, value in properties:
        if name != _PREFIX + "completeness":
            continue
        try:
            state, ref, reason = json.loads(value)
            yield Completeness(ref=str(ref), state=CompletenessState(state), reason=str(reason))
        except (ValueError, TypeError, RecursionError):
            assert node is not None
            node.fail(f"property {name} is not of the form that is written")


def _read_occurrence(node: Node) -> Occurrence:
    facts = dict(part.split(":", 1) for part in _text(node, "additionalContext").split() if ":" in part)
    size = facts.get("size", "")
    return Occurrence(
        path=_text(node, "location"),
        sha256=facts.get("sha256"),
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None,
    )


def _read_licences(node: Node) -> Iterable[str]:
    for item in _items(node, "licenses"):
        one = item.maybe("license")
        text = (_text(one, "id") or _text(one, "name")) if one else _text(item, "expression")
        if text:
            yield text


def _tools(metadata: Node) -> list[str]:
    tools = metadata.maybe("tools")
    if tools is None:
        return []
    listed = tools.items() if isinstance(tools.value, list) else _items(tools, "components")
    return [" ".join(filter(None, (_text(t, "name"), _text(t, "version")))) for t in listed]


def _properties(node: Node) -> list[tuple[str, str]]:
    return [(_text(p, "name"), _text(p, "value")) for p in _items(node, "properties")]


def _items(node: Node | None, name: str) -> list[Node]:
    found = node.maybe(name) if node else None
    return found.items(at_most=MAX_COMPONENTS) if found else []


def _text(node: Node | None, name: str) -> str:
    found = node.maybe(name) if node else None
    return found.text(empty=True) if found else ""


def _time(node: Node) -> datetime:
    try:
        time = datetime.fromisoformat(node.text())
    except ValueError:
        node.fail("expected a time such as 2026-11-23T12:00:00Z")
    return time if time.tzinfo else time.replace(tzinfo=UTC)
