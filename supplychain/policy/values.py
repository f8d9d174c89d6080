"""Values as policies spell them: durations, sizes, times. Each reader raises ValueError with what it expected.

>>> read_duration("7d").days, read_size("1GiB"), read_instant("2026-11-23").isoformat()
(7, 1073741824, '2026-11-23T00:00:00+00:00')
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

MAX_DURATION: Final = timedelta(days=3660)
MAX_SIZE: Final = 2**53 - 1
"""The largest number that every JSON reader keeps."""

_DURATION: Final = re.compile(r"([1-9][0-9]{0,5})([smhdw])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE: Final = re.compile(r"([1-9][0-9]{0,8})(B|[kKMGT]B|[KMGT]iB)", re.ASCII)
_UNITS: Final[Mapping[str, int]] = {"B": 1} | {
    f"{letter}{suffix}": base**power
    for power, letters in enumerate(("kK", "M", "G", "T"), start=1)
    for letter in letters
    for suffix, base in (("B", 1000), ("iB", 1024))
}
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))?", re.ASCII
)


def read_duration(text: object) -> timedelta:
    """``24h``, ``7d``: one number and one of s, m, h, d, w."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else timedelta(0)
    if not timedelta(0) < length <= MAX_DURATION:
        raise ValueError("expected a duration such as 24h or 7d, at most ten years")
    return length


def read_size(value: object) -> int:
    """A number of bytes, or a number with B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB or TiB (of 1024)."""
    size = value if isinstance(value, int) and not isinstance(value, bool) else 0
    if isinstance(value, str) and (found := _SIZE.fullmatch(value)):
        size = int(found[1]) * _UNITS[found[2]]
    if not 0 < size <= MAX_SIZE:
        raise ValueError("expected a size such as 250MB or 1GiB")
    return size


def read_instant(text: object) -> datetime:
    """An RFC 3339 time, or a date, which means its first moment in UTC."""
    wrong = "expected a time such as 2026-11-23T12:00:00Z or a date such as 2026-11-23"
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError(wrong)
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(wrong) from None
