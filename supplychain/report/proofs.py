"""What verifying came to: facts and words, nothing escaped or laid out yet, and the screen of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from supplychain.model.verification import Problem, Verification, VerifiedRow
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.screen import Tone, answer, flow, headline, indented, minute, paint, short


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One artifact with all that was held against it."""

    artifact: str
    sha256: str | None
    verified: bool
    rows: tuple[VerifiedRow, ...]


def proofs(result: Verification) -> tuple[Proof, ...]:
    """The rows by artifact, in order.

    While the whole is not verified, an artifact with any error is not either; and where no row says why the whole is
    not, none is.
    """
    found: dict[tuple[str, str | None], list[VerifiedRow]] = {}
    for row in result.rows:
        found.setdefault((row.artifact, row.sha256), []).append(row)
    good = {key: any(row.error is None for row in rows) for key, rows in found.items()}
    clean = {key: all(row.error is None for row in rows) for key, rows in found.items()}
    explained = result.verified or not all(clean.values())
    return tuple(
        Proof(
            artifact=key[0],
            sha256=key[1],
            verified=good[key] and explained and (result.verified or clean[key]),
            rows=tuple(rows),
        )
        for key, rows in found.items()
    )


def verified(result: Verification) -> bool:
    """Whether the whole is verified: never for nothing, and never against its own rows."""
    made = proofs(result)
    return result.verified and bool(made) and all(proof.verified for proof in made)


def signed(row: VerifiedRow) -> tuple[str, ...]:
    """Who signed, what was built, when by a trusted clock, and where that was found."""
    source = f"{row.source_repository} {row.source_ref or ''}".rstrip() if row.source_repository else ""
    return (
        f"by {row.signer or 'a signer without a name'}",
        f"as {row.identity}" if row.identity and row.identity != row.signer else "",
        f"issuer {row.issuer}" if row.issuer else "",
        f"from {source}" if source else "",
        f"on {minute(row.signed_at)}" if row.signed_at else "signing time not proven",
        f"in {row.bundle}" if row.bundle else "",
        f"root {short(row.root)}" if row.root else "",
        f"{', '.join(row.unchecked)} not compared" if row.unchecked else "",
        row.second_opinion or "",
    )


def problem(row: VerifiedRow, error: Problem) -> str:
    """Why a row does not count, and which evidence that is."""
    where = f"{row.bundle}: " if row.bundle and row.bundle not in error.message else ""
    return f"{where}{error.code}: {error.message}"


def screen(result: Verification, view: View) -> list[str]:
    """Each artifact with its proofs, what does not count, and what to do."""
    made = proofs(result)
    if not made:
        return [paint("NOT VERIFIED", Tone.BAD, view) + "  nothing was examined"]
    lines = answer("VERIFIED", verified(result), [proof.verified for proof in made], "artifacts", view)
    for proof in made:
        lines += headline(
            "VERIFIED" if proof.verified else "NOT VERIFIED",
            Tone.GOOD if proof.verified else Tone.BAD,
            [terminal(proof.artifact), short(terminal(proof.sha256)) if proof.sha256 else ""],
            [],
            view,
        )
        lines += _proof(proof.rows, view)
    return lines


def _proof(rows: Sequence[VerifiedRow], view: View) -> list[str]:
    lines: list[str] = []
    good = [row for row in rows if row.error is None]
    for row in good:
        segments = [row.predicate_type or "signature", *signed(row)]
        lines += flow([terminal(segment) for segment in segments], width=view.width, indent=2, hang=2)
    problems = [terminal(problem(row, row.error)) for row in rows if row.error]
    if good and problems:
        lines.append("  found, and does not count:")
    lines += [line for problem in problems for line in indented(problem, view, by=4 if good else 2)]
    hints = dict.fromkeys(row.error.hint for row in rows if row.error and row.error.hint)
    return lines + [line for hint in hints for line in indented(f"hint: {terminal(hint)}", view)]
