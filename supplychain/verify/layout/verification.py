"""The verification of a product against its layout (in-toto specification 1.0, section 5.2), in this order:

(1) every key the caller named has signed the layout
(2) the layout has not expired
(3) inspections are judged only where the caller runs them
(4) the links of each step, by file name; each is signed by a functionary of the step, and is about this step
(5) a layout in the place of a link is verified the same way, and stands for its first materials and last products
(6) enough different functionaries performed each step, and they say the same
(7) commands are those expected, or it is noted: a functionary can give any program any name
(8) artifact rules of steps
(9) inspections are run, and their artifact rules hold
(10) what the caller has in hand is a product of the last step

Step (8) is reached when all steps have their links, (9) when (8) found nothing. Names of files are looked up in what
was read, and never lead anywhere.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from supplychain.errors import (
    EvidenceMissing,
    LimitExceeded,
    SubjectMismatch,
    SupplyChainError,
    ThresholdNotMet,
    TimestampInvalid,
    UnsupportedType,
    UsageError,
)
from supplychain.keys.public import PublicKey
from supplychain.model.artifact import Artifact
from supplychain.model.digest import HEX_LENGTH
from supplychain.model.layout import CheckedProduct, CheckedStep, LayoutVerification
from supplychain.model.verification import Problem
from supplychain.verify.layout.content import Item, Layout, Performed, Step, read_layout, read_link
from supplychain.verify.layout.keys import FunctionaryKey, of_caller
from supplychain.verify.layout.metadata import Metadata, read_metadata
from supplychain.verify.layout.rules import Budget, check_item

MAX_LINKS: Final = 4_096
"""Links that one verification opens, those of sublayouts included."""
MAX_DEPTH: Final = 8
"""Layouts inside layouts."""

Inspect: TypeAlias = Callable[[Item], Performed]
"""Runs an inspection where the product lies, and tells the files before and after. Raises CommandFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """A folder of links, read whole: names of its files and folders, without any path."""

    where: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    folders: Mapping[str, "Links"] = field(default_factory=dict)


def verify_layout(
    layout: bytes,
    links: Links,
    *,
    keys: Sequence[PublicKey],
    at: datetime,
    where: str,
    artifacts: Sequence[Artifact] = (),
    inspect: Inspect | None = None,
) -> LayoutVerification:
    """Hold the links against the layout, and the artifacts against the products of its last step.

    ``keys`` are those of the layout's owners: each must have signed it, and there must be one. ``at`` is the time to
    judge expiry at. A layout that is not signed, has expired or cannot be judged raises its typed error, and so does
    one with inspections unless ``inspect`` runs them; what is wrong with a step is in the result.
    """
    if not keys:
        raise UsageError("no key is named, so no layout could be trusted", hint="name the owner's public key")
    if at.tzinfo is None:
        raise UsageError("the time to judge at has no time zone")
    metadata = read_metadata(layout, where=where)
    run = _Run(at=at, inspect=inspect, budget=Budget(links=MAX_LINKS))
    judged = run.judge(metadata, [of_caller(k) for k in dict.fromkeys(keys)], links, depth=0)
    rows, errors = list(judged.rows()), judged.errors
    products = () if errors else tuple(_product(a, judged.summary) for a in artifacts)
    errors += [error for _, error in products if error]
    codes = {e.exit_code for e in errors}
    return LayoutVerification(
        layout=where,
        sha256=metadata.sha256,
        signers=tuple(k.fingerprint for k in dict.fromkeys(keys)),
        expires=judged.layout.expires,
        steps=tuple(rows),
        products=tuple(row for row, _ in products),
        verified=not codes,
        exit_code=1 if 1 in codes else 3 if codes else 0,
    )


def open_layout(data: bytes, *, keys: Sequence[PublicKey], at: datetime, where: str) -> Layout:
    """(1) (2) A layout that each of the keys has signed, and that has not expired.

    Raises SignatureInvalid, TimestampInvalid, and what reading it raises.
    """
    if not keys:
        raise UsageError("no key is named, so no layout could be trusted", hint="name the owner's public key")
    return _open(read_metadata(data, where=where), [of_caller(k) for k in keys], at)


def _open(metadata: Metadata, keys: Sequence[FunctionaryKey], at: datetime) -> Layout:
    for key in keys:
        metadata.check_signature(key)  # (1)
    content = metadata.content()
    kind = content.at("_type").text()
    if kind != "layout":
        raise UnsupportedType(f"a {kind[:40]!r}, not a layout", where=metadata.where)
    layout = read_layout(content)
    if layout.expires <= at:  # (2)
        raise TimestampInvalid(
            f"the layout expired at {layout.expires}, and this is judged at {at}",
            where=metadata.where,
            hint="its owner must sign a new one",
        )
    return layout


@dataclass(slots=True, kw_only=True)
class _Found:
    """The links of one step."""

    step: Item
    counted: dict[PublicKey, tuple[str, Performed]] = field(default_factory=dict)
    """By functionary: where its link lies, and what it says."""
    refused: list[SupplyChainError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[SupplyChainError] = field(default_factory=list)
    inspected: Performed | None = None

    @property
    def performed(self) -> Performed:
        """What stands for the step."""
        return self.inspected or next(iter(self.counted.values()))[1]


@dataclass(slots=True, kw_only=True)
class _Judged:
    """A layout with all that was found for it."""

    layout: Layout
    found: list[_Found]

    @property
    def errors(self) -> list[SupplyChainError]:
        """All that is wrong."""
        return [e for f in self.found for e in f.errors]

    @property
    def summary(self) -> Performed:
        """What stands for the whole layout in the place of a link: materials of the first, products of the last step.

        Asked only when nothing is wrong.
        """
        steps = self.found[: len(self.layout.steps)]
        last = steps[-1].performed
        return Performed(command=last.command, materials=steps[0].performed.materials, products=last.products)

    def rows(self) -> Iterator[CheckedStep]:
        """Each step and inspection as a row to show."""
        for found in self.found:
            good = bool(found.counted) or found.inspected is not None
            performed = found.performed if good else Performed()
            yield CheckedStep(
                name=found.step.name,
                inspection=not isinstance(found.step, Step),
                threshold=found.step.threshold if isinstance(found.step, Step) else 0,
                signers=tuple(key.fingerprint for key in found.counted),
                links=tuple(where for where, _ in found.counted.values()),
                materials=len(performed.materials),
                products=len(performed.products),
                notes=(*found.notes, *(f"does not count: {e}" for e in found.refused)),
                problems=tuple(Problem(code=e.code, message=str(e), hint=e.hint) for e in found.errors),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One verification: the time, the inspections, and what may still be spent."""

    at: datetime
    inspect: Inspect | None
    budget: Budget

    def judge(self, metadata: Metadata, keys: Sequence[FunctionaryKey], links: Links, *, depth: int) -> _Judged:
        """A layout, or one in the place of a link."""
        layout = _open(metadata, keys, self.at)  # (1) (2)
        if layout.inspections and self.inspect is None:  # (3)
            raise UnsupportedType(
                f"the layout has {len(layout.inspections)} inspections, commands that its owner wants run here",
                where=metadata.where,
                hint="to run them on this machine, say --unsafe-run-inspections and name the product",
            )
        judged = _Judged(layout=layout, found=[self.links_of(s, layout, links, depth) for s in layout.steps])
        if not judged.errors:
            self.hold_rules(judged)
        return judged

    def links_of(self, step: Step, layout: Layout, links: Links, depth: int) -> _Found:
        """(4) (6) (7) The links of a step that count."""
        found = _Found(step=step)
        unjudged: list[SupplyChainError] = []
        for keyid in step.functionaries:
            name = f"{step.name}.{keyid[:8]}.link"
            key = layout.keys.get(keyid)
            if name not in links.files or key is None:
                continue
            where = f"{links.where}/{name}"
            try:
                if isinstance(key, SupplyChainError):
                    raise key
                if key.public not in found.counted:
                    below = links.folders.get(name.removesuffix(".link"), Links(where=where.removesuffix(".link")))
                    found.counted[key.public] = (where, self.performed(step, links.files[name], key, below, depth))
            except SupplyChainError as e:
                if self.budget.exhausted:
                    raise
                found.refused.append(e)
                unjudged += [e] if e.exit_code != 1 else []
        self.count(step, found, unjudged)
        commands = {performed.command for _, performed in found.counted.values()}
        if step.command and commands - {step.command}:  # (7)
            found.notes.append("the command is not the one the layout expects")
        return found

    def performed(self, step: Step, data: bytes, key: FunctionaryKey, below: Links, depth: int) -> Performed:
        """(4) (5) What a link file says, once it is known to be this functionary's word about this step."""
        self.budget.take_link()
        metadata = read_metadata(data, where=f"{below.where}.link")
        metadata.check_signature(key)
        content = metadata.content()
        kind = content.at("_type").text()
        if kind == "link":
            name, performed = read_link(content)
            if name != step.name:
                raise SubjectMismatch(f"a link of the step {name[:80]!r}, not of {step.name}", where=metadata.where)
            return performed
        if kind != "layout":
            raise UnsupportedType(f"{kind[:40]!r} is neither a link nor a layout", where=metadata.where)
        if depth >= MAX_DEPTH:
            raise LimitExceeded(f"layouts nested deeper than {MAX_DEPTH}", where=metadata.where)
        judged = self.judge(metadata, [key], below, depth=depth + 1)
        if judged.errors:
            raise min(judged.errors, key=lambda e: e.exit_code != 1)
        return judged.summary

    def count(self, step: Step, found: _Found, unjudged: Sequence[SupplyChainError]) -> None:
        """(6) Enough functionaries, who agree."""
        short = step.threshold - len(found.counted)
        if short > 0 and not found.counted and not found.refused:
            expected = ", ".join(f"{step.name}.{keyid[:8]}.link" for keyid in step.functionaries[:3])
            found.errors.append(
                EvidenceMissing(f"no link of the step {step.name} was found", hint=f"looked for {expected}")
            )
        elif short > 0 and len(unjudged) >= short:
            found.errors.append(unjudged[0])
        elif short > 0:
            why = f": {found.refused[0]}" if found.refused else ""
            found.errors.append(
                ThresholdNotMet(
                    f"step {step.name} needs {step.threshold} functionaries, {len(found.counted)} performed it{why}"
                )
            )
        elif step.threshold > 1:
            said = [(p.materials, p.products) for _, p in found.counted.values()]
            if any(other != said[0] for other in said):
                found.errors.append(
                    ThresholdNotMet(f"the functionaries of step {step.name} used or made different files")
                )

    def hold_rules(self, judged: _Judged) -> None:
        """(8) (9) The artifact rules of all steps; when they hold, the inspections and their rules."""
        performed = {f.step.name: f.performed for f in judged.found}
        for found in judged.found:
            found.errors += check_item(found.step, performed, self.budget)
        if judged.errors:
            return
        for inspection in judged.layout.inspections:
            assert self.inspect is not None
            found = _Found(step=inspection)
            judged.found.append(found)
            try:
                performed[inspection.name] = found.inspected = self.inspect(inspection)
            except SupplyChainError as e:
                found.errors.append(e)
                return
        for found in judged.found[len(judged.layout.steps) :]:
            found.errors += check_item(found.step, performed, self.budget)


def _product(artifact: Artifact, made: Performed) -> tuple[CheckedProduct, SupplyChainError | None]:
    """(10) Whether an artifact is a product of the last step, by every digest that both sides know."""
    names: list[str] = []
    for path, digests in made.products.items():
        known = [a for a in digests.keys() & HEX_LENGTH.keys() if artifact.measured(a) is not None]
        if known and all(artifact.measured(a) == digests[a] for a in known):
            names.append(path)
    error: SupplyChainError | None = None
    if not names:
        error = SubjectMismatch(
            f"{artifact.name} sha256:{artifact.sha256[:12]} is no product of the last step",
            hint="it was changed after the step, or made by another",
        )
    problem = Problem(code=error.code, message=error.message, hint=error.hint) if error else None
    return CheckedProduct(artifact=artifact.name, sha256=artifact.sha256, names=tuple(names), error=problem), error
