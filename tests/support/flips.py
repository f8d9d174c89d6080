"""Vectors that verify, their bits one by one, and the few bits that no specification protects: each by name.

A bit is flipped in a file as it is, or inside a decoded field that is then encoded again, so that the cryptography is
what has to refuse it. Whatever verifies nevertheless must be `excused`.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

from asn1crypto import tsp
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from supplychain.errors import SupplyChainError
from supplychain.keys.public import read_public, wrap_public
from supplychain.roots.packaged import packaged_root
from supplychain.verify.bundle import MEDIA_TYPES
from supplychain.verify.transparency import OF_ONE_SHARD
from supplychain.verify.trust import Identity
from tests.sigstore_stack import bundles, root
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack, new_stack
from tests.support.certified import ARTIFACT, AT, WHO, judge, measured, raw
from tests.verify import test_conformance as suite

Path: TypeAlias = tuple[str | int, ...]
BASE64: Final = frozenset(
    "rawBytes payload sig signature digest keyId canonicalizedBody signedEntryTimestamp rootHash hashes "
    "signedTimestamp".split()
)
"""Names of the fields that hold base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """Evidence that verifies with this root, for this signer and content."""

    bundle: bytes
    root: bytes
    content: bytes
    who: Any
    at: datetime


def accepts(vector: Vector, *, bundle: bytes | None = None, root: bytes | None = None) -> bool:
    """Whether it still verifies with another bundle or root. Anything but our errors is a failure of the test."""
    about = measured(vector.content)
    try:
        judge(bundle or vector.bundle, root or vector.root, who=vector.who, about=about, at=vector.at)
    except SupplyChainError:
        return False
    return True


@cache
def stacks() -> tuple[Stack, Stack]:
    """The trusted one, and a stranger."""
    return new_stack(witnesses=2), new_stack(witnesses=2)


@cache
def vectors() -> dict[str, Vector]:
    """By name: every valid case of the conformance suite where that is at hand, and what the private stack signs."""
    found = {case: of_suite(case) for case in suite.CASES if not case.endswith("_fail")}
    stack, _ = stacks()
    managed = bundles.managed()
    known = wrap_public(managed.key.public_key())
    for kind in EntryKind:
        of_file = kind in (EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2)
        signs: Any = bundles.signed_artifact if of_file else bundles.signed_statement
        covered = ARTIFACT if of_file else bundles.statement(ARTIFACT)
        name = " ".join(kind.value)
        found[name] = _of_stack(signs(stack, covered, kind=kind, stamped=True), WHO)
        found[f"{name}, a key"] = _of_stack(signs(stack, covered, kind=kind, signer=managed), known)
    unpromised = bundles.signed_artifact(stack, ARTIFACT, stamped=True)
    del unpromised["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]
    found["no promise"] = _of_stack(unpromised, WHO)
    return found


def _of_stack(bundle: Any, who: Any) -> Vector:
    trusted = raw(root.trusted_root(stacks()[0]))
    return Vector(bundle=raw(bundle), root=trusted, content=ARTIFACT, who=who, at=AT)


def of_suite(case: str) -> Vector:
    """A case of the conformance suite, valid or not."""
    key, trusted = suite.read(case, "key.pub"), suite.read(case, "trusted_root.json")
    identity = (suite.read(case, "identity") or suite.IDENTITY.encode()).decode().strip()
    issuer = (suite.read(case, "issuer") or suite.ISSUER.encode()).decode().strip()
    return Vector(
        bundle=suite.read(case, "bundle.sigstore.json") or b"",
        root=trusted or packaged_root(),
        content=suite.read(case, "artifact") or (suite.SUITE / "a.txt").read_bytes(),
        who=read_public(key) if key else Identity(identity, issuer=issuer),
        at=suite.NOW,
    )


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Everything in a document that is neither an object nor an array."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, step))
    else:
        yield path, value


def field_of(path: Path) -> str:
    """The last name on the way."""
    return next(step for step in reversed(path) if isinstance(step, str))


def decoded(path: Path, value: Any) -> bytes:
    """The bytes that a leaf stands for."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.b64decode(text) if field_of(path) in BASE64 else text.encode()


def flipped(document: bytes, path: Path, bit: int) -> bytes | None:
    """The document with one bit of a decoded leaf flipped; None where it is no text any more."""
    made = json.loads(document)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    data = bytearray(decoded(path, holder[path[-1]]))
    data[bit // 8] ^= 1 << bit % 8
    try:
        holder[path[-1]] = base64.b64encode(data).decode() if field_of(path) in BASE64 else data.decode()
    except UnicodeDecodeError:
        return None
    return json.dumps(made).encode()


def excused(vector: Vector, *, bundle: bytes | None = None, root: bytes | None = None) -> str | None:
    """Why what was changed need not be refused; None when it must be."""
    old, new = (vector.bundle, bundle) if bundle is not None else (vector.root, root)
    before, after = json.loads(old), json.loads(new or b"")
    if before == after:
        return "the same JSON"
    was, is_ = ({p: v for p, v in leaves(each) if "subject" not in p} for each in (before, after))
    if was == is_:
        return "the subject of an authority: names for people, not read"
    if was.keys() != is_.keys():
        return None
    reasons = [
        _in_bundle(before, path, is_[path]) if bundle is not None else _in_root(vector, before, path, is_[path])
        for path in was
        if was[path] != is_[path]
    ]
    return None if None in reasons else "; ".join(r for r in reasons if r)


def _in_bundle(document: Any, path: Path, new: Any) -> str | None:
    field, old = field_of(path), _at(document, path)
    entry = _at(document, path[:3]) if "tlogEntries" in path else {}
    if field == "envelope" and "checkpoint" in path:
        return _witness(old, new, base64.b64decode(entry["logId"]["keyId"]))
    if field == "signedTimestamp":
        return _unsigned_part(base64.b64decode(old), base64.b64decode(new))
    promised, kind = "inclusionPromise" in entry, tuple(entry.get("kindVersion", {}).values())
    excuses = {
        "keyid": (True, "DSSE: a keyid is unauthenticated"),
        "hint": (True, "a hint for finding the key; the caller's key is what verifies"),
        "mediaType": (
            new in MEDIA_TYPES and "publicKey" in document["verificationMaterial"],
            "the version of a bundle of a key, which is held to all that the other version asks for",
        ),
        "integratedTime": (not promised, "a time that nobody signs and that is not read"),
        "logIndex": (
            len(path) == 4 and not promised and kind not in OF_ONE_SHARD,
            "the index of an entry of Rekor v1 in all its shards, which only the promise signs",
        ),
    }
    holds, reason = excuses.get(field, (False, ""))
    return reason if holds else None


def _witness(old: str, new: str, log_id: bytes) -> str | None:
    """A checkpoint whose text and log's own signature are as they were."""
    (text, _, lines), (new_text, _, new_lines) = old.partition("\n\n"), new.partition("\n\n")
    kept = set(lines.splitlines()) & set(new_lines.splitlines())
    own = [line for line in kept if base64.b64decode(line.rpartition(" ")[2])[:4] == log_id[:4]]
    return "a signature of a witness, of whom nothing is asked" if text == new_text and own else None


def _unsigned_part(old: bytes, new: bytes) -> str | None:
    """RFC 5652, 5.4: the content, the signed attributes and the signature are what counts."""
    response = tsp.TimeStampResp.load(old)
    signed = response["time_stamp_token"]["content"]
    info = signed["signer_infos"][0]
    kept = (
        response["status"].dump(),
        bytes(signed["encap_content_info"]["content"].contents),
        bytes(info["signed_attrs"].contents),
        info["signature"].native,
    )
    return "CMS: outside of content, signed attributes and signature" if all(part in new for part in kept) else None


_UNREAD: Final = {
    **dict.fromkeys(("baseUrl", "uri", "operator"), "a name for people"),
    **dict.fromkeys(("hashAlgorithm", "keyDetails"), "what the key itself says in DER, and is not read twice"),
    **dict.fromkeys(("start", "end"), "a window that still holds the time"),
}


def _in_root(vector: Vector, document: Any, path: Path, new: Any) -> str | None:
    field = field_of(path)
    if field in _UNREAD:
        return _UNREAD[field]
    if field == "rawBytes" and "publicKey" in path and _same_key(_at(document, path), new):
        return "the same key, its point written in another form (X9.62, 4.3.6)"
    kind, number = path[0], path[1]
    assert isinstance(kind, str)
    changed = json.loads(vector.root)
    changed[kind][number] = root.trusted_root(stacks()[1])[kind][0]
    if accepts(vector, root=raw(changed)):
        return "a part that this bundle does not use: a stranger's in its place changes nothing"
    chain = document[kind][number].get("certChain", {}).get("certificates", ())
    if field == "rawBytes" and "certChain" in path and path[-2] == len(chain) - 1:
        was, is_ = (x509.load_der_x509_certificate(base64.b64decode(v)) for v in (_at(document, path), new))
        if (was.subject, was.public_key()) == (is_.subject, is_.public_key()):
            return "an anchor is a name and a key, and signed by nobody (RFC 5280, 6.1.1)"
    return None


def _same_key(old: str, new: str) -> bool:
    try:
        return load_der_public_key(base64.b64decode(old)) == load_der_public_key(base64.b64decode(new))
    except (ValueError, UnsupportedAlgorithm):
        return False


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document
