"""What ships in the sigstore package of the public instance: its trusted root, and where it signs.

sigstore has no public way to its own package data that does not also read the user's TUF cache, unverified when
offline; so this reads the files in its wheel, whose hash the lock pins.
"""

from importlib import resources
from typing import Final

from supplychain.errors import TrustRootExpired

_FOLDER: Final = ("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev")


def packaged_root() -> bytes:
    """The trusted root, JSON. Raises TrustRootExpired when the installed sigstore does not have it where it was."""
    return _read("trusted_root.json", "trusted root", "name one with --trusted-root")


def packaged_signing_config() -> bytes:
    """The signing configuration, JSON: authority, logs and timestamp authorities. Raises TrustRootExpired likewise."""
    return _read("signing_config.v0.2.json", "signing configuration", "name one with --trust-config")


def _read(name: str, what: str, instead: str) -> bytes:
    try:
        return resources.files("sigstore").joinpath(*_FOLDER, name).read_bytes()
    except (ModuleNotFoundError, OSError) as e:
        raise TrustRootExpired(
            f"the installed sigstore package has no {what} where this version looks for it",
            hint=f"{instead}, or install the version of sigstore that this one asks for",
        ) from e
