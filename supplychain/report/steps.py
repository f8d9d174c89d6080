"""The screen of a layout: which steps hold, by whom, and what is wrong with the others."""

from supplychain.model.layout import CheckedStep, LayoutVerification
from supplychain.report import View
from supplychain.report.escape import terminal
from supplychain.report.outcome import problems
from supplychain.report.screen import Tone, counted, flow, headline, indented, minute, paint, short


def screen(result: LayoutVerification, view: View) -> list[str]:
    """The layout, its steps, and the files that were compared."""
    good = holds(result)
    about = [terminal(result.layout), *([short(terminal(result.sha256))] if result.sha256 else [])]
    told = [f"by {terminal(signer)}" for signer in result.signers]
    told += [f"expires {minute(result.expires)}"] if result.expires else []
    word, tone = ("VERIFIED", Tone.GOOD) if good else ("NOT VERIFIED", Tone.BAD)
    lines = headline(word, tone, about, told, view)
    lines += problems((result.error,), view) if result.error else []
    for step in result.steps:
        lines += _checked(step, view)
    for product in result.products:
        if product.error:
            lines += problems((product.error,), view)
        else:
            lines.append(f"  {terminal(product.artifact)}  {short(terminal(product.sha256))}  made by the last step")
    if good and not result.products:
        lines.append("  no file was compared with the products of the last step")
    return lines


def _checked(step: CheckedStep, view: View) -> list[str]:
    """A step, how it was performed, and what is wrong with it."""
    what = "inspection" if step.inspection else "step"
    made = f"{counted(step.materials, 'materials')}, {counted(step.products, 'products')}"
    by = f"performed by {len(step.signers)} of {step.threshold} needed" if not step.inspection else "run here"
    word, tone = ("holds", Tone.GOOD) if step_holds(step) else ("FAILS", Tone.BAD)
    segments = [f"{paint(word, tone, view)}  {what} {terminal(step.name)}", by, made]
    lines = flow(segments, width=view.width, indent=2, hang=2)
    lines += problems(step.problems, view)
    return lines + [line for note in step.notes for line in indented(f"note: {terminal(note)}", view, by=4)]


def step_holds(step: CheckedStep) -> bool:
    """Whether a step was performed as its layout wants, or an inspection found nothing."""
    return not step.problems and (step.inspection or 0 < step.threshold <= len(step.signers))


def holds(result: LayoutVerification) -> bool:
    """Whether the whole layout holds: never without a step, and never against its own rows."""
    every = all(step_holds(step) for step in result.steps) and not any(p.error for p in result.products)
    return result.verified and result.error is None and bool(result.steps) and every
