"""Row 14 of the performance goals: judge one SBOM of 10,000 components by a policy that denies one licence.

Run as ``python benchmarks/judge.py``. CPU seconds, the best of five, from the bytes of the document to the decision.
Peers: json.load and a loop over the components in this process, and conftest as a process of its own where it is on
PATH; otherwise it is skipped by name. The cost of further rules over the same document is told beside.
"""

import gc
import hashlib
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from supplychain import _json
from supplychain._json import Node
from supplychain.keys import generate
from supplychain.model.artifact import Artifact
from supplychain.model.case import Case
from supplychain.model.decision import Decision
from supplychain.model.evidence import Evidence
from supplychain.policy.engine import judge
from supplychain.policy.model import Policy
from supplychain.policy.reader import read_policy
from supplychain.predicates.documents import CycloneDx
from supplychain.signing.local import LocalSigner
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_any

COMPONENTS = 10_000
RULES = 200
REPEATS = 5
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LICENCES = ("MIT", "Apache-2.0", "BSD-3-Clause", "ISC")
KEY = generate()
HEAD = 'schema: supplychain/policy/v1\nid: bench\nversion: "1"\nsigners: {release: {key: release.pub}}\nrules:\n'
REGO = """package main

import rego.v1

deny contains msg if {
    some c in input.components
    some entry in c.licenses
    entry.license.id == "AGPL-3.0-only"
    msg := c.name
}
"""


def sbom(count: int) -> bytes:
    """A CycloneDX document."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:npm/package-{i}@1.{i % 10}.0",
            "name": f"package-{i}",
            "version": f"1.{i % 10}.0",
            "supplier": {"name": "Somebody"},
            "licenses": [{"license": {"id": LICENCES[i % 4]}}],
            "purl": f"pkg:npm/package-{i}@1.{i % 10}.0",
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(str(i).encode()).hexdigest()}],
        }
        for i in range(count)
    ]
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"timestamp": "2026-01-01T00:00:00Z"}}
    return json.dumps({**head, "components": components}).encode()


def policy(rules: str) -> Policy:
    """A policy of these rules."""
    return read_policy((HEAD + rules).encode(), where="policy.yaml", load=lambda _: KEY.public.pem())


def verified_case(data: bytes) -> tuple[Case, Node]:
    """The case a gate would judge, signed and verified for real, and the document in it."""
    artifact = Artifact(name="app", sha256=hashlib.sha256(b"app").hexdigest(), size=3)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": artifact.sha256}}],
        "predicateType": CycloneDx.TYPES[0],
        "predicate": json.loads(data),
    }
    signer = LocalSigner(KEY)
    named = replace(signer.trust.signers[0], name="release")
    bundle = bundles.encode(signer.sign_statement(json.dumps(statement).encode()))
    proofs = verify_any(Evidence(uri="app.attestations.jsonl#1", data=bundle), artifact, trust=Trust(named), at=NOW)
    return Case(artifacts=(artifact,), verified=proofs), proofs[0].predicate.document


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of its children; the best of a few runs."""
    best = float("inf")
    for _ in range(REPEATS):
        gc.collect()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.process_time()
        work()
        used = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, used + after.ru_utime - children.ru_utime + after.ru_stime - children.ru_stime)
    return best


def by_hand(data: bytes) -> list[str]:
    """What a script would do."""
    return [
        component["name"]
        for component in json.loads(data).get("components", [])
        for licence in component.get("licenses", [])
        if licence.get("license", {}).get("id") == "AGPL-3.0-only"
    ]


def conftest(data: bytes, ours: float) -> None:
    """The peer with a policy language, if it is here."""
    program = shutil.which("conftest")
    if program is None:
        print("row 14  conftest is not installed: skipped                    goal <= 0.8")
        return
    with tempfile.TemporaryDirectory() as folder:
        document, rego = Path(folder, "bom.json"), Path(folder, "policy.rego")
        document.write_bytes(data)
        rego.write_text(REGO)
        peer = cpu(
            lambda: subprocess.run([program, "test", "-p", str(rego), str(document)], check=True, capture_output=True)
        )
    report("conftest", ours, peer, 0.8)


def report(name: str, ours: float, peer: float, goal: float) -> None:
    """One line."""
    ratio = f"ours {ours:.3f} s  {name} {peer:.3f} s  ratio {ours / peer:.2f}"
    print(f"row 14  {COMPONENTS:,} components, one licence  {ratio}  goal <= {goal}")


def main() -> None:
    """Print the row."""
    data = sbom(COMPONENTS)
    case, node = verified_case(data)
    one = policy("  - {id: licences, type: licence, deny: [AGPL-3.0-only]}\n")

    def from_bytes() -> Decision:
        node.value = None
        node.value = _json.parse(data, where="bom.json").value
        return judge(case, one, at=NOW)

    assert from_bytes()
    assert by_hand(data) == []
    ours = cpu(from_bytes)
    report("json.load and a loop", ours, cpu(lambda: by_hand(data)), 2.5)
    conftest(data, ours)
    small, _ = verified_case(sbom(2_000))
    many = "".join(f"  - {{id: r{i}, type: licence, deny: [AGPL-3.0-only]}}\n" for i in range(RULES))
    ready = policy(many)
    print(f"        {RULES} such rules over 2,000 components: {cpu(lambda: judge(small, ready, at=NOW)):.3f} s")


if __name__ == "__main__":
    main()
