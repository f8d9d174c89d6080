"""zip is read by its directory, each member confirmed by its own header."""

import io
import lzma
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from supplychain.errors import InputError, MalformedDocument, UnsafeArchive
from supplychain.model.inventory import EntryKind
from tests.support.hostile_archives import with_extra, zip64_end, zip_end, zip_entry, zip_members, zip_of, zip_raw
from tests.support.walks import walk_bytes

FILES = {"a": b"", "b/c": b"x", "big": bytes(range(256)) * 4000, "text": b"word " * 90_000}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_gives_the_same_files(method: int) -> None:
    seen = walk_bytes(zip_of(FILES, method=method))
    assert {path: file.content for path, file in seen.files.items()} == FILES
    assert {e.modified for e in seen.entries.values()} == {1_700_000_000}
    assert seen.missed == []


def test_zstandard_members_are_read() -> None:
    zstandard = pytest.importorskip("zstandard")
    data = b"zstd " * 5000
    packed = zstandard.compress(data)
    seen = walk_bytes(zip_members({"name": b"a", "data": data, "packed": packed, "method": 93}))
    assert seen.files["a"].content == data


def test_zip_written_to_a_pipe_has_descriptors_and_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    seen = walk_bytes(pipe.getvalue())
    assert {path: file.content for path, file in seen.files.items()} == FILES
    assert seen.missed == []


def test_zip64_is_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("a", "w", force_zip64=True) as member:
        member.write(b"content")
    assert walk_bytes(stream.getvalue()).files["a"].content == b"content"


def test_zip64_end_is_read_and_must_agree_with_the_short_one() -> None:
    local, central = zip_entry(b"a", b"x")
    body = local + central
    for short, fine in ((0xFFFF, True), (1, True), (2, False)):
        data = body + zip64_end(1, len(central), len(local), len(body), short)
        if fine:
            assert walk_bytes(data).files["a"].content == b"x"
        else:
            with pytest.raises(UnsafeArchive, match="disagree"):
                walk_bytes(data)


def test_descriptor_that_disagrees_is_refused() -> None:
    packed = zlib.compress(b"data", wbits=-15)
    local, central = zip_entry(b"a", b"data", flags=8, method=8, packed=packed)
    local = local[:14] + bytes(12) + local[26:]
    right = struct.pack("<4s3L", b"PK\x07\x08", zlib.crc32(b"data"), len(packed), 4)
    assert walk_bytes(zip_raw((local, central), hidden=right)).missed == []
    assert walk_bytes(zip_raw((local, central), hidden=right[4:])).missed == []
    with pytest.raises(UnsafeArchive, match="descriptor"):
        walk_bytes(zip_raw((local, central), hidden=right[:8] + b"\x09" + right[9:]))


def test_encrypted_member_is_told_and_the_rest_is_read() -> None:
    seen = walk_bytes(zip_members({"name": b"secret", "data": b"x", "flags": 1}, {"name": b"open", "data": b"y"}))
    assert seen.missed == [("secret", "not scanned: encrypted")]
    assert seen.entries["secret"].sha256 is None
    assert seen.files["open"].content == b"y"


def test_member_of_an_unknown_method_is_told() -> None:
    seen = walk_bytes(zip_members({"name": b"a", "data": b"x", "method": 9}))
    assert seen.missed == [("a", "not scanned: compressed by method 9, which nothing here reads")]


def test_kinds_and_modes_are_recorded_for_hygiene() -> None:
    data = zip_members(
        {"name": b"setuid", "data": b"x", "attributes": 0o104777},
        {"name": b"link", "data": b"setuid", "attributes": 0o120777},
        {"name": b"pipe", "data": b"", "attributes": 0o010600},
        {"name": b"folder/", "data": b"", "attributes": 0o040777},
        {"name": b"plain", "data": b""},
    )
    entries = walk_bytes(data).entries
    assert [(e.path, e.kind, e.mode, e.link) for e in entries.values()] == [
        ("setuid", EntryKind.FILE, 0o4777, ""),
        ("link", EntryKind.SYMLINK, 0o777, "setuid"),
        ("pipe", EntryKind.FIFO, 0o600, ""),
        ("folder", EntryKind.DIRECTORY, 0o777, ""),
        ("plain", EntryKind.FILE, None, ""),
    ]


def test_bytes_between_members_are_told() -> None:
    first, second = zip_entry(b"a", b"x"), zip_entry(b"b", b"y", offset=39)
    assert len(first[0]) == 32
    seen = walk_bytes(zip_raw((first[0] + b"padding", first[1]), second))
    assert seen.missed == [("", "7 bytes inside the zip belong to no member")]
    assert seen.files["b"].content == b"y"


def unicode_path(raw: bytes, name: str) -> bytes:
    body = b"\x01" + struct.pack("<L", zlib.crc32(raw)) + name.encode()
    return struct.pack("<2H", 0x7075, len(body)) + body


def test_name_in_the_unicode_field_counts_for_foreign_letters_only() -> None:
    local, central = zip_entry(b"caf\x82", b"x")
    seen = walk_bytes(zip_raw(with_extra((local, central), unicode_path(b"caf\x82", "caf\u00ea"))))
    assert list(seen.files) == ["caf\u00ea"]
    assert list(walk_bytes(zip_raw((local, central))).files) == ["caf\u00e9"]
    local, central = zip_entry(b"good", b"x")
    with pytest.raises(UnsafeArchive, match="two names"):
        walk_bytes(zip_raw(with_extra((local, central), unicode_path(b"good", "evil"))))


def test_extended_timestamp_is_preferred() -> None:
    local, central = zip_entry(b"a", b"x")
    extra = struct.pack("<2HBl", 0x5455, 5, 1, 86400)
    assert walk_bytes(zip_raw(with_extra((local, central), extra))).entries["a"].modified == 86400


def test_time_that_is_none_is_not_recorded() -> None:
    local, central = zip_entry(b"a", b"x")
    zeroed = central[:14] + bytes(2) + central[16:]
    assert walk_bytes(zip_raw((local, zeroed))).entries["a"].modified is None


@pytest.mark.parametrize(
    "properties", [b"\x09\x04\x05\x00\xff\0\0\1\0", b"\x09\x04\x05\x00\x5d\0\0\0\x7f", b"\x09\x04\x09\x00", b"\x09"]
)
def test_lzma_properties_are_bounded(properties: bytes) -> None:
    with pytest.raises(InputError):
        walk_bytes(zip_members({"name": b"a", "data": b"xyz", "packed": properties, "method": 14}))


@pytest.mark.parametrize("cut", [0, 5, 6, 500])
def test_lzma_member_needs_no_end_marker_but_all_its_bytes(cut: int) -> None:
    data = b"some text and more " * 500
    raw = lzma.compress(data, format=lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}])
    packed = b"\x09\x04\x05\0\x5d" + (1 << 16).to_bytes(4, "little") + raw[: len(raw) - cut]
    archive = zip_members({"name": b"a", "data": data, "packed": packed, "method": 14})
    if cut < 6:
        assert walk_bytes(archive).files["a"].content == data
    else:
        with pytest.raises(MalformedDocument):
            walk_bytes(archive)


def test_empty_zip_has_no_entries() -> None:
    assert walk_bytes(zip_of({})).entries == {}


@pytest.mark.parametrize("method", [8, 12, 14])
def test_damaged_member_is_named(method: int) -> None:
    good = zip_of({"member": b"some content " * 100}, method=method)
    at = good.index(b"member") + 6
    with pytest.raises(InputError, match="member"):
        walk_bytes(good[: at + 4] + b"\xff" * 12 + good[at + 16 :])


@pytest.mark.parametrize("change", [(4, 1), (8, 9), (12, 0xFFFFFF)])
def test_end_record_that_makes_no_sense_is_refused(change: tuple[int, int]) -> None:
    data = bytearray(zip_of({"a": b"x"}))
    struct.pack_into("<H" if change[0] < 12 else "<L", data, len(data) - 22 + change[0], change[1])
    with pytest.raises(UnsafeArchive):
        walk_bytes(bytes(data))


def test_directory_entry_cut_short_is_malformed() -> None:
    local, central = zip_entry(b"a", b"x")
    with pytest.raises(MalformedDocument):
        walk_bytes(local + central + zip_end(1, len(central) - 1, len(local) + 1))
    with pytest.raises(MalformedDocument):
        walk_bytes(local + central[:20] + zip_end(1, 20, len(local)))


def test_zipapp_of_this_python_is_read(tmp_path: Path) -> None:
    import zipapp

    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_bytes(b"print()")
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz", interpreter=sys.executable)
    assert walk_bytes((tmp_path / "app.pyz").read_bytes()).files["__main__.py"].content == b"print()"
