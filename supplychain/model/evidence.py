"""Untrusted bytes that may prove something, with where they were found."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One bundle or envelope as found. It proves nothing yet, and its place and name prove nothing ever."""

    uri: str
    """Where it was found, for people: a path, with ``#line`` for one of several in a file."""
    data: bytes = field(repr=False)
    sha256: str = field(init=False)
    """Of these very bytes, in hexadecimal: what decisions cite."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Evidence that counts for nothing, and why. Shown to people, read by no rule as a proof."""

    uri: str
    sha256: str
    code: str
    """The error's class name; ``Untrusted`` when it is signed by nobody the caller named."""
    message: str
    judged: bool
    """True when a completed check refused it (the error's exit code is 1), False when it could not be judged."""
    sha256_of_artifact: str | None = None
    """The artifact it lay beside or was given for; None when it was given for all."""
    predicate_type: str | None = None
    """Claimed and unverified: only for telling the reader what this may have been."""
