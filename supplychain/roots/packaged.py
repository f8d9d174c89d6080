"""The trusted root of the public Sigstore instance, as it ships in the sigstore package.

sigstore has no public way to its own package data that does not also read the user's TUF cache, unverified when
offline; so this reads the file in its wheel, whose hash the lock pins.
"""

from importlib import resources
from typing import Final

from supplychain.errors import TrustRootExpired

_FILE: Final = ("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json")


def packaged_root() -> bytes:
    """The trusted root, JSON. Raises TrustRootExpired when the installed sigstore does not have it where it was."""
    try:
        return resources.files("sigstore").joinpath(*_FILE).read_bytes()
    except (ModuleNotFoundError, OSError) as e:
        raise TrustRootExpired(
            "the installed sigstore package has no trusted root where this version looks for it",
            hint="name one with --trusted-root, or install the version of sigstore that this one asks for",
        ) from e
