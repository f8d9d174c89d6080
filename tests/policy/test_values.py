"""Durations, sizes and times as policies spell them."""

from datetime import UTC, datetime, timedelta

import pytest

from supplychain.policy.values import read_duration, read_instant, read_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", timedelta(seconds=30)), ("5m", timedelta(minutes=5)), ("24h", timedelta(days=1)), ("2w", timedelta(14))],
)
def test_durations(text: str, expected: timedelta) -> None:
    assert read_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0h", "-1h", "1", "1y", "1 h", "1h\n", "9999w", "999999w", "1.5h", 24, None, "\u0661h"]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 24h"):
        read_duration(text)


@pytest.mark.parametrize(
    ("text", "expected"), [(5, 5), ("10B", 10), ("2kB", 2000), ("250MB", 250_000_000), ("1GiB", 2**30), ("1TiB", 2**40)]
)
def test_sizes(text: object, expected: int) -> None:
    assert read_size(text) == expected


@pytest.mark.parametrize("text", ["", 0, -1, True, "1", "1XB", "0MB", "1 MB", "1mb", 1.5, None, 2**53, "999999999TiB"])
def test_what_is_no_size_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a size such as 250MB"):
        read_size(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T12:00:00.5+02:00", datetime(2026, 11, 23, 10, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    assert read_instant(text) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "2026-13-01", "2026-11-23T12:00:00", "20261123", "0001-01-01T00:00:00+23:00", None, 5]
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a time such as"):
        read_instant(text)
