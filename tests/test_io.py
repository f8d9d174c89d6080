"""Files at the edge: what is opened, how much is read, what a reader sees while we write."""

import hashlib
import io
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _io
from supplychain.errors import ArtifactChanged, LimitExceeded, Unreadable, UnsafePath

needs_posix = pytest.mark.skipif(os.name != "posix", reason="this system has no such files")
needs_user = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything"
)


class Broken(io.RawIOBase):
    """A disk that fails."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def readinto(self, buffer: object) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.threat(37)
@needs_posix
def test_a_symlink_is_no_artifact(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("link", "dangling", "loop"):
        with pytest.raises(UnsafePath, match="a symbolic link") as caught, _io.open_artifact(tmp_path / name):
            pass
        assert caught.value.hint == "name the file it points to"


@pytest.mark.threat(37)
@needs_posix
def test_a_fifo_a_socket_and_a_device_are_no_artifacts(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path(os.devnull)):
        with pytest.raises(UnsafePath, match="a pipe, socket or device"):
            _io.read_bytes(path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        with pytest.raises((UnsafePath, Unreadable)):
            _io.read_bytes(tmp_path / "s")


@pytest.mark.threat(37)
def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises((UnsafePath, Unreadable)):
        _io.read_bytes(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_no_file_can_have_is_our_error(name: str) -> None:
    with pytest.raises((UnsafePath, Unreadable)), _io.open_plain(name):
        pass


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file or directory"):
        _io.read_bytes(tmp_path / "absent")


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("policies/releese.yaml", "did you mean {}/policies/release.yaml?"),
        ("polices/release.yaml", "did you mean {}/policies/release.yaml?"),
        ("policies/release.yaml/x", ""),
        ("elsewhere/release.yaml", ""),
        ("policies/server.json", ""),
    ],
)
def test_a_file_that_is_not_there_is_answered_with_nearly_its_name(tmp_path: Path, asked: str, hint: str) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/release.yaml").write_bytes(b"x")
    with pytest.raises(Unreadable) as caught:
        _io.read_bytes(tmp_path / asked)
    assert caught.value.hint == hint.format(tmp_path)


def test_a_folder_that_is_not_there_is_to_be_made_first(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be written: no such file") as caught:
        _io.write_atomic(tmp_path / "no/where.json", b"x")
    assert caught.value.hint == f"make the folder {tmp_path / 'no'} first"


@needs_user
def test_a_file_we_may_not_read_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0)
    with pytest.raises(Unreadable, match="permission denied"):
        _io.read_bytes(tmp_path / "a")


def test_no_more_is_read_than_agreed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345678")
    assert _io.read_bytes(path, max_bytes=8) == b"12345678"
    with pytest.raises(LimitExceeded, match="more than 7 bytes"):
        _io.read_bytes(path, max_bytes=7)


def test_a_long_file_is_read_whole_in_pieces(tmp_path: Path) -> None:
    content = os.urandom(_io.CHUNK * 9 + 7)
    (tmp_path / "a").write_bytes(content)
    assert _io.read_bytes(tmp_path / "a") == content
    with _io.open_artifact(tmp_path / "a") as artifact:
        assert artifact.sha256 == hashlib.sha256(content).hexdigest()
        assert artifact.size == len(content)


def test_an_artifact_is_opened_once_and_measures_more_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "app.bin"
    path.write_bytes(b"content")
    with _io.open_artifact(path) as artifact:
        path.unlink()
        path.write_bytes(b"another")
        assert (artifact.name, artifact.path) == ("app.bin", str(path))
        assert artifact.measured("sha256") == hashlib.sha256(b"content").hexdigest()
        assert artifact.measured("sha512") == hashlib.sha512(b"content").hexdigest()
        assert artifact.known == {"sha512": hashlib.sha512(b"content").hexdigest()}
        assert artifact.measured("sha512") == artifact.known["sha512"]
        assert str(artifact.digest) == f"sha256:{artifact.sha256}"


@pytest.mark.threat(35)
def test_bytes_that_change_while_they_are_judged_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "app.bin"
    path.write_bytes(b"content")
    with _io.open_artifact(path) as artifact:
        path.write_bytes(b"changed")
        with pytest.raises(ArtifactChanged, match="changed while it was being verified"):
            artifact.measured("sha512")


def test_a_disk_that_fails_is_unreadable() -> None:
    stream = cast("BinaryIO", Broken())
    artifact = _io.artifact_of(stream, "a.bin", sha256="0" * 64, size=1)
    with pytest.raises(Unreadable, match=r"^a\.bin: input/output error$"):
        artifact.measured("sha512")


def test_a_disk_that_fails_while_reading_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x")

    def broken(fd: int, *_: object, **_k: object) -> Broken:
        os.close(fd)
        return Broken()

    monkeypatch.setattr(os, "fdopen", broken)
    with pytest.raises(Unreadable, match="input/output error"):
        _io.read_bytes(tmp_path / "a")


def test_a_write_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    _io.write_atomic(path, b"old")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unreadable, match="cannot be written: no space left on device"):
        _io.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@needs_posix
def test_a_key_file_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    _io.write_atomic(path, b"secret", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    _io.write_atomic(path, b"public")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_an_exclusive_write_leaves_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    _io.write_atomic(path, b"first", exclusive=True)
    with pytest.raises(FileExistsError):
        _io.write_atomic(path, b"second", exclusive=True)
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="cannot be written"):
        _io.write_atomic(tmp_path / "no" / "a", b"")
    with pytest.raises(Unreadable, match="cannot be written"):
        _io.write_atomic(tmp_path, b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unreadable, match="cannot be written"):
        _io.write_atomic(tmp_path / "file" / "a", b"")


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    _io.write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


def test_a_spool_holds_what_was_written() -> None:
    with _io.spool() as stream:
        stream.write(b"abc")
        stream.seek(0)
        assert stream.read() == b"abc"


def test_a_file_of_the_package_is_read() -> None:
    assert b"CONTAINERS" in _io.package_data("archive", "__init__.py")


@given(st.binary(max_size=2000), st.integers(0, 2000))
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read_or_over_the_limit(content: bytes, limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        _io.write_atomic(path, content)
        if len(content) <= limit:
            assert _io.read_bytes(path, max_bytes=limit) == content
        else:
            with pytest.raises(LimitExceeded):
                _io.read_bytes(path, max_bytes=limit)
