"""The HTTP interfaces of a stack's services, without HTTP: a request in, a reply out.

Each checks what the true service checks before it certifies or logs: Fulcio the token and the proof of possession,
Rekor the signature.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from tests.sigstore_stack import entries, rekor, tokens, tsa
from tests.sigstore_stack.authority import issue
from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.encoding import Document, b64, pem, unb64
from tests.sigstore_stack.entries import Verifier, public_key_of
from tests.sigstore_stack.keys import PublicKey, digest_of, verify, verify_digest
from tests.sigstore_stack.merkle import leaf_hash
from tests.sigstore_stack.stack import Stack
from tests.sigstore_stack.tokens import Issuer, TokenRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`headers` by names in lower case; `query` by name, the last of each."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Routes: TypeAlias = Mapping[tuple[str, str], Callable[[Request], Reply]]
"""By method and path."""


def answered(routes: Routes, request: Request) -> Reply:
    """By the route, or an error in the form that Sigstore's services have in common."""
    try:
        route = routes.get((request.method, request.path))
        if route is None:
            raise Refused(404, f"no {request.method} {request.path} here")
        return route(request)
    except Refused as error:
        return _json({"code": error.status, "message": str(error)}, error.status)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
        return _json({"code": 400, "message": f"the request cannot be used: {type(error).__name__} {error}"}, 400)


def _json(document: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(document).encode())


def fulcio(stack: Stack, issuer: Issuer) -> Routes:
    """POST /api/v2/signingCert, GET /api/v2/trustBundle."""

    def signing_cert(request: Request) -> Reply:
        asked = json.loads(request.body)
        said = _identified(asked, request, issuer)
        key = _proven_key(asked, said)
        leaf = issue(stack.authority, key, tokens.claims_of(said), log=stack.ctlog)
        chain = [pem(each).decode() for each in (leaf, *stack.authority.chain)]
        return _json({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})

    def trust_bundle(_: Request) -> Reply:
        return _json({"chains": [{"certificates": [pem(each).decode() for each in stack.authority.chain]}]})

    return {("POST", "/api/v2/signingCert"): signing_cert, ("GET", "/api/v2/trustBundle"): trust_bundle}


def _identified(asked: Document, request: Request, issuer: Issuer) -> Document:
    raw = asked.get("credentials", {}).get("oidcIdentityToken")
    if raw is None:
        scheme, _, raw = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Refused(401, "no identity token")
    try:
        said = tokens.checked(issuer, raw)
        tokens.claims_of(said)
    except TokenRefused as error:
        raise Refused(401, f"identity token refused: {error}") from error
    return said


def _proven_key(asked: Document, said: Document) -> PublicKey:
    """The key of a request whose sender proved to have it."""
    try:
        if "certificateSigningRequest" in asked:
            csr = x509.load_pem_x509_csr(unb64(asked["certificateSigningRequest"]))
            if not csr.is_signature_valid:
                raise Refused(400, "the signing request is not signed by its key")
            return _usable(csr.public_key())
        wanted = asked["publicKeyRequest"]
        key = _usable(serialization.load_pem_public_key(wanted["publicKey"]["content"].encode()))
        verify(key, unb64(wanted["proofOfPossession"]), tokens.challenge(said).encode())
    except InvalidSignature as error:
        raise Refused(400, "the proof of possession is not signed by the key") from error
    return key


def _usable(key: object) -> PublicKey:
    if not isinstance(key, PublicKey):
        raise Refused(400, f"keys of {type(key).__name__} are not taken")
    return key


def rekor_1(stack: Stack) -> Routes:
    """POST /api/v1/log/entries, GET /api/v1/log/publicKey."""
    log = stack.rekor_1

    def add(request: Request) -> Reply:
        proposed = json.loads(request.body)
        kind = (proposed["kind"], proposed["apiVersion"])
        makers = {
            ("hashedrekord", "0.0.1"): _hashedrekord_1,
            ("dsse", "0.0.1"): _dsse_1,
            ("intoto", "0.0.2"): _intoto_2,
        }
        if kind not in makers:
            raise Refused(400, f"entries of {kind} are not taken")
        entry = rekor.log(log, makers[kind](proposed["spec"]))
        uuid = f"{int(log.origin.rpartition(' ')[2]):016x}{leaf_hash(unb64(entry['canonicalizedBody'])).hex()}"
        where = {"ETag": uuid, "Location": f"{request.path}/{uuid}"}
        return replace(_json({uuid: _entry_1(entry)}, 201), headers=where)

    def public_key(_: Request) -> Reply:
        return Reply(status=200, body=pem(log.key.public_key()), content_type="application/x-pem-file")

    return {("POST", "/api/v1/log/entries"): add, ("GET", "/api/v1/log/publicKey"): public_key}


def _entry_1(entry: Document) -> Document:
    """In the form of Rekor v1's interface: numbers are numbers and hashes are hex."""
    proof = entry["inclusionProof"]
    return {
        "body": entry["canonicalizedBody"],
        "integratedTime": int(entry["integratedTime"]),
        "logID": unb64(entry["logId"]["keyId"]).hex(),
        "logIndex": int(entry["logIndex"]),
        "verification": {
            "inclusionProof": {
                "checkpoint": proof["checkpoint"]["envelope"],
                "hashes": [unb64(each).hex() for each in proof["hashes"]],
                "logIndex": int(proof["logIndex"]),
                "rootHash": unb64(proof["rootHash"]).hex(),
                "treeSize": int(proof["treeSize"]),
            },
            "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        },
    }


def _of_pem(data: bytes) -> Verifier:
    if b"BEGIN CERTIFICATE" in data:
        return x509.load_pem_x509_certificate(data)
    return _usable(serialization.load_pem_public_key(data))


def _hashedrekord_1(spec: Document) -> Document:
    wanted, signature = spec["data"]["hash"], spec["signature"]
    verifier = unb64(signature["publicKey"]["content"])
    key = public_key_of(_of_pem(verifier))
    verify_digest(key, unb64(signature["content"]), wanted["algorithm"], bytes.fromhex(wanted["value"]))
    return entries.hashedrekord_1_of(wanted["algorithm"], wanted["value"], signature["content"], verifier)


def _checked_envelope(envelope: Document, verifiers: list[Verifier]) -> Document:
    message = entries.pae(envelope["payloadType"], unb64(envelope["payload"]))
    for signature, verifier in zip(envelope["signatures"], verifiers, strict=True):
        verify(public_key_of(verifier), unb64(signature["sig"]), message)
    return envelope


def _dsse_1(spec: Document) -> Document:
    proposed = spec["proposedContent"]
    (verifier,) = (unb64(each) for each in proposed["verifiers"])
    envelope = _checked_envelope(json.loads(proposed["envelope"]), [_of_pem(verifier)])
    return entries.dsse_1(envelope, verifier, sent=proposed["envelope"].encode())


def _intoto_2(spec: Document) -> Document:
    """Its payload and signatures come in base64 twice."""
    proposed = spec["content"]["envelope"]
    (signature,) = proposed["signatures"]
    verifier = unb64(signature["publicKey"])
    envelope = {
        "payloadType": proposed["payloadType"],
        "payload": unb64(proposed["payload"]).decode(),
        "signatures": [{"sig": unb64(signature["sig"]).decode()}],
    }
    return entries.intoto_2(_checked_envelope(envelope, [_of_pem(verifier)]), verifier)


def rekor_2(stack: Stack) -> Routes:
    """POST /api/v2/log/entries."""

    def add(request: Request) -> Reply:
        asked = json.loads(request.body)
        if "hashedRekordRequestV002" in asked:
            made = _hashedrekord_2(asked["hashedRekordRequestV002"])
        else:
            wanted = asked["dsseRequestV002"]
            envelope = _checked_envelope(wanted["envelope"], [_of_document(each) for each in wanted["verifiers"]])
            made = entries.dsse_2_of(envelope, wanted["verifiers"])
        return _json(rekor.log(stack.rekor_2, made), 201)

    return {("POST", "/api/v2/log/entries"): add}


def _of_document(verifier: Document) -> Verifier:
    if "x509Certificate" in verifier:
        return x509.load_der_x509_certificate(unb64(verifier["x509Certificate"]["rawBytes"]))
    return _usable(serialization.load_der_public_key(unb64(verifier["publicKey"]["rawBytes"])))


def _hashedrekord_2(wanted: Document) -> Document:
    signature = wanted["signature"]
    key = public_key_of(_of_document(signature["verifier"]))
    algorithm = digest_of(key)
    if algorithm is None:
        raise Refused(400, "a signature of this key covers no digest")
    verify_digest(key, unb64(signature["content"]), algorithm, unb64(wanted["digest"]))
    data = {"algorithm": entries.algorithm_2(algorithm), "digest": b64(unb64(wanted["digest"]))}
    return entries.hashedrekord_2_of(data, signature)


def timestamping(stack: Stack) -> Routes:
    """POST /api/v1/timestamp."""

    def timestamp(request: Request) -> Reply:
        stamped = tsa.respond(stack.tsa, request.body)
        return Reply(status=201, body=stamped, content_type="application/timestamp-reply")

    return {("POST", "/api/v1/timestamp"): timestamp}


def oidc(issuer: Issuer, ambient: Claims, secret: str) -> Routes:
    """Discovery, keys, and the token endpoint of a GitHub Actions runner for the claims of its workflow."""

    def runner(request: Request) -> Reply:
        if request.headers.get("authorization", "").lower() != f"bearer {secret}".lower():
            raise Refused(401, "not the runner")
        return _json({"value": tokens.token(issuer, ambient, audience=request.query["audience"])})

    return {
        ("GET", "/.well-known/openid-configuration"): lambda _: _json(tokens.discovery(issuer)),
        ("GET", "/keys"): lambda _: _json(tokens.key_set(issuer)),
        ("GET", "/actions/token"): runner,
    }
