"""SPDX 2.3 JSON: written; 2.2 and 2.3 are read.

Files are packages whose purpose is FILE, with their SHA-256: an SPDX file element must carry a SHA-1, which proves
nothing and is not measured here. What the format has no place for stands in one annotation a package, as JSON (see
`facts`). A producer is written as an organization, since metadata seldom say whether it is one or a person.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import ClassVar, Final

from supplychain._json import JSON, Node
from supplychain.model.inventory import Component, ContentDigest, Covers, EdgeKind, Inventory, Scope
from supplychain.sbom.document import Document
from supplychain.sbom.formats import Writing, chosen_version, spdx_read
from supplychain.sbom.formats.facts import KIND, KIND_FILE, KIND_PATH, Pair, Plan, completed, facts_of, plan
from supplychain.sbom.formats.spdx_read import FACTS, NONE, TYPES, WRITER
from supplychain.sbom.formats.text import document, listing, quote, serial_of, stamp
from supplychain.sbom.formats.values import is_digest, is_expression, is_url

DOCUMENT: Final = "SPDXRef-DOCUMENT"
ALGORITHMS: Final = {
    "md5": "MD5",
    "sha1": "SHA1",
    "sha224": "SHA224",
    "sha256": "SHA256",
    "sha384": "SHA384",
    "sha512": "SHA512",
    "sha3-256": "SHA3-256",
    "sha3-384": "SHA3-384",
    "sha3-512": "SHA3-512",
    "blake2b-256": "BLAKE2b-256",
    "blake2b-384": "BLAKE2b-384",
    "blake2b-512": "BLAKE2b-512",
    "blake3": "BLAKE3",
}
PURPOSES: Final = {kind: purpose for purpose, kind in TYPES.items()}

_TOLD_BY_SCOPE: Final = frozenset((Scope.SHIPPED,))
_NOT_IN_IDS: Final = re.compile(r"[^A-Za-z0-9.]+")
_LICENCE_REF: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_NOT_TOLD: Final = "The text of this licence is not part of the metadata that names it."
_RELATIONSHIPS: Final = {EdgeKind.DEPENDS_ON: "DEPENDS_ON", EdgeKind.CONTAINS: "CONTAINS"}


class SpdxJson:
    """See the module."""

    name: ClassVar[str] = "spdx-json"
    spec_versions: ClassVar[tuple[str, ...]] = ("2.3",)

    def write(self, inventory: Inventory, how: Writing) -> bytes:
        """See Format."""
        version = chosen_version(self, how.spec_version)
        inventory = completed(inventory, how.producer)
        writer = _Writer(inventory, plan(inventory, files=how.files), stamp(how.created), f"{WRITER}{how.tool_version}")
        packages = listing("packages", writer.packages())
        creators = [quote(writer.tool)] + ([quote(f"Organization: {how.producer}")] if how.producer else [])
        body = [
            f'"creationInfo": {{"created": "{writer.stamp}", "creators": [{", ".join(creators)}]}}',
            listing("hasExtractedLicensingInfos", writer.licensing()),
            packages,
            listing("relationships", writer.relationships()),
        ]
        head = [
            f'"spdxVersion": "SPDX-{version}"',
            '"dataLicense": "CC0-1.0"',
            f'"SPDXID": "{DOCUMENT}"',
            f'"name": {quote(inventory.subject.name)}',
        ]
        namespace = f'"documentNamespace": "urn:uuid:{serial_of(inventory, head + body)}"'
        return document([*head, namespace, *body])

    def read(self, node: Node) -> Document:
        """See Format."""
        return spdx_read.read(node)


class _Writer:
    """One document under way. Licences without a listed identifier are gathered while packages are written."""

    def __init__(self, inventory: Inventory, planned: Plan, time: str, tool: str) -> None:
        self._inventory = inventory
        self._plan = planned
        self.stamp = time
        self.tool = tool
        self._licences: dict[str, str] = {}
        self._components = {c.ref: c for c in inventory.components}
        self._refs = {inventory.subject.ref, *self._components}

    def packages(self) -> Iterator[str]:
        """A line for the subject, each component, each file and each path told about."""
        yield self._package(self._inventory.subject)
        for _, component in sorted(self._components.items()):
            yield self._package(component)
        for claim in self._plan.files:
            told = self._plan.told.get(claim.path, ())
            yield self._file(claim.path, claim.sha256, [*told, *([] if claim.sha256 else [(KIND, KIND_FILE)])])
        for path in self._plan.mentions:
            yield self._file(path, "", [*self._plan.told[path], (KIND, KIND_PATH)])

    def licensing(self) -> Iterator[str]:
        """A line for each licence that is no listed one: its text as declared."""
        for reference, text in sorted(self._licences.items()):
            yield f'{{"licenseId": "{reference}", "extractedText": {quote(text)}}}'

    def relationships(self) -> Iterator[str]:
        """What the document describes, the edges, and which component each file belongs to."""
        root = element_id(self._inventory.subject.ref)
        yield _relationship(DOCUMENT, "DESCRIBES", root)
        ids = {ref: element_id(ref) for ref in self._refs}
        for edge in sorted(self._inventory.edges, key=lambda e: (e.source, e.target, e.kind)):
            source = ids.get(edge.source) or element_id(edge.source)
            target = ids.get(edge.target) or element_id(edge.target)
            yield _relationship(source, _RELATIONSHIPS[edge.kind], target)
        for claim in self._plan.files:
            yield _relationship(ids.get(claim.owner, root), "CONTAINS", file_id(claim.path))
        for path in self._plan.mentions:
            yield _relationship(root, "CONTAINS", file_id(path))

    def _package(self, component: Component) -> str:
        kind = component.type
        supplier = f"Organization: {component.producer}" if component.producer else NONE
        checksums, location, exact = _checksums(component)
        licence, exact_licences = self._licence(component.licences)
        made = [f'{{"SPDXID": "{element_id(component.ref)}", "name": {quote(component.name)}']
        if component.version:
            made.append(f'"versionInfo": {quote(component.version)}')
        made.append(f'"supplier": {quote(supplier)}')
        made.append(f'"downloadLocation": {quote(location)}, "filesAnalyzed": false')
        if checksums:
            made.append(f'"checksums": [{", ".join(checksums)}]')
        made.append(f'"licenseDeclared": {quote(licence)}')
        if component.description:
            made.append(f'"description": {quote(component.description)}')
        if component.purl:
            made.append(_external_ref(component.purl))
        made.append(f'"primaryPackagePurpose": "{PURPOSES.get(kind, "OTHER")}"')
        facts: dict[str, JSON] = {}
        if component.ref != component.purl:
            facts["ref"] = component.ref
        if kind not in PURPOSES:
            facts["type"] = kind
        if exact:
            facts["digests"] = [[d.algorithm, d.value, d.covers, d.url] for d in component.digests]
        if exact_licences:
            facts["licences"] = [*component.licences]
        if component.occurrences:
            facts["occurrences"] = [[o.path, o.sha256, o.size] for o in component.occurrences]
        pairs = sorted(facts_of(component, self._plan.told.get(component.ref, ()), _TOLD_BY_SCOPE))
        return ", ".join([*made, *self._annotation(facts, pairs)]) + "}"

    def _file(self, path: str, sha256: str, pairs: list[Pair]) -> str:
        made = f'{{"SPDXID": "{file_id(path)}", "name": {quote(path)}, "supplier": "{NONE}"'
        made += f', "downloadLocation": "{NONE}", "filesAnalyzed": false'
        if sha256:
            made += f', "checksums": [{_checksum("sha256", sha256)}]'
        made += ', "primaryPackagePurpose": "FILE"'
        return ", ".join([made, *self._annotation({}, sorted(pairs))]) + "}"

    def _annotation(self, facts: dict[str, JSON], pairs: list[Pair]) -> Iterator[str]:
        if pairs:
            facts["properties"] = [[name, value] for name, value in pairs]
        if facts:
            comment = quote(FACTS + json.dumps(facts, ensure_ascii=True, check_circular=False))
            yield (
                f'"annotations": [{{"annotationDate": "{self.stamp}", "annotationType": "OTHER", '
                f'"annotator": {quote(self.tool)}, "comment": {comment}}}]'
            )

    def _licence(self, licences: tuple[str, ...]) -> tuple[str, bool]:
        """All that is declared as one expression, and whether the reader needs the exact list besides."""
        if not licences:
            return NONE, False
        expressions = []
        for text in licences:
            if is_expression(text):
                for reference in _LICENCE_REF.findall(text):
                    self._licences.setdefault(reference, _NOT_TOLD)
                expressions.append(text)
            else:
                reference = f"LicenseRef-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:20]}"
                self._licences[reference] = text
                expressions.append(reference)
        if len(expressions) == 1:
            return expressions[0], licences[0].startswith("LicenseRef-") or licences[0] == _NOT_TOLD
        return " AND ".join(f"({e})" if " " in e else e for e in expressions), True


def element_id(ref: str) -> str:
    """The SPDXID of a component: readable, and unique by a digest of its ref."""
    return _identifier("Package", ref)


def file_id(path: str) -> str:
    """The SPDXID of a file."""
    return _identifier("File", path)


def _identifier(kind: str, text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:20]
    return f"SPDXRef-{kind}-{_NOT_IN_IDS.sub('-', text[:60]).strip('-')}-{digest}"


def _relationship(source: str, kind: str, target: str) -> str:
    return f'{{"spdxElementId": "{source}", "relationshipType": "{kind}", "relatedSpdxElement": "{target}"}}'


def _external_ref(purl: str) -> str:
    locator = f'"referenceType": "purl", "referenceLocator": {quote(purl)}'
    return f'"externalRefs": [{{"referenceCategory": "PACKAGE-MANAGER", {locator}}}]'


def _checksums(component: Component) -> tuple[list[str], str, bool]:
    """Checksums, where the package is downloaded, and whether the reader needs the exact digests besides.

    A reader takes checksums for those of the package archive at the download location.
    """
    urls = {d.url for d in component.digests if d.covers is Covers.PACKAGE_ARCHIVE and d.url}
    url = urls.pop() if len(urls) == 1 else ""
    location = url if url.startswith(("https://", "http://")) and is_url(url) else ""
    plain = dict.fromkeys(
        (d.algorithm, d.value)
        for d in component.digests
        if d.covers in (Covers.FILE, Covers.PACKAGE_ARCHIVE)
        and d.algorithm in ALGORITHMS
        and is_digest(d.algorithm, d.value)
    )
    understood = {
        ContentDigest(algorithm=name, value=value, covers=Covers.PACKAGE_ARCHIVE, url=location) for name, value in plain
    }
    return [_checksum(*pair) for pair in plain], location or NONE, understood != set(component.digests)


def _checksum(algorithm: str, value: str) -> str:
    return f'{{"algorithm": "{ALGORITHMS[algorithm]}", "checksumValue": {quote(value)}}}'
