"""The rules: one file a rule, one line each in `RULES`.

A rule is a class without state. Its docstring is its documentation, under the fixed headings *What it checks*,
*Why*, *Example* and *How to fix*; its `Params` say which keys a policy may give it; `judge` reads a context and
answers. It has no clock, no randomness and no files; what raises is an error in the decision and never a pass.

>>> load("max-size").title
'No file is larger than it may be'
"""

from importlib import import_module
from typing import Any, ClassVar, Final, Protocol, TypeVar

from supplychain.errors import PolicyInvalid
from supplychain.policy.context import Context, RuleResult
from supplychain.policy.model import RuleParams

Q_contra = TypeVar("Q_contra", bound=RuleParams, contravariant=True)


class Rule(Protocol[Q_contra]):
    """The contract."""

    Params: ClassVar[type[RuleParams]]
    """What a policy may say to it; a rule handed to `judge` directly gets the defaults."""
    type: ClassVar[str]
    """As policies spell it."""
    title: ClassVar[str]
    """What holds when it passes, in a few words."""

    def judge(self, context: Context, params: Q_contra) -> RuleResult:
        """Judge the case. Raises what it must: that is an ERROR of this rule."""
        ...


RULES: Final = {
    "signer-identity": "supplychain.policy.rules.signer_identity:SignerIdentity",
    "threshold": "supplychain.policy.rules.threshold:Threshold",
    "sbom-present": "supplychain.policy.rules.sbom_present:SbomPresent",
    "sbom-complete": "supplychain.policy.rules.sbom_complete:SbomComplete",
    "sbom-matches-artifact": "supplychain.policy.rules.sbom_matches_artifact:SbomMatchesArtifact",
    "slsa-build": "supplychain.policy.rules.slsa_build:SlsaBuild",
    "slsa-source": "supplychain.policy.rules.slsa_source:SlsaSource",
    "in-toto-layout": "supplychain.policy.rules.in_toto_layout:InTotoLayout",
    "asset-set": "supplychain.policy.rules.asset_set:AssetSetComplete",
    "archive-hygiene": "supplychain.policy.rules.archive_hygiene:ArchiveHygiene",
    "max-size": "supplychain.policy.rules.max_size:MaxSize",
    "licence": "supplychain.policy.rules.licence:Licence",
}
"""Type to "module:Class", resolved when a policy names it."""


def load(kind: str) -> Rule[Any]:
    """The rule of a type. Raises PolicyInvalid for a type that is not in `RULES`."""
    if kind not in RULES:
        raise PolicyInvalid(f"there is no rule type {kind[:80]!r}", hint=f"known: {', '.join(RULES)}")
    module, _, attribute = RULES[kind].partition(":")
    rule: Rule[Any] = getattr(import_module(module), attribute)()
    return rule
