"""What a certificate says: the one name, the issuer, and every claim; read exactly or not at all."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from supplychain.errors import IdentityMismatch, MalformedDocument
from supplychain.verify.trust import Claims, Identity
from tests.sigstore_stack import claims
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.stack import Stack
from tests.support.certified import WHO, WORKFLOW, Extensions, certified, judge, refused, set_to, signed_by, without


def _names(*found: x509.GeneralName) -> Callable[[Extensions], object]:
    return set_to("san", x509.SubjectAlternativeName(found), True)


URI = x509.UniformResourceIdentifier(WORKFLOW.subject)
NAMES: dict[str, tuple[Callable[[Extensions], object], str]] = {
    "none at all": (without("san"), "names nobody"),
    "an empty list": (_names(), "0 names, expected 1"),
    "two": (_names(URI, x509.RFC822Name("a@example.com")), "2 names, expected 1"),
    "one twice": (_names(URI, URI), "2 names, expected 1"),
    "a host": (_names(x509.DNSName("example.com")), "a name of the kind DNSName"),
    "a host beside a URI": (_names(URI, x509.DNSName("example.com")), "a name of the kind DNSName"),
    "another kind of other name": (
        _names(x509.OtherName(x509.ObjectIdentifier("1.2.3"), claims.utf8_string("me"))),
        "a name of the kind OtherName",
    ),
    "a user name that is no string": (
        _names(x509.OtherName(claims.USER_NAME, b"\x04\x02me")),
        "a claim that is no UTF8String",
    ),
    "a user name with more after it": (
        _names(x509.OtherName(claims.USER_NAME, b"\x30\x08" + claims.utf8_string("me") * 2)),
        "a claim that is no UTF8String",
    ),
}


@pytest.mark.parametrize("case", NAMES)
def test_certificate_that_does_not_name_exactly_one(stack: Stack, trusted: Document, case: str) -> None:
    change, words = NAMES[case]
    refused(MalformedDocument, words, signed_by(stack, certified(stack, change=change)), trusted)


def _claim(arc: int, value: bytes) -> Callable[[Extensions], object]:
    found = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{arc}"), value)
    return set_to(str(arc), found)


LONG = "x" * 300
UTF8: dict[str, bytes] = {
    "bare text": b"push",
    "empty": b"\x0c",
    "another type": b"\x16\x04push",
    "short": b"\x0c\x05push",
    "long": b"\x0c\x03push",
    "length of no end": b"\x0c\x80push\x00\x00",
    "length beyond the text": b"\x0c\x82\xff\xffpush",
    "length of four bytes": b"\x0c\x84\x00\x00\x00\x04push",
    "no UTF-8": b"\x0c\x02\xff\xfe",
}


@pytest.mark.parametrize("case", UTF8)
def test_claim_that_is_no_utf8_string(stack: Stack, trusted: Document, case: str) -> None:
    signer = certified(stack, change=_claim(20, UTF8[case]))
    refused(MalformedDocument, "its certificate has a claim that is", signed_by(stack, signer), trusted)


@pytest.mark.parametrize("text", ["", "x", "x" * 127, "x" * 128, "x" * 255, "x" * 256, "\u00e9" * 200, "x" * 65535])
def test_claims_of_any_length_are_read(stack: Stack, trusted: Document, text: str) -> None:
    signer = certified(stack, change=_claim(20, claims.utf8_string(text)))
    found = judge(signed_by(stack, signer), trusted).certificate
    assert found is not None
    assert found.trigger == text


def test_every_claim_is_read_by_its_name(stack: Stack, trusted: Document) -> None:
    said = replace(WORKFLOW, **{name: f"said {name}" for name in claims.CURRENT})
    signer = certified(stack, said=said, change=without("6"))
    found = judge(
        signed_by(stack, signer), trusted, who=replace_claims(WHO, source_repository="said source_repository_uri")
    ).certificate
    assert found is not None
    assert {
        "build_signer_uri": found.build_signer_uri,
        "build_signer_digest": found.build_signer_digest,
        "runner_environment": found.runner_environment,
        "source_repository_uri": found.source_repository,
        "source_repository_digest": found.source_digest,
        "source_repository_ref": found.source_ref,
        "source_repository_identifier": found.source_repository_id,
        "source_repository_owner_uri": found.source_owner,
        "source_repository_owner_identifier": found.source_owner_id,
        "build_config_uri": found.build_config_uri,
        "build_config_digest": found.build_config_digest,
        "build_trigger": found.trigger,
        "run_invocation_uri": found.run_uri,
        "source_repository_visibility": found.visibility,
        "deployment_environment": found.deployment_environment,
    } == {name: f"said {name}" for name in claims.CURRENT if name != "token_subject"}


def replace_claims(who: Any, **asked: str) -> Any:
    return Identity(who.subject, issuer=who.issuer, claims=Claims(**asked))


def _old(extensions: Extensions) -> None:
    """As Fulcio wrote them before the claims of today."""
    for name in [n for n in extensions if n.isdigit() and int(n) >= 8]:
        del extensions[name]


def test_old_claims_of_github_are_read(stack: Stack, trusted: Document) -> None:
    found = judge(signed_by(stack, certified(stack, change=_old)), trusted).certificate
    assert found is not None
    assert (found.issuer, found.trigger, found.source_digest) == (WORKFLOW.issuer, "push", WORKFLOW.github_workflow_sha)
    assert found.source_repository == "https://github.com/example/widget"
    assert (found.source_ref, found.source_repository_id) == ("refs/tags/v1.0.0", "")


def test_old_claims_of_another_issuer_name_no_repository_of_github(stack: Stack, trusted: Document) -> None:
    said = replace(WORKFLOW, issuer="https://gitea.example.com")
    who = Identity(said.subject, issuer=said.issuer)
    found = judge(signed_by(stack, certified(stack, said=said, change=_old)), trusted, who=who).certificate
    assert found is not None
    assert found.source_repository == ""
    assert found.source_ref == "refs/tags/v1.0.0"


def test_claims_of_today_count_before_the_old_ones(stack: Stack, trusted: Document) -> None:
    said = replace(WORKFLOW, github_workflow_trigger="schedule", github_workflow_ref="refs/heads/x")
    found = judge(signed_by(stack, certified(stack, said=said)), trusted).certificate
    assert found is not None
    assert (found.trigger, found.source_ref) == ("push", "refs/tags/v1.0.0")


@pytest.mark.threat(27, 28)
def test_certificate_without_an_issuer(stack: Stack, trusted: Document) -> None:
    def change(extensions: Extensions) -> None:
        del extensions["1"], extensions["8"]

    words = "does not say which identity provider"
    refused(MalformedDocument, words, signed_by(stack, certified(stack, change=change)), trusted)
    signer = certified(stack, change=_claim(8, claims.utf8_string("")))
    refused(MalformedDocument, words, signed_by(stack, signer), trusted)


@pytest.mark.threat(27)
def test_the_old_issuer_counts_only_where_there_is_no_other(stack: Stack, trusted: Document) -> None:
    """Extension 8 replaced extension 1: what both say differently is what 8 says."""
    signer = certified(stack, change=_claim(8, claims.utf8_string("https://evil.example.com")))
    refused(IdentityMismatch, "its issuer is 'https://evil.example.com'", signed_by(stack, signer), trusted)


def test_extensions_of_other_names_are_no_claims(stack: Stack, trusted: Document) -> None:
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.10.20"), b"\x0c\x04evil")
    found = judge(signed_by(stack, certified(stack, change=set_to("other", other))), trusted).certificate
    assert found is not None
    assert found.trigger == "push"


def test_who_may_call_a_workflow_decides_what_is_advised(stack: Stack, trusted: Document) -> None:
    called = certified(stack, said=replace(WORKFLOW, source_repository_uri="https://github.com/example/other"))
    error = refused(IdentityMismatch, "anybody may call", signed_by(stack, called), trusted)
    assert "--repo" in str(error.hint)
    somebody = Identity("somebody@example.org", issuer=WORKFLOW.issuer)
    error = refused(IdentityMismatch, "nobody named", signed_by(stack, certified(stack)), trusted, who=somebody)
    assert "--repo" not in str(error.hint)
