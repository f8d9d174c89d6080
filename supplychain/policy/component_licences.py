"""Which licences bind which components of an SBOM: all that the rule ``licence`` reads of a document.

A CycloneDX document of plain components answers from its parsed JSON, since reading all the rest of it costs many
times the judgement. Whatever is not plain in it is left to the reader of the format, which then says what is wrong.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from supplychain._json import Node
from supplychain.model.artifact import Artifact
from supplychain.model.inventory import Scope
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Problem
from supplychain.policy.documents import Attested, sbom_of
from supplychain.predicates import short_name
from supplychain.sbom.document import Document

_SCOPES: Final[Mapping[Any, str]] = {
    None: Scope.SHIPPED,
    "required": Scope.RUNTIME,
    "excluded": Scope.DEV,
    "optional": Scope.SHIPPED,
}
_SCOPE: Final = "supplychain:scope"
_DIGEST: Final = "supplychain:digest:"
_KIND: Final = "supplychain:kind"
"""Properties of ours that say more about a component."""
_OF_A_FILE: Final = frozenset({"type", "bom-ref", "name", "hashes", "properties"})
"""All that is said of a mere file; one with a licence is a component, whatever it calls itself."""


class Bound(NamedTuple):
    """A component and its declared licences, all of which bind."""

    name: str
    version: str
    purl: str
    licences: tuple[str, ...]
    scope: str


def bound_by(context: Context, artifact: Artifact, proof: Verified[Any]) -> "tuple[Bound, ...] | Problem":
    """The components of one attested document, or why it does not count."""
    if short_name(proof.predicate_type) == "cyclonedx":
        key = ("plain components", proof.payload_sha256)
        plain = context.once(key, partial(_plain_document, proof.predicate.document))
        if plain is not None and plain.sha256 in ("", artifact.sha256):
            return plain.components
    found = sbom_of(context, artifact, proof)
    return of_document(found.document) if isinstance(found, Attested) else found


def of_document(document: Document) -> tuple[Bound, ...]:
    """The components of a document that was read whole."""
    return tuple(Bound(c.name, c.version, c.purl, c.licences, c.scope) for c in document.components)


def together(documents: Iterable[Iterable[Bound]]) -> list[Bound]:
    """The components of several documents, each once: what they say of one adds up."""
    found: dict[object, Bound] = {}
    for document in documents:
        for component in document:
            key = component.purl or (component.name, component.version)
            before = found.get(key)
            found[key] = component if before is None else _added(before, component)
    return list(found.values())


def _added(one: Bound, other: Bound) -> Bound:
    licences = (*one.licences, *(text for text in other.licences if text not in one.licences))
    return one._replace(licences=licences, scope=other.scope if one.scope == Scope.SHIPPED else one.scope)


class _Plain(NamedTuple):
    """A document whose components are plain."""

    sha256: str
    components: tuple[Bound, ...]


def _plain_document(node: Node) -> _Plain | None:
    """The components, if each of them is plain and there are some; None leaves the document to its reader."""
    value: Any = node.value
    try:
        sha256 = _plain_subject(value.get("metadata", {}).get("component", {}))
        components = tuple(_plain_components(value["components"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return _Plain(sha256, components) if components else None


def _plain_components(top: Any) -> Iterator[Bound]:
    """The components at any depth. A mere file is none, unless something is in it; one that says more is not plain."""
    todo = [top]
    for level in todo:
        for raw in level:
            nested = raw.get("components")
            if nested:
                todo.append(nested)
            if raw["type"] != "file" or nested:
                yield _plain_component(raw)
            elif not raw.keys() <= _OF_A_FILE or any(p["name"] == _KIND for p in raw.get("properties", ())):
                raise ValueError


def _plain_subject(subject: Any) -> str:
    """The SHA-256 a document is about. Any exception means that this needs a closer look."""
    if "externalReferences" in subject or any(p["name"].startswith(_DIGEST) for p in subject.get("properties", ())):
        raise ValueError
    hashes = subject.get("hashes", ())
    if [h["alg"] for h in hashes] not in ([], ["SHA-256"]):
        raise ValueError
    return "".join(h["content"].lower() for h in hashes)


def _plain_component(raw: Any) -> Bound:
    """One component. Any exception of a wrong shape means that it is not plain."""
    kind, name, version, purl = raw["type"], raw["name"], raw.get("version", ""), raw.get("purl", "")
    if not (type(kind) is type(name) is type(version) is type(purl) is str):
        raise TypeError
    if not kind or "group" in raw:
        raise ValueError
    scope = _SCOPES[raw.get("scope")]
    for item in raw.get("properties", ()):
        if item["name"] == _SCOPE:
            raise ValueError
    licences: tuple[str, ...] = ()
    for item in raw.get("licenses", ()):
        one = item.get("license")
        text = item["expression"] if one is None else one["id"] if "id" in one else one["name"]
        if type(text) is not str or not text:
            raise TypeError
        licences = tuple(sorted({*licences, text})) if licences else _alone(text)
    return Bound(name, version, purl, licences, scope)


@lru_cache(maxsize=1024)
def _alone(text: str) -> tuple[str]:
    """One licence, as a tuple made once for all components that have it: each new one is work for the collector."""
    return (text,)
