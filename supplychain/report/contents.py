"""The screen of an inventory: what is inside, by ecosystem, and what could not be told."""

from collections import Counter
from collections.abc import Iterator

from supplychain.model.inventory import CompletenessState, Component, EntryKind, Inventory, Scope
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.screen import Row, Tone, counted, flow, short, size, some, table


def screen(inventory: Inventory, view: View) -> list[str]:
    """What was measured, the components by ecosystem, and every gap."""
    kinds = Counter(entry.kind for entry in inventory.entries)
    links = kinds[EntryKind.SYMLINK] + kinds[EntryKind.HARDLINK]
    special = kinds[EntryKind.DEVICE] + kinds[EntryKind.FIFO]
    measured = [
        f"{size(inventory.size)}",
        counted(kinds[EntryKind.FILE], "files"),
        counted(links, "links") if links else "",
        counted(special, "devices or pipes") if special else "",
        counted(inventory.archives, "nested archives") if inventory.archives else "",
    ]
    subject = " ".join(filter(None, [inventory.subject.name, inventory.subject.version]))
    digest = short(terminal(inventory.sha256)) if inventory.sha256 else "a folder"
    lines = flow([terminal(subject), ", ".join(filter(None, measured)), digest], width=view.width, indent=0)
    return lines + table([*_ecosystem_rows(inventory), *_gap_rows(inventory, view)], view)


def complete(inventory: Inventory) -> bool:
    """Whether something was met, and all of it was read."""
    met = bool(inventory.entries or inventory.components)
    return met and all(gap.state is CompletenessState.COMPLETE for gap in inventory.completeness)


def ecosystem(component: Component) -> str:
    """The type of its package URL; ``other`` where it has none."""
    scheme, _, rest = component.purl.partition(":")
    return (rest.partition("/")[0] if scheme == "pkg" else "") or "other"


def _ecosystem_rows(inventory: Inventory) -> Iterator[Row]:
    by_type: dict[str, list[Component]] = {}
    for component in inventory.components:
        by_type.setdefault(ecosystem(component), []).append(component)
    for kind, members in sorted(by_type.items(), key=lambda item: (-len(item[1]), item[0])):
        counts = Counter(member.scope for member in members)
        where = {found.path for member in members for found in member.found}
        not_shipped = [f"{counts[scope]:,} {scope}" for scope in Scope if scope in counts and scope != Scope.SHIPPED]
        files = f"from {counted(len(where), 'files')}" if where else ""
        also = f"({', '.join(not_shipped)})" if not_shipped else ""
        said = " ".join(filter(None, [counted(len(members), "components"), files, also]))
        yield Row(word=terminal(kind), notes=(said,))
    if not by_type:
        yield Row(word="none", tone=Tone.CAUTION, notes=("no component was recognised",))


def _gap_rows(inventory: Inventory, view: View) -> Iterator[Row]:
    for state in (CompletenessState.INCOMPLETE, CompletenessState.UNKNOWN):
        gaps = [f"{terminal(g.ref)}: {terminal(g.reason)}" for g in inventory.completeness if g.state is state]
        if gaps:
            said = (
                "could not be read in full" if state is CompletenessState.INCOMPLETE else "may hold more than is listed"
            )
            yield Row(
                word=state, tone=Tone.CAUTION, notes=(f"{counted(len(gaps), 'places')} {said}", *some(gaps, view))
            )
    fields = Counter((unknown.field, unknown.reason) for unknown in inventory.unknowns)
    if fields:
        said = ", ".join(
            f"{terminal(field)} {'withheld' if reason == 'withheld' else 'unknown'} for {counted(n, 'components')}"
            for (field, reason), n in sorted(fields.items())
        )
        yield Row(word="not told", tone=Tone.CAUTION, notes=(said,))
    if complete(inventory):
        yield Row(word="complete", tone=Tone.GOOD, notes=("everything that was met was read",))
