"""Keys of signers, logs and authorities. P-256 unless a test asks for another kind: it is the cheap one."""

import hashlib
from collections.abc import Callable
from typing import TypeAlias, assert_never

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey

NEW_KEY: dict[str, Callable[[], PrivateKey]] = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
}
"""By name; those of RSA take a good part of a second."""


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def digest_of(key: PublicKey) -> str | None:
    """The hash that Sigstore's algorithm registry ties to the key; None for Ed25519, which takes the message itself."""
    match key:
        case ec.EllipticCurvePublicKey():
            return {256: "sha256", 384: "sha384"}[key.key_size]
        case rsa.RSAPublicKey():
            return "sha256"
        case ed25519.Ed25519PublicKey():
            return None
        case _:
            assert_never(key)


def details_of(key: PublicKey) -> str:
    """PublicKeyDetails of Sigstore's algorithm registry."""
    match key:
        case ec.EllipticCurvePublicKey():
            return {256: "PKIX_ECDSA_P256_SHA_256", 384: "PKIX_ECDSA_P384_SHA_384"}[key.key_size]
        case rsa.RSAPublicKey():
            return f"PKIX_RSA_PKCS1V15_{key.key_size}_SHA256"
        case ed25519.Ed25519PublicKey():
            return "PKIX_ED25519"
        case _:
            assert_never(key)


def _hash(key: PublicKey) -> hashes.HashAlgorithm:
    return hashes.SHA384() if digest_of(key) == "sha384" else hashes.SHA256()


def sign(key: PrivateKey, message: bytes) -> bytes:
    """ECDSA is DER, RSA is PKCS#1 v1.5."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(_hash(key.public_key())))
        case rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        case ed25519.Ed25519PrivateKey():
            return key.sign(message)
        case _:
            assert_never(key)


def verify(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Raises cryptography's InvalidSignature."""
    match key:
        case ec.EllipticCurvePublicKey():
            key.verify(signature, message, ec.ECDSA(_hash(key)))
        case rsa.RSAPublicKey():
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        case ed25519.Ed25519PublicKey():
            key.verify(signature, message)
        case _:
            assert_never(key)


def verify_digest(key: PublicKey, signature: bytes, algorithm: str, digest: bytes) -> None:
    """Of a message of which only the digest is known. Raises cryptography's InvalidSignature."""
    prehashed = Prehashed({"sha256": hashes.SHA256(), "sha384": hashes.SHA384()}[algorithm])
    match key:
        case ec.EllipticCurvePublicKey():
            key.verify(signature, digest, ec.ECDSA(prehashed))
        case rsa.RSAPublicKey():
            key.verify(signature, digest, padding.PKCS1v15(), prehashed)
        case ed25519.Ed25519PublicKey():
            raise InvalidSignature("an Ed25519 signature covers no digest")
        case _:
            assert_never(key)


def hashed(key: PublicKey, message: bytes) -> tuple[str, bytes]:
    """Algorithm and digest that a signature of `message` by `key` covers. Ed25519 has none: ValueError."""
    algorithm = digest_of(key)
    if algorithm is None:
        raise ValueError("an Ed25519 signature covers no digest: hashedrekord entries cannot hold it")
    return algorithm, hashlib.new(algorithm, message).digest()
