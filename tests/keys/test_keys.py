"""Keys: made here or elsewhere, read strictly, too weak ones refused, signatures checked to the letter."""

import base64
import hashlib
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import KeyUnusable, SignatureInvalid, SupplyChainError, UnsupportedAlgorithm
from supplychain.keys import PrivateKey, generate, read_private, read_public
from tests.support.evidence import key, other_key

KINDS = ("p256", "p384", "ed25519", "rsa")
PASSWORD = b"correct horse"
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")


def of_kind(kind: str) -> PrivateKey:
    return key() if kind == "p256" else other_key(kind)


def plain_pem(made: Any) -> bytes:
    pem: bytes = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem


def public_pem(made: Any) -> bytes:
    pem: bytes = made.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem


def encrypted(made: PrivateKey, password: bytes = PASSWORD) -> bytes:
    return made.pem(password=password, salt=b"s" * 16, iv=b"i" * 16)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_key_signs_and_verifies(kind: str) -> None:
    signer = of_kind(kind)
    signature = signer.sign(b"bytes")
    signer.public.verify(signature, b"bytes")
    with pytest.raises(SignatureInvalid, match=signer.public.fingerprint[:19]):
        signer.public.verify(signature, b"other")
    with pytest.raises(SignatureInvalid):
        key("another").public.verify(signature, b"bytes")


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
def test_a_digest_signs_as_its_bytes_do(kind: str) -> None:
    signer = of_kind(kind)
    digest = hashlib.new(signer.public.hash_name or "", b"bytes").digest()
    signer.public.verify(signer.sign_digest(digest), b"bytes")
    signer.public.verify_digest(signer.sign(b"bytes"), digest)
    with pytest.raises(SignatureInvalid):
        signer.public.verify_digest(signer.sign(b"bytes"), bytes(len(digest)))


def test_ed25519_takes_whole_messages_only() -> None:
    signer = other_key("ed25519")
    with pytest.raises(KeyUnusable, match="not the digests of files"):
        signer.sign_digest(bytes(32))
    with pytest.raises(UnsupportedAlgorithm, match="covers the whole file"):
        signer.public.verify_digest(bytes(64), bytes(32))


@pytest.mark.threat(20)
def test_a_raw_ecdsa_signature_is_refused_where_der_is_expected() -> None:
    r, s = decode_dss_signature(key().sign(b"bytes"))
    with pytest.raises(SignatureInvalid):
        key().public.verify(r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"bytes")


@given(st.binary(max_size=80), st.sampled_from(KINDS))
@settings(max_examples=60, deadline=None)
def test_no_bytes_but_a_signature_verify(signature: bytes, kind: str) -> None:
    with pytest.raises(SignatureInvalid):
        of_kind(kind).public.verify(signature, b"bytes")


def test_a_key_is_named_by_its_public_half() -> None:
    made = generate()
    spki = hashlib.sha256(made.public.spki)
    assert made.public.algorithm == "ecdsa-p256"
    assert made.public.fingerprint == f"sha256:{spki.hexdigest()}"
    assert base64.b64decode(made.public.hint) == spki.digest()
    assert read_public(made.public.pem()) == made.public
    assert len({made.public, read_public(made.public.pem()), generate().public}) == 2
    assert made.public != "key"


def test_a_private_key_never_shows_itself() -> None:
    made = generate()
    assert repr(made) == f"PrivateKey(ecdsa-p256 {made.public.fingerprint})"
    assert repr(made.public) == f"PublicKey(ecdsa-p256 {made.public.fingerprint})"


@pytest.mark.parametrize("kind", KINDS)
def test_an_encrypted_key_is_read_again(kind: str) -> None:
    pem = encrypted(of_kind(kind))
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in pem
    assert read_private(pem, password=PASSWORD).public == of_kind(kind).public


def test_equal_randomness_gives_equal_bytes_and_other_randomness_others() -> None:
    assert encrypted(key()) == encrypted(key())
    assert encrypted(key()) != key().pem(password=PASSWORD, salt=b"t" * 16, iv=b"i" * 16)


@pytest.mark.parametrize("password", [b"wrong", PASSWORD + b"\n"])
def test_a_wrong_password_opens_nothing(password: bytes) -> None:
    with pytest.raises(KeyUnusable, match="the password does not open this key"):
        read_private(encrypted(key()), password=password, where="a.key")


@pytest.mark.parametrize("password", [None, b""])
def test_an_encrypted_key_needs_its_password(password: bytes | None) -> None:
    with pytest.raises(KeyUnusable, match="no password was given") as caught:
        read_private(encrypted(key()), password=password, where="a.key")
    assert caught.value.hint == "set SUPPLYCHAIN_KEY_PASSWORD"


def test_an_empty_password_protects_nothing_and_is_refused() -> None:
    with pytest.raises(KeyUnusable, match="protects nothing"):
        encrypted(key(), b"")


@pytest.mark.parametrize(("salt", "iv"), [(b"", b"i" * 16), (b"s" * 16, b""), (b"s" * 8, b"i" * 16)])
def test_a_key_is_not_encrypted_without_fresh_randomness(salt: bytes, iv: bytes) -> None:
    with pytest.raises(KeyUnusable, match="16 random bytes"):
        key().pem(password=PASSWORD, salt=salt, iv=iv)


def test_a_key_in_the_clear_is_read_with_or_without_a_password() -> None:
    pem = key().pem(password=None)
    assert b"ENCRYPTED" not in pem
    assert read_private(pem, password=None).public == read_private(pem, password=b"x").public == key().public


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(65537, 1024),
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: ec.generate_private_key(ec.SECP521R1()),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: ec.generate_private_key(ec.SECP224R1()),
    ],
    ids=["rsa-1024", "rsa-2048", "p521", "secp256k1", "p224"],
)
def test_keys_that_prove_too_little_are_refused(make: Any) -> None:
    made = make()
    with pytest.raises(UnsupportedAlgorithm, match=r"^a.pub: "):
        read_public(public_pem(made), where="a.pub")
    with pytest.raises(UnsupportedAlgorithm):
        read_private(plain_pem(made), password=None)


@pytest.mark.parametrize(
    "make", [ed448.Ed448PrivateKey.generate, x25519.X25519PrivateKey.generate, lambda: dsa.generate_private_key(1024)]
)
def test_keys_of_other_kinds_are_refused(make: Any) -> None:
    made = make()
    with pytest.raises(UnsupportedAlgorithm):
        read_public(public_pem(made))
    with pytest.raises(KeyUnusable, match="do not sign here"):
        read_private(plain_pem(made), password=None)


def test_an_enormous_rsa_key_is_refused_before_it_costs_anything() -> None:
    numbers = rsa.RSAPublicNumbers(65537, (1 << 9000) + 1).public_key()
    pem = numbers.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(UnsupportedAlgorithm, match="9001 bits"):
        read_public(pem)


def test_the_wrong_half_of_a_pair_is_named() -> None:
    with pytest.raises(KeyUnusable, match="this is a private key"):
        read_public(key().pem(password=None))
    with pytest.raises(KeyUnusable, match="this is a private key"):
        read_public(encrypted(key()))
    with pytest.raises(KeyUnusable, match="this is a public key"):
        read_private(key().public.pem(), password=None)


@pytest.mark.parametrize("data", [b"", b"x" * 20_000, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused(data: bytes) -> None:
    with pytest.raises(KeyUnusable):
        read_public(data)
    with pytest.raises(KeyUnusable):
        read_private(data, password=None)


def test_two_keys_in_one_file_are_no_key() -> None:
    with pytest.raises(KeyUnusable, match="expected one PEM block, found 2"):
        read_public(key().public.pem() + key("another").public.pem())
    with pytest.raises(KeyUnusable, match="expected one private key, found 2"):
        read_private(key().pem(password=None) + key("another").pem(password=None), password=None)


@needs_openssl
def test_a_key_behind_its_curve_parameters_is_read(tmp_path: Path) -> None:
    assert OPENSSL
    pem = tmp_path / "a.pem"
    command = [OPENSSL, "ecparam", "-name", "prime256v1", "-genkey", "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    assert b"EC PARAMETERS" in pem.read_bytes()
    assert read_private(pem.read_bytes(), password=None).public.algorithm == "ecdsa-p256"


@needs_openssl
def test_openssl_opens_our_encrypted_key(tmp_path: Path) -> None:
    assert OPENSSL
    mine = tmp_path / "a.key"
    mine.write_bytes(encrypted(key()))
    shown = subprocess.run(
        [OPENSSL, "pkey", "-in", str(mine), "-passin", f"pass:{PASSWORD.decode()}", "-pubout"],
        check=True,
        capture_output=True,
    )
    assert read_public(shown.stdout) == key().public


@needs_openssl
@pytest.mark.parametrize("how", [["-scrypt"], ["-v2", "aes-256-cbc", "-iter", "600000"], ["-v2", "aes-128-cbc"]])
def test_we_open_what_openssl_encrypts(how: list[str], tmp_path: Path) -> None:
    assert OPENSSL
    plain, out = tmp_path / "plain.pem", tmp_path / "out.pem"
    plain.write_bytes(key().pem(password=None))
    command = [OPENSSL, "pkcs8", "-topk8", *how, "-in", str(plain), "-out", str(out), "-passout", "pass:correct horse"]
    subprocess.run(command, check=True, capture_output=True)
    assert read_private(out.read_bytes(), password=PASSWORD).public == key().public


@given(
    st.binary(max_size=120),
    st.sampled_from([b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"PUBLIC KEY", b"EC PRIVATE KEY"]),
)
@settings(max_examples=100, deadline=None)
def test_any_pem_gives_a_key_or_one_of_our_errors(der: bytes, label: bytes) -> None:
    pem = b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(der), label)
    with pytest.raises((KeyUnusable, UnsupportedAlgorithm)):
        read_private(pem, password=b"x")
    with pytest.raises((KeyUnusable, UnsupportedAlgorithm)):
        read_public(pem)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_key_is_refused_or_is_still_the_same_key(data: st.DataObject) -> None:
    pem = bytearray(data.draw(st.sampled_from([key().pem(password=None), key().public.pem()])))
    at = data.draw(st.integers(0, len(pem) - 1))
    pem[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(SupplyChainError):
        assert read_private(bytes(pem), password=None).public.algorithm == "ecdsa-p256"
    with suppress(SupplyChainError):
        assert read_public(bytes(pem)).algorithm == "ecdsa-p256"


def test_an_ed25519_key_made_elsewhere_is_read() -> None:
    made = ed25519.Ed25519PrivateKey.generate()
    assert read_private(plain_pem(made), password=None).public == read_public(public_pem(made))
