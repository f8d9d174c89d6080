"""The time of a private Sigstore: every part of one stack reads the same clock, and only the test moves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

START = datetime(2025, 6, 1, 12, tzinfo=UTC)
"""Behind the clock of any machine, so that verifiers that compare with today see nothing from the future."""


class Clock:
    """Stands still until it is set. In UTC and whole seconds, as certificates and log entries have them."""

    __slots__ = ("_now",)

    def __init__(self, now: datetime = START) -> None:
        self._now = now.astimezone(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def seconds(self) -> int:
        """POSIX time."""
        return int(self._now.timestamp())

    def set(self, now: datetime) -> None:
        self._now = now.astimezone(UTC).replace(microsecond=0)

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Another time for a while: `with clock.at(clock.now() + timedelta(hours=1)): ...`."""
        before = self._now
        self.set(moment)
        try:
            yield
        finally:
            self.set(before)
