"""Cases to judge, built by hand: Verified values are minted here as only the verifier may, and only for tests."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Final

from supplychain._json import JSON, Node
from supplychain.keys import PublicKey, generate
from supplychain.model.artifact import Artifact
from supplychain.model.case import Case, Listing, Observed
from supplychain.model.certificate import CertificateFacts
from supplychain.model.decision import Decision, Finding
from supplychain.model.digest import Digest
from supplychain.model.evidence import Rejected
from supplychain.model.inventory import (
    Component,
    ContentDigest,
    Covers,
    Edge,
    EdgeKind,
    Entry,
    EntryKind,
    Inventory,
)
from supplychain.model.release import Asset, AssetSet, Release
from supplychain.model.sealed import mint
from supplychain.model.verified import Signature, Source, Verified
from supplychain.policy.engine import judge
from supplychain.policy.model import Policy
from supplychain.policy.reader import read_policy
from supplychain.predicates.documents import CycloneDx, Spdx
from supplychain.predicates.provenance import Provenance
from supplychain.sbom.formats import Writing, format_named

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROVENANCE: Final = "https://slsa.dev/provenance/v1"
CYCLONEDX: Final = "https://cyclonedx.org/bom"
SPDX: Final = "https://spdx.dev/Document"


@cache
def public_key(name: str) -> PublicKey:
    """The key of a signer, made once for each name."""
    assert name
    return generate().public


def load_key(path: str) -> bytes:
    """Key files: ``release.pub`` is the key of ``release``, in whatever folder."""
    return public_key(path.rpartition("/")[2].removesuffix(".pub")).pem()


def policy(rules: str, signers: str = "release: {key: release.pub}", head: str = "", pin: str | None = None) -> Policy:
    """A policy of these rules (YAML, the items of the list)."""
    return read_policy(policy_text(rules, signers, head), where="policy.yaml", load=load_key, pin=pin)


def policy_text(rules: str, signers: str = "release: {key: release.pub}", head: str = "") -> bytes:
    """The file of such a policy."""
    lines = ["schema: supplychain/policy/v1", "id: test/policy", 'version: "1"', *head.splitlines(), "signers:"]
    lines += [f"  {line}" for line in signers.splitlines()]
    return "\n".join([*lines, "rules:", *(f"  {line}" for line in rules.splitlines()), ""]).encode()


def artifact(name: str = "app.tar.gz", content: bytes = b"the bytes of a release\n") -> Artifact:
    """Measured bytes."""
    return Artifact(name=name, sha256=hashlib.sha256(content).hexdigest(), size=len(content), path=f"dist/{name}")


def proof(about: Artifact | str, predicate: Any = None, kind: str = "signature", **changes: Any) -> Verified[Any]:
    """Verified evidence about an artifact (or a SHA-256) by the signer ``release``."""
    sha256 = about if isinstance(about, str) else about.sha256
    signer = changes.get("signer", "release")
    content = repr((sha256, predicate, kind, signer)).encode()
    fields: dict[str, Any] = {
        "predicate": Signature() if predicate is None else predicate,
        "predicate_type": kind,
        "artifact": Digest("sha256", sha256),
        "signer": signer,
        "signer_id": public_key(signer).fingerprint,
        "issuer": None,
        "certificate": None,
        "signed_at": None,
        "source": Source(f"dist/{kind}-{sha256[:6]}.json", hashlib.sha256(content).hexdigest()),
        "root": None,
        "payload_sha256": hashlib.sha256(content + b"payload").hexdigest(),
        "subjects": (),
        "unchecked": (),
    }
    made: Verified[Any] = mint(Verified, **{**fields, **changes})
    return made


def certificate(**changes: str) -> CertificateFacts:
    """That of a workflow of octo/app, which releases itself on GitHub's own runner."""
    workflow = "https://github.com/octo/app/.github/workflows/release.yml@refs/tags/v1.0.0"
    facts = {
        "identity": workflow,
        "issuer": "https://token.actions.githubusercontent.com",
        "build_signer_uri": changes.get("identity", workflow),
        "runner_environment": "github-hosted",
        "source_repository": "https://github.com/octo/app",
        "source_digest": "c" * 40,
        "source_ref": "refs/tags/v1.0.0",
        "source_repository_id": "42",
        "build_config_uri": workflow,
        "trigger": "push",
    }
    return CertificateFacts(**{**facts, **changes})


def certified(made: Verified[Any], facts: CertificateFacts | None = None, **changes: Any) -> Verified[Any]:
    """The same evidence, signed with a certificate that a trusted root vouched for."""
    facts = facts or certificate()
    fields = {name: getattr(made, name) for name in Verified.__slots__}
    fields |= {"signer_id": facts.identity, "issuer": facts.issuer, "certificate": facts, "root": "9" * 64}
    changed: Verified[Any] = mint(Verified, **{**fields, "signed_at": NOON, **changes})
    return changed


CERTIFIED: Final = (
    "release: {issuer: https://token.actions.githubusercontent.com, "
    "identity: https://github.com/octo/app/.github/workflows/release.yml@refs/tags/v*}"
)
"""The signer in a policy that `certificate` is of."""


def built(about: Artifact, *, by: str = "https://ci.example.org/runner", **changes: Any) -> Verified[Any]:
    """Verified provenance."""
    facts: dict[str, Any] = {
        k: changes.pop(k) for k in ("materials", "external_parameters", "internal_parameters") if k in changes
    }
    predicate = Provenance(build_type="https://example.org/build/v1", builder_id=by, **facts)
    return proof(about, predicate, PROVENANCE, **changes)


def refused(about: Artifact | None = None, **changes: Any) -> Rejected:
    """Evidence that a completed check refused."""
    fields: dict[str, Any] = {
        "uri": "dist/app.tar.gz.attestations.jsonl#1",
        "sha256": "f" * 64,
        "code": "SignatureInvalid",
        "message": "the signature was made by none of the trusted signers (release)",
        "judged": True,
        "sha256_of_artifact": about.sha256 if about else None,
    }
    return Rejected(**{**fields, **changes})


def file(path: str, content: bytes = b"x", **changes: Any) -> Entry:
    """A file in an archive."""
    fields: dict[str, Any] = {
        "path": path,
        "kind": EntryKind.FILE,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "mode": 0o644,
    }
    return Entry(**{**fields, **changes})


def observed(about: Artifact, *entries: Entry, **changes: Any) -> Observed:
    """The inventory of an artifact with these entries."""
    recorded = bool(changes.pop("recorded", False))
    subject = Component(ref=f"pkg:generic/{about.name}", name=about.name, type="file")
    inventory = Inventory(
        subject=subject, kind="artifact", sha256=about.sha256, entries=tuple(sorted(entries, key=attrgetter("path")))
    )
    return Observed(sha256=about.sha256, inventory=replace(inventory, **changes), recorded=recorded)


def listing(*artifacts: Artifact, signed: bool = True, extra: tuple[str, ...] = (), **facts: Any) -> Listing:
    """The folder of these artifacts with a release.json that declares them."""
    assets = tuple(sorted(Asset(name=a.name, sha256=a.sha256, size=a.size or 0) for a in artifacts))
    declared = AssetSet(release=Release(**facts), assets=assets)
    sha256 = hashlib.sha256(declared.encode()).hexdigest()
    names = {"release.json", *(["release.json.sigstore.json"] if signed else []), *(a.name for a in artifacts), *extra}
    return Listing(
        declared=declared,
        source=Source("dist/release.json", sha256),
        proof=proof(sha256) if signed else None,
        names=tuple(sorted(names)),
    )


def case(*artifacts: Artifact, **fields: Any) -> Case:
    """A case about these artifacts."""
    return Case(artifacts=artifacts, **fields)


def judged(held: Case, by: str | Policy, **changes: Any) -> Decision:
    """The decision of these rules (YAML), or this policy, about a case, at noon."""
    ready = policy(by) if isinstance(by, str) else by
    return judge(held, ready, **{"at": NOON, **changes})


def only(decision: Decision) -> Finding:
    """The one finding of a decision."""
    (finding,) = [f for f in decision.findings if f.rule != "(case)"]
    return finding


def document(value: Mapping[str, JSON], where: str = "sbom") -> Node:
    """A document as a predicate carries it."""
    return Node(dict(value), where=where)


def component(name: str, version: str = "1.0", *licences: str, **changes: Any) -> Component:
    """A package that NTIA's minimum elements would accept."""
    purl = f"pkg:pypi/{name}@{version}"
    facts: dict[str, Any] = {"ref": purl, "purl": purl, "name": name, "version": version, "producer": "Somebody"}
    return Component(**{**facts, "licences": licences, **changes})


def packed(about: Artifact, *components: Component, files: tuple[str, ...] = ("a.py", "b.py")) -> Observed:
    """The inventory of an artifact with these files and components, each contained in it."""
    inside = sorted(components, key=lambda c: c.ref)
    edges = tuple(Edge(source=f"pkg:generic/{about.name}", target=c.ref, kind=EdgeKind.CONTAINS) for c in inside)
    return observed(about, *(file(path) for path in files), components=tuple(inside), edges=edges)


def sbom(
    of: Observed, kind: str = "cyclonedx", edit: Callable[[dict[str, Any]], object] | None = None, **changes: Any
) -> Verified[Any]:
    """A verified attestation of the document of an inventory, as our own writers make it; ``edit`` alters it."""
    files = bool(changes.pop("files", True))
    form, predicate, uri = {
        "cyclonedx": ("cyclonedx-json", CycloneDx, CYCLONEDX),
        "spdx": ("spdx-json", Spdx, SPDX),
    }[kind]
    digests = (ContentDigest(algorithm="sha256", value=of.sha256, covers=Covers.FILE),)
    inventory = replace(of.inventory, subject=replace(of.inventory.subject, digests=digests))
    value = json.loads(format_named(form).write(inventory, Writing(created=NOON, tool_version="1", files=files)))
    if edit:
        edit(value)
    return proof(of.sha256, predicate(document=document(value)), uri, **changes)
