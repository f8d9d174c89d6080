"""What an attack is made in: a stack that a verifier trusts, one it does not, and the bytes that were to be signed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from tests.sigstore_stack import root
from tests.sigstore_stack.bundles import signed_artifact, statement
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.rekor import Rekor
from tests.sigstore_stack.stack import Stack

OTHER = b"the bytes of another artifact\n"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The stack that the verifier trusts, one it does not, and what was to be signed."""

    stack: Stack
    stranger: Stack
    artifact: bytes = b"the bytes of a release\n"

    @property
    def log(self) -> Rekor:
        return self.stack.rekor_1

    @property
    def statement(self) -> bytes:
        return statement(self.artifact)

    def ended(self, *, ago: timedelta) -> Window:
        now = self.stack.clock.now()
        return Window(start=now - 100 * DAY, end=now - ago)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """Verify `bundle` with `root` for the artifact of the scene."""

    bundle: Document
    root: Document


Attack: TypeAlias = Callable[[Scene], Forgery]


def against(scene: Scene, bundle: Document) -> Forgery:
    """For a verifier that trusts the stack."""
    return Forgery(bundle=bundle, root=root.trusted_root(scene.stack))


def good(scene: Scene, *, stamped: bool | None = None, kind: EntryKind = EntryKind.HASHEDREKORD_1) -> Document:
    """A bundle to spoil."""
    return signed_artifact(scene.stack, scene.artifact, kind=kind, stamped=stamped)


def entry_of(bundle: Document) -> Document:
    """Its one log entry, to edit."""
    entry: Document = bundle["verificationMaterial"]["tlogEntries"][0]
    return entry
