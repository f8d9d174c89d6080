"""sigstore-python as the oracle: the same verdict on the conformance suite, its flipped bits and the private stack.

Where the two differ, the case is named with its reason; any other difference fails.
"""

import json
import random
from functools import cache
from typing import Final

import pytest
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier, policy

from supplychain.verify.trust import Identity
from tests.sigstore_stack.root import NOWHERE, client_trust_config, signing_config
from tests.support.flips import Vector, accepts, decoded, flipped, leaves, of_suite, vectors
from tests.verify import test_conformance as suite

FLIPS: Final = 8
"""A vector; drawn alike each time, so that a difference found once is found again."""
WE_ACCEPT: Final = {
    "dsse 0.0.2": "it reads no dsse 0.0.2 entries",
    "intoto 0.0.1": "it takes the time of hashedrekord and dsse entries only",
    "intoto 0.0.2": "it takes the time of hashedrekord and dsse entries only",
    "intoto-with-custom-trust-root": "it reads no intoto entries",
    "trust-root-tsa-validity-end-inclusive": "its windows of timestamp authorities leave out their end",
}
"""Vectors that we accept and it does not."""
THEY_ACCEPT: Final = {
    "logId.keyId": "it finds the log by its checkpoint, and does not look at the id in the entry",
    "tlogEntries.logIndex": "it does not compare the index of an entry of Rekor v2 with that of its proof",
    "messageDigest.algorithm": "it does not read the algorithm of the digest that rides along",
    "checkpoint.envelope": "it passes over lines of witnesses that it cannot read",
    "rfc3161Timestamps.signedTimestamp": "it passes over a timestamp that does not verify where there is another time",
}
"""Fields one bit of which it does not mind and we do."""


@cache
def verifier(root: bytes) -> Verifier:
    config = client_trust_config(json.loads(root), signing_config(NOWHERE))
    return Verifier(trusted_root=ClientTrustConfig.from_json(json.dumps(config)).trusted_root)


def oracle_accepts(vector: Vector, bundle: bytes) -> bool:
    """By the public API alone. A surprise in it is a refusal: it raises more than its own errors."""
    who = vector.who
    assert isinstance(who, Identity)
    try:
        read = Bundle.from_json(bundle)
        named = policy.Identity(identity=who.subject, issuer=who.issuer)
        judged = verifier(vector.root)
        if b'"dsseEnvelope"' in bundle:
            judged.verify_dsse(read, named)
        else:
            judged.verify_artifact(vector.content, read, named)
    except Exception:  # noqa: BLE001  # KeyError, ValueError and others for bundles that it did not expect
        return False
    return True


def judged_by_both() -> list[str]:
    """Its public API judges no managed keys."""
    return sorted(name for name, vector in vectors().items() if isinstance(vector.who, Identity))


@pytest.mark.parametrize("name", judged_by_both())
def test_what_we_accept_it_accepts(name: str) -> None:
    vector = vectors()[name]
    assert accepts(vector)
    assert oracle_accepts(vector, vector.bundle) == (name not in WE_ACCEPT)


@pytest.mark.parametrize("case", [c for c in suite.CASES if c.endswith("_fail") and suite.read(c, "key.pub") is None])
def test_what_it_accepts_we_accept(case: str) -> None:
    """Of the cases that must be refused, that is none."""
    vector = of_suite(case)
    assert not accepts(vector)
    assert not oracle_accepts(vector, vector.bundle)


@pytest.mark.parametrize("name", [name for name in judged_by_both() if name not in WE_ACCEPT])
def test_both_judge_a_flipped_bit_alike(name: str) -> None:
    vector, draw = vectors()[name], random.Random(name)
    fields = [(path, value) for path, value in leaves(json.loads(vector.bundle)) if decoded(path, value)]
    for _ in range(FLIPS):
        path, value = draw.choice(fields)
        changed = flipped(vector.bundle, path, draw.randrange(len(decoded(path, value)) * 8))
        if changed is None:
            continue
        ours, theirs = accepts(vector, bundle=changed), oracle_accepts(vector, changed)
        assert theirs or not ours, f"we accept a changed {path}, it does not"
        if theirs and not ours:
            where = ".".join(step for step in path if isinstance(step, str))
            assert where.endswith(tuple(THEY_ACCEPT)), f"it accepts a changed {where}, we do not"
