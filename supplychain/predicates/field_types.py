"""Fields that several predicates share: times (RFC 3339 in, always with an offset; UTC out) and digests.

>>> from supplychain._json import Node
>>> write_time(read_time(Node("2026-11-23T13:00:00.25+01:00", where="a.json")))
'2026-11-23T12:00:00.250000Z'
"""

import re
from datetime import UTC, datetime
from typing import Final

from supplychain._json import Node
from supplychain.model.digest import parse_digest_set

_RFC3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})\Z"
)


def read_time(node: Node) -> datetime:
    """A time in UTC. Digits below a microsecond (Go writes nine) are dropped. Raises MalformedDocument."""
    text = node.text()
    found = _RFC3339.match(text)
    if not found:
        node.fail(f"expected a time such as 2026-11-23T12:00:00Z, found {text[:40]!r}")
    day, clock, fraction, zone = found.groups()
    offset = "+00:00" if zone in "Zz" else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        node.fail(f"{text[:40]!r} is no time that exists")


def write_time(time: datetime) -> str:
    """RFC 3339 in UTC with ``Z``. A time without a zone is a programming error (ValueError)."""
    if time.tzinfo is None:
        raise ValueError("a time without a zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_sha256(node: Node) -> str:
    """A SHA-256 in hexadecimal. Raises MalformedDocument that says where."""
    return parse_digest_set(Node({"sha256": node.text()}, where=node.where, path=node.path))["sha256"]
