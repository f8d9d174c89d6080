"""What is wrong with a value of a policy file, in our own words instead of the validator's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a value does not fit its model."""

    path: tuple[str | int, ...]
    """From the value that was held against the model."""
    message: str
    unknown: str = ""
    """The key that the model does not have."""
    missing: str = ""
    """The key that must be there."""


def fault_of(error: Any) -> Fault:
    """An error of pydantic in our own words."""
    kind, context = error["type"], error.get("ctx", {})
    path = tuple(step for step in error["loc"] if step != "[key]")
    if kind == "extra_forbidden":
        return Fault(path=path, message="unknown key", unknown=str(path[-1]))
    if kind == "missing":
        return Fault(path=path[:-1], message="missing key", missing=str(path[-1]))
    if kind == "value_error":
        return Fault(path=path, message=str(context["error"]))
    expected = _EXPECTED.get(kind)
    if expected is None:
        return Fault(path=path, message=error["msg"][:1].lower() + error["msg"][1:])
    return Fault(path=path, message=f"expected {expected.format(**context)}, found {_shown(error['input'])}")


_EXPECTED: Final = {
    "string_type": "a string",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_short": "text",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least one entry",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}


def _shown(value: object) -> str:
    """A value of a policy file, for people."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"{len(value)} characters"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | Mapping):
        kind = "a mapping" if isinstance(value, Mapping) else "a list"
        return kind if value else f"an empty {kind[2:]}"
    return "nothing" if value is None else str(value)[:60]
