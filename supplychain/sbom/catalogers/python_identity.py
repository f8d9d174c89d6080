"""What identifies a Python package: its name, its version, where it comes from; shared by all Python catalogers."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from supplychain.errors import MalformedDocument
from supplychain.model.digest import HEX_LENGTH, WEAK
from supplychain.model.inventory import ContentDigest, Covers, Scope
from supplychain.sbom.purls import purl

MAX_VERSION: Final = 256
"""Characters of the longest version that is looked at; real ones stay below 40."""
MAX_NAME: Final = 256

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z", re.ASCII)
_RUNS = re.compile(r"[-_.]+")
_HEX = re.compile(r"[0-9a-f]+\Z", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ARCHIVE = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+?)-(?P<version>\d[^-/]*?)(?:-.*\.whl|\.tar\.[a-z0-9]+|\.zip)\Z", re.ASCII
)
_GROUP_SCOPES: Final = {Scope.TEST: ("test", "tests", "testing"), Scope.BUILD: ("build", "build-system", "packaging")}


def normalised(name: str, *, where: str) -> str:
    """The name as PEP 503 compares it. Raises MalformedDocument for what is no name of a package."""
    if len(name) > MAX_NAME or not _NAME.match(name):
        raise MalformedDocument(f"expected the name of a package, found {name[:80]!r}", where=where)
    return str(canonicalize_name(name))


def normalised_extra(name: str) -> str:
    """The name of an extra, as PEP 685 compares it."""
    return _RUNS.sub("-", name[:MAX_NAME]).lower()


def is_version(text: str) -> bool:
    """Whether PEP 440 can order this version; endless ones are not tried."""
    return parsed_version(text) is not None


def parsed_version(text: str) -> Version | None:
    """The version, or None where PEP 440 cannot order it."""
    return _parsed(text) if 0 < len(text) <= MAX_VERSION else None


@lru_cache(maxsize=16_384)
def _parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except (InvalidVersion, ValueError):
        return None


def python_purl(name: str, version: str, qualifiers: Mapping[str, str] | None = None) -> str:
    """The package URL; without the version where that is none, so that no reader compares by it."""
    return purl("pypi", name, version if is_version(version) else "", qualifiers=qualifiers)


def without_secrets(url: str) -> str:
    """``url`` without user, password, query and control characters: what a lock file may leak and nobody needs."""
    url = _CONTROL.sub("", url)
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        scheme, _, rest = url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
    user, at, host = parts.netloc.rpartition("@")
    kept = f"{user.partition(':')[0]}@" if at and "http" not in parts.scheme else ""
    return urlunsplit(parts._replace(netloc=kept + host, query=""))


def vcs_qualifiers(vcs: str, url: str, commit: str, subdirectory: str = "") -> dict[str, str]:
    """``vcs_url`` as the package URL specification writes it: ``git+https://host/path@commit#folder``."""
    base = without_secrets(url).partition("#")[0].removeprefix(f"{vcs}+")
    return {
        "vcs_url": f"{vcs}+{base}" + (f"@{commit}" if commit else "") + (f"#{subdirectory}" if subdirectory else "")
    }


def index_qualifiers(url: str) -> dict[str, str]:
    """``repository_url`` of an index that is not the public one; a folder used as an index has none."""
    url = without_secrets(url).rstrip("/")
    if not url.startswith(("http://", "https://")):
        return {}
    host = url.partition("://")[2]
    return {} if host in {"pypi.org/simple", "pypi.python.org/simple", "pypi.org/pypi"} else {"repository_url": url}


def archive_digest(algorithm: str, value: str, url: str = "") -> ContentDigest | None:
    """The digest of a package archive; None where it is no digest that we know."""
    length = HEX_LENGTH.get(algorithm) or WEAK.get(algorithm)
    if length != len(value) or not _HEX.match(value):
        return None
    return ContentDigest(
        algorithm=algorithm,
        value=value,
        covers=Covers.PACKAGE_ARCHIVE,
        url=without_secrets(url) if url.startswith(("http://", "https://")) else "",
    )


def version_in_file_name(path: str) -> str:
    """The version in the name of a wheel or sdist; empty where there is none."""
    match = _ARCHIVE.match(unquote(path.rpartition("/")[2])[:1024])
    return match["version"] if match else ""


def scope_of_groups(groups: Iterable[str]) -> Scope:
    """When members of these dependency groups are needed: the first of runtime, dev, build and test that one means.

    ``main`` and ``default`` are the groups of what is needed to run. No group at all: runtime, the cautious answer.
    """
    scopes = {_scope_of_group(group) for group in groups} or {Scope.RUNTIME}
    return min(scopes, key=list(Scope).index)


def _scope_of_group(group: str) -> Scope:
    if group in {"main", "default"}:
        return Scope.RUNTIME
    for scope, names in _GROUP_SCOPES.items():
        if group.lower() in names:
            return scope
    return Scope.DEV


def alternatives(marker: str) -> list[str]:
    """The parts of an environment marker of which one must hold: split at every ``or`` outside brackets and quotes."""
    parts: list[str] = []
    start = depth = 0
    quote = ""
    for found in re.finditer(r"""["'()]|\bor\b""", marker):
        piece = found[0]
        if quote:
            quote = "" if piece == quote else quote
        elif piece in {'"', "'"}:
            quote = piece
        elif piece == "or":
            if depth == 0:
                parts.append(marker[start : found.start()].strip())
                start = found.end()
        else:
            depth += 1 if piece == "(" else -1
    return [*parts, marker[start:].strip()]
