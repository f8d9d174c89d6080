"""The signers of a policy: keys, and identities in certificates; what a file may say of them, and what they resolve to.

A map that would let nearly anybody sign is refused when it is read: an identity has an issuer, its host and owner are
literal, and a workflow that everybody may call counts only for a source repository that is named.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from supplychain._json import JSON
from supplychain.policy.fields import AfterValidator, Exact, Field, Instant, Model, OneLine, plain
from supplychain.verify.trust import GITHUB_ACTIONS, Claims, Identity, Signer, glob_problem

SHARED: Final = (
    "https://github.com/slsa-framework/slsa-github-generator/",
    "https://github.com/actions/",
    "https://gitlab.com/components/",
)
"""Where workflows live that are there to be called by everybody."""
MAX_LEVEL: Final = 3
"""Of SLSA's build track."""


def _identity(text: str) -> str:
    if problem := glob_problem(text):
        raise ValueError(problem)
    if text.startswith("*@"):
        raise ValueError("* alone is every mailbox of the host: name the people, or the service that signs")
    return text


def _issuer(text: str) -> str:
    if "*" in text or not re.fullmatch(r"https?://[^/\s]+(/\S*)?", text):
        raise ValueError("expected the URL of an identity provider, exactly, such as https://issuer.example")
    return text


def _repository(text: str) -> str:
    if "*" in text or "://" not in text or text.endswith(("/", ".git")):
        raise ValueError("expected the URL of a repository, exactly, such as https://github.com/OWNER/NAME")
    return text


def _ref(text: str) -> str:
    if "**" in text or set(text) & set("^$\\()[]{}|?"):
        raise ValueError("expected a ref, such as refs/heads/main or refs/tags/v*; * does not cross /")
    return text


def _exact(text: str) -> str:
    if "*" in text:
        raise ValueError("this is exact: no * here")
    return text


class KeySigner(Model):
    """A signer that is a public key."""

    key: OneLine = Field(description="Public key file (PEM), relative to the policy.")
    valid_from: Instant | None = Field(default=None, description="Earlier signatures do not count.")
    valid_until: Instant | None = Field(default=None, description="Later signatures do not count.")
    revoked: bool = Field(default=False, description="Nothing by this signer counts, whenever it was made.")
    builder: OneLine | None = Field(default=None, description="The builder.id this key speaks for, exactly.")
    slsa_level: Annotated[int, Field(ge=1, le=2)] = Field(
        default=1, description="The highest SLSA build level that provenance by this key can reach."
    )


class ClaimsEntry(Model):
    """What the certificate of a signer must say besides its identity."""

    source_repository: Annotated[Exact, AfterValidator(_repository)] | None = Field(
        default=None, description="URL of the repository that was built, exactly."
    )
    source_repository_id: Annotated[Exact, AfterValidator(_exact)] | None = Field(
        default=None, description="Its number at the host, which no other repository is ever given; a string."
    )
    ref: Annotated[Exact, AfterValidator(_ref)] | None = Field(
        default=None, description="Branch or tag that was built: refs/heads/main, refs/tags/v*."
    )
    trigger: Annotated[Exact, AfterValidator(_exact)] | None = Field(
        default=None, description="What started the build: push, schedule, workflow_dispatch."
    )

    @property
    def resolved(self) -> Claims:
        """As the verifier asks for them."""
        return Claims(**self.model_dump())


class CertificateSigner(Model):
    """A signer that is an identity in a certificate."""

    issuer: Annotated[Exact, AfterValidator(_issuer)] = Field(
        description="The identity provider that must have vouched for it, exactly."
    )
    identity: Annotated[Exact, AfterValidator(_identity)] = Field(
        description="The name in the certificate; * stands for characters but / and @, and not in host or owner."
    )
    claims: ClaimsEntry = Field(default=ClaimsEntry(), description="What else the certificate must say.")
    valid_from: Instant | None = Field(default=None, description="Earlier signatures do not count.")
    valid_until: Instant | None = Field(default=None, description="Later signatures do not count.")
    revoked: bool = Field(default=False, description="Nothing by this signer counts, whenever it was made.")
    builder: OneLine | None = Field(
        default=None,
        description="The builder.id this identity speaks for, exactly; without it, what its certificate names.",
    )
    slsa_level: Literal[1, 2, 3] = Field(
        default=2,
        description="The highest SLSA build level that provenance by this identity can reach, if its certificate "
        "supports it; 3 vouches for a builder that those who are built cannot reach into.",
    )

    @property
    def resolved(self) -> Identity:
        """As the verifier asks for it."""
        glob = "*" in self.identity
        return Identity(self.identity, issuer=self.issuer, glob=glob, claims=self.claims.resolved)

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """What is wrong with the entry taken together, each with the key where it shows."""
        claims = self.claims
        pinned = claims.source_repository or claims.source_repository_id
        if self.identity.startswith(SHARED) and not pinned:
            yield "identity", "everybody may call this workflow: say whose builds count with claims.source-repository"
        if self.slsa_level < MAX_LEVEL:
            return
        if self.issuer != GITHUB_ACTIONS:
            yield "slsa-level", f"level 3 is only known of workflows of {GITHUB_ACTIONS}"
        elif not pinned:
            yield "slsa-level", "level 3 needs claims.source-repository: a builder apart from what it builds"
        elif claims.source_repository and within(self.identity, claims.source_repository):
            yield "slsa-level", "level 3 needs a builder apart: this workflow is part of the source it builds"
        elif "*" in self.identity.partition("@")[0]:
            yield "slsa-level", "level 3 needs one builder: * may stand only in the ref of its identity"


def within(identity: str, repository: str) -> bool:
    """Whether a workflow is one of a repository's own. Letters of either case are one, as they are to the hosts."""
    return identity.casefold().startswith(f"{repository.casefold()}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """A signer of a policy: whom to trust, and for how much."""

    signer: Signer
    builder: str | None = None
    """The only builder.id this signer may speak for; None for any, or for what its certificate names."""
    slsa_level: int = 1
    """The highest level its provenance can reach."""


def resolved_signer(facts: SignerFacts) -> JSON:
    """A signer as the digest of its policy sees it: a key by its content, every claim, defaults left out."""
    signer, identity = facts.signer, facts.signer.identity
    out: dict[str, JSON] = {"key": signer.key.fingerprint} if signer.key else {}
    if identity:
        out = {"issuer": identity.issuer, "identity": identity.subject}
        claims = claims_of(identity)
        out |= {"claims": dict(claims)} if claims else {}
    default = KeySigner if signer.key else CertificateSigner
    level = facts.slsa_level if facts.slsa_level != default.model_fields["slsa_level"].default else None
    extra = {
        "valid-from": signer.valid_from,
        "valid-until": signer.valid_until,
        "revoked": signer.revoked or None,
        "builder": facts.builder,
        "slsa-level": level,
    }
    return out | {key: plain(value) for key, value in extra.items() if value is not None}


def claims_of(identity: Identity) -> Mapping[str, str]:
    """The claims an identity asks for, as policies spell them."""
    asked = ClaimsEntry.model_fields
    found = {(info.alias or name): getattr(identity.claims, name) for name, info in asked.items()}
    return {key: value for key, value in found.items() if value is not None}


def signer_in_words(facts: SignerFacts) -> str:
    """A signer for people: who it is, and how far it is trusted."""
    signer, identity = facts.signer, facts.signer.identity
    claims = claims_of(identity).items() if identity else ()
    notes = [
        f"vouched for by {identity.issuer}" if identity else "",
        *(f"its {key} is {value}" for key, value in claims),
        "revoked: nothing by it counts" if signer.revoked else "",
        f"from {signer.valid_from:%Y-%m-%d %H:%M} UTC" if signer.valid_from else "",
        f"until {signer.valid_until:%Y-%m-%d %H:%M} UTC" if signer.valid_until else "",
        f"speaks for {facts.builder}" if facts.builder else "",
        f"SLSA build level {facts.slsa_level} at most",
    ]
    who = identity.subject if identity else signer.key.fingerprint if signer.key else ""
    return f"{signer.name}: {who}; {'; '.join(n for n in notes if n)}"
