"""An OIDC issuer: signed identity tokens (JWT), and the documents by which others check them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import Document, sha256, spki
from tests.sigstore_stack.keys import p256, sign, verify

AUDIENCE = "sigstore"
LIFETIME = timedelta(minutes=10)
_GITHUB = {
    "event_name": "build_trigger",
    "sha": "source_repository_digest",
    "workflow": "github_workflow_name",
    "repository": "github_workflow_repository",
    "ref": "source_repository_ref",
    "job_workflow_sha": "build_signer_digest",
    "runner_environment": "runner_environment",
    "repository_id": "source_repository_identifier",
    "repository_owner_id": "source_repository_owner_identifier",
    "workflow_sha": "build_config_digest",
    "repository_visibility": "source_repository_visibility",
    "environment": "deployment_environment",
}
"""Claims of GitHub's tokens with the certified fact that each becomes; those with a URL are below."""
_HOME = "https://github.com/"


class TokenRefused(ValueError):
    """Says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Signs with ES256."""

    url: str
    clock: Clock
    key: ec.EllipticCurvePrivateKey

    @property
    def key_id(self) -> str:
        return sha256(spki(self.key.public_key())).hex()[:16]


def new_issuer(clock: Clock, url: str = "https://issuer.sigstore.test") -> Issuer:
    return Issuer(url=url, clock=clock, key=p256())


def discovery(issuer: Issuer) -> Document:
    """/.well-known/openid-configuration (OpenID Connect Discovery 1.0, 3)."""
    return {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/auth",
        "token_endpoint": f"{issuer.url}/token",
        "jwks_uri": f"{issuer.url}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "email"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "email", "email_verified"],
    }


def key_set(issuer: Issuer) -> Document:
    """The JWKS (RFC 7517)."""
    numbers = issuer.key.public_key().public_numbers()
    point = {"x": _b64url(numbers.x.to_bytes(32)), "y": _b64url(numbers.y.to_bytes(32))}
    return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": issuer.key_id, **point}]}


def token(
    issuer: Issuer, claims: Claims, *, audience: str = AUDIENCE, lifetime: timedelta = LIFETIME, **more: object
) -> str:
    """An identity token for those claims, from now on. Its issuer is the one that signs, whatever the claims say.

    Args:
        more: claims of the token to add, or to put in the place of true ones
    """
    now = issuer.clock.seconds()
    times = {"iat": now, "nbf": now, "exp": now + int(lifetime.total_seconds())}
    said = {"iss": issuer.url, "aud": audience, **times, **_said_of(claims), **more}
    head = {"alg": "ES256", "typ": "JWT", "kid": issuer.key_id}
    text = f"{_encoded(head)}.{_encoded(said)}"
    r, s = decode_dss_signature(sign(issuer.key, text.encode()))
    return f"{text}.{_b64url(r.to_bytes(32) + s.to_bytes(32))}"


def checked(issuer: Issuer, raw: str, *, audience: str = AUDIENCE) -> Document:
    """The claims of a token that the issuer signed, now valid and for that audience. Raises TokenRefused."""
    try:
        head, body, signature = raw.split(".")
        header, said, pair = json.loads(_unb64url(head)), json.loads(_unb64url(body)), _unb64url(signature)
        der = encode_dss_signature(int.from_bytes(pair[:32]), int.from_bytes(pair[32:]))
        verify(issuer.key.public_key(), der, f"{head}.{body}".encode())
    except (ValueError, InvalidSignature) as error:
        raise TokenRefused("not a token that this issuer signed") from error
    if header.get("alg") != "ES256" or said.get("iss") != issuer.url:
        raise TokenRefused("of another algorithm or issuer")
    if said.get("aud") != audience:
        raise TokenRefused("for another audience")
    if not said["nbf"] <= issuer.clock.seconds() < said["exp"]:
        raise TokenRefused("not valid now")
    found: Document = said
    return found


def challenge(said: Document) -> str:
    """What a client signs to prove that it has the key: its e-mail address, or else its subject."""
    return str(said.get("email", said["sub"]))


def _said_of(claims: Claims) -> Document:
    if claims.github_workflow_repository:
        return {
            "sub": claims.token_subject or claims.subject,
            "job_workflow_ref": claims.build_signer_uri.removeprefix(_HOME),
            "workflow_ref": claims.build_config_uri.removeprefix(_HOME),
            "repository_owner": claims.source_repository_owner_uri.removeprefix(_HOME),
            "run_id": claims.run_invocation_uri.split("/")[-3],
            "run_attempt": claims.run_invocation_uri.split("/")[-1],
            **{name: getattr(claims, fact) for name, fact in _GITHUB.items()},
        }
    if "@" in claims.subject and "://" not in claims.subject:
        return {"sub": "CgYxMjM0NTY", "email": claims.subject, "email_verified": True}
    return {"sub": claims.subject}


def claims_of(said: Document) -> Claims:
    """What Fulcio certifies of a token's claims. Raises TokenRefused for an address that nobody verified."""
    if "job_workflow_ref" in said:
        home = f"{_HOME}{said['repository']}"
        signer = f"{_HOME}{said['job_workflow_ref']}"
        return Claims(
            subject=signer,
            issuer=said["iss"],
            github_workflow_trigger=said["event_name"],
            github_workflow_sha=said["sha"],
            github_workflow_ref=said["ref"],
            build_signer_uri=signer,
            build_config_uri=f"{_HOME}{said['workflow_ref']}",
            source_repository_uri=home,
            source_repository_owner_uri=f"{_HOME}{said['repository_owner']}",
            run_invocation_uri=f"{home}/actions/runs/{said['run_id']}/attempts/{said['run_attempt']}",
            token_subject=said["sub"],
            **{fact: said.get(name, "") for name, fact in _GITHUB.items()},
        )
    if "email" in said:
        if said.get("email_verified") is not True:
            raise TokenRefused("its e-mail address is not verified")
        return Claims(subject=said["email"], issuer=said["iss"])
    return Claims(subject=said["sub"], issuer=said["iss"])


def _b64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _unb64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(document: Document) -> str:
    return _b64url(json.dumps(document).encode())
