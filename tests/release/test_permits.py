"""Signed decisions: what is leave to publish, and every way in which one is not."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _json
from supplychain.errors import (
    ArtifactChanged,
    AssetSetMismatch,
    EvidenceIncomplete,
    IdentityMismatch,
    LimitExceeded,
    MalformedDocument,
    PermitRefused,
    PredicateMismatch,
    SignatureInvalid,
    SupplyChainError,
    TimestampInvalid,
    UnsupportedType,
    UsageError,
)
from supplychain.model.decision import Outcome, Verdict
from supplychain.model.permit import JudgedSubject, Permit
from supplychain.model.release import Release
from supplychain.model.statement import Subject, encode_statement
from supplychain.predicates.vsa import Result, VerificationSummary
from supplychain.release import permits
from supplychain.release.permits import read_permit, summary_of, summary_statement
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Identity, Trust
from tests.support.decisions import finding
from tests.support.releases import NOON, POLICY, RELEASE, World, sha256, sign, signer_named

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(folder=tmp_path_factory.mktemp("release")).write()


def signed(world: World, change: Callable[[VerificationSummary], VerificationSummary], *, by: str = "gate") -> bytes:
    """A summary that was changed before it was signed."""
    decision = world.decide()
    payload = summary_statement(change(summary_of(decision)), decision)
    return bundles.encode(signer_named(by).sign_statement(payload))


def test_a_decision_travels(world: World) -> None:
    decision = world.decide()
    permit = world.read(world.vsa(decision))
    here = decision.permit()
    assert [(s.name, s.sha256) for s in permit.subjects] == [(s.name, s.sha256) for s in here.subjects]
    assert permit.release == here.release == RELEASE
    assert (permit.policy.id, permit.policy.version, permit.policy.sha256) == (POLICY.id, POLICY.version, POLICY.sha256)
    assert permit.policy.pinned
    assert permit.decided_at == here.decided_at
    assert {i.sha256 for i in permit.inputs} == {i.sha256 for i in here.inputs}
    assert permit.vsa is not None
    assert permit.vsa.sha256 == sha256((world.dist / "decision.vsa.json").read_bytes())


def test_a_summary_does_not_tell_where_evidence_lay(world: World) -> None:
    decision = world.decide()
    payload = summary_statement(summary_of(decision), decision)
    assert str(world.folder).encode() not in payload
    assert b"chat.zip.attestations.jsonl#1" in payload


def test_a_summary_says_what_the_decision_says(world: World) -> None:
    made = summary_of(
        world.decide(Verdict.DENIED, findings=(finding("a", Outcome.WAIVED, waiver="W-7"), finding("b", Outcome.FAIL))),
        levels=["SLSA_BUILD_LEVEL_2"],
        max_age=timedelta(hours=2),
        versions={"supplychain": "1"},
    )
    assert made.result is Result.FAILED
    assert made.judgement is not None
    assert made.judgement.waivers == ("W-7",)
    assert made.judgement.counts["fail"] == 1
    assert made.judgement.max_age_seconds == 7200
    assert (made.levels, made.resource_uri) == (("SLSA_BUILD_LEVEL_2",), "chat-server/10.11/10.11.3/patch")
    assert made.policy.digests == {"sha256": POLICY.sha256}


def test_an_undetermined_decision_has_no_summary(world: World) -> None:
    with pytest.raises(EvidenceIncomplete, match="undetermined"):
        summary_of(world.decide(Verdict.UNDETERMINED))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_decision_at_a_chosen_time_has_no_summary(world: World, verdict: Verdict) -> None:
    with pytest.raises(PermitRefused, match="chosen"):
        summary_of(world.decide(verdict, no_permit="the time was chosen by the caller"))


def test_a_summary_of_too_many_subjects_is_refused(world: World) -> None:
    decision = world.decide(subjects=tuple(JudgedSubject(name=f"a{i}", sha256="0" * 64) for i in range(1025)))
    with pytest.raises(LimitExceeded):
        summary_statement(summary_of(decision), decision)


# every condition, one at a time


def test_a_failed_decision_is_no_permit(world: World) -> None:
    with pytest.raises(PermitRefused, match="FAILED") as refused:
        world.read(world.vsa(world.decide(Verdict.DENIED)))
    assert refused.value.exit_code == 1


def test_a_decision_by_a_lax_policy_is_no_permit(world: World) -> None:
    lax = replace(POLICY, sha256="00" * 32)
    with pytest.raises(PermitRefused, match="it judged by policy sha256:000000000000, expected sha256:4f4f4f4f4f4f"):
        world.read(world.vsa(world.decide(policy=lax)))


@pytest.mark.parametrize("digests", [{}, {"sha512": "4f" * 64}, {"gitCommit": POLICY.sha256}])
def test_a_policy_without_its_digest_is_no_permit(world: World, digests: dict[str, str]) -> None:
    vsa = signed(world, lambda s: replace(s, policy=Subject(uri=s.policy.uri, digests=digests)))
    with pytest.raises(PermitRefused, match="none"):
        world.read(vsa)


def test_a_policy_of_the_same_name_is_not_the_same_policy(world: World) -> None:
    vsa = signed(world, lambda s: replace(s, policy=Subject(uri=s.policy.uri, digests={"sha256": "11" * 32})))
    with pytest.raises(PermitRefused, match="policy"):
        world.read(vsa)


def test_a_decision_by_another_verifier_is_no_permit(world: World) -> None:
    vsa = signed(world, lambda s: replace(s, verifier_id="https://example.com/lenient"))
    with pytest.raises(PermitRefused, match="verifier"):
        world.read(vsa)
    assert world.read(vsa, verifier_id="https://example.com/lenient").subjects


def test_a_decision_about_another_release_is_no_permit(world: World) -> None:
    with pytest.raises(PermitRefused, match=r"it is about 'chat-server/10\.11/10\.11\.3/patch'"):
        world.read(world.vsa(), resource_uri="chat-server/10.11/10.11.4/patch")


def test_a_decision_that_names_two_releases_is_no_permit(world: World) -> None:
    vsa = signed(world, lambda s: replace(s, resource_uri="chat-server/10.11/10.11.4/patch"))
    with pytest.raises(PermitRefused, match="two different releases"):
        world.read(vsa, resource_uri="chat-server/10.11/10.11.4/patch")


def test_a_decision_that_hides_its_evidence_is_no_permit(world: World) -> None:
    with pytest.raises(PermitRefused, match="does not list"):
        world.read(signed(world, lambda s: replace(s, inputs=None)))


def test_a_decision_without_a_time_is_no_permit(world: World) -> None:
    with pytest.raises(PermitRefused, match="when it was decided"):
        world.read(signed(world, lambda s: replace(s, time_verified=None)))


def test_a_decision_of_tomorrow_is_no_permit(world: World) -> None:
    with pytest.raises(TimestampInvalid, match="after now"):
        world.read(world.vsa(), at=NOON - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("max_age", "age", "counts"),
    [
        (None, timedelta(0), True),
        (None, DAY, True),
        (None, DAY + timedelta(microseconds=1), False),
        (timedelta(hours=1), timedelta(hours=1), True),
        (timedelta(hours=1), timedelta(hours=1, microseconds=1), False),
        (3 * DAY, 3 * DAY, True),
        (3 * DAY, 4 * DAY, False),
    ],
)
def test_a_decision_ages(world: World, max_age: timedelta | None, age: timedelta, counts: bool) -> None:
    vsa = world.vsa(max_age=max_age)
    if counts:
        assert world.read(vsa, at=NOON + age).decided_at == NOON
        return
    with pytest.raises(PermitRefused, match="counted for") as refused:
        world.read(vsa, at=NOON + age)
    assert "gate" in refused.value.hint


def test_a_decision_signed_by_somebody_else_is_no_permit(world: World) -> None:
    with pytest.raises(SignatureInvalid):
        world.read(world.vsa(by="stranger"))
    with pytest.raises(IdentityMismatch):
        world.read(world.vsa(), trust=Trust(Identity("me@example.org", issuer="https://issuer.example")))


def test_a_decision_of_other_files_publishes_nothing(world: World, tmp_path: Path) -> None:
    other = World(folder=tmp_path, files={"chat.zip": b"other", "chat.tar.gz": b"server"}).write()
    permit = world.read(other.vsa())
    with pytest.raises(ArtifactChanged):
        world.publish(permit)
    fewer = World(folder=tmp_path / "fewer", files={"chat.zip": world.files["chat.zip"]}).write()
    with pytest.raises(AssetSetMismatch):
        world.publish(world.read(fewer.vsa()))
    assert not world.srv.exists()


@pytest.mark.parametrize(
    "subject",
    [
        Subject(name="", digests={"sha256": "00" * 32}),
        Subject(name="a", digests={"sha512": "00" * 64}),
        Subject(name="../a", digests={"sha256": "00" * 32}),
        Subject(name="con", digests={"sha256": "00" * 32}),
    ],
)
def test_a_subject_that_names_no_file_is_no_permit(world: World, subject: Subject) -> None:
    payload = encode_statement([subject], VerificationSummary.TYPES[0], summary_of(world.decide()).encode())
    with pytest.raises(SupplyChainError) as refused:
        world.read(bundles.encode(signer_named("gate").sign_statement(payload)))
    assert refused.value.code in ("PermitRefused", "UnsafePath", "AssetSetMismatch")


def test_subjects_are_read_from_the_bytes_that_were_signed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should two readings of the bundle ever differ, the unsigned one must not choose the subjects."""
    claims = permits._claims
    monkeypatch.setattr(permits, "_claims", lambda evidence: (b"other payload", claims(evidence)[1]))
    with pytest.raises(PermitRefused, match="not those that were signed"):
        world.read(world.vsa())


def test_another_statement_is_no_decision(world: World) -> None:
    payload = encode_statement([Subject(name="a", digests={"sha256": "00" * 32})], "urn:x", {})
    with pytest.raises(PredicateMismatch):
        world.read(bundles.encode(signer_named("gate").sign_statement(payload)))
    with pytest.raises(PermitRefused, match="signature of a file"):
        world.read(sign("a", b"a", by="gate"))


@pytest.mark.parametrize(
    ("vsa", "error"),
    [
        (b"", MalformedDocument),
        (b"{}", MalformedDocument),
        (b"[]", MalformedDocument),
        (b'{"mediaType": "x"}', UnsupportedType),
    ],
)
def test_what_is_no_bundle_is_no_decision(world: World, vsa: bytes, error: type[SupplyChainError]) -> None:
    with pytest.raises(error):
        world.read(vsa)


@pytest.mark.parametrize("digest", ["", "4f", "4F" * 32, "md5:" + "4f" * 16, "4f" * 32 + "\n"])
def test_a_policy_digest_is_whole(world: World, digest: str) -> None:
    with pytest.raises(UsageError, match="policy digest"):
        world.read(world.vsa(), policy_sha256=digest)
    assert world.read(world.vsa(), policy_sha256=f"sha256:{POLICY.sha256}").policy.sha256 == POLICY.sha256


def test_a_foreign_summary_by_the_named_verifier_counts(world: World) -> None:
    permit = world.read(
        signed(world, lambda s: replace(s, judgement=None, resource_uri="pkg:generic/x@1")), resource_uri=None
    )
    assert permit.release is None
    assert (permit.policy.id, permit.policy.version) == ("urn:supplychain:policy:chat/server-release@2026.11.1", "")


def test_a_release_without_facts_is_none(world: World, tmp_path: Path) -> None:
    unnamed = World(folder=tmp_path, release=None).write()
    assert unnamed.read(unnamed.vsa()).release is None
    assert Release().resource_uri == "_/_/_/_"


def test_inputs_without_a_sha256_let_nothing_out(world: World) -> None:
    vsa = signed(world, lambda s: replace(s, inputs=(Subject(uri="a", digests={"sha512": "00" * 64}),)))
    assert world.read(vsa).inputs == ()


def test_a_permit_is_minted_and_never_made(world: World) -> None:
    with pytest.raises(TypeError):
        Permit(subjects=())
    permit = world.read(world.vsa())
    with pytest.raises(AttributeError):
        permit.subjects = ()


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_no_flipped_bit_makes_a_permit(data: st.DataObject) -> None:
    vsa = _SIGNED or _sign_once()
    payload_at = vsa.index(b'"payload":"') + 11
    place = data.draw(st.one_of(st.integers(0, len(vsa) - 1), st.integers(payload_at, payload_at + 400)))
    bit = data.draw(st.integers(0, 7))
    flipped = vsa[:place] + bytes([vsa[place] ^ 1 << bit]) + vsa[place + 1 :]
    trust = Trust(signer_named("gate").key.public)
    try:
        permit = read_permit(flipped, where="x", trust=trust, policy_sha256=POLICY.sha256, at=NOON)
    except SupplyChainError:
        return
    # unauthenticated parts may change (the hint of a key); what was signed may not
    assert _payload(flipped) == _payload(vsa)
    assert [s.sha256 for s in permit.subjects] == ["aa" * 32]


@given(data=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_typed_error(data: bytes) -> None:
    trust = Trust(signer_named("gate").key.public)
    with pytest.raises(SupplyChainError):
        read_permit(data, where="x", trust=trust, policy_sha256=POLICY.sha256, at=NOON)


_SIGNED = b""


def _sign_once() -> bytes:
    global _SIGNED  # noqa: PLW0603  # one key and one signature for all examples
    summary = VerificationSummary(
        verifier_id="urn:supplychain:gate:v1",
        result=Result.PASSED,
        resource_uri="_/_/_/_",
        policy=Subject(uri="urn:p", digests={"sha256": POLICY.sha256}),
        time_verified=datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        inputs=(),
    )
    payload = encode_statement([Subject(name="a", digests={"sha256": "aa" * 32})], summary.TYPES[0], summary.encode())
    _SIGNED = bundles.encode(signer_named("gate").sign_statement(payload))
    return _SIGNED


def _payload(bundle: bytes) -> Any:
    return base64.b64decode(_json.parse(bundle, where="x").at("dsseEnvelope").at("payload").text())
