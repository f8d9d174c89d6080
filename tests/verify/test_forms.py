"""Older and neighbouring forms: PEP 740 attestation objects, and cosign's bundles of before 2024."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    EvidenceIncomplete,
    LimitExceeded,
    LogEntryMismatch,
    MalformedDocument,
    SignatureInvalid,
    SubjectMismatch,
    SupplyChainError,
    UnsupportedType,
)
from supplychain.keys.public import wrap_public
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.verify.bundle import parse
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence
from tests.sigstore_stack import bundles
from tests.sigstore_stack.encoding import Document, b64, der, pem, unb64
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack
from tests.support.certified import ARTIFACT, AT, WHO, accepted, entry, judge, measured, raw, refused, signed_by


def pep740(stack: Stack) -> Document:
    """PEP 740 of what the stack signed and logged."""
    bundle = bundles.signed_statement(stack, bundles.statement(ARTIFACT))
    signed, material = bundle["dsseEnvelope"], bundle["verificationMaterial"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": signed["payload"], "signature": signed["signatures"][0]["sig"]},
    }


def cosign(stack: Stack, signer: bundles.Signer | None = None, *, statement: bool = False) -> Document:
    """cosign's own form: the promise of the log without a proof."""
    signer = signer or bundles.enroll(stack)
    if statement:
        bundle = bundles.signed_statement(stack, bundles.statement(ARTIFACT), signer=signer, kind=EntryKind.INTOTO_2)
        signature = b64(json.dumps(bundle["dsseEnvelope"]).encode())
    else:
        bundle = signed_by(stack, signer)
        signature = bundle["messageSignature"]["signature"]
    logged = entry(bundle)
    return {
        "base64Signature": signature,
        "cert": pem(signer.verifier).decode(),
        "rekorBundle": {
            "SignedEntryTimestamp": logged["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": logged["canonicalizedBody"],
                "integratedTime": int(logged["integratedTime"]),
                "logIndex": int(logged["logIndex"]),
                "logID": unb64(logged["logId"]["keyId"]).hex(),
            },
        },
    }


def test_pep_740_is_proof(stack: Stack, trusted: Document) -> None:
    found = pep740(stack)
    assert b'"dsseEnvelope"' not in json.dumps(found).encode()
    assert judged(found, trusted)


def judged(document: Document, trusted: Document) -> Any:
    """As `judge`, for a statement: these forms do not say at once what they hold."""
    trust = Trust(WHO, root=raw(trusted))
    return verify_evidence(Evidence(uri="b", data=raw(document)), measured(), Statement, trust=trust, at=AT)[0]


def test_cosign_bundle_of_a_file_is_proof(stack: Stack, trusted: Document) -> None:
    accepted(cosign(stack), trusted)
    wrapped = cosign(stack)
    wrapped["cert"] = b64(wrapped["cert"].encode())
    accepted(wrapped, trusted)


def test_cosign_bundle_of_a_statement_is_proof(stack: Stack, trusted: Document) -> None:
    assert judged(cosign(stack, statement=True), trusted)


@pytest.mark.parametrize("material", ["key", "none", "empty"])
def test_cosign_bundle_of_a_managed_key(stack: Stack, trusted: Document, material: str) -> None:
    """The key in it chooses nothing: it is the caller's that verifies."""
    signer, other = bundles.managed(), bundles.managed()
    found = cosign(stack, signer)
    if material == "none":
        del found["cert"]
    elif material == "empty":
        found["cert"] = ""
    accepted(found, trusted, who=wrap_public(signer.key.public_key()))
    refused(SignatureInvalid, "none of the trusted signers", found, trusted, who=wrap_public(other.key.public_key()))
    del found["rekorBundle"]
    assert judge(found, trusted, who=wrap_public(signer.key.public_key())).signed_at is None


def test_cosign_bundle_with_a_chain(stack: Stack, trusted: Document) -> None:
    found = cosign(stack)
    found["cert"] += pem(stack.authority.intermediate).decode()
    accepted(found, trusted)
    found["cert"] += pem(stack.authority.root).decode()
    refused(SignatureInvalid, "self-issued certificate", found, trusted)


def test_cosign_bundle_without_a_log_entry(stack: Stack, trusted: Document) -> None:
    found = cosign(stack)
    del found["rekorBundle"]
    refused(EvidenceIncomplete, "in no transparency log", found, trusted)


@pytest.mark.threat(9)
def test_attacks_on_older_forms(stack: Stack, trusted: Document) -> None:
    found, other = cosign(stack), cosign(stack)
    refused(SignatureInvalid, "not made by its certificate", found, trusted, about=measured(b"changed"))
    refused(LogEntryMismatch, "about another signature", found | {"rekorBundle": other["rekorBundle"]}, trusted)
    for name, value in (("integratedTime", 1), ("logIndex", 1)):
        found = cosign(stack)
        found["rekorBundle"]["Payload"][name] = value
        refused(LogEntryMismatch, "promise (SET) was not signed", found, trusted)
    found = cosign(stack)
    found["rekorBundle"]["Payload"]["logID"] = "ab" * 32
    refused(LogEntryMismatch, "a log that the trusted root does not name", found, trusted)


def test_a_changed_pep_740_statement(stack: Stack, trusted: Document) -> None:
    found = pep740(stack)
    found["envelope"]["statement"] = b64(bundles.statement(b"another"))
    with pytest.raises(SignatureInvalid):
        judged(found, trusted)


def test_pep_740_about_another_file(stack: Stack, trusted: Document) -> None:
    found = pep740(stack)
    bundle = bundles.signed_statement(stack, bundles.statement(b"another"))
    found["envelope"] = {
        "statement": bundle["dsseEnvelope"]["payload"],
        "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
    }
    found["verification_material"] = {
        "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
        "transparency_entries": bundle["verificationMaterial"]["tlogEntries"],
    }
    with pytest.raises(SubjectMismatch):
        judged(found, trusted)


def test_pep_740_has_proofs_and_version_1(stack: Stack, trusted: Document) -> None:
    found = pep740(stack)
    del found["verification_material"]["transparency_entries"][0]["inclusionProof"]
    with pytest.raises(EvidenceIncomplete, match="without an inclusion proof"):
        judged(found, trusted)
    for version, error in ((2, UnsupportedType), ("one", MalformedDocument)):
        with pytest.raises(error):
            judged(pep740(stack) | {"version": version}, trusted)
    found = pep740(stack)
    found["verification_material"]["transparency_entries"] *= 9
    with pytest.raises(LimitExceeded):
        judged(found, trusted)


@pytest.mark.threat(10)
def test_pep_740_with_one_entry_twice(stack: Stack, trusted: Document) -> None:
    found = pep740(stack)
    found["verification_material"]["transparency_entries"] *= 2
    with pytest.raises(MalformedDocument, match="one log entry twice"):
        judged(found, trusted)


def _pem(label: str, body: str = "AAAA") -> str:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


COSIGN: dict[str, Any] = {
    "an unknown field": {"extra": 1},
    "no signature": {"base64Signature": None},
    "signature that is no base64": {"base64Signature": "*"},
    "envelope that is none": {"base64Signature": b64(b"{}")},
    "envelope of more": {"base64Signature": b64(b'{"payload":"e30=","payloadType":"x","signatures":[],"x":1}')},
    "certificate that is a number": {"cert": 5},
    "certificate that is no PEM": {"cert": b64(b"junk")},
    "certificate of another label": {"cert": _pem("PRIVATE KEY")},
    "certificate cut short": {"cert": "-----BEGIN CERTIFICATE-----\nAAAA"},
    "certificate that is no base64": {"cert": _pem("CERTIFICATE", "*AAAA")},
    "certificate beyond ASCII": {"cert": _pem("CERTIFICATE", "\u00e9")},
    "certificate that is none": {"cert": _pem("CERTIFICATE")},
    "entry that is a list": {"rekorBundle": []},
    "entry without payload": {"rekorBundle": {"SignedEntryTimestamp": "AAAA"}},
}


@pytest.mark.parametrize("case", COSIGN)
def test_cosign_bundle_that_breaks_its_form(stack: Stack, trusted: Document, case: str) -> None:
    with pytest.raises(MalformedDocument):
        judge(cosign(stack) | COSIGN[case], trusted)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logID", "xyz"),
        ("logID", 5),
        ("logIndex", -1),
        ("integratedTime", -1),
        ("body", b64(b"junk")),
        ("body", b64(b"{}")),
        ("extra", 1),
    ],
)
def test_entry_of_a_cosign_bundle_that_breaks_its_form(stack: Stack, trusted: Document, name: str, value: Any) -> None:
    found = cosign(stack)
    found["rekorBundle"]["Payload"][name] = value
    with pytest.raises(MalformedDocument):
        judge(found, trusted)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "base64Signature": st.text(max_size=6) | st.just(base64.b64encode(b"{}").decode()),
            "cert": st.text(max_size=6) | st.text("-BEGIN CERTIFICATE", max_size=60),
            "rekorBundle": st.none() | st.just({}) | st.integers(),
            "verification_material": st.none() | st.just({}),
            "version": st.integers(0, 2),
        },
    )
)
def test_any_document_of_these_fields_is_read_or_our_error(document: Document) -> None:
    with contextlib.suppress(SupplyChainError):
        parse(json.dumps(document).encode(), where="x")


def test_certificates_of_a_cosign_bundle_are_der(stack: Stack) -> None:
    signer = bundles.enroll(stack)
    found: Any = parse(json.dumps(cosign(stack, signer)).encode(), where="x")
    assert signer.certificate is not None
    assert found.material.chain == (der(signer.certificate),)
