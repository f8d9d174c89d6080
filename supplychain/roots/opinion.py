"""A second opinion: whether sigstore-python, by its public API, comes to the same as our verifier.

It is asked about a proof that ours made, from the same bytes, against the same root, and for the same identity. It
judges only a part of what there is; what it cannot judge is told, and what it refuses is refused. It reads neither the
network nor a user's cache here.
"""

import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supplychain.errors import SecondOpinionDiffers
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import BUNDLE_V01, Bundle, Certificates, LogEntry
from supplychain.model.evidence import Evidence
from supplychain.model.statement import PAYLOAD_TYPE, Envelope
from supplychain.model.verified import Verified
from supplychain.verify import bundle as bundles
from supplychain.verify.root import TrustedRoot, parse_root
from supplychain.verify.witness import certificate_key

if TYPE_CHECKING:
    from sigstore.verify import Verifier

AGREES: Final = "sigstore-python agrees"

_ENTRIES: Final = {
    True: {("dsse", "0.0.1"), ("hashedrekord", "0.0.2")},
    False: {("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2")},
}
"""Entries it reads, of statements and of signatures."""


def second_opinion(evidence: Evidence, artifact: Artifact, proof: Verified[Any], *, root: bytes | None) -> str:
    """`AGREES`, or ``not judged by sigstore-python: ...`` with the reason.

    ``proof`` is what our verifier made of ``evidence``, ``root`` the trusted root that vouched for it. Raises
    SecondOpinionDiffers when it refuses what ours accepted, also when it fails in a way of its own.
    """
    if root is None or proof.certificate is None:
        return _not_judged("signed by a key")
    parsed = bundles.parse(evidence.data, where=evidence.uri)
    if reason := _unable(evidence, parsed, parse_root(root, where="trusted root")):
        return _not_judged(reason)
    with _refusing(evidence.uri):
        _judge(evidence, artifact, proof, root)
    return AGREES


def _not_judged(reason: str) -> str:
    return f"not judged by sigstore-python: {reason}"


def _unable(evidence: Evidence, parsed: Bundle | Envelope, root: TrustedRoot) -> str:
    """Why it has no judgement on this; empty when it has one. Nothing here depends on whether ours accepted it."""
    if not isinstance(parsed, Bundle) or not isinstance(parsed.material, Certificates):
        return "signed by a key"
    if b'"mediaType"' not in evidence.data:
        return "not in a Sigstore bundle"
    if not (root.logs and root.ct_logs):
        return "the trusted root has no logs"
    if len(parsed.log_entries) != 1:
        return f"{len(parsed.log_entries)} log entries, and it takes one"
    if certificate_key(parsed.material, where=evidence.uri).algorithm != "ecdsa-p256":
        return "its key is not P-256"
    return _unable_to_read(parsed.log_entries[0], parsed)


def _unable_to_read(entry: LogEntry, bundle: Bundle) -> str:
    if (entry.kind, entry.version) not in _ENTRIES[isinstance(bundle.content, Envelope)]:
        return f"a log entry of kind {entry.kind[:40]} {entry.version[:40]}"
    if entry.proof is None or (bundle.media_type == BUNDLE_V01 and entry.promise is None):
        return "a log entry without the proof or promise it asks for"
    return ""


def _judge(evidence: Evidence, artifact: Artifact, proof: Verified[Any], root: bytes) -> None:
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle as TheirBundle
    from sigstore.verify import policy
    from sigstore_models.common.v1 import HashAlgorithm

    assert proof.certificate is not None
    who: list[policy.VerificationPolicy] = [policy.Identity(identity=proof.signer_id, issuer=proof.issuer)]
    if proof.certificate.source_repository:
        who.append(policy.OIDCSourceRepositoryURI(proof.certificate.source_repository))
    theirs = TheirBundle.from_json(evidence.data)
    judge = _verifier(root)
    if "dsseEnvelope" not in json.loads(evidence.data):
        digest = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(artifact.sha256))
        judge.verify_artifact(digest, theirs, policy.AllOf(who))
        return
    kind, payload = judge.verify_dsse(theirs, policy.AllOf(who))
    if (kind, hashlib.sha256(payload).hexdigest()) != (PAYLOAD_TYPE, proof.payload_sha256):
        raise ValueError("it read another statement")


@lru_cache(maxsize=16)
def _verifier(root: bytes) -> "Verifier":
    """Its verifier for this root: one for all that is asked about."""
    from sigstore.models import TrustedRoot as TheirRoot
    from sigstore.verify import Verifier

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trusted_root.json")
        path.write_bytes(root)
        return Verifier(trusted_root=TheirRoot.from_file(str(path)))


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    """Whatever it raises is a refusal: an unknown failure of a verifier is no yes."""
    log = logging.getLogger("sigstore")
    before, log.disabled = log.disabled, True
    try:
        yield
    except Exception as e:  # its own errors, pydantic's, AttributeError and any other: none may pass
        said = (str(e) or "no reason given").partition("\n")[0][:300]
        raise SecondOpinionDiffers(
            f"our verifier accepts it, sigstore-python does not: {type(e).__name__}: {said}",
            where=where,
            hint="do not use the artifact; one of the two verifiers is wrong, or the evidence deceives one: report it",
        ) from e
    finally:
        log.disabled = before
