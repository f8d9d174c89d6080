"""Keys on disk: made, read, shown."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from supplychain import _io
from supplychain._io import StrPath
from supplychain.errors import InputError, KeyUnusable, UsageError
from supplychain.keys import PrivateKey, PublicKey, generate, read_private, read_public
from supplychain.keys.public import MAX_KEY_BYTES
from supplychain.signing import BundleSigner
from supplychain.signing.local import LocalSigner

if TYPE_CHECKING:  # reading a key needs none of the classes in which one is shown
    from supplychain.model.results import KeyInfo
    from supplychain.signing.keyless import KeylessSigner

MAX_CONFIG_BYTES: Final = 4 << 20
MAX_TOKEN_BYTES: Final = 64 * 1024
_TOKEN: Final = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]+\Z", re.ASCII)
"""A signed token (RFC 7519): base64 of a JSON object, twice, and a signature."""
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


def keyless(
    *, trust_config: StrPath | None = None, identity_token: StrPath | Callable[[], str] | None = None
) -> "KeylessSigner":
    """A signer by identity: each signature is by a certificate of minutes that names whoever the token is for.

    ``trust_config`` is a client trust configuration (JSON) of a private Sigstore instance; without it, it is the public
    one, and everything signed is in a public log for ever. ``identity_token`` is a token, the file that holds one, or
    what gives one; without it, it is the one that this CI job is given (GitHub, GitLab, Google Cloud, Buildkite,
    CircleCI). The token is asked for when it is first needed: `KeylessSigner.trust` does so and says who will be named.

    Signing raises UsageError without a usable token, and NetworkError when a service fails or what it made does not
    verify. Raises MalformedDocument, NetworkRefused, Unreadable for a configuration that cannot be used.
    """
    from supplychain.roots.packaged import packaged_root, packaged_signing_config
    from supplychain.signing import keyless as signing

    if trust_config is None:
        instance = signing.instance_of(packaged_root(), packaged_signing_config(), where="packaged configuration")
    else:
        data = _io.read_bytes(trust_config, max_bytes=MAX_CONFIG_BYTES)
        instance = signing.read_instance(data, where=os.fspath(trust_config))
    if identity_token is None:
        return signing.KeylessSigner(instance=instance, token=signing.ambient_token)
    if callable(identity_token):
        return signing.KeylessSigner(instance=instance, token=identity_token)
    named = identity_token
    return signing.KeylessSigner(instance=instance, token=lambda: _token(named))


def is_token(text: str) -> bool:
    """Whether a text has the form of an identity token, so that it is not the name of a file."""
    return bool(_TOKEN.match(text.strip()))


def _token(named: StrPath) -> str:
    """The token itself, or the one in a file. No error says what was given: it may have been nearly a token."""
    if is_token(os.fspath(named)):
        return os.fspath(named).strip()
    try:
        text = _io.read_bytes(named, max_bytes=MAX_TOKEN_BYTES).decode("ascii", errors="replace").strip()
    except (InputError, ValueError) as e:
        told = e.message if isinstance(e, InputError) else "no name of a file"
        raise UsageError(f"--identity-token names no token and no file that holds one: {told}") from None
    if not is_token(text):
        raise UsageError("the file that --identity-token names holds no identity token")
    return text


def timestamped(url: str, *, root: bytes | None = None, offline: bool = False) -> Callable[[PrivateKey], LocalSigner]:
    """What makes of a key a signer whose every signature carries an RFC 3161 timestamp from the authority at ``url``.

    ``root`` is the trusted root (JSON) that names this authority; without it, the one that ships with sigstore. Whoever
    verifies needs a root that names it too. Signing raises NetworkError when the authority fails or its answer does not
    verify. Raises NetworkRefused for an address that is not talked to, MalformedDocument for a root that is none.
    """
    from supplychain.roots.packaged import packaged_root
    from supplychain.signing.timestamp import TimestampAuthority

    authority = TimestampAuthority(url=url, root=packaged_root() if root is None else root, offline=offline)
    authority.check()
    return lambda key: LocalSigner(key, authority)


def as_signer(signer: AnySigner) -> BundleSigner:
    """A private key as the signer it is."""
    return LocalSigner(signer) if isinstance(signer, PrivateKey) else signer
