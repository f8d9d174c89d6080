"""Resolves what npm packages ask for by name to the places where npm put it, as Node.js does when the program runs.

A name means the nearest ``node_modules/NAME`` on the way up from the package that asks: its own, that of the package
around it, and so on to the project's. Looking names up without their place picks the wrong version wherever a tree
holds two.

>>> needs = {"": {"a": True, "b": True}, "node_modules/a": {"b": True}, "node_modules/a/node_modules/b": {},
...          "node_modules/b": {}}
>>> from supplychain.sbom.catalogers.npm_lockfile import Lock, Package
>>> lock = Lock(path="package-lock.json", version=3, direct_known=True, packages={
...     at: Package(location=at, name=at.rpartition("/")[2], needs=asked) for at, asked in needs.items()})
>>> sorted(resolve(lock).edges)[2]
('node_modules/a', 'node_modules/a/node_modules/b')
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from supplychain.errors import LimitExceeded
from supplychain.sbom.catalogers.npm_lockfile import Lock, Package

MAX_STEPS = 20_000_000
"""Places looked at while resolving one lock."""
MAX_PATTERN_STEPS = 1_000_000
"""Workspace patterns held against links."""

_ROOT = "node_modules/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """The resolved dependencies of one lock, between locations. Links are followed: none is an end of an edge."""

    edges: frozenset[tuple[str, str]]
    missing: tuple[tuple[str, str], ...]
    """(location, name) of what must be there and is not."""
    broken_links: tuple[tuple[str, str], ...]
    """(location, target) of links to something that the lock does not hold."""


def resolve(lock: Lock, project: Package | None = None) -> Tree:
    """Every edge of a lock. ``project`` stands for the entry of the project itself where the lock lacks it."""
    packages = lock.packages
    ends, broken = _ends(packages)
    edges: set[tuple[str, str]] = set()
    missing: list[tuple[str, str]] = []
    steps = 0
    for location, package in packages.items():
        asked = package.needs if location or project is None else project.needs
        if not asked or package.link is not None:
            continue
        places = tuple(_places(location))
        steps += len(asked) * len(places)
        if steps > MAX_STEPS:
            raise LimitExceeded(f"more than {MAX_STEPS} places to look at", where=lock.path)
        for name, required in asked.items():
            for place in places:
                target = ends.get(place + name)
                if target is not None:
                    edges.add((location, target))
                    break
            else:
                if required:
                    missing.append((location, name))
    edges.update(("", member) for member in _members(packages, ends, packages[""].workspaces))
    return Tree(edges=frozenset(edges), missing=tuple(missing), broken_links=tuple(broken))


def _ends(packages: Mapping[str, Package]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Where each location leads once links are followed; a link to nowhere, or to a link, leads to nothing."""
    ends: dict[str, str] = {}
    broken: list[tuple[str, str]] = []
    for location, package in packages.items():
        if package.link is None:
            ends[location] = location
            continue
        target = packages.get(package.link)
        if target is None or target.link is not None:
            broken.append((location, package.link))
        else:
            ends[location] = package.link
    return ends, broken


def _places(location: str) -> Iterator[str]:
    """The node_modules folders seen from a location, nearest first. One outside the project never sees its own."""
    parts = location.split("/") if location else []
    while parts:
        if parts[-1] != "node_modules" and not (
            len(parts) > 1 and parts[-2] == "node_modules" and parts[-1][:1] == "@"
        ):
            yield "/".join(parts) + "/node_modules/"
        if parts[-1] == "..":
            return
        parts.pop()
    yield _ROOT


def _members(packages: Mapping[str, Package], ends: Mapping[str, str], patterns: tuple[str, ...]) -> Iterator[str]:
    """The workspaces: folders that a pattern names and that are linked into the project's own node_modules."""
    if not patterns:
        return
    linked = {ends[at] for at, p in packages.items() if p.link is not None and at in ends and at.rfind(_ROOT) == 0}
    if len(linked) * len(patterns) > MAX_PATTERN_STEPS:
        raise LimitExceeded(f"{len(patterns)} workspace patterns over {len(linked)} links")
    wanted = [(p.startswith("!"), p.removeprefix("!").removeprefix("./").strip("/").split("/")) for p in patterns]
    for folder in sorted(linked):
        chosen = False
        for negated, pattern in wanted:
            if _matches(pattern, folder.split("/")):
                chosen = not negated
        if chosen:
            yield folder


def _matches(pattern: list[str], parts: list[str]) -> bool:
    """npm's globs, as far as workspaces use them: ``*`` and ``?`` within a folder, ``**`` for any folders.

    Row by row, so that no pattern makes it slow.
    """
    reached = {0}
    for piece in pattern:
        if piece == "**":
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], piece)}
    return len(parts) in reached
