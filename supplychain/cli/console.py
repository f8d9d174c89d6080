"""What people see while a command works and when it fails: lines on one stream, which is stderr.

stdout belongs to the data. Everything written here passes the escape that reports use, so that a name in an archive
or a message of a server cannot move the cursor or start a command of a CI runner.

>>> import io
>>> stream = io.StringIO()
>>> Console(stream).error("polices/server.yaml: no such file", hint="did you mean policies/server.yaml?")
>>> print(stream.getvalue(), end="")
error: polices/server.yaml: no such file
hint: did you mean policies/server.yaml?
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TextIO

from supplychain.api.render import safe
from supplychain.errors import PolicyInvalid, SupplyChainError, Unreadable

_TOKEN: Final = re.compile(r"\beyJ[\w-]{6,}\.[\w.-]*")
"""An identity token, misplaced in a call perhaps: whoever reads our log could sign with it."""
_RED: Final = "1;31"
_YELLOW: Final = "33"
_CYAN: Final = "36"
_ERASE: Final = "\r\x1b[2K"
TERMINAL_EVERY: Final = 0.1
"""Seconds between two drawings of a progress line."""
LOG_EVERY: Final = 60.0
"""Seconds before the first and between any two progress lines off a terminal."""


class Console:
    """Lines for people.

    ``interactive`` says that the stream is a terminal; ``colour`` that it may be painted (the caller asks NO_COLOR);
    ``clock`` gives seconds that never go back. A stream that cannot be written to any more is ignored: the exit code
    still says it all.
    """

    def __init__(
        self,
        stream: TextIO | None,
        *,
        colour: bool = False,
        interactive: bool = False,
        clock: Callable[[], float] = time.monotonic,
        width: int = 80,
    ) -> None:
        self._stream = stream
        self._colour = colour
        self._drawn = ""
        self.interactive = interactive
        self.clock = clock
        self.width = width

    def error(self, error: "SupplyChainError | str", *, hint: str = "") -> None:
        """``error: ...``, and the next action below it; an error of the library brings its own hint."""
        for text in error.problems if isinstance(error, PolicyInvalid) and error.problems else [str(error)]:
            self._labelled("error", _RED, text)
        self.hint(hint or (error.hint if isinstance(error, SupplyChainError) else ""))

    def warn(self, text: str, *, hint: str = "") -> None:
        """``warning: ...``: it goes on, and somebody should look."""
        self._labelled("warning", _YELLOW, text)
        self.hint(hint)

    def hint(self, text: str) -> None:
        """``hint: ...``: what to do next; nothing when it is empty."""
        if text:
            self._labelled("hint", _CYAN, text)

    def next(self, command: str) -> None:
        """``next: ...``: the command that follows a success."""
        self._put(f"next: {safe(command)}\n")

    def line(self, text: str) -> None:
        """One line as it is, made safe."""
        self._put(safe(text) + "\n")

    def screen(self, rendered: str) -> None:
        """What `render` made: it is safe already, and may have colours."""
        self._put(rendered if rendered.endswith("\n") or not rendered else rendered + "\n")

    def progress(self, what: str, *, total: int | None = None) -> "Progress":
        """A progress line for the block it is opened for; call it with the bytes done so far."""
        return Progress(self, what, total=total)

    def draw(self, text: str) -> None:
        """Replace the progress line of a terminal; an empty text takes it away."""
        if text == self._drawn:
            return
        self._drawn = text
        self._write(_ERASE + text)

    def _labelled(self, label: str, tone: str, text: str) -> None:
        shown = f"\x1b[{tone}m{label}:\x1b[0m" if self._colour else f"{label}:"
        self._put(f"{shown} {safe(_TOKEN.sub('[token]', text))}\n")

    def _put(self, text: str) -> None:
        drawn = self._drawn
        self._write((_ERASE if drawn else "") + text + drawn)

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        with suppress(OSError, ValueError):
            self._stream.write(_shown(text, self._stream))
            self._stream.flush()


class Output:
    """stdout: what was asked for, written at once, so that it stands before what people are told next.

    Raises Unreadable when it is closed or full; BrokenPipeError passes, since nobody is there to be told.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Text, with what this terminal has no letters for escaped."""
        self._put(lambda stream: stream.write(_shown(text, stream)))

    def write_bytes(self, data: bytes) -> None:
        """A document, as it would stand in a file."""
        self._put(
            lambda stream: stream.buffer.write(data) if hasattr(stream, "buffer") else stream.write(data.decode())
        )

    def _put(self, write: Callable[[TextIO], object]) -> None:
        if self._stream is None:
            raise Unreadable("cannot be written: it is closed", where="stdout")
        try:
            write(self._stream)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as e:
            with suppress(OSError, ValueError):  # what is still in the buffer is not tried again when Python ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise Unreadable(f"cannot be written: {(e.strerror or 'unknown reason').lower()}", where="stdout") from e


class Progress:
    """One line that says what is being read, how far, and how fast.

    On a terminal it is drawn at most ten times a second and gone when the block ends. Elsewhere it is a line a minute
    at most, the first after a minute: short work says nothing. Give it to the library as ``progress=``.
    """

    def __init__(self, console: Console, what: str, *, total: int | None = None) -> None:
        self._console = console
        self._what = safe(what)
        self._total = total
        self._began = console.clock()
        self._every = TERMINAL_EVERY if console.interactive else LOG_EVERY
        self._next = self._began + self._every

    def __call__(self, done: int) -> None:
        """So many bytes are done."""
        now = self._console.clock()
        if now < self._next:
            return
        self._next = now + self._every
        text = self._text(done, now - self._began)
        if self._console.interactive:
            self._console.draw(_cut(text, self._console.width - 1))
        else:
            self._console.line(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.interactive:
            self._console.draw("")

    def _text(self, done: int, seconds: float) -> str:
        of = f" of {_mib(self._total)}" if self._total else ""
        rate = f"  {_mib(int(done / seconds))}/s" if seconds >= 1 else ""
        return f"{self._what}  {_mib(done)}{of}{rate}"


def _mib(count: int) -> str:
    return f"{count / (1 << 20):,.1f} MiB"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."


def _shown(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
