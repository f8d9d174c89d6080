"""Members of foreign documents, read without a Node for each: ten thousand components have a hundred thousand.

An error names the component, or whatever the nearest `Node` is, and the member.
"""

from datetime import UTC, datetime
from typing import Final, TypeAlias

from supplychain._json import JSON, Node

Members: TypeAlias = dict[str, JSON]

MAX_ITEMS: Final = 2_000_000
"""Components, files and relationships of one document, at all levels together."""


def text(members: Members, name: str, near: Node) -> str:
    """A string, empty when it is absent or null."""
    value = members.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    return _at(members, name, near).text()


def needed(members: Members, name: str, near: Node) -> str:
    """A string that must be there and not be empty."""
    value = members.get(name)
    if isinstance(value, str) and value:
        return value
    if value is None:
        _at(members, name, near).fail("missing")
    return _at(members, name, near).text()


def objects(members: Members, name: str, near: Node) -> list[Members]:
    """An array of objects, empty when it is absent or null."""
    found: list[Members] = []
    for item in _array(members, name, near):
        if not isinstance(item, dict):
            _at(members, name, near).fail("expected objects in the array")
        found.append(item)
    return found


def strings(members: Members, name: str, near: Node) -> list[str]:
    """An array of strings, empty when it is absent or null."""
    found: list[str] = []
    for item in _array(members, name, near):
        if not isinstance(item, str):
            _at(members, name, near).fail("expected strings in the array")
        found.append(item)
    return found


def _array(members: Members, name: str, near: Node) -> list[JSON]:
    value = members.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        _at(members, name, near).items(at_most=MAX_ITEMS)
        raise AssertionError("refused above")
    return value


def member(members: Members, name: str, near: Node) -> Members:
    """An object, empty when it is absent or null."""
    value = members.get(name)
    return {} if value is None else _at(members, name, near).object()


def _at(members: Members, name: str, near: Node) -> Node:
    """The member with a path to it, which can say what is wrong. The path may lack steps inside ``near``."""
    return Node(members.get(name), where=near.where, path=f"{near.path}.{name}".lstrip("."))


def time(node: Node) -> datetime:
    """A time by RFC 3339, in UTC; one without a zone is taken for UTC."""
    try:
        found = datetime.fromisoformat(node.text())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        node.fail("expected a time such as 2026-11-23T12:00:00Z")
