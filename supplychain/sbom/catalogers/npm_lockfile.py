"""Reads npm's lock files, versions 1 to 3, into one shape: packages by the place where npm installs them.

Versions 2 and 3 list ``packages`` by location; version 1 nests ``dependencies``, whose nesting is the location.
Nothing is resolved here: `npm_tree` does that. The content is foreign: it is checked, bounded, and believed by no one.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from supplychain._json import JSON, Node, parse
from supplychain.errors import LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.inventory import ContentDigest, Covers
from supplychain.sbom.purls import purl

MAX_PACKAGES: Final = 200_000
MAX_NEEDS: Final = 1_000_000
"""Declared dependencies of all packages of one lock together."""
MAX_LEVELS: Final = 64
"""Packages inside packages; npm's own trees stay below 20."""
MAX_LOCATION: Final = 4096
"""Characters of one location."""
MAX_MANIFEST_BYTES: Final = 4 << 20

_DIGEST_SIZES: Final = {"sha512": 64, "sha384": 48, "sha256": 32, "sha1": 20, "md5": 16}
_GIT: Final = ("git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:")
_ARCHIVES: Final = (".tgz", ".tar.gz", ".tar")
_PLAIN: Final = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f\x7f]++"
_LOCATION = re.compile(rf"(?:\.\./)*+(?:\.\.|{_PLAIN}(?:/{_PLAIN})*+)")
"""Folders without ``.`` and ``..``, but for those at its start that lead out of the project."""
_FLAGS: Final = frozenset(("optional", "peer", "inBundle", "bundled", "extraneous", "hasInstallScript"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One entry of a lock, as written: what is installed at a location, and what it asks for by name."""

    location: str
    """Relative to the lock's folder; empty for the project itself."""
    name: str
    """The real one where the location is an alias; empty when nothing tells it."""
    version: str = ""
    purl: str = ""
    """Empty when there is no name."""
    link: str | None = None
    """Location of the target, where this entry is only a symlink."""
    first_party: str | None = None
    """The folder it is made from (a project, a workspace or a ``file:`` package); None for what was downloaded."""
    dev: bool = False
    """Needed by development only."""
    flags: tuple[str, ...] = ()
    digests: tuple[ContentDigest, ...] = ()
    unreadable_hash: bool = False
    """It states an integrity, but by no algorithm that is known here."""
    licence: str = ""
    deprecated: str = ""
    resolved: str = ""
    needs: Mapping[str, bool] = field(default_factory=dict)
    """Name in node_modules to whether it must be there (False: optional and optional peer dependencies)."""
    workspaces: tuple[str, ...] = ()
    """Patterns of the folders that belong to this project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One lock file."""

    path: str
    version: int
    packages: Mapping[str, Package]
    """By location. The project itself, at the empty location, is always there."""
    direct_known: bool
    """Whether the lock says what the project itself asks for; version 1 leaves that to package.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a package.json tells about a lock beside it."""

    path: str
    project: Package | None
    error: str = ""
    """Why ``project`` is None."""


def read_lock(data: bytes, *, path: str) -> Lock:
    """The lock in these bytes.

    Raises MalformedDocument and LimitExceeded with the place, and UnsupportedType for a lockfileVersion other than
    1, 2 and 3 or for none at all.
    """
    top = parse(data, where=path)
    top.object()
    stated = top.maybe("lockfileVersion")
    version = stated.integer() if stated else None
    if version not in {1, 2, 3}:
        found = "none" if version is None else str(version)
        raise UnsupportedType(
            f"expected lockfileVersion 1, 2 or 3, found {found}",
            where=path,
            hint="npm install --package-lock-only writes a current one",
        )
    packages = _flat(top) if version > 1 else _nested(top)
    direct_known = "" in packages and version > 1
    if "" not in packages:
        packages[""] = _project(top, ())
    if sum(len(p.needs) for p in packages.values()) > MAX_NEEDS:
        raise LimitExceeded(f"more than {MAX_NEEDS} dependencies", where=path)
    return Lock(path=path, version=version, packages=packages, direct_known=direct_known)


def read_manifest(data: bytes, *, path: str) -> Manifest:
    """The dependencies of a package.json. A broken one is a Manifest with its error: only a lock can need it."""
    try:
        top = parse(data, where=path, max_bytes=MAX_MANIFEST_BYTES)
        top.object()
        return Manifest(path=path, project=_project(top, _KINDS))
    except (MalformedDocument, LimitExceeded) as e:
        return Manifest(path=path, project=None, error=str(e))


def _project(top: Node, kinds: "tuple[tuple[str, bool], ...]") -> Package:
    name, version = _text(top, "name"), _text(top, "version")
    return Package(
        location="",
        name=name,
        version=version,
        purl=_purl(top, name, version, None),
        first_party="",
        needs=_needs(top, kinds, dev_required=True),
        workspaces=_workspaces(top),
    )


def _flat(top: Node) -> dict[str, Package]:
    entries = top.at("packages")
    if len(entries.object()) > MAX_PACKAGES:
        raise LimitExceeded(f"more than {MAX_PACKAGES} packages", where=top.where)
    raw = entries.object()
    targets: dict[str, str] = {}
    for location, entry in raw.items():
        if isinstance(entry, dict) and entry.get("link") is True and isinstance(entry.get("resolved"), str):
            targets.setdefault(str(entry["resolved"]), location)
    return {at: _entry(at, _located(entries, at, value), targets) for at, value in raw.items()}


def _located(entries: Node, location: str, value: JSON) -> Node:
    """`Node.at` for the thousands of plain keys that a lock has."""
    if location.isprintable() and '"' not in location and "\\" not in location:
        return Node(value, where=entries.where, path=f'{entries.path}["{location}"]')
    return entries.at(location)


def _entry(location: str, node: Node, targets: Mapping[str, str]) -> Package:
    _check_location(location, node)
    raw = node.object()
    resolved = _text(node, "resolved")
    if raw.get("link") is True:
        return Package(location=location, name=_last_name(location), link=node.at("resolved").text())
    installed = "node_modules/" in f"/{location}"
    name = _text(node, "name") or _last_name(location if installed else targets.get(location, location))
    version = _text(node, "version")
    shown = _without_secret(resolved)
    digests, unreadable = _integrity(node, shown) if "integrity" in raw else ((), False)
    first_party = None if installed and not _is_folder(resolved, digests) else location
    return Package(
        location=location,
        name=name,
        version=version,
        purl=_purl(node, name, version, None if first_party is not None else _qualifiers(shown)),
        first_party=first_party,
        dev=raw.get("dev") is True or raw.get("devOptional") is True,
        flags=_flags(raw),
        digests=digests,
        unreadable_hash=unreadable,
        licence=_licence(node) if "license" in raw else "",
        deprecated=_text(node, "deprecated") if isinstance(raw.get("deprecated"), str) else "",
        resolved=shown,
        needs=_needs(node, _INSTALLED_KINDS if installed else _KINDS, dev_required=not location),
        workspaces=() if location else _workspaces(node),
    )


def _nested(top: Node) -> dict[str, Package]:
    """Version 1: the tree of ``dependencies``, each with the names it ``requires``."""
    found: dict[str, Package] = {}
    todo: list[tuple[str, Node]] = [("", top)]
    while todo:
        parent, node = todo.pop()
        children = node.maybe("dependencies")
        for name, child in children.members() if children else ():
            location = f"{parent}/node_modules/{name}" if parent else f"node_modules/{name}"
            _check_location(location, child)
            found[location] = _nested_entry(location, name, child)
            if len(found) > MAX_PACKAGES:
                raise LimitExceeded(f"more than {MAX_PACKAGES} packages", where=top.where)
            todo.append((location, child))
    return found


def _nested_entry(location: str, name: str, node: Node) -> Package:
    raw = node.object()
    stated, resolved = _text(node, "version"), _text(node, "resolved")
    version = stated
    if stated.startswith("npm:"):
        name, _, version = stated[4:].rpartition("@")
    elif ":" in stated:
        resolved, version = stated, ""
    shown = _without_secret(resolved)
    digests, unreadable = _integrity(node, shown) if "integrity" in raw else ((), False)
    folder = _is_folder(resolved, digests)
    requires = raw.get("requires")
    if requires is not None and not isinstance(requires, dict | bool):
        node.at("requires").object()
    return Package(
        location=location,
        name=name,
        version=version,
        purl=_purl(node, name, version, None if folder else _qualifiers(shown)),
        first_party=resolved.removeprefix("file:") if folder else None,
        dev=raw.get("dev") is True,
        flags=_flags(raw),
        digests=digests,
        unreadable_hash=unreadable,
        resolved=shown,
        needs=dict.fromkeys(requires, True) if isinstance(requires, dict) else {},
    )


_INSTALLED_KINDS: Final = (("peerDependencies", True), ("dependencies", True), ("optionalDependencies", False))
_KINDS: Final = (*_INSTALLED_KINDS, ("devDependencies", True))
"""In npm's order: of one name in several kinds the later wins."""


def _needs(node: Node, kinds: "tuple[tuple[str, bool], ...]", *, dev_required: bool) -> dict[str, bool]:
    raw = node.object()
    needs: dict[str, bool] = {}
    for kind, required in kinds:
        names = raw.get(kind)
        if names is None:
            continue
        if not isinstance(names, dict):
            node.at(kind).object()
        elif kind == "peerDependencies":
            spared = _spared_peers(node)
            needs.update((name, name not in spared) for name in names)
        else:
            needs.update(dict.fromkeys(names, required if kind != "devDependencies" else dev_required))
    return needs


def _spared_peers(node: Node) -> frozenset[str]:
    meta = node.maybe("peerDependenciesMeta")
    if meta is None:
        return frozenset()
    return frozenset(k for k, v in meta.object().items() if isinstance(v, dict) and v.get("optional") is True)


def _workspaces(node: Node) -> tuple[str, ...]:
    stated = node.maybe("workspaces")
    if stated is None:
        return ()
    listed = stated.maybe("packages") if isinstance(stated.value, dict) else stated
    return tuple(item.text() for item in listed.items(at_most=1000)) if listed else ()


def _text(node: Node, key: str) -> str:
    """A string that may be absent; any other type is an error that names its place."""
    value = node.object().get(key)
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, bool) else node.at(key).text()


def _check_location(location: str, node: Node) -> None:
    if len(location) > MAX_LOCATION or location.count("node_modules/") > MAX_LEVELS:
        limits = f"{MAX_LEVELS} levels or {MAX_LOCATION} characters"
        raise LimitExceeded(f"a location of more than {limits}", where=node.where)
    if location and not _LOCATION.fullmatch(location):
        node.fail("expected a location of plain folders")


def _last_name(location: str) -> str:
    """The package's name by its place: what follows the last node_modules, else the folder's own name."""
    before, found, name = location.rpartition("node_modules/")
    if found and (not before or before.endswith("/")):
        return name
    return location.rpartition("/")[2]


def _is_folder(resolved: str, digests: tuple[ContentDigest, ...]) -> bool:
    return resolved.startswith("file:") and not digests and not resolved.endswith(_ARCHIVES)


def _purl(node: Node, name: str, version: str, qualifiers: Mapping[str, str] | None) -> str:
    if not name:
        return ""
    scope, slash, rest = name.partition("/")
    if slash and not (scope.startswith("@") and len(scope) > 1):
        node.fail(f"expected a package name, found {name[:80]!r}")
    try:
        return purl("npm", rest if slash else name, version, namespace=scope if slash else "", qualifiers=qualifiers)
    except MalformedDocument as e:
        where = f"{node.where}: {node.path}" if node.path else node.where
        raise MalformedDocument(f"no package has this name and version: {e.message}", where=where) from None


def _qualifiers(resolved: str) -> dict[str, str] | None:
    """Where it came from, when that is not a registry: a registry's archives lie below ``/-/``."""
    if not resolved or ("/-/" in resolved and resolved.startswith(("https:", "http:"))):
        return None
    return {"vcs_url" if resolved.startswith(_GIT) else "download_url": resolved}


def _without_secret(url: str) -> str:
    """The address without a password, and without any user where only a token stands there."""
    if "@" not in url or "://" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("://")[0] + "://" + url.rpartition("@")[2]
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url
    kept = "" if "http" in parts.scheme else user.partition(":")[0] + "@"
    return urlunsplit(parts._replace(netloc=kept + host))


def _flags(raw: Mapping[str, JSON]) -> tuple[str, ...]:
    return () if _FLAGS.isdisjoint(raw) else tuple(flag for flag in sorted(_FLAGS) if raw.get(flag) is True)


def _integrity(node: Node, url: str) -> tuple[tuple[ContentDigest, ...], bool]:
    """The hashes of a Subresource Integrity string, and whether it has none of a known algorithm."""
    digests: list[ContentDigest] = []
    for part in _text(node, "integrity").split():
        algorithm, dash, rest = part.partition("-")
        if not dash:
            node.at("integrity").fail("expected algorithm-base64")
        size = _DIGEST_SIZES.get(algorithm)
        if size is None:
            continue
        try:
            value = binascii.a2b_base64(rest.partition("?")[0], strict_mode=True)
        except (binascii.Error, ValueError):
            node.at("integrity").fail("expected base64 after the algorithm")
        if len(value) != size:
            node.at("integrity").fail(f"{len(value)} bytes are no {algorithm}")
        digest = ContentDigest(algorithm=algorithm, value=value.hex(), covers=Covers.PACKAGE_ARCHIVE, url=url)
        digests.append(digest)
    return tuple(digests), not digests


def _licence(node: Node) -> str:
    """A string, or as old packages wrote it: an object with a type, or a list of these."""
    value: JSON = node.object().get("license")
    if isinstance(value, list):
        texts = [_licence_text(item) for item in value[:50]]
        return " OR ".join(f"({t})" if " " in t else t for t in texts if t)
    return _licence_text(value)


def _licence_text(value: JSON) -> str:
    if isinstance(value, dict):
        value = value.get("type")
    return value.strip() if isinstance(value, str) else ""
