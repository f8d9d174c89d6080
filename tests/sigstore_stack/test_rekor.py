"""Logs, their ids and their checkpoints are as verifiers of Sigstore's instances expect them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.sigstore_stack import bundles, claims, keys, oracle, rekor, root
from tests.sigstore_stack.encoding import sha256, spki, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.notes import key_id
from tests.sigstore_stack.stack import Stack

VECTORS = Path(__file__).resolve().parents[3] / "shared/vectors/sigstore-conformance"
ARTIFACT = b"logged"


@pytest.mark.skipif(not VECTORS.is_dir(), reason="the conformance suite is not here")
def test_the_id_of_an_ed25519_log_is_that_of_real_ones() -> None:
    trusted = json.loads((VECTORS / "rekor2-dsse-happy-path/trusted_root.json").read_bytes())
    logs = [each for each in trusted["tlogs"] if each["publicKey"]["keyDetails"] == "PKIX_ED25519"]
    assert logs
    for each in logs:
        key = serialization.load_der_public_key(unb64(each["publicKey"]["rawBytes"]))
        assert isinstance(key, ed25519.Ed25519PublicKey)
        assert key_id(each["baseUrl"].removeprefix("https://"), key) == unb64(each["logId"]["keyId"])


def test_the_id_of_an_ed25519_log_is_of_its_name_and_key(stack: Stack) -> None:
    """https://c2sp.org/signed-note, of which Rekor v2 takes all 32 bytes."""
    log = stack.rekor_2
    raw = spki(log.key.public_key())[-32:]
    assert log.log_id == sha256(log.name.encode() + b"\x0a\x01" + raw)


def test_the_id_of_an_ecdsa_log_is_the_digest_of_its_key(stack: Stack) -> None:
    assert stack.rekor_1.log_id == sha256(spki(stack.rekor_1.key.public_key()))


@pytest.mark.parametrize("version", [1, 2])
def test_a_checkpoint_is_signed_under_the_first_bytes_of_the_id(stack: Stack, version: int) -> None:
    log = stack.rekor(version)
    text, _, lines = rekor.checkpoint(log).rpartition("\n\n")
    dash, name, signature = lines.splitlines()[0].split(" ")
    assert (dash, name) == ("\N{EM DASH}", log.name)
    assert text.splitlines()[0] == log.origin
    assert unb64(signature)[:4] == log.log_id[:4]
    keys.verify(log.key.public_key(), unb64(signature)[4:], f"{text}\n".encode())
    with pytest.raises(InvalidSignature):
        keys.verify(log.key.public_key(), unb64(signature)[4:], text.encode())


def test_witnesses_cosign_text_and_time(stack: Stack) -> None:
    log = stack.rekor_2
    text, _, lines = rekor.checkpoint(log).rpartition("\n\n")
    for witness, line in zip(log.witnesses, lines.splitlines()[1:], strict=True):
        _, name, signature = line.split(" ")
        raw = unb64(signature)
        assert name == witness.name
        assert raw[:4] == key_id(name, witness.key.public_key(), kind=b"\x04")[:4]
        seconds = int.from_bytes(raw[4:12])
        assert seconds == stack.clock.seconds()
        keys.verify(witness.key.public_key(), raw[12:], f"cosignature/v1\ntime {seconds}\n{text}\n".encode())


@pytest.mark.parametrize("kind", [EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2])
def test_an_entry_is_proven_in_a_tree_that_grew_since(stack: Stack, kind: EntryKind) -> None:
    bundle = bundles.signed_artifact(stack, ARTIFACT, kind=kind)
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    for more in range(5):
        bundles.signed_artifact(stack, b"%d" % more, kind=kind)
    later = rekor.proof(stack.rekor(kind.rekor), int(entry["inclusionProof"]["logIndex"]))
    assert int(later["treeSize"]) == int(entry["inclusionProof"]["treeSize"]) + 5
    entry["inclusionProof"] = later
    oracle.judge(root.trusted_root(stack), bundle, ARTIFACT, oracle.identity(claims.workflow()))


def test_rekor_2_promises_no_time(stack: Stack) -> None:
    bundle = bundles.signed_artifact(stack, ARTIFACT, kind=EntryKind.HASHEDREKORD_2)
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    assert not {"integratedTime", "inclusionPromise"} & set(entry)


def test_rekor_1_tells_the_time_of_the_clock(stack: Stack) -> None:
    with stack.clock.at(stack.clock.now() + timedelta(minutes=3)):
        bundle = bundles.signed_artifact(stack, ARTIFACT)
        now = stack.clock.seconds()
    (entry,) = bundle["verificationMaterial"]["tlogEntries"]
    assert int(entry["integratedTime"]) == now
    assert stack.clock.seconds() == now - 180
