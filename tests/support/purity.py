"""Proof that a call has no effects: an audit hook that refuses what reaches outside the process.

>>> with no_effects():
...     len(b"pure")
4
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

EFFECTS: Final = frozenset(
    {
        "open",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.listdir",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.scandir",
        "os.spawn",
        "os.system",
        "shutil.copyfile",
        "socket.bind",
        "socket.connect",
        "socket.getaddrinfo",
        "sqlite3.connect",
        "subprocess.Popen",
        "tempfile.mkdtemp",
        "tempfile.mkstemp",
        "urllib.Request",
    }
)
"""The interpreter's audit events that mean an effect. Clocks and randomness raise none: those the import rule keeps."""


class Effect(AssertionError):
    """A pure call reached outside."""


class _Armed(threading.local):
    depth = 0


_armed = _Armed()


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event in EFFECTS and _armed.depth:
        raise Effect(f"{event} {args!r:.200}")


sys.addaudithook(_hook)  # a hook cannot be taken away: it looks at a switch instead


@contextmanager
def no_effects() -> Iterator[None]:
    """Refuse every effect of this thread while the block lasts.

    Importing opens files: make one call outside first, so that what loads lazily is loaded.
    """
    _armed.depth += 1
    try:
        yield
    finally:
        _armed.depth -= 1
