"""How screens are laid out: words that flow into lines, rows that share columns, and the few colours there are.

Everything here takes text that is safe already (`escape.terminal`). Lines are broken at spaces only, so that paths,
digests and commands can be copied whole.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from supplychain.report import View

GAP = "   "
_NARROWEST_NOTES = 44
"""Columns the last column of a table needs; with less it moves below its row."""
_NOTES = 5
"""Findings, files or reasons that one row shows."""


class Tone(Enum):
    """The colour of a word, as the parameter of a terminal's SGR sequence."""

    GOOD = "1;32"
    BAD = "1;31"
    CAUTION = "33"
    STRONG = "1"
    QUIET = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table: a word, some columns, and notes that share the last column."""

    word: str
    tone: Tone = Tone.STRONG
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def paint(text: str, tone: Tone, view: View) -> str:
    """The text in this tone, where colour is wanted."""
    return f"\x1b[{tone.value}m{text}\x1b[0m" if view.colour and text.strip() else text


def cells(text: str) -> int:
    """How many columns a terminal gives it: East Asian wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, width: int, *, hang: int = 0) -> list[str]:
    """The text in lines of at most this width, broken at spaces; a longer word stands alone and whole."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line.strip() and cells(line) + 1 + cells(word) > width:
            lines.append(line.rstrip())
            line = " " * hang + word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line.rstrip()]


def flow(segments: Iterable[str], *, width: int, indent: int, hang: int = 0) -> list[str]:
    """Segments side by side while they fit, each line indented, all but the first by ``hang`` more.

    A segment too long for a line is wrapped.
    """
    lines: list[str] = []
    for segment in filter(None, segments):
        room = max(width - indent - (hang if lines else 0), 1)
        if lines and cells(lines[-1]) + len(GAP) + cells(segment) <= width - indent:
            lines[-1] += GAP + segment
        else:
            lines += [" " * (hang if lines else 0) + line for line in wrap(segment, room, hang=2)]
    return [" " * indent + line for line in lines]


def headline(word: str, tone: Tone, first: Iterable[str], then: Iterable[str], view: View) -> list[str]:
    """The answer: its word, what belongs on its line, and below it on what it rests."""
    indent = cells(word) + 2
    lines = flow(first, width=view.width, indent=indent) or [""]
    lines[0] = f"{paint(word, tone, view)}  {lines[0].lstrip()}".rstrip()
    return lines + flow(then, width=view.width, indent=indent)


def answer(word: str, whole: bool, each: Sequence[bool], unit: str, view: View) -> list[str]:
    """The first line where there are several answers."""
    if len(each) < 2:
        return []
    said = paint(word, Tone.GOOD, view) if whole else paint(f"NOT {word}", Tone.BAD, view)
    return [f"{said}  {sum(each):,} of {counted(len(each), unit)} {word.lower()}", ""]


def table(rows: Sequence[Row], view: View) -> list[str]:
    """The rows in aligned columns. Notes fill what is left of the line, or stand below where too little is."""
    word = max((cells(row.word) for row in rows), default=0)
    count = max((len(row.columns) for row in rows), default=0)
    widths = [max((cells(r.columns[i]) for r in rows if i < len(r.columns)), default=0) for i in range(count)]
    start = 2 + word + 2
    left = start + sum(width + len(GAP) for width in widths)
    beside = view.width - left >= _NARROWEST_NOTES
    lines: list[str] = []
    for row in rows:
        painted = "  " + paint(row.word, row.tone, view) + " " * (word - cells(row.word)) + "  "
        columns = GAP.join(_pad(text, width) for text, width in zip(row.columns, widths, strict=False))
        under = start if not row.columns or not beside else left
        notes = [" " * under + line for note in row.notes for line in wrap(note, max(view.width - under, 20), hang=2)]
        if notes and (beside or not row.columns):
            gap = " " * (under - start - cells(columns))
            notes[0] = painted + columns + gap + notes[0].lstrip(" ")
            lines += notes
        else:
            lines += [(painted + columns).rstrip(), *notes]
    return lines


def some(notes: Sequence[str], view: View) -> tuple[str, ...]:
    """The first few notes, and how many more there are; all of them when the view is verbose."""
    if view.verbose or len(notes) <= _NOTES + 1:
        return tuple(notes)
    return (*notes[:_NOTES], f"and {len(notes) - _NOTES:,} more")


def indented(text: str, view: View, *, by: int = 2) -> list[str]:
    """A paragraph, wrapped and moved in."""
    return [" " * by + line for line in wrap(text, max(view.width - by, 20), hang=2)]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cells(text))


def short(digest: str) -> str:
    """A SHA-256 for a screen: twelve digits, with or without its algorithm before."""
    algorithm, colon, value = digest.rpartition(":")
    return f"{algorithm or 'sha256'}:{value[:12]}" if colon or digest else ""


def size(count: int) -> str:
    """Bytes for a person."""
    if count < 1024:
        return counted(count, "bytes")
    scaled, unit = float(count), ""
    for unit in ("KiB", "MiB", "GiB", "TiB"):  # noqa: B007  # the last one is used
        scaled /= 1024
        if scaled < 1024:
            break
    return f"{scaled:,.1f} {unit}" if scaled < 9.95 else f"{scaled:,.0f} {unit}"


def minute(when: datetime) -> str:
    """A time for a person, in UTC; a time without a zone is taken as UTC."""
    return _utc(when).strftime("%Y-%m-%d %H:%M UTC")


def exact(when: datetime) -> str:
    """A time for a program: RFC 3339 in UTC, as exact as it is known."""
    return _utc(when).isoformat().replace("+00:00", "Z")


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def counted(count: int, plural: str) -> str:
    """``1 artifact``, ``3 artifacts``, ``1,844 components``, ``1 entry``."""
    return f"{count:,} {singular(plural) if count == 1 else plural}"


def singular(plural: str) -> str:
    """The word for one of them."""
    if plural.endswith("ies"):
        return plural.removesuffix("ies") + "y"
    return plural.removesuffix("s")


def listed(names: Sequence[str], *, limit: int, rest: str = "more") -> str:
    """The names with commas, and how many were left out."""
    if len(names) <= limit:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit:,} {rest}"
