"""Screens: what a person sees, in the order of the questions: what is the answer, why, what do I do next.

Digests are shortened to twelve digits; a key's fingerprint is not, since people compare it. What is left out is
counted.
"""

from collections.abc import Sequence
from typing import ClassVar, assert_never

from supplychain.model.decision import Decision
from supplychain.model.inventory import Inventory
from supplychain.model.release import AssetSet, Published
from supplychain.model.results import KeyInfo, Problem, Validation, Verification, VerifiedRow, Written
from supplychain.report import Result, View, contents, judgement, outline
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
    table,
    wrap,
)

_PROBLEMS = 20
_ASSETS = 50


class Text:
    """Screens for a terminal or a build log."""

    kinds: ClassVar[tuple[type, ...]] = (
        Decision,
        Verification,
        Validation,
        KeyInfo,
        Written,
        Inventory,
        AssetSet,
        Published,
    )

    def render(self, result: Result, view: View) -> str:
        """The screen of this result."""
        return "\n".join(_lines(result, view)) + "\n"


def _lines(result: Result, view: View) -> list[str]:
    match result:
        case Decision():
            lines = judgement.screen(result, view)
        case Inventory():
            lines = contents.screen(result, view)
        case Verification():
            lines = _verification(result, view)
        case Validation():
            lines = _validation(result, view)
        case KeyInfo():
            lines = _key(result, view)
        case Written():
            lines = _written(result, view)
        case AssetSet():
            lines = _asset_set(result, view)
        case Published():
            lines = _published(result, view)
        case _:
            assert_never(result)
    return lines


def _verification(result: Verification, view: View) -> list[str]:
    proofs = outline.proofs(result)
    if not proofs:
        return [paint("NOT VERIFIED", Tone.BAD, view) + "  nothing was examined"]
    lines = _answer("VERIFIED", outline.verified(result), [proof.verified for proof in proofs], "artifacts", view)
    for proof in proofs:
        lines += headline(
            "VERIFIED" if proof.verified else "NOT VERIFIED",
            Tone.GOOD if proof.verified else Tone.BAD,
            [terminal(proof.artifact), short(terminal(proof.sha256)) if proof.sha256 else ""],
            [],
            view,
        )
        lines += _proof(proof.rows, view)
    return lines


def _answer(word: str, whole: bool, each: Sequence[bool], unit: str, view: View) -> list[str]:
    """The first line where there are several answers."""
    if len(each) < 2:
        return []
    said = paint(word, Tone.GOOD, view) if whole else paint(f"NOT {word}", Tone.BAD, view)
    return [f"{said}  {sum(each):,} of {counted(len(each), unit)} {word.lower()}", ""]


def _proof(rows: Sequence[VerifiedRow], view: View) -> list[str]:
    lines: list[str] = []
    good = [row for row in rows if row.error is None]
    for row in good:
        segments = [row.predicate_type or "signature", *outline.signed(row)]
        lines += flow([terminal(segment) for segment in segments], width=view.width, indent=2, hang=2)
    problems = [terminal(outline.problem(row, row.error)) for row in rows if row.error]
    if good and problems:
        lines.append("  found, and does not count:")
    lines += [line for problem in problems for line in indented(problem, view, by=4 if good else 2)]
    hints = dict.fromkeys(row.error.hint for row in rows if row.error and row.error.hint)
    return lines + [line for hint in hints for line in indented(f"hint: {terminal(hint)}", view)]


def _validation(result: Validation, view: View) -> list[str]:
    if not result.documents:
        return [paint("NOT VALID", Tone.BAD, view) + "  nothing was examined"]
    each = [outline.valid(document) for document in result.documents]
    lines = _answer("VALID", all(each), each, "documents", view)
    for document, valid in zip(result.documents, each, strict=True):
        lines += headline(
            "VALID" if valid else "NOT VALID",
            Tone.GOOD if valid else Tone.BAD,
            [terminal(document.path), terminal(document.format) or "format unknown"],
            [],
            view,
        )
        lines += _problems(document.problems, view)
    return lines


def _problems(problems: Sequence[Problem], view: View) -> list[str]:
    lines: list[str] = []
    shown = problems if view.verbose else problems[:_PROBLEMS]
    for problem in shown:
        lines += indented(f"{terminal(problem.code)}: {terminal(problem.message)}", view)
        lines += indented(f"hint: {terminal(problem.hint)}", view) if problem.hint else []
    if len(shown) < len(problems):
        lines.append(f"  and {len(problems) - len(shown):,} more")
    return lines


def _key(key: KeyInfo, view: View) -> list[str]:
    kind = "private key" if key.private else "public key"
    lines = flow([f"{terminal(key.path)}", f"{terminal(key.algorithm)} {kind}"], width=view.width, indent=0)
    rows = [Row(word="fingerprint", tone=Tone.QUIET, notes=(terminal(key.fingerprint),))]
    if key.private and key.encrypted:
        rows.append(Row(word="password", tone=Tone.QUIET, notes=("needed to sign",)))
    elif key.private:
        warning = "none: whoever reads this file can sign in your name"
        rows.append(Row(word="password", tone=Tone.CAUTION, notes=(warning,)))
    return [*lines, *table(rows, view), *(f"wrote {terminal(path)}" for path in key.wrote)]


def _written(result: Written, view: View) -> list[str]:
    lines = [line for text in result.summary for line in wrap(terminal(text), view.width, hang=2)]
    lines += [f"wrote {terminal(path)}" for path in result.files]
    lines += [f"kept {terminal(path)}: it says exactly this already" for path in result.kept]
    if not result.files and not result.kept:
        lines.append("wrote nothing")
    return [*lines, *([f"next: {terminal(result.next)}"] if result.next else [])]


def _asset_set(assets: AssetSet, view: View) -> list[str]:
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


def _published(result: Published, view: View) -> list[str]:
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
    return [*lines, *table(rows, view), "Read back from every destination: it holds what was judged."]
