"""A document against the published schema of its own format and version, and against what a schema cannot see.

The schemas of CycloneDX are those that ship with cyclonedx-python-lib; the one of SPDX is ours, after the
specification. They come in as bytes through ``schemas``, and nothing is ever retrieved: a reference to a schema that
does not ship is an error. Needs the extra ``validate``.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import ExtraMissing, InputError, MalformedDocument, UnsupportedType
from supplychain.model.results import ValidatedDocument
from supplychain.model.verification import Problem
from supplychain.sbom.formats import cyclonedx_read, spdx_read, validation_xml
from supplychain.sbom.formats.references import cyclonedx_problems, spdx_problems

if TYPE_CHECKING:
    import jsonschema_rs

Schemas: TypeAlias = Callable[[str], bytes]
"""Gives the bytes of a schema by its file name."""

MAX_BYTES: Final = 256 << 20
MAX_PROBLEMS: Final = 100
"""Listed of one document; a further one says that there are more."""
HINT: Final = "pip install 'supplychain[validate]'"

_SHARED: Final = ("spdx", "jsf-0.82", "cryptography-defs")
_BASE: Final = "http://cyclonedx.org/schema/"
_MASK: Final = "the value"
_SHOWN: Final = 60


def validate(data: bytes, *, where: str, schemas: Schemas) -> ValidatedDocument:
    """Every problem of one document, in JSON or XML; none means that it is valid.

    Bytes that are no JSON or XML document are invalid, with that problem. Raises UnsupportedType for a format or
    version that nobody here can judge, MalformedDocument for XML that brings a document type, LimitExceeded, and
    ExtraMissing. ``schemas`` is kept with the compiled schema, so pass a function that lives as long, not a lambda.
    """
    if validation_xml.is_xml(data):
        return _bounded(validation_xml.validate(data, where=where, schemas=schemas), where)
    try:
        node = _json.parse(data, where=where, max_bytes=MAX_BYTES)
        members = node.object()
    except MalformedDocument as e:
        return ValidatedDocument(path=where, format="", problems=(Problem(code=e.code, message=str(e), hint=e.hint),))
    if "bomFormat" in members or "specVersion" in members:
        version = _version(node, "specVersion", cyclonedx_read.READ_VERSIONS)
        judged = _cyclonedx(version, schemas)
        return _bounded((f"CycloneDX {version} JSON", _problems(node, judged, cyclonedx_problems)), where)
    if "spdxVersion" in members:
        version = _version(node, "spdxVersion", spdx_read.READ_VERSIONS)
        form = f"SPDX {version.removeprefix('SPDX-')} JSON"
        return _bounded((form, _problems(node, _spdx(schemas), spdx_problems)), where)
    raise UnsupportedType(
        "neither CycloneDX nor SPDX 2: it has no bomFormat and no spdxVersion",
        where=where,
        hint="CycloneDX 1.2 to 1.7 in JSON or XML and SPDX 2.2 and 2.3 in JSON are judged",
    )


def _version(node: Node, name: str, known: tuple[str, ...]) -> str:
    version = node.at(name).text()
    if version not in known:
        raise UnsupportedType(
            f"version {version[:20]!r} is not judged here", where=node.where, hint=f"known: {', '.join(known)}"
        )
    return version


def _bounded(judged: tuple[str, Iterator[Problem]], where: str) -> ValidatedDocument:
    form, problems = judged
    listed = list(islice(problems, MAX_PROBLEMS + 1))
    if len(listed) > MAX_PROBLEMS:
        listed[MAX_PROBLEMS:] = [Problem(code="LimitExceeded", message=f"more than {MAX_PROBLEMS} problems")]
    return ValidatedDocument(path=where, format=form, problems=tuple(listed))


def _problems(
    node: Node, validator: "jsonschema_rs.Validator", references: Callable[[dict[str, JSON]], Iterator[Problem]]
) -> Iterator[Problem]:
    """What the schema finds; only where that is nothing, what it cannot see, since that relies on its shape."""
    valid = True
    for error in validator.iter_errors(node.value):
        valid = False
        yield Problem(code="SchemaViolation", message=f"{_path(error.instance_path)}: {_message(error)}")
    if valid:
        yield from references(node.object())


def _path(steps: "list[str | int]") -> str:
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in steps).lstrip(".")[:300] or "document"


def _message(error: "jsonschema_rs.ValidationError") -> str:
    """What was expected, and the value found where it is short enough to be seen."""
    message = error.message if len(error.message) <= 200 else f"{error.message[:200]} ..."
    found = error.instance
    if isinstance(found, str | int | float | bool) and len(str(found)) <= _SHOWN:
        message += f", found {found!r}"
    return message


@lru_cache(maxsize=8)
def _cyclonedx(version: str, schemas: Schemas) -> "jsonschema_rs.Validator":
    """The validator of one version, with the schemas it refers to; nothing else can be referred to."""
    shared = [(f"{_BASE}{name}.SNAPSHOT.schema.json", _load(schemas, f"{name}.SNAPSHOT")) for name in _SHARED]
    return _compiled(_load(schemas, f"bom-{version}.SNAPSHOT"), shared)


@lru_cache(maxsize=2)
def _spdx(schemas: Schemas) -> "jsonschema_rs.Validator":
    return _compiled(_load(schemas, "spdx-2.3"), [])


def _compiled(schema: dict[str, JSON], shared: list[tuple[str, dict[str, JSON]]]) -> "jsonschema_rs.Validator":
    try:
        import jsonschema_rs as rs
    except ImportError as e:
        raise ExtraMissing("validating JSON needs the optional package jsonschema-rs", hint=HINT) from e
    try:
        registry = rs.Registry(shared, draft=rs.Draft7, retriever=_refuse)
        return rs.Draft7Validator(schema, registry=registry, retriever=_refuse, validate_formats=True, mask=_MASK)
    except (rs.ValidationError, rs.ReferencingError) as e:
        raise InputError(f"the schema cannot be used: {str(e).partition(chr(10))[0][:200]}") from e


def _load(schemas: Schemas, name: str) -> dict[str, JSON]:
    return _json.parse(schemas(f"{name}.schema.json"), where=name).object()


def _refuse(uri: str) -> NoReturn:
    raise InputError(f"the schema {uri[:80]} does not ship, and nothing is retrieved")
