"""Provenance, release, intent and summary: what is written is read back, and what is wrong is said with its place."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _json, predicates
from supplychain._json import JSON, Node
from supplychain.errors import LimitExceeded, MalformedDocument, SupplyChainError
from supplychain.model.release import Release
from supplychain.model.statement import Subject
from supplychain.predicates.field_types import read_time, write_time
from supplychain.predicates.intent import Intent
from supplychain.predicates.provenance import V02, V1, Provenance
from supplychain.predicates.release import ReleasePredicate, describe_release
from supplychain.predicates.vsa import EXTENSION, Judgement, Result, VerificationSummary

SHA = "0123456789abcdef" * 4
COMMIT = "c0ffee00" * 5
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
words = texts.filter(bool)
times = st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
json_values: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, json_values, max_size=4)
subjects = st.builds(
    Subject, name=texts, uri=texts, digests=st.fixed_dictionaries({"sha256": hexes}, optional={"gitCommit": words})
)
releases = st.builds(Release, product=st.none() | words, version=st.none() | words, kind=st.none() | words)
made: dict[type[Any], st.SearchStrategy[Any]] = {
    Provenance: st.builds(
        Provenance,
        build_type=words,
        builder_id=words,
        external_parameters=objects,
        internal_parameters=objects,
        materials=st.lists(subjects, max_size=3).map(tuple),
        invocation_id=texts,
        started=st.none() | times,
        finished=st.none() | times,
    ),
    ReleasePredicate: st.builds(
        ReleasePredicate,
        purl=st.sampled_from(["pkg:generic/chat@1", "pkg:npm/%40angular/http@7.2.16", "pkg:generic/_@0a"]),
        package_id=st.none() | words,
        release=releases,
        set_digest=st.none() | hexes,
    ),
    Intent: st.builds(
        Intent,
        set_digest=hexes,
        destinations=st.lists(words, min_size=1, max_size=3).map(tuple),
        policy_sha256=hexes,
        resource_uri=words,
        decided_at=times,
        intended_at=times,
        files=st.lists(st.tuples(words, hexes), min_size=1, max_size=3).map(tuple),
    ),
    VerificationSummary: st.builds(
        VerificationSummary,
        verifier_id=words,
        result=st.sampled_from(Result),
        resource_uri=words,
        policy=subjects,
        time_verified=st.none() | times,
        inputs=st.none() | st.lists(subjects, max_size=3).map(tuple),
        levels=st.lists(words, max_size=2).map(tuple),
        verifier_versions=st.dictionaries(texts, words, max_size=2),
        slsa_version=texts,
        judgement=st.none()
        | st.builds(
            Judgement,
            policy_id=words,
            policy_version=words,
            as_of=times,
            counts=st.dictionaries(words, st.integers(0, 99), max_size=5),
            release=releases,
            root=st.none() | hexes,
            max_age_seconds=st.none() | st.integers(1, 10**6),
            waivers=st.lists(words, max_size=2).map(tuple),
        ),
    ),
}


def node(value: JSON) -> Node:
    return Node(value, where="p.json", path="predicate")


@pytest.mark.parametrize("kind", made, ids=lambda k: k.__name__)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(kind: type[Any], data: st.DataObject) -> None:
    predicate = data.draw(made[kind])
    written = _json.parse(_json.canonical(predicate.encode()), where="p.json")
    assert kind.parse(written, kind.TYPES[0]) == predicate


@pytest.mark.parametrize("kind", made, ids=lambda k: k.__name__)
@given(value=json_values)
@settings(max_examples=60, deadline=None)
def test_any_json_gives_a_predicate_or_a_typed_error(kind: type[Any], value: JSON) -> None:
    for uri in kind.TYPES:
        try:
            kind.parse(node(value), uri)
        except SupplyChainError as e:
            assert "p.json" in str(e)  # noqa: PT017  # both outcomes are lawful


@pytest.mark.parametrize("kind", made, ids=lambda k: k.__name__)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_one_field_replaced_gives_a_predicate_or_a_typed_error(kind: type[Any], data: st.DataObject) -> None:
    written: dict[str, JSON] = data.draw(made[kind]).encode()
    target: Any = written
    while True:
        key = data.draw(st.sampled_from(sorted(target)))
        if not isinstance(target[key], dict) or not target[key] or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = data.draw(json_values)
    try:
        kind.parse(node(written), kind.TYPES[0])
    except SupplyChainError as e:
        assert "p.json: predicate" in str(e)  # noqa: PT017  # both outcomes are lawful


def test_each_is_found_by_its_uri_and_short_name() -> None:
    for kind in made:
        for uri in kind.TYPES:
            assert predicates.resolve(uri) is kind
            assert predicates.resolve(predicates.short_name(uri)) is kind


def slsa_v1() -> dict[str, Any]:
    return {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": "refs/tags/v1", "path": ".github/workflows/release.yml"}},
            "resolvedDependencies": [
                {"uri": "pkg:pypi/hatchling@1.27"},
                {"uri": "git+https://github.com/octo/server@refs/tags/v1", "digest": {"gitCommit": COMMIT}},
            ],
            "unknown": 1,
        },
        "runDetails": {
            "builder": {"id": "https://github.com/actions/runner/github-hosted", "version": {"x": "1"}},
            "metadata": {"invocationId": "https://ci/1", "startedOn": "2026-11-23T12:00:00.123456789Z"},
            "byproducts": [{"name": "log"}],
        },
    }


def test_slsa_v1_of_a_public_builder_is_read() -> None:
    read = Provenance.parse(node(slsa_v1()), V1)
    assert read.builder_id == "https://github.com/actions/runner/github-hosted"
    assert (read.source_uri, read.source_ref, read.source_commit) == (
        "https://github.com/octo/server",
        "refs/tags/v1",
        COMMIT,
    )
    assert read.started == datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
    assert read.finished is None


def test_slsa_v02_is_read_into_the_same_shape() -> None:
    read = Provenance.parse(
        node(
            {
                "builder": {"id": "https://github.com/slsa-framework/generator@refs/tags/v2"},
                "buildType": "https://github.com/slsa-framework/slsa-github-generator/go@v1",
                "invocation": {
                    "configSource": {
                        "uri": "git+https://github.com/octo/server@refs/heads/main",
                        "digest": {"sha1": COMMIT},
                        "entryPoint": "release.yml",
                    },
                    "parameters": {"a": 1},
                    "environment": {"arch": "X64"},
                },
                "metadata": {"buildInvocationId": "1-1", "buildFinishedOn": "2026-11-23T13:00:00+01:00"},
                "materials": [{"uri": "pkg:golang/std@1.25", "digest": {"sha256": SHA}}],
            }
        ),
        V02,
    )
    assert (read.source_uri, read.source_ref, read.source_commit) == (
        "https://github.com/octo/server",
        "refs/heads/main",
        COMMIT,
    )
    assert read.internal_parameters == {"arch": "X64"}
    assert read.external_parameters["parameters"] == {"a": 1}
    assert [m.uri for m in read.materials][1:] == ["pkg:golang/std@1.25"]
    assert read.finished == NOON
    assert Provenance.parse(node(read.encode()), V1) == read


def test_provenance_without_a_commit_has_no_source() -> None:
    raw = slsa_v1()
    del raw["buildDefinition"]["resolvedDependencies"]
    read = Provenance.parse(node(raw), V1)
    assert (read.source, read.source_uri, read.source_ref, read.source_commit) == (None, None, None, None)


def test_a_branch_name_cannot_pose_as_another_repository() -> None:
    uri = "git+https://github.com/octo/server@refs/heads/x@refs/heads/main"
    read = Provenance(build_type="t", builder_id="b", materials=(Subject(uri=uri, digests={"gitCommit": COMMIT}),))
    assert (read.source_uri, read.source_ref) == ("https://github.com/octo/server", "refs/heads/x@refs/heads/main")


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("buildDefinition", "buildType"), "", "buildDefinition.buildType"),
        (("runDetails", "builder", "id"), 7, "runDetails.builder.id"),
        (("runDetails", "metadata", "startedOn"), "yesterday", "runDetails.metadata.startedOn"),
        (("runDetails", "metadata", "startedOn"), "2026-11-23T12:00:00", "runDetails.metadata.startedOn"),
        (("runDetails", "metadata", "startedOn"), "2026-02-30T12:00:00Z", "runDetails.metadata.startedOn"),
        (("runDetails", "metadata", "startedOn"), "0001-01-01T00:00:00+23:00", "runDetails.metadata.startedOn"),
        (
            ("buildDefinition", "resolvedDependencies"),
            [{"digest": {"sha256": "AB"}}],
            "buildDefinition.resolvedDependencies[0].digest.sha256",
        ),
        (("buildDefinition", "externalParameters"), [], "buildDefinition.externalParameters"),
    ],
)
def test_a_wrong_field_is_named_with_its_place(path: tuple[str, ...], value: JSON, place: str) -> None:
    raw: Any = slsa_v1()
    target = raw
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(MalformedDocument) as refused:
        Provenance.parse(node(raw), V1)
    assert refused.value.where == f"p.json: predicate.{place}"


def test_a_release_without_a_version_is_refused() -> None:
    for purl in ("pkg:generic/chat", "chat@1", "https://chat/1"):
        with pytest.raises(MalformedDocument) as refused:
            ReleasePredicate.parse(node({"purl": purl}), "")
        assert refused.value.where == "p.json: predicate.purl"


def test_a_foreign_release_attestation_is_read() -> None:
    read = ReleasePredicate.parse(node({"purl": "pkg:npm/semver@7.5.4", "packageId": "12", "x": {}}), "")
    assert (read.package_id, read.release, read.set_digest) == ("12", Release(), None)


def test_a_release_is_named_as_its_folder_is() -> None:
    named = describe_release(Release(product="chat-server", version="10.11.3"), SHA)
    assert named.purl == "pkg:generic/chat-server@10.11.3"
    assert describe_release(Release(), SHA).purl == f"pkg:generic/_@{SHA[:12]}"
    odd = describe_release(Release(product="a/b c", version="1@2"), SHA)
    assert ReleasePredicate.parse(node(odd.encode()), "") == odd


def summary(**changes: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "verifier": {"id": "https://example.com/verifier", "version": {"gate": "1"}},
        "timeVerified": "1985-04-12T23:20:50.52Z",
        "resourceUri": "https://example.com/example-1.2.3.tar.gz",
        "policy": {"uri": "https://example.com/example_tarball.policy", "digest": {"sha256": SHA}},
        "inputAttestations": [{"uri": "https://example.com/p.jsonl", "digest": {"sha256": SHA}}],
        "verificationResult": "PASSED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        "dependencyLevels": {"SLSA_BUILD_LEVEL_3": 5},
        "slsaVersion": "1.0",
    }
    return {**raw, **changes}


def test_a_foreign_summary_is_read() -> None:
    read = VerificationSummary.parse(node(summary()), "")
    assert read.result is Result.PASSED
    assert read.levels == ("SLSA_BUILD_LEVEL_3",)
    assert read.judgement is None
    bare = summary(inputAttestations=None, timeVerified=None, verifiedLevels=None, slsaVersion=None)
    assert VerificationSummary.parse(node(bare), "").inputs is None


@pytest.mark.parametrize("result", ["passed", "WARNED", "", None, True])
def test_a_result_is_passed_or_failed_and_nothing_else(result: JSON) -> None:
    with pytest.raises(MalformedDocument, match="verificationResult"):
        VerificationSummary.parse(node(summary(verificationResult=result)), "")


@pytest.mark.parametrize("seconds", [0, -1, 10**9])
def test_a_maximal_age_is_bounded(seconds: int) -> None:
    ours: JSON = {
        "policyId": "p",
        "policyVersion": "1",
        "asOf": "2026-11-23T12:00:00Z",
        "counts": {},
        "maxAgeSeconds": seconds,
    }
    with pytest.raises(MalformedDocument, match="maxAgeSeconds"):
        VerificationSummary.parse(node(summary(**{EXTENSION: ours})), "")


def test_an_input_without_a_digest_is_refused() -> None:
    with pytest.raises(MalformedDocument, match=r"inputAttestations\[0\].digest"):
        VerificationSummary.parse(node(summary(inputAttestations=[{"uri": "a"}])), "")


def test_an_intent_about_nothing_is_refused() -> None:
    whole: dict[str, Any] = Intent(
        set_digest=SHA,
        destinations=("file:///srv",),
        policy_sha256=SHA,
        resource_uri="_/_/_/_",
        decided_at=NOON,
        intended_at=NOON,
        files=(("a", SHA),),
    ).encode()
    for name in ("destinations", "files"):
        with pytest.raises(MalformedDocument, match="without destinations or files"):
            Intent.parse(node({**whole, name: []}), "")
    with pytest.raises(LimitExceeded):
        Intent.parse(node({**whole, "destinations": ["file:///a"] * 65}), "")


def test_times_are_written_in_utc_and_never_without_a_zone() -> None:
    assert write_time(NOON.astimezone(timezone(timedelta(hours=9)))) == "2026-11-23T12:00:00Z"
    assert read_time(node("2026-11-23t13:00:00.5+01:00")) == NOON.replace(microsecond=500000)
    with pytest.raises(ValueError, match="zone"):
        write_time(datetime(2026, 11, 23))  # noqa: DTZ001  # that it has no zone is the point
