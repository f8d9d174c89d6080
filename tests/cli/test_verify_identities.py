"""verify of certificates, as typed by a person: who is named, against which root, in every form of evidence."""

import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from sigstore.errors import VerificationError
from sigstore.verify import Verifier

from supplychain import Identity, Signature, Trust, verify
from supplychain.errors import SecondOpinionDiffers
from tests.sigstore_stack import bundles, claims, root
from tests.sigstore_stack.encoding import pem
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack
from tests.support.commands import CommandLine, Ran, command

__all__ = ["command"]

CONTENT = b"the bytes of a release\n"
WORKFLOW = claims.workflow()
ISSUER = ("--certificate-oidc-issuer", WORKFLOW.issuer)
WHO = ("--certificate-identity", WORKFLOW.subject, *ISSUER)
REUSABLE = replace(WORKFLOW, subject="https://github.com/other/shared/.github/workflows/build.yml@refs/heads/main")


@dataclass(frozen=True)
class Signed:
    """A folder with a signed artifact, and the command line in it."""

    run: CommandLine
    stack: Stack

    def verify(self, *arguments: str) -> Ran:
        return self.run("verify", "app.bin", "--trusted-root", "root.json", *arguments)

    def row(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.verify(*arguments, "-o", "json").out)["results"][0]
        return found

    def write(self, name: str, value: Any) -> Path:
        return self.run.write(name, value if isinstance(value, str | bytes) else json.dumps(value))


@pytest.fixture
def signed(command: CommandLine, stack: Stack) -> Signed:
    made = Signed(command, stack)
    made.write("app.bin", CONTENT)
    made.write("root.json", root.trusted_root(stack))
    made.write("app.bin.sigstore.json", bundles.signed_artifact(stack, CONTENT))
    return made


def attested(stack: Stack, predicate_type: str, signer: bundles.Signer | None = None) -> dict[str, Any]:
    payload = bundles.statement(CONTENT, predicate_type=predicate_type)
    made: dict[str, Any] = bundles.signed_statement(stack, payload, signer=signer)
    return made


def pep740(bundle: dict[str, Any]) -> dict[str, Any]:
    material = bundle["verificationMaterial"]
    envelope = bundle["dsseEnvelope"]
    return {
        "version": 1,
        "verification_material": {
            "certificate": material["certificate"]["rawBytes"],
            "transparency_entries": material["tlogEntries"],
        },
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    }


def test_the_named_identity_verifies_and_the_row_says_all_of_it(signed: Signed) -> None:
    assert signed.verify(*WHO).code == 0
    row = signed.row(*WHO)
    assert row["error"] is None
    assert (row["signer"], row["identity"], row["issuer"]) == (WORKFLOW.subject, WORKFLOW.subject, WORKFLOW.issuer)
    assert row["source_repository"] == "https://github.com/example/widget"
    assert row["source_ref"] == "refs/tags/v1.0.0"
    assert row["signed_at"] == "2025-06-01T12:00:00Z"
    assert len(row["root"]) == 64


def test_the_screen_says_who_from_where_when_and_by_which_root(signed: Signed) -> None:
    shown = " ".join(signed.verify("--repo", "example/widget").out.split())
    row = signed.row("--repo", "example/widget")
    assert f"as {WORKFLOW.subject}" in shown
    assert "from https://github.com/example/widget refs/tags/v1.0.0" in shown
    assert "on 2025-06-01 12:00 UTC" in shown
    assert f"root sha256:{row['root'][:12]}" in shown


@pytest.mark.threat(26, 27)
@pytest.mark.parametrize(
    "who",
    [
        ("--certificate-identity", WORKFLOW.subject.replace("v1.0.0", "v1.0.1"), *ISSUER),
        ("--certificate-identity", WORKFLOW.subject, "--certificate-oidc-issuer", "https://issuer.example.com"),
        ("--repo", "example/widgets"),
        ("--repo", "example/widget", "--certificate-identity", "https://github.com/example/widget/x.yml@refs/heads/a"),
    ],
)
def test_anybody_else_is_refused(signed: Signed, who: tuple[str, ...]) -> None:
    assert signed.verify(*who).code == 1
    assert signed.row(*who)["error"]["code"] == "IdentityMismatch"


def test_a_glob_names_the_tags_of_a_workflow(signed: Signed) -> None:
    glob = WORKFLOW.subject.replace("v1.0.0", "v*")
    assert signed.verify("--certificate-identity-glob", glob, *ISSUER).code == 0
    assert signed.verify("--certificate-identity", glob, *ISSUER).code == 1


def test_a_reusable_workflow_counts_with_the_repository_it_built(signed: Signed) -> None:
    signer = bundles.enroll(signed.stack, REUSABLE)
    signed.write("app.bin.sigstore.json", bundles.signed_artifact(signed.stack, CONTENT, signer=signer))
    who = ("--certificate-identity", REUSABLE.subject)
    error = signed.row(*who, *ISSUER)["error"]
    assert error["code"] == "IdentityMismatch"
    assert "--repo OWNER/NAME" in error["hint"]
    assert signed.verify(*who, "--repo", "example/widget").code == 0
    assert signed.verify(*who, "--repo", "example/other").code == 1


@pytest.mark.threat(23, 28)
@pytest.mark.parametrize(
    ("who", "says"),
    [
        (("--certificate-identity", "a"), "--certificate-oidc-issuer"),
        (("--certificate-identity-glob", "a"), "--certificate-oidc-issuer"),
        (("--key", "absent.pub", *WHO), "two signers"),
        (("--key", "absent.pub", "--repo", "a/b"), "two signers"),
        ((), "--certificate-identity"),
        (ISSUER, "--certificate-identity"),
        ((*WHO, "--certificate-identity-glob", "b"), "exact or a glob"),
        (("--certificate-identity-regexp", ".*", *ISSUER), "--certificate-identity-glob"),
        (("--certificate-identity", "a", "--certificate-oidc-issuer-regexp", ".*"), "exact issuer"),
        (("--certificate-identity-glob", "https://github.com/.*", *ISSUER), "regular expression"),
        (("--repo", "widget"), "OWNER/NAME"),
        (("--repo", "a/b", "--certificate-oidc-issuer", "https://issuer.example.com"), "--repo means"),
        ((*WHO, "--certificate", "a.pem"), "--signature"),
    ],
)
def test_a_signer_named_badly_is_refused_before_anything_is_read(
    command: CommandLine, who: tuple[str, ...], says: str
) -> None:
    ran = command("verify", "absent.bin", "--trusted-root", "absent.json", *who)
    assert (ran.code, ran.out) == (2, "")
    assert says in " ".join(ran.err.split())


def test_one_detached_signature_is_of_one_file(command: CommandLine) -> None:
    assert command("verify", "a", "b", "--signature", "a.sig", "--key", "absent.pub").code == 2


def test_a_root_that_is_none_is_named(signed: Signed) -> None:
    signed.write("root.json", b'{"mediaType": "application/json"}')
    ran = signed.verify(*WHO)
    assert ran.code == 3
    assert ran.err.startswith("error: root.json")
    signed.write("root.json", b"{")
    assert signed.verify(*WHO).code == 3


def test_one_of_several_roots_is_enough(signed: Signed, stranger: Stack) -> None:
    signed.write("other.json", root.trusted_root(stranger))
    both = ("--trusted-root", "other.json")
    assert signed.verify(*both, *WHO).code == 0
    assert signed.run("verify", "app.bin", "--trusted-root", "other.json", *WHO).code == 1
    signed.write("other.json", b"{}")
    ran = signed.verify(*both, *WHO)
    assert ran.code == 3
    assert "other.json" in ran.err


def test_the_root_that_ships_is_the_default_and_knows_no_private_instance(signed: Signed) -> None:
    ran = signed.run("verify", "app.bin", *WHO)
    assert ran.code == 1
    assert "SignatureInvalid" in ran.out


@pytest.mark.threat(2)
def test_an_unknown_type_is_verified_as_a_statement_of_exactly_that_type(signed: Signed) -> None:
    own = "https://example.com/review/v1"
    signed.write("app.bin.attestations.jsonl", attested(signed.stack, own))
    assert signed.verify(*WHO, "--type", own).code == 0
    assert signed.verify(*WHO, "--type", "https://example.com/review/v2").code == 1
    bundle = ("--bundle", "app.bin.attestations.jsonl")
    assert signed.row(*WHO, *bundle)["error"]["code"] == "UnsupportedType"
    assert signed.row(*WHO, *bundle, "--type", own)["predicate_type"] == own
    assert signed.verify(*WHO, "--type", "review").code == 2


def form_pypi(*found: dict[str, Any]) -> Any:
    return {"version": 1, "attestation_bundles": [{"publisher": {}, "attestations": [pep740(f) for f in found]}]}


def form_npm(*found: dict[str, Any]) -> Any:
    return {"attestations": [{"predicateType": "what it likes", "bundle": f} for f in found]}


@pytest.mark.parametrize("form", [form_pypi, form_npm])
def test_a_document_of_an_index_is_verified_piece_by_piece(signed: Signed, form: Any, stranger: Stack) -> None:
    types = ("https://docs.pypi.org/attestations/publish/v1", "https://example.com/own/v1")
    signed.write("found.json", form(*(attested(signed.stack, t) for t in types)))
    results = json.loads(signed.verify(*WHO, "--bundle", "found.json", "-o", "json").out)["results"]
    assert [(r["bundle"], (r["error"] or {}).get("code")) for r in results] == [
        ("found.json#1", None),
        ("found.json#2", "UnsupportedType"),
    ]
    assert signed.verify(*WHO, "--bundle", "found.json", "--type", "publish").code == 0
    signed.write("found.json", form(*(attested(stranger, t) for t in types)))
    assert signed.verify(*WHO, "--bundle", "found.json").code == 1


def test_one_attestation_object_is_read(signed: Signed) -> None:
    signed.write("one.attestation", pep740(attested(signed.stack, "https://docs.pypi.org/attestations/publish/v1")))
    assert signed.verify(*WHO, "--bundle", "one.attestation").code == 0


def old_pair(stack: Stack) -> tuple[bytes, bytes]:
    """What cosign wrote before bundles: a signature, and the certificate of its key."""
    signer = bundles.enroll(stack)
    assert signer.certificate is not None
    signature = base64.b64decode(bundles.message(signer, CONTENT)["signature"])
    return signature, pem(signer.certificate)


@pytest.mark.parametrize("encoded", [True, False])
def test_a_certificate_without_a_trusted_time_is_incomplete(signed: Signed, encoded: bool) -> None:
    signature, certificate = old_pair(signed.stack)
    signed.write("a.sig", base64.b64encode(signature) if encoded else signature)
    signed.write("a.pem", base64.b64encode(certificate) if encoded else certificate)
    ran = signed.verify(*WHO, "--signature", "a.sig", "--certificate", "a.pem")
    assert ran.code == 3
    assert "EvidenceIncomplete" in ran.out
    assert "log" in ran.out
    (signed.run.folder / "app.bin.sigstore.json").unlink()
    signed.write("app.bin.sig", signature)
    signed.write("app.bin.pem", certificate)
    assert signed.row(*WHO)["error"]["code"] == "EvidenceIncomplete"
    assert signed.row(*WHO)["bundle"] == "app.bin.sig"


def test_a_detached_signature_verifies_by_its_key(signed: Signed) -> None:
    signer = bundles.managed()
    public = signer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed.write("team.pub", public)
    signed.write("a.sig", bundles.message(signer, CONTENT)["signature"])
    key = ("--key", "team.pub")
    assert signed.run("verify", "app.bin", *key, "--signature", "a.sig").code == 0
    assert signed.run("verify", "root.json", *key, "--signature", "a.sig").code == 1
    assert signed.run("verify", "app.bin", *WHO, "--signature", "a.sig").code == 1
    (signed.run.folder / "a.sig").rename(signed.run.folder / "root.json.sig")
    assert signed.run("verify", "root.json", *key).code == 1
    signed.write("bare.bin", CONTENT)
    (signed.run.folder / "root.json.sig").rename(signed.run.folder / "bare.bin.sig")
    assert signed.run("verify", "bare.bin", *key).code == 0


def test_a_second_opinion_is_in_the_row(signed: Signed) -> None:
    assert signed.row(*WHO)["second_opinion"] is None
    assert signed.row(*WHO, "--second-opinion")["second_opinion"] == "sigstore-python agrees"
    signed.write(
        "other.json", bundles.signed_statement(signed.stack, bundles.statement(CONTENT), kind=EntryKind.INTOTO_2)
    )
    own = ("--bundle", "other.json", "--type", "https://slsa.dev/provenance/v1")
    assert signed.verify(*WHO, *own[:2], "--second-opinion").code == 3
    ran = signed.verify(*WHO, "--second-opinion")
    assert (ran.code, "sigstore-python agrees" in ran.out) == (0, True)


def test_what_the_second_opinion_refuses_is_not_verified(signed: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise VerificationError("not to me")

    monkeypatch.setattr(Verifier, "verify_artifact", refuses)
    assert signed.verify(*WHO).code == 0
    ran = signed.verify(*WHO, "--second-opinion")
    assert ran.code == 1
    assert "SecondOpinionDiffers" in ran.out
    trust = Trust(
        Identity(WORKFLOW.subject, issuer=WORKFLOW.issuer), root=bundles.to_json(root.trusted_root(signed.stack))
    )
    assert verify(signed.run.folder / "app.bin", Signature, trust=trust)
    with pytest.raises(SecondOpinionDiffers):
        verify(signed.run.folder / "app.bin", Signature, trust=trust, second_opinion=True)
