"""in-toto Statements and the DSSE envelope that carries them.

`Envelope.signed_bytes` is what a DSSE signature covers (the pre-authentication encoding, never the raw payload);
`Statement.parse` reads the payload once its signature has been verified, from those very bytes.

>>> pae("text/plain", b"hi")
b'DSSEv1 10 text/plain 2 hi'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supplychain import _json
from supplychain._json import JSON, Node
from supplychain.errors import UnsupportedType
from supplychain.model.digest import parse_digest_set

STATEMENT_V1 = "https://in-toto.io/Statement/v1"
STATEMENT_V01 = "https://in-toto.io/Statement/v0.1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_SUBJECTS = 1024
MAX_SIGNATURES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resource of a Statement: what is stated about, or a material it names (in-toto ResourceDescriptor)."""

    name: str = ""
    uri: str = ""
    digests: Mapping[str, str]
    """Algorithm to value; empty only for a material that names none."""

    @classmethod
    def parse(cls, node: Node, *, digest_required: bool = True) -> "Subject":
        """Read a ResourceDescriptor; a subject must have a digest, a material may lack one."""
        raw = node.at("digest") if digest_required else node.maybe("digest")
        name, uri = node.maybe("name"), node.maybe("uri")
        return cls(
            name=name.text(empty=True) if name else "",
            uri=uri.text(empty=True) if uri else "",
            digests=parse_digest_set(raw) if raw else {},
        )

    def encode(self) -> dict[str, JSON]:
        """The JSON form; absent facts are left out."""
        out: dict[str, JSON] = {"digest": dict(self.digests)} if self.digests else {}
        if self.name:
            out["name"] = self.name
        if self.uri:
            out["uri"] = self.uri
        return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An in-toto Statement v1 (or v0.1, read only): a predicate about subjects, each with a digest."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Node
    """An object, not yet read by its type; an absent predicate is an empty object."""

    @classmethod
    def parse(cls, payload: bytes, *, where: str) -> "Statement":
        """Read a Statement from the bytes that were verified. Unknown fields are ignored, an unknown ``_type`` is not.

        Raises MalformedDocument, LimitExceeded above 1,024 subjects, UnsupportedType.
        """
        node = _json.parse(payload, where=where)
        kind = node.at("_type").text()
        if kind not in (STATEMENT_V1, STATEMENT_V01):
            raise UnsupportedType(f"_type {kind[:80]!r} is no in-toto Statement v1 or v0.1", where=where)
        subjects = node.at("subject").items(at_most=MAX_SUBJECTS)
        if not subjects:
            node.at("subject").fail("a Statement about nothing")
        predicate = node.maybe("predicate") or Node({}, where=where, path="predicate")
        predicate.object()
        return cls(
            subjects=tuple(Subject.parse(s) for s in subjects),
            predicate_type=node.at("predicateType").text(),
            predicate=predicate,
        )


def encode_statement(subjects: Sequence[Subject], predicate_type: str, predicate: Mapping[str, JSON]) -> bytes:
    """A Statement v1 in canonical JSON, subjects in the order given."""
    return _json.canonical(
        {
            "_type": STATEMENT_V1,
            "subject": [s.encode() for s in subjects],
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        }
    )


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE v1: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class EnvelopeSignature:
    """One signature of an envelope. The keyid is unauthenticated and chooses nothing."""

    sig: bytes
    keyid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A DSSE envelope: a payload decoded once; verification and parsing both use these bytes."""

    payload_type: str
    payload: bytes
    signatures: tuple[EnvelopeSignature, ...]
    """May be empty in what was read: that is for the verifier to refuse."""

    @property
    def signed_bytes(self) -> bytes:
        """What each signature covers."""
        return pae(self.payload_type, self.payload)

    @classmethod
    def parse(cls, node: Node) -> "Envelope":
        """Read the JSON form. Raises MalformedDocument, and LimitExceeded above 32 signatures."""
        signatures = node.at("signatures").items(at_most=MAX_SIGNATURES)
        keyids = [s.maybe("keyid") for s in signatures]
        return cls(
            payload_type=node.at("payloadType").text(),
            payload=node.at("payload").base64(),
            signatures=tuple(
                EnvelopeSignature(s.at("sig").base64(), k.text(empty=True) if k else "")
                for s, k in zip(signatures, keyids, strict=True)
            ),
        )
