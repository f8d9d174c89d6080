"""Real keys and the evidence they sign, for tests: nothing here is mocked."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from supplychain.keys import PrivateKey, generate, read_private
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.statement import PAYLOAD_TYPE, STATEMENT_V1, pae
from supplychain.signing.local import LocalSigner
from supplychain.verify import bundle as bundles

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CONTENT = b"the bytes of a release\n"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PASSED = {"result": "PASSED", "configuration": [{"digest": {"sha256": "0" * 64}}]}


@cache
def key(name: str = "release") -> PrivateKey:
    """A P-256 key, one for each name."""
    assert name
    return generate()


@cache
def other_key(kind: str) -> PrivateKey:
    """A key of another kind, read from the PEM another tool would write."""
    kinds: dict[str, Callable[[], Any]] = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 3072),
    }
    made = kinds[kind]()
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return read_private(pem, password=None)


def artifact(content: bytes = CONTENT, name: str = "app.tar.gz") -> Artifact:
    """Measured bytes."""
    return Artifact(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        measure=lambda algorithm: hashlib.new(algorithm, content).hexdigest(),
    )


def by_digest(content: bytes = CONTENT) -> Artifact:
    """Only the digest is known."""
    return Artifact(name="sha256:...", sha256=hashlib.sha256(content).hexdigest())


def subject(content: bytes = CONTENT, *algorithms: str, name: str = "app.tar.gz") -> dict[str, Any]:
    """A subject with the digests by these algorithms; sha256 unless others are named."""
    return {"name": name, "digest": {a: hashlib.new(a, content).hexdigest() for a in algorithms or ("sha256",)}}


def statement(
    subjects: Sequence[Mapping[str, Any]] | None = None,
    predicate_type: str = TEST_RESULT,
    predicate: Any = PASSED,
    kind: str = STATEMENT_V1,
) -> bytes:
    """A Statement, as loosely written as other tools do."""
    found = [subject()] if subjects is None else list(subjects)
    made = {"_type": kind, "subject": found, "predicateType": predicate_type, "predicate": predicate}
    return json.dumps(made).encode()


def envelope(
    payload: bytes, *keys: PrivateKey, payload_type: str = PAYLOAD_TYPE, keyid: str = "", signed: bytes | None = None
) -> dict[str, Any]:
    """A DSSE envelope signed by each key; over other bytes where ``signed`` gives them."""
    covered = pae(payload_type, payload) if signed is None else signed
    signatures = [{"sig": base64.b64encode(k.sign(covered)).decode(), "keyid": keyid} for k in keys]
    return {"payload": base64.b64encode(payload).decode(), "payloadType": payload_type, "signatures": signatures}


def evidence(value: Any, uri: str = "app.tar.gz.sigstore.json") -> Evidence:
    """Anything as evidence: bytes as they are, the rest as JSON."""
    return Evidence(uri=uri, data=value if isinstance(value, bytes) else json.dumps(value).encode())


def attested(payload: bytes | None = None, signer: PrivateKey | None = None) -> dict[str, Any]:
    """A bundle of a Statement, to be altered."""
    made: dict[str, Any] = json.loads(
        bundles.encode(LocalSigner(signer or key()).sign_statement(statement() if payload is None else payload))
    )
    return made


def signed(content: bytes = CONTENT, signer: PrivateKey | None = None) -> dict[str, Any]:
    """A bundle of a message signature, to be altered."""
    made: dict[str, Any] = json.loads(bundles.encode(LocalSigner(signer or key()).sign_artifact(artifact(content))))
    return made
