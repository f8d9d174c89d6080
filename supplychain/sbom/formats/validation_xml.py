"""CycloneDX XML against its schema: no document type, no entities, nothing from outside.

Only documents in UTF-8 are judged: what they begin with can then be seen without a parser, and a document type is
refused before one is asked.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from supplychain.errors import ExtraMissing, InputError, LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.verification import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BYTES: Final = 256 << 20
VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
HINT: Final = "pip install 'supplychain[validate]'"

_START: Final = re.compile(rb"\s*+<")
_PROLOG: Final = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_NAMESPACE: Final = "http://cyclonedx.org/schema/bom/"
_MARK: Final = b"\xef\xbb\xbf"


def is_xml(data: bytes) -> bool:
    """Whether this begins as an XML document does, in whatever encoding."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff")) or _START.match(data.removeprefix(_MARK)) is not None


def validate(data: bytes, *, where: str, schemas: Callable[[str], bytes]) -> tuple[str, Iterator[Problem]]:
    """The format of a document and its problems. Raises as `validation.validate` does."""
    try:
        from lxml import etree
    except ImportError as e:
        raise ExtraMissing("validating XML needs the optional package lxml", hint=HINT) from e
    _refuse_types(data, where)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as e:
        if "XML_PARSE_HUGE" in str(e.msg) or "depth" in str(e.msg):
            raise LimitExceeded(f"more than an XML parser reads in safety: {str(e.msg)[:100]}", where=where) from None
        problem = Problem(code="MalformedDocument", message=f"line {e.lineno}: {str(e.msg)[:200]}")
        return "", iter([problem])
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedDocument("a document type, which no SBOM needs", where=where)
    name = etree.QName(root)
    version = (name.namespace or "").removeprefix(_NAMESPACE)
    if not (name.namespace or "").startswith(_NAMESPACE) or version not in VERSIONS:
        raise UnsupportedType(
            f"{str(root.tag)[:80]!r} is no CycloneDX document of a version judged here",
            where=where,
            hint=f"known: {', '.join(VERSIONS)}",
        )
    return f"CycloneDX {version} XML", _problems(root, _schema(version, schemas))


def _refuse_types(data: bytes, where: str) -> None:
    """Refuse a document type, and encodings in which one could hide."""
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{len(data)} bytes, at most {MAX_BYTES} are read", where=where)
    declared = _ENCODING.match(data.removeprefix(_MARK))
    encoding = declared[1].lower() if declared else b"utf-8"
    if encoding not in (b"utf-8", b"us-ascii", b"ascii") or b"\0" in data[:1024]:
        raise MalformedDocument("expected XML in UTF-8", where=where, hint="save it as UTF-8")
    text = data.removeprefix(_MARK)
    prolog = _PROLOG.match(text)
    assert prolog is not None
    if text.startswith(b"<!", prolog.end()):
        raise MalformedDocument(
            "a document type, which no SBOM needs and which can name entities",
            where=where,
            hint="remove the <!DOCTYPE>",
        )


def _problems(root: Any, schema: Any) -> Iterator[Problem]:
    if not schema.validate(root):
        errors: Sequence[Any] = schema.error_log
        for error in errors:
            yield Problem(code="SchemaViolation", message=f"line {error.line}: {error.message[:200]}")


@lru_cache(maxsize=8)
def _schema(version: str, schemas: Callable[[str], bytes]) -> Any:
    """The compiled schema. It includes that of the licences; any other inclusion is an error."""
    from lxml import etree

    class Shipped(etree.Resolver):  # type: ignore[misc]  # lxml has no types
        """Answers the one inclusion there is."""

        def resolve(self, url: str | None, _public_id: str | None, context: Any) -> Any:
            if (url or "").rpartition("/")[2] not in ("spdx.xsd", "spdx.SNAPSHOT.xsd"):
                raise UnsupportedType(f"the schema {str(url)[:80]} does not ship, and nothing is retrieved")
            return self.resolve_string(schemas("spdx.SNAPSHOT.xsd"), context)

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.resolvers.add(Shipped())
    try:
        return etree.XMLSchema(etree.fromstring(schemas(f"bom-{version}.SNAPSHOT.xsd"), parser))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as e:
        raise InputError(f"the schema cannot be used: {str(e)[:200]}") from e
