"""What a schema cannot say about a document: references are unique and lead somewhere, licences have a meaning.

The documents given here are valid by their schema, so that their shape needs no further checks.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from supplychain._json import JSON
from supplychain.model.verification import Problem

_BOM_LINK: Final = "urn:cdx:"
_COMMON: Final = frozenset(
    """type name version description scope purl supplier author publisher group hashes licenses properties
    externalReferences cpe copyright bom-ref components""".split()
)
"""Members of a component that hold no reference of their own, or are looked at by name."""
_LOOKED_AT: Final = frozenset(("components", "services", "dependencies"))
_PLAIN_LICENCE: Final = frozenset(("id", "name", "acknowledgement", "url", "text"))
_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_ELSEWHERE: Final = ("NONE", "NOASSERTION")
_OTHER_DOCUMENT: Final = re.compile(r"DocumentRef-[A-Za-z0-9.+-]+:")
_LICENCE_REF: Final = re.compile(r"(?<![:A-Za-z0-9.+-])LicenseRef-[A-Za-z0-9.-]+")
_EXPRESSION: Final = re.compile(r"[A-Za-z0-9.+():\s-]{1,2000}", re.ASCII)


def cyclonedx_problems(bom: dict[str, Any]) -> Iterator[Problem]:
    """References of a CycloneDX document: used once, and known where they are used."""
    known: set[str] = set()
    others: set[str] = set()
    root = bom.get("metadata", {}).get("component")
    for part in _parts([*([root] if root else []), *bom.get("components", ()), *bom.get("services", ())]):
        ref = part.get("bom-ref")
        if ref in known:
            yield _duplicate(f"bom-ref {ref[:120]!r}")
        elif ref:
            known.add(ref)
        if not _COMMON.issuperset(part):
            others |= _references([value for name, value in part.items() if name not in _COMMON])
        for item in part.get("licenses", ()):
            if "expression" in item:
                yield from _expression_problems(part, item["expression"])
            elif not _PLAIN_LICENCE.issuperset(item["license"]):
                others |= _references(item)
            if "bom-ref" in item:
                others.add(item["bom-ref"])
    known |= others
    known |= _references([value for name, value in bom.items() if name not in _LOOKED_AT])
    for ref in sorted(_used(bom) - known):
        if not ref.startswith(_BOM_LINK):
            yield Problem(code="DanglingReference", message=f"{ref[:120]!r} is referred to and is not in the document")


def _parts(roots: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Components and services at every level."""
    waiting = list(roots)
    while waiting:
        part = waiting.pop()
        yield part
        for name in ("components", "services"):
            if name in part:
                waiting += part[name]


def _references(value: JSON) -> set[str]:
    """Every bom-ref in a value. Elements that are no components may be described in several places."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            ref = item.get("bom-ref")
            if isinstance(ref, str):
                found.add(ref)
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return found


def _used(bom: dict[str, Any]) -> set[str]:
    used: set[str] = set()
    for item in bom.get("dependencies", ()):
        used.add(item["ref"])
        for name in ("dependsOn", "provides"):
            if name in item:
                used.update(item[name])
    for item in bom.get("compositions", ()):
        used.update(item.get("assemblies", ()), item.get("dependencies", ()))
    return used


def _expression_problems(part: dict[str, Any], expression: str) -> Iterator[Problem]:
    if not _has_meaning(expression):
        message = f"{str(part.get('name'))[:80]!r}: {expression[:80]!r} is no expression of listed licences"
        yield Problem(code="UnknownLicence", message=message)


@lru_cache(maxsize=1024)
def _has_meaning(expression: str) -> bool:
    plain = _OTHER_DOCUMENT.sub("", expression)
    if not _EXPRESSION.fullmatch(plain):
        return False
    try:
        return bool(canonicalize_license_expression(plain))
    except (InvalidLicenseExpression, RecursionError, MemoryError):
        return False


def _duplicate(what: str) -> Problem:
    return Problem(code="DuplicateReference", message=f"{what} is used twice")


def spdx_problems(document: dict[str, Any]) -> Iterator[Problem]:
    """Identifiers and licences of an SPDX document: used once, and known where they are used."""
    known = {_DOCUMENT}
    for kind in ("packages", "files", "snippets"):
        for element in document.get(kind, ()):
            if element["SPDXID"] in known:
                yield _duplicate(f"SPDXID {element['SPDXID'][:120]!r}")
            known.add(element["SPDXID"])
    described = set(document.get("documentDescribes", ()))
    used = set(described)
    for item in document.get("relationships", ()):
        source, target = item["spdxElementId"], item["relatedSpdxElement"]
        used.update((source, target))
        if item["relationshipType"] == "DESCRIBES" and source == _DOCUMENT:
            described.add(target)
        elif item["relationshipType"] == "DESCRIBED_BY" and target == _DOCUMENT:
            described.add(source)
    for package in document.get("packages", ()):
        used.update(package.get("hasFiles", ()))
    for ref in sorted(used):
        if ref not in known and ref not in _ELSEWHERE and not ref.startswith("DocumentRef-"):
            yield Problem(code="DanglingReference", message=f"{ref[:120]!r} is referred to and is not in the document")
    if not described and len(document.get("packages", ())) != 1:
        yield Problem(code="NothingDescribed", message="the document does not say what it is about: no DESCRIBES")
    yield from _spdx_licences(document)


def _spdx_licences(document: dict[str, Any]) -> Iterator[Problem]:
    told = {item["licenseId"] for item in document.get("hasExtractedLicensingInfos", ())}
    expressions: set[str] = set()
    for kind in ("packages", "files", "snippets"):
        for element in document.get(kind, ()):
            for name in ("licenseDeclared", "licenseConcluded"):
                expressions.add(element.get(name, "NOASSERTION"))
    for expression in sorted(expressions - {*_ELSEWHERE, ""}):
        for reference in sorted({*_LICENCE_REF.findall(expression)} - told):
            message = f"{reference[:80]!r} is not among the extracted licensing infos"
            yield Problem(code="UnknownLicence", message=message)
        if not _has_meaning(expression):
            message = f"{expression[:80]!r} is no expression of listed licences"
            yield Problem(code="UnknownLicence", message=message)
