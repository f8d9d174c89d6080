"""The signature transparency log, versions 1 and 2: one growing Merkle tree, entries as bundles hold them."""

from dataclasses import dataclass, field
from threading import Lock

from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import Document, b64, canonical
from tests.sigstore_stack.entries import data_of, kind_of
from tests.sigstore_stack.keys import PrivateKey, p256, sign
from tests.sigstore_stack.merkle import MerkleTree
from tests.sigstore_stack.notes import Witness, cosignature_line, key_id, new_witness, signature_line, signed_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekor:
    """Logs what it is given: who may log what is the business of the service before it."""

    version: int
    name: str
    """Signs checkpoints, and with an Ed25519 key makes the log's id."""
    key: PrivateKey
    clock: Clock
    origin: str
    """First line of checkpoints."""
    first: int = 0
    """Where this tree begins in the numbering of a log that has several (a shard of Rekor v1)."""
    witnesses: tuple[Witness, ...] = ()
    tree: MerkleTree = field(default_factory=MerkleTree)
    lock: Lock = field(default_factory=Lock)

    @property
    def log_id(self) -> bytes:
        return key_id(self.name, self.key.public_key())

    @property
    def url(self) -> str:
        return f"https://{self.name}"


def new_rekor_1(clock: Clock, name: str = "rekor.sigstore.test", *, first: int = 100_000) -> Rekor:
    """Signed entry timestamps and integrated times; ECDSA."""
    return Rekor(version=1, name=name, key=p256(), clock=clock, origin=f"{name} - 3904496407287907110", first=first)


def new_rekor_2(clock: Clock, name: str = "log2025-1.rekor.sigstore.test", *, witnesses: int = 0) -> Rekor:
    """Checkpoints alone, cosigned by that many witnesses; Ed25519."""
    seen_by = tuple(new_witness(f"witness-{n}.example.com") for n in range(witnesses))
    key = ed25519.Ed25519PrivateKey.generate()
    return Rekor(version=2, name=name, key=key, clock=clock, origin=name, witnesses=seen_by)


def log(rekor: Rekor, body: Document, *, integrated: int | None = None) -> Document:
    """Append an entry: a TransparencyLogEntry with its proof in the tree that it made.

    Args:
        integrated: POSIX time that Rekor v1 promises, by default the clock's
    """
    data = data_of(body)
    with rekor.lock:
        index = rekor.tree.append(data)
        entry: Document = {
            "logIndex": str(rekor.first + index),
            "logId": {"keyId": b64(rekor.log_id)},
            "kindVersion": kind_of(body),
            "inclusionProof": proof(rekor, index, index + 1),
            "canonicalizedBody": b64(data),
        }
    if rekor.version == 1:
        time = rekor.clock.seconds() if integrated is None else integrated
        entry["integratedTime"] = str(time)
        entry["inclusionPromise"] = {"signedEntryTimestamp": b64(promise(rekor, data, rekor.first + index, time))}
    return entry


def proof(rekor: Rekor, index: int, size: int | None = None) -> Document:
    """That the entry of that leaf is in the tree of that size, by default of today's."""
    size = rekor.tree.size if size is None else size
    return {
        "logIndex": str(index),
        "rootHash": b64(rekor.tree.root(size)),
        "treeSize": str(size),
        "hashes": [b64(each) for each in rekor.tree.inclusion(index, size)],
        "checkpoint": {"envelope": checkpoint(rekor, size)},
    }


def checkpoint(rekor: Rekor, size: int | None = None) -> str:
    """The signed head of the tree of that size."""
    size = rekor.tree.size if size is None else size
    return signed_head(rekor, f"{rekor.origin}\n{size}\n{b64(rekor.tree.root(size))}\n")


def signed_head(rekor: Rekor, text: str) -> str:
    """Any text, true or not, under the log's signature and those of its witnesses."""
    own = signature_line(text, name=rekor.name, key=rekor.key)
    return signed_note(text, own, *(cosignature_line(text, w, at=rekor.clock.seconds()) for w in rekor.witnesses))


def promise(rekor: Rekor, data: bytes, index: int, time: int) -> bytes:
    """The signed entry timestamp (SET) of Rekor v1."""
    said = {"body": b64(data), "integratedTime": time, "logID": rekor.log_id.hex(), "logIndex": index}
    return sign(rekor.key, canonical(said))
