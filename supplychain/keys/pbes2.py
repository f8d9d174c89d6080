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
MAX_COST: Final = {"n": 2**18, "r": 16, "p": 16}
MAX_ROUNDS: Final = 10_000_000

_OID_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_OID_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_OID_PBKDF2: Final = bytes.fromhex("06092a864886f70d01050c")
_OID_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")
_PEM: Final = re.compile(
    rb"-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED PRIVATE KEY-----"
)


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
    """Whether the key is encrypted; its key derivation is bounded before anybody runs it (LimitExceeded)."""
    found = _PEM.search(pem)
    if not found:
        return b"ENCRYPTED" in pem
    try:
        der = base64.b64decode(found[1])
    except ValueError:
        raise KeyUnusable("the PEM block is no base64", where=where) from None
    for oid, limits in ((_OID_SCRYPT, tuple(MAX_COST.values())), (_OID_PBKDF2, (MAX_ROUNDS,))):
        at = der.find(oid)
        if at < 0:
            continue
        for cost, limit in zip(_integers_after_salt(der, at + len(oid)), limits, strict=False):
            if cost > limit:
                raise LimitExceeded(f"the key derivation costs {cost}, at most {limit} is run", where=where)
    return True


def _integers_after_salt(der: bytes, at: int) -> list[int]:
    """The INTEGERs that follow the salt in the parameters of a key derivation; empty when it is no such thing."""
    if len(der) < at + 4 or der[at] != 0x30 or der[at + 2] != 0x04:
        return []
    at, found = at + 4 + der[at + 3], []
    while at + 2 <= len(der) and der[at] == 0x02:
        length = der[at + 1]
        found.append(int.from_bytes(der[at + 2 : at + 2 + length], "big"))
        at += 2 + length
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
