"""The screens of what goes out: the files of a release, and where they were published."""

from supplychain.model.release import AssetSet, Published
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.screen import (
    Row,
    Tone,
    counted,
    flow,
    headline,
    indented,
    minute,
    paint,
    short,
    size,
    some,
    table,
    wrap,
)

_ASSETS = 50


def asset_set(assets: AssetSet, view: View) -> list[str]:
    """The release and its files."""
    total = sum(asset.size for asset in assets.assets)
    lines = flow(
        [
            terminal(str(assets.release)),
            f"{counted(len(assets.assets), 'files')}, {size(total)}",
            f"set {short(str(assets.digest))}",
        ],
        width=view.width,
        indent=0,
    )
    shown = assets.assets if view.verbose else assets.assets[:_ASSETS]
    rows = [
        Row(word=terminal(asset.name), columns=(size(asset.size), short(terminal(asset.sha256)))) for asset in shown
    ]
    more = len(assets.assets) - len(shown)
    return [*lines, *table(rows, view), *([f"  and {more:,} more"] if more else [])]


def published(result: Published, view: View) -> list[str]:
    """Every destination, and what it did."""
    if not result.delivered:
        return [paint("NOT PUBLISHED", Tone.BAD, view) + "  no destination took it"]
    resumed = f"resumed the publish begun {minute(result.resumed_from)}" if result.resumed_from else ""
    lines = headline(
        "PUBLISHED",
        Tone.GOOD,
        [terminal(str(result.release)), f"set {short(terminal(result.set_digest))}", resumed],
        [],
        view,
    )
    rows = [
        Row(
            word="there already" if d.already else "done",
            tone=Tone.GOOD,
            columns=(terminal(d.destination), counted(d.files, "files")),
            notes=(terminal(d.location),) if d.location else (),
        )
        for d in result.delivered
    ]
    lines += [*table(rows, view), *wrap("Read back from every destination: it holds what was judged.", view.width)]
    if result.withheld:
        lines += ["", *wrap("Withheld, it did not go out:", view.width)]
        lines += [line for note in some(list(map(terminal, result.withheld)), view) for line in indented(note, view)]
    return lines
