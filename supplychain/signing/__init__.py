"""Making signatures: one file a scheme. A signer turns bytes into a bundle and shows nothing of its secret."""

from typing import Final, Protocol

from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle
from supplychain.verify.trust import Trust


class BundleSigner(Protocol):
    """Who signs."""

    @property
    def trust(self) -> Trust:
        """How a verifier names this signer: what it signed before is recognised by it."""
        ...

    @property
    def timestamped(self) -> bool:
        """Whether somebody else vouches for the time of each signature: an older one without is not as good."""
        ...

    def sign_artifact(self, artifact: Artifact) -> Bundle:
        """A message signature of the artifact's bytes. Raises KeyUnusable where the scheme cannot sign files."""
        ...

    def sign_statement(self, payload: bytes) -> Bundle:
        """A DSSE signature of an in-toto Statement."""
        ...


SIGNERS: Final = {
    "key": "supplychain.signing.local:LocalSigner",
    "keyless": "supplychain.signing.keyless:KeylessSigner",
}
"""Scheme to "module:Class"."""
