"""Bundles that are wrong in one way, each with the trusted root it is wrong for.

    forgery = ATTACKS["entry_of_another_artifact"](Scene(stack=stack, stranger=stranger))
    # forgery.bundle does not verify with forgery.root, for the artifact of the scene

An attack signs as a workflow that the verifier names (`claims.workflow()`), and everything but its one lie is true:
what should be logged is logged, what should be stamped is stamped. A verifier refuses every one of them.
"""

from tests.sigstore_stack import attacks_on_content, attacks_on_logs, attacks_on_trust
from tests.sigstore_stack.scenes import Attack, Forgery, Scene

__all__ = ("ATTACKS", "Attack", "Forgery", "Scene")

ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (*attacks_on_logs.ATTACKS, *attacks_on_trust.ATTACKS, *attacks_on_content.ATTACKS)
}
"""By name."""
