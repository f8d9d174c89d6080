"""Files that hold several pieces of evidence, taken apart: nothing in them is verified, and none of their claims read.

- ``.jsonl``: a bundle a line, as gh and `attest` write them
- a provenance document of PyPI's Integrity API: ``{"version": 1, "attestation_bundles": [{"attestations": [...]}]}``
- an attestations document of the npm registry, and the answer of GitHub's attestations API:
  ``{"attestations": [{"bundle": {...}}]}``

What such a document says of its pieces (a publisher, a predicate type) is the word of whoever served it.
"""

from collections.abc import Iterator
from typing import Final

from supplychain import _json
from supplychain._json import Node
from supplychain.errors import EvidenceIncomplete, EvidenceMissing, LimitExceeded, MalformedDocument, UnsupportedType
from supplychain.model.evidence import Evidence

MAX_PIECES: Final = 1_024
"""In one file."""

_MARKS: Final = (b'"attestation_bundles"', b'"attestations"')
"""A bundle has neither: what it holds for strangers is base64, where no quotation mark is."""


def pieces(data: bytes, *, name: str) -> list[Evidence]:
    """The evidence in the bytes of a file, each piece named ``name#1`` and so on; one bundle is itself.

    A ``.jsonl`` may be empty, a blank line is nothing. Raises EvidenceMissing for a document that lists none,
    EvidenceIncomplete for one that only says where a piece may be fetched, MalformedDocument, also for one piece
    twice, UnsupportedType, and LimitExceeded.
    """
    if name.endswith(".jsonl"):
        lines = data.split(b"\n")
        if len(lines) > MAX_PIECES + 1:
            raise LimitExceeded(f"{len(lines)} lines, at most {MAX_PIECES} are read", where=name)
        return [Evidence(uri=f"{name}#{i}", data=line) for i, line in enumerate(lines, 1) if line.strip()]
    if not any(mark in data for mark in _MARKS):
        return [Evidence(uri=name, data=data)]
    listed = list(_listed(_json.parse(data, where=name)))
    if not listed:
        raise EvidenceMissing("it lists no attestation", where=name)
    if len(listed) > MAX_PIECES:
        raise LimitExceeded(f"{len(listed)} attestations, at most {MAX_PIECES} are read", where=name)
    found = [Evidence(uri=f"{name}#{i}", data=_json.canonical(item.value)) for i, item in enumerate(listed, 1)]
    if len({e.sha256 for e in found}) < len(found):
        raise MalformedDocument("it lists one attestation twice", where=name)
    return found


def _listed(node: Node) -> Iterator[Node]:
    groups = node.maybe("attestation_bundles")
    if groups is not None:
        if node.at("version").integer() != 1:
            raise UnsupportedType(f"a provenance document of version {node.at('version').value}", where=node.where)
        for group in groups.items(at_most=MAX_PIECES):
            for item in group.at("attestations").items(at_most=MAX_PIECES):
                item.object()
                yield item
        return
    for item in node.at("attestations").items(at_most=MAX_PIECES):
        bundle = item.maybe("bundle")
        if bundle is None:
            raise EvidenceIncomplete(
                "it only names a place where the bundle may be",
                where=f"{node.where}: {item.path}",
                hint="download the bundle and name it with --bundle",
            )
        bundle.object()
        yield bundle
