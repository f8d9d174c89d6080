"""Rule slsa-build under certificates: the level they support, and whose word on the build counts."""

from typing import Any

import pytest

from supplychain.model.decision import Finding, Outcome
from supplychain.model.statement import Subject
from supplychain.model.verified import Verified
from supplychain.policy.builds import supported_level
from tests.support.cases import CERTIFIED, artifact, built, case, certificate, certified, judged, only, policy

APP = artifact()
GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = certificate().identity
SHARED = "https://github.com/octo/builder/.github/workflows/build.yml@refs/tags/v3"
APART = (
    f"release: {{issuer: {GITHUB}, identity: {SHARED}, slsa-level: 3, "
    "claims: {source-repository: https://github.com/octo/app}}"
)
SOURCE = Subject(uri="git+https://github.com/octo/app@refs/tags/v1.0.0", digests={"gitCommit": "c" * 40})


def made(by: str = WORKFLOW, *, source: Subject | None = SOURCE, event: Any = None, **claims: str) -> Verified[Any]:
    """Provenance signed with a certificate."""
    inside = {"github": {"event_name": event}} if event else {}
    plain = built(APP, by=by, materials=(source,) if source else (), internal_parameters=inside)
    return certified(plain, certificate(**claims))


def finding(proof: Verified[Any], rule: str = "", signer: str = CERTIFIED) -> Finding:
    """What slsa-build says of one provenance."""
    return only(judged(case(APP, verified=(proof,)), policy(f"- {{id: r, type: slsa-build{rule}}}", signer)))


@pytest.mark.parametrize(
    ("claims", "level", "why"),
    [
        ({}, 2, "a workflow of the source that is built signs for itself"),
        ({"identity": SHARED}, 3, ""),
        ({"identity": SHARED, "build_signer_uri": ""}, 2, "a workflow of the source"),
        ({"identity": SHARED, "source_repository": ""}, 2, "a workflow of the source"),
        ({"identity": WORKFLOW.replace("octo", "Octo")}, 2, "a workflow of the source"),
        ({"identity": SHARED, "runner_environment": "self-hosted"}, 1, "it ran on a runner that is 'self-hosted'"),
        ({"runner_environment": ""}, 1, "its certificate does not say where it ran"),
        ({"issuer": "https://gitlab.com", "runner_environment": "gitlab-hosted"}, 2, "the job that is built signs"),
        ({"issuer": "https://gitlab.com", "runner_environment": "self-hosted"}, 1, "it ran on a runner that is"),
        ({"issuer": "https://gitlab.com"}, 1, "it ran on a runner that is 'github-hosted'"),
        ({"issuer": "https://accounts.example"}, 1, "its issuer 'https://accounts.example' is no build platform"),
        ({"issuer": f"{GITHUB}/evil"}, 1, "its issuer"),
    ],
)
def test_the_level_a_certificate_supports(claims: dict[str, str], level: int, why: str) -> None:
    supported, said = supported_level(certificate(**claims))
    assert supported == level
    assert said.startswith(why)


def test_a_workflow_that_signs_for_itself_is_of_level_2() -> None:
    found = finding(made(), ", level: 2")
    assert (found.outcome, found.message) == (Outcome.PASS, f"level 2, built by {WORKFLOW}")


@pytest.mark.threat(29)
def test_level_3_is_never_the_word_of_the_provenance() -> None:
    found = finding(made(), ", level: 3")
    assert found.outcome is Outcome.FAIL
    assert found.message == "provenance: signer release reaches SLSA build level 2 at most, 3 is needed"
    shared = APART.replace(", slsa-level: 3", "")
    assert finding(made(SHARED, identity=SHARED), ", level: 3", shared).outcome is Outcome.FAIL


def test_a_builder_apart_that_the_policy_vouches_for_is_of_level_3() -> None:
    assert finding(made(SHARED, identity=SHARED), ", level: 3", APART).outcome is Outcome.PASS


def test_a_certificate_that_supports_less_than_the_policy_grants_decides() -> None:
    found = finding(made(SHARED, identity=SHARED, runner_environment="self-hosted"), ", level: 2", APART)
    assert found.outcome is Outcome.FAIL
    assert found.message == (
        "provenance: it ran on a runner that is 'self-hosted', which is SLSA build level 1, 2 is needed"
    )
    assert (found.expected, found.actual) == ("level 2", "level 1")


def test_an_identity_can_be_granted_less_than_its_certificate_supports() -> None:
    low = CERTIFIED.replace("{issuer", "{slsa-level: 1, issuer")
    assert finding(made(), ", level: 2", low).outcome is Outcome.FAIL
    assert finding(made(), ", level: 1", low).outcome is Outcome.PASS


@pytest.mark.threat(29)
def test_a_builder_that_the_certificate_is_not_of_is_refused() -> None:
    found = finding(made("https://github.com/slsa-framework/slsa-github-generator/x.yml@refs/tags/v2"))
    assert found.outcome is Outcome.FAIL
    assert f"and its certificate is of '{WORKFLOW}'" in found.message
    assert (found.expected, found.actual) == (
        WORKFLOW,
        "https://github.com/slsa-framework/slsa-github-generator/x.yml@refs/tags/v2",
    )


def test_the_runner_of_the_platform_is_a_builder_its_certificates_speak_for() -> None:
    runner = "https://github.com/actions/runner/"
    assert finding(made(f"{runner}github-hosted")).outcome is Outcome.PASS
    assert finding(made(f"{runner}self-hosted")).outcome is Outcome.FAIL
    unsaid = made(runner, runner_environment="")
    assert finding(unsaid).outcome is Outcome.FAIL


def test_the_policy_may_name_the_builder_an_identity_speaks_for() -> None:
    named = CERTIFIED.replace("{issuer", "{builder: 'urn:example:builder', issuer")
    assert finding(made("urn:example:builder"), "", named).outcome is Outcome.PASS
    found = finding(made(), "", named)
    assert (found.outcome, found.expected) == (Outcome.FAIL, "urn:example:builder")


OTHER = [
    (
        Subject(uri="git+https://github.com/octo/other@refs/tags/v1.0.0", digests={"gitCommit": "c" * 40}),
        None,
        "source",
    ),
    (Subject(uri="git+https://github.com/octo/app@refs/heads/main", digests={"gitCommit": "c" * 40}), None, "ref"),
    (Subject(uri="git+https://github.com/octo/app@refs/tags/v1.0.0", digests={"gitCommit": "d" * 40}), None, "commit"),
    (SOURCE, "workflow_dispatch", "trigger"),
]


@pytest.mark.threat(29)
@pytest.mark.parametrize(("source", "event", "what"), OTHER)
def test_provenance_that_contradicts_its_certificate_is_refused(source: Subject, event: str | None, what: str) -> None:
    found = finding(made(source=source, event=event))
    assert found.outcome is Outcome.FAIL
    assert f"it names the {what} '" in found.message
    assert "its certificate says '" in found.message


def test_a_claim_the_certificate_does_not_make_is_no_fact() -> None:
    found = finding(made(source_ref=""), ", ref: 'refs/tags/v*'")
    assert found.message == (
        "provenance: it names the ref 'refs/tags/v1.0.0', its certificate says nothing of it; it does not say its ref"
    )


@pytest.mark.parametrize(
    ("params", "claims", "outcome"),
    [
        ("source: https://github.com/octo/app", {}, Outcome.PASS),
        ("source: https://github.com/octo/other", {}, Outcome.FAIL),
        ("ref: refs/tags/v*", {}, Outcome.PASS),
        ("ref: refs/heads/main", {}, Outcome.FAIL),
        ("trigger: [push, workflow_dispatch]", {}, Outcome.PASS),
        ("trigger: [push, workflow_dispatch]", {"trigger": "pull_request_target"}, Outcome.FAIL),
        ("trigger: [push]", {"trigger": ""}, Outcome.FAIL),
        (f"builders: ['{SHARED}']", {}, Outcome.FAIL),
    ],
)
def test_what_is_asked_for_is_held_against_the_certificate(
    params: str, claims: dict[str, str], outcome: Outcome
) -> None:
    assert finding(made(source=None, **claims), f", {params}").outcome is outcome


@pytest.mark.parametrize(
    "inside", [{"github": {"event_name": "push"}}, {"github_event_name": "push"}, {"github": {"event_name": 7}}, {}]
)
def test_under_a_key_the_trigger_is_what_the_provenance_says(inside: dict[str, Any]) -> None:
    rule = policy("- {id: r, type: slsa-build, trigger: [push]}")
    found = only(judged(case(APP, verified=(built(APP, internal_parameters=inside),)), rule))
    assert found.outcome is (Outcome.PASS if "push" in str(inside) else Outcome.FAIL)


def test_the_source_is_compared_without_the_ending_that_git_takes_or_leaves() -> None:
    source = Subject(uri="git+https://github.com/octo/app.git@refs/tags/v1.0.0", digests={"gitCommit": "c" * 40})
    assert finding(made(source=source)).outcome is Outcome.PASS
