"""Names and links that reach out of an archive."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from supplychain.archive.names import check_link, decode, member_path
from supplychain.errors import InputError, LimitExceeded, UnsafeArchive


@pytest.mark.parametrize(
    "name",
    [
        "/a",
        "//a",
        "\\a",
        "..",
        "../a",
        "a/..",
        "a/../b",
        "..\\a",
        "a\\..\\b",
        "C:/a",
        "c:\\a",
        "Z:",
        "a\0b",
        "",
        "./../a",
    ],
)
def test_name_that_leaves_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive):
        member_path(name)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "a"),
        ("./a", "a"),
        ("a//b/", "a/b"),
        ("a/./b", "a/b"),
        (".", ""),
        ("./", ""),
        ("...", "..."),
        ("..a/b..", "..a/b.."),
        ("a\\b", "a\\b"),
        ("AB:c", "AB:c"),
        (" ", " "),
        ("B::Deparse.3pm", "B::Deparse.3pm"),
    ],
)
def test_name_means_its_path(name: str, path: str) -> None:
    assert member_path(name) == path


@pytest.mark.parametrize(
    "target", ["/a", "\\\\host\\share", "C:\\a", "..", "../..", "a/..", "a\\..\\b", "x/../../y", "", "a\0", "../../a/b"]
)
def test_link_that_leaves_is_refused(target: str) -> None:
    with pytest.raises(UnsafeArchive):
        check_link("a", target)


def test_limits_of_length() -> None:
    with pytest.raises(LimitExceeded):
        member_path("a" * 11, 10)
    with pytest.raises(LimitExceeded):
        check_link("a", "b" * 11, 10)


@given(st.text(alphabet="a./\\:C\0", max_size=9), st.text(alphabet="a./\\", max_size=9))
def test_accepted_names_and_links_stay_inside(name: str, target: str) -> None:
    """Law: what is accepted, resolved as POSIX or Windows does, lies below the root."""
    import ntpath
    import posixpath

    assume(name[1:2] != ":" or (name[:1].isalpha() and name[2:3] != ":"))  # no drive, and no name, on Windows
    try:
        path = member_path(name)
        check_link(path, target)
    except InputError:
        return
    for rules in (posixpath, ntpath):
        assert not rules.isabs(path)
        inside = rules.normpath(rules.join("root", path))
        assert inside.replace("\\", "/").startswith("root")
        end = rules.normpath(rules.join("root", posixpath.dirname(path), target))
        assert end.replace("\\", "/").startswith("root")


@given(st.binary(max_size=40))
def test_any_name_can_be_written_down(raw: bytes) -> None:
    decode(raw).encode()
