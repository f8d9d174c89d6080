"""Transparency log entries: that a log of the trusted root holds them, and when it took them in.

Three proofs, each judged where it is given (RFC 6962, C2SP tlog-checkpoint, Rekor's API): the Merkle path from the
entry to a root hash, the log's signed checkpoint over that root hash, and the log's promise (SET) that signs the time
of integration. Signatures of witnesses on a checkpoint are not needed and prove nothing here.

>>> inclusion_root(leaf_hash(b"only"), 0, 1, ()) == leaf_hash(b"only")
True
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from supplychain.errors import EvidenceIncomplete, LogEntryMismatch, MalformedDocument, SignatureInvalid
from supplychain.model.bundle import InclusionProof, LogEntry
from supplychain.verify.root import Log, TrustedRoot

MAX_CHECKPOINT_CHARACTERS: Final = 64 * 1024
OF_ONE_SHARD: Final = frozenset({("hashedrekord", "0.0.2"), ("dsse", "0.0.2")})
"""Entries of Rekor v2, each of whose logs is one tree: the index of the entry is that of its proof. In Rekor v1 an
entry's index counts former shards too, and only its promise signs it."""
_DASH: Final = "\N{EM DASH} "


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signed statement of a log's size and root hash, read and not yet verified."""

    text: bytes
    """What its signatures cover."""
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...]
    """Name, then key hint (4 bytes) and signature."""


def verify_entry(entry: LogEntry, root: TrustedRoot, *, where: str) -> tuple[Log, datetime | None]:
    """The log of the root that holds this entry, and the time its promise signs, if there is one.

    The entry's body is not looked at: that it is about the signature at hand is for `verify.logbody`. Raises
    LogEntryMismatch, MalformedDocument, and EvidenceIncomplete for an entry that nothing proves.
    """
    named = [log for log in root.logs if log.log_id == entry.log_id]
    if not named:
        raise LogEntryMismatch(
            f"logged in {entry.log_id.hex()[:12]}, a log that the trusted root does not name",
            where=where,
            hint="name the root of the instance that made it with --trusted-root",
        )
    log = named[0]
    if entry.proof is None and entry.promise is None:
        raise EvidenceIncomplete("a log entry with neither an inclusion proof nor a promise", where=where)
    if entry.proof is not None:
        _verify_inclusion(entry, entry.proof, log, where)
    if entry.promise is None:
        return log, None
    return log, _promised_time(entry, entry.promise, log, where)


def _verify_inclusion(entry: LogEntry, proof: InclusionProof, log: Log, where: str) -> None:
    found = inclusion_root(leaf_hash(entry.body), proof.index, proof.size, proof.hashes)
    if found != proof.root:
        raise LogEntryMismatch("its inclusion proof does not lead from the entry to the log's root hash", where=where)
    if (entry.kind, entry.version) in OF_ONE_SHARD and entry.index != proof.index:
        raise LogEntryMismatch(f"entry {entry.index} comes with the proof of entry {proof.index}", where=where)
    if proof.checkpoint is None:
        raise EvidenceIncomplete("an inclusion proof without the log's checkpoint", where=where)
    checkpoint = parse_checkpoint(proof.checkpoint, where=where)
    if (checkpoint.size, checkpoint.root) != (proof.size, proof.root):
        raise LogEntryMismatch("its checkpoint is of another size or root hash than its inclusion proof", where=where)
    if not any(_signs(log, checkpoint, name, blob) for name, blob in checkpoint.signatures):
        raise LogEntryMismatch("its checkpoint is not signed by the log that the entry names", where=where)


def _signs(log: Log, checkpoint: Checkpoint, name: str, blob: bytes) -> bool:
    """Whether one signature of a checkpoint is the log's: by the name of the origin, the key's hint and the key."""
    if blob[:4] != log.log_id[:4] or not (checkpoint.origin == name or checkpoint.origin.startswith(f"{name} - ")):
        return False
    try:
        log.key.verify(blob[4:], checkpoint.text)
    except SignatureInvalid:
        return False
    return True


def leaf_hash(body: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + body).digest()


def inclusion_root(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """The root hash that a path leads to (RFC 9162, 2.1.3.2); None for a path that fits no tree of this size."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return None
        if node & 1 or node == last:
            found = hashlib.sha256(b"\x01" + sibling + found).digest()
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            found = hashlib.sha256(b"\x01" + found + sibling).digest()
        node >>= 1
        last >>= 1
    return found if last == 0 else None


def parse_checkpoint(envelope: str, *, where: str) -> Checkpoint:
    """Read a checkpoint (C2SP signed-note): origin, size, root hash, a blank line, signatures. MalformedDocument."""
    place = f"{where}: checkpoint"
    if len(envelope) > MAX_CHECKPOINT_CHARACTERS:
        raise MalformedDocument(f"{len(envelope)} characters are no checkpoint", where=place)
    text, blank, signatures = envelope.partition("\n\n")
    lines = text.split("\n")
    if not blank or len(lines) < 3 or not lines[0]:
        raise MalformedDocument("expected an origin, a size, a root hash, a blank line and signatures", where=place)
    if not (lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 20):
        raise MalformedDocument(f"expected the size of the log, found {lines[1][:40]!r}", where=place)
    if not signatures.endswith("\n"):
        raise MalformedDocument("expected a line feed after the last signature", where=place)
    return Checkpoint(
        text=f"{text}\n".encode(),
        origin=lines[0],
        size=int(lines[1]),
        root=_decoded(lines[2], 32, place),
        signatures=tuple(_note_signature(line, place) for line in signatures[:-1].split("\n")),
    )


def _note_signature(line: str, place: str) -> tuple[str, bytes]:
    name, space, value = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not name:
        raise MalformedDocument(f"expected a dash, a name and a signature, found {line[:40]!r}", where=place)
    return name, _decoded(value, 5, place)


def _decoded(text: str, at_least: int, place: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) < at_least:
        raise MalformedDocument(f"expected base64 of {at_least} bytes or more, found {text[:60]!r}", where=place)
    return found


def _promised_time(entry: LogEntry, promise: bytes, log: Log, where: str) -> datetime:
    """The time of integration, as the log's promise (SET) signs it together with the body and the index."""
    if entry.integrated_time is None:
        raise LogEntryMismatch("its promise is of a time that the entry does not state", where=where)
    # RFC 8785 of these four, of which none needs escaping
    signed = b'{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}' % (
        base64.b64encode(entry.body),
        entry.integrated_time,
        entry.log_id.hex().encode(),
        entry.index,
    )
    try:
        log.key.verify(promise, signed)
        return datetime.fromtimestamp(entry.integrated_time, UTC)
    except SignatureInvalid:
        raise LogEntryMismatch("its promise (SET) was not signed by the log over this entry", where=where) from None
    except (OverflowError, ValueError, OSError):
        raise MalformedDocument(f"{entry.integrated_time} seconds are no time", where=where) from None
