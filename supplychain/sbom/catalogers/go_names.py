"""Go modules as package URLs, and their checksums.

>>> module_purl("github.com/gorilla/mux", "v1.8.1")
'pkg:golang/github.com/gorilla/mux@v1.8.1'
>>> module_purl("example.com/app", "(devel)")
'pkg:golang/example.com/app'
"""

import re
from typing import Final

from supplychain.errors import MalformedDocument
from supplychain.model.inventory import ContentDigest, Covers
from supplychain.sbom.purls import purl

DEVELOPMENT: Final = "(devel)"
"""The version that Go writes where it does not know one: nobody can look it up."""

_H1 = re.compile(r"h1:[A-Za-z0-9+/]{43}=")


def module_purl(path: str, version: str = "", *, subpath: str = "") -> str:
    """The purl of a module. Raises MalformedDocument for what can be no module path or version."""
    namespace, _, name = path.rpartition("/")
    known = "" if version == DEVELOPMENT else version
    return purl("golang", name, known, namespace=namespace, subpath=subpath)


def dirhash(text: str) -> ContentDigest:
    """A checksum as go.sum and build info write it.

    It hashes the list of a module's files: never to be taken for the SHA-256 of any bytes. Raises MalformedDocument.
    """
    if not _H1.fullmatch(text):
        raise MalformedDocument(f"expected h1: and the base64 of 32 bytes, found {text[:80]!r}")
    return ContentDigest(algorithm="h1", value=text.removeprefix("h1:"), covers=Covers.GO_MODULE_DIRHASH)


def is_folder(path: str) -> bool:
    """Whether a replacement is a folder on disk, not a module: Go asks for ``./``, ``../`` or an absolute path."""
    return path.startswith(("./", "../", "/", ".\\", "..\\")) or path in {".", ".."} or path[1:3] in {":\\", ":/"}
