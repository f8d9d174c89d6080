"""Each forgery is refused by Sigstore's own client; what that lets pass, or cannot judge, is listed with the reason."""

import inspect
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sigstore.errors import Error

from tests.sigstore_stack import (
    attacks_on_content,
    attacks_on_logs,
    attacks_on_trust,
    bundles,
    claims,
    entries,
    keys,
    oracle,
    root,
)
from tests.sigstore_stack.attacks import ATTACKS, Scene
from tests.sigstore_stack.encoding import pem, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack

WORKFLOW = claims.workflow()
PASSED = {
    "entry_of_a_retired_log": "it ignores that a log's key had ended",
    "certificate_by_a_retired_authority": "it ignores that an authority had ended",
    "sct_of_a_retired_log": "it ignores that a CT log's key had ended",
    "size_that_the_checkpoint_has_not": "it compares the root hash of a checkpoint, not its size",
    "checkpoint_signed_for_another_origin": "it does not compare the origin of a checkpoint",
    "promise_in_the_future": "it does not read a clock to verify",
    "timestamp_in_the_future": "it does not read a clock to verify",
}
"""What sigstore-python accepts."""
REFUSED = {
    "entry is inconsistent with other materials": (
        "entry_of_another_artifact hashedrekord_2_entry_of_another_statement entry_of_another_signature "
        "entry_of_another_certificate"
    ),
    "log entry payload hash does not match": "dsse_entry_of_another_statement",
    "Unsupported DSSE log entry": "dsse_2_entry_of_another_statement",
    "Integrated time only supported for": "intoto_1_entry_of_another_statement intoto_2_entry_of_another_statement",
    "checkpoint: invalid signature": (
        "entry_of_another_log entry_of_another_log_2 checkpoint_with_another_origin checkpoint_of_another_key"
    ),
    "checkpoint: Signature not found": "entry_of_another_log_under_our_id checkpoint_of_witnesses_alone",
    "expected exactly one log entry": "entry_twice no_entry",
    "Expected entry type hashedrekord": "entry_of_another_kind_than_it_says",
    "inclusionProof": "no_proof",
    "must contain inclusion proof, with checkpoint": "no_checkpoint",
    "inclusion proof contains invalid root hash": (
        "proof_of_another_leaf proof_with_another_hash head_that_the_tree_has_not"
    ),
    "Inclusion proof contains invalid root hash signature": "head_of_another_size",
    "must contain at least one signature": "checkpoint_without_signatures",
    "SET: invalid inclusion promise": (
        "promise_over_another_body promise_of_another_log promise_with_another_time promise_with_another_index"
    ),
    "must contain an inclusion promise or signed timestamp": "promise_left_out no_time_at_all",
    "cert is not valid at validation time": (
        "promise_after_the_certificate promise_before_the_certificate certificate_by_an_expired_intermediate "
        "timestamp_after_the_certificate timestamp_before_the_certificate"
    ),
    "candidates exhausted: signature does not match": "certificate_of_another_authority",
    "expected non-empty certificate chain": "certificate_chain_empty",
    "cA must not be asserted in an EE certificate": "certificate_of_the_authority_itself",
    "does not contain a signed certificate timestamp": "sct_missing",
    "SCT verify failed": "sct_of_another_log sct_of_another_certificate",
    "not enough sources of verified time": (
        "timestamp_of_another_authority timestamp_of_an_expired_certificate timestamp_of_a_retired_authority "
        "timestamp_of_an_authority_to_come timestamp_over_another_signature"
    ),
    "duplicate timestamp": "timestamp_twice",
    "Signature is invalid for input": (
        "signature_of_another_key signature_of_other_bytes_under_our_digest signature_as_two_numbers"
    ),
    "message digest mismatch": "signature_of_other_bytes digest_of_other_bytes",
    "DSSE: invalid signature": (
        "envelope_signed_over_its_payload envelope_signed_for_another_type envelope_with_another_payload"
    ),
    "envelope must contain exactly one signature": "envelope_without_signatures envelope_with_two_signatures",
}
"""Why it refuses the others. Entries of dsse 0.0.2 and intoto it refuses whatever they say."""
REASONS = {name: reason for reason, names in REFUSED.items() for name in names.split()}


@pytest.fixture
def scene(stack: Stack, stranger: Stack) -> Scene:
    return Scene(stack=stack, stranger=stranger)


def judge(scene: Scene, name: str) -> None:
    forgery = ATTACKS[name](scene)
    oracle.judge(forgery.root, forgery.bundle, scene.artifact, oracle.identity(WORKFLOW))


@pytest.mark.parametrize("name", REASONS)
def test_it_is_refused(scene: Scene, name: str) -> None:
    with pytest.raises(Error) as refused:
        judge(scene, name)
    assert REASONS[name] in str(refused.value)


@pytest.mark.parametrize("name", PASSED)
def test_sigstore_lets_it_pass(scene: Scene, name: str) -> None:
    """When a newer sigstore-python refuses it, it leaves the list."""
    judge(scene, name)


@pytest.mark.parametrize("module", [attacks_on_content, attacks_on_logs, attacks_on_trust])
def test_every_attack_is_in_the_table(module: ModuleType) -> None:
    own = (each for each in vars(module).values() if inspect.isfunction(each) and each.__module__ == module.__name__)
    assert {each.__name__ for each in own if not each.__name__.startswith("_")} == {a.__name__ for a in module.ATTACKS}


def test_every_attack_is_judged() -> None:
    assert set(ATTACKS) == {*REASONS, *PASSED}
    assert not set(REASONS) & set(PASSED)


def test_an_attack_leaves_the_clock_as_it_was(scene: Scene) -> None:
    before = scene.stack.clock.now()
    for attack in ATTACKS.values():
        attack(scene)
    assert scene.stack.clock.now() == before


def test_pem_in_other_lines_is_the_same_certificate(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    content = {"dsseEnvelope": bundles.envelope(signer, bundles.statement(b"wrapped"))}
    made = bundles.completed(stack, signer, content, kind=EntryKind.DSSE_1, pem_of=bundles.rewrapped)
    wrapped = bundles.rewrapped(signer.verifier)
    assert wrapped != pem(signer.verifier)
    assert signer.certificate is not None
    assert x509.load_pem_x509_certificate(wrapped) == signer.certificate
    with pytest.raises(Error, match="signatures do not match"):
        oracle.judge(root.trusted_root(stack), made, b"wrapped", oracle.identity(WORKFLOW))


def test_a_signature_of_two_numbers_is_the_true_one_in_another_form(scene: Scene) -> None:
    """So nothing but the form can be refused."""
    forgery = attacks_on_content.signature_as_two_numbers(scene)
    raw = bundles.signature_of(forgery.bundle)
    certificate = forgery.bundle["verificationMaterial"]["certificate"]["rawBytes"]
    key = entries.public_key_of(x509.load_der_x509_certificate(unb64(certificate)))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    keys.verify(key, der, scene.artifact)
