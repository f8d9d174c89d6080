"""Names of members: what they mean inside the archive, and the ones that reach out of it.

A name is data and may hold control or bidirectional characters; whoever shows it escapes it. What a name may not do
is to name a place outside the archive, on any system: that is UnsafeArchive, because some tool will follow it.

>>> member_path("./a//b/"), check_link("bin/tool", "../lib/tool")
('a/b', None)
>>> member_path("a/../../etc/passwd")
Traceback (most recent call last):
supplychain.errors.UnsafeArchive: a member's name leaves the archive: 'a/../../etc/passwd'
"""

import re
from typing import Final

from supplychain.errors import LimitExceeded, UnsafeArchive
from supplychain.model.inventory import Entry, EntryKind

_DRIVE: Final = re.compile(r"[A-Za-z]:(?!:)")
"""Even ``C:name`` leaves on Windows, for another drive; ``B::Module`` is a name of Perl's."""
_ODD: Final = re.compile(r"\\|\.\.|//|\A/|[A-Za-z]:|/\Z|(?:\A|/)\.(?:/|\Z)|\0")
_SHOWN: Final = 200


def decode(raw: bytes) -> str:
    """A name as text: UTF-8, with every byte that is not as ``\\xNN``, so that any name can be written down."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace")


def member_path(name: str, limit: int = 4096) -> str:
    """The path a member's name means, without ``.``, doubled or trailing slashes; empty for the root itself.

    Raises UnsafeArchive for NUL, absolute names and ``..``, also in the manner of Windows; LimitExceeded.
    """
    if len(name) > limit:
        raise LimitExceeded(f"a member's name of {len(name)} characters, more than {limit}: {name[:60]!r}...")
    if not name:
        raise UnsafeArchive("a member without a name")
    if not _ODD.search(name):
        return name
    if "\0" in name:
        raise UnsafeArchive(f"a member's name holds NUL: {name[:_SHOWN]!r}")
    path = "/".join(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or path.startswith("\\") or _DRIVE.match(path):
        raise UnsafeArchive(f"a member's name is absolute: {name[:_SHOWN]!r}")
    if ".." in re.split(r"[/\\]", name):
        raise UnsafeArchive(f"a member's name leaves the archive: {name[:_SHOWN]!r}")
    return path


def check_link(path: str, target: str, limit: int = 4096) -> None:
    """Refuse a symbolic link that points out of its archive, or could once other links are followed.

    Targets may begin with ``..`` as far as the root reaches, and never hold it later: behind another link it would
    climb from somewhere else than it seems to. Raises UnsafeArchive, LimitExceeded.
    """
    if len(target) > limit:
        raise LimitExceeded(f"a link's target of {len(target)} characters, more than {limit}", where=path[:_SHOWN])
    if not target or "\0" in target:
        raise UnsafeArchive("a link without a valid target", where=path[:_SHOWN])
    if target.startswith(("/", "\\")) or _DRIVE.match(target):
        raise UnsafeArchive(f"a link to an absolute path: {target[:_SHOWN]!r}", where=path[:_SHOWN])
    parts = [part for part in re.split(r"[/\\]", target) if part not in {"", "."}]
    ups = next((i for i, part in enumerate(parts) if part != ".."), len(parts))
    if ups > path.count("/") or ".." in parts[ups:]:
        raise UnsafeArchive(f"a link that leaves the archive: {target[:_SHOWN]!r}", where=path[:_SHOWN])


class Layout:
    """The paths of one container as its members arrive: who may follow whom.

    Kept so that no reader can be shown another tree than ours: one path never has two contents, and nothing is
    stored through a link.
    """

    __slots__ = ("_links", "_seen")

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str | None, int, str]] = {}
        self._links: set[str] = set()

    def check_parents(self, path: str) -> None:
        """Raises UnsafeArchive when a link stands on the way to a path."""
        if self._links:
            end = path.find("/")
            while end > 0:
                if path[:end] in self._links:
                    raise UnsafeArchive(f"a member stored through the link {path[:end]!r}", where=path[:_SHOWN])
                end = path.find("/", end + 1)

    def add(self, path: str, entry: Entry) -> bool:
        """Record a member that was read; False when the same one was there before. Raises UnsafeArchive."""
        identity = (entry.sha256, entry.size, f"{entry.kind}:{entry.mode}:{entry.link}")
        before = self._seen.setdefault(path, identity)
        if before != identity:
            raise UnsafeArchive("one name for two different members", where=path[:_SHOWN])
        if entry.kind is EntryKind.SYMLINK:
            self._links.add(path)
        return before is identity

    def target(self, path: str) -> tuple[str | None, int] | None:
        """SHA-256 and size of a file met earlier, for a hard link to it; None when there is none."""
        found = self._seen.get(path)
        return None if found is None or found[2].startswith(f"{EntryKind.DIRECTORY}:") else found[:2]
