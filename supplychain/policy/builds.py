"""What a build was, as far as somebody vouches for it: the certificate's word before the provenance's, and what they
make of a SLSA build level.

The levels are those of SLSA v1.0 (https://slsa.dev/spec/v1.0/levels). Level 1: provenance exists. Level 2: a hosted
build platform made and signed it. Level 3: the platform is hardened, so that what is built cannot reach into the making
of its provenance. On GitHub Actions a workflow that signs by itself is level 2 at most, since the repository that is
built holds the steps that sign; a reusable workflow of another repository can be level 3
(https://docs.github.com/actions: artifact attestations, "achieve SLSA v1 Build Level 3").

>>> supported_level(None)
(2, '')
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from supplychain.model.certificate import CertificateFacts
from supplychain.model.verified import Verified
from supplychain.policy.signers import SignerFacts, within
from supplychain.predicates.provenance import Provenance
from supplychain.verify.trust import GITHUB_ACTIONS, shown

GITLAB: Final = "https://gitlab.com"
"""The issuer of the identities of GitLab.com's pipelines."""
PLATFORMS: Final[Mapping[str, str]] = {GITHUB_ACTIONS: "github-hosted", GITLAB: "gitlab-hosted"}
"""Issuers that vouch for builds, each with what it calls its own machines."""
_RUNNER: Final = "https://github.com/actions/runner/"
"""What GitHub's older provenance names as builder, before the kind of runner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What is known of a build. What nobody says is empty."""

    source: str
    """URL of the repository, without ``git+`` and ``.git``."""
    commit: str
    ref: str
    trigger: str
    conflicts: tuple[str, ...] = ()
    """Where the provenance says other than the certificate that signed it."""


def build_of(proof: Verified[Provenance]) -> Build:
    """The build of a provenance: for a certificate its claims, for a key what the provenance says."""
    said, certificate = proof.predicate, proof.certificate
    stated = Build(
        source=_repository(said.source_uri or ""),
        commit=said.source_commit or "",
        ref=said.source_ref or "",
        trigger=_trigger(said),
    )
    if certificate is None:
        return stated
    certified = Build(
        source=_repository(certificate.source_repository),
        commit=certificate.source_digest,
        ref=certificate.source_ref,
        trigger=certificate.trigger,
    )
    return Build(
        source=certified.source,
        commit=certified.commit,
        ref=certified.ref,
        trigger=certified.trigger,
        conflicts=tuple(_conflicts(stated, certified)),
    )


def _conflicts(stated: Build, certified: Build) -> Iterator[str]:
    for name in ("source", "commit", "ref", "trigger"):
        claim, fact = getattr(stated, name), getattr(certified, name)
        if claim and claim != fact:
            yield f"it names the {name} {shown(claim)}, its certificate says {shown(fact) if fact else 'nothing of it'}"


def _repository(uri: str) -> str:
    return uri.removesuffix("/").removesuffix(".git")


def _trigger(provenance: Provenance) -> str:
    """The event, where builders of GitHub write it down (v1: github.event_name, v0.2: github_event_name)."""
    inside = provenance.internal_parameters
    github = inside.get("github")
    found = github.get("event_name") if isinstance(github, Mapping) else inside.get("github_event_name")
    return found if isinstance(found, str) else ""


def builder_conflict(proof: Verified[Provenance], facts: SignerFacts) -> str:
    """Why the signer may not speak for the builder that the provenance names; empty when it may.

    The policy's word decides where it names the signer's builder. Otherwise a certificate speaks for the workflow it
    was given to, and for its platform's runner; a key for any builder, since nobody else vouches for it.
    """
    builder, certificate = proof.predicate.builder_id, proof.certificate
    if facts.builder is not None:
        return "" if builder == facts.builder else f"{facts.signer.name} speaks for another"
    if certificate is None:
        return ""
    named = {certificate.identity, certificate.build_signer_uri}
    if certificate.issuer == GITHUB_ACTIONS and certificate.runner_environment:
        named.add(_RUNNER + certificate.runner_environment)
    return "" if builder in named else f"its certificate is of {shown(certificate.identity)}"


def supported_level(certificate: CertificateFacts | None) -> tuple[int, str]:
    """The highest SLSA build level that a certificate supports, and why it is no higher.

    A key supports 2, if the policy says that a build service holds it: a policy grants no key more.
    """
    if certificate is None:
        return 2, ""
    if certificate.issuer not in PLATFORMS:
        return 1, f"its issuer {shown(certificate.issuer)} is no build platform known here"
    runner = certificate.runner_environment
    if runner != PLATFORMS[certificate.issuer]:
        return (
            1,
            f"it ran on a runner that is {shown(runner)}" if runner else "its certificate does not say where it ran",
        )
    if certificate.issuer != GITHUB_ACTIONS:
        return 2, "the job that is built signs for itself"
    apart = certificate.source_repository and not within(certificate.identity, certificate.source_repository)
    if not apart or certificate.build_signer_uri != certificate.identity:
        return 2, "a workflow of the source that is built signs for itself"
    return 3, ""


def level_of(proof: Verified[Provenance], facts: SignerFacts) -> tuple[int, str]:
    """The SLSA build level of a provenance, and why it is no higher: what signer and certificate both support."""
    supported, why = supported_level(proof.certificate)
    if facts.slsa_level <= supported:
        return facts.slsa_level, f"signer {facts.signer.name} reaches SLSA build level {facts.slsa_level} at most"
    return supported, f"{why}, which is SLSA build level {supported}"
