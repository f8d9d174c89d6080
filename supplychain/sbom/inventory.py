"""bytes -> Inventory: the walk shows every file to the catalogers, and what they know becomes one inventory.

The same content gives the same inventory, whatever the order of files, the container or the place on disk. What
could not be read, or was read and understood by nobody, is in `Inventory.completeness`; nothing fails in silence.

>>> import io
>>> from supplychain.archive.walk import Source
>>> source = Source(name="notes.txt", stream=io.BytesIO(b"hello"))
>>> inventory = take_inventory(source, spool=io.BytesIO, catalogers=[])
>>> inventory.subject.name, inventory.entries[0].size, inventory.completeness[0].reason
('notes.txt', 5, 'no component was recognised')
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, BinaryIO, Final

from supplychain.archive import LIMITS, Limits, Spool
from supplychain.archive.formats import program, unopened_archive
from supplychain.archive.walk import Source, Walked, walk
from supplychain.errors import InputError, MalformedDocument, SupplyChainError, UnsafeArchive
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    ContentDigest,
    Covers,
    Entry,
    EntryKind,
    Inventory,
)
from supplychain.sbom.assembly import Assembled, assemble
from supplychain.sbom.catalogers import HEAD_BYTES, Cataloger, Catalogued, File
from supplychain.sbom.catalogers import catalogers as all_catalogers
from supplychain.sbom.purls import purl

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND: Final = 253402300799
"""Of the year 9999, the last that a document can state."""

NOTHING_RECOGNISED: Final = "no component was recognised"


def take_inventory(
    source: Source,
    *,
    spool: Spool,
    limits: Limits = LIMITS,
    catalogers: Sequence[Cataloger] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Inventory:
    """Everything inside an artifact or folder, by all catalogers unless some are given.

    ``progress`` is told how many bytes of the source were read so far. Raises InputError when the artifact itself
    cannot be read, lies about its members or costs more than the limits; what is wrong further in, and files that a
    cataloger could not read, make entries in `completeness`. An inventory without components is no error here: its
    subject is then listed there.
    """
    survey = _Survey(all_catalogers() if catalogers is None else catalogers)
    walked = walk(source, survey, spool=spool, limits=limits, progress=progress)
    entries = _unique(survey.entries)
    subject = _subject(source, walked)
    assembled = assemble(subject.ref, survey.combine(subject.ref), {entry.path for entry in entries})
    completeness = {
        *assembled.completeness,
        *(Completeness(ref=c.ref or subject.ref, state=c.state, reason=c.reason) for c in survey.completeness),
    }
    completeness |= _unexplained(survey.programs, assembled, completeness)
    if not assembled.components and any(entry.size for entry in entries):
        completeness.add(
            Completeness(ref=subject.ref, state=CompletenessState.UNKNOWN, reason=NOTHING_RECOGNISED),
        )
    return Inventory(
        subject=subject,
        kind=source.kind,
        sha256=walked.sha256,
        size=walked.size,
        components=assembled.components,
        edges=assembled.edges,
        entries=entries,
        owners=assembled.owners,
        completeness=tuple(sorted(completeness)),
        unknowns=assembled.unknowns,
        newest=_newest(entries),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fact:
    file: File
    value: Any


class _Survey:
    """The visitor: entries, facts and what was missed."""

    def __init__(self, catalogers: Sequence[Cataloger]) -> None:
        self._catalogers = catalogers
        self._facts: dict[str, dict[str, _Fact]] = {}
        self._wanting: list[Cataloger] = []
        self.entries: list[Entry] = []
        self.programs: list[tuple[str, str]] = []
        self.completeness: list[Completeness] = []

    def wants(self, path: str, head: bytes) -> bool:
        """See Visitor."""
        head = head[:HEAD_BYTES]
        self._wanting = [c for c in self._catalogers if self._asked(c, path, head)]
        return bool(self._wanting)

    def _asked(self, cataloger: Cataloger, path: str, head: bytes) -> bool:
        try:
            return cataloger.wants(path, head)
        except Exception as e:  # noqa: BLE001  # one cataloger's bug must not hide what the others find, nor itself
            self.missed(path, _failure(cataloger, e))
            return False

    def entry(self, entry: Entry, head: bytes) -> None:
        """See Visitor."""
        self.entries.append(entry)
        if not head:
            return
        if archive := unopened_archive(entry.path, head):
            self.missed(entry.path, f"not scanned: no reader for {archive}")
        elif kind := program(head):
            self.programs.append((entry.path, kind))

    def file(self, entry: Entry, head: bytes, reader: Callable[[], BinaryIO]) -> None:
        """See Visitor."""
        assert entry.sha256 is not None
        file = File(path=entry.path, size=entry.size, sha256=entry.sha256, head=head[:HEAD_BYTES], open=reader)
        for cataloger in self._wanting:
            try:
                value = cataloger.read(file)
            except Exception as e:  # noqa: BLE001  # as above: told, not swallowed
                self.missed(entry.path, _failure(cataloger, e))
            else:
                if value is not None:
                    self._facts.setdefault(cataloger.name, {})[entry.path] = _Fact(file=file, value=value)

    def missed(self, path: str, reason: str) -> None:
        """See Visitor."""
        self.completeness.append(Completeness(ref=path, state=CompletenessState.INCOMPLETE, reason=reason))

    def combine(self, subject: str) -> list[Catalogued]:
        """What each cataloger makes of its facts."""
        found = []
        for cataloger in self._catalogers:
            facts = self._facts.get(cataloger.name)
            if not facts:
                continue
            try:
                found.append(cataloger.combine([(f.file, f.value) for _, f in sorted(facts.items())]))
            except Exception as e:  # noqa: BLE001  # as above
                self.missed(subject, _failure(cataloger, e))
                for path in facts:
                    self.missed(path, _failure(cataloger, e))
        return found


def _failure(cataloger: Cataloger, error: Exception) -> str:
    if isinstance(error, InputError):
        return f"not read by {cataloger.name}: {error.code}: {error.message}"
    if isinstance(error, SupplyChainError):
        return f"not read by {cataloger.name}: {error.message}"
    return f"not read: the cataloger {cataloger.name} failed with {type(error).__name__}, which is a bug in it"


def _unique(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sorted, each path once. Raises UnsafeArchive where one path is two things, as ``a!/b`` can be made to look."""
    found = tuple(sorted(set(entries), key=_order))
    for before, after in pairwise(found):
        if before.path == after.path:
            raise UnsafeArchive("two different members share this path", where=after.path[:200])
    return found


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.path, entry.kind, entry.sha256 or ""


def _unexplained(
    programs: Iterable[tuple[str, str]], assembled: Assembled, known: set[Completeness]
) -> set[Completeness]:
    """Programs that told nobody what they were made of: an inventory with them is not the whole story."""
    told = {found.path for component in assembled.components for found in component.found}
    told |= {one.ref for one in known}
    return {
        Completeness(ref=path, state=CompletenessState.UNKNOWN, reason=f"executable without package data ({kind})")
        for path, kind in programs
        if path not in told
    }


def _subject(source: Source, walked: Walked) -> Component:
    name = source.name
    qualifiers = {"checksum": f"sha256:{walked.sha256}"} if walked.sha256 else None
    try:
        ref = known = purl("generic", name, qualifiers=qualifiers)
    except MalformedDocument:
        ref, known = f"sha256:{walked.sha256}" if walked.sha256 else "folder", ""
    digests = (ContentDigest(algorithm="sha256", value=walked.sha256, covers=Covers.FILE),) if walked.sha256 else ()
    return Component(
        ref=ref,
        name=name,
        type="file" if source.kind == "artifact" else "application",
        purl=known,
        digests=digests,
    )


def _newest(entries: Iterable[Entry]) -> datetime | None:
    times = [
        e.modified
        for e in entries
        if e.modified is not None and e.kind is not EntryKind.DIRECTORY and 0 < e.modified <= _LAST_SECOND
    ]
    return _EPOCH + timedelta(seconds=max(times)) if times else None
