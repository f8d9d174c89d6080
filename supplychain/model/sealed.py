"""Classes whose values only one function makes.

A frozen dataclass is forged by `dataclasses.replace`, by calling its type, by unpickling and by copying. A `Sealed`
class closes these roads: its constructor refuses, and the one mint is a module function that the tests allow one
caller. Python cannot stop a caller who is determined to cheat himself; this stops every accident, and every
shortcut a reviewer might miss.
"""

from typing import Any, ClassVar, NoReturn, Self


class Sealed:
    """A value that cannot be constructed, changed, copied with changes, subclassed twice or pickled."""

    __slots__ = ()
    made_by: ClassVar[str] = ""

    def __new__(cls, *_args: object, **_fields: object) -> Self:
        raise TypeError(f"only {cls.made_by} makes a {cls.__name__}")

    def __init_subclass__(cls) -> None:
        if cls.__bases__[0] is not Sealed or not cls.made_by:
            raise TypeError(f"{cls.__name__} is sealed")
        super().__init_subclass__()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be removed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} does not leave its process")

    def __replace__(self, **_changes: object) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} is not changed into another")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self


def mint(cls: Any, **fields: object) -> Any:
    """Make a sealed value. Called by the one maker of each class; a test of the architecture names them."""
    value = object.__new__(cls)
    for name in cls.__slots__:
        object.__setattr__(value, name, fields.pop(name))
    if fields:
        raise TypeError(f"{cls.__name__} has no {', '.join(fields)}")
    return value
