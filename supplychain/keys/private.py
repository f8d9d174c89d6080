"""Private keys: made, read and written encrypted, used to sign."""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm as PycaUnsupported
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from supplychain.errors import KeyUnusable
from supplychain.keys.pbes2 import encrypt, is_encrypted
from supplychain.keys.public import MAX_KEY_BYTES, PublicKey, wrap_public

AnyPrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

_BEGIN: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that can sign. It never shows itself: its repr is that of its public half."""

    public: PublicKey
    _key: AnyPrivateKey

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.algorithm} {self.public.fingerprint})"

    def sign(self, message: bytes) -> bytes:
        """A signature over ``message``; DER for ECDSA, PKCS #1 v1.5 for RSA."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        assert self.public.hash_name is not None
        algorithm = _HASHES[self.public.hash_name]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(message, padding.PKCS1v15(), algorithm)
        return self._key.sign(message, ec.ECDSA(algorithm))

    def sign_digest(self, digest: bytes) -> bytes:
        """A signature over a message of which only the digest by the key's hash is at hand.

        Raises KeyUnusable for Ed25519, which signs whole messages only.
        """
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            raise KeyUnusable(
                "an Ed25519 key signs statements, not the digests of files",
                hint="attest with it, or sign with a P-256 key: supplychain key new NAME",
            )
        assert self.public.hash_name is not None
        algorithm = Prehashed(_HASHES[self.public.hash_name])
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(digest, padding.PKCS1v15(), algorithm)
        return self._key.sign(digest, ec.ECDSA(algorithm))

    def pem(self, *, password: bytes | None, salt: bytes = b"", iv: bytes = b"") -> bytes:
        """PKCS #8 as PEM, encrypted with scrypt and AES-256-CBC.

        ``salt`` and ``iv`` are 16 fresh random bytes each: randomness is the caller's. Without a password the key
        is written in the clear, which a caller must have asked for by name.
        """
        der = self._key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        if password is not None:
            return encrypt(der, password=password, salt=salt, iv=iv)
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def generate() -> PrivateKey:
    """A new ECDSA P-256 key: the one algorithm that every client verifies in both kinds of bundle."""
    key = ec.generate_private_key(ec.SECP256R1())
    return PrivateKey(wrap_public(key.public_key()), key)


def read_private(pem: bytes, *, password: bytes | None, where: str = "") -> PrivateKey:
    """Read one private key, PEM: encrypted PKCS #8 (scrypt or PBKDF2), or in the clear.

    A password that is not needed is ignored. Raises KeyUnusable for a missing or wrong one and for anything that is no
    key; UnsupportedAlgorithm for a key too weak to prove anything; LimitExceeded for a key derivation made to be slow.
    """
    if len(pem) > MAX_KEY_BYTES:
        raise KeyUnusable(f"{len(pem)} bytes are no private key", where=where)
    if b"PUBLIC KEY" in pem:
        raise KeyUnusable("this is a public key", where=where, hint="name the .key file")
    if (keys := len(_BEGIN.findall(pem))) > 1:
        raise KeyUnusable(f"expected one private key, found {keys}", where=where)
    encrypted = is_encrypted(pem, where=where)
    if encrypted and not password:
        raise KeyUnusable(
            "the key is encrypted and no password was given", where=where, hint="set SUPPLYCHAIN_KEY_PASSWORD"
        )
    try:
        key = serialization.load_pem_private_key(pem, password=password if encrypted else None)
    except (ValueError, TypeError, PycaUnsupported) as e:
        message = "the password does not open this key" if encrypted else "no PEM private key that can be read"
        raise KeyUnusable(message, where=where) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise KeyUnusable(f"keys of the kind {type(key).__name__} do not sign here", where=where)
    return PrivateKey(wrap_public(key.public_key(), where=where), key)
