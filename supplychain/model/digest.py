"""Digests that prove something, and the ones that do not.

>>> digest = Digest.parse("sha256:" + "0" * 64)
>>> digest.algorithm, digest.short
('sha256', '000000000000')
"""

import re
from dataclasses import dataclass
from typing import Final

from supplychain._json import Node
from supplychain.errors import MalformedDocument, UnsupportedAlgorithm

HEX_LENGTH: Final = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Algorithms that count as proof, with the length of their hexadecimal form."""
WEAK: Final = {"md5": 32, "sha1": 40}
"""Algorithms that are read and never count: somebody can make two files with one such digest."""

_HEX = re.compile(r"[0-9a-f]+\Z", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A digest of a proving algorithm, in lower-case hexadecimal."""

    algorithm: str
    value: str

    def __post_init__(self) -> None:
        if self.algorithm not in HEX_LENGTH:
            raise UnsupportedAlgorithm(
                f"{self.algorithm!r} does not prove identity", hint=f"use one of {', '.join(HEX_LENGTH)}"
            )
        if len(self.value) != HEX_LENGTH[self.algorithm] or not _HEX.match(self.value):
            raise MalformedDocument(
                f"expected {HEX_LENGTH[self.algorithm]} lower-case hexadecimal digits for {self.algorithm}, "
                f"found {self.value[:20]!r} ({len(self.value)} characters)"
            )

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Read ``algorithm:hex``."""
        algorithm, colon, value = text.partition(":")
        if not colon:
            raise MalformedDocument(f"expected algorithm:hex, found {text[:80]!r}")
        return cls(algorithm, value)

    @property
    def short(self) -> str:
        """The first 12 digits, for screens."""
        return self.value[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


def sha256(value: str) -> Digest:
    """The SHA-256 digest of this hexadecimal value."""
    return Digest("sha256", value)


def parse_digest_set(node: Node) -> dict[str, str]:
    """A DigestSet of in-toto: algorithm to value, at least one; known algorithms must be well-formed hexadecimal.

    Unknown algorithms (gitCommit, goModuleH1, ...) are kept as they are: they never count as proof.
    """
    digests = {name: child.text() for name, child in node.members()}
    if not digests:
        node.fail("an empty set of digests matches nothing")
    for name, value in digests.items():
        length = HEX_LENGTH.get(name) or WEAK.get(name)
        if length and (len(value) != length or not _HEX.match(value)):
            node.at(name).fail(f"expected {length} lower-case hexadecimal digits, found {value[:20]!r}")
    return digests
