"""Whom a caller names, against what certificates say: look-alikes, globs, claims, workflows that anybody may call."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplychain.errors import IdentityMismatch, UsageError
from supplychain.keys.public import wrap_public
from supplychain.model.certificate import CertificateFacts
from supplychain.verify.trust import (
    ANY_WORKFLOW,
    GITHUB_ACTIONS,
    Claims,
    Identity,
    Signer,
    Trust,
    glob_matches,
    glob_problem,
    shown,
)
from tests.sigstore_stack import bundles, claims
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.stack import Stack
from tests.support.certified import WHO, WORKFLOW, accepted, judge, refused, signed_by

RELEASE = "https://github.com/example/widget/.github/workflows/release.yml@refs/tags/v1.0.0"
FACTS = CertificateFacts(
    identity=RELEASE,
    issuer=GITHUB_ACTIONS,
    source_repository="https://github.com/example/widget",
    source_repository_id="1296269",
    source_ref="refs/tags/v1.0.0",
    trigger="push",
)
CYRILLIC = RELEASE.replace("example", "ex\u0430mple")
FULLWIDTH = RELEASE.replace("widget", "\uff57idget")
LIGATURE = RELEASE.replace("workflows", "work\ufb02ows")
OTHERS = {
    "inside another URL": f"https://evil.example.com/{RELEASE}",
    "inside a query": f"https://evil.example.com/?{RELEASE}",
    "at the end of a host": RELEASE.replace("github.com", "evil-github.com"),
    "at the start of a host": RELEASE.replace("github.com", "github.com.evil.example.com"),
    "an owner that begins alike": RELEASE.replace("/example/", "/example-evil/"),
    "a repository that begins alike": RELEASE.replace("/widget/", "/widget-evil/"),
    "a line feed after it": f"{RELEASE}\n",
    "a line feed before it": f"\n{RELEASE}",
    "a space after it": f"{RELEASE} ",
    "NUL after it": f"{RELEASE}\0",
    "Cyrillic": CYRILLIC,
    "fullwidth": FULLWIDTH,
    "a ligature": LIGATURE,
    "another case": RELEASE.upper(),
    "any letter for a dot": RELEASE.replace("github.com", "githubxcom"),
    "another branch": RELEASE.replace("refs/tags/v1.0.0", "refs/heads/attacker"),
    "a longer ref": f"{RELEASE}/x",
    "a shorter ref": RELEASE[:-1],
    "without its ref": RELEASE.partition("@")[0],
    "a pull request": RELEASE.replace("refs/tags/v1.0.0", "refs/pull/1/merge"),
    "another workflow": RELEASE.replace("release.yml", "test.yml"),
    "nobody": "",
}


@pytest.mark.threat(21, 22, 24, 25, 26)
@pytest.mark.parametrize("case", OTHERS)
@pytest.mark.parametrize("glob", [False, True])
def test_who_is_not_exactly_named_is_somebody_else(case: str, glob: bool) -> None:
    facts = replace(FACTS, identity=OTHERS[case], source_repository="")
    assert Identity(RELEASE, issuer=GITHUB_ACTIONS, glob=glob).mismatch(facts)
    assert Identity(RELEASE, issuer=GITHUB_ACTIONS).mismatch(FACTS) is None


@pytest.mark.threat(21, 22, 24, 26)
@pytest.mark.parametrize(
    "subject",
    [OTHERS[case] for case in OTHERS if OTHERS[case] and OTHERS[case].isascii() and "\0" not in OTHERS[case]],
)
def test_certificate_of_somebody_else(stack: Stack, trusted: Document, subject: str) -> None:
    said = replace(WORKFLOW, subject=subject, source_repository_uri="")
    bundle = signed_by(stack, bundles.enroll(stack, said))
    error = refused(IdentityMismatch, "whom nobody named", bundle, trusted)
    assert shown(subject) in error.message


@pytest.mark.threat(25)
@pytest.mark.parametrize("subject", ["rele\u0430se!example.com", "\uff52elease!example.com", "release!example.com\n"])
def test_look_alike_letters_are_shown_escaped(stack: Stack, trusted: Document, subject: str) -> None:
    said = claims.Claims(subject=subject, issuer="https://issuer.example.com")
    who = Identity("release!example.com", issuer=said.issuer)
    bundle = signed_by(stack, bundles.enroll(stack, said))
    error = refused(IdentityMismatch, "whom nobody named", bundle, trusted, who=who)
    assert error.message.isascii()
    assert "\n" not in error.message
    assert ascii(subject)[1:-1] in error.message
    accepted(bundle, trusted, who=Identity(subject, issuer=said.issuer))


@pytest.mark.threat(27)
@pytest.mark.parametrize(
    "issuer", [f"{GITHUB_ACTIONS}/", "https://evil.example.com", f"{GITHUB_ACTIONS}\n", GITHUB_ACTIONS[:-1], ""]
)
def test_right_subject_of_another_issuer(stack: Stack, trusted: Document, issuer: str) -> None:
    assert WHO.mismatch(replace(FACTS, issuer=issuer))
    if issuer:
        bundle = signed_by(stack, bundles.enroll(stack, replace(WORKFLOW, issuer=issuer)))
        refused(IdentityMismatch, f"its issuer is {shown(issuer)}, expected", bundle, trusted)


@pytest.mark.threat(28)
def test_an_identity_has_a_subject_and_an_issuer() -> None:
    for subject, issuer in (("", "x"), ("x", "")):
        with pytest.raises(UsageError, match="needs a subject and an issuer"):
            Identity(subject, issuer=issuer)


def test_refusal_says_whom_it_found_and_how_many_others_were_named(stack: Stack, trusted: Document) -> None:
    bundle = signed_by(stack, bundles.enroll(stack, claims.person()))
    names = tuple(Identity(f"{n}@example.com", issuer=WORKFLOW.issuer) for n in "ab")
    error = refused(IdentityMismatch, "'release-manager@example.com'", bundle, trusted, who=names)
    assert error.message.endswith("(and none of 1 more)")
    error = refused(IdentityMismatch, "its issuer is", bundle, trusted, who=(*names[:1], some_key()))
    assert "more)" not in error.message


def some_key() -> Any:
    return wrap_public(bundles.managed().key.public_key())


REUSABLE = "https://github.com/slsa-framework/generator/.github/workflows/build.yml@refs/tags/v2.0.0"


@pytest.mark.threat(26)
def test_workflow_of_another_repository_counts_only_for_a_named_source(stack: Stack, trusted: Document) -> None:
    """Everybody may call it: its name says nothing of whose source it built."""
    said = replace(WORKFLOW, subject=REUSABLE, build_signer_uri=REUSABLE)
    bundle = signed_by(stack, bundles.enroll(stack, said))
    plain = Identity(REUSABLE, issuer=said.issuer)
    refused(IdentityMismatch, "a workflow that anybody may call", bundle, trusted, who=plain)
    asked: list[dict[str, Any]] = [
        {"source_repository": said.source_repository_uri},
        {"source_repository_id": said.source_repository_identifier},
    ]
    for each in asked:
        pinned = Identity(REUSABLE, issuer=said.issuer, claims=Claims(**each))
        accepted(bundle, trusted, who=pinned)
        ((name, value),) = each.items()
        other = Identity(REUSABLE, issuer=said.issuer, claims=Claims(**{name: f"{value}x"}))
        refused(IdentityMismatch, f"its {name.replace('_', ' ')} is", bundle, trusted, who=other)
    unpinned = Identity(REUSABLE, issuer=said.issuer, claims=Claims(ref=said.source_repository_ref, trigger="push"))
    refused(IdentityMismatch, "a workflow that anybody may call", bundle, trusted, who=unpinned)


def test_repository_that_begins_alike_is_another_one() -> None:
    facts = replace(FACTS, identity=RELEASE.replace("/widget/", "/widget-tools/"))
    assert facts.called_by_another
    assert not FACTS.called_by_another
    assert not replace(FACTS, source_repository="").called_by_another


def test_whatever_workflow_of_a_repository(stack: Stack, trusted: Document) -> None:
    who = Identity.of_repository("example/widget")
    proof = judge(signed_by(stack, bundles.enroll(stack)), trusted, who=who)
    assert (proof.signer, proof.signer_id) == ("https://github.com/example/widget", WORKFLOW.subject)
    for other in ("example/gadget", "example2/widget"):
        bundle = signed_by(stack, bundles.enroll(stack, claims.workflow(other)))
        refused(IdentityMismatch, "its source repository is", bundle, trusted, who=who)
    elsewhere = signed_by(stack, bundles.enroll(stack, claims.workflow(issuer="https://gitea.example.com")))
    refused(IdentityMismatch, "its issuer is", elsewhere, trusted, who=who)


@pytest.mark.parametrize(
    "name", ["widget", "a/b/c", "/b", "a/", "-a/b", "a/b\n", "\u0430/b", "a b/c", "a" * 40 + "/b", ""]
)
def test_a_repository_is_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="expected OWNER/NAME"):
        Identity.of_repository(name)


def test_the_name_of_any_workflow_is_nobodys_identity() -> None:
    """A certificate that is called so is judged by its claims all the same."""
    facts = CertificateFacts(identity=ANY_WORKFLOW, issuer=GITHUB_ACTIONS, source_repository="https://github.com/e/v")
    assert Identity.of_repository("example/widget").mismatch(facts)


@pytest.mark.parametrize("field", ["source_repository", "source_repository_id", "ref", "trigger"])
def test_claims_that_are_asked_for_must_hold(field: str) -> None:
    said = {"ref": FACTS.source_ref}.get(field) or getattr(FACTS, field)
    for value, holds in ((said, True), (f"{said}x", False), ("", False), (f"{said[:-1]}*", field == "ref")):
        asked: dict[str, Any] = {field: value}
        assert (Identity(RELEASE, issuer=GITHUB_ACTIONS, claims=Claims(**asked)).mismatch(FACTS) is None) == holds


@pytest.mark.threat(26)
@pytest.mark.parametrize(
    ("pattern", "ref", "holds"),
    [
        ("refs/tags/v*", "refs/tags/v1.0.0", True),
        ("refs/tags/*", "refs/tags/", True),
        ("refs/tags/v*", "refs/heads/v1", False),
        ("refs/tags/*", "refs/tags/a/b", False),
        ("refs/tags/v*.0", "refs/tags/v1.0", True),
        ("refs/tags/v*.0", "refs/tags/v1.1", False),
        ("refs/heads/*", "refs/tags/v1", False),
        ("*", "refs/tags/v1", False),
    ],
)
def test_a_ref_may_be_a_glob(pattern: str, ref: str, holds: bool) -> None:
    found = Claims(ref=pattern).mismatch(replace(FACTS, source_ref=ref))
    assert (found is None) == holds


PATTERN = "https://github.com/example/*/.github/workflows/release.yml@refs/tags/v*"


@pytest.mark.parametrize(
    ("pattern", "identity", "holds"),
    [
        (PATTERN, RELEASE, True),
        (PATTERN, RELEASE.replace("widget", "gadget"), True),
        (PATTERN, RELEASE.replace("/widget/", "/widget/x/"), False),
        (PATTERN, RELEASE.replace("v1.0.0", "v1/../../heads/x"), False),
        (PATTERN, RELEASE.replace("v1.0.0", "v1@refs/tags/v1"), False),
        (PATTERN, RELEASE.replace("release.yml", "evil.yml"), False),
        (PATTERN, f"{RELEASE}\n", False),
        (PATTERN, RELEASE.replace("widget", "wid\u200bget"), False),
        ("*@example.com", "release@example.com", True),
        ("*@example.com", "a@b@example.com", False),
        ("*@example.com", "release@evil-example.com", False),
        ("rel*se*@example.com", "relxse@example.com", True),
        ("rel*se*@example.com", "relse1@example.com", True),
        ("rel*se*x@example.com", "relsx@example.com", False),
        ("a*a@example.com", "a@example.com", False),
        ("a*b*a@example.com", "aba@example.com", True),
        ("a*b*b*a@example.com", "aba@example.com", False),
        ("a*b*c*a@example.com", "acba@example.com", False),
    ],
)
@pytest.mark.threat(23)
def test_a_star_stops_at_slash_and_at(pattern: str, identity: str, holds: bool) -> None:
    facts = CertificateFacts(identity=identity, issuer="https://issuer.example.com")
    assert (Identity(pattern, issuer=facts.issuer, glob=True).mismatch(facts) is None) == holds
    assert Identity(pattern, issuer=facts.issuer).mismatch(facts), "without glob a star is a letter"


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    "pattern",
    [
        "https://github.com/example/.*",
        "https://github.com/example/.+",
        "https://github.com/example/.?",
        "^https://github.com/example/widget",
        "https://github\\.com/example/widget",
        "https://github.com/(example|evil)/widget",
        "https://github.com/example/[a-z]/x",
        "https://github.com/example/{a}",
        "https://github.com/example/widget$",
        "https://github.com/example/**/release.yml",
        "https://*/example/widget",
        "https://github.com/*/widget",
        "https://*.com/example/widget",
        "*://github.com/example/widget",
        "release@*.com",
        "release@*",
        "*",
    ],
)
def test_pattern_that_would_let_in_more_than_it_shows(pattern: str) -> None:
    assert glob_problem(pattern)
    with pytest.raises(UsageError):
        Identity(pattern, issuer="https://issuer.example.com", glob=True)


@given(st.text("ab/@*", max_size=8), st.text("ab/@", max_size=8))
def test_a_glob_is_what_a_regular_expression_of_it_would_be(pattern: str, text: str) -> None:
    wanted = "".join("[^/@]*" if c == "*" else re.escape(c) for c in pattern)
    assert glob_matches(pattern, text, stops="/@") == bool(re.fullmatch(wanted, text))


def test_a_long_glob_takes_no_time() -> None:
    assert not glob_matches("a*" * 200 + "b", "a" * 20_000, stops="/@")


def test_long_names_are_cut_in_messages() -> None:
    assert shown("x" * 200) == "'" + "x" * 200 + "'"
    assert shown("x" * 201) == "'" + "x" * 200 + "...'"


def test_trust_says_who_and_which_roots() -> None:
    key = some_key()
    trust = Trust(WHO, key, Signer(name="ci", identity=WHO), root=b"{}")
    assert [s.name for s in trust.signers] == [WHO.subject, key.fingerprint, "ci"]
    assert trust.roots == trust.vouching() == (b"{}",)
    assert repr(trust) == f"Trust({WHO.subject}, {key.fingerprint}, ci)"
    assert Trust(WHO).vouching() == ()
    with pytest.raises(UsageError, match="empty list of trusted roots"):
        Trust(WHO, root=[])


def test_a_named_root_is_not_replaced_by_the_default() -> None:
    assert Trust(WHO, root=b"mine").or_root(lambda: b"default").vouching() == (b"mine",)
    assert Trust(WHO).or_root(lambda: b"first").or_root(lambda: b"second").vouching() == (b"first",)


def test_a_signer_is_a_key_or_an_identity() -> None:
    both: dict[str, Any] = {"key": some_key(), "identity": WHO}
    for more in ({}, both):
        with pytest.raises(UsageError, match="a key or an identity"):
            Signer(name="x", **more)
