"""What a signing certificate says of who signed, and where it was built: typed, and true only once it was verified.

The names are those of Fulcio's certificate extensions (OID 1.3.6.1.4.1.57264.1.*), shortened. Whoever holds a
certificate had an identity provider vouch for these claims; no predicate can change them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """The identity in a certificate and its claims. A claim that the certificate does not make is empty."""

    identity: str
    """The one subject alternative name: a workflow's URI, an e-mail address, a user name."""
    issuer: str
    """The identity provider that vouched for it."""
    build_signer_uri: str = ""
    """The workflow, reusable or not, that asked for the certificate, with its ref."""
    build_signer_digest: str = ""
    runner_environment: str = ""
    """``github-hosted`` or ``self-hosted``, as the provider names them."""
    source_repository: str = ""
    """URI of the repository that was built."""
    source_digest: str = ""
    """Commit that was built."""
    source_ref: str = ""
    """Branch or tag that was built: ``refs/tags/v1.2.3``."""
    source_repository_id: str = ""
    """Stays the same when a repository is renamed, and is never given to another."""
    source_owner: str = ""
    source_owner_id: str = ""
    build_config_uri: str = ""
    """The top-level build instructions, with their ref."""
    build_config_digest: str = ""
    trigger: str = ""
    """What started the build: ``push``, ``schedule``, ``workflow_dispatch``."""
    run_uri: str = ""
    """The run itself, for people to look at."""
    visibility: str = ""
    """``public`` or ``private``, at signing."""
    deployment_environment: str = ""

    @property
    def called_by_another(self) -> bool:
        """Whether the identity is a workflow of another repository than the one that was built.

        Everybody may call such a workflow, so its name alone says nothing about whose source it built.
        """
        return bool(self.source_repository) and not self.identity.startswith(f"{self.source_repository}/")
