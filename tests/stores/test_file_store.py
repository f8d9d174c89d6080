"""file:// destinations: whole or not there, measured, never through a link, never over other bytes."""

import errno
import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    ArtifactChanged,
    DestinationConflict,
    LimitExceeded,
    StoreError,
    SupplyChainError,
    Unreadable,
    UnsafePath,
    UsageError,
)
from supplychain.stores import Place, open_store
from supplychain.stores.files import FileStore

PLACE = Place(product="chat", version="1")
KEY = "k" * 64
posix = pytest.mark.skipif(os.name != "posix", reason="links and modes of POSIX")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def put(store: FileStore, name: str, data: bytes) -> None:
    store.put(KEY, name, BytesIO(data), sha256=sha(data))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore((tmp_path / "srv").as_uri())


@pytest.fixture
def locked(store: FileStore, tmp_path: Path) -> FileStore:
    (tmp_path / "srv").mkdir()
    return store


def test_a_release_becomes_visible_whole(locked: FileStore, tmp_path: Path) -> None:
    assert locked.probe(PLACE) is None
    put(locked, "a", b"one")
    put(locked, "b", b"two")
    assert locked.staged(KEY) == {"a": sha(b"one"), "b": sha(b"two")}
    assert locked.probe(PLACE) is None
    locked.activate(KEY, PLACE, ["b", "a"])
    assert locked.probe(PLACE) == {"a": sha(b"one"), "b": sha(b"two")}
    assert locked.staged(KEY) == {}
    assert locked.locate(PLACE) == (tmp_path / "srv" / "chat" / "1").as_uri()
    assert sorted(p.name for p in (tmp_path / "srv").iterdir()) == [".staging", "chat"]
    assert not list((tmp_path / "srv" / ".staging").iterdir())


@posix
def test_what_is_published_is_written_by_nobody_else(locked: FileStore, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        put(locked, "a", b"one")
        locked.activate(KEY, PLACE, ["a"])
    finally:
        os.umask(before)
    modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "srv").rglob("*")}
    assert modes == {".staging": 0o755, "chat": 0o755, "1": 0o755, "a": 0o644}


def test_other_bytes_than_promised_are_not_kept(locked: FileStore, tmp_path: Path) -> None:
    with pytest.raises(ArtifactChanged) as refused:
        locked.put(KEY, "a", BytesIO(b"other"), sha256=sha(b"one"))
    assert refused.value.exit_code == 1
    assert [p for p in (tmp_path / "srv").rglob("*") if p.is_file()] == []


def test_nothing_is_overwritten(locked: FileStore, tmp_path: Path) -> None:
    put(locked, "a", b"one")
    locked.activate(KEY, PLACE, ["a"])
    put(locked, "a", b"two")
    with pytest.raises(DestinationConflict) as refused:
        locked.activate(KEY, PLACE, ["a"])
    assert refused.value.exit_code == 3
    assert (tmp_path / "srv" / "chat" / "1" / "a").read_bytes() == b"one"


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], []])
def test_only_exactly_the_named_files_become_visible(locked: FileStore, names: list[str]) -> None:
    put(locked, "a", b"one")
    put(locked, "b", b"two")
    with pytest.raises(StoreError, match="not the release's"):
        locked.activate(KEY, PLACE, names)
    assert locked.probe(PLACE) is None


def test_a_release_that_appears_meanwhile_is_a_conflict(
    locked: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(locked, "a", b"one")
    target = tmp_path / "srv" / "chat" / "1"

    def somebody_else(*_: object) -> None:
        target.mkdir()
        (target / "a").write_bytes(b"theirs")

    monkeypatch.setattr(FileStore, "_clear_parts", somebody_else)
    with pytest.raises(DestinationConflict):
        locked.activate(KEY, PLACE, ["a"])
    assert (target / "a").read_bytes() == b"theirs"


def test_leftovers_of_an_interrupted_copy_do_no_harm(locked: FileStore, tmp_path: Path) -> None:
    parts = tmp_path / "srv" / ".staging" / f"{KEY}.parts"
    parts.mkdir(parents=True)
    (parts / sha(b"one")).write_bytes(b"torn")
    (parts / sha(b"gone")).write_bytes(b"torn")
    put(locked, "a", b"one")
    locked.activate(KEY, PLACE, ["a"])
    assert locked.probe(PLACE) == {"a": sha(b"one")}
    assert not parts.exists()


def test_a_staged_file_is_replaced_and_dropped(locked: FileStore) -> None:
    put(locked, "a", b"one")
    put(locked, "a", b"two")
    put(locked, "b", b"three")
    locked.drop(KEY, "b")
    locked.drop(KEY, "b")
    assert locked.staged(KEY) == {"a": sha(b"two")}


def test_the_pointer_is_replaced(locked: FileStore) -> None:
    assert locked.read_pointer("chat") is None
    for data in (b"1", b"2"):
        locked.point("chat", data)
        assert locked.read_pointer("chat") == data


def test_records_are_lines_and_a_torn_one_is_closed(locked: FileStore, tmp_path: Path) -> None:
    assert locked.read_record(KEY) is None
    locked.append_record(KEY, b"one")
    with (tmp_path / "srv" / ".supplychain" / "journal" / f"{KEY}.jsonl").open("ab") as journal:
        journal.write(b"to")
    locked.append_record(KEY, b"two")
    assert locked.read_record(KEY) == b"one\nto\ntwo\n"


def test_one_publisher_at_a_time(store: FileStore, tmp_path: Path) -> None:
    again = FileStore(store.url)
    with store.lock():
        with pytest.raises(StoreError, match="another publish is at work"), again.lock():
            pass
        assert (tmp_path / "srv").is_dir()
    with again.lock():
        pass


@posix
@pytest.mark.parametrize("link", ["chat", ".staging", f".staging/{KEY}", f".staging/{KEY}.parts", ".supplychain"])
def test_a_link_below_the_folder_is_refused(locked: FileStore, tmp_path: Path, link: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = tmp_path / "srv" / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere)

    def publish() -> None:
        put(locked, "a", b"one")
        locked.activate(KEY, PLACE, ["a"])
        locked.append_record(KEY, b"x")

    with pytest.raises(UnsafePath, match="symbolic link"):
        publish()
    assert list(elsewhere.iterdir()) == []


@posix
def test_links_in_the_place_of_files_are_not_followed(locked: FileStore, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"old")
    put(locked, "a", b"one")
    staging = tmp_path / "srv" / ".staging"
    (staging / KEY / "b").symlink_to(tmp_path / "victim")
    with pytest.raises(DestinationConflict, match="no plain file"):
        locked.staged(KEY)
    (staging / f"{KEY}.parts" / sha(b"two")).symlink_to(tmp_path / "victim")
    put(locked, "b", b"two")
    assert (tmp_path / "victim").read_bytes() == b"old"
    assert locked.staged(KEY)["b"] == sha(b"two")
    locked.point("chat", b"x")
    (tmp_path / "srv" / "chat" / "latest.json").unlink()
    (tmp_path / "srv" / "chat" / "latest.json").symlink_to(tmp_path / "victim")
    with pytest.raises(UnsafePath):
        locked.read_pointer("chat")
    locked.point("chat", b"new")
    assert (tmp_path / "victim").read_bytes() == b"old"


@posix
def test_a_version_that_is_no_folder_is_a_conflict(locked: FileStore, tmp_path: Path) -> None:
    (tmp_path / "srv" / "chat").mkdir()
    (tmp_path / "srv" / "chat" / "1").symlink_to(tmp_path)
    with pytest.raises(DestinationConflict):
        locked.probe(PLACE)
    (tmp_path / "srv" / "chat" / "1").unlink()
    (tmp_path / "srv" / "chat" / "1" / "sub").mkdir(parents=True)
    with pytest.raises(DestinationConflict, match="sub"):
        locked.probe(PLACE)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "\0", ".staging", ".x", "latest.json", "Latest.JSON"])
def test_a_product_or_version_cannot_leave_its_place(locked: FileStore, name: str) -> None:
    put(locked, "a", b"one")
    for place in (Place(product=name, version="1"), Place(product="chat", version=name)):
        with pytest.raises((UnsafePath, UsageError)):
            locked.probe(place)
        with pytest.raises((UnsafePath, UsageError)):
            locked.activate(KEY, place, ["a"])
    with pytest.raises((UnsafePath, UsageError)):
        locked.point(name, b"")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", "\0"])
def test_a_file_cannot_leave_its_place(locked: FileStore, name: str) -> None:
    for call in (
        lambda: put(locked, name, b"one"),
        lambda: locked.drop(KEY, name),
        lambda: locked.append_record(name, b""),
        lambda: locked.read_record(name),
        lambda: locked.staged(name),
    ):
        with pytest.raises(UnsafePath):
            call()


class Failing(BytesIO):
    """A source that breaks half way."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, "Input/output error")
        return super().read(1)


def test_a_source_that_breaks_leaves_nothing(locked: FileStore, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="input/output"):
        locked.put(KEY, "a", cast("BinaryIO", Failing(b"one")), sha256=sha(b"one"))
    assert [p for p in (tmp_path / "srv").rglob("*") if p.is_file()] == []


@posix
def test_a_full_disk_leaves_nothing(locked: FileStore, tmp_path: Path) -> None:
    pid = os.fork()
    if not pid:
        import resource

        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            put(locked, "a", b"x" * 5000)
        except StoreError:
            status = 7
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert [p for p in (tmp_path / "srv").rglob("*") if p.is_file()] == []


def test_an_unusable_folder_is_a_store_error(locked: FileStore, tmp_path: Path) -> None:
    for name in (".staging", "chat", ".supplychain"):
        (tmp_path / "srv" / name).write_text("in the way")
    with pytest.raises(StoreError):
        put(locked, "a", b"one")
    with pytest.raises(StoreError):
        locked.point("chat", b"x")
    with pytest.raises(StoreError):
        locked.append_record(KEY, b"x")
    with pytest.raises(StoreError), locked.lock():
        pass


@posix
def test_a_record_that_cannot_be_read_is_a_store_error(locked: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise Unreadable("input/output error", where="journal")

    locked.append_record(KEY, b"x")
    monkeypatch.setattr("supplychain._io.read_bytes", broken)
    with pytest.raises(StoreError, match="input/output"):
        locked.read_record(KEY)


def test_a_record_is_read_within_a_limit(locked: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    locked.append_record(KEY, b"x" * 100)
    monkeypatch.setattr("supplychain.stores.files.MAX_RECORD_BYTES", 50)
    with pytest.raises(LimitExceeded):
        locked.read_record(KEY)
    put(locked, "a", b"one")
    put(locked, "b", b"two")
    monkeypatch.setattr("supplychain.stores.files.MAX_FILES", 1)
    with pytest.raises(LimitExceeded):
        locked.staged(KEY)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("/srv/releases", UsageError),
        ("C:\\releases", UsageError),
        ("srv", UsageError),
        ("file:srv", UsageError),
        ("file://host/srv", UsageError),
        ("file:///srv?x=1", UsageError),
        ("file:///srv#x", UsageError),
        ("file:///no/such/folder", UsageError),
        ("file:///srv/../etc", UnsafePath),
        ("file:///srv/%2e%2e/etc", UnsafePath),
        ("file:///srv/a%00b", UnsafePath),
        ("file:///srv/a%0ab", UnsafePath),
        ("file://[x", UsageError),
        ("oci://registry.example/chat", UsageError),
        ("https://example.org/", UsageError),
    ],
)
def test_a_destination_is_the_url_of_a_folder(url: str, error: type[SupplyChainError]) -> None:
    with pytest.raises(error):
        open_store(url)


@posix
def test_a_destination_that_is_a_link_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(UnsafePath, match="symbolic link"):
        open_store((tmp_path / "link").as_uri())
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="no folder"):
        open_store((tmp_path / "file").as_uri())


def test_a_folder_name_is_percent_decoded(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    assert open_store((tmp_path / "a b").as_uri()).url.endswith("/a%20b")
    assert open_store(f"FILE://localhost{(tmp_path / 'a b').as_uri()[7:]}").url == (tmp_path / "a b").as_uri()


@given(text=st.text(max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_destination_or_a_typed_error(text: str) -> None:
    for url in (text, f"file://{text}", f"file:///{text}"):
        try:
            open_store(url)
        except SupplyChainError as e:
            assert e.exit_code in (2, 3)  # noqa: PT017  # both outcomes are lawful
