"""Whom a caller trusts: keys, identities, and the names a policy gives them.

>>> Trust()
Traceback (most recent call last):
supplychain.errors.UsageError: trust names no signer; nothing could ever be verified
"""

from dataclasses import dataclass
from datetime import datetime

from supplychain.errors import UsageError
from supplychain.keys.private import PrivateKey
from supplychain.keys.public import PublicKey


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate must name, exactly, and which issuer must have vouched for it. There is no default issuer."""

    subject: str
    issuer: str

    def __init__(self, subject: str, *, issuer: str) -> None:
        if not subject or not issuer:
            raise UsageError("an identity needs a subject and an issuer")
        object.__setattr__(self, "subject", subject)
        object.__setattr__(self, "issuer", issuer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A trusted signer under the name the caller, or the policy, gave it."""

    name: str
    key: PublicKey | None = None
    identity: Identity | None = None
    valid_from: datetime | None = None
    """Signatures of an earlier time do not count; inclusive."""
    valid_until: datetime | None = None
    """Signatures of a later time do not count; inclusive."""
    revoked: bool = False
    """Nothing by this signer counts, whenever it was made."""

    def __post_init__(self) -> None:
        if (self.key is None) == (self.identity is None):
            raise UsageError(f"signer {self.name!r} must be a key or an identity, not both and not neither")


class Trust:
    """The signers whose word counts, and the root that vouches for the certificates among them."""

    __slots__ = ("root", "signers")

    def __init__(self, *signers: Signer | Identity | PublicKey | PrivateKey, root: bytes | None = None) -> None:
        """Keys and identities stand for themselves; a `Signer` carries a name and a time of validity.

        ``root`` is a Sigstore trusted root (JSON). Raises UsageError without any signer.
        """
        self.signers = tuple(_named(s) for s in signers)
        self.root = root
        if not self.signers:
            raise UsageError("trust names no signer; nothing could ever be verified")

    def __repr__(self) -> str:
        return f"Trust({', '.join(s.name for s in self.signers)})"


def _named(signer: Signer | Identity | PublicKey | PrivateKey) -> Signer:
    if isinstance(signer, Signer):
        return signer
    if isinstance(signer, Identity):
        return Signer(name=signer.subject, identity=signer)
    key = signer.public if isinstance(signer, PrivateKey) else signer
    return Signer(name=key.fingerprint, key=key)
