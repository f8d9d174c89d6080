"""Public keys: which ones we accept, and what it means that one of them verified something."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as PycaUnsupported
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from supplychain.errors import KeyUnusable, SignatureInvalid, UnsupportedAlgorithm

MIN_RSA_BITS: Final = 3072
MAX_RSA_BITS: Final = 8192
"""Above this a single verification costs an attacker nothing and us too much."""
MAX_KEY_BYTES: Final = 16 * 1024

AnyPublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

_CURVES: Final = {"secp256r1": ("ecdsa-p256", "sha256"), "secp384r1": ("ecdsa-p384", "sha384")}
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that can verify. Two keys are equal when their SubjectPublicKeyInfo is."""

    spki: bytes
    """SubjectPublicKeyInfo, DER."""
    algorithm: str
    """ecdsa-p256, ecdsa-p384, ed25519 or rsa."""
    hash_name: str | None
    """The hash it signs with; None for Ed25519, which takes whole messages only."""
    _key: AnyPublicKey

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.spki == self.spki

    def __hash__(self) -> int:
        return hash(self.spki)

    def __repr__(self) -> str:
        return f"PublicKey({self.algorithm} {self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """``sha256:`` of the SubjectPublicKeyInfo: what names this key in every result."""
        return f"sha256:{hashlib.sha256(self.spki).hexdigest()}"

    @property
    def hint(self) -> str:
        """What a Sigstore bundle says of a managed key: base64 of the SHA-256 of the SubjectPublicKeyInfo."""
        return base64.b64encode(hashlib.sha256(self.spki).digest()).decode()

    def pem(self) -> bytes:
        """The key as PEM."""
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a signature over ``message``. ECDSA signatures are DER, never raw r||s. Raises SignatureInvalid."""
        self._check(signature, message, prehashed=False)

    def verify_digest(self, signature: bytes, digest: bytes) -> None:
        """Check a signature over a message of which only the digest by `hash_name` is at hand.

        Raises SignatureInvalid; UnsupportedAlgorithm for Ed25519, which cannot do this.
        """
        if self.hash_name is None:
            raise UnsupportedAlgorithm(
                "an Ed25519 signature covers the whole file, not its digest",
                hint="sign a statement: supplychain attest",
            )
        self._check(signature, digest, prehashed=True)

    def verify_pss(self, signature: bytes, message: bytes) -> None:
        """Check an RSA signature by PSS with SHA-256, as in-toto's tools make them. Raises SignatureInvalid."""
        try:
            if not isinstance(self._key, rsa.RSAPublicKey):
                raise InvalidSignature
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
            self._key.verify(signature, message, scheme, hashes.SHA256())
        except InvalidSignature:
            raise SignatureInvalid(f"not signed by the {self.algorithm} key {self.fingerprint[:19]}") from None

    def _check(self, signature: bytes, data: bytes, *, prehashed: bool) -> None:
        try:
            if isinstance(self._key, ed25519.Ed25519PublicKey):
                self._key.verify(signature, data)
                return
            assert self.hash_name is not None
            plain = _HASHES[self.hash_name]
            algorithm = Prehashed(plain) if prehashed else plain
            if isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, data, padding.PKCS1v15(), algorithm)
            else:
                self._key.verify(signature, data, ec.ECDSA(algorithm))
        except InvalidSignature:
            raise SignatureInvalid(f"not signed by the {self.algorithm} key {self.fingerprint[:19]}") from None


def wrap_public(key: object, *, where: str = "") -> PublicKey:
    """Accept a key of the cryptography library if its algorithm and size prove something.

    Raises UnsupportedAlgorithm otherwise.
    """
    algorithm: str
    hash_name: str | None
    if isinstance(key, ed25519.Ed25519PublicKey):
        algorithm, hash_name = "ed25519", None
    elif isinstance(key, rsa.RSAPublicKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise UnsupportedAlgorithm(
                f"an RSA key of {key.key_size} bits; {MIN_RSA_BITS} to {MAX_RSA_BITS} are accepted", where=where
            )
        algorithm, hash_name = "rsa", "sha256"
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        algorithm, hash_name = _CURVES[key.curve.name]
    else:
        kind = getattr(getattr(key, "curve", None), "name", type(key).__name__)
        raise UnsupportedAlgorithm(
            f"keys of the kind {kind} are not accepted", where=where, hint="use ECDSA P-256 or P-384, Ed25519, or RSA"
        )
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(spki, algorithm, hash_name, key)


def read_public(pem: bytes, *, where: str = "") -> PublicKey:
    """Read one public key, PEM. Raises KeyUnusable, and UnsupportedAlgorithm."""
    if len(pem) > MAX_KEY_BYTES:
        raise KeyUnusable(f"{len(pem)} bytes are no public key", where=where)
    if b"PRIVATE KEY" in pem:
        raise KeyUnusable("this is a private key", where=where, hint="name the .pub file; keep this one to yourself")
    if pem.count(b"-----BEGIN") != 1:
        raise KeyUnusable("expected one PEM block, found " + str(pem.count(b"-----BEGIN")), where=where)
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, PycaUnsupported) as e:
        raise KeyUnusable("no PEM public key that can be read", where=where) from e
    return wrap_public(key, where=where)
