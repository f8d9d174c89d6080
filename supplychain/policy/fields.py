"""What a policy file may hold, value by value: the types of its fields, and how a value is held against a model.

This is the one module that loads pydantic; verifying and signing never import it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import AfterValidator as AfterValidator  # noqa: PLC0414  # models take it from here, with Field
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    Strict,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic import Field as Field  # noqa: PLC0414  # they do not import pydantic

from supplychain._json import JSON
from supplychain.errors import SupplyChainError
from supplychain.policy.faults import Fault, fault_of
from supplychain.policy.values import read_duration, read_instant, read_size
from supplychain.predicates import ALIASES, PREDICATES, TYPES, short_name

SIGNATURE: Final = "signature"
"""What stands for a predicate type where a signature of the file itself is meant."""

T = TypeVar("T")
M = TypeVar("M", bound="Model")


def _glob(text: str) -> str:
    if not text or not text.isprintable() or len(text) > 1000:
        raise ValueError("expected a glob of printable characters")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected printable characters")
    return text


def _solid(text: str) -> str:
    if any(c.isspace() for c in text):
        raise ValueError("expected text without spaces")
    return _printable(text)


def _one_line(text: str) -> str:
    return _printable(" ".join(text.split()))


def _evidence_type(text: str) -> str:
    short = short_name(ALIASES.get(text, text))
    if short == SIGNATURE or short in PREDICATES:
        return short
    raise ValueError(f"{text[:80]!r} is no type of evidence (known: {', '.join((SIGNATURE, *PREDICATES))})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Referenced:
    """A file that a policy names, with its content: it enters the policy's digest by that, not by its name."""

    path: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def _referenced(value: object, info: ValidationInfo) -> Referenced:
    """The file, by the ``load`` that `hold` was given."""
    load = (info.context or {}).get("load")
    if not isinstance(value, str) or load is None:
        raise ValueError("expected the path of a file under the policy's folder")
    try:
        return Referenced(path=value, data=load(value))
    except (SupplyChainError, OSError) as e:
        raise ValueError(str(e) if isinstance(e, SupplyChainError) else f"{value}: cannot be read") from e


Many: TypeAlias = Annotated[tuple[T, ...], Strict(False)]
Duration: TypeAlias = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    WithJsonSchema({"type": "string", "pattern": r"^[1-9][0-9]{0,5}[smhdw]$", "examples": ["24h", "7d"]}),
]
Size: TypeAlias = Annotated[
    int,
    BeforeValidator(read_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": r"^[1-9][0-9]{0,8}(B|[kKMGT]B|[KMGT]iB)$"},
            ],
            "examples": ["250MB", "1GiB"],
        }
    ),
]
Instant: TypeAlias = Annotated[
    datetime,
    BeforeValidator(read_instant),
    WithJsonSchema({"type": "string", "examples": ["2026-11-23T12:00:00Z", "2026-11-23"]}),
]
Glob: TypeAlias = Annotated[str, AfterValidator(_glob)]
EvidenceType: TypeAlias = Annotated[
    str,
    AfterValidator(_evidence_type),
    WithJsonSchema({"type": "string", "examples": [SIGNATURE, *PREDICATES, *TYPES]}),
]
PolicyPath: TypeAlias = Annotated[
    Referenced,
    PlainValidator(_referenced),
    PlainSerializer(lambda found: f"sha256:{found.sha256}", return_type=str),
    WithJsonSchema({"type": "string", "examples": ["root.layout"]}),
]
"""A file under the policy's folder, read with the policy."""
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Of a signer or a rule."""
OneLine: TypeAlias = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Exact: TypeAlias = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_solid)]
"""What is compared letter by letter: a URL, an identity."""
Sentence: TypeAlias = Annotated[str, Field(max_length=1000), AfterValidator(_one_line)]
"""Text of one or more lines, joined into one."""


class Model(BaseModel):
    """The base of every model: unknown keys are refused, nothing is coerced, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=lambda n: n.replace("_", "-"))


def hold(model: type[M], value: object, load: Callable[[str], bytes] | None = None) -> tuple[M | None, list[Fault]]:
    """The value as the model reads it, or every fault it has.

    A list that is too short only because its entries are wrong has just their faults. ``load`` gives the content of a
    file the value names.
    """
    try:
        return model.model_validate(value, context={"load": load}), []
    except ValidationError as e:
        errors = e.errors(include_url=False)
        return None, [fault_of(error) for error in errors if error["type"] != "too_short" or not error["input"]]


def keys_of(model: type[Model]) -> tuple[str, ...]:
    """The keys of a model as policies spell them."""
    return tuple(info.alias or name for name, info in model.model_fields.items())


def plain(value: Any) -> JSON:
    """A value of a policy as JSON, in one spelling whatever the file's."""
    if isinstance(value, timedelta):
        return f"{value // timedelta(seconds=1)}s"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    same: JSON = value
    return same
