"""JSON Schemas of every result that `supplychain.report.json` writes: one document a kind, in draft 2020-12.

``python -m tests.support.result_schemas`` writes them to docs/reference/schemas; a test keeps files and code equal, and
another holds rendered results against them. A v1 schema only grows: readers must take members they do not know, so
none of them is closed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from supplychain._json import JSON
from supplychain.model.decision import Mode, Outcome, Verdict
from supplychain.model.inventory import CompletenessState, EntryKind, Scope

FOLDER: Final = Path(__file__).parents[2] / "docs/reference/schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final[dict[str, JSON]] = {"type": "string"}
_FLAG: Final[dict[str, JSON]] = {"type": "boolean"}
_COUNT: Final[dict[str, JSON]] = {"type": "integer", "minimum": 0}
_SHA256: Final[dict[str, JSON]] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TIME: Final[dict[str, JSON]] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$",
}
_EXIT: Final[dict[str, JSON]] = {"type": "integer", "enum": [0, 1, 2, 3]}


def schemas() -> dict[str, dict[str, JSON]]:
    """Every schema by the name of its file: ``<kind>.v1.schema.json``."""
    return {f"{kind}.v1.schema.json": _document(kind, title, members) for kind, (title, members) in _KINDS.items()}


def contents() -> dict[str, str]:
    """Name of each file to what it must hold."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


def _document(kind: str, title: str, members: Mapping[str, JSON]) -> dict[str, JSON]:
    schema: dict[str, JSON] = {"const": f"supplychain/{kind}/v1"}
    return {
        "$schema": DIALECT,
        "$id": f"urn:supplychain:schema:{kind}:v1",
        "title": title,
        **_object({"schema": schema, **members}),
    }


def _object(members: Mapping[str, JSON]) -> dict[str, JSON]:
    """An object in which all of these are always there; what may be absent is null."""
    return {"type": "object", "required": list(members), "properties": dict(members)}


def _list(item: JSON) -> dict[str, JSON]:
    return {"type": "array", "items": item}


def _or_null(value: dict[str, JSON]) -> dict[str, JSON]:
    return {"anyOf": [value, {"type": "null"}]}


def _about(text: str, value: dict[str, JSON]) -> dict[str, JSON]:
    return {"description": text, **value}


def _one_of(values: "type[Outcome] | type[Mode] | type[Verdict] | type[CompletenessState]") -> dict[str, JSON]:
    return {"enum": [value.value for value in values]}


def _counts(names: "list[str]") -> dict[str, JSON]:
    return _object(dict.fromkeys(names, _COUNT))


_PROBLEM = _object({"code": _about("The class of the error.", _TEXT), "message": _TEXT, "hint": _or_null(_TEXT)})
_RELEASE = _object({name: _or_null(_TEXT) for name in ("product", "line", "version", "kind", "cause", "commit")})
_CITED = _object(
    {
        "uri": _TEXT,
        "sha256": _TEXT,
        "pointer": _about("JSON pointer into the payload.", _or_null(_TEXT)),
        "signer": _about("Its name in the policy; null for what was measured.", _or_null(_TEXT)),
    }
)
_FINDING = _object(
    {
        "rule": _about("Its id in the policy.", _TEXT),
        "type": _TEXT,
        "title": _TEXT,
        "help": _TEXT,
        "outcome": _one_of(Outcome),
        "mode": _about("What fail and error do: only enforce blocks.", _one_of(Mode)),
        "message": _TEXT,
        "unit": _about("What is counted.", _TEXT),
        "total": _about("How many there are.", _COUNT),
        "examined": _COUNT,
        "failed": _COUNT,
        "subject": _about("Name of the artifact; null when it is about all.", _or_null(_TEXT)),
        "subject_sha256": _or_null(_TEXT),
        "evidence": _list(_CITED),
        "at": _about("file:line:column in the policy.", _or_null(_TEXT)),
        "expected": _or_null(_TEXT),
        "actual": _or_null(_TEXT),
        "fix": _about("What to do about it.", _or_null(_TEXT)),
        "waiver": _or_null(_TEXT),
    }
)
_REJECTED = _object(
    {
        "uri": _TEXT,
        "sha256": _TEXT,
        "code": _TEXT,
        "message": _TEXT,
        "judged": _about("True when a completed check refused it, false when it could not be judged.", _FLAG),
        "artifact_sha256": _or_null(_TEXT),
        "predicate_type": _about("Claimed, not verified.", _or_null(_TEXT)),
    }
)
_DECISION: Final[dict[str, JSON]] = {
    "verdict": _one_of(Verdict),
    "exit_code": _EXIT,
    "release": _about("From a signed release.json; null when there is none.", _or_null(_RELEASE)),
    "policy": _object(
        {
            "id": _TEXT,
            "version": _TEXT,
            "sha256": _about("Of the resolved policy.", _TEXT),
            "pinned": _about("Whether the caller named that digest.", _FLAG),
        }
    ),
    "root": _about("The trusted root; null when no certificate was judged.", _or_null(_object({"sha256": _TEXT}))),
    "as_of": _about("The time it was judged at.", _TIME),
    "subjects": _list(_object({"name": _TEXT, "sha256": _SHA256})),
    "counts": _about("Rules by outcome.", _counts([outcome.value for outcome in Outcome])),
    "findings": _about("In the order of the policy's rules.", _list(_FINDING)),
    "untrusted": _about("Evidence that was found and counts for nothing.", _list(_REJECTED)),
    "inputs": _about("Every piece of evidence that counted.", _list(_object({"uri": _TEXT, "sha256": _TEXT}))),
    "no_permit": _about("Why an allowed decision still gives no permit.", _or_null(_TEXT)),
}
_VERIFIED_ROW = _object(
    {
        "artifact": _TEXT,
        "sha256": _about("Null when it was not measured.", _or_null(_SHA256)),
        "bundle": _about("Where the evidence was found; null when there was none.", _or_null(_TEXT)),
        "predicate_type": _about("Its URI, or signature.", _or_null(_TEXT)),
        "signer": _about("The caller's name for who signed it.", _or_null(_TEXT)),
        "identity": _about("Of the certificate; null for a key, as the next three.", _or_null(_TEXT)),
        "issuer": _or_null(_TEXT),
        "source_repository": _or_null(_TEXT),
        "source_ref": _or_null(_TEXT),
        "signed_at": _about("By a trusted clock; null when nobody vouched for the time.", _or_null(_TIME)),
        "root": _about("SHA-256 of the trusted root that vouched.", _or_null(_TEXT)),
        "unchecked": _about("Digest algorithms that could not be compared.", _list(_TEXT)),
        "second_opinion": _about(
            "What another verifier said, or why it could not judge; null when it was not asked.", _or_null(_TEXT)
        ),
        "error": _about("Null means verified.", _or_null(_PROBLEM)),
    }
)
_STEP = _object(
    {
        "name": _TEXT,
        "inspection": _FLAG,
        "verified": _FLAG,
        "threshold": _about("Functionaries the layout asks for; 0 for an inspection.", _COUNT),
        "signers": _about("Fingerprints of the functionaries whose links count.", _list(_TEXT)),
        "links": _about("Where those lie.", _list(_TEXT)),
        "materials": _COUNT,
        "products": _COUNT,
        "notes": _about("What decides nothing: links that do not count, another command.", _list(_TEXT)),
        "problems": _list(_PROBLEM),
    }
)
_PRODUCT = _object(
    {
        "artifact": _TEXT,
        "sha256": _SHA256,
        "names": _about("What the step calls it.", _list(_TEXT)),
        "error": _or_null(_PROBLEM),
    }
)
_DOCUMENT = _object(
    {
        "path": _TEXT,
        "format": _about("Null when it could not be told.", _or_null(_TEXT)),
        "valid": _FLAG,
        "problems": _list(_PROBLEM),
    }
)
_INVENTORY: Final[dict[str, JSON]] = {
    "subject": _object(
        {
            "kind": _about("artifact or source.", _TEXT),
            "name": _TEXT,
            "version": _or_null(_TEXT),
            "purl": _or_null(_TEXT),
            "sha256": _about("Null for a folder.", _or_null(_SHA256)),
            "size": _about("Bytes.", _COUNT),
        }
    ),
    "components": _object(
        {
            "total": _COUNT,
            "by_ecosystem": _about(
                "By the type of the package URL; other where there is none.",
                {"type": "object", "additionalProperties": _COUNT},
            ),
            "by_scope": _counts([scope.value for scope in Scope]),
        }
    ),
    "entries": _counts(["total", *(kind.value for kind in EntryKind)]),
    "nested_archives": _COUNT,
    "edges": _COUNT,
    "complete": _about("Whether everything that was met was read.", _FLAG),
    "completeness": _list(_object({"ref": _TEXT, "state": _one_of(CompletenessState), "reason": _TEXT})),
    "unknowns": _object({"total": _COUNT, "by_field": {"type": "object", "additionalProperties": _COUNT}}),
    "newest": _about("The newest time recorded inside.", _or_null(_TIME)),
}
_KINDS: Final[dict[str, tuple[str, dict[str, JSON]]]] = {
    "decision": ("What a policy says of a release", _DECISION),
    "verification": (
        "Signatures and attestations of artifacts",
        {"verified": _FLAG, "exit_code": _EXIT, "results": _list(_VERIFIED_ROW)},
    ),
    "layout-verification": (
        "Classic in-toto links held against their layout",
        {
            "verified": _FLAG,
            "exit_code": _EXIT,
            "layout": _TEXT,
            "sha256": _about("Of the layout; null when it was refused.", _or_null(_SHA256)),
            "signers": _about("Fingerprints of the keys that must have signed it.", _list(_TEXT)),
            "expires": _or_null(_TIME),
            "steps": _about("In the order of the layout; inspections at the end.", _list(_STEP)),
            "products": _about("Files that were compared with the products of the last step.", _list(_PRODUCT)),
            "error": _about("Why the layout itself was refused.", _or_null(_PROBLEM)),
        },
    ),
    "validation": (
        "SBOMs held against the schemas of their formats",
        {"valid": _FLAG, "exit_code": _EXIT, "documents": _list(_DOCUMENT)},
    ),
    "key": (
        "A key, without its private part",
        {
            "path": _TEXT,
            "algorithm": _TEXT,
            "fingerprint": _about("sha256: of the SubjectPublicKeyInfo.", _TEXT),
            "private": _FLAG,
            "encrypted": _about("Null for a public key.", _or_null(_FLAG)),
            "wrote": _list(_TEXT),
        },
    ),
    "written": (
        "Files that a verb wrote",
        {
            "verb": _TEXT,
            "files": _list(_TEXT),
            "kept": _about("Files that already said exactly this.", _list(_TEXT)),
            "summary": _list(_TEXT),
            "next": _or_null(_TEXT),
        },
    ),
    "inventory": ("What is inside an artifact, in numbers", _INVENTORY),
    "asset-set": (
        "The declared files of a release",
        {
            "release": _RELEASE,
            "set": _about("algorithm:hex over the sorted names and digests.", _TEXT),
            "assets": _list(_object({"name": _TEXT, "sha256": _SHA256, "size": _COUNT})),
        },
    ),
    "published": (
        "A release that the world can see",
        {
            "published": _FLAG,
            "release": _RELEASE,
            "set": _TEXT,
            "delivered": _list(
                _object(
                    {
                        "destination": _TEXT,
                        "location": _TEXT,
                        "files": _COUNT,
                        "already": _about("The same bytes were there before, by digest.", _FLAG),
                    }
                )
            ),
            "resumed_from": _about("Time of the intent that was completed.", _or_null(_TIME)),
            "withheld": _about("Files, or parts of one, that did not go out, each with the reason.", _list(_TEXT)),
        },
    ),
    "trusted-parties": (
        "Whom a trusted root believes",
        {
            "source": _about("Where the root came from.", _TEXT),
            "sha256": _SHA256,
            "as_of": _TIME,
            "parties": _list(
                _object(
                    {
                        "role": _about(
                            "certificate authority, transparency log, certificate log or timestamp authority.", _TEXT
                        ),
                        "name": _TEXT,
                        "id": _about("SHA-256 of a log's key, or of an authority's first certificate.", _TEXT),
                        "since": _TIME,
                        "until": _about("Null where no end is set.", _or_null(_TIME)),
                        "ended": _about("What was signed while it lasted still counts.", _FLAG),
                    }
                )
            ),
            "unusable": _about("Keys that are in it and that nothing is verified with, and why.", _list(_TEXT)),
        },
    ),
}

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file_name, text in contents().items():
        (FOLDER / file_name).write_text(text, encoding="utf-8")
