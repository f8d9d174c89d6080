"""What one walk may cost, counted over all its levels together."""

from collections.abc import Callable
from typing import Final, NoReturn

from supplychain.archive import Limits
from supplychain.errors import LimitExceeded

_WHOLE_WALK: Final = 16
"""The ratio of the whole walk is judged once `ratio_after` bytes were made so many times over."""
_NAMES: Final = 512 << 20
"""Characters of all paths together: they are what a walk keeps in memory."""


class Budget:
    """What the whole walk may still cost."""

    __slots__ = (
        "_bytes",
        "_floor",
        "_items",
        "_longest",
        "_most",
        "_names",
        "_progress",
        "exhausted",
        "limits",
        "read",
    )

    def __init__(self, limits: Limits, progress: Callable[[int], None] | None) -> None:
        self.limits = limits
        self._most, self._longest = limits.entries, limits.path
        self._floor = min(limits.bytes, limits.ratio_after * _WHOLE_WALK)
        self._progress = progress
        self._bytes = self._items = self._names = self.read = 0
        self.exhausted = False

    def source(self, count: int) -> None:
        """So many bytes of the artifact or folder were read."""
        self.read += count
        self._bytes += count
        if self._bytes > self._floor:
            self._judge()
        if self._progress is not None:
            self._progress(self.read)

    def spend(self, count: int) -> None:
        """So many bytes were made."""
        self._bytes += count
        if self._bytes > self._floor:
            self._judge()

    def _judge(self) -> None:
        if self._bytes > self.limits.bytes:
            self._exhaust(f"more than {self.limits.bytes} bytes at all levels together")
        if self._bytes > self.limits.ratio_after * _WHOLE_WALK and self._bytes > self.read * self.limits.ratio:
            self._exhaust(f"{self._bytes} bytes out of {self.read}, more than {self.limits.ratio} for each")

    def item(self) -> None:
        """One more entry, header or frame."""
        self._items += 1
        if self._items > self._most:
            self._exhaust(f"more than {self._most} entries")

    def path(self, length: int) -> None:
        """One more entry, whose path has so many characters. Raises LimitExceeded."""
        self._items += 1
        self._names += length
        if length > self._longest or self._items > self._most or self._names > _NAMES:
            self._refuse(length)

    def _refuse(self, length: int) -> NoReturn:
        if self._items > self._most:
            self._exhaust(f"more than {self._most} entries")
        if length > self._longest:
            raise LimitExceeded(f"a path of {length} characters, more than {self._longest}")
        self._exhaust(f"more than {_NAMES} characters of paths")

    def _exhaust(self, what: str) -> NoReturn:
        self.exhausted = True
        raise LimitExceeded(what, hint="raise the limit if you made this yourself")


class ContainerMeter:
    """The budget, and notes about one container."""

    __slots__ = ("_budget", "_missed", "_path", "limits")

    def __init__(self, budget: Budget, missed: Callable[[str, str], None], path: str) -> None:
        self._budget = budget
        self._missed = missed
        self._path = path
        self.limits = budget.limits

    def item(self) -> None:
        self._budget.item()

    def spend(self, count: int) -> None:
        self._budget.spend(count)

    def note(self, reason: str) -> None:
        self._missed(self._path, reason)
