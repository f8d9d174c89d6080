"""Keys of layouts and of their functionaries: ours to accept, verified by the scheme that in-toto signs with.

A layout carries the keys of its functionaries: RSA and ECDSA as PEM, Ed25519 as hexadecimal. A key id is a name in one
layout and proves nothing; two keys are the same when their SubjectPublicKeyInfo is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from supplychain._json import Node
from supplychain.errors import SignatureInvalid, UnsupportedAlgorithm
from supplychain.keys.public import PublicKey, read_public, wrap_public

PSS: Final = "rsassa-pss-sha256"
SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {
    "rsa": (PSS, "rsa-pkcs1v15-sha256"),
    "ecdsa-p256": ("ecdsa-sha2-nistp256",),
    "ecdsa-p384": ("ecdsa-sha2-nistp384",),
    "ed25519": ("ed25519",),
}
"""Algorithm of a key to the schemes it may sign by; the first is the one of a key that names none."""

_HEX_KEY: Final = re.compile(r"[0-9a-fA-F]{64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionaryKey:
    """A public key, and how it signs."""

    public: PublicKey
    scheme: str

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature over ``message`` is by this key."""
        check = self.public.verify_pss if self.scheme == PSS else self.public.verify
        try:
            check(signature, message)
        except SignatureInvalid:
            return False
        return True


def of_caller(key: PublicKey) -> FunctionaryKey:
    """A key the caller named; RSA keys sign by PSS, as in-toto's tools do."""
    return FunctionaryKey(public=key, scheme=SCHEMES[key.algorithm][0])


def read_key(node: Node) -> FunctionaryKey:
    """A key as a layout carries it.

    Raises MalformedDocument; KeyUnusable and UnsupportedAlgorithm for one that proves nothing here, such as OpenPGP's.
    """
    kind, scheme = node.maybe("keytype"), node.maybe("scheme")
    if kind is None or scheme is None:
        raise UnsupportedAlgorithm("an OpenPGP key, or one without keytype and scheme", where=_place(node))
    public = _public(node.at("keyval").at("public"), ed25519=kind.text() == "ed25519")
    if scheme.text() not in SCHEMES[public.algorithm]:
        raise UnsupportedAlgorithm(
            f"a {public.algorithm} key with the scheme {scheme.text()[:40]!r}", where=_place(node)
        )
    return FunctionaryKey(public=public, scheme=scheme.text())


def _public(node: Node, *, ed25519: bool) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text = node.text()
    if not ed25519:
        return read_public(text.encode(), where=_place(node))
    if not _HEX_KEY.match(text):
        node.fail("expected 64 hexadecimal digits of an Ed25519 key")
    return wrap_public(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)), where=_place(node))


def _place(node: Node) -> str:
    return f"{node.where}: {node.path}"
