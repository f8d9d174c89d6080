"""Whom a caller trusts: keys, identities, and the names a policy gives them; and the roots that vouch for identities.

>>> Trust()
Traceback (most recent call last):
supplychain.errors.UsageError: trust names no signer; nothing could ever be verified
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from supplychain.errors import UsageError
from supplychain.keys.private import PrivateKey
from supplychain.keys.public import PublicKey

if TYPE_CHECKING:  # trust in keys has none
    from supplychain.model.certificate import CertificateFacts

GITHUB_ACTIONS: Final = "https://token.actions.githubusercontent.com"
"""The issuer of the identities of GitHub's workflows."""
CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far this machine's clock may be behind an authority's before a signature counts as made in the future."""
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a certificate must say besides whom it names. What is None is not asked; ``*`` stops at ``/``."""

    source_repository: str | None = None
    """URI of the repository, exactly."""
    source_repository_id: str | None = None
    ref: str | None = None
    """Exact or glob: ``refs/tags/v*``."""
    trigger: str | None = None

    def mismatch(self, facts: "CertificateFacts") -> str | None:
        """What the certificate says otherwise; None when all holds."""
        said = {
            "source_repository": facts.source_repository,
            "source_repository_id": facts.source_repository_id,
            "ref": facts.source_ref,
            "trigger": facts.trigger,
        }
        for field in fields(self):
            wanted: str | None = getattr(self, field.name)
            found = said[field.name]
            held = field.name == "ref" and wanted is not None and glob_matches(wanted, found, stops="/")
            if wanted is not None and found != wanted and not held:
                return f"its {field.name.replace('_', ' ')} is {shown(found)}, expected {shown(wanted)}"
        return None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate must name, and which issuer must have vouched for it. There is no default issuer.

    ``subject`` is compared letter by letter; with ``glob=True`` a ``*`` in it stands for characters but ``/`` and
    ``@``, and host and owner hold none. Regular expressions do not exist here.
    """

    subject: str
    issuer: str
    glob: bool = False
    claims: Claims = Claims()

    def __init__(self, subject: str, *, issuer: str, glob: bool = False, claims: Claims = Claims()) -> None:
        if not subject or not issuer:
            raise UsageError("an identity needs a subject and an issuer")
        if glob and (problem := glob_problem(subject)):
            raise UsageError(problem)
        for name, value in (("subject", subject), ("issuer", issuer), ("glob", glob), ("claims", claims)):
            object.__setattr__(self, name, value)

    @classmethod
    def of_repository(cls, repository: str) -> "Identity":
        """Whatever workflow of GitHub Actions built the repository OWNER/NAME. Raises UsageError for another form."""
        if not _REPOSITORY.match(repository):
            raise UsageError(f"expected OWNER/NAME, found {shown(repository)}")
        source = f"https://github.com/{repository}"
        return cls(ANY_WORKFLOW, issuer=GITHUB_ACTIONS, claims=Claims(source_repository=source))

    def mismatch(self, facts: "CertificateFacts") -> str | None:
        """Why a certificate is not of this identity; None when it is.

        The workflow of another repository, which everybody may call, counts only where the source repository is
        asked for.
        """
        if facts.issuer != self.issuer:
            return f"its issuer is {shown(facts.issuer)}, expected {shown(self.issuer)}"
        if not self._names(facts.identity):
            return f"it is {shown(facts.identity)}, expected {shown(self.subject)}"
        if problem := self.claims.mismatch(facts):
            return problem
        pinned = self.claims.source_repository or self.claims.source_repository_id
        if facts.called_by_another and not pinned:
            return (
                f"{shown(facts.identity)} is a workflow that anybody may call; it built "
                f"{shown(facts.source_repository)}, and no source repository is asked for"
            )
        return None

    def _names(self, identity: str) -> bool:
        if self.subject == ANY_WORKFLOW:
            return True
        return identity == self.subject or (self.glob and glob_matches(self.subject, identity, stops="/@"))


ANY_WORKFLOW: Final = "any workflow"
"""The subject of `Identity.of_repository`; no certificate names it."""


def glob_problem(pattern: str) -> str | None:
    """Why a pattern of an identity is refused; None when it is not."""
    if set(pattern) & set("^$\\()[]{}|") or any(sign in pattern for sign in (".*", ".+", ".?")):
        return "this looks like a regular expression; identities are exact, and * stands for characters but / and @"
    if "**" in pattern:
        return "** is not allowed in an identity"
    head = pattern.split("/", 4)[:4] if "://" in pattern else [pattern.rpartition("@")[2]]
    if any("*" in part for part in head):
        return "the host and the owner of an identity are exact: no * there"
    return None


def glob_matches(pattern: str, text: str, *, stops: str) -> bool:
    """Whether the whole text is the pattern, in which ``*`` stands for printable characters but these.

    Takes time linear in the text, which is foreign.
    """
    wanted, found = (re.split(f"([{stops}])", value) for value in (pattern, text))
    return text.isprintable() and len(wanted) == len(found) and all(map(_piece_matches, wanted, found))


def _piece_matches(pattern: str, text: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == text
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def shown(text: str) -> str:
    """Foreign text in a message: short, and what is not ASCII escaped, so that look-alikes are seen."""
    return ascii(text if len(text) <= 200 else f"{text[:200]}...")


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
    """The signers whose word counts, and the roots that vouch for the certificates among them."""

    __slots__ = ("_default", "roots", "signers")

    def __init__(
        self, *signers: Signer | Identity | PublicKey | PrivateKey, root: bytes | Sequence[bytes] | None = None
    ) -> None:
        """Keys and identities stand for themselves; a `Signer` carries a name and a time of validity.

        ``root`` is a Sigstore trusted root (JSON), or several, each of which vouches alone; without one it is the
        root that ships with sigstore. Raises UsageError without any signer.
        """
        self.signers = tuple(_named(s) for s in signers)
        self.roots: tuple[bytes, ...] = () if root is None else (root,) if isinstance(root, bytes) else tuple(root)
        self._default: Callable[[], bytes] | None = None
        if not self.signers:
            raise UsageError("trust names no signer; nothing could ever be verified")
        if root is not None and not self.roots:
            raise UsageError("an empty list of trusted roots vouches for nothing")

    def or_root(self, default: Callable[[], bytes]) -> "Trust":
        """This trust, with the root to take when the caller named none; it is read only if evidence needs one."""
        made = Trust(*self.signers, root=self.roots or None)
        made._default = self._default or default
        return made

    def vouching(self) -> tuple[bytes, ...]:
        """The roots to judge by; empty when none was named and no default is at hand."""
        if not self.roots and self._default is not None:
            return (self._default(),)
        return self.roots

    def __repr__(self) -> str:
        return f"Trust({', '.join(s.name for s in self.signers)})"


def _named(signer: Signer | Identity | PublicKey | PrivateKey) -> Signer:
    if isinstance(signer, Signer):
        return signer
    if isinstance(signer, Identity):
        claimed = signer.claims.source_repository
        return Signer(
            name=claimed or signer.subject if signer.subject == ANY_WORKFLOW else signer.subject, identity=signer
        )
    key = signer.public if isinstance(signer, PrivateKey) else signer
    return Signer(name=key.fingerprint, key=key)
