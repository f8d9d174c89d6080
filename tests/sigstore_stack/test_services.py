"""Sigstore's own client signs with a stack over HTTP, and its services refuse what the true ones refuse."""

import json
from collections.abc import Iterator
from datetime import timedelta

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import x448
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from rfc3161_client import TimestampRequestBuilder, decode_timestamp_response
from sigstore.dsse import StatementBuilder, Subject
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.oidc import IdentityToken, Issuer, detect_credential
from sigstore.sign import SigningContext
from sigstore.verify import Verifier

from tests.sigstore_stack import bundles, claims, entries, keys, oracle, tokens
from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import Document, b64, pem, sha256, spki, unb64
from tests.sigstore_stack.services import Services, served
from tests.sigstore_stack.stack import new_stack

ARTIFACT = b"signed over HTTP"
PERSON = claims.person()
X448_PEM = x448.X448PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def running() -> Iterator[Services]:
    with served(new_stack(Clock(oracle.today()), witnesses=1)) as services:
        yield services


@pytest.fixture
def services(running: Services) -> Services:
    """At today's time, however long ago the servers were started."""
    running.stack.clock.set(oracle.today())
    return running


def config(services: Services, rekor: int) -> ClientTrustConfig:
    return ClientTrustConfig.from_json(json.dumps(services.trust_config(rekor=rekor)))


def certified(services: Services, who: Claims) -> Claims:
    """As the issuer of the services says it."""
    return tokens.claims_of(tokens.checked(services.issuer, services.token(who)))


def post(url: str, document: Document, **headers: str) -> requests.Response:
    return requests.post(url, json=document, headers=headers, timeout=10)


@pytest.mark.parametrize("who", [PERSON, claims.workflow(), Claims(subject="spiffe://ci/builder", issuer="")])
@pytest.mark.parametrize("rekor", [1, 2])
def test_sigstore_signs_and_verifies_an_artifact(services: Services, rekor: int, who: Claims) -> None:
    trust = config(services, rekor)
    with SigningContext.from_trust_config(trust).signer(IdentityToken(services.token(who))) as signer:
        bundle = signer.sign_artifact(ARTIFACT)
    again = Bundle.from_json(bundle.to_json())
    policy = oracle.identity(certified(services, who))
    Verifier(trusted_root=trust.trusted_root).verify_artifact(ARTIFACT, again, policy)


@pytest.mark.parametrize("rekor", [1, 2])
def test_sigstore_signs_and_verifies_a_statement(services: Services, rekor: int) -> None:
    trust = config(services, rekor)
    subject = Subject(name="artifact", digest={"sha256": sha256(ARTIFACT).hex()})
    statement = StatementBuilder([subject], "https://slsa.dev/provenance/v1", {}).build()
    with SigningContext.from_trust_config(trust).signer(IdentityToken(services.token(PERSON))) as signer:
        bundle = signer.sign_dsse(statement)
    kind, payload = Verifier(trusted_root=trust.trusted_root).verify_dsse(
        Bundle.from_json(bundle.to_json()), oracle.identity(certified(services, PERSON))
    )
    assert kind == bundles.IN_TOTO
    assert json.loads(payload)["subject"][0]["digest"] == {"sha256": sha256(ARTIFACT).hex()}


def test_a_job_of_github_actions_is_given_a_token(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in services.github_environment().items():
        monkeypatch.setenv(name, value)
    raw = detect_credential()
    assert raw is not None
    assert tokens.claims_of(tokens.checked(services.issuer, raw)) == certified(services, claims.workflow())


def test_a_token_keeps_every_claim_of_a_workflow(services: Services) -> None:
    assert certified(services, claims.workflow()) == claims.workflow(issuer=services.issuer.url)


def test_a_token_is_checked_by_the_published_keys(services: Services) -> None:
    found = requests.get(f"{services.urls.issuer}/.well-known/openid-configuration", timeout=10).json()
    (key,) = requests.get(found["jwks_uri"], timeout=10).json()["keys"]
    read = jwt.decode(
        services.token(PERSON),
        jwt.PyJWK(key).key,
        algorithms=["ES256"],
        audience="sigstore",
        issuer=found["issuer"],
        leeway=5,
    )
    assert read["email"] == PERSON.subject
    Issuer(services.urls.issuer)


def proof(services: Services, who: Claims, key: keys.PrivateKey, challenge: str) -> Document:
    wanted = {"publicKey": {"algorithm": "ECDSA", "content": pem(key.public_key()).decode()}}
    signed = {"proofOfPossession": b64(keys.sign(key, challenge.encode()))}
    return {
        "credentials": {"oidcIdentityToken": services.token(who)},
        "publicKeyRequest": {**wanted, **signed},
    }


@pytest.mark.parametrize("who", [PERSON, claims.workflow()])
def test_a_signed_challenge_proves_the_key(services: Services, who: Claims) -> None:
    """The way of clients that send no signing request, such as cosign."""
    key = keys.p256()
    challenge = tokens.challenge(tokens.checked(services.issuer, services.token(who)))
    reply = post(f"{services.urls.authority}/api/v2/signingCert", proof(services, who, key, challenge))
    chain = reply.json()["signedCertificateEmbeddedSct"]["chain"]["certificates"]
    leaf, *rest = (x509.load_pem_x509_certificate(each.encode()) for each in chain)
    assert leaf.public_key() == key.public_key()
    assert tuple(rest) == services.stack.authority.chain


def test_a_challenge_signed_by_another_key_is_refused(services: Services) -> None:
    asked = proof(services, PERSON, keys.p256(), PERSON.subject)
    asked["publicKeyRequest"]["publicKey"]["content"] = pem(keys.p256().public_key()).decode()
    reply = post(f"{services.urls.authority}/api/v2/signingCert", asked)
    assert (reply.status_code, reply.json()["message"]) == (400, "the proof of possession is not signed by the key")


def test_a_signing_request_of_another_key_is_refused(services: Services) -> None:
    own, other = keys.p256(), keys.p256()
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(own, hashes.SHA256())
    swapped = made.public_bytes(Encoding.DER).replace(spki(own.public_key()), spki(other.public_key()))
    forged = x509.load_der_x509_csr(swapped)
    assert forged.public_key() == other.public_key()
    url, asked = f"{services.urls.authority}/api/v2/signingCert", b64(forged.public_bytes(Encoding.PEM))
    reply = post(url, {"certificateSigningRequest": asked}, Authorization=f"Bearer {services.token(PERSON)}")
    assert (reply.status_code, reply.json()["message"]) == (400, "the signing request is not signed by its key")


def test_a_key_of_another_kind_is_refused(services: Services) -> None:
    asked = proof(services, PERSON, keys.p256(), PERSON.subject)
    asked["publicKeyRequest"]["publicKey"]["content"] = X448_PEM.decode()
    reply = post(f"{services.urls.authority}/api/v2/signingCert", asked)
    assert (reply.status_code, reply.json()["message"]) == (400, "keys of X448PublicKey are not taken")


def refused_tokens(services: Services) -> dict[str, str]:
    good = services.token(PERSON)
    head, _, signature = good.split(".")
    other = services.token(claims.person("attacker@example.com")).split(".")[1]
    expired = tokens.token(services.issuer, PERSON, lifetime=-timedelta(seconds=1))
    return {
        f"{head}.{other}.{signature}": "not a token that this issuer signed",
        tokens.token(tokens.new_issuer(services.stack.clock, services.issuer.url), PERSON): "not a token that",
        "a.b": "not a token that this issuer signed",
        tokens.token(services.issuer, PERSON, iss="https://elsewhere.example.com"): "of another algorithm or issuer",
        tokens.token(services.issuer, PERSON, audience="pypi"): "for another audience",
        expired: "not valid now",
        tokens.token(services.issuer, PERSON, email_verified=False): "its e-mail address is not verified",
    }


def test_tokens_that_are_not_good_are_refused(services: Services) -> None:
    for raw, reason in refused_tokens(services).items():
        asked = proof(services, PERSON, keys.p256(), PERSON.subject)
        asked["credentials"]["oidcIdentityToken"] = raw
        reply = post(f"{services.urls.authority}/api/v2/signingCert", asked)
        assert reply.status_code == 401
        assert reason in reply.json()["message"]


def test_no_token_no_certificate(services: Services) -> None:
    reply = post(f"{services.urls.authority}/api/v2/signingCert", {"certificateSigningRequest": ""})
    assert reply.status_code == 401


def proposals(signer: bundles.Signer) -> dict[str, Document]:
    """What clients send for a true signature, by kind."""
    certificate = b64(pem(signer.verifier))
    content = bundles.message(signer, ARTIFACT)
    envelope = bundles.envelope(signer, bundles.statement(ARTIFACT))
    twice = {
        "payloadType": envelope["payloadType"],
        "payload": b64(envelope["payload"].encode()),
        "signatures": [{"sig": b64(envelope["signatures"][0]["sig"].encode()), "publicKey": certificate}],
    }
    verifier = entries.verifier_2(signer.verifier)
    signature = {"content": content["signature"], "verifier": verifier}
    return {
        "hashedrekord 0.0.1": entries.hashedrekord_1(
            ARTIFACT, unb64(content["signature"]), pem(signer.verifier), signer.key.public_key()
        ),
        "dsse 0.0.1": {
            "kind": "dsse",
            "apiVersion": "0.0.1",
            "spec": {"proposedContent": {"envelope": json.dumps(envelope), "verifiers": [certificate]}},
        },
        "intoto 0.0.2": {"kind": "intoto", "apiVersion": "0.0.2", "spec": {"content": {"envelope": twice}}},
        "hashedrekord 0.0.2": {"hashedRekordRequestV002": {"digest": b64(sha256(ARTIFACT)), "signature": signature}},
        "dsse 0.0.2": {"dsseRequestV002": {"envelope": envelope, "verifiers": [verifier]}},
    }


def propose(services: Services, name: str, proposed: Document) -> requests.Response:
    if name.endswith("0.0.2") and not name.startswith("intoto"):
        return post(f"{services.urls.rekor_2}/api/v2/log/entries", proposed)
    return post(f"{services.urls.rekor_1}/api/v1/log/entries", proposed)


KINDS = ("hashedrekord 0.0.1", "dsse 0.0.1", "intoto 0.0.2", "hashedrekord 0.0.2", "dsse 0.0.2")


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("managed", [False, True], ids=["certificate", "key"])
def test_each_kind_of_entry_is_logged(services: Services, name: str, managed: bool) -> None:
    signer = bundles.managed() if managed else bundles.enroll(services.stack)
    reply = propose(services, name, proposals(signer)[name])
    assert reply.status_code == 201, reply.text
    entry = reply.json() if "logId" in reply.json() else next(iter(reply.json().values()))
    body = json.loads(unb64(entry.get("canonicalizedBody") or entry["body"]))
    assert f"{body['kind']} {body['apiVersion']}" == name


def test_rekor_1_says_which_of_its_reply_is_the_entry(services: Services) -> None:
    """Go's client takes it from the ETag."""
    reply = propose(services, "dsse 0.0.1", proposals(bundles.managed())["dsse 0.0.1"])
    assert list(reply.json()) == [reply.headers["ETag"]]
    assert reply.headers["Location"] == f"/api/v1/log/entries/{reply.headers['ETag']}"


@pytest.mark.parametrize("name", KINDS)
def test_a_signature_of_another_key_is_not_logged(services: Services, name: str) -> None:
    signer = bundles.enroll(services.stack)
    liar = bundles.Signer(key=keys.p256(), certificate=signer.certificate)
    size = services.stack.rekor_1.tree.size, services.stack.rekor_2.tree.size
    reply = propose(services, name, proposals(liar)[name])
    assert reply.status_code == 400
    assert "InvalidSignature" in reply.json()["message"]
    assert (services.stack.rekor_1.tree.size, services.stack.rekor_2.tree.size) == size


def test_what_no_service_has_is_refused_and_remembered(services: Services) -> None:
    reply = requests.get(f"{services.urls.tsa}/certchain", timeout=10)
    assert reply.status_code == 404
    assert services.seen[-1].path == "/api/v1/timestamp/certchain"
    assert (
        post(f"{services.urls.rekor_1}/api/v1/log/entries", {"kind": "jar", "apiVersion": "0.0.1"}).status_code == 400
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_a_timestamp_has_its_certificate_when_asked_for(services: Services, wanted: bool) -> None:
    asked = TimestampRequestBuilder().data(ARTIFACT).cert_request(cert_request=wanted).build()
    reply = requests.post(services.urls.tsa, data=asked.as_bytes(), timeout=10)
    token = decode_timestamp_response(reply.content)
    assert token.tst_info.nonce == asked.nonce
    assert bool(token.signed_data.certificates) == wanted


def test_a_request_that_is_no_timestamp_request_is_refused(services: Services) -> None:
    reply = requests.post(services.urls.tsa, data=b"not DER", timeout=10)
    assert reply.status_code == 400
    assert "cannot be used" in reply.json()["message"]
