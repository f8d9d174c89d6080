"""Every forgery of the private Sigstore is refused, each for its own reason."""

from typing import Final

import pytest

from supplychain.errors import (
    EvidenceIncomplete,
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    TimestampInvalid,
    TrustRootExpired,
)
from tests.sigstore_stack.attacks import ATTACKS, Scene
from tests.sigstore_stack.stack import Stack
from tests.support.certified import ARTIFACT, refused

REFUSED: Final[dict[tuple[type[SupplyChainError], str], str]] = {
    (LogEntryMismatch, "the log entry is about another signature and file"): "entry_of_another_artifact",
    (
        LogEntryMismatch,
        "the log entry is about another statement and signature",
    ): "dsse_entry_of_another_statement dsse_2_entry_of_another_statement intoto_2_entry_of_another_statement",
    (
        LogEntryMismatch,
        "the log entry is about another signature and statement",
    ): "hashedrekord_2_entry_of_another_statement",
    (LogEntryMismatch, "the log entry is about another statement"): "intoto_1_entry_of_another_statement",
    (LogEntryMismatch, "the log entry is about another signature"): "entry_of_another_signature",
    (LogEntryMismatch, "the log entry is about another key"): "entry_of_another_certificate",
    (
        LogEntryMismatch,
        "a log that the trusted root does not name",
    ): "entry_of_another_log entry_of_another_log_2 sct_of_another_log",
    (
        LogEntryMismatch,
        "its checkpoint is not signed by the log that the entry names",
    ): (
        "entry_of_another_log_under_our_id checkpoint_with_another_origin "
        "checkpoint_signed_for_another_origin checkpoint_of_another_key checkpoint_of_witnesses_alone"
    ),
    (TimestampInvalid, "its log https"): "entry_of_a_retired_log",
    (MalformedDocument, "one log entry twice"): "entry_twice",
    (EvidenceIncomplete, "its certificate's signature is in no transparency log"): "no_entry",
    (
        LogEntryMismatch,
        "it is called dsse 0.0.1 and its body is hashedrekord 0.0.1",
    ): "entry_of_another_kind_than_it_says",
    (EvidenceIncomplete, "a log entry without an inclusion proof"): "no_proof",
    (EvidenceIncomplete, "an inclusion proof without the log's checkpoint"): "no_checkpoint",
    (
        LogEntryMismatch,
        "its inclusion proof does not lead from the entry to the log's root hash",
    ): "proof_of_another_leaf proof_with_another_hash head_that_the_tree_has_not",
    (
        LogEntryMismatch,
        "its checkpoint is of another size or root hash than its inclusion proof",
    ): "head_of_another_size size_that_the_checkpoint_has_not",
    (MalformedDocument, "expected a line feed after the last signature"): "checkpoint_without_signatures",
    (
        LogEntryMismatch,
        "its promise (SET) was not signed by the log over this entry",
    ): "promise_over_another_body promise_of_another_log promise_with_another_time promise_with_another_index",
    (EvidenceIncomplete, "nobody vouches for the time of its signature"): "promise_left_out no_time_at_all",
    (
        TimestampInvalid,
        "its certificate is valid from",
    ): (
        "promise_after_the_certificate promise_before_the_certificate timestamp_after_the_certificate "
        "timestamp_before_the_certificate"
    ),
    (TimestampInvalid, "which is after"): "promise_in_the_future timestamp_in_the_future",
    (SignatureInvalid, "which the trusted root does not name"): "certificate_of_another_authority",
    (TrustRootExpired, "when its authority's certificate"): "certificate_by_an_expired_intermediate",
    (TimestampInvalid, "its authority is trusted"): "certificate_by_a_retired_authority",
    (SignatureInvalid, "an empty certificate chain signs nothing"): "certificate_chain_empty",
    (SignatureInvalid, "its certificate is not for signing code"): "certificate_of_the_authority_itself",
    (LogEntryMismatch, "its certificate carries 0 certificate timestamps (SCT), expected 1"): "sct_missing",
    (
        LogEntryMismatch,
        "its certificate timestamp (SCT) was not signed by the log it names",
    ): "sct_of_another_certificate",
    (LogEntryMismatch, "the log is trusted"): "sct_of_a_retired_log",
    (TimestampInvalid, "does not verify: Error while verifying"): "timestamp_of_another_authority",
    (TimestampInvalid, "validity of its authority's certificates"): "timestamp_of_an_expired_certificate",
    (
        TimestampInvalid,
        "outside of the authority's validity",
    ): "timestamp_of_a_retired_authority timestamp_of_an_authority_to_come",
    (
        TimestampInvalid,
        "a timestamp does not verify: it is about another signature",
    ): "timestamp_over_another_signature",
    (MalformedDocument, "one timestamp twice"): "timestamp_twice",
    (
        SignatureInvalid,
        "the signature was not made by its certificate over these bytes",
    ): (
        "signature_of_another_key signature_of_other_bytes_under_our_digest signature_as_two_numbers "
        "envelope_signed_over_its_payload envelope_signed_for_another_type envelope_with_another_payload"
    ),
    (SubjectMismatch, "it signs sha256"): "signature_of_other_bytes",
    (SubjectMismatch, "its sha256 names other bytes than its signature"): "digest_of_other_bytes",
    (SignatureInvalid, "a bundle holds exactly one signature, this one 0"): "envelope_without_signatures",
    (SignatureInvalid, "a bundle holds exactly one signature, this one 2"): "envelope_with_two_signatures",
}
"""Error and words to the names of forgeries."""
REASONS: Final = {name: reason for reason, names in REFUSED.items() for name in names.split()}


@pytest.mark.threat(6, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 56, 59)
@pytest.mark.parametrize("name", ATTACKS)
def test_forgery_is_refused_for_its_own_reason(stack: Stack, stranger: Stack, name: str) -> None:
    forgery = ATTACKS[name](Scene(stack=stack, stranger=stranger, artifact=ARTIFACT))
    error, words = REASONS[name]
    refused(error, words, forgery.bundle, forgery.root)


def test_every_forgery_has_its_reason() -> None:
    assert REASONS.keys() == ATTACKS.keys()
