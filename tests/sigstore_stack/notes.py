"""Signed notes and cosignatures of the transparency logs (https://c2sp.org/signed-note, /tlog-cosignature)."""

import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.sigstore_stack.encoding import b64, sha256, spki
from tests.sigstore_stack.keys import PrivateKey, PublicKey, sign

_ED25519 = b"\x01"
_COSIGNATURE = b"\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Cosigns the heads of a log that it saw growing."""

    name: str
    key: ed25519.Ed25519PrivateKey


def new_witness(name: str) -> Witness:
    return Witness(name=name, key=ed25519.Ed25519PrivateKey.generate())


def key_id(name: str, key: PublicKey, *, kind: bytes = _ED25519) -> bytes:
    """All 32 bytes: its first four go before each signature, and the whole is the id of a log.

    Of an Ed25519 key it hashes the name too; of an ECDSA or RSA key it is the digest of the SubjectPublicKeyInfo.
    """
    if not isinstance(key, ed25519.Ed25519PublicKey):
        return sha256(spki(key))
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return sha256(name.encode() + b"\n" + kind + raw)


def signature_line(text: str, *, name: str, key: PrivateKey) -> str:
    """A signature of the note text, which ends in a newline."""
    hint = key_id(name, key.public_key())[:4]
    return _line(name, hint + sign(key, text.encode()))


def cosignature_line(text: str, witness: Witness, *, at: int) -> str:
    """A cosignature/v1: the witness saw the tree of `text` at that POSIX time."""
    hint = key_id(witness.name, witness.key.public_key(), kind=_COSIGNATURE)[:4]
    message = f"cosignature/v1\ntime {at}\n{text}"
    return _line(witness.name, hint + struct.pack("!Q", at) + witness.key.sign(message.encode()))


def _line(name: str, signature: bytes) -> str:
    return f"\N{EM DASH} {name} {b64(signature)}\n"


def signed_note(text: str, *lines: str) -> str:
    """Text, an empty line, signatures."""
    return text + "\n" + "".join(lines)
