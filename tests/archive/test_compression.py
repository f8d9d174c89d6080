"""Decompressors: the fast ones and the standard ones give the same bytes and refuse the same streams."""

import bz2
import gzip
import lzma
import sys
import types
import zlib
from dataclasses import replace

import pytest

from supplychain.archive import LIMITS, Limits
from supplychain.archive.compression import (
    Decoders,
    compression_of,
    decoders,
    decompress,
    deflate_decoders,
    gzip_decoders,
    inner_name,
    zstd_decoders,
)
from supplychain.archive.feed import Feed
from supplychain.errors import LimitExceeded, MalformedDocument
from tests.support.hostile_archives import gz, tar_of, zeros_gz
from tests.support.walks import walk_bytes

CONTENT = b"".join(b"line %d of some text\n" % i for i in range(60_000))


class Meter:
    """Counts, and refuses nothing."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.items = self.spent = 0

    def item(self) -> None:
        self.items += 1

    def spend(self, count: int) -> None:
        self.spent += count

    def note(self, reason: str) -> None:
        raise AssertionError(reason)


def unpack(name: str, found: Decoders, data: bytes, *, step: int = 70_000, limits: Limits = LIMITS) -> bytes:
    pieces = iter([data[i : i + step] for i in range(0, len(data), step)] + [b"", b""])
    meter = Meter(limits)
    feed = decompress(Feed(lambda: next(pieces)), name, found, meter)
    whole = feed.read(1 << 40)
    assert meter.spent == len(whole)
    return whole


GZIPS = [pytest.param(gzip_decoders(fast=False), id="zlib")]
try:
    import isal.igzip_lib  # noqa: F401
except ImportError:  # the extra is not installed
    pass
else:
    GZIPS.append(pytest.param(gzip_decoders(), id="isal"))


@pytest.mark.parametrize("found", GZIPS)
@pytest.mark.parametrize("step", [1, 4096, 1 << 20])
def test_gzip_readers_agree(found: Decoders, step: int) -> None:
    content = CONTENT[: 3000 if step == 1 else None]
    assert unpack("gzip", found, gz(content) + gzip.compress(b"second", 1), step=step) == content + b"second"


@pytest.mark.parametrize("found", GZIPS)
@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d[:-1],
        lambda d: d[: len(d) // 2],
        lambda d: d[:-8] + b"\0\0\0\0" + d[-4:],
        lambda d: d[:-4] + b"\0\0\0\0",
        lambda d: d[:99] + b"\xff" * 50 + d[149:],
        lambda d: d + b"more",
        lambda d: d + b"\0\0more",
        lambda d: b"",
    ],
)  # fmt: skip
def test_damaged_gzip_is_refused_by_every_reader(found: Decoders, damage: object) -> None:
    assert callable(damage)
    with pytest.raises(MalformedDocument):
        unpack("gzip", found, damage(gz(CONTENT)))


@pytest.mark.parametrize("found", GZIPS)
def test_ratio_is_judged_by_every_reader(found: Decoders) -> None:
    limits = replace(LIMITS, ratio_after=1 << 20)
    with pytest.raises(LimitExceeded, match="more than 200"):
        unpack("gzip", found, zeros_gz(4 << 20), limits=limits)
    assert len(unpack("gzip", found, zeros_gz(4 << 20))) == 4 << 20


@pytest.mark.parametrize("fast", [True, False])
def test_raw_deflate_is_read(fast: bool) -> None:
    make, _ = deflate_decoders(fast=fast)
    decoder, packed = make(), zlib.compress(CONTENT, wbits=-15)
    found, data = b"", memoryview(packed)
    while not decoder.eof:
        take, data = (data[:5000], data[5000:]) if decoder.needs_input else (data[:0], data)
        found += decoder.decompress(take, 10_000)
    assert found == CONTENT


@pytest.mark.parametrize("name", ["bzip2", "xz"])
def test_frames_one_after_the_other_are_one_stream(name: str) -> None:
    pack = bz2.compress if name == "bzip2" else lzma.compress
    found = decoders(name)
    assert found is not None
    assert unpack(name, found, pack(CONTENT) + pack(b"second")) == CONTENT + b"second"
    with pytest.raises(MalformedDocument):
        unpack(name, found, pack(CONTENT)[:-1])


def test_xz_that_needs_too_much_memory_is_refused() -> None:
    packed = bytearray(lzma.compress(b"x"))
    at, size = 12, (packed[12] + 1) * 4
    assert packed[at + 2 : at + 4] == b"\x21\x01"
    packed[at + 4] = 40  # a dictionary of 4 GiB
    packed[at + size - 4 : at + size] = zlib.crc32(packed[at : at + size - 4]).to_bytes(4, "little")
    with pytest.raises(LimitExceeded, match="needs more than"):
        walk_bytes(bytes(packed))


def test_zstd_is_read_with_all_its_frames() -> None:
    zstandard = pytest.importorskip("zstandard")
    found = zstd_decoders()
    assert found is not None
    pack, skippable = zstandard.compress, b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    assert unpack("zstd", found, pack(CONTENT) + skippable + pack(b"second")) == CONTENT + b"second"
    assert unpack("zstd", found, skippable + pack(CONTENT)) == CONTENT
    for bad in (pack(CONTENT)[:-1], pack(CONTENT)[:500], pack(CONTENT) + b"more", b"\x28\xb5\x2f\xfd" + b"\xff" * 40):
        with pytest.raises(MalformedDocument):
            unpack("zstd", found, bad)
    with pytest.raises(LimitExceeded):
        unpack("zstd", found, pack(bytes(80 << 20)))
    huge = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=False)
    ).compressobj()
    with pytest.raises(MalformedDocument):
        unpack("zstd", found, huge.compress(CONTENT) + huge.flush())
    assert walk_bytes(pack(tar_of({"a": b"x"}))).files["a"].content == b"x"


def test_zstd_without_a_reader_is_not_scanned_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    data = b"\x28\xb5\x2f\xfd" + bytes(90)
    reason = "not scanned: reading zstd needs the extra fast"
    seen = walk_bytes(data, name="a.tar.zst")
    assert (list(seen.files), seen.missed) == (["a.tar.zst"], [("a.tar.zst", reason)])
    assert walk_bytes(tar_of({"in.zst": data})).missed == [("in.zst", reason)]


def test_zstd_of_the_standard_library_is_used_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.14 has a reader of its own; here another decompressor stands in for it."""
    module = types.ModuleType("compression.zstd")
    module.DecompressionParameter = types.SimpleNamespace(window_log_max=100)  # type: ignore[attr-defined]
    module.ZstdDecompressor = lambda options: ("decoder", options)  # type: ignore[attr-defined]
    module.ZstdError = ZeroDivisionError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setitem(sys.modules, "compression", types.ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    found = zstd_decoders()
    assert found is not None
    assert found[0]() == ("decoder", {100: 27})  # type: ignore[comparison-overlap]  # the stand-in
    assert ZeroDivisionError in found[1]


def test_without_isal_the_standard_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    assert walk_bytes(gz(tar_of({"a": CONTENT}))).files["a"].content == CONTENT


@pytest.mark.parametrize(
    ("path", "compression", "name"),
    [
        ("x/notes.txt.gz", "gzip", "notes.txt"),
        ("notes.GZ", "gzip", "notes"),
        (".gz", "gzip", ".gz"),
        ("..gz", "gzip", "..gz"),
        ("a/data", "xz", "data"),
        ("d.tar.zst", "zstd", "d.tar"),
    ],
)
def test_the_one_file_inside_is_named_after_the_outer(path: str, compression: str, name: str) -> None:
    assert inner_name(path, compression) == name


def test_single_compressed_file_is_one_entry() -> None:
    assert walk_bytes(gz(b"hello"), name="notes.txt.gz").files["notes.txt"].content == b"hello"
    assert list(walk_bytes(tar_of({"d/n.xz": lzma.compress(b"x")})).entries) == ["d/n.xz!/n", "d/n.xz"]


def test_text_that_begins_like_bzip2_is_no_archive() -> None:
    assert compression_of(b"BZh9 is a nice name") is None
    assert compression_of(bz2.compress(b"")) == "bzip2"
    assert compression_of(b"") is None
