"""A whole private Sigstore: an authority, its CT log, both versions of Rekor and a time stamping authority.

    stack = new_stack()
    bundle = bundles.signed_artifact(stack, b"the bytes")
    trusted = root.trusted_root(stack)

It is frozen, so that an attack is said in one line: `replace(stack, tsa=stranger.tsa)` signs as the stack does, with
timestamps of an authority that the stack's trusted root does not know.
"""

from dataclasses import dataclass

from tests.sigstore_stack.authority import Authority, new_authority
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.ctlog import CtLog, new_ctlog
from tests.sigstore_stack.rekor import Rekor, new_rekor_1, new_rekor_2
from tests.sigstore_stack.tsa import Tsa, new_tsa


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Parts that read one clock."""

    clock: Clock
    authority: Authority
    ctlog: CtLog
    rekor_1: Rekor
    rekor_2: Rekor
    tsa: Tsa

    def rekor(self, version: int) -> Rekor:
        return {1: self.rekor_1, 2: self.rekor_2}[version]


def new_stack(clock: Clock | None = None, *, witnesses: int = 0) -> Stack:
    """New keys for everything; two stacks trust each other in nothing, though they bear the same names."""
    clock = clock or Clock()
    return Stack(
        clock=clock,
        authority=new_authority(clock),
        ctlog=new_ctlog(),
        rekor_1=new_rekor_1(clock),
        rekor_2=new_rekor_2(clock, witnesses=witnesses),
        tsa=new_tsa(clock),
    )
