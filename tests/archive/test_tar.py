"""tar is read as GNU tar, bsdtar, Go and Python agree on it."""

import hashlib
import io
import tarfile

import pytest

from supplychain.archive.tar import Tar
from supplychain.model.inventory import Entry, EntryKind
from tests.support.hostile_archives import END, PACK, base256, header, octal, pax, tar_of
from tests.support.walks import walk_bytes

DEEP = "/".join(["folder" * 4] * 8) + "/file"


@pytest.mark.parametrize("style", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("pack", ["", *PACK])
def test_every_format_and_compression_gives_the_same_files(style: int, pack: str) -> None:
    files = {"a": b"", "b/c": b"x", "b/block": b"y" * 512, "big": bytes(range(256)) * 4000, DEEP: b"deep"}
    data = tar_of(files, format=style)
    seen = walk_bytes(PACK[pack](data) if pack else data)
    assert {path: file.content for path, file in seen.files.items()} == files
    for path, content in files.items():
        entry = seen.entries[path]
        assert (entry.size, entry.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert (entry.mode, entry.modified) == (0o644, 1_700_000_000)
    assert seen.missed == []


@pytest.mark.parametrize("style", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_read_from_extension_headers(style: int) -> None:
    name, target = "ü/" + "n" * 300, "t" * 300
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=style) as archive:
        archive.addfile(tarfile.TarInfo(target), io.BytesIO())
        for path, kind in ((name, tarfile.SYMTYPE), ("h", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    entries = walk_bytes(stream.getvalue()).entries
    assert entries[name].kind is EntryKind.SYMLINK
    assert entries[name].link == entries["h"].link == target


def test_owner_mode_and_kind_are_recorded_for_hygiene() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, kind, mode in (
            ("setuid", tarfile.REGTYPE, 0o4777),
            ("folder", tarfile.DIRTYPE, 0o1777),
            ("pipe", tarfile.FIFOTYPE, 0o600),
            ("disk", tarfile.BLKTYPE, 0o660),
            ("tty", tarfile.CHRTYPE, 0o666),
        ):
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.uid, info.gid, info.uname = kind, mode, 1000, 3_000_000, "ann"
            archive.addfile(info)
    entries = walk_bytes(stream.getvalue()).entries
    assert [(e.kind, e.mode) for e in entries.values()] == [
        (EntryKind.FILE, 0o4777),
        (EntryKind.DIRECTORY, 0o1777),
        (EntryKind.FIFO, 0o600),
        (EntryKind.DEVICE, 0o660),
        (EntryKind.DEVICE, 0o666),
    ]
    assert {(e.uid, e.gid, e.owner) for e in entries.values()} == {(1000, 3_000_000, "ann")}


def test_hard_link_has_the_digest_of_its_target() -> None:
    data = header(b"./a", b"same") + header(b"b", type=b"1", link=b"a") + header(b"c", type=b"1", link=b"./b") + END
    entries = walk_bytes(data).entries
    digest = hashlib.sha256(b"same").hexdigest()
    assert [(e.path, e.sha256, e.size) for e in entries.values()] == [
        ("a", digest, 4),
        ("b", digest, 4),
        ("c", digest, 4),
    ]
    assert entries["c"].kind is EntryKind.HARDLINK


@pytest.mark.parametrize("target", [b"file", b"./sub/../file"[:6], b"../file", b"x/y", b"."])
def test_link_that_stays_inside_is_recorded(target: bytes) -> None:
    entries = walk_bytes(header(b"d/a", type=b"2", link=target) + END).entries
    assert entries["d/a"] == Entry(
        path="d/a", kind=EntryKind.SYMLINK, mode=0o644, uid=0, gid=0, link=target.decode(), modified=1_700_000_000
    )


def test_same_member_twice_is_one_entry() -> None:
    seen = walk_bytes(header(b"a", b"x") * 2 + header(b"d/", type=b"5") * 2 + END)
    assert list(seen.entries) == ["a", "d"]


def test_v7_archive_without_magic_is_read() -> None:
    raw = bytearray(header(b"old/", b""))
    raw[156:157] = b"\0"
    raw[257:265] = bytes(8)
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    assert walk_bytes(bytes(raw) + END).entries["old"].kind is EntryKind.DIRECTORY


def test_checksum_of_signed_bytes_is_accepted() -> None:
    raw = bytearray(header(b"\xe9" * 3, b""))
    raw[148:156] = b" " * 8
    signed = sum(b - 256 if b > 127 else b for b in raw)
    raw[148:156] = b"%06o\0 " % signed
    assert Tar().claims(bytes(raw))
    assert not Tar().claims(bytes(512))
    assert not Tar().claims(bytes(raw)[:511])


def test_numbers_beyond_octal_are_read() -> None:
    entry = walk_bytes(header(b"a", b"xyz", size=base256(3), mtime=base256(-86400)) + END).entries["a"]
    assert (entry.size, entry.modified) == (3, -86400)
    entry = walk_bytes(pax({"mtime": b"-1.5", "uid": b"7"}) + header(b"a", b"x") + END).entries["a"]
    assert (entry.modified, entry.uid) == (-1, 7)


def test_pax_size_is_taken_where_the_header_has_none() -> None:
    data = pax({"size": b"600"}) + header(b"a", b"x" * 600, size=octal(0, 12)) + header(b"b", b"y") + END
    assert {p: f.content for p, f in walk_bytes(data).files.items()} == {"a": b"x" * 600, "b": b"y"}


def test_global_header_of_git_archive_is_no_member() -> None:
    data = pax({"comment": b"4" * 40, "mtime": b"5"}, type=b"g") + header(b"a", b"x") + END
    entries = walk_bytes(data).entries
    assert list(entries) == ["a"]
    assert entries["a"].modified == 5


@pytest.mark.parametrize(
    "member",
    [
        pax({"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.name": b"s"}) + header(b"x", b"1\n0\n4\n"),
        header(b"s", b"part", type=b"S"),
    ],
)
def test_sparse_file_is_told_and_not_hashed_as_if_it_were_whole(member: bytes) -> None:
    seen = walk_bytes(member + header(b"next", b"n") + END)
    assert seen.entries["s"].sha256 is None
    assert seen.missed == [("s", "not scanned: a sparse file: its holes are not expanded")]
    assert seen.files["next"].content == b"n"


def test_root_itself_is_no_entry() -> None:
    assert list(walk_bytes(header(b"./", type=b"5") + header(b"./a", b"x") + END).entries) == ["a"]
