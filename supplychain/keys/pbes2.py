"""Encrypted PKCS #8 with scrypt (RFC 5958, RFC 8018 appendix A.4, RFC 7914 section 7).

cryptography reads this form and cannot write it: its own encryption derives the key by 2,048 rounds of PBKDF2,
which a graphics card undoes. The few DER structures needed are written here; nothing is parsed but the costs.
"""

import base64
import re
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from supplychain.errors import KeyUnusable, LimitExceeded

COST: Final = {"n": 2**14, "r": 8, "p": 5}
"""About 80 ms and 16 MiB; openssl's default memory limit refuses N=2^15."""
MAX_MEMORY: Final = 256 << 20
"""Bytes that scrypt may take: 128 * N * r."""
MAX_WORK: Final = 2**24
"""N * r * p, about two seconds."""
MAX_ROUNDS: Final = 10_000_000
"""Of PBKDF2, about as long."""

_OID_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_OID_PBKDF2: Final = bytes.fromhex("06092a864886f70d01050c")
_OID_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")
_PEM: Final = re.compile(
    rb"\s*-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----\s*"
)
_CONVERT: Final = "convert it: openssl pkcs8 -topk8 -scrypt -in OLD -out NEW"


def encrypt(pkcs8: bytes, *, password: bytes, salt: bytes, iv: bytes) -> bytes:
    """Encrypt a PrivateKeyInfo; PEM. ``salt`` and ``iv`` are 16 random bytes each."""
    if len(salt) != 16 or len(iv) != 16:
        raise KeyUnusable("salt and iv must be 16 random bytes each")
    if not password:
        raise KeyUnusable("an empty password protects nothing", hint="choose one, or say --unsafe-no-password")
    key = Scrypt(salt=salt, length=32, **COST).derive(password)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES256(key), modes.CBC(iv)).encryptor()
    encrypted = cipher.update(padder.update(pkcs8) + padder.finalize()) + cipher.finalize()
    costs = _integer(COST["n"]) + _integer(COST["r"]) + _integer(COST["p"])
    kdf = _sequence(_OID_SCRYPT + _sequence(_octets(salt) + costs))
    scheme = _sequence(_OID_AES256_CBC + _octets(iv))
    info = _sequence(_sequence(_OID_PBES2 + _sequence(kdf + scheme)) + _octets(encrypted))
    body = base64.encodebytes(info)
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + b"-----END ENCRYPTED PRIVATE KEY-----\n"


def is_encrypted(pem: bytes, *, where: str) -> bool:
    """Whether the key is encrypted; its key derivation is bounded before anybody runs it (LimitExceeded).

    What is encrypted in a way not understood here is refused (KeyUnusable): its cost cannot be told.
    """
    if b"ENCRYPTED" not in pem:
        return False
    found = _PEM.fullmatch(pem)
    if not found:
        raise KeyUnusable("encrypted, but not one PEM block of PKCS #8", where=where, hint=_CONVERT)
    try:
        _bound_costs(base64.b64decode(b"".join(found[1].split()), validate=True), where)
    except (ValueError, IndexError) as e:
        raise KeyUnusable("encrypted in a way that is not read here", where=where, hint=_CONVERT) from e
    return True


def _bound_costs(der: bytes, where: str) -> None:
    """Find the key derivation where PKCS #8 has it and bound what it costs. Raises ValueError for any other form."""
    scheme = _children(_children(_content(der))[0][1])
    if scheme[0] != _pair(_OID_PBES2):
        raise ValueError("not PBES2")
    oid, parameters = _children(_children(scheme[1][1])[0][1])[:2]
    values = _children(parameters[1])
    if values[0][0] != 0x04:
        raise ValueError("no salt")
    costs = [int.from_bytes(content, "big") for tag, content in values[1:] if tag == 0x02]
    if oid == _pair(_OID_SCRYPT):
        n, r, p = costs[:3]
        if 128 * n * r > MAX_MEMORY or n * r * p > MAX_WORK:
            raise LimitExceeded(f"its scrypt costs N={n} r={r} p={p}, more than is run here", where=where)
    elif oid == _pair(_OID_PBKDF2):
        if costs[0] > MAX_ROUNDS:
            raise LimitExceeded(f"its PBKDF2 takes {costs[0]} rounds, at most {MAX_ROUNDS} are run", where=where)
    else:
        raise ValueError("neither scrypt nor PBKDF2")


def _content(der: bytes) -> bytes:
    """The content of the one value that these bytes are."""
    ((_, content),) = _children(der)
    return content


def _pair(encoded: bytes) -> tuple[int, bytes]:
    return encoded[0], encoded[2:]


def _children(content: bytes) -> list[tuple[int, bytes]]:
    """The values that follow each other, as (tag, content), at least one. Raises ValueError unless this is DER."""
    at, found = 0, []
    while at < len(content):
        header = content[at : at + 2]
        if len(header) < 2 or header[0] & 0x1F == 0x1F:
            raise ValueError("no DER")
        size, at = header[1], at + 2
        if size >= 0x80:
            count = size & 0x7F
            size, at = int.from_bytes(content[at : at + count], "big"), at + count
            if not 1 <= count <= 3:
                raise ValueError("no length of DER")
        if at + size > len(content):
            raise ValueError("cut off")
        found.append((header[0], content[at : at + size]))
        at += size
    if not found:
        raise ValueError("empty")
    return found


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(content: bytes) -> bytes:
    return _tlv(0x30, content)


def _octets(content: bytes) -> bytes:
    return _tlv(0x04, content)


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))
