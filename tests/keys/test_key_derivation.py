"""Encrypted keys made to be expensive: the cost is bounded before anybody runs the derivation."""

import base64
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import KeyUnusable, LimitExceeded
from supplychain.keys import pbes2, read_private
from tests.support.evidence import key

PBES2 = bytes.fromhex("06092a864886f70d01050d")
SCRYPT = bytes.fromhex("06092b06010401da47040b")
PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
PBES1 = bytes.fromhex("060a2a864886f70d010c0103")
AES = bytes.fromhex("060960864801650304012a")


def tlv(tag: int, *content: bytes) -> bytes:
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2, "big") + body


def integer(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(der: bytes, label: str = "ENCRYPTED PRIVATE KEY", headers: str = "") -> bytes:
    return f"-----BEGIN {label}-----\n{headers}{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def encrypted_info(kdf: bytes, *costs: int, salt: bytes = b"s" * 16, scheme: bytes = PBES2) -> bytes:
    derivation = tlv(0x30, kdf, tlv(0x30, tlv(4, salt), *map(integer, costs)))
    return tlv(0x30, tlv(0x30, scheme, tlv(0x30, derivation, tlv(0x30, AES, tlv(4, bytes(16))))), tlv(4, bytes(48)))


def opened(data: bytes) -> Any:
    return read_private(data, password=b"x", where="a.key")


@pytest.mark.parametrize(
    "costs", [(2**30, 8, 1), (2**14, 8, 2**20), (2**14, 2**20, 1), (2**18, 16, 16), (2**62, 2**62, 2**62)]
)
@pytest.mark.parametrize("salt", [b"s" * 16, b"s" * 300, b""])
def test_a_scrypt_made_to_be_slow_is_refused_at_once(costs: tuple[int, ...], salt: bytes) -> None:
    with pytest.raises(LimitExceeded, match=r"^a\.key: its scrypt costs N="):
        opened(pem(encrypted_info(SCRYPT, *costs, salt=salt)))


@pytest.mark.parametrize("salt", [b"s" * 16, b"s" * 300])
def test_a_pbkdf2_made_to_be_slow_is_refused_at_once(salt: bytes) -> None:
    with pytest.raises(LimitExceeded, match="PBKDF2 takes 2147483648 rounds"):
        opened(pem(encrypted_info(PBKDF2, 2**31, salt=salt)))


def test_a_decoy_in_the_salt_hides_no_cost() -> None:
    decoy = SCRYPT + tlv(0x30, tlv(4, b"s" * 16), integer(2), integer(1), integer(1))
    with pytest.raises(LimitExceeded):
        opened(pem(encrypted_info(SCRYPT, 2**40, 8, 1, salt=decoy)))


@pytest.mark.parametrize(
    "data",
    [
        pem(encrypted_info(SCRYPT, 2**40, 8, 1), headers="Comment: x\n\n"),
        pem(b"key", label="EC PRIVATE KEY", headers="Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + pem(encrypted_info(SCRYPT, 2**40, 8, 1)),
        pem(encrypted_info(SCRYPT, 2**40, 8, 1)).replace(b"\n", b" ", 1).replace(b"-----END", b"!-----END"),
    ],
    ids=["headers", "traditional", "behind another block", "no base64"],
)
def test_an_encrypted_key_in_another_wrapping_is_refused(data: bytes) -> None:
    with pytest.raises(KeyUnusable, match="not one PEM block") as caught:
        opened(data)
    assert "openssl pkcs8 -topk8" in caught.value.hint


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x05\x00",
        b"\x3f\x01\x00",
        tlv(0x30),
        tlv(0x30, tlv(0x30)),
        tlv(0x30, tlv(0x30, PBES2), tlv(4, b"x")),
        tlv(0x30, tlv(0x30, PBES1, tlv(0x30, tlv(4, b"s" * 8), integer(2**31))), tlv(4, b"x" * 16)),
        encrypted_info(bytes.fromhex("06032a0304"), 1),
        encrypted_info(SCRYPT, 2**14),
        encrypted_info(PBKDF2),
        tlv(0x30, tlv(0x30, PBES2, tlv(0x30, tlv(0x30, SCRYPT, tlv(0x30, integer(5), integer(5)))))),
        tlv(0x30, tlv(0x30, PBES2, tlv(0x30, tlv(0x30, SCRYPT, tlv(0x30))))),
        encrypted_info(SCRYPT, 2**14, 8, 5) + b"\x05\x00",
    ],
)
def test_a_derivation_whose_cost_cannot_be_told_is_refused(der: bytes) -> None:
    with pytest.raises(KeyUnusable, match=r"not read here|not one PEM block"):
        opened(pem(der))


def test_what_we_write_stays_within_what_we_read() -> None:
    cost = pbes2.COST
    assert 128 * cost["n"] * cost["r"] <= pbes2.MAX_MEMORY
    assert cost["n"] * cost["r"] * cost["p"] <= pbes2.MAX_WORK


def test_a_flipped_bit_of_an_encrypted_key_opens_nothing() -> None:
    good = key().pem(password=b"x", salt=b"s" * 16, iv=b"i" * 16)
    with pytest.raises(KeyUnusable):
        opened(good[:200] + bytes([good[200] ^ 1]) + good[201:])


@given(st.binary(max_size=60), st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_in_an_encrypted_block_are_bounded_or_refused(junk: bytes, at: int) -> None:
    info = bytearray(encrypted_info(SCRYPT, 2**30, 8, 1))
    info[at : at + len(junk)] = junk
    with suppress(KeyUnusable, LimitExceeded):
        assert pbes2.is_encrypted(pem(bytes(info)), where="x")


def test_a_key_of_the_cryptography_library_is_read(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP384R1())
    data = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    assert opened(data).public.algorithm == "ecdsa-p384"
