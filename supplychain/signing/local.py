"""Signing with a key held in this process."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supplychain.errors import KeyUnusable
from supplychain.keys.private import PrivateKey
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle, MessageSignature, PublicKeyHint
from supplychain.model.statement import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from supplychain.verify.trust import Trust

if TYPE_CHECKING:  # most keys sign without a timestamp
    from supplychain.signing.timestamp import TimestampAuthority


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A private key as a signer of bundles, with a timestamp in each where there is an authority to ask."""

    key: PrivateKey
    authority: "TimestampAuthority | None" = None

    @property
    def trust(self) -> Trust:
        """The public half, named by its fingerprint."""
        return Trust(self.key.public, root=self.authority.root if self.authority else None)

    @property
    def timestamped(self) -> bool:
        """Whether somebody else vouches for the time of each signature."""
        return self.authority is not None

    def sign_artifact(self, artifact: Artifact) -> Bundle:
        """Sign the file's digest by the key's hash; SHA-256 for P-256 and RSA, SHA-384 for P-384."""
        algorithm = self.key.public.hash_name or "sha256"
        measured = artifact.measured(algorithm)
        if measured is None:
            raise KeyUnusable(
                f"this key signs the {algorithm} of a file, and only its sha256 is known", hint="name the file itself"
            )
        signature = self.key.sign_digest(bytes.fromhex(measured))
        return self._bundle(MessageSignature(signature=signature, algorithm=algorithm, digest=measured))

    def sign_statement(self, payload: bytes) -> Bundle:
        """Sign the pre-authentication encoding of a Statement."""
        signature = EnvelopeSignature(self.key.sign(pae(PAYLOAD_TYPE, payload)))
        return self._bundle(Envelope(payload_type=PAYLOAD_TYPE, payload=payload, signatures=(signature,)))

    def _bundle(self, content: MessageSignature | Envelope) -> Bundle:
        bundle = Bundle(content=content, material=PublicKeyHint(hint=self.key.public.hint))
        if self.authority is None:
            return bundle
        return replace(bundle, timestamps=(self.authority.stamp(bundle.signature),))
