"""Results for programs: one JSON object with a versioned schema, whole digests and times in UTC.

The shapes are written down in docs/reference/schemas; within v1 members are only added.
Everything outside ASCII is escaped, so that the text is harmless on a terminal and in a build log as it is.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar, assert_never

from supplychain._json import JSON
from supplychain.model.decision import Decision, Finding
from supplychain.model.evidence import Rejected
from supplychain.model.inventory import EntryKind, Inventory, Scope
from supplychain.model.layout import CheckedStep, LayoutVerification
from supplychain.model.release import AssetSet, Published, Release
from supplychain.model.results import KeyInfo, TrustedParties, Validation, Written
from supplychain.model.verification import Problem, Verification, VerifiedRow
from supplychain.report import Result, View
from supplychain.report.contents import complete, ecosystem
from supplychain.report.escape import data
from supplychain.report.outcome import valid
from supplychain.report.proofs import verified
from supplychain.report.screen import exact
from supplychain.report.steps import holds, step_holds


class Json:
    """JSON objects, indented by two, members always in the same order."""

    kinds: ClassVar[tuple[str, ...]] = (
        "Decision",
        "Verification",
        "LayoutVerification",
        "Validation",
        "KeyInfo",
        "Written",
        "Inventory",
        "AssetSet",
        "Published",
        "TrustedParties",
    )

    def render(self, result: Result, view: View) -> str:  # noqa: ARG002  # JSON is the same for every view
        """The object of this result."""
        text = json.dumps(_safe(shape(result)), indent=2, ensure_ascii=True)
        # It can stand in a string only, and there a CI runner would look for a command behind it.
        return text.replace("##", "#\\u0023") + "\n"


def shape(result: Result) -> dict[str, JSON]:
    """The members of the object, in order."""
    match result:
        case Decision():
            kind, members = "decision", _decision(result)
        case Verification():
            kind, members = "verification", _verification(result)
        case LayoutVerification():
            kind, members = "layout-verification", _layout(result)
        case Validation():
            kind, members = "validation", _validation(result)
        case KeyInfo():
            kind, members = "key", _key(result)
        case Written():
            kind, members = "written", _written(result)
        case Inventory():
            kind, members = "inventory", _inventory(result)
        case AssetSet():
            kind, members = "asset-set", _asset_set(result)
        case Published():
            kind, members = "published", _published(result)
        case TrustedParties():
            kind, members = "trusted-parties", _trusted(result)
        case _:
            assert_never(result)
    return {"schema": f"supplychain/{kind}/v1", **members}


def _decision(decision: Decision) -> dict[str, JSON]:
    policy = decision.policy
    return {
        "verdict": decision.verdict.value,
        "exit_code": decision.exit_code,
        "release": _release(decision.release) if decision.release else None,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256, "pinned": policy.pinned},
        "root": {"sha256": decision.root} if decision.root else None,
        "as_of": exact(decision.as_of),
        "subjects": [{"name": s.name, "sha256": s.sha256} for s in decision.subjects],
        "counts": dict(decision.counts),
        "findings": [_finding(finding) for finding in decision.findings],
        "untrusted": [_rejected(item) for item in decision.rejected],
        "inputs": [{"uri": source.uri, "sha256": source.sha256} for source in decision.inputs],
        "no_permit": decision.no_permit or None,
    }


def _finding(finding: Finding) -> JSON:
    return {
        "rule": finding.rule,
        "type": finding.type,
        "title": finding.title,
        "help": finding.help,
        "outcome": finding.outcome.value,
        "mode": finding.mode.value,
        "message": finding.message,
        "unit": finding.unit,
        "total": finding.total,
        "examined": finding.examined,
        "failed": finding.failed,
        "subject": finding.subject,
        "subject_sha256": finding.subject_sha256,
        "evidence": [
            {"uri": e.uri, "sha256": e.sha256, "pointer": e.pointer or None, "signer": e.signer or None}
            for e in finding.evidence
        ],
        "at": finding.at or None,
        "expected": finding.expected or None,
        "actual": finding.actual or None,
        "fix": finding.fix or None,
        "waiver": finding.waiver,
    }


def _rejected(item: Rejected) -> JSON:
    return {
        "uri": item.uri,
        "sha256": item.sha256,
        "code": item.code,
        "message": item.message,
        "judged": item.judged,
        "artifact_sha256": item.sha256_of_artifact,
        "predicate_type": item.predicate_type,
    }


def _release(release: Release) -> dict[str, JSON]:
    return {
        "product": release.product,
        "line": release.line,
        "version": release.version,
        "kind": release.kind,
        "cause": release.cause,
        "commit": release.commit,
    }


def _verification(result: Verification) -> dict[str, JSON]:
    return {
        "verified": verified(result),
        "exit_code": result.exit_code,
        "results": [_verified_row(row) for row in result.rows],
    }


def _verified_row(row: VerifiedRow) -> JSON:
    return {
        "artifact": row.artifact,
        "sha256": row.sha256,
        "bundle": row.bundle,
        "predicate_type": row.predicate_type,
        "signer": row.signer,
        "identity": row.identity,
        "issuer": row.issuer,
        "source_repository": row.source_repository,
        "source_ref": row.source_ref,
        "signed_at": exact(row.signed_at) if row.signed_at else None,
        "root": row.root,
        "unchecked": list(row.unchecked),
        "second_opinion": row.second_opinion,
        "error": _problem(row.error) if row.error else None,
    }


def _layout(result: LayoutVerification) -> dict[str, JSON]:
    return {
        "verified": holds(result),
        "exit_code": result.exit_code,
        "layout": result.layout,
        "sha256": result.sha256,
        "signers": list(result.signers),
        "expires": exact(result.expires) if result.expires else None,
        "steps": [_step(step) for step in result.steps],
        "products": [
            {
                "artifact": product.artifact,
                "sha256": product.sha256,
                "names": list(product.names),
                "error": _problem(product.error) if product.error else None,
            }
            for product in result.products
        ],
        "error": _problem(result.error) if result.error else None,
    }


def _step(step: CheckedStep) -> JSON:
    return {
        "name": step.name,
        "inspection": step.inspection,
        "verified": step_holds(step),
        "threshold": step.threshold,
        "signers": list(step.signers),
        "links": list(step.links),
        "materials": step.materials,
        "products": step.products,
        "notes": list(step.notes),
        "problems": [_problem(problem) for problem in step.problems],
    }


def _problem(problem: Problem) -> JSON:
    return {"code": problem.code, "message": problem.message, "hint": problem.hint or None}


def _validation(result: Validation) -> dict[str, JSON]:
    documents: list[JSON] = [
        {
            "path": document.path,
            "format": document.format or None,
            "valid": valid(document),
            "problems": [_problem(problem) for problem in document.problems],
        }
        for document in result.documents
    ]
    every = bool(documents) and all(valid(document) for document in result.documents)
    return {"valid": every, "exit_code": result.exit_code, "documents": documents}


def _key(key: KeyInfo) -> dict[str, JSON]:
    return {
        "path": key.path,
        "algorithm": key.algorithm,
        "fingerprint": key.fingerprint,
        "private": key.private,
        "encrypted": key.encrypted,
        "wrote": list(key.wrote),
    }


def _written(result: Written) -> dict[str, JSON]:
    return {
        "verb": result.verb,
        "files": list(result.files),
        "kept": list(result.kept),
        "summary": list(result.summary),
        "next": result.next or None,
    }


def _inventory(inventory: Inventory) -> dict[str, JSON]:
    subject = inventory.subject
    kinds = Counter(entry.kind for entry in inventory.entries)
    scopes = Counter(component.scope for component in inventory.components)
    gaps = inventory.completeness
    return {
        "subject": {
            "kind": inventory.kind,
            "name": subject.name,
            "version": subject.version or None,
            "purl": subject.purl or None,
            "sha256": inventory.sha256,
            "size": inventory.size,
        },
        "components": {
            "total": len(inventory.components),
            "by_ecosystem": _counts(ecosystem(component) for component in inventory.components),
            "by_scope": {scope.value: scopes[scope] for scope in Scope},
        },
        "entries": {"total": len(inventory.entries), **{kind.value: kinds[kind] for kind in EntryKind}},
        "nested_archives": inventory.archives,
        "edges": len(inventory.edges),
        "complete": complete(inventory),
        "completeness": [{"ref": gap.ref, "state": gap.state.value, "reason": gap.reason} for gap in gaps],
        "unknowns": {
            "total": len(inventory.unknowns),
            "by_field": _counts(unknown.field for unknown in inventory.unknowns),
        },
        "newest": exact(inventory.newest) if inventory.newest else None,
    }


def _counts(names: Iterable[str]) -> dict[str, JSON]:
    counted = Counter(names)
    return {name: counted[name] for name in sorted(counted)}


def _asset_set(assets: AssetSet) -> dict[str, JSON]:
    return {
        "release": _release(assets.release),
        "set": str(assets.digest),
        "assets": [{"name": a.name, "sha256": a.sha256, "size": a.size} for a in assets.assets],
    }


def _published(result: Published) -> dict[str, JSON]:
    return {
        "published": bool(result.delivered),
        "release": _release(result.release),
        "set": result.set_digest,
        "delivered": [
            {"destination": d.destination, "location": d.location, "files": d.files, "already": d.already}
            for d in result.delivered
        ],
        "resumed_from": exact(result.resumed_from) if result.resumed_from else None,
        "withheld": list(result.withheld),
    }


def _trusted(result: TrustedParties) -> dict[str, JSON]:
    return {
        "source": result.source,
        "sha256": result.sha256,
        "as_of": exact(result.as_of),
        "parties": [
            {
                "role": party.role,
                "name": party.name,
                "id": party.id,
                "since": exact(party.since),
                "until": exact(party.until) if party.until else None,
                "ended": party.ended,
            }
            for party in result.parties
        ],
        "unusable": list(result.unusable),
    }


def _safe(value: JSON) -> JSON:
    if isinstance(value, str):
        return data(value)
    if isinstance(value, list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {data(key): _safe(item) for key, item in value.items()}
    return value
