"""A process of one thread in which tests may fork: those that run tests have threads of their own.

``python -m tests.support.pooled SCENE`` runs one of `SCENES` and ends with 0 when all is as expected; ``serve`` answers
requests to verify, one JSON object a line, by this process alone and by workers.
"""

import json
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from supplychain import Trust, _io, _pool, read_key, render
from supplychain._pool import Failed, pmap
from supplychain.api.evidence import verify_all
from tests.support.evidence import NOW

FORMATS: Final = ("text", "json", "markdown")
FORKS: Final = [0]
HERE: Final = os.getpid()
os.register_at_fork(before=lambda: FORKS.__setitem__(0, FORKS[0] + 1))


def away() -> bool:
    """Whether this is a worker."""
    return os.getpid() != HERE


def die() -> NoReturn:
    """End as the system ends a process that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def double(number: int) -> int:
    """The least work."""
    return 2 * number


def expect(found: object, wanted: object, forks: int) -> None:
    """The answers, and by how many workers; none of them is left."""
    assert found == wanted, found
    assert FORKS[0] == forks, FORKS
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise AssertionError("a worker is left")


def ordered() -> None:
    """Answers come in the order of the items."""
    expect(list(pmap(double, range(1000), workers=3, chunk=7)), [2 * n for n in range(1000)], 3)


def lost(*dying: int) -> None:
    """Workers die at these items."""

    def function(number: int) -> int:
        return die() if away() and number in dying else double(number)

    expect(list(pmap(function, range(100), workers=2, chunk=5)), [2 * n for n in range(100)], 2)


def raising() -> None:
    """A call that raises leaves a value, wherever it was made."""

    def function(number: int) -> int:
        if number == 3:
            raise LookupError("three")
        return double(number)

    wanted = [Failed(error="LookupError", message="three") if n == 3 else 2 * n for n in range(6)]
    expect(list(pmap(function, range(6), workers=1, chunk=2)), wanted, 0)
    expect(list(pmap(function, range(6), workers=2, chunk=2)), wanted, 2)


def unpicklable() -> None:
    """What cannot leave a worker is no answer."""
    found = list(pmap(lambda _: threading.Lock(), range(4), workers=2, chunk=1))
    expect([isinstance(f, Failed) and f.error for f in found], ["TypeError"] * 4, 2)


class Odd(Exception):
    """An exception that is pickled and cannot be read back."""

    def __init__(self, *, key: str) -> None:
        super().__init__(key)


def unreadable() -> None:
    """An answer that cannot be read is as good as lost: the call is made here."""
    found = list(pmap(lambda n: Odd(key=str(n)), range(6), workers=2, chunk=1))
    expect([str(f) for f in found], [str(n) for n in range(6)], 2)


def threaded() -> None:
    """A process with a second thread is not forked."""
    release = threading.Event()
    other = threading.Thread(target=release.wait)
    other.start()
    try:
        expect(list(pmap(double, range(9), workers=2, chunk=2)), [2 * n for n in range(9)], 0)
    finally:
        release.set()
        other.join()


def nested() -> None:
    """A worker has no workers."""

    def function(number: int) -> tuple[bool, list[object]]:
        return _pool.may_fork(), list(pmap(double, range(number), workers=2, chunk=1))

    expect(list(pmap(function, [3, 4], workers=2, chunk=1)), [(False, [0, 2, 4]), (False, [0, 2, 4, 6])], 2)


def refused() -> None:
    """The system grants one process and no more."""
    granted, fork = [True, False], os.fork

    def few() -> int:
        if granted.pop(0):
            return fork()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    os.fork = few
    expect(list(pmap(double, range(20), workers=2, chunk=2)), [2 * n for n in range(20)], 1)


def bounded() -> None:
    """No more is begun than fits the window, however long the first answer takes; closing ends the workers."""
    (reading, writing), (behind, done) = os.pipe(), os.pipe()
    window = 2 * _pool._WINDOW  # chunks, two items each; the worker that has the first one holds the third too

    def function(number: int) -> int:
        os.write(writing, b".")
        if number == 0:  # it takes as long as all that may be done meanwhile by the other worker
            for _ in range(2 * (window - 2)):
                os.read(behind, 1)
            assert select.select([behind], [], [], 0.3)[0] == [], "more was begun"
        else:
            os.write(done, b".")
        return number

    with closing(pmap(function, range(10_000), workers=2, chunk=2)) as answers:
        assert next(answers) == 0
    os.close(writing)
    begun = 0
    while some := os.read(reading, 4096):
        begun += len(some)
    assert 2 * (window - 2) < begun <= 2 * window, begun
    expect([], [], 2)


def stuck() -> None:
    """Workers that never answer: for who interrupts."""
    reading, _writing = os.pipe()

    def function(_: int) -> bytes:
        os.write(1, b"%d\n" % os.getpid())
        return os.read(reading, 1)

    try:
        list(pmap(function, range(2), workers=2, chunk=1))
    except KeyboardInterrupt:
        expect([], [], 2)
        os.write(1, b"ended\n")


def killed() -> None:
    """Somebody ends this process while its workers work."""
    for _ in pmap(double, range(1000), workers=2, chunk=1):
        os.write(1, b"first answer\n")
        die()


@contextmanager
def trouble(at: dict[str, str]) -> Iterator[None]:
    """Workers that die, or fail in a way of their own, when they open these files."""
    usual = _io.open_artifact

    def opening(path: _io.StrPath) -> Any:
        what = at.get(Path(path).name) if away() else None
        if what == "dies":
            die()
        if what == "fails":
            raise MemoryError
        return usual(path)

    _io.open_artifact = opening
    try:
        yield
    finally:
        _io.open_artifact = usual


def shown(artifacts: list[str], trust: Trust, workers: int | None) -> list[str]:
    """All that there is to see of a verification, or how it raised."""
    try:
        result = verify_all(artifacts, trust=trust, at=NOW, workers=workers)
    except Exception as e:  # noqa: BLE001  # both ways must raise the same, whatever it is
        return [type(e).__name__, str(e)]
    return [repr(result), str(result.exit_code), *(render(result, name) for name in FORMATS)]


def serve() -> None:
    """Requests: ``artifacts``, ``key``, ``workers``, ``trouble`` (a file name to ``dies`` or ``fails``)."""
    for line in sys.stdin:
        asked = json.loads(line)
        trust, before = Trust(read_key(asked["key"])), FORKS[0]
        with trouble(asked["trouble"]):
            alone, together = (shown(asked["artifacts"], trust, n) for n in (1, asked["workers"]))
        answer = {"alone": alone, "together": together, "forks": FORKS[0] - before}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


SCENES: Final[dict[str, Callable[[], None]]] = {
    "in order": ordered,
    "a worker is lost": lambda: lost(31),
    "every worker is lost at once": lambda: lost(0, 5),
    "the last worker is lost late": lambda: lost(40, 99),
    "a call raises": raising,
    "an answer cannot be pickled": unpicklable,
    "an answer cannot be read": unreadable,
    "another thread runs": threaded,
    "inside a worker": nested,
    "processes are refused": refused,
    "taken slowly": bounded,
}

if __name__ == "__main__":
    {**SCENES, "serve": serve, "stuck": stuck, "killed": killed}[sys.argv[1]]()
