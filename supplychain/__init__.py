"""A release made trustworthy before anybody can download it.

Everything promised is named in ``__all__``, with `supplychain.api`, `supplychain.predicates` and `supplychain.errors`.
Names are resolved when they are first used, so that importing the package loads nothing.
"""

import sys
import types
from importlib import import_module
from typing import TYPE_CHECKING, Any

from supplychain._version import __version__

if TYPE_CHECKING:
    from supplychain.api.evidence import attest, sign, verify
    from supplychain.api.keys import read_key
    from supplychain.api.policy import gate, read_policy
    from supplychain.api.publish import publish, read_permit
    from supplychain.api.release import prepare
    from supplychain.api.render import render
    from supplychain.api.sbom import inventory
    from supplychain.errors import SupplyChainError
    from supplychain.model.case import Case
    from supplychain.model.decision import Decision
    from supplychain.model.permit import Permit
    from supplychain.model.release import Release
    from supplychain.model.verified import Signature, Verified
    from supplychain.policy.engine import judge
    from supplychain.policy.model import Policy
    from supplychain.verify.trust import Identity, Trust

_PROMISE = {
    "Case": "supplychain.model.case",
    "Decision": "supplychain.model.decision",
    "Identity": "supplychain.verify.trust",
    "Permit": "supplychain.model.permit",
    "Policy": "supplychain.policy.model",
    "Release": "supplychain.model.release",
    "Signature": "supplychain.model.verified",
    "SupplyChainError": "supplychain.errors",
    "Trust": "supplychain.verify.trust",
    "Verified": "supplychain.model.verified",
    "attest": "supplychain.api.evidence",
    "gate": "supplychain.api.policy",
    "inventory": "supplychain.api.sbom",
    "judge": "supplychain.policy.engine",
    "prepare": "supplychain.api.release",
    "publish": "supplychain.api.publish",
    "read_key": "supplychain.api.keys",
    "read_permit": "supplychain.api.publish",
    "read_policy": "supplychain.api.policy",
    "render": "supplychain.api.render",
    "sign": "supplychain.api.evidence",
    "verify": "supplychain.api.evidence",
}

__all__ = [
    "Case",
    "Decision",
    "Identity",
    "Permit",
    "Policy",
    "Release",
    "Signature",
    "SupplyChainError",
    "Trust",
    "Verified",
    "__version__",
    "attest",
    "gate",
    "inventory",
    "judge",
    "prepare",
    "publish",
    "read_key",
    "read_permit",
    "read_policy",
    "render",
    "sign",
    "verify",
]


class _Package(types.ModuleType):
    """The import system binds a room to its name here. Where that name is promised (``verify``), the promise stays.

    Rooms are imported by ``from supplychain.verify import ...``, which asks for the module and not for this name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _PROMISE and isinstance(value, types.ModuleType)):
            self.__dict__[name] = value


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _PROMISE:
        raise AttributeError(f"module 'supplychain' has no attribute {name!r}")
    value = getattr(import_module(_PROMISE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
