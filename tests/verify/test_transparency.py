"""Transparency logs: Merkle paths, checkpoints, promises; each wrong in one way."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    EvidenceIncomplete,
    LimitExceeded,
    LogEntryMismatch,
    MalformedDocument,
    TimestampInvalid,
)
from supplychain.verify.transparency import inclusion_root, leaf_hash, parse_checkpoint
from tests.sigstore_stack import bundles, rekor, root
from tests.sigstore_stack.bundles import V0_1, V0_2, V0_3, V0_3_OLD
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.encoding import Document, b64, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.merkle import MerkleTree, root_by_path
from tests.sigstore_stack.notes import signature_line, signed_note
from tests.sigstore_stack.root import log_instance
from tests.sigstore_stack.stack import Stack, new_stack
from tests.support.certified import ARTIFACT, accepted, entry, judge, refused

SECOND = timedelta(seconds=1)
Spoil = Callable[[Document], object]


def v1(stack: Stack, **more: Any) -> Document:
    """Logged by Rekor v1, among others."""
    return bundles.signed_artifact(stack, ARTIFACT, **more)


def v2(stack: Stack, **more: Any) -> Document:
    return bundles.signed_artifact(stack, ARTIFACT, kind=EntryKind.HASHEDREKORD_2, **more)


@pytest.mark.property
@settings(max_examples=50, deadline=None)
@given(st.data(), st.integers(1, 40))
def test_a_merkle_path_leads_to_the_root_and_to_no_other_place(data: st.DataObject, size: int) -> None:
    """RFC 9162, 2.1.3.2: the path of a leaf proves that leaf at that index of a tree of that size."""
    tree, leaves = MerkleTree(), [bytes([n]) for n in range(size)]
    for leaf in leaves:
        tree.append(leaf)
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index)
    assert inclusion_root(leaf_hash(leaves[index]), index, size, path) == tree.root()
    other_index, other_size = data.draw(st.integers(-2, 45)), data.draw(st.integers(-2, 45))
    found = inclusion_root(leaf_hash(leaves[index]), other_index, other_size, path)
    assert found == root_by_path(leaves[index], other_index, other_size, path)
    if found == tree.root() and 0 <= other_index < size and other_size == size:
        assert other_index == index
    assert inclusion_root(leaf_hash(leaves[index]), index, size, [*path, b"x" * 32]) is None
    if path:
        assert inclusion_root(leaf_hash(leaves[index]), index, size, path[:-1]) is None


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8])
def test_entries_are_accepted_at_every_place_of_a_small_tree(size: int) -> None:
    tree = MerkleTree()
    for n in range(size):
        tree.append(bytes([n]))
    for index in range(size):
        path = tree.inclusion(index)
        assert inclusion_root(leaf_hash(bytes([index])), index, size, path) == tree.root()
        for wrong in range(size):
            if wrong != index:
                assert inclusion_root(leaf_hash(bytes([index])), wrong, size, path) != tree.root()


def _shorter(proof: Document) -> None:
    proof["hashes"].pop()


def _longer(proof: Document) -> None:
    proof["hashes"].append(b64(b"x" * 32))


def _number(name: str, step: int) -> Callable[[Document], None]:
    def change(proof: Document) -> None:
        proof[name] = str(int(proof[name]) + step)

    return change


PATHS: dict[str, Callable[[Document], object]] = {
    "index before": _number("logIndex", -1),
    "index after": _number("logIndex", 1),
    "index out of the tree": lambda proof: proof.update(logIndex=proof["treeSize"]),
    "smaller tree": _number("treeSize", -3),
    "tree four times as large": lambda proof: proof.update(treeSize=str(4 * int(proof["treeSize"]))),
    "too short": _shorter,
    "too long": _longer,
    "empty": lambda proof: proof.update(hashes=[]),
    "absent": lambda proof: proof.pop("hashes"),
    "in another order": lambda proof: proof["hashes"].reverse(),
    "another root hash": lambda proof: proof.update(rootHash=b64(b"x" * 32)),
    "short root hash": lambda proof: proof.update(rootHash=b64(unb64(proof["rootHash"])[:31])),
    "another hash": lambda proof: proof["hashes"].__setitem__(0, b64(b"x" * 32)),
    "size zero": lambda proof: proof.pop("treeSize") and proof.update(treeSize="0"),
}


@pytest.mark.threat(9)
@pytest.mark.parametrize("change", PATHS)
@pytest.mark.parametrize("make", [v1, v2])
def test_merkle_path_of_another_place(make: Any, change: str) -> None:
    stack = new_stack()  # a tree of its own: how long a path is depends on what was logged before
    trusted = root.trusted_root(stack)
    for _ in range(3):
        make(stack)
    bundle = make(stack)
    found = entry(bundle)
    version = stack.rekor_1 if make is v1 else stack.rekor_2
    index = int(found["inclusionProof"]["logIndex"])
    found["inclusionProof"] = rekor.proof(version, index)
    accepted(bundle, trusted)
    PATHS[change](found["inclusionProof"])
    refused(LogEntryMismatch, "does not lead from the entry", bundle, trusted)


@pytest.mark.parametrize("value", ["-1", -1, "x", 1.5, "01", True, [], "9" * 20])
def test_numbers_of_a_proof_are_natural(stack: Stack, trusted: Document, value: Any) -> None:
    for name in ("logIndex", "treeSize"):
        bundle = v1(stack)
        entry(bundle)["inclusionProof"][name] = value
        refused(MalformedDocument, "expected", bundle, trusted)


@pytest.mark.threat(15)
def test_a_path_of_more_hashes_than_any_log_needs_is_not_read(stack: Stack, trusted: Document) -> None:
    bundle = v1(stack)
    entry(bundle)["inclusionProof"]["hashes"] = [b64(b"x" * 32)] * 65
    refused(LimitExceeded, "65 items, at most 64", bundle, trusted)


def test_an_entry_comes_with_its_own_proof(stack: Stack, trusted: Document) -> None:
    """Rekor v2 has one number for an entry; only the promise of v1 signs another (that of all shards)."""
    bundle = v2(stack)
    found = entry(bundle)
    found["logIndex"] = str(int(found["logIndex"]) + 1)
    refused(LogEntryMismatch, "comes with the proof of entry", bundle, trusted)


def _checkpoint(stack: Stack, bundle: Document, change: Callable[[list[str]], object], *, version: int = 2) -> None:
    """Another text, truly signed by the log."""
    log = stack.rekor(version)
    proof = entry(bundle)["inclusionProof"]
    lines = proof["checkpoint"]["envelope"].partition("\n\n")[0].split("\n")
    change(lines)
    proof["checkpoint"]["envelope"] = rekor.signed_head(log, "\n".join(lines) + "\n")


@pytest.mark.parametrize("version", [1, 2])
def test_checkpoint_of_another_size_or_root_hash(stack: Stack, trusted: Document, version: int) -> None:
    changes: tuple[Callable[[list[str]], object], ...] = (
        lambda lines: lines.__setitem__(1, str(int(lines[1]) + 1)),
        lambda lines: lines.__setitem__(2, b64(b"x" * 32)),
    )
    for change in changes:
        bundle = (v1 if version == 1 else v2)(stack)
        _checkpoint(stack, bundle, change, version=version)
        refused(LogEntryMismatch, "of another size or root hash", bundle, trusted)


@pytest.mark.parametrize("origin", ["evil.example.com", "log2025-1.rekor.sigstore.test.evil", "log2025-1.rekor"])
def test_checkpoint_of_another_origin(stack: Stack, trusted: Document, origin: str) -> None:
    """C2SP tlog-checkpoint: the log's signature bears the origin's name."""
    bundle = v2(stack)
    _checkpoint(stack, bundle, lambda lines: lines.__setitem__(0, origin))
    refused(LogEntryMismatch, "checkpoint is not signed by the log", bundle, trusted)


def test_further_lines_of_a_checkpoint_are_signed_with_it(stack: Stack, trusted: Document) -> None:
    bundle = v2(stack)
    _checkpoint(stack, bundle, lambda lines: lines.append("Timestamp: 1750000000"))
    accepted(bundle, trusted)
    note = entry(bundle)["inclusionProof"]["checkpoint"]
    note["envelope"] = note["envelope"].replace("1750000000", "1750000001")
    refused(LogEntryMismatch, "checkpoint is not signed by the log", bundle, trusted)


@pytest.mark.parametrize("how", ["name", "hint", "signature", "witnesses only", "stranger", "signs another text"])
def test_checkpoint_that_the_log_did_not_sign(stack: Stack, stranger: Stack, trusted: Document, how: str) -> None:
    bundle = v2(stack)
    proof = entry(bundle)["inclusionProof"]
    text, _, lines = proof["checkpoint"]["envelope"].partition("\n\n")
    own, witnesses = lines.split("\n", 1)
    dash, name, signature = own.split(" ")
    blob = unb64(signature)
    log = stack.rekor_2
    spoilt = {
        "name": f"{dash} someone {signature}",
        "hint": f"{dash} {name} {b64(b'hint' + blob[4:])}",
        "signature": f"{dash} {name} {b64(blob[:-1] + bytes([blob[-1] ^ 1]))}",
        "witnesses only": witnesses.split("\n")[0],
        "stranger": signature_line(f"{text}\n", name=name, key=stranger.rekor_2.key)[:-1],
        "signs another text": signature_line(f"{text}\n\n", name=name, key=log.key)[:-1],
    }[how]
    proof["checkpoint"]["envelope"] = signed_note(f"{text}\n", f"{spoilt}\n", witnesses)
    refused(LogEntryMismatch, "checkpoint is not signed by the log", bundle, trusted)


def test_the_logs_signature_may_stand_among_others(stack: Stack, trusted: Document) -> None:
    bundle = v2(stack)
    note = entry(bundle)["inclusionProof"]["checkpoint"]
    text, _, lines = note["envelope"].partition("\n\n")
    own, first, second = lines.rstrip("\n").split("\n")
    note["envelope"] = f"{text}\n\n{first}\n{own}\n{second}\n"
    accepted(bundle, trusted)


MALFORMED = {
    "empty": "",
    "a word": "junk",
    "no blank line": "{origin}\n{size}\n{root}\n{own}\n",
    "no origin": "\n{size}\n{root}\n\n{own}\n",
    "no size": "{origin}\n{root}\n\n{own}\n",
    "size that is a word": "{origin}\nmany\n{root}\n\n{own}\n",
    "negative size": "{origin}\n-1\n{root}\n\n{own}\n",
    "size with a space": "{origin}\n {size}\n{root}\n\n{own}\n",
    "size of other digits": "{origin}\n\u0661\u0662\n{root}\n\n{own}\n",
    "size of superscripts": "{origin}\n\u00b2\n{root}\n\n{own}\n",
    "size without end": "{origin}\n" + "1" * 20 + "\n{root}\n\n{own}\n",
    "size of 5000 digits": "{origin}\n" + "1" * 5000 + "\n{root}\n\n{own}\n",
    "no root hash": "{origin}\n{size}\n\n{own}\n",
    "root hash that is no base64": "{origin}\n{size}\n***\n\n{own}\n",
    "root hash beyond ASCII": "{origin}\n{size}\n\u00e9\n\n{own}\n",
    "short root hash": "{origin}\n{size}\nAAAA\n\n{own}\n",
    "no signature": "{origin}\n{size}\n{root}\n\n",
    "no line feed at the end": "{origin}\n{size}\n{root}\n\n{own}",
    "hyphen for a dash": "{origin}\n{size}\n{root}\n\n- {name} {blob}\n",
    "signature without a name": "{origin}\n{size}\n{root}\n\n\u2014  {blob}\n",
    "signature without a blob": "{origin}\n{size}\n{root}\n\n\u2014 {name}\n",
    "blob that is no base64": "{origin}\n{size}\n{root}\n\n\u2014 {name} ***\n",
    "blob of a hint alone": "{origin}\n{size}\n{root}\n\n\u2014 {name} AAAAAA==\n",
    "blank line among signatures": "{origin}\n{size}\n{root}\n\n{own}\n\n{own}\n",
    "carriage returns": "{origin}\r\n{size}\r\n{root}\r\n\r\n{own}\r\n",
}


@pytest.mark.threat(16)
@pytest.mark.parametrize("form", MALFORMED)
def test_malformed_checkpoint(stack: Stack, trusted: Document, form: str) -> None:
    bundle = v2(stack)
    proof = entry(bundle)["inclusionProof"]
    text, _, lines = proof["checkpoint"]["envelope"].partition("\n\n")
    origin, size, root_hash = text.split("\n")
    own = lines.split("\n", 1)[0]
    _, name, blob = own.split(" ")
    made = MALFORMED[form].format(origin=origin, size=size, root=root_hash, own=own, name=name, blob=blob)
    proof["checkpoint"]["envelope"] = made
    error = refused(MalformedDocument, "expected", bundle, trusted)
    if made:
        assert error.where.endswith("checkpoint")


def test_size_of_nineteen_digits_is_read() -> None:
    read = parse_checkpoint(f"o\n{'9' * 19}\n{b64(b'r' * 32)}\n\n\u2014 n {b64(b'12345')}\n", where="x")
    assert (read.size, read.root, read.signatures) == (10**19 - 1, b"r" * 32, (("n", b"12345"),))


@pytest.mark.threat(15, 16)
def test_a_checkpoint_without_end_is_not_read(stack: Stack, trusted: Document) -> None:
    bundle = v2(stack)
    note = entry(bundle)["inclusionProof"]["checkpoint"]
    whole = note["envelope"]
    note["envelope"] = whole + whole.rsplit("\n", 2)[1] * 1000
    refused(MalformedDocument, "characters are no checkpoint", bundle, trusted)
    line = "\u2014 other AAAAAAAA\n"
    note["envelope"] = whole + line * ((64 * 1024 - len(whole)) // len(line))
    accepted(bundle, trusted)


PIECES = st.lists(st.sampled_from(["\n", "\n\n", "\N{EM DASH} ", "1", " ", "AAAAAAAA", "x"]), max_size=12).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | PIECES)
def test_any_text_as_checkpoint_gives_a_checkpoint_or_our_error(text: str) -> None:
    with contextlib.suppress(MalformedDocument):
        parse_checkpoint(text, where="x")


def test_an_inclusion_proof_needs_a_checkpoint(stack: Stack, trusted: Document) -> None:
    for make in (v1, v2):
        bundle = make(stack)
        del entry(bundle)["inclusionProof"]["checkpoint"]
        refused(EvidenceIncomplete, "without the log's checkpoint", bundle, trusted)


@pytest.mark.threat(9)
def test_entry_of_a_log_that_nobody_named(stack: Stack, stranger: Stack, trusted: Document) -> None:
    others = trusted | {"tlogs": [log_instance(stranger.rekor_1, root.opened(stack))]}
    refused(LogEntryMismatch, "a log that the trusted root does not name", v1(stack), others)
    bundle = v1(stack)
    entry(bundle)["logId"] = {"keyId": b64(stack.rekor_2.log_id)}
    refused(LogEntryMismatch, "checkpoint is not signed by the log that the entry names", bundle, trusted)


def test_the_log_is_found_among_others(stack: Stack, stranger: Stack, trusted: Document) -> None:
    first = [log_instance(stranger.rekor_1, root.opened(stack)), log_instance(stranger.rekor_2, root.opened(stack))]
    accepted(v1(stack), trusted | {"tlogs": first + trusted["tlogs"]})


def _resigned(stack: Stack, **change: Any) -> Spoil:
    """A promise truly signed by the log, over something else than the entry."""

    def spoil(found: Document) -> None:
        body, index = unb64(found["canonicalizedBody"]), int(found["logIndex"])
        said: dict[str, Any] = {"data": body, "index": index, "time": int(found["integratedTime"])} | change
        found["inclusionPromise"]["signedEntryTimestamp"] = b64(rekor.promise(stack.rekor_1, **said))

    return spoil


@pytest.mark.threat(9)
@pytest.mark.parametrize("change", [{"data": b"{}"}, {"index": 7}, {"time": 1_750_000_000}])
def test_promise_over_another_body_index_or_time(stack: Stack, trusted: Document, change: dict[str, Any]) -> None:
    bundle = v1(stack)
    _resigned(stack, **change)(entry(bundle))
    refused(LogEntryMismatch, "promise (SET) was not signed by the log over this entry", bundle, trusted)


def test_promise_of_another_log(stack: Stack, stranger: Stack, trusted: Document) -> None:
    bundle = v1(stack)
    found = entry(bundle)
    body, index, time = unb64(found["canonicalizedBody"]), int(found["logIndex"]), int(found["integratedTime"])
    theirs = rekor.promise(stranger.rekor_1, body, index, time)
    found["inclusionPromise"]["signedEntryTimestamp"] = b64(theirs)
    refused(LogEntryMismatch, "promise (SET) was not signed", bundle, trusted)


@pytest.mark.parametrize("field", ["logIndex", "integratedTime"])
def test_what_the_promise_signs_cannot_be_changed(stack: Stack, trusted: Document, field: str) -> None:
    bundle = v1(stack)
    found = entry(bundle)
    found[field] = str(int(found[field]) + 1)
    refused(LogEntryMismatch, "promise (SET) was not signed", bundle, trusted)


@pytest.mark.parametrize("media_type", [V0_1, V0_2, V0_3_OLD, V0_3])
def test_integrated_time_without_a_promise_is_no_time(stack: Stack, trusted: Document, media_type: str) -> None:
    """Nobody signs it: an entry of Rekor v1 without its promise has to be stamped."""
    bundle = v1(stack, media_type=media_type)
    del entry(bundle)["inclusionPromise"]
    refused(EvidenceIncomplete, "nobody vouches for the time", bundle, trusted)


@pytest.mark.parametrize("time", [None, "0", 0])
def test_promise_without_a_time(stack: Stack, trusted: Document, time: Any) -> None:
    bundle = v1(stack)
    entry(bundle)["integratedTime"] = time
    refused(LogEntryMismatch, "a time that the entry does not state", bundle, trusted)


@pytest.mark.parametrize("time", [10**12, 253_402_300_800, 2**53 - 1])
def test_time_that_no_calendar_has(stack: Stack, trusted: Document, time: int) -> None:
    bundle = v1(stack)
    found = entry(bundle)
    found["integratedTime"] = str(time)
    _resigned(stack)(found)
    refused(MalformedDocument, "seconds are no time", bundle, trusted)


def test_index_that_canonical_json_cannot_carry_is_not_what_was_promised(stack: Stack, trusted: Document) -> None:
    bundle = v1(stack)
    entry(bundle)["logIndex"] = str(2**63 - 1)
    refused(LogEntryMismatch, "promise (SET) was not signed", bundle, trusted)


@pytest.mark.parametrize("media_type", [V0_2, V0_3_OLD, V0_3])
def test_from_version_0_2_on_an_inclusion_proof_is_needed(stack: Stack, trusted: Document, media_type: str) -> None:
    bundle = v1(stack, media_type=media_type)
    del entry(bundle)["inclusionProof"]
    refused(EvidenceIncomplete, "without an inclusion proof", bundle, trusted)


def test_version_0_1_may_have_a_promise_only(stack: Stack, trusted: Document) -> None:
    bundle = v1(stack, media_type=V0_1)
    del entry(bundle)["inclusionProof"]
    assert judge(bundle, trusted).signed_at == START
    del entry(bundle)["inclusionPromise"]
    refused(EvidenceIncomplete, "neither an inclusion proof nor a promise", bundle, trusted)


def test_a_bad_proof_beside_a_good_promise_is_not_passed_over(stack: Stack, trusted: Document) -> None:
    bundle = v1(stack, media_type=V0_1)
    entry(bundle)["inclusionProof"]["hashes"] = []
    refused(LogEntryMismatch, "does not lead", bundle, trusted)


def test_a_bad_promise_beside_a_good_proof_is_not_passed_over(stack: Stack, trusted: Document) -> None:
    bundle = v1(stack, stamped=True)
    entry(bundle)["inclusionPromise"]["signedEntryTimestamp"] = b64(b"x" * 70)
    refused(LogEntryMismatch, "promise (SET) was not signed", bundle, trusted)


@pytest.mark.threat(12)
@pytest.mark.parametrize("version", [1, 2])
def test_window_of_a_log_is_closed_at_both_ends(stack: Stack, trusted: Document, version: int) -> None:
    bundle = (v1 if version == 1 else v2)(stack)
    log = stack.rekor(version)

    def within(start: Any, end: Any) -> Document:
        return trusted | {"tlogs": [log_instance(log, Window(start=start, end=end))]}

    accepted(bundle, within(START, START))
    for window in (within(START + SECOND, None), within(START - 2 * SECOND, START - SECOND)):
        refused(TimestampInvalid, f"its log {log.url} is trusted from", bundle, window)
