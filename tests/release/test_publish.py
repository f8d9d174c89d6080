"""publish: all of a release or nothing, exactly what was judged, once."""

import hashlib
import json
import os
import sys
import warnings
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from supplychain import _json
from supplychain.errors import (
    ArtifactChanged,
    AssetSetMismatch,
    DestinationConflict,
    EvidenceRevoked,
    LimitExceeded,
    PermitRefused,
    StoreError,
    SupplyChainError,
    UnsafePath,
    UsageError,
)
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.names import RELEASE_ATTESTATIONS
from supplychain.model.permit import JudgedSubject
from supplychain.model.release import Release, set_digest
from supplychain.model.verified import Source
from supplychain.predicates.intent import Intent
from supplychain.predicates.release import ReleasePredicate
from supplychain.release.publish import find_intent
from supplychain.stores import Place
from supplychain.stores.files import FileStore
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence
from tests.support.releases import NOON, RELEASE, World, attest, sha256, sign, signer_named

HERE = "chat-server/10.11.3"
posix = pytest.mark.skipif(os.name != "posix", reason="forks and links of POSIX")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(folder=tmp_path).write()


def key_of(world: World) -> str:
    return set_digest((n, sha256(d)) for n, d in world.files.items()).value


def test_exactly_what_was_judged_is_published(world: World) -> None:
    published = world.publish()
    seen = world.visible()
    judged = {
        f"{HERE}/{p.name}": p.read_bytes() for p in world.dist.iterdir() if not p.name.endswith(".attestations.jsonl")
    }
    assert seen.items() >= judged.items()
    for name in world.files:
        lines = (world.dist / f"{name}.attestations.jsonl").read_bytes().split(b"\n")
        assert seen[f"{HERE}/{name}.attestations.jsonl"] == lines[0] + b"\n"
    assert published.set_digest == key_of(world)
    assert published.resumed_from is None
    assert [(d.files, d.already) for d in published.delivered] == [(len(seen) - 1, False)]
    assert published.delivered[0].location == (world.srv / HERE).as_uri()
    assert published.withheld == tuple(
        f"{name}.attestations.jsonl: 1 of 2 attestations were not judged" for name in sorted(world.files)
    )


def test_the_release_attestation_is_about_every_asset(world: World) -> None:
    world.publish()
    (line,) = world.visible()[f"{HERE}/{RELEASE_ATTESTATIONS}"].splitlines()
    trust = Trust(signer_named("publisher").key.public)
    for name, data in world.files.items():
        proof = verify_evidence(
            Evidence(uri="x", data=line),
            Artifact(name=name, sha256=sha256(data)),
            ReleasePredicate,
            trust=trust,
            at=NOON,
        )[0]
        assert proof.predicate.purl == "pkg:generic/chat-server@10.11.3"
        assert proof.predicate.release == RELEASE
        assert proof.predicate.set_digest == key_of(world)


def test_the_pointer_names_the_newest_release(world: World) -> None:
    world.publish()
    pointer = _json.parse(world.visible()["chat-server/latest.json"], where="latest.json")
    assert pointer.at("version").text() == "10.11.3"
    assert pointer.at("path").text() == "10.11.3/"
    assert pointer.at("sha256").text() == key_of(world)


def test_a_release_without_a_name_lies_under_its_digest(tmp_path: Path) -> None:
    world = World(folder=tmp_path, release=None).write()
    world.publish()
    assert f"_/{key_of(world)[:12]}/chat.zip" in world.visible()


def test_publishing_again_changes_nothing(world: World) -> None:
    world.publish()
    before, modified = world.visible(), (world.srv / HERE).stat().st_mtime_ns
    again = world.publish()
    assert [d.already for d in again.delivered] == [True]
    assert world.visible() == before
    assert (world.srv / HERE).stat().st_mtime_ns == modified


def test_a_rerun_of_an_older_release_does_not_move_the_pointer_back(world: World, tmp_path: Path) -> None:
    world.publish()
    newer = World(folder=tmp_path / "newer", release=Release(product="chat-server", version="10.11.4")).write()
    newer.publish(to=[world.srv.as_uri()])
    world.publish()
    assert b"10.11.4" in world.visible()["chat-server/latest.json"]


def test_a_missing_pointer_is_written_again(world: World) -> None:
    world.publish()
    (world.srv / "chat-server" / "latest.json").unlink()
    world.publish()
    assert b"10.11.3" in world.visible()["chat-server/latest.json"]


def test_another_release_of_the_same_version_is_refused(world: World, tmp_path: Path) -> None:
    world.publish()
    before = world.visible()
    files = world.files
    for changed in ({**files, "chat.zip": b"other"}, {"chat.zip": files["chat.zip"]}, {**files, "more.zip": b"x"}):
        other = World(folder=tmp_path / sha256(repr(changed).encode()), files=changed).write()
        with pytest.raises(DestinationConflict, match="published with other bytes") as refused:
            other.publish(to=[world.srv.as_uri()])
        assert refused.value.exit_code == 3
        assert world.visible() == before


def test_a_wrong_published_checksum_is_a_conflict(world: World) -> None:
    world.publish()
    (world.srv / HERE / "SHA256SUMS").write_text("wrong")
    with pytest.raises(DestinationConflict, match="SHA256SUMS"):
        world.publish()


def test_a_conflict_at_one_destination_leaves_the_others_untouched(world: World, tmp_path: Path) -> None:
    (tmp_path / "other" / HERE).mkdir(parents=True)
    (tmp_path / "other" / HERE / "chat.zip").write_bytes(b"squatter")
    with pytest.raises(DestinationConflict):
        world.publish(to=[world.srv.as_uri(), (tmp_path / "other").as_uri()])
    assert world.visible() == {}


def test_a_second_destination_joins_later_with_the_same_attestation(world: World, tmp_path: Path) -> None:
    world.publish()
    to = [world.srv.as_uri(), (tmp_path / "mirror").as_uri()]
    again = world.publish(to=to)
    assert [d.already for d in again.delivered] == [True, False]
    assert world.visible(tmp_path / "mirror") == world.visible()


# who may publish what


def test_a_replaced_asset_is_refused_and_nothing_is_visible(world: World) -> None:
    permit = world.decide().permit()
    (world.dist / "chat.zip").write_bytes(b"evil!!")
    with pytest.raises(ArtifactChanged) as refused:
        world.publish(permit)
    assert refused.value.exit_code == 1
    assert not world.srv.exists()


@pytest.mark.parametrize("moment", ["intent", "put chat.tar.gz"])
def test_an_asset_replaced_while_publishing_is_refused(world: World, moment: str) -> None:
    def replace(step: str) -> None:
        if step.startswith(moment):
            (world.dist / "chat.zip").write_bytes(b"evil!!")

    with pytest.raises(ArtifactChanged, match=r"chat\.zip was judged as"):
        world.publish(at_step=replace)
    assert world.visible() == {}


def test_bytes_changed_at_the_destination_are_not_attested(world: World) -> None:
    key = key_of(world)

    def tamper(step: str) -> None:
        if step.startswith("put SHA256SUMS"):
            (world.srv / ".staging" / key / "chat.zip").write_bytes(b"evil!!")

    with pytest.raises(ArtifactChanged, match="gives back"):
        world.publish(at_step=tamper)
    assert world.visible() == {}
    assert b'"released"' not in (world.srv / ".supplychain" / "journal" / f"{key}.jsonl").read_bytes()


def test_bytes_changed_just_before_they_become_visible_get_no_pointer(world: World) -> None:
    def tamper(step: str) -> None:
        if step.startswith("sealed"):
            (world.srv / ".staging" / key_of(world) / "chat.zip").write_bytes(b"evil!!")

    with pytest.raises(ArtifactChanged, match="visible now"):
        world.publish(at_step=tamper)
    assert "chat-server/latest.json" not in world.visible()
    with pytest.raises(DestinationConflict):
        world.publish()


@posix
def test_an_asset_that_is_a_link_is_refused(world: World) -> None:
    (world.dist / "chat.zip").unlink()
    (world.dist / "elsewhere").write_bytes(world.files["chat.zip"])
    (world.dist / "chat.zip").symlink_to("elsewhere")
    with pytest.raises(UnsafePath):
        world.publish(evidence=[])


@pytest.mark.parametrize("change", ["missing", "extra", "renamed"])
def test_other_files_than_were_judged_are_refused(world: World, change: str) -> None:
    assets = world.assets
    if change != "extra":
        del assets["chat.zip"]
    if change != "missing":
        assets["more.zip"] = world.dist / "chat.zip"
    with pytest.raises(AssetSetMismatch):
        world.publish(assets=assets)
    assert not world.srv.exists()


def test_a_decision_is_no_permit(world: World) -> None:
    forged: Any = world.decide()
    with pytest.raises(PermitRefused, match="takes a Permit"):
        world.publish(forged)


def test_a_permit_ages_and_is_never_of_tomorrow(world: World) -> None:
    permit = world.decide().permit()
    world.now = NOON + timedelta(hours=25)
    with pytest.raises(PermitRefused, match="counted for"):
        world.publish(permit)
    world.now = NOON - timedelta(seconds=1)
    with pytest.raises(PermitRefused, match="after now"):
        world.publish(permit)
    assert world.visible() == {}


def test_a_yanked_set_is_refused(world: World) -> None:
    with pytest.raises(EvidenceRevoked, match="data loss"):
        world.publish(revoked=lambda key: "data loss" if key == key_of(world) else None)
    assert not world.srv.exists()
    world.publish(revoked=lambda _: None)


def test_a_release_of_too_many_files_is_refused(world: World) -> None:
    subjects = tuple(JudgedSubject(name=f"a{i}", sha256="0" * 64) for i in range(1025))
    with pytest.raises(LimitExceeded, match="1024"):
        world.publish(world.decide(subjects=subjects).permit())


@pytest.mark.parametrize("product", ["../etc", "a/b", ".staging", "..", ".supplychain", "con"])
def test_a_product_cannot_leave_its_place(tmp_path: Path, product: str) -> None:
    world = World(folder=tmp_path, release=Release(product=product, version="1")).write()
    with pytest.raises(SupplyChainError):
        world.publish()
    assert world.visible(tmp_path).keys() == {f"dist/{p.name}" for p in world.dist.iterdir()}


@pytest.mark.parametrize(
    ("to", "error"),
    [
        ([], UsageError),
        (["file:///srv"] * 65, UsageError),
        (["oci://registry/chat"], UsageError),
        (["srv"], UsageError),
    ],
)
def test_destinations_are_checked_before_anything_is_read(
    world: World, to: list[str], error: type[SupplyChainError]
) -> None:
    with pytest.raises(error):
        world.publish(to=to)


def test_one_destination_named_twice_is_refused(world: World) -> None:
    url = world.srv.as_uri()
    with pytest.raises(UsageError, match="twice"):
        world.publish(to=[url, url.replace("file://", "file://localhost") + "/"])


# what goes out with the assets


def test_evidence_that_was_not_judged_stays_here(world: World) -> None:
    (world.dist / "notes.txt").write_text("TBD")
    (world.dist / "chat.zip.spdx.json").write_text("{}")
    (world.dist / "chat.tar.gz.sigstore.json").write_text("{}")
    (world.dist / "chat.zip.attestations.jsonl").write_bytes(
        attest({"chat.zip": world.files["chat.zip"]}, "urn:x", {}, by="stranger")
    )
    inputs = [
        s for s in world.inputs if not s.uri.endswith(("chat.tar.gz.sigstore.json", "chat.zip.attestations.jsonl#1"))
    ]
    published = world.publish(world.decide(inputs=tuple(inputs)).permit())
    names = {Path(name).name for name in world.visible()}
    assert not names & {"notes.txt", "chat.zip.spdx.json", "chat.tar.gz.sigstore.json", "chat.zip.attestations.jsonl"}
    assert "chat.zip.cdx.json" not in names
    assert "chat.tar.gz.cdx.json" in names
    assert [line.partition(":")[0] for line in published.withheld] == [
        "chat.tar.gz.attestations.jsonl",
        "chat.tar.gz.sigstore.json",
        "chat.zip.attestations.jsonl",
        "chat.zip.cdx.json",
        "chat.zip.spdx.json",
        "notes.txt",
    ]


@pytest.mark.parametrize("change", [b'{"bomFormat":"CycloneDX"}', b'{"version":1.0}'])
def test_an_sbom_that_differs_from_the_attested_one_stays_here(world: World, change: bytes) -> None:
    (world.dist / "chat.zip.cdx.json").write_bytes(change)
    published = world.publish()
    assert f"{HERE}/chat.zip.cdx.json" not in world.visible()
    assert "chat.zip.cdx.json: it was not judged" in published.withheld


def test_an_sbom_spelled_otherwise_is_the_same_sbom(world: World) -> None:
    document = _json.parse((world.dist / "chat.zip.cdx.json").read_bytes(), where="x")
    (world.dist / "chat.zip.cdx.json").write_text(json.dumps(document.value, indent=2))
    world.publish()
    assert f"{HERE}/chat.zip.cdx.json" in world.visible()


def test_a_signature_among_attestations_attests_no_document(world: World) -> None:
    path = world.dist / "chat.zip.attestations.jsonl"
    signature = sign("chat.zip", world.files["chat.zip"])
    path.write_bytes(signature + b"\n" + b"{}\n" + path.read_bytes())
    extra = (Source("x", sha256(signature)), Source("y", sha256(b"{}")))
    kept = path.read_bytes().split(b"\n")[2]
    world.publish(world.decide(inputs=(*world.inputs, *extra, Source("z", sha256(kept)))).permit())
    assert f"{HERE}/chat.zip.cdx.json" in world.visible()
    assert world.visible()[f"{HERE}/chat.zip.attestations.jsonl"].splitlines() == [signature, b"{}", kept]


def test_an_sbom_of_another_asset_does_not_pass_for_this_one(world: World) -> None:
    (world.dist / "chat.zip.cdx.json").write_bytes((world.dist / "chat.tar.gz.cdx.json").read_bytes())
    world.publish()
    assert f"{HERE}/chat.zip.cdx.json" not in world.visible()


@pytest.mark.parametrize("name", ["SHA256SUMS", "release.json"])
def test_a_list_of_other_assets_stops_the_release(world: World, tmp_path: Path, name: str) -> None:
    other = World(folder=tmp_path / "other", files={**world.files, "chat.zip": b"other"}).write()
    (world.dist / name).write_bytes((other.dist / name).read_bytes())
    with pytest.raises(AssetSetMismatch):
        world.publish()
    assert not world.srv.exists()


def test_a_release_file_with_unjudged_facts_stays_here(world: World) -> None:
    permit = world.decide(release=None, inputs=()).permit()
    published = world.publish(permit)
    assert "release.json: it was not judged" in published.withheld
    assert not [name for name in world.visible() if name.endswith("release.json")]


def test_a_release_file_that_says_what_was_judged_goes_out_unsigned(world: World) -> None:
    world.publish(world.decide(inputs=()).permit())
    names = {Path(name).name for name in world.visible()}
    assert names == {*world.files, "release.json", "SHA256SUMS", RELEASE_ATTESTATIONS, "latest.json"}


def test_the_signed_decision_goes_out_under_a_name_that_says_so(world: World) -> None:
    permit = world.read(world.vsa())
    (world.dist / "decision.vsa.json").rename(world.dist / "decision.json")
    for _ in range(2):
        published = world.publish(permit)
        assert "decision" not in " ".join(published.withheld)
    assert f"{HERE}/decision.json.vsa.json" in world.visible()


def test_another_decision_stays_here(world: World) -> None:
    permit = world.read(world.vsa())
    world.vsa()
    assert "decision.vsa.json: it was not judged" in world.publish(permit).withheld


def test_two_files_that_would_share_a_name_are_refused(world: World, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / "SHA256SUMS").write_bytes((world.dist / "SHA256SUMS").read_bytes())
    with pytest.raises(AssetSetMismatch):
        world.publish(evidence=[*world.evidence, again / "SHA256SUMS"])


def test_attestations_of_an_earlier_release_keep_their_place(world: World) -> None:
    line = attest(world.files, "urn:x", {})
    (world.dist / RELEASE_ATTESTATIONS).write_bytes(line + b"\n")
    world.publish(world.decide(inputs=(*world.inputs, Source("x", sha256(line)))).permit())
    published = world.visible()[f"{HERE}/{RELEASE_ATTESTATIONS}"].splitlines()
    assert len(published) == 2
    assert published[0] == line


# interruptions


class Killed(BaseException):
    """As if the process had ended here."""


OLDER = b'{"version":"10.11.2"}'


def whole_or_nothing(world: World, whole: dict[str, bytes], root: Path) -> None:
    """No reader sees half a release, nor a pointer to what is not there."""
    seen = world.visible(root)
    pointer = seen.pop("chat-server/latest.json")
    if seen:
        assert without_attestation(seen) == whole
        assert [n for n in seen if n.endswith(RELEASE_ATTESTATIONS)]
    else:
        assert pointer == OLDER


def publish_and_die(world: World, to: list[str], count: int) -> int:
    """Publish in another process, which ends itself at that step: 7, or 0 when it was done before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child does nothing but this work
        pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    steps: list[str] = []

    def die(step: str) -> None:
        steps.append(step)
        if len(steps) == count:
            os._exit(7)

    try:
        world.publish(to=to, at_step=die, progress=lambda name, _: die(name))
    finally:
        os._exit(0 if sys.exc_info()[0] is None else 99)


def without_attestation(files: dict[str, bytes]) -> dict[str, bytes]:
    """An ECDSA signature is never the same twice."""
    return {n: d for n, d in files.items() if not n.endswith(RELEASE_ATTESTATIONS)}


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends loses nothing it has written; waiting for the disk would only make the test slow."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@posix
@pytest.mark.usefixtures("lasting")
def test_killed_at_any_step_a_rerun_completes_it(tmp_path: Path) -> None:
    world = World(folder=tmp_path / "calm").write()
    world.publish(to=[world.srv.as_uri()])
    calm = world.visible()
    whole = {n: d for n, d in without_attestation(calm).items() if not n.endswith("latest.json")}
    status, count = 7, 0
    while status:
        count += 1
        roots = [tmp_path / str(count) / name for name in ("srv", "mirror")]
        for root in roots:
            (root / "chat-server").mkdir(parents=True)
            (root / "chat-server" / "latest.json").write_bytes(OLDER)
        to = [r.as_uri() for r in roots]
        status = publish_and_die(world, to, count)
        assert status in (0, 7)
        for root in roots:
            whole_or_nothing(world, whole, root)
        world.publish(to=to)
        for root in roots:
            assert without_attestation(world.visible(root)) == without_attestation(calm)
            assert not list((root / ".staging").iterdir())
        assert world.visible(roots[0]) == world.visible(roots[1])
        journal = (roots[0] / ".supplychain" / "journal" / f"{key_of(world)}.jsonl").read_bytes()
        assert journal.count(b'"step":"intent"') == 1
        assert journal.count(b'"step":"released"') == 1
    assert count > 40


@posix
@pytest.mark.usefixtures("lasting")
def test_killed_again_and_again_it_is_completed_in_the_end(world: World) -> None:
    calm = world.publish(to=[(world.folder / "calm").as_uri()])
    to = [world.srv.as_uri()]
    statuses = [publish_and_die(world, to, count) for count in (1, 3, 5, 4, 4, 3, 3, 2, 2, 2, 2)]
    assert statuses.count(7) > 6
    published = world.publish()
    assert published.set_digest == calm.set_digest
    assert without_attestation(world.visible()) == without_attestation(world.visible(world.folder / "calm"))


@pytest.mark.parametrize(
    "step", ["intent", "put chat.zip", "staged", "released", "sealed", "activated?", "activated", "pointed?"]
)
@pytest.mark.parametrize("error", [KeyboardInterrupt, Killed])
def test_an_interrupt_leaves_a_state_that_is_resumed(world: World, step: str, error: type[BaseException]) -> None:
    def stop(at: str) -> None:
        if at.split(maxsplit=1)[0] == step or at.startswith(f"{step} "):
            raise error

    with pytest.raises(error):
        world.publish(at_step=stop)
    began, world.now = world.now, world.now + timedelta(days=3)
    published = world.publish()
    assert published.resumed_from == began
    assert f"{HERE}/chat.zip" in world.visible()
    assert "chat-server/latest.json" in world.visible()
    assert world.publish().resumed_from is None


def interrupted(world: World) -> None:
    def stop(at: str) -> None:
        if at.startswith("staged"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.publish(at_step=stop)


def test_an_intent_is_completed_within_seven_days_and_not_later(world: World) -> None:
    permit = world.decide().permit()
    interrupted(world)
    world.now += timedelta(days=7, seconds=1)
    with pytest.raises(PermitRefused, match="counted for"):
        world.publish(permit)
    assert world.visible() == {}
    world.now -= timedelta(seconds=1)
    world.publish(permit)


@pytest.mark.parametrize("change", ["set", "policy", "time", "destination", "signer"])
def test_an_intent_completes_nothing_but_itself(world: World, tmp_path: Path, change: str) -> None:
    interrupted(world)
    decision = world.decide()
    options: dict[str, Any] = {}
    if change == "set":
        other = World(folder=tmp_path / "other", files={**world.files, "chat.zip": b"other"}).write()
        decision, options = other.decide(), {"assets": other.assets, "evidence": other.evidence}
    elif change == "policy":
        decision = world.decide(policy=replace(decision.policy, sha256="00" * 32))
    elif change == "time":
        decision = world.decide(as_of=NOON - timedelta(seconds=1))
    elif change == "destination":
        options = {"to": [world.srv.as_uri(), (tmp_path / "mirror").as_uri()]}
    else:
        options = {"signer": signer_named("somebody else")}
    world.now = NOON + timedelta(days=2)
    with pytest.raises(PermitRefused, match="counted for"):
        world.publish(decision.permit(), **options)


def test_a_signed_decision_that_aged_completes_what_it_began(world: World) -> None:
    vsa = world.vsa()
    permit = world.read(vsa)

    def stop(at: str) -> None:
        if at.startswith("staged"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.publish(permit, at_step=stop)
    world.now += timedelta(days=3)
    with pytest.raises(PermitRefused, match="counted for"):
        world.read(vsa)
    to, signer = [world.srv.as_uri()], signer_named("publisher")
    later = world.read(vsa, resume=find_intent(to, signer=signer, at=world.now))
    assert world.publish(later).resumed_from == NOON + timedelta(minutes=5)
    for other in (
        find_intent([(world.folder / "x").as_uri()], signer=signer, at=world.now),
        find_intent(to, signer=signer_named("somebody else"), at=world.now),
    ):
        with pytest.raises(PermitRefused):
            world.read(vsa, resume=other)
    world.now += timedelta(days=5)
    with pytest.raises(PermitRefused):
        world.read(vsa, resume=find_intent(to, signer=signer, at=world.now))


def test_a_forged_or_torn_journal_is_no_evidence(world: World) -> None:
    permit = world.decide().permit()
    journal = world.srv / ".supplychain" / "journal" / f"{key_of(world)}.jsonl"
    journal.parent.mkdir(parents=True)
    intent = Intent(
        set_digest=key_of(world),
        destinations=(world.srv.as_uri(),),
        policy_sha256=permit.policy.sha256,
        resource_uri=RELEASE.resource_uri,
        decided_at=NOON,
        intended_at=NOON,
        files=tuple(sorted((n, sha256(d)) for n, d in world.files.items())),
    )
    forged = attest({"x": b""}, Intent.TYPES[0], intent.encode(), by="stranger").decode()
    lines: list[dict[str, _json.JSON]] = [
        {"step": "intent", "bundle": forged},
        {"step": "intent", "bundle": "no bundle"},
        {"step": "staged", "destination": world.srv.as_uri()},
        {"step": "released", "bundle": forged},
        {"step": "activated", "destination": world.srv.as_uri()},
        {"step": "pointed", "destination": world.srv.as_uri()},
        {"step": "done"},
        {"step": "unheard of"},
        {"step": 7},
    ]
    journal.write_bytes(b"\n".join(_json.canonical(line) for line in lines) + b'\nnot json\n\xff\n{"step": "do')
    world.now = NOON + timedelta(days=2)
    with pytest.raises(PermitRefused):
        world.publish(permit)
    world.now = NOON
    assert world.publish(permit).delivered[0].already is False
    assert f"{HERE}/chat.zip" in world.visible()


def test_a_staging_area_somebody_filled_is_cleaned(world: World) -> None:
    staging = world.srv / ".staging" / key_of(world)
    staging.mkdir(parents=True)
    (staging / "chat.zip").write_bytes(b"evil!!")
    (staging / "stray.exe").write_bytes(b"evil!!")
    world.publish()
    assert world.visible()[f"{HERE}/chat.zip"] == world.files["chat.zip"]
    assert f"{HERE}/stray.exe" not in world.visible()


def test_two_publishers_do_not_meet(world: World) -> None:
    refused: list[str] = []

    def second(step: str) -> None:
        if step.startswith("staged "):
            with pytest.raises(StoreError, match="another publish is at work") as error:
                world.publish()
            refused.append(error.value.hint)

    world.publish(at_step=second)
    assert refused
    assert world.publish().delivered[0].already


@pytest.mark.parametrize("step", ["intent", "put chat.zip", "released", "sealed"])
def test_a_destination_that_fails_shows_nothing_and_a_rerun_completes(world: World, step: str) -> None:
    fill = world.srv / ".staging"

    def break_it(at: str) -> None:
        if at.startswith(step) and not fill.is_file():
            if fill.exists():
                fill.rename(world.srv / ".away")
            fill.write_text("in the way")

    with pytest.raises(StoreError):
        world.publish(at_step=break_it)
    assert world.visible() == {}
    fill.unlink()
    if (world.srv / ".away").exists():
        (world.srv / ".away").rename(fill)
    world.publish()
    assert f"{HERE}/chat.zip" in world.visible()


def test_progress_tells_the_bytes_of_each_asset(world: World) -> None:
    told: dict[str, int] = {}
    world.publish(progress=lambda name, done: told.update({name: done}))
    assert told == {name: len(data) for name, data in world.files.items()}


def test_what_was_published_is_seen_by_the_store(world: World) -> None:
    world.publish()
    found = FileStore(world.srv.as_uri()).probe(Place(product="chat-server", version="10.11.3"))
    assert found is not None
    assert found["chat.zip"] == hashlib.sha256(world.files["chat.zip"]).hexdigest()
