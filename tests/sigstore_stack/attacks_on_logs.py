"""Lies about the transparency log: another entry, another tree, another time."""

from dataclasses import replace

from tests.sigstore_stack import rekor, root
from tests.sigstore_stack.bundles import (
    completed,
    enroll,
    message,
    signed_artifact,
    signed_statement,
    statement,
)
from tests.sigstore_stack.encoding import b64, sha256, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.keys import sign
from tests.sigstore_stack.scenes import DAY, HOUR, OTHER, Attack, Forgery, Scene, against, entry_of, good


def _flipped(text: str) -> str:
    """base64 of the same bytes but the last bit."""
    data = unb64(text)
    return b64(data[:-1] + bytes([data[-1] ^ 1]))


def entry_of_another_artifact(scene: Scene) -> Forgery:
    """Logged truly, by the same signer, for other bytes."""
    signer = enroll(scene.stack)
    bundle = signed_artifact(scene.stack, scene.artifact, signer=signer)
    other = signed_artifact(scene.stack, OTHER, signer=signer)
    bundle["verificationMaterial"]["tlogEntries"] = [entry_of(other)]
    return against(scene, bundle)


def _entry_of_another_statement(scene: Scene, kind: EntryKind) -> Forgery:
    signer = enroll(scene.stack)
    bundle = signed_statement(scene.stack, scene.statement, signer=signer, kind=kind, stamped=True)
    other = signed_statement(scene.stack, statement(OTHER), signer=signer, kind=kind)
    bundle["verificationMaterial"]["tlogEntries"] = [entry_of(other)]
    return against(scene, bundle)


def dsse_entry_of_another_statement(scene: Scene) -> Forgery:
    return _entry_of_another_statement(scene, EntryKind.DSSE_1)


def dsse_2_entry_of_another_statement(scene: Scene) -> Forgery:
    return _entry_of_another_statement(scene, EntryKind.DSSE_2)


def hashedrekord_2_entry_of_another_statement(scene: Scene) -> Forgery:
    return _entry_of_another_statement(scene, EntryKind.HASHEDREKORD_2)


def intoto_1_entry_of_another_statement(scene: Scene) -> Forgery:
    return _entry_of_another_statement(scene, EntryKind.INTOTO_1)


def intoto_2_entry_of_another_statement(scene: Scene) -> Forgery:
    return _entry_of_another_statement(scene, EntryKind.INTOTO_2)


def entry_of_another_signature(scene: Scene) -> Forgery:
    """Of the same bytes, by the same signer, at another moment."""
    signer = enroll(scene.stack)
    bundle = signed_artifact(scene.stack, scene.artifact, signer=signer)
    other = signed_artifact(scene.stack, scene.artifact, signer=signer)
    bundle["verificationMaterial"]["tlogEntries"] = [entry_of(other)]
    return against(scene, bundle)


def entry_of_another_certificate(scene: Scene) -> Forgery:
    """The same signature, logged under another certificate for the same key."""
    signer = enroll(scene.stack)
    again = enroll(scene.stack, key=signer.key)
    content = {"messageSignature": message(signer, scene.artifact)}
    bundle = completed(scene.stack, signer, content, scene.artifact, kind=EntryKind.HASHEDREKORD_1)
    other = completed(scene.stack, again, content, scene.artifact, kind=EntryKind.HASHEDREKORD_1)
    bundle["verificationMaterial"]["tlogEntries"] = [entry_of(other)]
    return against(scene, bundle)


def entry_of_another_log(scene: Scene) -> Forgery:
    return against(scene, signed_artifact(replace(scene.stack, rekor_1=scene.stranger.rekor_1), scene.artifact))


def entry_of_another_log_2(scene: Scene) -> Forgery:
    elsewhere = replace(scene.stack, rekor_2=scene.stranger.rekor_2)
    return against(scene, signed_artifact(elsewhere, scene.artifact, kind=EntryKind.HASHEDREKORD_2))


def entry_of_another_log_under_our_id(scene: Scene) -> Forgery:
    forgery = entry_of_another_log(scene)
    entry_of(forgery.bundle)["logId"]["keyId"] = b64(scene.log.log_id)
    return forgery


def entry_of_a_retired_log(scene: Scene) -> Forgery:
    """The root says that the log's key was no longer good when it promised the time."""
    forgery = against(scene, good(scene, stamped=True))
    forgery.root["tlogs"][0]["publicKey"]["validFor"] = root.valid_for(scene.ended(ago=DAY))
    return forgery


def entry_twice(scene: Scene) -> Forgery:
    """One log is one witness."""
    bundle = good(scene)
    bundle["verificationMaterial"]["tlogEntries"] *= 2
    return against(scene, bundle)


def no_entry(scene: Scene) -> Forgery:
    bundle = good(scene, stamped=True)
    bundle["verificationMaterial"]["tlogEntries"] = []
    return against(scene, bundle)


def entry_of_another_kind_than_it_says(scene: Scene) -> Forgery:
    bundle = good(scene)
    entry_of(bundle)["kindVersion"] = {"kind": "dsse", "version": "0.0.1"}
    return against(scene, bundle)


def no_proof(scene: Scene) -> Forgery:
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    del entry_of(bundle)["inclusionProof"]
    return against(scene, bundle)


def no_checkpoint(scene: Scene) -> Forgery:
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    del entry_of(bundle)["inclusionProof"]["checkpoint"]
    return against(scene, bundle)


def proof_of_another_leaf(scene: Scene) -> Forgery:
    other = entry_of(good(scene))
    bundle = good(scene)
    entry_of(bundle)["inclusionProof"] = rekor.proof(scene.log, int(other["inclusionProof"]["logIndex"]))
    return against(scene, bundle)


def proof_with_another_hash(scene: Scene) -> Forgery:
    good(scene)
    bundle = good(scene)
    index = int(entry_of(bundle)["inclusionProof"]["logIndex"])
    good(scene)
    proof = rekor.proof(scene.log, index)
    proof["hashes"][0] = _flipped(proof["hashes"][0])
    entry_of(bundle)["inclusionProof"] = proof
    return against(scene, bundle)


def head_of_another_size(scene: Scene) -> Forgery:
    """The checkpoint is true, of the tree that came after."""
    bundle = good(scene)
    good(scene)
    entry_of(bundle)["inclusionProof"]["checkpoint"]["envelope"] = rekor.checkpoint(scene.log)
    return against(scene, bundle)


def head_that_the_tree_has_not(scene: Scene) -> Forgery:
    """The log itself signed a head that its tree does not have."""
    bundle = good(scene)
    proof = entry_of(bundle)["inclusionProof"]
    proof["rootHash"] = b64(sha256(b"no tree"))
    text = f"{scene.log.origin}\n{proof['treeSize']}\n{proof['rootHash']}\n"
    proof["checkpoint"]["envelope"] = rekor.signed_head(scene.log, text)
    return against(scene, bundle)


def size_that_the_checkpoint_has_not(scene: Scene) -> Forgery:
    """Signed for another size with the same root hash."""
    bundle = good(scene)
    proof = entry_of(bundle)["inclusionProof"]
    text = f"{scene.log.origin}\n{int(proof['treeSize']) + 1}\n{proof['rootHash']}\n"
    proof["checkpoint"]["envelope"] = rekor.signed_head(scene.log, text)
    return against(scene, bundle)


def checkpoint_with_another_origin(scene: Scene) -> Forgery:
    """Changed after the log had signed it."""
    bundle = good(scene)
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = "elsewhere.example.com" + checkpoint["envelope"].removeprefix(scene.log.origin)
    return against(scene, bundle)


def checkpoint_signed_for_another_origin(scene: Scene) -> Forgery:
    """The log's key signed for a log of another name."""
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    proof = entry_of(bundle)["inclusionProof"]
    text = f"elsewhere.example.com\n{proof['treeSize']}\n{proof['rootHash']}\n"
    proof["checkpoint"]["envelope"] = rekor.signed_head(scene.stack.rekor_2, text)
    return against(scene, bundle)


def checkpoint_of_another_key(scene: Scene) -> Forgery:
    """Signed by a stranger under the four bytes that mark our log's key."""
    bundle = good(scene)
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    text, _, line = checkpoint["envelope"].rpartition("\n\n")
    signature = sign(scene.stranger.rekor_1.key, f"{text}\n".encode())
    start = line.rpartition(" ")[0]
    checkpoint["envelope"] = f"{text}\n\n{start} {b64(scene.log.log_id[:4] + signature)}\n"
    return against(scene, bundle)


def checkpoint_of_witnesses_alone(scene: Scene) -> Forgery:
    bundle = good(scene, kind=EntryKind.HASHEDREKORD_2)
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    text, _, lines = checkpoint["envelope"].rpartition("\n\n")
    cosigned = "".join(lines.splitlines(keepends=True)[1:])
    checkpoint["envelope"] = f"{text}\n\n{cosigned}"
    return against(scene, bundle)


def checkpoint_without_signatures(scene: Scene) -> Forgery:
    bundle = good(scene)
    checkpoint = entry_of(bundle)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].rpartition("\n\n")[0] + "\n\n"
    return against(scene, bundle)


def promise_over_another_body(scene: Scene) -> Forgery:
    bundle = good(scene)
    entry_of(bundle)["inclusionPromise"] = entry_of(good(scene))["inclusionPromise"]
    return against(scene, bundle)


def promise_of_another_log(scene: Scene) -> Forgery:
    bundle = good(scene)
    entry = entry_of(bundle)
    data, index, time = unb64(entry["canonicalizedBody"]), int(entry["logIndex"]), int(entry["integratedTime"])
    said = rekor.promise(replace(scene.log, key=scene.stranger.rekor_1.key), data, index, time)
    entry["inclusionPromise"]["signedEntryTimestamp"] = b64(said)
    return against(scene, bundle)


def promise_with_another_time(scene: Scene) -> Forgery:
    """Changed after the log had signed it, within the certificate's life."""
    bundle = good(scene)
    entry_of(bundle)["integratedTime"] = str(int(entry_of(bundle)["integratedTime"]) + 1)
    return against(scene, bundle)


def promise_with_another_index(scene: Scene) -> Forgery:
    bundle = good(scene)
    entry_of(bundle)["logIndex"] = str(int(entry_of(bundle)["logIndex"]) + 1)
    return against(scene, bundle)


def promise_left_out(scene: Scene) -> Forgery:
    """A time that nobody signed is no time."""
    bundle = good(scene)
    del entry_of(bundle)["inclusionPromise"]
    return against(scene, bundle)


def promise_after_the_certificate(scene: Scene) -> Forgery:
    """The key was used again when its certificate had expired."""
    signer = enroll(scene.stack)
    with scene.stack.clock.at(scene.stack.clock.now() + HOUR):
        return against(scene, signed_artifact(scene.stack, scene.artifact, signer=signer))


def promise_before_the_certificate(scene: Scene) -> Forgery:
    signer = enroll(scene.stack)
    with scene.stack.clock.at(scene.stack.clock.now() - HOUR):
        bundle = signed_artifact(scene.stack, scene.artifact, signer=signer)
    return against(scene, bundle)


def promise_in_the_future(scene: Scene) -> Forgery:
    """Certificate and entry agree, on a time that is yet to come."""
    trusted = root.trusted_root(scene.stack)
    with scene.stack.clock.at(scene.stack.clock.now() + DAY):
        return Forgery(bundle=good(scene), root=trusted)


ATTACKS: tuple[Attack, ...] = (
    entry_of_another_artifact,
    dsse_entry_of_another_statement,
    dsse_2_entry_of_another_statement,
    hashedrekord_2_entry_of_another_statement,
    intoto_1_entry_of_another_statement,
    intoto_2_entry_of_another_statement,
    entry_of_another_signature,
    entry_of_another_certificate,
    entry_of_another_log,
    entry_of_another_log_2,
    entry_of_another_log_under_our_id,
    entry_of_a_retired_log,
    entry_twice,
    no_entry,
    entry_of_another_kind_than_it_says,
    no_proof,
    no_checkpoint,
    proof_of_another_leaf,
    proof_with_another_hash,
    head_of_another_size,
    head_that_the_tree_has_not,
    size_that_the_checkpoint_has_not,
    checkpoint_with_another_origin,
    checkpoint_signed_for_another_origin,
    checkpoint_of_another_key,
    checkpoint_of_witnesses_alone,
    checkpoint_without_signatures,
    promise_over_another_body,
    promise_of_another_log,
    promise_with_another_time,
    promise_with_another_index,
    promise_left_out,
    promise_after_the_certificate,
    promise_before_the_certificate,
    promise_in_the_future,
)
