"""Row 9: an SBOM of 10,000 components, built and written, against cyclonedx-python-lib.

Run as ``python benchmarks/sbom_write.py``. The peer's time grows with the square of the number of components, so it is
measured at 1,000 and 2,000 and taken on to 10,000 by the exponent between the two; both figures are printed.
"""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component as PeerComponent
from cyclonedx.model.component import ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from supplychain import _io
from supplychain.model.inventory import Component, Edge, Inventory
from supplychain.sbom.formats import format_named
from supplychain.sbom.formats.validation import validate

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def seconds(work: Callable[[], object], runs: int = 3) -> float:
    """CPU seconds, the best of a few runs."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def inventory(count: int) -> Inventory:
    """A chain of npm packages below one application."""
    refs = [f"pkg:npm/package-{i:05}@1.0.{i % 10}" for i in range(count)]
    parts = tuple(
        Component(
            ref=r, name=f"package-{i:05}", version=f"1.0.{i % 10}", purl=r, licences=("MIT",), producer="somebody"
        )
        for i, r in enumerate(refs)
    )
    subject = Component(ref="pkg:generic/app@1", name="app", version="1", type="application")
    edges = tuple(Edge(source=a, target=b) for a, b in zip([subject.ref, *refs], refs, strict=False))
    return Inventory(subject=subject, kind="artifact", sha256="0" * 64, components=parts, edges=edges)


def ours(count: int) -> bytes:
    """Build and write."""
    return format_named("cyclonedx-json").write(inventory(count), created=CREATED, tool_version="0")


def peer(count: int) -> str:
    """The same with the library."""
    bom = Bom()
    root = PeerComponent(name="app", version="1", type=ComponentType.APPLICATION, bom_ref="pkg:generic/app@1")
    bom.metadata.component = root
    before = root
    for i in range(count):
        purl = PackageURL("npm", None, f"package-{i:05}", f"1.0.{i % 10}")
        one = PeerComponent(name=purl.name, version=purl.version, purl=purl, bom_ref=str(purl))
        bom.components.add(one)
        bom.register_dependency(before, [one])
        before = one
    return JsonV1Dot6(bom).output_as_string()


def main() -> None:
    """Print the rows."""
    mine = {n: seconds(lambda n=n: ours(n)) for n in (5_000, 10_000)}  # type: ignore[misc]  # bound at once
    small, large = seconds(lambda: peer(1_000), runs=1), seconds(lambda: peer(2_000), runs=1)
    exponent = math.log2(large / small)
    theirs = large * 5**exponent
    ratio = mine[10_000] / theirs
    verdict = "met" if ratio <= 1 / 300 else "MISSED"
    print(f"row 9  10k components, build and write  ours {mine[10_000]:.3f} s  peer {theirs:.1f} s", end="  ")
    print(f"(2k: {large:.2f} s, taken on by n^{exponent:.2f})  ratio 1/{1 / ratio:.0f}  goal <= 1/300  {verdict}")
    print(f"row 9  growth exponent 5k to 10k  {math.log2(mine[10_000] / mine[5_000]):.2f}  goal about 1")
    data = ours(10_000)
    validate(data, where="sbom", schemas=_io.sbom_schema)
    added = seconds(lambda: validate(data, where="sbom", schemas=_io.sbom_schema)) / mine[10_000]
    print(f"row 9  validation adds  {added:.0%}  goal <= 25%  {'met' if added <= 0.25 else 'MISSED'}")


if __name__ == "__main__":
    main()
