"""What a classic in-toto file holds before anything of it is believed: signed bytes and their signatures.

Two forms are read, as the in-toto library does: the Metablock, ``{"signed": ..., "signatures": [...]}``, whose
signatures cover the canonical JSON of ``signed`` (in-toto specification 1.0, section 4.2), and the DSSE envelope.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from supplychain import _json
from supplychain._json import Node
from supplychain.errors import SignatureInvalid, UnsupportedType
from supplychain.model.statement import MAX_SIGNATURES, PAYLOAD_TYPE, Envelope
from supplychain.verify.layout.keys import FunctionaryKey

MAX_METADATA_BYTES: Final = 16 << 20
"""Of one layout or link; the link of a step with a hundred thousand files fits."""

_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2})+\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A layout or link as found. Nothing of it is believed until `check_signature` returned."""

    where: str
    sha256: str
    """Of the file."""
    signatures: tuple[bytes, ...]
    """May be empty; OpenPGP signatures are not among them, since nothing here can judge them."""
    signed: bytes = field(repr=False)
    """What each signature covers."""
    _payload: bytes | Node = field(repr=False)

    def check_signature(self, key: FunctionaryKey) -> None:
        """One of the signatures is by this key; ids of keys choose nothing. Raises SignatureInvalid."""
        if not any(key.verifies(signature, self.signed) for signature in self.signatures):
            raise SignatureInvalid(
                f"not signed by the {key.public.algorithm} key {key.public.fingerprint[:19]}"
                if self.signatures
                else "carries no signature that can be judged",
                where=self.where,
            )

    def content(self) -> Node:
        """The layout or link itself, from the bytes that are signed. Raises MalformedDocument, LimitExceeded."""
        if isinstance(self._payload, Node):
            return self._payload
        return _json.parse(self._payload, where=self.where, max_bytes=MAX_METADATA_BYTES)


def read_metadata(data: bytes, *, where: str) -> Metadata:
    """Read a Metablock or a DSSE envelope. Raises MalformedDocument, LimitExceeded, UnsupportedType."""
    node = _json.parse(data, where=where, max_bytes=MAX_METADATA_BYTES)
    sha256 = hashlib.sha256(data).hexdigest()
    if "payload" in node.object():
        envelope = Envelope.parse(node)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise UnsupportedType(f"payload type {envelope.payload_type[:80]!r}, expected {PAYLOAD_TYPE}", where=where)
        return Metadata(
            where=where,
            sha256=sha256,
            signatures=tuple(s.sig for s in envelope.signatures),
            signed=envelope.signed_bytes,
            _payload=envelope.payload,
        )
    signed = node.at("signed")
    signed.object()
    found = [_signature(s) for s in node.at("signatures").items(at_most=MAX_SIGNATURES)]
    return Metadata(
        where=where,
        sha256=sha256,
        signatures=tuple(s for s in found if s is not None),
        signed=_canonical(signed),
        _payload=signed,
    )


def _signature(node: Node) -> bytes | None:
    """The bytes of a signature; None for one by OpenPGP, which has another form."""
    if "other_headers" in node.object():
        return None
    text = node.at("sig").text()
    if not _HEX.match(text):
        node.at("sig").fail("expected hexadecimal digits")
    return bytes.fromhex(text)


def _canonical(node: Node) -> bytes:
    """OLPC canonical JSON, which knows no fractions. Raises MalformedDocument."""
    from securesystemslib.exceptions import FormatError
    from securesystemslib.formats import encode_canonical

    try:
        text = encode_canonical(node.object())
    except FormatError:
        text = None
    if text is None:
        node.fail("has no canonical JSON: it holds a number that is not whole")
    return text.encode()
