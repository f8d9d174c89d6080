"""sigstore-python as the judge of what the stack makes: its public API, offline, with a trusted root of the test."""

import json
from datetime import UTC, datetime

from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy

from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.root import NOWHERE, client_trust_config, signing_config


def verifier(root: Document) -> Verifier:
    """Trusts what the document says and nothing else."""
    config = client_trust_config(root, signing_config(NOWHERE))
    return Verifier(trusted_root=ClientTrustConfig.from_json(json.dumps(config)).trusted_root)


def identity(claims: Claims, *more: policy.VerificationPolicy) -> policy.VerificationPolicy:
    """Signed by the subject, as its issuer said."""
    return policy.AllOf([policy.Identity(identity=claims.subject, issuer=claims.issuer), *more])


def judge(root: Document, bundle: Document, artifact: bytes, who: policy.VerificationPolicy) -> None:
    """Returns when sigstore-python accepts the bundle; for a statement, that is of its signature alone.

    Raises what it raises: its own errors, and where a bundle surprises it, ValueError, KeyError and the like.
    """
    read = Bundle.from_json(json.dumps(bundle))
    if "dsseEnvelope" in bundle:
        verifier(root).verify_dsse(read, who)
    else:
        verifier(root).verify_artifact(artifact, read, who)


def today() -> datetime:
    """The time that sigstore-python reads when it signs."""
    return datetime.now(UTC)
