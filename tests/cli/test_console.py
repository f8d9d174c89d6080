"""What people see on stderr."""

import io
import sys

import pytest

from supplychain.cli.arguments import screen_width
from supplychain.cli.console import Console
from supplychain.errors import PolicyInvalid


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def _console(**options: bool | int) -> tuple[Console, io.StringIO, Clock]:
    stream, clock = io.StringIO(), Clock()
    console = Console(
        stream,
        colour=bool(options.get("colour")),
        interactive=bool(options.get("interactive")),
        clock=clock,
        width=int(options.get("width", 80)),
    )
    return console, stream, clock


def test_an_error_says_what_and_then_what_to_do() -> None:
    console, stream, _ = _console()
    console.error(PolicyInvalid("unknown key 'requrie'", where="server.yaml:14:5", hint="did you mean 'require'?"))
    console.error("a.tar.gz: no such file")
    console.warn("the policy is not pinned", hint="name it as F@sha256:HEX")
    assert stream.getvalue() == (
        "error: server.yaml:14:5: unknown key 'requrie'\n"
        "hint: did you mean 'require'?\n"
        "error: a.tar.gz: no such file\n"
        "warning: the policy is not pinned\n"
        "hint: name it as F@sha256:HEX\n"
    )


def test_colour_is_asked_for_and_paints_the_label_only() -> None:
    console, stream, _ = _console(colour=True)
    console.error("no", hint="yes")
    assert stream.getvalue() == "\x1b[1;31merror:\x1b[0m no\n\x1b[36mhint:\x1b[0m yes\n"


@pytest.mark.parametrize("say", ["error", "warn", "hint", "line"])
def test_hostile_text_moves_no_cursor_and_starts_no_command(say: str) -> None:
    """Threats 71 and 72: file names and messages of others end up here."""
    console, stream, _ = _console()
    getattr(console, say)("::stop-commands::x\r\x1b[2J\n##[group]")
    assert r"\u{3a}:stop-commands::x\u{d}\u{1b}[2J\u{a}#\u{23}[group]" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


def test_a_rendered_screen_goes_out_as_it_is() -> None:
    console, stream, _ = _console()
    console.screen("wrote a\nnext: b")
    console.screen("")
    console.screen("c\n")
    assert stream.getvalue() == "wrote a\nnext: b\nc\n"


def test_a_stream_that_is_gone_does_not_change_what_the_command_does() -> None:
    Console(Closed()).error("nobody hears this", hint="nor this")


def test_progress_on_a_terminal_is_one_line_and_gone_when_finished() -> None:
    console, stream, clock = _console(interactive=True)
    with console.progress("reading a.tar.gz", total=4 << 20) as progress:
        for step in range(41):
            progress(step * 100_000)
            clock.now += 0.05
    drawn = stream.getvalue().split("\r\x1b[2K")
    assert drawn[0] == drawn[-1] == ""
    assert "\n" not in stream.getvalue()
    assert 10 <= len(drawn) - 2 <= 20
    assert drawn[1] == "reading a.tar.gz  0.2 MiB of 4.0 MiB"
    assert drawn[-2].startswith("reading a.tar.gz  3.8 MiB of 4.0 MiB  1.9 MiB/s")


def test_progress_is_drawn_at_most_ten_times_a_second() -> None:
    console, stream, clock = _console(interactive=True)
    with console.progress("x") as progress:
        for _ in range(10_000):
            progress(1 << 30)
            clock.now += 0.001
    assert stream.getvalue().count("x  ") <= 100


def test_a_message_does_not_end_up_in_the_progress_line() -> None:
    console, stream, clock = _console(interactive=True)
    with console.progress("reading") as progress:
        clock.now += 0.2
        progress(1 << 20)
        console.warn("odd")
    assert stream.getvalue() == ("\r\x1b[2Kreading  1.0 MiB\r\x1b[2Kwarning: odd\nreading  1.0 MiB\r\x1b[2K")


def test_progress_off_a_terminal_is_a_line_a_minute_and_nothing_for_short_work() -> None:
    console, stream, clock = _console()
    with console.progress("reading a.tar.gz") as progress:
        for _ in range(590):
            progress(60 << 20)
            clock.now += 0.1
    assert stream.getvalue() == ""
    with console.progress("reading a.tar.gz") as progress:
        for _ in range(150):
            progress(120 << 20)
            clock.now += 1
    assert stream.getvalue() == ("reading a.tar.gz  120.0 MiB  2.0 MiB/s\nreading a.tar.gz  120.0 MiB  1.0 MiB/s\n")


def test_a_progress_line_does_not_wrap_and_says_that_it_is_cut() -> None:
    console, stream, clock = _console(interactive=True, width=30)
    with console.progress("reading " + "a" * 50 + "\x1b") as progress:
        clock.now += 1
        progress(1)
    assert stream.getvalue().split("\r\x1b[2K")[1] == "reading aaaaaaaaaaaaaaaaaa..."


def test_progress_is_gone_when_the_work_fails() -> None:
    console, stream, clock = _console(interactive=True)

    def work() -> None:
        with console.progress("x") as progress:
            clock.now += 1
            progress(1)
            raise PolicyInvalid("no")

    with pytest.raises(PolicyInvalid):
        work()
    assert stream.getvalue().endswith("\r\x1b[2K")


@pytest.mark.parametrize(("columns", "width"), [("132", 132), ("0", 80), ("wide", 80), ("", 80)])
def test_columns_of_the_screen_are_said_or_assumed(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(sys, "__stdout__", None)
    assert screen_width() == width
