"""Logs whose entries lie in several trees: an entry's own index counts them all, its proof one."""

import hashlib
import json
from datetime import timedelta

import pytest

from supplychain.errors import LogEntryMismatch
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.verified import Signature, Verified
from supplychain.verify.trust import Identity, Trust
from supplychain.verify.verifier import verify_evidence
from tests.sigstore_stack.bundles import enroll, signed_artifact, to_json
from tests.sigstore_stack.claims import workflow
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.root import trusted_root
from tests.sigstore_stack.stack import Stack, new_stack

CONTENT = b"the bytes of a release"


def judged(stack: Stack, bundle: Document) -> Verified[Signature]:
    who = workflow()
    artifact = Artifact(name="app", sha256=hashlib.sha256(CONTENT).hexdigest())
    evidence = Evidence(uri="app.sigstore.json", data=json.dumps(bundle).encode())
    trust = Trust(Identity(who.subject, issuer=who.issuer), root=to_json(trusted_root(stack)))
    at = stack.clock.now() + timedelta(days=1)
    return verify_evidence(evidence, artifact, Signature, trust=trust, at=at)[0]


def test_entry_of_a_later_shard_is_accepted_by_its_proof_and_a_timestamp_alone() -> None:
    stack = new_stack()
    bundle = signed_artifact(stack, CONTENT, signer=enroll(stack), kind=EntryKind.HASHEDREKORD_1, stamped=True)
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    assert entry["logIndex"] != entry["inclusionProof"]["logIndex"]
    del entry["inclusionPromise"]
    assert judged(stack, bundle).signed_at is not None


@pytest.mark.threat(9)
def test_entry_of_rekor_v2_does_not_borrow_the_proof_of_another_index() -> None:
    stack = new_stack()
    bundle = signed_artifact(stack, CONTENT, signer=enroll(stack), kind=EntryKind.HASHEDREKORD_2)
    assert judged(stack, bundle).signed_at is not None
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["logIndex"] = str(int(entry["logIndex"]) + 1)
    with pytest.raises(LogEntryMismatch, match="comes with the proof of entry"):
        judged(stack, bundle)
