"""Whom to trust, from what a caller names, and roots of trust: the caller's, else the one that ships with sigstore."""

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supplychain import _io, _json
from supplychain._io import StrPath
from supplychain.api.keys import read_key
from supplychain.errors import InputError, SupplyChainError, UnsupportedType, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.verified import P, Verified
from supplychain.verify.trust import GITHUB_ACTIONS, Claims, Identity, Trust

if TYPE_CHECKING:  # verifying shows no root and writes nothing
    from supplychain.model.results import TrustedParties, Written

CLIENT_TRUST_CONFIG: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


def grounded(trust: Trust) -> Trust:
    """This trust with a root: the packaged one where the caller named none, read only if evidence needs it."""
    return trust.or_root(_packaged)


def named_trust(
    *,
    key: StrPath | None = None,
    identity: str | None = None,
    identity_glob: str | None = None,
    issuer: str | None = None,
    repository: str | None = None,
    roots: Sequence[StrPath] = (),
) -> Trust:
    """The one signer that these name: a public key (a file), or an identity with its issuer.

    ``repository`` (OWNER/NAME) means the issuer of GitHub Actions and this source repository, whatever the workflow;
    with an identity both must hold. Raises UsageError for what names nobody, or names somebody twice, before any file
    is read.
    """
    identified = _identity(identity, identity_glob, issuer, repository)
    if key is not None and identified is not None:
        raise UsageError("a key and an identity are two signers: name one")
    if key is None and identified is None:
        raise UsageError(
            "nobody is named whose signature counts",
            hint="name a public key with --key, or who signed: --certificate-identity and --certificate-oidc-issuer, "
            "or --repo OWNER/NAME",
        )
    signer = read_key(key) if key is not None else identified
    assert signer is not None
    return Trust(signer, root=[read_root(r, number) for number, r in enumerate(roots, int(len(roots) > 1))] or None)


def read_root(path: StrPath, number: int = 0) -> bytes:
    """The bytes of a trusted root, once it is known that they are one.

    ``number`` counts several from 1. Raises Unreadable, UnsafePath, LimitExceeded, MalformedDocument, UnsupportedType.
    """
    from supplychain.verify.root import MAX_ROOT_BYTES, parse_root

    data = _io.read_bytes(path, max_bytes=MAX_ROOT_BYTES)
    where = f"trusted root {number}" if number else "trusted root"
    try:
        parse_root(data, where=where)  # under the name that the verifier asks for it by, so that it is read once
    except InputError as e:
        e.where = e.where.replace(where, os.fspath(path), 1)
        raise
    return data


def show_trust(
    *, root: StrPath | None = None, config: StrPath | None = None, at: datetime | None = None
) -> "TrustedParties":
    """Whom a root believes: the caller's (a file), that of a client trust configuration, or the packaged one.

    ``at`` marks what has ended by another time than now. Raises UsageError for both, and what `read_root` raises.
    """
    from supplychain.model.results import TrustedParties
    from supplychain.verify.root import parse_root
    from supplychain.verify.root_facts import parties

    if root is not None and config is not None:
        raise UsageError("a root and a configuration are two roots: name one")
    if root is not None:
        source, data = os.fspath(root), read_root(root)
    elif config is not None:
        source, data = os.fspath(config), _configured(config)
    else:
        source, data = "that ships with sigstore", _packaged()
    found = parse_root(data, where="trusted root")
    now = at or datetime.now(UTC)
    return TrustedParties(
        source=source, sha256=found.sha256, as_of=now, parties=parties(found, now), unusable=found.unusable
    )


def update_trust(
    output: StrPath, *, state: StrPath, url: str | None = None, root: StrPath | None = None, offline: bool = False
) -> "Written":
    """Fetch the present trusted root of a TUF repository into ``output``, whole or not at all.

    ``state`` is a folder that remembers what was seen; ``root`` is root metadata to start from. Nothing reads
    ``output`` unless it is named. Raises what `roots.refresh.refresh_root` raises.
    """
    from supplychain.model.results import Written
    from supplychain.roots.refresh import MAX_METADATA_BYTES, SIGSTORE, refresh_root

    start = _io.read_bytes(root, max_bytes=MAX_METADATA_BYTES) if root is not None else None
    address = url or SIGSTORE
    data = refresh_root(address, Path(state), start=start, offline=offline)
    name = os.fspath(output)
    same = _holds(Path(output), data)
    if not same:
        _io.write_atomic(output, data)
    return Written(
        verb="trust update",
        files=() if same else (name,),
        kept=(name,) if same else (),
        summary=(f"trusted root of {address} sha256:{hashlib.sha256(data).hexdigest()}",),
        next=f"supplychain trust show --trusted-root {name}",
    )


def _holds(path: Path, data: bytes) -> bool:
    try:
        return _io.read_bytes(path, max_bytes=len(data)) == data
    except SupplyChainError:
        return False


def _configured(path: StrPath) -> bytes:
    """The trusted root inside a client trust configuration, in canonical form."""
    from supplychain.verify.root import MAX_ROOT_BYTES, parse_root

    where = os.fspath(path)
    node = _json.parse(_io.read_bytes(path, max_bytes=MAX_ROOT_BYTES), where=where)
    if node.at("mediaType").text() != CLIENT_TRUST_CONFIG:
        raise UnsupportedType(
            f"media type {node.at('mediaType').text()[:80]!r} is no client trust configuration",
            where=where,
            hint="a trusted root by itself is named with --trusted-root",
        )
    root = node.at("trustedRoot")
    root.object()
    data = _json.canonical(root.value)
    parse_root(data, where=where)
    return data


def with_second_opinion(
    proofs: Sequence[Verified[P]], evidence: Evidence, artifact: Artifact, *, trust: Trust
) -> dict[str, str]:
    """What sigstore-python says of proofs that were made of one piece of evidence: who signed, to what it says.

    Raises SecondOpinionDiffers when it refuses what ours accepted.
    """
    from supplychain.roots.opinion import second_opinion

    roots = {hashlib.sha256(root).hexdigest(): root for root in trust.vouching()} if proofs[0].root else {}
    return {p.signer: second_opinion(evidence, artifact, p, root=roots[p.root] if p.root else None) for p in proofs}


def _identity(subject: str | None, glob: str | None, issuer: str | None, repository: str | None) -> Identity | None:
    if subject is not None and glob is not None:
        raise UsageError("an identity is exact or a glob: name one of --certificate-identity and its -glob spelling")
    named = subject if subject is not None else glob
    claims = Claims()
    if repository is not None:
        of_repository = Identity.of_repository(repository)
        if issuer not in (None, GITHUB_ACTIONS):
            raise UsageError(f"--repo means the issuer {GITHUB_ACTIONS}, and another one is named")
        if named is None:
            return of_repository
        issuer, claims = GITHUB_ACTIONS, of_repository.claims
    if named is None:
        if issuer is not None:
            raise UsageError("an issuer vouches for many: name the identity too", hint="add --certificate-identity")
        return None
    if issuer is None:
        raise UsageError(
            "an identity counts only with the issuer that vouched for it",
            hint="add --certificate-oidc-issuer URL, such as https://token.actions.githubusercontent.com",
        )
    return Identity(named, issuer=issuer, glob=glob is not None, claims=claims)


def _packaged() -> bytes:
    from supplychain.roots.packaged import packaged_root  # evidence by a key alone does without

    return packaged_root()
