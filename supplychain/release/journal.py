"""The journal of one publish: what was begun, and how far it came.

It lies at the first destination and is a hint, never evidence: every step is probed again by digest, and the two
signed things in it (the intent, the release attestation) count only when their signature verifies.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from supplychain import _json
from supplychain._json import JSON
from supplychain.errors import SupplyChainError
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.verified import Verified
from supplychain.predicates.field_types import write_time
from supplychain.predicates.intent import Intent
from supplychain.stores import Destination
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence

MAX_ENTRIES: Final = 10_000
"""The newest lines that are read; a publish writes a handful."""


class Step(StrEnum):
    """What a publish has done; each is written once its effect is durable."""

    INTENT = "intent"
    STAGED = "staged"
    RELEASED = "released"
    """The release attestation is signed."""
    ACTIVATED = "activated"
    POINTED = "pointed"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line, as it was found: unverified."""

    step: Step
    destination: str = ""
    bundle: bytes = b""


class Journal:
    """The journal of one asset set at one destination."""

    def __init__(
        self, store: Destination, set_digest: str, *, clock: Callable[[], datetime], at_step: Callable[[str], None]
    ) -> None:
        """``at_step`` is called around every line: an interruption there must leave a state that can be resumed."""
        self._store = store
        self._name = set_digest
        self._clock = clock
        self._at_step = at_step
        self.entries = read_entries(store.read_record(set_digest))

    def write(self, step: Step, *, destination: str = "", bundle: bytes = b"") -> None:
        """Append a line; it is on the disk when this returns."""
        self._at_step(f"{step}? {destination}".strip())
        line: dict[str, JSON] = {"step": step.value, "at": write_time(self._clock())}
        if destination:
            line["destination"] = destination
        if bundle:
            line["bundle"] = bundle.decode()
        self._store.append_record(self._name, _json.canonical(line))
        self.entries.append(Entry(step=step, destination=destination, bundle=bundle))
        self._at_step(f"{step} {destination}".strip())

    def bundles(self, step: Step) -> Iterator[bytes]:
        """The signed things written at this step, newest first."""
        return (e.bundle for e in reversed(self.entries) if e.step is step and e.bundle)

    def interrupted(self, destination: str) -> bool:
        """Whether a publish began at this destination and its pointer was not moved since.

        Staged is enough: an interruption may fall between the rename and the line that tells of it.
        """
        reached = (e.step for e in reversed(self.entries) if e.destination == destination)
        return next((s is not Step.POINTED for s in reached if s in (Step.STAGED, Step.POINTED)), False)

    @property
    def done(self) -> bool:
        """Whether the newest publish in it came to its end."""
        return bool(self.entries) and self.entries[-1].step is Step.DONE


def read_entries(data: bytes | None) -> list[Entry]:
    """The lines that can be read; a torn or foreign one is passed over, since none of them is believed anyway."""
    entries: list[Entry] = []
    for line in (data or b"").split(b"\n")[-MAX_ENTRIES:]:
        with suppress(SupplyChainError, ValueError):
            node = _json.parse(line, where="journal")
            destination, bundle = node.maybe("destination"), node.maybe("bundle")
            entries.append(
                Entry(
                    step=Step(node.at("step").text()),
                    destination=destination.text() if destination else "",
                    bundle=bundle.text().encode() if bundle else b"",
                )
            )
    return entries


def signed_intents(entries: list[Entry], set_digest: str, *, trust: Trust, at: datetime) -> Iterator[Verified[Intent]]:
    """The intents for this set by a signer of ``trust``, newest first."""
    artifact = Artifact(name="asset set", sha256=set_digest)
    for entry in reversed(entries):
        if entry.step is not Step.INTENT or not entry.bundle:
            continue
        with suppress(SupplyChainError):
            for proof in verify_evidence(
                Evidence(uri="journal", data=entry.bundle), artifact, Intent, trust=trust, at=at
            ):
                if proof.predicate.set_digest == set_digest:
                    yield proof
