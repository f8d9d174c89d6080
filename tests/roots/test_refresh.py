"""trust update: a newer trusted root by The Update Framework, against a repository that is real and may be hostile."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from supplychain.errors import (
    EvidenceMissing,
    LimitExceeded,
    MalformedDocument,
    NetworkError,
    NetworkRefused,
    RollbackDetected,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    TrustRootExpired,
    Unreadable,
    UnsupportedType,
    UsageError,
)
from supplychain.roots.packaged import packaged_root
from supplychain.roots.refresh import SIGSTORE, refresh_root
from tests.roots.tuf_repository import Repository

CONTENT = packaged_root()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository", CONTENT)
    made.publish()
    return made


@pytest.fixture
def url(repository: Repository) -> Iterator[str]:
    with repository.serving() as address:
        yield address


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_the_present_root_is_fetched_and_verified(repository: Repository, url: str, state: Path) -> None:
    assert refresh_root(url + "/", state, start=repository.root) == CONTENT
    newer = json.dumps(json.loads(CONTENT)).encode()
    repository.content = newer
    repository.publish()
    assert refresh_root(url, state, start=repository.root) == newer


@pytest.mark.threat(55)
@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_older_metadata_than_was_seen_is_a_rollback(repository: Repository, url: str, state: Path, role: str) -> None:
    repository.publish()
    refresh_root(url, state, start=repository.root)
    repository.versions |= {role: 0} if role == "timestamp" else {role: 0, "timestamp": 5}
    if role == "targets":
        repository.versions["snapshot"] = 5
    repository.publish()
    with pytest.raises(RollbackDetected):
        refresh_root(url, state, start=repository.root)


@pytest.mark.threat(56)
@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_expired_metadata_is_refused(repository: Repository, url: str, state: Path, role: str) -> None:
    repository.expires[role] -= timedelta(days=60)
    repository.publish()
    with pytest.raises(TrustRootExpired):
        refresh_root(url, state, start=repository.root)


def test_what_the_key_did_not_sign_is_refused(repository: Repository, url: str, state: Path) -> None:
    repository.damage("timestamp.json")
    with pytest.raises(SignatureInvalid):
        refresh_root(url, state, start=repository.root)


def test_a_repository_of_other_keys_is_refused(repository: Repository, url: str, state: Path, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other", CONTENT)
    with pytest.raises(SignatureInvalid):
        refresh_root(url, state, start=other.root)


@pytest.mark.parametrize(
    ("content", "error"),
    [(CONTENT[:-2] + b"x}", SubjectMismatch), (CONTENT + b" " * 99, (LimitExceeded, SubjectMismatch))],
)
def test_a_target_nobody_signed_for_is_refused(
    repository: Repository, url: str, state: Path, content: bytes, error: type[SupplyChainError]
) -> None:
    repository.swap(content)
    with pytest.raises(error):
        refresh_root(url, state, start=repository.root)


def test_a_target_that_is_no_trusted_root_is_refused(repository: Repository, url: str, state: Path) -> None:
    repository.content = b'{"mediaType": "application/json"}'
    repository.publish()
    with pytest.raises(UnsupportedType):
        refresh_root(url, state, start=repository.root)


def test_a_repository_without_a_trusted_root_has_none(repository: Repository, url: str, state: Path) -> None:
    repository.target = "other.json"
    repository.publish()
    with pytest.raises(EvidenceMissing):
        refresh_root(url, state, start=repository.root)


def test_a_trusted_root_of_many_bytes_is_not_fetched(repository: Repository, url: str, state: Path) -> None:
    repository.content = b" " * (5 << 20)
    repository.publish()
    with pytest.raises(LimitExceeded):
        refresh_root(url, state, start=repository.root)


@pytest.mark.parametrize("name", ["timestamp.json", "1.snapshot.json", "1.targets.json"])
def test_metadata_that_is_not_there_or_not_readable(repository: Repository, url: str, state: Path, name: str) -> None:
    (repository.folder / name).write_bytes(b"<html>")
    with pytest.raises(MalformedDocument):
        refresh_root(url, state, start=repository.root)
    (repository.folder / name).unlink()
    with pytest.raises(NetworkError):
        refresh_root(url, state, start=repository.root)


@pytest.mark.parametrize("start", [b"", b"{}", b"[]", b'{"signed": {"_type": "root"}, "signatures": []}', b"\xff"])
def test_a_start_that_is_no_root_metadata(url: str, state: Path, start: bytes) -> None:
    with pytest.raises((MalformedDocument, SignatureInvalid)):
        refresh_root(url, state, start=start or b" ")


def test_nobody_answers(repository: Repository, state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NetworkError):
        refresh_root(f"http://127.0.0.1:{port}", state, start=repository.root)


def test_a_state_that_cannot_be_kept(repository: Repository, url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unreadable):
        refresh_root(url, tmp_path / "file", start=repository.root)


def test_offline_nothing_is_fetched(repository: Repository, url: str, state: Path) -> None:
    with pytest.raises(NetworkRefused):
        refresh_root(url, state, start=repository.root, offline=True)
    with pytest.raises(NetworkRefused):
        refresh_root(SIGSTORE, state, offline=True)
    assert not state.exists()


@pytest.mark.parametrize("address", ["file:///srv/tuf", "tuf.example.org", "https://", "https://tuf.example.org"])
def test_an_address_of_nothing_that_is_known(state: Path, address: str) -> None:
    with pytest.raises(UsageError):
        refresh_root(address, state)
