"""JSON documents as text: one element a line, so that they are written fast and a diff of two shows what changed.

Only ASCII is written: a name with control characters or reversed writing direction is plain data in the file.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii
from typing import Final

from supplychain.errors import UsageError
from supplychain.model.inventory import Inventory

_NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:supplychain:sbom")
_UNWRITABLE: Final = re.compile(
    r"(?P<keep>\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})|\\u0000|\\ud[89a-f][0-9a-f]{2}"
)

quote: Final = encode_basestring_ascii
"""A string as JSON. Members are put together by hand: a tree of dictionaries takes four times as long to write."""


def texts(values: Iterable[str]) -> str:
    """An array of strings."""
    return f"[{', '.join(map(quote, values))}]"


def listing(name: str, lines: Iterable[str]) -> str:
    """A member whose array has one element a line; empty when there is none."""
    joined = ",\n".join(lines)
    return f'"{name}": [\n{joined}\n]' if joined else ""


def document(members: Iterable[str]) -> bytes:
    """The members as one object. NUL and lone surrogates, which strict readers refuse, become U+FFFD."""
    text = "{\n" + ",\n".join(member for member in members if member) + "\n}\n"
    if "\\u0000" in text or "\\ud" in text:
        text = _UNWRITABLE.sub(lambda m: m["keep"] or "\\ufffd", text)
    return text.encode("ascii")


def serial_of(inventory: Inventory, members: Iterable[str]) -> str:
    """A UUID that depends on the subject and on everything the document says, and on nothing else."""
    content = hashlib.sha256()
    for part in (inventory.subject.ref, inventory.sha256 or "", *members):
        content.update(part.encode("utf-8", "backslashreplace"))
        content.update(b"\n")
    return str(uuid.uuid5(_NAMESPACE, content.hexdigest()))


def stamp(time: datetime) -> str:
    """A time as both formats write it: UTC, in seconds."""
    if time.tzinfo is None:
        raise UsageError("the time of a document needs a time zone", hint="give it in UTC")
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
