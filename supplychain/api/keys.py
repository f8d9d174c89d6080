"""Keys on disk: made, read, shown."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from supplychain import _io
from supplychain._io import StrPath
from supplychain.errors import InputError, KeyUnusable
from supplychain.keys import PrivateKey, PublicKey, generate, read_private, read_public
from supplychain.keys.public import MAX_KEY_BYTES
from supplychain.signing import BundleSigner
from supplychain.signing.local import LocalSigner

if TYPE_CHECKING:  # reading a key needs none of the classes in which one is shown
    from supplychain.model.results import KeyInfo

Password: TypeAlias = str | bytes | None
AnySigner: TypeAlias = PrivateKey | BundleSigner
"""Who signs: a private key, or anything that makes bundles."""


class _Absent:
    """No password argument at all: a public key is meant."""


_ABSENT: Final = _Absent()


@overload
def read_key(path: StrPath) -> PublicKey: ...


@overload
def read_key(path: StrPath, *, password: Password) -> PrivateKey: ...


def read_key(path: StrPath, *, password: Password | _Absent = _ABSENT) -> PublicKey | PrivateKey:
    """Read a key file: the public key, or, where a password is given, the private one.

    ``password=None`` reads a private key that is not encrypted. Raises KeyUnusable, UnsupportedAlgorithm.
    """
    data, where = _read(path), os.fspath(path)
    if isinstance(password, _Absent):
        return read_public(data, where=where)
    return read_private(data, password=password.encode() if isinstance(password, str) else password, where=where)


def new_key(name: StrPath, *, password: Password) -> "KeyInfo":
    """Make a P-256 key: NAME.key, readable by its owner alone (where the system has such a right), and NAME.pub.

    ``password=None`` writes the key in the clear. Existing files are never replaced (KeyUnusable).
    """
    from supplychain.model.results import KeyInfo

    if Path(name).name in ("", "..") or os.fspath(name).endswith(("/", os.sep)):
        raise KeyUnusable(f"{os.fspath(name)!r} names no file", hint="release makes release.key and release.pub")
    raw = password.encode() if isinstance(password, str) else password
    key = generate()
    private, public = Path(f"{os.fspath(name)}.key"), Path(f"{os.fspath(name)}.pub")
    if private.exists() or public.exists():
        there = private if private.exists() else public
        raise KeyUnusable("exists already and is not replaced", where=str(there), hint="choose another name")
    pem = key.pem(password=raw, salt=os.urandom(16), iv=os.urandom(16))
    try:
        _io.write_atomic(private, pem, mode=0o600, exclusive=True)
        _io.write_atomic(public, key.public.pem(), exclusive=True)
    except FileExistsError as e:
        raise KeyUnusable("exists already and is not replaced", where=str(e.filename2 or private)) from e
    return KeyInfo(
        path=str(private),
        algorithm=key.public.algorithm,
        fingerprint=key.public.fingerprint,
        private=True,
        encrypted=raw is not None,
        wrote=(str(private), str(public)),
    )


def show_key(path: StrPath, *, password: Password = None) -> "KeyInfo":
    """What a key file holds: of a private key, only what its public half tells."""
    from supplychain.model.results import KeyInfo

    data, where = _read(path), os.fspath(path)
    private = b"PRIVATE KEY" in data
    public: PublicKey
    if private:
        raw = password.encode() if isinstance(password, str) else password
        public = read_private(data, password=raw, where=where).public
    else:
        public = read_public(data, where=where)
    return KeyInfo(
        path=where,
        algorithm=public.algorithm,
        fingerprint=public.fingerprint,
        private=private,
        encrypted=b"ENCRYPTED" in data if private else None,
    )


def check_key_file(path: StrPath) -> None:
    """Whether a key file is there to be opened later; none of it is read. Raises KeyUnusable."""
    try:
        with _io.open_plain(path):
            pass
    except InputError as e:
        raise KeyUnusable(e.message, where=os.fspath(path), hint=e.hint) from e


def _read(path: StrPath) -> bytes:
    try:
        return _io.read_bytes(path, max_bytes=MAX_KEY_BYTES)
    except InputError as e:
        raise KeyUnusable(e.message, where=os.fspath(path), hint=e.hint) from e


def as_signer(signer: AnySigner) -> BundleSigner:
    """A private key as the signer it is."""
    return LocalSigner(signer) if isinstance(signer, PrivateKey) else signer
