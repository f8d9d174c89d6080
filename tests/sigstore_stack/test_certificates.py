"""Certificates say who signed in the extensions of Fulcio, and a CT log promised them."""

from dataclasses import fields

import pytest
from cryptography import x509
from sigstore.verify import policy

from tests.sigstore_stack import bundles, claims, oracle, root
from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.stack import Stack

ARTIFACT = b"signed"
WORKFLOW = claims.workflow()
POLICIES = {
    "github_workflow_trigger": policy.GitHubWorkflowTrigger,
    "github_workflow_sha": policy.GitHubWorkflowSHA,
    "github_workflow_name": policy.GitHubWorkflowName,
    "github_workflow_repository": policy.GitHubWorkflowRepository,
    "github_workflow_ref": policy.GitHubWorkflowRef,
    "build_signer_uri": policy.OIDCBuildSignerURI,
    "build_signer_digest": policy.OIDCBuildSignerDigest,
    "runner_environment": policy.OIDCRunnerEnvironment,
    "source_repository_uri": policy.OIDCSourceRepositoryURI,
    "source_repository_digest": policy.OIDCSourceRepositoryDigest,
    "source_repository_ref": policy.OIDCSourceRepositoryRef,
    "source_repository_identifier": policy.OIDCSourceRepositoryIdentifier,
    "source_repository_owner_uri": policy.OIDCSourceRepositoryOwnerURI,
    "source_repository_owner_identifier": policy.OIDCSourceRepositoryOwnerIdentifier,
    "build_config_uri": policy.OIDCBuildConfigURI,
    "build_config_digest": policy.OIDCBuildConfigDigest,
    "build_trigger": policy.OIDCBuildTrigger,
    "run_invocation_uri": policy.OIDCRunInvocationURI,
    "source_repository_visibility": policy.OIDCSourceRepositoryVisibility,
}


def arcs(certificate: x509.Certificate) -> dict[int, bytes]:
    found = {}
    for extension in certificate.extensions:
        arc = extension.oid.dotted_string.removeprefix("1.3.6.1.4.1.57264.1.")
        if arc.isdigit():
            assert isinstance(extension.value, x509.UnrecognizedExtension)
            found[int(arc)] = extension.value.value
    return found


def certificate(stack: Stack, who: Claims) -> x509.Certificate:
    issued = bundles.enroll(stack, who).certificate
    assert issued is not None
    return issued


def test_a_workflow_has_every_extension(stack: Stack) -> None:
    assert set(arcs(certificate(stack, WORKFLOW))) == {*range(1, 7), *range(8, 25)}


@pytest.mark.parametrize("name", POLICIES)
def test_each_claim_is_read_by_its_policy(stack: Stack, name: str) -> None:
    issued = certificate(stack, WORKFLOW)
    POLICIES[name](getattr(WORKFLOW, name)).verify(issued)
    with pytest.raises(Exception, match="does not match"):
        POLICIES[name]("another").verify(issued)


def test_the_issuer_is_raw_and_as_a_string(stack: Stack) -> None:
    issued = certificate(stack, WORKFLOW)
    policy.OIDCIssuer(WORKFLOW.issuer).verify(issued)
    policy.OIDCIssuerV2(WORKFLOW.issuer).verify(issued)


def test_an_absent_claim_has_no_extension(stack: Stack) -> None:
    assert set(arcs(certificate(stack, claims.person()))) == {1, 8}


@pytest.mark.parametrize("size", [1, 127, 128, 255, 256, 70_000])
def test_a_string_of_any_length_is_der(size: int) -> None:
    data = claims.utf8_string("a" * size)
    policy_value = x509.OtherName(claims.USER_NAME, data)
    assert policy_value.value.endswith(b"a" * size)
    assert data[0] == 0x0C
    long = data[1] & 0x80
    assert int.from_bytes(data[2 : 2 + (data[1] & 0x7F)]) == size if long else data[1] == size


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        (WORKFLOW.subject, x509.UniformResourceIdentifier),
        ("maintainer@example.com", x509.RFC822Name),
    ],
)
def test_an_identity_is_of_its_kind_and_verifies(stack: Stack, subject: str, kind: type[x509.GeneralName]) -> None:
    who = Claims(subject=subject, issuer="https://issuer.example.com")
    signer = bundles.enroll(stack, who)
    assert signer.certificate is not None
    names = signer.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    (name,) = names.value
    assert isinstance(name, kind)
    assert names.critical
    bundle = bundles.signed_artifact(stack, ARTIFACT, signer=signer)
    oracle.judge(root.trusted_root(stack), bundle, ARTIFACT, oracle.identity(who))


def test_a_user_name_is_an_other_name_of_fulcio(stack: Stack) -> None:
    """A DER string, as in Fulcio. sigstore-python compares tag and length with the name too, so it cannot judge one."""
    names = certificate(stack, Claims(subject="builder!ci.example.com", issuer="https://issuer.example.com"))
    (name,) = names.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name == x509.OtherName(claims.USER_NAME, b"\x0c\x16builder!ci.example.com")


def test_every_field_of_claims_has_a_place() -> None:
    assert {f.name for f in fields(Claims)} == {"subject", "issuer", *claims.LEGACY, *claims.CURRENT}
    assert claims.CURRENT["token_subject"] == 24
