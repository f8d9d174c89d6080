"""Row 9: an SBOM of 10,000 components, built and written, against cyclonedx-python-lib.

Run as ``python benchmarks/sbom_write.py``. Both make the same document: packages with supplier, licence, package URL,
digest of the archive and two dependencies each. The peer's time grows with the square of the number of components, so
it is measured at 1,000 and 2,000 and taken on to 10,000 by the exponent between the two; both figures are printed.
Validation of bytes includes reading them, which is shown beside what the validation itself adds.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as PeerComponent
from cyclonedx.model.component import ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from supplychain import _io, _json
from supplychain.model.inventory import Component, ContentDigest, Covers, Edge, Inventory, Scope
from supplychain.sbom.formats import Writing, format_named, read_document
from supplychain.sbom.formats.validation import validate

COUNT = 10_000
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
SUPPLIER = "Somebody <somebody@example.org>"


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds, the best of a few runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def package(i: int) -> tuple[str, str, str, str, str]:
    """Name, version, licence, address and digest of the i-th package."""
    name, version = f"package-{i:06}", f"1.{i}.0"
    licence = "MIT" if i % 3 else "Apache-2.0 OR MIT"
    return name, version, licence, f"https://registry.npmjs.org/{name}/-/{name}-{version}.tgz", f"{i:0128x}"


def inventory(count: int) -> Inventory:
    """So many npm packages below one application."""
    parts = []
    for i in range(count):
        name, version, licence, url, sha512 = package(i)
        purl = f"pkg:npm/{name}@{version}"
        digest = ContentDigest(algorithm="sha512", value=sha512, covers=Covers.PACKAGE_ARCHIVE, url=url)
        parts.append(
            Component(
                ref=purl,
                name=name,
                version=version,
                purl=purl,
                scope=Scope.RUNTIME,
                digests=(digest,),
                licences=(licence,),
                producer=SUPPLIER,
            )
        )
    subject = Component(ref="pkg:generic/app@1", name="app", version="1", type="application")
    edges = [Edge(source=parts[i].ref, target=parts[j].ref) for i in range(count) for j in (i + 1, i + 2) if j < count]
    edges.append(Edge(source=subject.ref, target=parts[0].ref))
    return Inventory(subject=subject, kind="artifact", sha256="0" * 64, components=tuple(parts), edges=tuple(edges))


def ours(count: int, name: str = "cyclonedx-json") -> bytes:
    """Build and write."""
    return format_named(name).write(inventory(count), Writing(created=CREATED, tool_version="0"))


def peer(count: int) -> str:
    """The same with the library."""
    bom, licences = Bom(), LicenseFactory()
    root = PeerComponent(name="app", version="1", type=ComponentType.APPLICATION, bom_ref="pkg:generic/app@1")
    bom.metadata.component = root
    parts = []
    for i in range(count):
        name, version, licence, url, sha512 = package(i)
        archive = HashType(alg=HashAlgorithm.SHA_512, content=sha512)
        purl = PackageURL("npm", None, name, version)
        parts.append(
            PeerComponent(
                name=name,
                version=version,
                purl=purl,
                bom_ref=str(purl),
                supplier=OrganizationalEntity(name=SUPPLIER),
                licenses=[licences.make_from_string(licence)],
                external_references=[
                    ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(url), hashes=[archive])
                ],
            )
        )
    for part in parts:
        bom.components.add(part)
    for i, part in enumerate(parts):
        bom.register_dependency(part, parts[i + 1 : i + 3])
    bom.register_dependency(root, parts[:1])
    return JsonV1Dot6(bom).output_as_string()


def verdict(met: bool) -> str:
    """In a word."""
    return "met" if met else "MISSED"


def main() -> None:
    """Print the rows."""
    half, full = seconds(lambda: ours(COUNT // 2)), seconds(lambda: ours(COUNT))
    small, large = seconds(lambda: peer(1_000), runs=1), seconds(lambda: peer(2_000), runs=1)
    exponent = math.log2(large / small)
    theirs = large * 5**exponent
    print(f"row 9  10k components, build and write  ours {full:.3f} s  peer {theirs:.1f} s", end="  ")
    print(f"(2k: {large:.2f} s, taken on by n^{exponent:.2f})  ratio 1/{theirs / full:.0f}", end="  ")
    print(f"goal <= 1/300  {verdict(full <= theirs / 300)}")
    print(f"row 9  growth exponent 5k to 10k  {math.log2(full / half):.2f}  goal about 1")
    data = ours(COUNT)
    judged = validate(data, where="sbom", schemas=_io.sbom_schema)
    assert judged.problems == ()
    read = seconds(lambda: _json.parse(data, where="sbom"))
    whole = seconds(lambda: validate(data, where="sbom", schemas=_io.sbom_schema))
    added = (whole - read) / full
    print(f"row 9  validation adds  {added:.0%}", end="  ")
    print(f"(and {read / full:.0%} to parse the bytes)  goal <= 25%  {verdict(added <= 0.25)}")
    node = _json.parse(data, where="sbom")
    print(f"       SPDX 2.3 of the same: built and written in {seconds(lambda: ours(COUNT, 'spdx-json')):.3f} s")
    print(f"       parsed CycloneDX read back in {seconds(lambda: read_document(node)):.3f} s")


if __name__ == "__main__":
    main()
