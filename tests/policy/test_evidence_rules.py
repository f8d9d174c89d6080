"""signer-identity, slsa-build, asset-set and max-size: a pass, a failure and nothing at all, for each."""

from dataclasses import replace
from typing import Any

import pytest

from supplychain.model.case import Case
from supplychain.model.decision import Finding, Outcome, Verdict
from supplychain.model.statement import Subject
from tests.support.cases import artifact, built, case, judged, listing, only, policy, proof, refused

APP = artifact()
WHL = artifact("app.whl", b"a wheel\n")
TWO = "release: {key: release.pub}\nother: {key: other.pub}"


def finding(held: Case, rule: str, signers: str = "release: {key: release.pub}") -> Finding:
    """What one rule comes to."""
    return only(judged(held, policy(f"- {{id: r, {rule}}}", signers)))


def outcomes(held: Case, rule: str, signers: str = "release: {key: release.pub}") -> list[tuple[Outcome, str]]:
    """What one rule comes to, when it finds several things."""
    decision = judged(held, policy(f"- {{id: r, {rule}}}", signers))
    return [(f.outcome, f.message) for f in decision.findings if f.rule == "r"]


SIGNED = "type: signer-identity, evidence: [signature, provenance]"


def test_signer_identity_passes_when_every_artifact_has_every_kind() -> None:
    held = case(APP, WHL, verified=(proof(APP), built(APP), proof(WHL), built(WHL)))
    found = finding(held, SIGNED)
    assert (found.outcome, found.message) == (Outcome.PASS, "signature, provenance by release")
    assert (found.examined, found.total, found.failed, len(found.evidence)) == (2, 2, 0, 4)
    assert {e.signer for e in found.evidence} == {"release"}


def test_signer_identity_names_each_artifact_that_lacks_a_kind() -> None:
    held = case(APP, WHL, verified=(proof(APP), built(APP), proof(WHL)), rejected=(refused(APP),))
    found = finding(held, SIGNED)
    assert (found.outcome, found.subject, found.examined, found.total) == (Outcome.ERROR, "app.whl", 1, 2)
    assert found.message == "no provenance attestation by release was found"
    assert found.fix.startswith("Attest the build where it runs: supplychain run")


def test_evidence_refused_as_another_type_is_not_what_is_missing() -> None:
    other = refused(APP, predicate_type="https://cyclonedx.org/bom")
    same = refused(APP, predicate_type="https://slsa.dev/provenance/v1")
    rule = "type: signer-identity, evidence: [provenance]"
    assert finding(case(APP, rejected=(other,)), rule).outcome is Outcome.ERROR
    assert finding(case(APP, rejected=(same,)), rule).outcome is Outcome.FAIL
    assert finding(case(APP, rejected=(refused(WHL),)), rule).outcome is Outcome.ERROR
    assert finding(case(APP, rejected=(refused(None),)), rule).outcome is Outcome.FAIL


def test_a_missing_kind_of_no_special_tool_says_how_to_attest_it() -> None:
    found = finding(case(APP), "type: signer-identity, evidence: [test-result]")
    assert found.fix == "Attest it: supplychain attest --type test-result app.tar.gz ..."


ALL = "type: signer-identity, evidence: [signature], signers: [release], all: true"


def test_with_all_every_piece_of_evidence_must_be_good() -> None:
    assert finding(case(APP, verified=(proof(APP),)), ALL, TWO).outcome is Outcome.PASS
    others = finding(case(APP, verified=(proof(APP), proof(APP, signer="other"))), ALL, TWO)
    assert others.outcome is Outcome.FAIL
    assert "every signature must be good, but dist/signature-" in others.message
    bad = finding(case(APP, verified=(proof(APP),), rejected=(refused(APP), refused(APP, uri="b"))), ALL, TWO)
    assert bad.outcome is Outcome.FAIL
    assert bad.message.endswith("(release) and 1 more")
    unread = finding(case(APP, verified=(proof(APP),), rejected=(refused(APP, judged=False),)), ALL, TWO)
    assert unread.outcome is Outcome.ERROR


def test_slsa_build_passes_with_the_level_its_signer_is_granted() -> None:
    found = finding(case(APP, verified=(built(APP),)), "type: slsa-build")
    assert (found.outcome, found.message) == (Outcome.PASS, "level 1, built by https://ci.example.org/runner")
    two = "release: {key: release.pub, slsa-level: 2}"
    assert finding(case(APP, verified=(built(APP),)), "type: slsa-build, level: 2", two).outcome is Outcome.PASS


@pytest.mark.threat(29)
def test_the_level_is_never_the_word_of_the_provenance() -> None:
    claiming = built(APP, by="https://slsa.dev/level/3", external_parameters={"level": 3})
    found = finding(case(APP, verified=(claiming,)), "type: slsa-build, level: 3")
    assert found.outcome is Outcome.FAIL
    assert found.message == "provenance: signer release reaches SLSA build level 1 at most, 3 is needed"
    assert (found.expected, found.actual) == ("level 3", "level 1")


@pytest.mark.threat(29)
def test_a_builder_claimed_by_another_signer_is_refused() -> None:
    named = "release: {key: release.pub, builder: https://ci.example.org/runner}"
    assert finding(case(APP, verified=(built(APP),)), "type: slsa-build", named).outcome is Outcome.PASS
    found = finding(case(APP, verified=(built(APP, by="https://evil.example"),)), "type: slsa-build", named)
    assert found.message == "provenance: it names the builder https://evil.example, and release speaks for another"


SOURCE = Subject(uri="git+https://git.example.org/octo/server@refs/tags/v1", digests={"gitCommit": "c" * 40})


@pytest.mark.parametrize(
    ("params", "outcome", "said"),
    [
        ("builders: ['https://ci.example.org/*']", Outcome.PASS, ""),
        ("builders: ['https://ci.example.com/*', 'https://ci.example.org']", Outcome.FAIL, "built by https://ci"),
        ("source: https://git.example.org/octo/server", Outcome.PASS, ""),
        ("source: 'https://git.example.org/*'", Outcome.FAIL, "its source is https://git.example.org/octo/server"),
        ("source: 'https://git.example.org/fork/server'", Outcome.FAIL, "its source is https"),
        ("ref: refs/tags/v*", Outcome.PASS, ""),
        ("ref: refs/heads/main", Outcome.FAIL, "its ref is refs/tags/v1"),
    ],
)
def test_builder_source_and_ref_are_matched(params: str, outcome: Outcome, said: str) -> None:
    found = finding(case(APP, verified=(built(APP, materials=(SOURCE,)),)), f"type: slsa-build, {params}")
    assert found.outcome is outcome
    assert said in found.message


def test_provenance_that_does_not_say_its_source_does_not_match_one() -> None:
    found = finding(case(APP, verified=(built(APP),)), "type: slsa-build, source: '**', ref: '**'")
    assert found.message == "provenance: it does not say its source; it does not say its ref"


def test_one_good_provenance_is_enough_and_the_nearest_bad_one_is_told() -> None:
    bad, worse = built(APP, by="https://evil.example", materials=(SOURCE,)), built(APP, by="https://worse.example")
    rule = "type: slsa-build, builders: ['https://ci.example.org/*'], source: 'https://git.example.org/octo/*'"
    good = built(APP, materials=(SOURCE,))
    assert finding(case(APP, verified=(bad, worse, good)), rule).outcome is Outcome.PASS
    assert finding(case(APP, verified=(bad, worse)), rule).message == "provenance: built by https://evil.example"


def test_without_provenance_slsa_build_cannot_be_judged() -> None:
    found = finding(case(APP, WHL, verified=(built(WHL),)), "type: slsa-build")
    assert (found.outcome, found.examined, found.total) == (Outcome.ERROR, 1, 2)
    refused_ = case(APP, rejected=(refused(APP),))
    assert finding(refused_, "type: slsa-build").outcome is Outcome.FAIL


SET = "type: asset-set, require: ['*.whl']"


def folder(*extra: str, signed: bool = True) -> Case:
    """A folder with two assets."""
    return case(APP, WHL, listing=listing(APP, WHL, signed=signed, extra=extra))


def test_a_folder_with_exactly_the_declared_files_passes() -> None:
    found = finding(folder(), SET)
    assert (found.outcome, found.message, found.examined) == (Outcome.PASS, "release.json is signed by release", 2)
    assert len(found.evidence) == 2


def test_evidence_of_the_assets_is_not_extra() -> None:
    names = ["SHA256SUMS", "app.whl.sigstore.json", "app.whl.attestations.jsonl", "app.tar.gz.cdx.json"]
    names += ["app.tar.gz.spdx.json", "decision.vsa.json"]
    assert finding(folder(*names), SET).outcome is Outcome.PASS


@pytest.mark.threat(38)
@pytest.mark.parametrize(
    "name",
    [
        "evil.sh",
        ".DS_Store",
        "other.whl.sigstore.json",
        "folder/",
        "app.whl.sigstore.json.sigstore.json",
        "app.whl.asc",
    ],
)
def test_an_extra_file_fails_the_set(name: str) -> None:
    found = finding(folder(name), SET)
    assert found.outcome is Outcome.FAIL
    assert found.message == f"{name}: in the folder, and neither declared nor evidence of an asset"
    assert finding(folder(name), f"{SET}, allow-extra: true").outcome is Outcome.PASS


@pytest.mark.threat(38)
def test_a_missing_asset_fails_the_set() -> None:
    found = finding(case(APP, listing=listing(APP, WHL)), SET)
    assert (found.outcome, found.message) == (Outcome.FAIL, "app.whl is missing")


@pytest.mark.threat(38)
def test_a_renamed_asset_is_told_as_one() -> None:
    renamed = replace(WHL, name="new.whl")
    declared = listing(APP, WHL)
    held = case(APP, renamed, listing=replace(declared, names=("app.tar.gz", "new.whl", "release.json")))
    messages = [message for _, message in outcomes(held, SET)]
    assert messages == [
        "app.whl was renamed to new.whl",
        "new.whl: in the folder, and neither declared nor evidence of an asset",
    ]


@pytest.mark.threat(32, 38)
def test_an_exchanged_asset_fails_the_set() -> None:
    other = artifact("app.whl", b"other bytes\n")
    found = finding(case(APP, other, listing=listing(APP, WHL)), SET)
    assert found.outcome is Outcome.FAIL
    assert found.message == f"app.whl is sha256:{other.sha256[:12]}, declared is sha256:{WHL.sha256[:12]}"
    assert (found.expected, found.actual) == (f"sha256:{WHL.sha256}", f"sha256:{other.sha256}")


@pytest.mark.threat(38)
def test_two_files_of_one_name_fail_the_set() -> None:
    other = artifact("app.whl", b"other bytes\n")
    messages = [message for _, message in outcomes(case(APP, WHL, other, listing=listing(APP, WHL)), SET)]
    assert "one name, several files: app.whl" in messages


@pytest.mark.threat(38)
@pytest.mark.parametrize("name", ["APP.whl", "con.txt", "a:b", "cafe\u0301", "caf\u00e9"])
def test_names_that_are_one_file_or_none_on_some_system_fail_the_set(name: str) -> None:
    names = [name, "cafe\u0301" if name == "caf\u00e9" else "caf\u00e9" if name == "cafe\u0301" else "x"]
    found = outcomes(folder(*names), f"{SET}, allow-extra: true")
    assert [outcome for outcome, _ in found] == [Outcome.FAIL]


def test_a_required_asset_that_is_not_declared_fails_the_set() -> None:
    found = finding(folder(), "type: asset-set, require: ['*.deb', '*.rpm', '*.whl']")
    assert (found.outcome, found.message) == (Outcome.FAIL, "no asset matches *.deb, *.rpm")


def test_single_files_have_no_set_to_be_complete() -> None:
    found = finding(case(APP), SET)
    assert found.outcome is Outcome.ERROR
    assert found.message == "single files were given: there is no release.json to hold them against"
    assert judged(case(APP), "- {id: r, type: asset-set, allow-empty: true}").verdict is Verdict.ALLOWED


def test_an_unsigned_release_file_declares_nothing() -> None:
    found = finding(folder(signed=False), SET)
    assert (found.outcome, found.message) == (Outcome.ERROR, "release.json is not signed by release")


def test_a_release_file_signed_by_nobody_named_fails() -> None:
    held = folder()
    assert held.listing is not None
    nobody = replace(held, listing=replace(held.listing, proof=None))
    found = finding(nobody, SET)
    assert found.outcome is Outcome.FAIL
    assert found.message == "release.json.sigstore.json is no signature of release.json by release"
    other = replace(held, listing=replace(held.listing, proof=proof(held.listing.source.sha256, signer="other")))
    found = finding(other, f"{SET}, signers: [release]", TWO)
    assert (found.outcome, found.message) == (Outcome.FAIL, "release.json is signed by other, not by release")
    assert finding(other, SET, TWO).outcome is Outcome.PASS


@pytest.mark.parametrize(("completed", "outcome"), [(True, Outcome.FAIL), (False, Outcome.ERROR)])
def test_why_a_release_file_is_not_proven_is_told(completed: bool, outcome: Outcome) -> None:
    held = folder()
    assert held.listing is not None
    why: Any = refused(None, judged=completed, message="why", uri="release.json.sigstore.json")
    why = replace(why, sha256_of_artifact=held.listing.source.sha256)
    unproven = replace(held, listing=replace(held.listing, proof=None), rejected=(why,))
    found = finding(unproven, SET)
    assert (found.outcome, found.message) == (outcome, "release.json.sigstore.json: why")


def test_max_size_passes_fails_and_cannot_judge() -> None:
    rule = "type: max-size, bytes: 10B, artifact: '*.whl'"
    found = finding(case(APP, WHL), rule)
    assert (found.outcome, found.examined) == (Outcome.PASS, 1)
    found = finding(case(APP, WHL), "type: max-size, bytes: 10B")
    assert (found.outcome, found.subject, found.message) == (Outcome.FAIL, "app.tar.gz", "23 bytes, 10 are allowed")
    assert (found.examined, found.total, found.failed) == (2, 2, 1)
    found = finding(case(APP), rule)
    assert (found.outcome, found.message) == (Outcome.ERROR, "nothing was examined: 0 of 0 artifacts")
    found = finding(case(replace(APP, size=None)), "type: max-size, bytes: 10B")
    assert (found.outcome, found.message) == (Outcome.ERROR, "its size is not known: only its digest was given")
