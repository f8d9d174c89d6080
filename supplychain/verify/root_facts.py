"""A trusted root as people read it: each authority and log in it, and what it is believed for."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from cryptography.hazmat.primitives import serialization

from supplychain.model.results import TrustedParty
from supplychain.verify.root import Authority, Log, TrustedRoot, Window


def parties(root: TrustedRoot, at: datetime) -> tuple[TrustedParty, ...]:
    """Everyone it believes, in the order of the root; a log with two ids once for each. ``at`` marks what has ended."""
    return (
        *_authorities("certificate authority", root.certificate_authorities, at),
        *_logs("transparency log", root.logs, at),
        *_logs("certificate log", root.ct_logs, at),
        *_authorities("timestamp authority", root.timestamp_authorities, at),
    )


def _authorities(role: str, found: tuple[Authority, ...], at: datetime) -> Iterator[TrustedParty]:
    for authority in found:
        first = authority.chain[0]
        der = first.public_bytes(serialization.Encoding.DER)
        name = f"{first.subject.rfc4514_string()} {authority.uri}".strip()
        yield _party(role, name, hashlib.sha256(der).hexdigest(), authority.window, at)


def _logs(role: str, found: tuple[Log, ...], at: datetime) -> Iterator[TrustedParty]:
    for log in found:
        yield _party(role, log.url, log.log_id.hex(), log.window, at)


def _party(role: str, name: str, identifier: str, window: Window, at: datetime) -> TrustedParty:
    return TrustedParty(
        role=role,
        name=name,
        id=identifier,
        since=window.start,
        until=window.end,
        ended=window.end is not None and window.end < at,
    )
