"""Makes the metadata of Python distributions, as build tools write it."""

from collections.abc import Sequence


def metadata(name: str, version: str, *fields: str) -> bytes:
    """METADATA with these fields, and a description."""
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *fields]
    return ("\n".join(lines) + "\n\nName: not-this\n").encode()


def distribution(folder: str, name: str, version: str, *fields: str, record: Sequence[str] = ()) -> dict[str, bytes]:
    """The dist-info of a distribution installed in this folder."""
    info = f"{folder}/{name}-{version}.dist-info"
    listed = "".join(f'"{path}",sha256=abc,1\n' for path in record)
    files = {f"{info}/METADATA": metadata(name, version, *fields)}
    return files | ({f"{info}/RECORD": listed.encode()} if listed else {})
