"""SPDX 2.3 JSON: written; 2.2 and 2.3 are read.

SPDXIDs are made of a digest of the component's ref, so that they stay the same in every document. A file carries its
SHA-256 only: the specification's text asks for a SHA-1 as well, which proves nothing and is not measured here.
"""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from supplychain._json import Node
from supplychain.model.inventory import (
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    EntryKind,
    Inventory,
)
from supplychain.sbom.document import Document, FileClaim
from supplychain.sbom.formats import chosen_version, lines_of
from supplychain.sbom.licences import is_expression

MAX_ELEMENTS: Final = 1_000_000
NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:supplychain:sbom")
DOCUMENT: Final = "SPDXRef-DOCUMENT"
NONE: Final = "NOASSERTION"

_ALGORITHMS: Final = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}
_NAMES: Final = {theirs: ours for ours, theirs in _ALGORITHMS.items()}
_PURPOSES: Final = {
    "application": "APPLICATION",
    "framework": "FRAMEWORK",
    "library": "LIBRARY",
    "container": "CONTAINER",
    "operating-system": "OPERATING-SYSTEM",
    "device": "DEVICE",
    "firmware": "FIRMWARE",
    "file": "FILE",
}
_TYPES: Final = {purpose: kind for kind, purpose in _PURPOSES.items()}


class SpdxJson:
    """See the module."""

    name: ClassVar[str] = "spdx-json"
    spec_versions: ClassVar[tuple[str, ...]] = ("2.3",)

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
        time = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        extracted: dict[str, str] = {}
        packages = [_package(c, extracted) for c in (inventory.subject, *inventory.components)]
        if inventory.sha256:
            packages[0]["checksums"] = [{"algorithm": "SHA256", "checksumValue": inventory.sha256}]
        elements, owned = _files(inventory) if files else ([], [])
        out: dict[str, Any] = {
            "spdxVersion": f"SPDX-{version}",
            "dataLicense": "CC0-1.0",
            "SPDXID": DOCUMENT,
            "name": inventory.subject.name,
            "creationInfo": {"created": time, "creators": [f"Tool: supplychain-{tool_version}"]},
            "documentDescribes": [_id(inventory.subject.ref)],
            "packages": packages,
            "files": elements,
            "relationships": [*_relationships(inventory), *owned],
            "annotations": [
                {
                    "annotationDate": time,
                    "annotationType": "OTHER",
                    "annotator": f"Tool: supplychain-{tool_version}",
                    "comment": f"{c.state}: {c.ref}: {c.reason}",
                }
                for c in inventory.completeness
            ],
            "hasExtractedLicensingInfos": [
                {"licenseId": ref, "extractedText": text, "name": text} for ref, text in sorted(extracted.items())
            ],
        }
        out = {name: value for name, value in out.items() if value != []}
        return lines_of(out, lambda text: {"documentNamespace": f"urn:uuid:{uuid.uuid5(NAMESPACE, text)}"})

    def read(self, node: Node) -> Document:
        """See Format."""
        return _read(node)


def _id(ref: str, kind: str = "Package") -> str:
    return f"SPDXRef-{kind}-{hashlib.sha256(ref.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def _package(component: Component, extracted: dict[str, str]) -> dict[str, Any]:
    url = next((d.url for d in component.digests if d.url), "")
    out: dict[str, Any] = {
        "SPDXID": _id(component.ref),
        "name": component.name,
        "downloadLocation": url or NONE,
        "filesAnalyzed": False,
        "licenseConcluded": NONE,
        "licenseDeclared": _licence(component.licences, extracted),
        "copyrightText": NONE,
        "supplier": f"Organization: {component.producer}" if component.producer else NONE,
    }
    if component.version:
        out["versionInfo"] = component.version
    if component.description:
        out["description"] = component.description
    if component.type in _PURPOSES:
        out["primaryPackagePurpose"] = _PURPOSES[component.type]
    checksums = {(d.algorithm, d.value) for d in component.digests if d.covers is Covers.FILE}
    if not url:
        checksums |= {(d.algorithm, d.value) for d in component.digests if d.covers is Covers.PACKAGE_ARCHIVE}
    else:
        checksums |= {(d.algorithm, d.value) for d in component.digests if d.url == url}
    known = sorted((_ALGORITHMS[a], v) for a, v in checksums if a in _ALGORITHMS)
    if known:
        out["checksums"] = [{"algorithm": a, "checksumValue": v} for a, v in known]
    if component.purl:
        locator = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": component.purl}
        out["externalRefs"] = [locator]
    return out


def _licence(licences: tuple[str, ...], extracted: dict[str, str]) -> str:
    """The declared licences as one expression; text that is no expression becomes a LicenseRef with that text."""
    parts: list[str] = []
    for text in licences:
        if is_expression(text) and "LicenseRef-" not in text:
            parts.append(text)
            continue
        ref = f"LicenseRef-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        extracted[ref] = text
        parts.append(ref)
    if not parts:
        return NONE
    return parts[0] if len(parts) == 1 else " AND ".join(f"({p})" if " " in p else p for p in parts)


def _files(inventory: Inventory) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """File elements, and who contains each: the owning component, or the subject."""
    elements: list[dict[str, Any]] = []
    contains: list[dict[str, Any]] = []
    for entry in inventory.entries:
        if entry.kind not in (EntryKind.FILE, EntryKind.HARDLINK) or not entry.sha256:
            continue
        element = _id(entry.path, "File")
        elements.append(
            {
                "SPDXID": element,
                "fileName": f"./{entry.path}",
                "checksums": [{"algorithm": "SHA256", "checksumValue": entry.sha256}],
                "licenseConcluded": NONE,
                "copyrightText": NONE,
            }
        )
        owner = inventory.owners.get(entry.path, inventory.subject.ref)
        contains.append(_relationship(_id(owner), "CONTAINS", element))
    return elements, contains


def _relationships(inventory: Inventory) -> list[dict[str, Any]]:
    refs = {inventory.subject.ref, *(c.ref for c in inventory.components)}
    kinds = {EdgeKind.DEPENDS_ON: "DEPENDS_ON", EdgeKind.CONTAINS: "CONTAINS"}
    edges = [e for e in inventory.edges if e.source in refs and e.target in refs]
    return [
        _relationship(DOCUMENT, "DESCRIBES", _id(inventory.subject.ref)),
        *(_relationship(_id(e.source), kinds[e.kind], _id(e.target)) for e in edges),
    ]


def _relationship(source: str, kind: str, target: str) -> dict[str, Any]:
    return {"spdxElementId": source, "relationshipType": kind, "relatedSpdxElement": target}


def _read(node: Node) -> Document:
    extracted = {_text(e, "licenseId"): _text(e, "extractedText") for e in _items(node, "hasExtractedLicensingInfos")}
    packages = {p.at("SPDXID").text(): p for p in _items(node, "packages")}
    components = {i: _read_package(p, extracted) for i, p in packages.items()}
    files = {f.at("SPDXID").text(): _read_file(f) for f in _items(node, "files")}
    described = {d.text() for d in _items(node, "documentDescribes")}
    edges: set[Edge] = set()
    for item in _items(node, "relationships"):
        kind, source = item.at("relationshipType").text(), item.at("spdxElementId").text()
        target = item.at("relatedSpdxElement").text()
        if kind == "DESCRIBES" and source == _text(node, "SPDXID"):
            described.add(target)
        elif kind in ("DEPENDS_ON", "CONTAINS") and source in components and target in components:
            edge = EdgeKind.DEPENDS_ON if kind == "DEPENDS_ON" else EdgeKind.CONTAINS
            edges.add(Edge(source=components[source].ref, target=components[target].ref, kind=edge))
        elif kind == "DEPENDENCY_OF" and source in components and target in components:
            edges.add(Edge(source=components[target].ref, target=components[source].ref))
    creation = node.at("creationInfo")
    creators = [c.text() for c in _items(creation, "creators")]
    subject_id = next((i for i in packages if i in described), None) if len(described) == 1 else None
    subject = components[subject_id] if subject_id else None
    namespace = node.maybe("documentNamespace")
    return Document(
        format="SPDX",
        spec_version=node.at("spdxVersion").text().removeprefix("SPDX-"),
        serial=namespace.text() if namespace else "",
        created=_time(creation.at("created")),
        authors=tuple(sorted(c for c in creators if not c.startswith("Tool:"))),
        tools=tuple(sorted(c.removeprefix("Tool:").strip() for c in creators if c.startswith("Tool:"))),
        subject=subject,
        sha256=next((d.value for d in subject.digests if d.algorithm == "sha256"), "") if subject else "",
        components=tuple(sorted((c for i, c in components.items() if i != subject_id), key=lambda c: c.ref)),
        edges=tuple(sorted(edges)),
        files=tuple(sorted(files.values())),
    )


def _read_package(node: Node, extracted: dict[str, str]) -> Component:
    purl = next((_text(r, "referenceLocator") for r in _items(node, "externalRefs") if _is_purl(r)), "")
    supplier = _text(node, "supplier")
    location = _text(node, "downloadLocation")
    declared = _text(node, "licenseDeclared")
    return Component(
        ref=purl or node.at("SPDXID").text(),
        name=node.at("name").text(),
        version=_text(node, "versionInfo"),
        type=_TYPES.get(_text(node, "primaryPackagePurpose"), "library"),
        purl=purl,
        producer="" if supplier == NONE else supplier.partition(":")[2].strip(),
        licences=() if declared in ("", NONE, "NONE") else (extracted.get(declared, declared),),
        description=_text(node, "description"),
        digests=tuple(sorted(_read_checksums(node, "" if location in ("", NONE, "NONE") else location))),
    )


def _is_purl(node: Node) -> bool:
    return _text(node, "referenceType") == "purl"


def _read_checksums(node: Node, url: str) -> Iterable[ContentDigest]:
    covers = Covers.PACKAGE_ARCHIVE if url else Covers.FILE
    for item in _items(node, "checksums"):
        name, value = item.at("algorithm").text(), item.at("checksumValue").text()
        yield ContentDigest(algorithm=_NAMES.get(name, name.lower()), value=value.lower(), covers=covers, url=url)


def _read_file(node: Node) -> FileClaim:
    found = next((d.value for d in _read_checksums(node, "") if d.algorithm == "sha256"), "")
    return FileClaim(path=node.at("fileName").text().removeprefix("./"), sha256=found)


def _items(node: Node, name: str) -> list[Node]:
    found = node.maybe(name)
    return found.items(at_most=MAX_ELEMENTS) if found else []


def _text(node: Node, name: str) -> str:
    found = node.maybe(name)
    return found.text(empty=True) if found else ""


def _time(node: Node) -> datetime:
    try:
        time = datetime.fromisoformat(node.text())
    except ValueError:
        node.fail("expected a time such as 2026-11-23T12:00:00Z")
    return time if time.tzinfo else time.replace(tzinfo=UTC)
