"""The thing that is judged: measured bytes, by path or by digest alone.

An artifact given by path is opened once; the descriptor stays open and every further digest is taken from it
(`_io.open_artifact`). An artifact given as ``sha256:...`` knows that digest and nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from supplychain.model.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What an artifact measured to. The name is for people: artifacts are matched by digest, never by name."""

    name: str
    sha256: str
    """Lower-case hexadecimal."""
    size: int | None = None
    """Bytes; None when only the digest was given."""
    known: Mapping[str, str] = field(default_factory=dict)
    """Further digests already measured, by algorithm."""
    path: str | None = field(default=None, compare=False)
    """Where the caller said it lies; None when only the digest was given."""
    measure: Callable[[str], str] | None = field(default=None, compare=False, repr=False)
    """Takes another digest of the opened file; raises ArtifactChanged when its SHA-256 is no longer this one."""

    @property
    def digest(self) -> Digest:
        """The SHA-256 that names this artifact everywhere."""
        return Digest("sha256", self.sha256)

    def measured(self, algorithm: str) -> str | None:
        """The digest by this algorithm; None where only a digest was given and the bytes are not at hand."""
        if algorithm == "sha256":
            return self.sha256
        if algorithm in self.known:
            return self.known[algorithm]
        return self.measure(algorithm) if self.measure else None
