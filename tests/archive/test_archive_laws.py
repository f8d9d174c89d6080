"""Laws of the walk, over generated input."""

import hashlib
import io
import tarfile
import zipfile
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supplychain.archive import LIMITS
from supplychain.errors import InputError
from tests.support.hostile_archives import END, PACK, gz, header, pax, tar_of, zip_of
from tests.support.walks import walk_bytes

pytestmark = pytest.mark.property
SMALL = replace(LIMITS, bytes=32 << 20, entries=2000, ratio_after=1 << 20)

names = st.text(st.characters(exclude_characters="/\0\\:", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda n: n.strip(".") != ""
)
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
contents = st.one_of(
    st.just(b""),
    st.binary(max_size=64).map(b"no archive: ".__add__),
    st.builds(lambda b, n: b"data" + b * n, st.binary(min_size=1, max_size=9), st.integers(1, 9000)),
)


def compatible(files: dict[str, bytes]) -> bool:
    """No path is a folder of another."""
    return not any(b.startswith(a + "/") for a in files for b in files)


trees = st.dictionaries(paths, contents, max_size=6).filter(compatible)
HEADERS = [gz(b""), *(pack(b"x" * 600) for pack in PACK.values()), zip_of({"a": b"x"}), tar_of({"a": b"x"})]


@settings(max_examples=60, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=3000), st.builds(bytes.__add__, st.sampled_from(HEADERS), st.binary(max_size=600))
    )
)
@example(data=b"")
@example(data=b"PK\x05\x06" + bytes(18))
def test_any_bytes_give_a_walk_or_one_of_our_errors(data: bytes) -> None:
    """Law: any bytes give a result or one of our errors."""
    try:
        seen = walk_bytes(data, limits=SMALL)
    except InputError:
        return
    assert seen.walked is not None
    assert (seen.walked.size, seen.walked.sha256) == (len(data), hashlib.sha256(data).hexdigest())


BASES = {
    "tar": tar_of({"d/a": b"content" * 90, "é" * 90: b"y"}),
    "gnu": tar_of({"d/a": b"content" * 90, "n" * 200: b"y"}, format=tarfile.GNU_FORMAT),
    "links": header(b"a", b"x")
    + header(b"b", type=b"1", link=b"a")
    + pax({"mtime": b"1.5"})
    + header(b"c", b"z")
    + END,
    "zip": zip_of({"d/a": b"content" * 90, "é": b"y"}),
    "lzma": zip_of({"a": b"content" * 9}, method=zipfile.ZIP_LZMA),
    **{pack: make(tar_of({"a": b"content" * 90})) for pack, make in PACK.items()},
}


edits = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9)), max_size=4)


@settings(max_examples=100, deadline=None)
@given(base=st.sampled_from(sorted(BASES)), edits=edits, cut=st.floats(0, 1))
def test_damaged_archives_give_a_walk_or_one_of_our_errors(
    base: str, edits: list[tuple[float, bytes]], cut: float
) -> None:
    """Law: any bytes give a result or one of our errors; nested, the walk goes on and the outer member is whole."""
    data = BASES[base]
    for place, new in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + len(new) :]
    data = data[: int(len(data) * min(1.0, cut * 2))]
    with suppress(InputError):
        walk_bytes(data, limits=SMALL)
    for want in (True, False):
        seen = walk_bytes(tar_of({"x": data, "y": b"after"}), limits=SMALL, want=want)
        assert seen.entries["x"].sha256 == hashlib.sha256(data).hexdigest()
        assert "y" in seen.entries


@settings(max_examples=40, deadline=None)
@given(files=trees, want=st.booleans())
def test_what_was_packed_is_what_is_read(files: dict[str, bytes], want: bool) -> None:
    """Every container and compression gives the same members, with the digests of their bytes."""
    expected = {path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in files.items()}
    flat = tar_of(files)
    for data in (flat, zip_of(files), *(pack(flat) for pack in PACK.values())):
        seen = walk_bytes(data, want=want)
        assert seen.missed == [] or not files
        if files:
            found = {p: (e.size, e.sha256) for p, e in seen.entries.items() if "!/" not in p or p in files}
            assert found == expected


@settings(max_examples=40, deadline=None)
@given(data=st.binary(min_size=0, max_size=2000), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_pieces_of_any_size_are_one_stream(data: bytes, cuts: list[int]) -> None:
    """A feed gives the bytes it was given, however they come and are asked for."""
    from supplychain.archive.feed import Feed

    stream = io.BytesIO(data)
    sizes = iter(cuts * (len(data) + 1))
    feed = Feed(lambda: stream.read(next(sizes)))
    found = b""
    for size in cuts * (len(data) + 1):
        assert feed.peek(size) == data[len(found) : len(found) + size]
        found += feed.read(size) if size % 2 else bytes(feed.piece(size))
        if len(found) == len(data):
            break
    assert found == data
    assert (feed.read(1), bytes(feed.piece(1)), feed.skip(1)) == (b"", b"", 0)
