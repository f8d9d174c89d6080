"""The screens of what a verb made or read: files that were written, keys, validated documents."""

from collections.abc import Sequence

from supplychain.model.results import KeyInfo, ValidatedDocument, Validation, Written
from supplychain.model.verification import Problem
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.screen import Row, Tone, answer, flow, headline, indented, paint, table, wrap

_PROBLEMS = 20
_KEPT = 3


def written(result: Written, view: View) -> list[str]:
    """The files, and what to do with them."""
    lines = [line for text in result.summary for line in wrap(terminal(text), view.width, hang=2)]
    lines += [f"wrote {terminal(path)}" for path in result.files]
    if len(result.kept) > _KEPT and not view.verbose:
        lines.append(f"kept {len(result.kept):,} files: they say exactly this already")
    else:
        lines += [f"kept {terminal(path)}: it says exactly this already" for path in result.kept]
    if not result.files and not result.kept:
        lines.append("wrote nothing")
    return [*lines, *([f"next: {terminal(result.next)}"] if result.next else [])]


def key_info(key: KeyInfo, view: View) -> list[str]:
    """A key, and what protects it."""
    kind = "private key" if key.private else "public key"
    lines = flow([f"{terminal(key.path)}", f"{terminal(key.algorithm)} {kind}"], width=view.width, indent=0)
    rows = [Row(word="fingerprint", tone=Tone.QUIET, notes=(terminal(key.fingerprint),))]
    if key.private and key.encrypted:
        rows.append(Row(word="password", tone=Tone.QUIET, notes=("needed to sign",)))
    elif key.private:
        warning = "none: whoever reads this file can sign in your name"
        rows.append(Row(word="password", tone=Tone.CAUTION, notes=(warning,)))
    return [*lines, *table(rows, view), *(f"wrote {terminal(path)}" for path in key.wrote)]


def validation(result: Validation, view: View) -> list[str]:
    """Each document with its problems."""
    if not result.documents:
        return [paint("NOT VALID", Tone.BAD, view) + "  nothing was examined"]
    each = [valid(document) for document in result.documents]
    lines = answer("VALID", all(each), each, "documents", view)
    for document, good in zip(result.documents, each, strict=True):
        lines += headline(
            "VALID" if good else "NOT VALID",
            Tone.GOOD if good else Tone.BAD,
            [terminal(document.path), terminal(document.format) or "format unknown"],
            [],
            view,
        )
        lines += problems(document.problems, view)
    return lines


def problems(found: Sequence[Problem], view: View) -> list[str]:
    """The first of them, each with its hint, and how many more there are."""
    lines: list[str] = []
    shown = found if view.verbose else found[:_PROBLEMS]
    for problem in shown:
        lines += indented(f"{terminal(problem.code)}: {terminal(problem.message)}", view)
        lines += indented(f"hint: {terminal(problem.hint)}", view) if problem.hint else []
    if len(shown) < len(found):
        lines.append(f"  and {len(found) - len(shown):,} more")
    return lines


def valid(document: ValidatedDocument) -> bool:
    """Whether it was held against a schema, and nothing was found."""
    return bool(document.format) and not document.problems
