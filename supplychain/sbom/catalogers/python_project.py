"""Reads of a pyproject.toml what a lock file beside it leaves out: the project and its direct dependencies."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from supplychain.errors import InputError, MalformedDocument
from supplychain.sbom.catalogers.python_identity import normalised, normalised_extra
from supplychain.sbom.catalogers.python_lockfile import Table, read_toml

MAX_REQUIREMENT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """A dependency by name."""

    name: str
    constraint: str = ""
    """As written by PEP 440 or by Poetry; empty for any version."""
    extras: tuple[str, ...] = ()
    optional: bool = False
    conditional: bool = False
    """Whether a marker may leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project, as far as it was read."""

    path: str
    name: str = ""
    version: str = ""
    groups: tuple[tuple[str, tuple[Want, ...]], ...] = ()
    """Name of a group to its dependencies; ``main`` for what is needed to run, with all extras."""
    error: str = ""
    """Why it could not be read."""


def read_project(data: bytes, *, path: str) -> Project:
    """The project; one that cannot be read says why, since it matters only where a lock needs it."""
    try:
        return _project(read_toml(data, where=path), path)
    except InputError as e:
        return Project(path=path, error=str(e))


def _project(document: Table, path: str) -> Project:
    project = document.table("project")
    poetry = document.table("tool").table("poetry")
    groups: defaultdict[str, list[Want]] = defaultdict(list)
    groups["main"] += _standard(project, "dependencies")
    optional = project.table("optional-dependencies")
    for extra in optional.values:
        groups["main"] += _standard(optional, extra)
    standard = document.table("dependency-groups")
    for group in standard.values:
        groups[group] += _group(standard, group)
    groups["main"] += _poetry(poetry.table("dependencies"))
    groups["dev"] += _poetry(poetry.table("dev-dependencies"))
    own = poetry.table("group")
    for group in own.values:
        groups[group] += _poetry(own.table(group).table("dependencies"))
    name = project.text("name") or poetry.text("name")
    return Project(
        path=path,
        name=normalised(name, where=path) if name else "",
        version=project.text("version") or poetry.text("version"),
        groups=tuple((group, tuple(dict.fromkeys(wants))) for group, wants in sorted(groups.items()) if wants),
    )


def _standard(table: Table, key: str) -> Iterator[Want]:
    for text in table.texts(key):
        yield _want(text, table)


def _group(table: Table, group: str) -> Iterator[Want]:
    """A dependency group (PEP 735) with those that it includes, each once: a doubled include must cost nothing."""
    waiting, seen = [group], {group}
    while waiting:
        name = waiting.pop()
        members = table.values.get(name)
        if not isinstance(members, list):
            table.fail(name, "expected an array")
        for member in members:
            if isinstance(member, str):
                yield _want(member, table)
            elif isinstance(member, dict) and isinstance(other := member.get("include-group"), str):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
            else:
                table.fail(name, "expected requirements and groups to include")


def _want(text: str, table: Table) -> Want:
    try:
        if len(text) > MAX_REQUIREMENT:
            raise InvalidRequirement(f"{len(text)} characters")
        read = Requirement(text)
    except (InvalidRequirement, RecursionError) as e:
        raise MalformedDocument(f"not a requirement: {text[:80]!r}", where=f"{table.where}: {table.path}") from e
    return Want(
        name=normalised(read.name, where=table.where),
        constraint=str(read.specifier),
        extras=tuple(sorted(normalised_extra(extra) for extra in read.extras)),
        conditional=read.marker is not None,
    )


def _poetry(table: Table) -> Iterator[Want]:
    for written, value in table.values.items():
        if written.lower() != "python":
            name = normalised(written, where=f"{table.where}: {table.path}")
            for one in value if isinstance(value, list) else [value]:
                yield poetry_want(name, one, table)


def poetry_want(name: str, value: object, table: Table) -> Want:
    """A dependency as Poetry writes it: a constraint, or a table with one and with conditions."""
    if isinstance(value, str):
        return Want(name=name, constraint=value)
    if not isinstance(value, dict):
        table.fail(name, f"expected a constraint, found {type(value).__name__}")
    one = Table(value, where=table.where, path=f"{table.path}.{name}")
    return Want(
        name=name,
        constraint=one.text("version"),
        extras=tuple(normalised_extra(extra) for extra in one.texts("extras")),
        optional=one.boolean("optional"),
        conditional=any(key in value for key in ("markers", "python", "platform")),
    )
