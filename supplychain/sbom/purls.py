"""Package URLs: the names by which components of every ecosystem are known.

`purl` writes the canonical form directly, because an inventory of ten thousand components asks for it as often;
`parse_purl` reads one that somebody else wrote. Both are strict where a loose reader is led astray: no control
bytes, no ``.`` or ``..`` segments, and no slash hidden in an escape.

>>> purl("pypi", "Zope.Interface", "7.2")
'pkg:pypi/zope-interface@7.2'
>>> purl("npm", "core", "7.26.0", namespace="@babel")
'pkg:npm/%40babel/core@7.26.0'
>>> parse_purl("pkg:golang/github.com/gorilla/mux@v1.8.1").namespace
'github.com/gorilla'
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import quote, unquote_to_bytes

from supplychain.errors import LimitExceeded, MalformedDocument

MAX_LENGTH: Final = 65_536
"""Characters of a package URL that `parse_purl` agrees to read."""

_LOWER_BOTH: Final = {
    "alpm",
    "apk",
    "bitbucket",
    "brew",
    "composer",
    "deb",
    "git",
    "github",
    "gitlab",
    "hex",
    "luarocks",
}
_LOWER_NAMESPACE: Final = frozenset(_LOWER_BOTH | {"pypi", "qpkg"})
_LOWER_NAME: Final = frozenset(_LOWER_BOTH | {"bitnami", "npm", "oci", "otp", "pub", "pypi"})
_LOWER_VERSION: Final = frozenset(("huggingface", "oci"))
_NAMESPACE_NEEDED: Final = frozenset(("swift", "vscode-extension"))
_NAMESPACE_REFUSED: Final = frozenset(("otp", "vcpkg"))

_TYPE = re.compile(r"[a-z][a-z0-9.+-]*\Z", re.ASCII)
_KEY = re.compile(r"[a-z][a-z0-9._-]*\Z", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9.\-_~:]*\Z", re.ASCII)
"""What the specification leaves unescaped in every part."""
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PYPI_RUNS = re.compile(r"[-_.]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Purl:
    """The parts of a package URL, decoded and normalised for the type. ``str()`` is the canonical form."""

    type: str
    namespace: str = ""
    """Segments joined by ``/``; empty when there is none."""
    name: str
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Sorted by key."""
    subpath: str = ""

    def __str__(self) -> str:
        return purl(
            self.type,
            self.name,
            self.version,
            namespace=self.namespace,
            qualifiers=dict(self.qualifiers),
            subpath=self.subpath,
        )


def purl(
    type: str,  # noqa: A002  # the specification's word, and callers pass it by position
    name: str,
    version: str = "",
    *,
    namespace: str = "",
    qualifiers: Mapping[str, str] | None = None,
    subpath: str = "",
) -> str:
    """The canonical package URL of these decoded parts; qualifiers with an empty value are left out.

    Raises MalformedDocument for parts that no reader can be trusted with: control bytes, ``.`` and ``..`` segments,
    a slash inside a name or a version, no name, an unknown shape of type or qualifier key.
    """
    parts = [f"pkg:{_type(type)}/"]
    kind = parts[0][4:-1]
    if namespace or kind in _NAMESPACE_NEEDED:
        parts += ["/".join(map(_quoted, _namespace(kind, namespace).split("/"))), "/"]
    parts.append(_quoted(_name(kind, name, qualifiers)))
    if version:
        parts += ["@", _quoted(_version(kind, version))]
    if qualifiers:
        pairs = _qualifiers(qualifiers.items())
        if pairs:
            parts += ["?", "&".join(f"{key}={_quoted(value)}" for key, value in pairs)]
    if subpath:
        segments = _subpath(subpath)
        if segments:
            parts += ["#", "/".join(map(_quoted, segments.split("/")))]
    return "".join(parts)


def parse_purl(text: str) -> Purl:
    """The parts of a package URL; ``text`` is untrusted and need not be canonical.

    Raises MalformedDocument where the text is no package URL or hides something (see `purl`), and LimitExceeded for
    one longer than MAX_LENGTH.
    """
    if len(text) > MAX_LENGTH:
        raise LimitExceeded(f"a package URL of {len(text)} characters, at most {MAX_LENGTH} are read")
    if _FORBIDDEN.search(text):
        _refuse("a control character", text)
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() != "pkg":
        _refuse("expected a package URL that starts with pkg:", text)
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    raw_type, slash, path = rest.strip("/").partition("/")
    if not slash:
        _refuse("expected pkg:type/name", text)
    kind = _type(raw_type)
    raw_namespace, _, last = path.strip("/").rpartition("/")
    raw_name, at, raw_version = last.rpartition("@")
    if not at:
        raw_name, raw_version = last, ""
    if "@" in raw_namespace.lstrip("@"):
        # Read from the right, this @ would begin a version with a slash in it: two readers, two packages.
        _refuse("an @ before the last /, which could begin the version", text)
    qualifiers = _qualifiers(_query(query, text))
    namespace = "/".join(_decoded(segment) for segment in raw_namespace.split("/") if segment)
    subpath = "/".join(_decoded(segment) for segment in fragment.split("/"))
    return Purl(
        type=kind,
        namespace=_namespace(kind, namespace) if namespace or kind in _NAMESPACE_NEEDED else "",
        name=_name(kind, _decoded(raw_name), dict(qualifiers)),
        version=_version(kind, _decoded(raw_version)),
        qualifiers=qualifiers,
        subpath=_subpath(subpath),
    )


def _refuse(message: str, text: str) -> NoReturn:
    raise MalformedDocument(f"{message}, found {text[:80]!r}", where="purl")


def _quoted(text: str) -> str:
    return text if _PLAIN.match(text) else quote(text, safe=":~")


def _decoded(raw: str) -> str:
    """One segment without its escapes; an escape that yields a separator is refused (it moves the boundary)."""
    if "%" not in raw:
        return raw
    if _ESCAPE.search(raw):
        _refuse("a % that is no escape", raw)
    try:
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        _refuse("escapes that are not UTF-8", raw)
    if "/" in text:
        _refuse("an escaped slash", raw)
    return text


def _query(query: str, text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        if not equals:
            _refuse("expected key=value qualifiers", text)
        if _ESCAPE.search(value):
            _refuse("a % that is no escape", value)
        try:
            pairs.append((key, unquote_to_bytes(value).decode("utf-8")))
        except UnicodeDecodeError:
            _refuse("escapes that are not UTF-8", value)
    return pairs


def _type(text: str) -> str:
    lowered = text.lower()
    if not _TYPE.match(lowered):
        _refuse("expected a type of letters, digits, '.', '+' and '-'", text)
    return lowered


def _segment(text: str, what: str) -> None:
    if _FORBIDDEN.search(text):
        _refuse(f"a control character in the {what}", text)
    if text in {".", ".."}:
        _refuse(f"a {what} of dots, which leaves its folder", text)


def _namespace(kind: str, text: str) -> str:
    if kind in _NAMESPACE_REFUSED and text:
        _refuse(f"{kind} has no namespaces", text)
    segments = [segment for segment in text.split("/") if segment]
    if not segments:
        _refuse(f"{kind} needs a namespace" if kind in _NAMESPACE_NEEDED else "a namespace of slashes only", text)
    for segment in segments:
        _segment(segment, "namespace")
    joined = "/".join(segments)
    if kind == "cpan":
        return joined.upper()
    return joined.lower() if kind in _LOWER_NAMESPACE else joined


def _name(kind: str, text: str, qualifiers: Mapping[str, str] | None) -> str:
    if not text:
        _refuse("a name is required", text)
    if "/" in text:
        _refuse("a slash in the name", text)
    _segment(text, "name")
    if kind == "pypi":
        return _PYPI_RUNS.sub("-", text).lower()
    if kind == "pub":
        return re.sub("[^a-z0-9]", "_", text.lower())
    if kind == "hackage":
        return text.replace("_", "-")
    if kind == "cpan" and "::" in text:
        _refuse("expected a distribution, not a module", text)
    if kind == "mlflow" and "databricks" in (qualifiers or {}).get("repository_url", "").lower():
        return text.lower()
    return text.lower() if kind in _LOWER_NAME else text


def _version(kind: str, text: str) -> str:
    if "/" in text:
        _refuse("a slash in the version", text)
    _segment(text, "version")
    return text.lower() if kind in _LOWER_VERSION else text


def _qualifiers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for raw_key, value in pairs:
        key = raw_key.lower()
        if not _KEY.match(key):
            _refuse("expected a qualifier key of letters, digits, '.', '-' and '_'", raw_key)
        if _FORBIDDEN.search(value):
            _refuse(f"a control character in the qualifier {key}", value)
        if key in found:
            _refuse("the same qualifier twice", raw_key)
        found[key] = value
    return tuple(sorted((key, value) for key, value in found.items() if value))


def _subpath(text: str) -> str:
    segments = [segment for segment in text.split("/") if segment not in {"", "."}]
    for segment in segments:
        _segment(segment, "subpath")
    return "/".join(segments)
