"""One function over many items by forked workers: in order, within a window, and without losing an answer.

Workers are forked, so that they begin with all that this process has loaded and read; what comes back is pickled. Where
forking is not safe, or a worker is lost, the same function runs here instead: the answers are the same, only later.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:  # loaded by those who fork
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2
"""Chunks that a worker holds, so that it has the next when it has answered one."""
_WINDOW: Final = 4
"""Chunks for each worker that are handed out or wait for their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """In the place of an answer: the call raised, or what it returned cannot leave its process."""

    error: str
    """The class of what was raised."""
    message: str


def cpus() -> int:
    """How many CPUs this process may use; 1 where the system does not say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def may_fork() -> bool:
    """Whether a fork is safe: the system is known to bear it, and no other thread may hold a lock at that moment."""
    if not (hasattr(os, "fork") and hasattr(os, "sched_getaffinity")):  # Windows has none; macOS cannot bear it
        return False
    from multiprocessing import current_process

    return _threads() == 1 and not current_process().daemon  # a worker of somebody's pool has no children


def _threads() -> int:
    """The threads of this process; where the system lists them, also those that Python did not start."""
    with suppress(OSError):
        return len(list(Path("/proc/self/task").iterdir()))
    return threading.active_count()


def pmap(
    function: Callable[[T], R], items: Sequence[T], *, workers: int, chunk: int
) -> Generator[R | Failed, None, None]:
    """``function(item)`` for each item, in the order of the items: exactly one answer, or `Failed`, for each.

    Items go to at most so many workers, ``chunk`` at a time. With one worker, and where `may_fork` says no, nothing is
    forked. The chunk of a worker that is lost is done again here. Close the iterator to end the workers early.
    """
    spans = [items[at : at + chunk] for at in range(0, len(items), chunk)]

    def work(number: int) -> list[R | Failed]:
        return [_answer(function, item) for item in spans[number]]

    count = min(workers, len(spans))
    with _crew(count if count > 1 and may_fork() else 0, work) as crew:
        done: dict[int, list[R | Failed]] = {}
        given = 0
        for turn in range(len(spans)):
            while turn not in done:
                while given < min(len(spans), turn + _WINDOW * count) and (free := _free(crew)):
                    _give(free, given, crew)
                    given += 1
                if any(turn in worker.holds for worker in crew):
                    done.update(_answers(crew))
                else:  # nobody who lives has it
                    done[turn] = work(turn)
            yield from done.pop(turn)


def _answer(function: Callable[[T], R], item: T) -> R | Failed:
    try:
        return function(item)
    except Exception as e:  # noqa: BLE001  # it is told as a value: not every exception survives being pickled
        return Failed(error=type(e).__name__, message=str(e))


Work: TypeAlias = Callable[[int], Sequence[Any]]
"""The answers to the chunk of this number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Worker:
    process: "ForkProcess"
    pipe: "Connection[Any, Any]"
    holds: set[int] = field(default_factory=set)
    """Chunks it has not answered."""

    def end(self) -> None:
        """It keeps nothing that would be lost with it."""
        self.process.kill()
        self.pipe.close()
        self.process.join()


@contextmanager
def _crew(count: int, work: Work) -> Iterator[list[_Worker]]:
    """Workers that wait for chunks; none is left when the block ends, however it ends."""
    crew: list[_Worker] = []
    try:
        if count:
            _hire(count, work, crew)
        yield crew
    finally:
        for worker in crew:
            worker.end()


def _hire(count: int, work: Work, crew: list[_Worker]) -> None:
    """Fork workers, as many of them as the system grants."""
    import multiprocessing

    fork = multiprocessing.get_context("fork")
    # workers inherit the mask: an interrupt at the terminal is sent to them too, and is for this process to act on
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        for _ in range(count):
            ours, theirs = fork.Pipe()
            inherited = [*(worker.pipe for worker in crew), ours]
            process = fork.Process(target=_serve, args=(theirs, inherited, work), daemon=True)
            try:
                process.start()
            except OSError:
                ours.close()
                return
            finally:
                theirs.close()
            crew.append(_Worker(process=process, pipe=ours))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _serve(pipe: "Connection[Any, Any]", inherited: "Sequence[Connection[Any, Any]]", work: Work) -> None:
    """A worker's life: answer chunks until nobody asks. The ends it inherited would hide that nobody does."""
    for other in inherited:
        other.close()
    with suppress(EOFError, OSError):
        while True:
            number = pipe.recv()
            answers = work(number)
            try:
                pipe.send((number, answers))
            except Exception as e:  # noqa: BLE001  # a value that cannot be pickled may raise anything
                pipe.send((number, [Failed(error=type(e).__name__, message=str(e))] * len(answers)))


def _free(crew: list[_Worker]) -> _Worker | None:
    least = min(crew, key=lambda worker: len(worker.holds), default=None)
    return least if least and len(least.holds) < _AHEAD else None


def _give(worker: _Worker, number: int, crew: list[_Worker]) -> None:
    try:
        worker.pipe.send(number)
        worker.holds.add(number)
    except OSError:
        _lose(worker, crew)


def _answers(crew: list[_Worker]) -> Iterator[tuple[int, list[Any]]]:
    """Wait for workers: what they answered, by chunk. One that cannot be understood is as good as lost."""
    from multiprocessing.connection import wait

    ready = wait([worker.pipe for worker in crew])
    for worker in [w for w in crew if w.pipe in ready]:
        try:
            number, answers = worker.pipe.recv()
            worker.holds.remove(number)
        except Exception:  # noqa: BLE001  # the end of the pipe, or whatever unpickling raises
            _lose(worker, crew)
        else:
            yield number, answers


def _lose(worker: _Worker, crew: list[_Worker]) -> None:
    """Let go of a worker; what it held is held by nobody."""
    worker.end()
    crew.remove(worker)
