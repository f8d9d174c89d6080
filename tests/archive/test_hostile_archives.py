"""Threats 47 to 51: every hostile archive is refused by name as an artifact, and recorded when it is nested."""

import hashlib
import io
import random
from dataclasses import replace
from functools import cache

import pytest

from supplychain.archive import LIMITS, Limits, budget
from supplychain.archive.walk import Source, walk
from supplychain.errors import InputError, LimitExceeded, MalformedDocument, Unreadable
from tests.support.hostile_archives import HOSTILE, gz, header, tar_of, zeros_gz, zip_of
from tests.support.walks import Seen, walk_bytes


@cache
def made(attack: str) -> bytes:
    return HOSTILE[attack][0]()


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_artifact_is_refused(attack: str) -> None:
    error = HOSTILE[attack][1]
    with pytest.raises(InputError) as caught:
        walk_bytes(made(attack))
    assert caught.type is error, caught.value


@pytest.mark.parametrize("attack", HOSTILE)
@pytest.mark.parametrize("outer", ["tar", "zip"])
@pytest.mark.parametrize("wanted", [True, False])
def test_hostile_nested_archive_is_recorded_and_the_walk_goes_on(attack: str, outer: str, wanted: bool) -> None:
    bad = made(attack)
    files = {"bad": bad, "good.txt": b"good"}
    limits = replace(LIMITS, ratio_after=1 << 20)
    seen = walk_bytes(tar_of(files) if outer == "tar" else zip_of(files, method=0), want=wanted, limits=limits)
    assert any(path == "bad" or path.startswith("bad!/") for path, _ in seen.missed)
    for name, data in files.items():
        assert seen.entries[name].size == len(data)
        assert seen.entries[name].sha256 == hashlib.sha256(data).hexdigest()


def test_bomb_of_absolute_size_is_refused_even_when_nested() -> None:
    limits = replace(LIMITS, bytes=3 << 20)
    with pytest.raises(LimitExceeded, match="all levels together"):
        walk_bytes(tar_of({"bomb.gz": zeros_gz(4 << 20)}), limits=limits)


def test_nested_bombs_below_the_ratio_each_are_refused_together() -> None:
    limits = replace(LIMITS, ratio_after=1 << 20)
    with pytest.raises(LimitExceeded, match="for each"):
        walk_bytes(tar_of({f"{i}.gz": zeros_gz(1 << 20) for i in range(40)}), limits=limits)


@pytest.mark.parametrize("member", [b"", b"x"])
def test_endless_gzip_members_are_refused(member: bytes) -> None:
    with pytest.raises(LimitExceeded, match="entries"):
        walk_bytes(gz(member) * 300, limits=replace(LIMITS, entries=200))


def test_many_gzip_members_are_read_as_one_stream() -> None:
    content = tar_of({"a": b"x" * 3000})
    packed = b"".join(gz(content[i : i + 100]) for i in range(0, len(content), 100))
    assert walk_bytes(packed).files["a"].content == b"x" * 3000


def test_zeros_behind_a_gzip_are_padding() -> None:
    assert walk_bytes(gz(tar_of({"a": b"x"})) + bytes(700_000)).missed == []


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(LimitExceeded, match="entries"):
        walk_bytes(tar_of({f"f{i}": b"" for i in range(50)}), limits=replace(LIMITS, entries=40))


@pytest.mark.parametrize("kind", ["tar", "zip", "gz"])
def test_archive_nested_deeper_than_the_limit_is_recorded_as_not_scanned(kind: str) -> None:
    data = b"core"
    for _ in range(5):
        data = {"tar": lambda d: tar_of({"in": d}), "zip": lambda d: zip_of({"in": d}), "gz": gz}[kind](data)
    seen = walk_bytes(data, limits=Limits(depth=2))
    assert [reason for _, reason in seen.missed] == ["not scanned: nested deeper than 2 archives"]
    assert len(seen.files) == 3
    deep = walk_bytes(data, limits=Limits(depth=4))
    assert deep.missed == []
    assert b"core" in [file.content for file in deep.files.values()]


def test_nesting_without_end_stops_at_the_deepest_level() -> None:
    data = b"core"
    for _ in range(100):
        data = zip_of({"a": data}, method=0)
    seen = walk_bytes(data, limits=Limits(depth=10_000))
    assert seen.missed[0][1] == "not scanned: nested deeper than 64 archives"


def test_path_that_grows_over_the_limit_by_nesting_is_recorded() -> None:
    inner = tar_of({"b" * 90: b"x"})
    seen = walk_bytes(tar_of({"a" * 90: inner, "c": b""}), limits=replace(LIMITS, path=150))
    assert "LimitExceeded" in seen.missed[0][1]
    assert "c" in seen.files


def test_bytes_behind_the_end_of_a_tar_are_told() -> None:
    seen = walk_bytes(tar_of({"a": b"x"}) + header(b"evil", b"x"))
    assert seen.missed == [("", "1024 bytes behind the end of the tar belong to no member")]


def test_bytes_in_front_of_a_zip_are_told() -> None:
    seen = walk_bytes(b"#!/usr/bin/python3\n" + zip_of({"__main__.py": b"pass"}))
    assert seen.files["__main__.py"].content == b"pass"
    assert seen.missed == [("", "19 bytes in front of the zip belong to no member")]


def test_control_and_bidirectional_characters_in_a_name_are_kept_as_data() -> None:
    name = "a\x1b[31m\u202etxt.exe\r"
    for data in (tar_of({name: b"x"}), zip_of({name: b"x"})):
        assert list(walk_bytes(data).files) == [name]


def test_name_that_is_not_utf8_is_written_with_its_bytes_escaped() -> None:
    assert list(walk_bytes(header(b"caf\xe9", b"x") + bytes(1024)).files) == ["caf\\xe9"]


def test_read_error_is_typed() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(InputError, match="input/output error"):
        Seen().walk(Broken(b"x" * 9))


@pytest.mark.parametrize("inner", ["tar", "tar.gz", "gz"])
@pytest.mark.parametrize("wanted", [True, False])
def test_artifact_truncated_inside_a_nested_archive_is_refused_and_not_just_recorded(inner: str, wanted: bool) -> None:
    noise = random.Random(1).randbytes(900_000)
    nested = {"tar": tar_of({"a": noise}), "tar.gz": gz(tar_of({"a": noise})), "gz": gz(noise)}[inner]
    data = gz(tar_of({"in": nested}))
    with pytest.raises(MalformedDocument, match="gzip stream is damaged or ends"):
        walk_bytes(data[: len(data) // 2], want=wanted)


def test_paths_that_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "_NAMES", 1000)
    with pytest.raises(LimitExceeded, match="characters of paths"):
        walk_bytes(tar_of({"in": zip_of({f"{i:0100}": b"" for i in range(20)})}))


def test_directory_that_fills_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supplychain.archive.zip._DIRECTORY_BYTES", 50)
    with pytest.raises(LimitExceeded, match="central directory"):
        walk_bytes(zip_of({"a": b"", "b": b""}))


def test_temporary_folder_that_is_full_is_a_typed_error() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    source = Source(name="a", stream=io.BytesIO(tar_of({"big": bytes(700_000)})))
    with pytest.raises(Unreadable, match="No space left"):
        walk(source, Seen().visitor(), spool=Full)


def test_stream_that_cannot_seek_is_a_typed_error() -> None:
    class Pipe(io.BytesIO):
        def seek(self, *place: int) -> int:
            raise OSError(29, "Illegal seek")

    with pytest.raises(Unreadable, match="from its start"):
        Seen().walk(Pipe(b"x"))


def test_large_nested_file_that_is_two_archives_at_once_is_not_opened() -> None:
    both = header(b"PK\x03\x04", b"x" * 700_000) + bytes(1024)
    for want in (True, False):
        seen = walk_bytes(tar_of({"both": both, "a": b""}), want=want)
        assert seen.missed == [("both", "not scanned: a file that is two kinds of archive at once")]
