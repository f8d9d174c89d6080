"""Folders: nothing is followed, everything is told; threat 37 for artifacts."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from supplychain import _io
from supplychain.archive.walk import FolderItem
from supplychain.errors import LimitExceeded, Unreadable, UnsafePath
from supplychain.model.inventory import EntryKind
from tests.support.hostile_archives import HOSTILE, tar_of, zip_of
from tests.support.walks import Seen

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs pipes, descriptors and permissions of POSIX")


def walk_path(path: Path) -> Seen:
    with _io.open_source(path) as source:
        return Seen(name=source.name).walk(source.items if source.stream is None else source.stream)


def test_folder_is_walked_by_name_with_its_archives(tmp_path: Path) -> None:
    (tmp_path / "b" / "empty").mkdir(parents=True)
    (tmp_path / "b" / "x.txt").write_bytes(b"x")
    (tmp_path / "a.tar").write_bytes(tar_of({"in.zip": zip_of({"deep": b"core"})}))
    seen = walk_path(tmp_path)
    assert sorted(seen.entries) == ["a.tar", "a.tar!/in.zip", "a.tar!/in.zip!/deep", "b", "b/empty", "b/x.txt"]
    assert seen.entries["b/x.txt"].sha256 == hashlib.sha256(b"x").hexdigest()
    assert seen.walked is not None
    assert seen.walked.sha256 is None
    assert seen.walked.size == 1 + (tmp_path / "a.tar").stat().st_size


def test_history_of_version_control_is_left_out(tmp_path: Path) -> None:
    (tmp_path / ".git" / "objects").mkdir(parents=True)
    (tmp_path / ".gitignore").write_bytes(b"")
    assert list(walk_path(tmp_path).entries) == [".gitignore"]


@posix
def test_links_pipes_and_sockets_in_a_folder_are_told_and_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "to-folder").symlink_to(tmp_path / "secret")
    (folder / "to-nothing").symlink_to("gone")
    os.mkfifo(folder / "pipe")
    seen = walk_path(folder)
    assert [(e.path, e.kind, e.link) for e in seen.entries.values()] == [
        ("pipe", EntryKind.FIFO, ""),
        ("to-folder", EntryKind.SYMLINK, str(tmp_path / "secret")),
        ("to-nothing", EntryKind.SYMLINK, "gone"),
    ]
    assert not seen.files


@posix
@pytest.mark.parametrize("kind", ["symlink", "fifo", "device", "link to a folder"])
def test_artifact_that_is_no_plain_file_is_unsafe(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "artifact"
    if kind == "symlink":
        (tmp_path / "real").write_bytes(b"x")
        path.symlink_to(tmp_path / "real")
    elif kind == "link to a folder":
        path.symlink_to(tmp_path)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = Path(os.devnull)
    with pytest.raises(UnsafePath):
        walk_path(path)


def test_artifact_that_is_absent_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        walk_path(tmp_path / "absent")


@posix
def test_file_replaced_by_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    secret = tmp_path.parent / "secret"
    secret.write_bytes(b"secret")

    def swap(items: list[FolderItem]) -> list[FolderItem]:
        (tmp_path / "a").unlink()
        (tmp_path / "a").symlink_to(secret)
        return items

    walk = _io.walk_folder(tmp_path)
    seen = Seen().walk(swap([next(walk)]))
    assert seen.entries["a"].sha256 is None
    assert seen.missed[0][0] == "a"
    assert seen.missed[0][1].startswith("not read: ")


@posix
def test_file_replaced_by_a_pipe_meanwhile_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    walk = _io.walk_folder(tmp_path)
    item = next(walk)
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    assert Seen().walk([item]).missed == [("a", "not read: replaced by something that is no file")]


@posix
def test_folder_swapped_for_a_link_meanwhile_is_not_entered(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    secret = tmp_path.parent / "outside"
    secret.mkdir()
    (secret / "s").write_bytes(b"secret")
    walk = _io.walk_folder(tmp_path)
    items = [next(walk)]
    (tmp_path / "a").rmdir()
    (tmp_path / "a").symlink_to(secret)
    items += list(walk)
    assert [item.path for item in items] == ["a", "a"]
    assert items[1].unread.startswith("not read: ")


@posix
def test_what_permissions_forbid_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "d").mkdir()
    really = os.open

    def forbid(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path in {"f", "d"}:
            raise PermissionError(13, "Permission denied")
        return really(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", forbid)
    seen = walk_path(tmp_path)
    assert sorted(seen.missed) == [("d", "not read: permission denied"), ("f", "not read: permission denied")]


@posix
def test_name_that_is_not_utf8_is_escaped(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9"
    Path(os.fsdecode(path)).write_bytes(b"x")
    assert walk_path(tmp_path).files["caf\\xe9"].content == b"x"


def test_folders_nested_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_io, "_FOLDER_DEPTH", 5)
    (tmp_path / "/".join("abcdef")[:9]).mkdir(parents=True)
    with pytest.raises(LimitExceeded, match="deeper than 5"):
        walk_path(tmp_path)


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    walk_path(tmp_path)
    partly = _io.walk_folder(tmp_path)
    next(partly), next(partly)
    del partly
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_hostile_archive_in_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.zip").write_bytes(HOSTILE["zip members share a name"][0]())
    assert walk_path(tmp_path).missed == [
        ("bad.zip", "not scanned to its end: UnsafeArchive: two members with one name"),
    ]


def test_systems_without_folder_descriptors_walk_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_io, "_BY_DESCRIPTOR", False)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"x")
    if sys.platform != "win32":
        (tmp_path / "d" / "l").symlink_to("f")
    seen = walk_path(tmp_path)
    assert seen.files["d/f"].content == b"x"
    assert seen.entries["d/l"].link == "f" or sys.platform == "win32"


def test_large_files_and_archives_in_a_folder_are_streamed(tmp_path: Path) -> None:
    content = bytes(range(256)) * 3000
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "in.zip").write_bytes(zip_of({"a": content}, method=0))
    (tmp_path / "in.tar").write_bytes(tar_of({"a": content}))
    digest = hashlib.sha256(content).hexdigest()
    for want in (True, False):
        with _io.open_source(tmp_path) as source:
            seen = Seen(want=want).walk(source.items)
        assert {p: e.sha256 for p, e in seen.entries.items() if p in {"plain", "in.zip!/a", "in.tar!/a"}} == {
            "plain": digest,
            "in.zip!/a": digest,
            "in.tar!/a": digest,
        }
        assert seen.missed == []


def test_window_reads_at_its_own_place() -> None:
    from io import SEEK_CUR, SEEK_END, BytesIO

    from supplychain.archive.streams import window

    shared = BytesIO(b"0123456789")
    first, second = window(shared), window(shared)
    assert first.seek(-3, SEEK_END) == 7
    assert second.read(2) == b"01"
    assert first.read() == b"789"
    assert (second.seek(2, SEEK_CUR), second.read(1), second.tell(), second.seekable()) == (4, b"4", 5, True)
    with pytest.raises(ValueError, match="negative"):
        second.seek(-1)
    first.close()
    assert not shared.closed
