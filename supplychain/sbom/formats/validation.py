"""A document against the published schema of its own format and version, and against what a schema cannot see.

The schemas ship with cyclonedx-python-lib; the one of SPDX 2.3 is ours, from the specification's field tables. They
come in as bytes; nothing is ever retrieved. Needs the extra ``validate``.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import ExtraMissing, LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.results import Problem, ValidatedDocument

Schemas: TypeAlias = Callable[[str], bytes]
"""Gives the bytes of a schema by its file name."""

MAX_BYTES: Final = 512 << 20
MAX_PROBLEMS: Final = 100
CYCLONEDX_JSON: Final = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
CYCLONEDX_XML: Final = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
_NAMESPACE: Final = re.compile(r"http://cyclonedx\.org/schema/bom/(1\.[0-9])\Z")
_HINT: Final = "pip install 'supplychain[validate]'"
_SHARED: Final = ("spdx", "jsf-0.82", "cryptography-defs")


def validate(data: bytes, *, where: str, schemas: Schemas) -> ValidatedDocument:
    """Every problem of one document; none means that it is valid.

    A document that cannot be parsed is invalid, with that problem. Raises UnsupportedType for a format or version
    that nobody here can judge, ExtraMissing, and LimitExceeded.
    """
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{len(data)} bytes, at most {MAX_BYTES} are read", where=where)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _validate_xml(data, where=where, schemas=schemas)
    try:
        node = _json.parse(data, where=where, max_bytes=MAX_BYTES)
        members = node.object()
    except MalformedDocument as e:
        return ValidatedDocument(path=where, format="JSON", problems=(Problem(code=e.code, message=e.message),))
    if "spdxVersion" in members:
        return _validate_spdx(node, where=where, schemas=schemas)
    if "bomFormat" in members or "specVersion" in members:
        return _validate_cyclonedx(node, where=where, schemas=schemas)
    raise UnsupportedType("neither CycloneDX nor SPDX", where=where, hint="expected bomFormat or spdxVersion")


def _validate_cyclonedx(node: Node, *, where: str, schemas: Schemas) -> ValidatedDocument:
    version = node.object().get("specVersion")
    if version not in CYCLONEDX_JSON:
        raise UnsupportedType(f"CycloneDX {str(version)[:20]!r} is not judged here", where=where)
    problems = [*_schema_problems(node.value, _cyclonedx_validator(str(version), schemas))]
    problems += _cyclonedx_meaning(node)
    return ValidatedDocument(path=where, format=f"CycloneDX {version} JSON", problems=tuple(problems[:MAX_PROBLEMS]))


def _validate_spdx(node: Node, *, where: str, schemas: Schemas) -> ValidatedDocument:
    version = node.object().get("spdxVersion")
    if version not in ("SPDX-2.2", "SPDX-2.3"):
        raise UnsupportedType(f"{str(version)[:20]!r} is not judged here", where=where)
    problems = [*_schema_problems(node.value, _spdx_validator(schemas)), *_spdx_meaning(node)]
    form = f"SPDX {str(version).removeprefix('SPDX-')} JSON"
    return ValidatedDocument(path=where, format=form, problems=tuple(problems[:MAX_PROBLEMS]))


def _schema_problems(value: JSON, validator: Any) -> Iterator[Problem]:
    for count, error in enumerate(validator.iter_errors(value)):
        if count >= MAX_PROBLEMS:
            return
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.instance_path).lstrip(".")
        message = error.message if len(error.message) <= 300 else error.message[:300] + " ..."
        yield Problem(code="SchemaViolation", message=f"{path or 'document'}: {message}")


def _jsonschema() -> Any:
    try:
        import jsonschema_rs
    except ImportError as e:
        raise ExtraMissing("validating JSON needs the extra 'validate'", hint=_HINT) from e
    return jsonschema_rs


def _refuse_retrieval(uri: str) -> Any:
    raise ValueError(f"{uri} is not shipped")


@lru_cache(maxsize=8)
def _cyclonedx_validator(version: str, schemas: Schemas) -> Any:
    """The validator of one version, with the schemas it refers to; nothing else can be referred to."""
    rs = _jsonschema()
    main = _load(schemas, f"bom-{version}.SNAPSHOT.schema.json")
    shared = {name: _load(schemas, f"{name}.SNAPSHOT.schema.json") for name in _SHARED}
    pairs = [(f"http://cyclonedx.org/schema/{name}.{part}", s) for name, s in shared.items() for part in _SPELLINGS]
    registry = rs.Registry(pairs, retriever=_refuse_retrieval)
    return rs.validator_for(main, registry=registry, validate_formats=True, retriever=_refuse_retrieval)


_PARTS: Final = ("component", "components", "services")
"""Where a bom-ref names a part of the product; workflows and the like may name one thing in several places."""
_SPELLINGS: Final = ("schema.json", "SNAPSHOT.schema.json")


@lru_cache(maxsize=1)
def _spdx_validator(schemas: Schemas) -> Any:
    schema = _load(schemas, "spdx-2.3.schema.json")
    return _jsonschema().validator_for(schema, validate_formats=True, retriever=_refuse_retrieval)


def _load(schemas: Schemas, name: str) -> Any:
    return _json.parse(schemas(name), where=name).value


def _cyclonedx_meaning(node: Node) -> Iterator[Problem]:
    """What the schema cannot say: refs are unique and lead somewhere."""
    refs: set[str] = set()
    parts: set[str] = set()
    todo: list[tuple[JSON, bool]] = [(node.value, False)]
    while todo:
        item, is_part = todo.pop()
        if isinstance(item, dict):
            ref = item.get("bom-ref")
            if isinstance(ref, str):
                if is_part and ref in parts:
                    yield Problem(code="DuplicateReference", message=f"bom-ref {ref[:120]!r} is used twice")
                refs.add(ref)
                parts |= {ref} if is_part else set()
            todo += [(value, name in _PARTS) for name, value in item.items() if name != "formulation"]
            todo += [(item["formulation"], False)] if "formulation" in item else []
        elif isinstance(item, list):
            todo += [(each, is_part) for each in item]
    dependencies = node.object().get("dependencies")
    for item in dependencies if isinstance(dependencies, list) else []:
        if isinstance(item, dict):
            listed = item.get("dependsOn")
            named = [item.get("ref"), *(listed if isinstance(listed, list) else [])]
            for ref in named:
                if isinstance(ref, str) and ref not in refs:
                    yield Problem(code="DanglingReference", message=f"dependency {ref[:120]!r} is no component here")


def _spdx_meaning(node: Node) -> Iterator[Problem]:
    """SPDXIDs are unique, and relationships lead somewhere in this document or another."""
    ids: set[str] = {"SPDXRef-DOCUMENT"}
    for kind in ("packages", "files", "snippets"):
        elements = node.object().get(kind)
        for element in elements if isinstance(elements, list) else []:
            found = element.get("SPDXID") if isinstance(element, dict) else None
            if isinstance(found, str) and found in ids:
                yield Problem(code="DuplicateReference", message=f"SPDXID {found[:120]!r} is used twice")
            elif isinstance(found, str):
                ids.add(found)
    relationships = node.object().get("relationships")
    for item in relationships if isinstance(relationships, list) else []:
        for field in ("spdxElementId", "relatedSpdxElement"):
            ref = item.get(field) if isinstance(item, dict) else None
            if isinstance(ref, str) and not ref.startswith("DocumentRef-") and ref not in (*ids, "NONE", "NOASSERTION"):
                yield Problem(code="DanglingReference", message=f"{field} {ref[:120]!r} is no element here")


def _validate_xml(data: bytes, *, where: str, schemas: Schemas) -> ValidatedDocument:
    """XML without a document type: neither entities nor anything outside is ever resolved."""
    try:
        from lxml import etree
    except ImportError as e:
        raise ExtraMissing("validating XML needs the extra 'validate'", hint=_HINT) from e
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise MalformedDocument("a document type or entity, which no SBOM needs", where=where)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as e:
        problem = Problem(code="MalformedDocument", message=str(e.msg)[:300])
        return ValidatedDocument(path=where, format="XML", problems=(problem,))
    found = _NAMESPACE.match(etree.QName(root).namespace or "")
    if not found or found[1] not in CYCLONEDX_XML:
        raise UnsupportedType("no CycloneDX XML of a version that is judged here", where=where)
    schema = _xml_schema(found[1], schemas)
    schema.validate(root)
    problems = tuple(
        Problem(code="SchemaViolation", message=f"line {e.line}: {e.message[:300]}")
        for e in list(schema.error_log)[:MAX_PROBLEMS]
    )
    return ValidatedDocument(path=where, format=f"CycloneDX {found[1]} XML", problems=problems)


@lru_cache(maxsize=8)
def _xml_schema(version: str, schemas: Schemas) -> Any:
    from lxml import etree

    class Shipped(etree.Resolver):  # type: ignore[misc]  # lxml has no stubs
        """Schemas that the schema includes: from the package, by file name."""

        def resolve(self, url: str | None, _public: str | None, context: Any) -> Any:
            name = (url or "").rpartition("/")[2].replace("spdx.xsd", "spdx.SNAPSHOT.xsd")
            return self.resolve_string(schemas(name), context)

    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(Shipped())
    return etree.XMLSchema(etree.fromstring(schemas(f"bom-{version}.SNAPSHOT.xsd"), parser))
