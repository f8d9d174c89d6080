"""Document formats: one file a format, its writer and its reader side by side, one table of them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, Final, Protocol, cast

from supplychain._json import Node
from supplychain.errors import UnsupportedType
from supplychain.model.inventory import Inventory
from supplychain.sbom.document import Document


class Format(Protocol):
    """The contract. Instances hold no state."""

    name: ClassVar[str]
    spec_versions: ClassVar[tuple[str, ...]]
    """That are written; the first is the default."""

    def write(
        self,
        inventory: Inventory,
        *,
        created: datetime,
        tool_version: str,
        spec_version: str = "",
        files: bool = True,
    ) -> bytes:
        """The document: the same bytes for the same inventory, time and version. ``files`` lists every file.

        Raises UnsupportedType for a version that is not written.
        """
        ...

    def read(self, node: Node) -> Document:
        """A document of this format, of any version that is read. Raises MalformedDocument, UnsupportedType."""
        ...


FORMATS: Final = {
    "cyclonedx-json": "supplychain.sbom.formats.cyclonedx:CycloneDxJson",
    "spdx-json": "supplychain.sbom.formats.spdx:SpdxJson",
}
"""Name on the command line to "module:Class"."""


def format_named(name: str) -> Format:
    """The format of this name. Raises UnsupportedType with the names there are."""
    if name not in FORMATS:
        raise UnsupportedType(f"{name[:40]!r} is no document format", hint=f"known: {', '.join(FORMATS)}")
    module, _, attribute = FORMATS[name].partition(":")
    return cast("Format", getattr(import_module(module), attribute)())


def chosen_version(form: Format, spec_version: str) -> str:
    """The version to write: the one asked for, or the default."""
    version = spec_version or form.spec_versions[0]
    if version not in form.spec_versions:
        raise UnsupportedType(
            f"{form.name} {version[:20]} is not written here", hint=f"written: {', '.join(form.spec_versions)}"
        )
    return version


def lines_of(document: Mapping[str, Any], identify: Callable[[str], Mapping[str, str]]) -> bytes:
    """A document as JSON, one line for each item of its lists, so that two versions of it compare line by line.

    ``identify`` makes the members that name the document from all the rest of it.
    """
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    members = [
        encode(name) + ":[\n" + ",\n".join(map(encode, value)) + "\n]"
        if isinstance(value, list) and value
        else f"{encode(name)}:{encode(value)}"
        for name, value in document.items()
    ]
    text = ",\n".join(members)
    named = "".join(f"{encode(name)}:{encode(value)},\n" for name, value in identify(text).items())
    return f"{{\n{named}{text}\n}}\n".encode("utf-8", "backslashreplace")
