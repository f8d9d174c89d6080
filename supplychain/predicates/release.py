"""The release attestation: exactly these files make up this version, and the world can see them.

Publish signs it only once every destination was read back and equalled what was judged. Its subjects are the assets.
Specification: in-toto attestation framework, predicate ``release`` v0.2.
"""

from dataclasses import dataclass, field, fields
from typing import ClassVar, Final, Self

from packageurl import PackageURL

from supplychain._json import JSON, Node
from supplychain.model.release import Release
from supplychain.predicates.field_types import read_sha256

EXTENSION: Final = "urn:supplychain:release:v1"
"""Our facts about the release, under a field name that is a URI so that no other producer's field is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePredicate:
    """Which release the subjects make up."""

    TYPES: ClassVar[tuple[str, ...]] = ("https://in-toto.io/attestation/release/v0.2",)

    purl: str
    """Name and version; the version is required."""
    package_id: str | None = None
    """Stable over versions and names."""
    release: Release = field(default_factory=Release)
    """Our own facts; all absent in a foreign attestation."""
    set_digest: str | None = None
    """SHA-256 of the asset set; None in a foreign attestation."""

    @classmethod
    def parse(cls, node: Node, _predicate_type: str) -> Self:
        """Read it. A purl without a version is refused, as the specification asks. Raises MalformedDocument."""
        purl = node.at("purl")
        _check_purl(purl)
        identifier, ours = node.maybe("packageId"), node.maybe(EXTENSION)
        return cls(
            purl=purl.text(),
            package_id=identifier.text() if identifier else None,
            release=_read_release(ours) if ours else Release(),
            set_digest=read_sha256(digest) if ours and (digest := ours.maybe("setDigest")) else None,
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON object; absent facts are left out."""
        out: dict[str, JSON] = {"purl": self.purl}
        if self.package_id is not None:
            out["packageId"] = self.package_id
        facts = {"setDigest": self.set_digest, **{f.name: getattr(self.release, f.name) for f in fields(Release)}}
        if known := {name: value for name, value in facts.items() if value is not None}:
            out[EXTENSION] = known
        return out


def describe_release(release: Release, set_digest: str) -> ReleasePredicate:
    """The predicate of one of our releases.

    A release without a name or version is named ``_`` and by the first 12 digits of its set, as its folder is.
    """
    purl = PackageURL(type="generic", name=release.product or "_", version=release.version or set_digest[:12])
    return ReleasePredicate(purl=purl.to_string(), release=release, set_digest=set_digest)


def _read_release(node: Node) -> Release:
    facts = {f.name: node.maybe(f.name) for f in fields(Release)}
    return Release(**{name: fact.text() if fact else None for name, fact in facts.items()})


def _check_purl(node: Node) -> None:
    text = node.text()
    try:
        version = PackageURL.from_string(text).version
    except ValueError as e:
        node.fail(f"expected a package URL: {e}")
    if not version:
        node.fail(f"a package URL without a version: {text[:120]!r}", hint="a release has a version")
