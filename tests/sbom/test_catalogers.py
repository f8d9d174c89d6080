"""The table of catalogers, and what each asks to see."""

import pytest

from supplychain.sbom.catalogers import CATALOGERS, catalogers
from supplychain.sbom.catalogers.wanted import WANTED


def test_every_cataloger_says_which_files_it_wants() -> None:
    assert WANTED.keys() == CATALOGERS.keys()
    assert [cataloger.name for cataloger in catalogers()] == list(CATALOGERS)


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("a-1.dist-info/METADATA", b"", ["python"]),
        ("a/uv.lock", b"", ["python-locks"]),
        ("a/package-lock.json", b"", ["npm"]),
        ("bin/tool", b"\x7fELF\x02\x01\x01", ["go-binary"]),
        ("go.mod", b"", ["go-module"]),
        ("README.md", b"# a", []),
    ],
)
def test_a_file_is_shown_to_the_catalogers_of_its_ecosystem(path: str, head: bytes, expected: list[str]) -> None:
    assert [cataloger.name for cataloger in catalogers() if cataloger.wants(path, head)] == expected
