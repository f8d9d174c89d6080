"""Links of the steps before the last: proof about what those made, which need not be what is judged."""

from datetime import datetime

from supplychain.errors import SupplyChainError
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Envelope, Statement
from supplychain.model.verified import Verified
from supplychain.predicates.link import Link
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence


def verify_link(evidence: Evidence, *, trust: Trust, at: datetime) -> tuple[Verified[Link], ...]:
    """Proof that trusted signers performed a step, about the first product they name; empty for anything else.

    What it claims to have made only chooses the digest that it is then verified about, like every other statement.
    Why evidence does not verify is told where it is held against the artifacts.
    """
    try:
        content = bundles.content_of(bundles.parse(evidence.data, where=evidence.uri))
        if not isinstance(content, Envelope):
            return ()
        claimed = Statement.parse(content.payload, where=evidence.uri)
        products = [s for s in claimed.subjects if "sha256" in s.digests]
        if claimed.predicate_type not in Link.TYPES or not products:
            return ()
        product = Artifact(name=products[0].name, sha256=products[0].digests["sha256"])
        return verify_evidence(evidence, product, Link, trust=trust, at=at)
    except SupplyChainError:
        return ()
