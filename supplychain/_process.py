"""Running other programs: no shell, an environment that was chosen, a time limit, bounded output.

The only user of subprocess. When a call returns, nothing of what it started is left in its process group: whoever
opens a key afterwards does not do so beside a program the build left running.
"""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Final

from supplychain.errors import LimitExceeded, UsageError

PATIENCE: Final = 10.0
"""Seconds a command is given to end by itself after an interrupt."""
_STDERR: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said."""

    status: int
    """Exit status; negative for the signal that ended it."""
    output: bytes
    errors: bytes
    """The beginning of what it wrote to stderr."""


def ask(
    command: Sequence[str],
    *,
    cwd: str,
    environment: Mapping[str, str],
    timeout: float = 60.0,
    max_bytes: int = 1 << 20,
) -> Answer:
    """Run a program for its output. Raises UsageError when it cannot be started, LimitExceeded past either limit."""
    with tempfile.TemporaryFile() as errors:
        with _running(command, cwd, environment, stdout=subprocess.PIPE, stderr=errors, timeout=timeout) as run:
            assert run.child.stdout is not None
            output = run.child.stdout.read(max_bytes + 1)
            if len(output) > max_bytes:
                raise LimitExceeded(f"more than {max_bytes} bytes of output", where=command[0])
            status = run.wait()
        errors.seek(0)
        return Answer(status=status, output=output, errors=errors.read(4096))


def run(command: Sequence[str], *, cwd: str, environment: Mapping[str, str], timeout: float | None = None) -> int:
    """Run a program for its effect; the exit status comes back, negative for the signal that ended it.

    It reads nothing from us, and both its outputs go to our stderr: our stdout is data. Raises UsageError when it
    cannot be started, LimitExceeded after ``timeout`` seconds.
    """
    with _running(command, cwd, environment, stdout=_STDERR, stderr=_STDERR, timeout=timeout) as started:
        return started.wait()


class _Run:
    """A started program, and its clock."""

    def __init__(self, child: "subprocess.Popen[bytes]", timeout: float | None) -> None:
        self.child = child
        self.timeout = timeout
        self.expired = False
        self._timer = threading.Timer(timeout, self._expire) if timeout else None
        if self._timer:
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        self.expired = True
        self.signal_group(_KILL)

    def wait(self) -> int:
        """The exit status. The group is ended before the child is reaped, while its number cannot be another's."""
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
            self.signal_group(_KILL)
        self._stop_clock()
        return self.child.wait()

    def signal_group(self, number: int) -> None:
        """Send a signal to the program and all it started; to the program alone where there are no groups."""
        if self.child.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.child.pid, number)
            else:
                self.child.kill()

    def _stop_clock(self) -> None:
        if self._timer:
            self._timer.cancel()

    def end(self) -> None:
        """Leave nothing running."""
        self._stop_clock()
        self.signal_group(_KILL)
        if self.child.stdout:
            self.child.stdout.close()
        self.child.wait()


_KILL: Final = signal.SIGKILL if os.name == "posix" else signal.SIGTERM


@contextmanager
def _running(
    command: Sequence[str],
    cwd: str,
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: "int | IO[bytes]",
    timeout: float | None,
) -> Iterator[_Run]:
    started = _Run(_start(command, cwd, environment, stdout, stderr), timeout)
    try:
        yield started
    except KeyboardInterrupt:
        started.signal_group(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            started.child.wait(PATIENCE)
        raise
    finally:
        started.end()
    if started.expired:
        raise LimitExceeded(f"ran longer than {timeout:g} seconds and was ended", where=command[0])


def _start(
    command: Sequence[str],
    cwd: str,
    environment: Mapping[str, str],
    stdout: int,
    stderr: "int | IO[bytes]",
) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(  # noqa: S603  # what is run is what the caller named, without a shell
            list(command),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=os.name == "posix",
        )
    except (OSError, ValueError) as e:
        reason = (e.strerror or "cannot be started").lower() if isinstance(e, OSError) else "cannot be started"
        raise UsageError(
            f"{reason}", where=command[0], hint="name a program that is on the PATH, with its folder"
        ) from e
