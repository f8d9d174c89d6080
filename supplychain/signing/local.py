"""Signing with a key held in this process."""

from dataclasses import dataclass

from supplychain.errors import KeyUnusable
from supplychain.keys.private import PrivateKey
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle, MessageSignature, PublicKeyHint
from supplychain.model.statement import PAYLOAD_TYPE, Envelope, EnvelopeSignature, pae
from supplychain.verify.trust import Signer as TrustedSigner


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A private key as a signer of bundles."""

    key: PrivateKey

    @property
    def trusted(self) -> TrustedSigner:
        """The public half, named by its fingerprint."""
        return TrustedSigner(name=self.key.public.fingerprint, key=self.key.public)

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
        return Bundle(content=content, material=PublicKeyHint(hint=self.key.public.hint))
