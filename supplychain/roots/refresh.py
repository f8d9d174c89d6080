"""A newer trusted root, fetched because somebody asked: the client workflow of The Update Framework, by python-tuf.

What it starts from is the root metadata that ships with sigstore, or the caller's; what it has seen is kept in a folder
the caller names, so that nobody can go back to an older one. Nothing else reads that folder, and nothing here reads a
user's cache.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from supplychain import _io
from supplychain.errors import (
    EvidenceMissing,
    LimitExceeded,
    MalformedDocument,
    NetworkError,
    NetworkRefused,
    RollbackDetected,
    SignatureInvalid,
    SubjectMismatch,
    TrustRootExpired,
    Unreadable,
    UsageError,
)
from supplychain.verify.root import MAX_ROOT_BYTES, parse_root

SIGSTORE: Final = "https://tuf-repo-cdn.sigstore.dev"
"""The repository of the public instance."""
TARGET: Final = "trusted_root.json"
MAX_METADATA_BYTES: Final = 512_000
"""Of root metadata, as python-tuf has it."""
_PACKAGED: Final = ("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "root.json")


def refresh_root(url: str, state: Path, *, start: bytes | None = None, offline: bool = False) -> bytes:
    """The present trusted root of a TUF repository, verified, and readable as one.

    ``start`` is root metadata to begin from; None takes what ships with sigstore, for its own repository only.
    ``state`` is made when it is not there. Raises UsageError, NetworkRefused when offline, NetworkError,
    RollbackDetected, TrustRootExpired, SignatureInvalid, SubjectMismatch for a target that is not the one signed for,
    EvidenceMissing where the repository has no trusted root, MalformedDocument, LimitExceeded and Unreadable.
    """
    url = url.rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise UsageError(f"{url[:200]!r} is no address of a repository", hint="name one as https://HOST/PATH")
    if start is None and url != SIGSTORE:
        raise UsageError(f"nothing is known of {url[:200]}", hint="name its root metadata (root.json) with --root")
    if offline:
        raise NetworkRefused("a trusted root is fetched, and this is offline", where=url)
    data = _fetch(url, state, start or _packaged())
    parse_root(data, where=f"{url}/targets/{TARGET}")
    return data


def _packaged() -> bytes:
    try:
        return resources.files("sigstore").joinpath(*_PACKAGED).read_bytes()
    except (ModuleNotFoundError, OSError) as e:
        raise TrustRootExpired(
            "the installed sigstore package has no root metadata where this version looks for it",
            hint="name some with --root, or install the version of sigstore that this one asks for",
        ) from e


def _fetch(url: str, state: Path, start: bytes) -> bytes:
    from tuf.ngclient.updater import Updater

    with _typed(url), tempfile.TemporaryDirectory() as folder:
        state.mkdir(parents=True, exist_ok=True)
        updater = Updater(
            metadata_dir=os.fspath(state),
            metadata_base_url=url,
            target_base_url=f"{url}/targets/",
            target_dir=folder,
            bootstrap=start,
        )
        updater.refresh()
        target = updater.get_targetinfo(TARGET)
        if target is None:
            raise EvidenceMissing(f"the repository has no {TARGET}", where=url)
        if target.length > MAX_ROOT_BYTES:
            raise LimitExceeded(f"a trusted root of {target.length} bytes", where=url)
        return _io.read_bytes(updater.download_target(target), max_bytes=MAX_ROOT_BYTES)


@contextmanager
def _typed(url: str) -> Iterator[None]:
    """Every error of python-tuf as ours."""
    from tuf.api import exceptions as theirs

    try:
        yield
    except theirs.ExpiredMetadataError as e:
        raise TrustRootExpired(
            f"the repository's metadata has expired: {e}",
            where=url,
            hint="somebody keeps the newer one from you, or nobody has signed it in time; check this machine's clock",
        ) from e
    except theirs.BadVersionNumberError as e:
        raise RollbackDetected(f"older than what was seen before: {e}", where=url) from e
    except theirs.UnsignedMetadataError as e:
        raise SignatureInvalid(f"its metadata is not signed by who must: {e}", where=url) from e
    except theirs.LengthOrHashMismatchError as e:
        raise SubjectMismatch(f"not the file that was signed for: {e}", where=url) from e
    except theirs.DownloadLengthMismatchError as e:
        raise LimitExceeded(f"more bytes than were announced: {e}", where=url) from e
    except theirs.DownloadError as e:
        raise NetworkError(f"no answer: {e}", where=url) from e
    except OSError as e:
        raise Unreadable(f"cannot be kept: {(e.strerror or str(e)).lower()}", where=os.fspath(e.filename or url)) from e
    except (theirs.RepositoryError, ValueError, TypeError, KeyError, AttributeError) as e:
        raise MalformedDocument(f"no repository of The Update Framework: {e}", where=url) from e
