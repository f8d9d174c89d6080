"""A release as declared: what it is, and exactly which files make it up."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import AssetSetMismatch, UnsafePath, UnsupportedType
from supplychain.model.digest import Digest, sha256
from supplychain.model.names import MAX_ASSETS

RELEASE_SCHEMA = "supplychain/release/v1"
_RESERVED = frozenset(["con", "prn", "aux", "nul", "conin$", "conout$"]) | {
    f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Which release this is. Absent facts are None; nothing is guessed from file names."""

    product: str | None = None
    line: str | None = None
    version: str | None = None
    kind: str | None = None
    """cloud, minor, patch, security or esr."""
    cause: str | None = None
    """feature, regression, security, dependency or hotfix."""
    commit: str | None = None

    @property
    def resource_uri(self) -> str:
        """product/line/version/kind, ``_`` for what is absent: what a VSA of this release speaks about."""
        return "/".join(part or "_" for part in (self.product, self.line, self.version, self.kind))

    def __str__(self) -> str:
        named = " ".join(part for part in (self.product, self.version) if part)
        notes = ", ".join(part for part in (self.kind, self.cause) if part)
        return f"{named or 'unnamed release'}{f' ({notes})' if notes else ''}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Asset:
    """One file of a release."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSet:
    """The declared files of a release, sorted by name: the unit that is judged, published and promoted."""

    release: Release
    assets: tuple[Asset, ...]

    @property
    def digest(self) -> Digest:
        """Of the sorted [name, sha256] pairs in canonical JSON: names the set everywhere."""
        return set_digest((a.name, a.sha256) for a in self.assets)

    def encode(self) -> bytes:
        """release.json, in canonical JSON with a final newline."""
        facts: dict[str, JSON] = {f.name: getattr(self.release, f.name) for f in fields(Release)}
        assets: list[JSON] = [{"name": a.name, "sha256": a.sha256, "size": a.size} for a in self.assets]
        return _json.canonical({"schema": RELEASE_SCHEMA, **facts, "assets": assets}) + b"\n"

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> "AssetSet":
        """Read release.json: untrusted until its signature was verified.

        Raises MalformedDocument, UnsupportedType, and what `check_names` raises.
        """
        node = _json.parse(data, where=where)
        if (schema := node.at("schema").text()) != RELEASE_SCHEMA:
            raise UnsupportedType(f"schema {schema!r} is not {RELEASE_SCHEMA}", where=where)
        absent = {f.name: node.maybe(f.name) for f in fields(Release)}
        assets = tuple(_asset(item) for item in node.at("assets").items(at_most=MAX_ASSETS))
        if not assets:
            node.at("assets").fail("a release without files")
        check_names([a.name for a in assets], where=where)
        if list(assets) != sorted(assets):
            node.at("assets").fail("assets are not sorted by name")
        return cls(release=Release(**{k: v.text() if v else None for k, v in absent.items()}), assets=assets)


def sums_of(assets: Iterable[Asset]) -> bytes:
    """SHA256SUMS as coreutils reads it, sorted by name."""
    return "".join(f"{a.sha256}  {a.name}\n" for a in sorted(assets)).encode()


def set_digest(pairs: Iterable[tuple[str, str]]) -> Digest:
    """The digest of a set of (name, sha256)."""
    rows: list[JSON] = [[name, value] for name, value in sorted(pairs)]
    return sha256(hashlib.sha256(_json.canonical(rows)).hexdigest())


def check_names(names: Iterable[str], *, where: str) -> None:
    """Refuse names that leave their folder (UnsafePath), or that are not one file each on every system we publish to.

    Two names equal after NFC and case folding, and names Windows reserves, raise AssetSetMismatch.
    """
    seen: dict[str, str] = {}
    for name in names:
        if name in ("", ".", "..") or not name.isprintable() or set(name) & set("/\\"):
            raise UnsafePath(f"{name[:80]!r} is no plain file name", where=where)
        reserved = name.partition(".")[0].rstrip().lower() in _RESERVED
        if reserved or set(name) & set(':*?"<>|') or name != name.strip() or name.endswith("."):
            raise AssetSetMismatch(f"{name[:80]!r} is no file name on every system", where=where)
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in seen:
            raise AssetSetMismatch(f"{seen[folded]!r} and {name!r} are one file on some systems", where=where)
        seen[folded] = name


def _asset(node: Node) -> Asset:
    size = node.at("size").integer()
    if size < 0:
        node.at("size").fail(f"expected a size in bytes, found {size}")
    return Asset(name=node.at("name").text(), sha256=sha256(node.at("sha256").text()).value, size=size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one destination did with the release."""

    destination: str
    location: str
    """Where the release lies there."""
    files: int
    already: bool
    """True when the same bytes were already there, by digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A release that the world can see, read back and equal to what was judged."""

    release: Release
    set_digest: str
    delivered: tuple[Delivered, ...]
    resumed_from: datetime | None = None
    """Time of the intent that an interrupted publish had signed; None when this run began it."""
    withheld: tuple[str, ...] = ()
    """Evidence that did not go out because nobody judged it: file names, each with the reason."""
