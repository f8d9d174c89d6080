"""prepare, gate, sbom and policy as typed by a person: the main job on real files."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.support.commands import CommandLine, command

__all__ = ["command"]

POLICY = """\
schema: supplychain/policy/v1
id: demo/release
version: "1"
owner: release-team
signers: { release: { key: release.pub } }
rules:
  - { id: signed, type: signer-identity, evidence: [signature, cyclonedx, spdx], all: true }
  - { id: has-sbom, type: sbom-present, formats: [cyclonedx, spdx] }
  - { id: matches, type: sbom-matches-artifact }
  - { id: assets, type: asset-set }
  - { id: hygiene, type: archive-hygiene }
"""
PREPARE = ("--key", "release.key", "--product", "demo", "--version", "1.0", "--kind", "patch")


def wheel(path: Path) -> None:
    """A small real wheel."""
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("demo/__init__.py", "x = 1\n")
        z.writestr("demo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nAuthor: Somebody\n")
        z.writestr("demo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        z.writestr("demo-1.0.dist-info/RECORD", "demo/__init__.py,,\ndemo-1.0.dist-info/METADATA,,\n")


@pytest.fixture
def prepared(command: CommandLine) -> CommandLine:
    """A release of one wheel, and the policy beside its key."""
    command.write("policy.yaml", POLICY)
    (command.folder / "dist").mkdir()
    wheel(command.folder / "dist" / "demo-1.0-py3-none-any.whl")
    assert command("key", "new", "release").code == 0
    ran = command("prepare", "dist", *PREPARE)
    assert ran.code == 0, ran.err
    return command


def gate(command: CommandLine, folder: str = "dist", *more: str) -> tuple[int, dict[str, str]]:
    ran = command("gate", folder, "--policy", "policy.yaml", "-o", "json", *more)
    decision = json.loads(ran.out)
    assert decision["exit_code"] == ran.code
    return ran.code, {f["rule"]: f["outcome"] for f in decision["findings"]}


def test_prepared_release_is_allowed(prepared: CommandLine) -> None:
    code, outcomes = gate(prepared)
    assert code == 0, outcomes
    assert set(outcomes.values()) == {"pass"}
    assert "ALLOWED" in prepared("gate", "dist", "--policy", "policy.yaml").out


def test_preparing_again_changes_no_byte(prepared: CommandLine) -> None:
    before = {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()}
    assert (
        prepared(
            "prepare", "dist", "--key", "release.key", "--product", "demo", "--version", "1.0", "--kind", "patch"
        ).code
        == 0
    )
    assert {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()} == before


def test_interrupted_prepare_adds_only_what_is_missing(prepared: CommandLine) -> None:
    before = {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()}
    (prepared.folder / "dist" / "release.json").unlink()
    prepared("prepare", "dist", *PREPARE)
    assert {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()} == before


def test_checksums_are_those_of_the_files(prepared: CommandLine) -> None:
    import hashlib

    name = "demo-1.0-py3-none-any.whl"
    digest = hashlib.sha256((prepared.folder / "dist" / name).read_bytes()).hexdigest()
    assert (prepared.folder / "dist" / "SHA256SUMS").read_text() == f"{digest}  {name}\n"


@pytest.mark.threat(32)
def test_one_flipped_byte_is_denied(prepared: CommandLine) -> None:
    path = prepared.folder / "dist" / "demo-1.0-py3-none-any.whl"
    content = bytearray(path.read_bytes())
    content[content.index(b"x = 1")] ^= 1
    path.write_bytes(content)
    code, outcomes = gate(prepared)
    assert code == 1
    assert outcomes["signed"] == "fail"


@pytest.mark.threat(47)
def test_archive_that_cannot_be_read_is_never_allowed_even_when_it_is_signed(prepared: CommandLine) -> None:
    """A policy that looks at signatures only does not make up for content that nobody could read."""
    prepared.write("lax/broken.zip", b"PK\x03\x04 and nothing more")
    assert prepared("sign", "lax/broken.zip", "--key", "release.key").code == 0
    prepared.write(
        "lax.yaml",
        POLICY.split("rules:", maxsplit=1)[0] + "rules: [{ id: s, type: signer-identity, evidence: [signature] }]\n",
    )
    ran = prepared("gate", "lax/broken.zip", "--policy", "lax.yaml")
    assert ran.code == 3
    assert "broken.zip could not be read" in ran.out


@pytest.mark.threat(1)
def test_missing_attestation_is_not_allowed(prepared: CommandLine) -> None:
    (prepared.folder / "dist" / "demo-1.0-py3-none-any.whl.attestations.jsonl").unlink()
    code, outcomes = gate(prepared)
    assert code == 3
    assert outcomes["has-sbom"] == "error"


def test_another_key_is_denied(prepared: CommandLine) -> None:
    for each in [*(prepared.folder / "dist").glob("*.sigstore.json"), *(prepared.folder / "dist").glob("*.jsonl")]:
        each.unlink()
    prepared("key", "new", "other")
    prepared("prepare", "dist", "--key", "other.key")
    code, outcomes = gate(prepared)
    assert code == 1
    assert outcomes["signed"] == "fail"


@pytest.mark.threat(38)
def test_extra_and_missing_files_are_denied(prepared: CommandLine) -> None:
    shutil.copytree(prepared.folder / "dist", prepared.folder / "extra")
    prepared.write("extra/notes.txt", "TBD")
    assert gate(prepared, "extra")[1]["assets"] == "fail"


def test_folder_without_release_json_is_no_asset_set(prepared: CommandLine) -> None:
    prepared.write("loose/a.txt", "a")
    ran = prepared("gate", "loose", "--policy", "policy.yaml")
    assert ran.code == 3
    assert "supplychain prepare" in ran.err


def test_chosen_time_is_for_audits_only(prepared: CommandLine) -> None:
    assert gate(prepared, "dist", "--as-of", "2026-11-24T00:00:00Z")[0] in (0, 1, 3)
    signed = ("--vsa", "v.json", "--key", "release.key")
    assert prepared("gate", "dist", "--policy", "policy.yaml", "--as-of", "2026-11-24T00:00:00Z", *signed).code == 2
    assert prepared("gate", "dist", "--policy", "policy.yaml", "--as-of", "noon").code == 2
    assert prepared("gate", "dist", "--policy", "policy.yaml", "--as-of", "2026-11-24T00:00:00").code == 2
    assert prepared("gate", "dist", "--policy", "policy.yaml", "--vsa", "v.json").code == 2
    assert not (prepared.folder / "v.json").exists()


def test_gate_without_a_policy_shows_one(prepared: CommandLine) -> None:
    ran = prepared("gate", "dist")
    assert ran.code == 2
    example = ran.err.split("--policy:\n")[1].split("error:")[0]
    prepared.write("shown.yaml", example)
    assert prepared("gate", "dist", "--policy", "shown.yaml").code == 0


def test_misspelt_policy_gets_a_hint(prepared: CommandLine) -> None:
    ran = prepared("gate", "dist", "--policy", "polcy.yaml")
    assert ran.code == 2
    assert "did you mean policy.yaml?" in ran.err


def test_pinned_policy(prepared: CommandLine) -> None:
    decision = json.loads(prepared("gate", "dist", "--policy", "policy.yaml", "-o", "json").out)
    digest = decision["policy"]["sha256"]
    assert decision["policy"]["pinned"] is False
    pinned = json.loads(prepared("gate", "dist", "--policy", f"policy.yaml@sha256:{digest}", "-o", "json").out)
    assert pinned["policy"]["pinned"] is True
    assert prepared("gate", "dist", "--policy", f"policy.yaml@sha256:{'0' * 64}").code == 2


def test_explain_tells_a_rule_from_byte_to_verdict(prepared: CommandLine) -> None:
    ran = prepared("gate", "dist", "--policy", "policy.yaml", "--explain", "signed")
    assert ran.code == 0
    assert "signed" in ran.out


def test_sbom_of_a_wheel(prepared: CommandLine) -> None:
    source = "dist/demo-1.0-py3-none-any.whl"
    both = ("-o", "cyclonedx-json=a.cdx.json", "-o", "spdx-json=a.spdx.json")
    ran = prepared("sbom", "create", source, *both)
    assert ran.code == 0
    assert "pypi" in ran.err
    assert prepared("sbom", "validate", "a.cdx.json", "a.spdx.json").code == 0
    document = json.loads(prepared("sbom", "create", source).out)
    assert [c["purl"] for c in document["components"] if "purl" in c] == ["pkg:pypi/demo@1.0"]
    assert (
        prepared("sbom", "create", source, "--no-files", "--spec-version", "1.7", "-o", "cyclonedx-json=b.json").code
        == 0
    )
    assert prepared("sbom", "create", source, "-o", "cyclonedx-json", "-o", "spdx-json").code == 2


def test_sbom_of_nothing_recognised_must_be_asked_for(prepared: CommandLine) -> None:
    prepared.write("notes.txt", "hello")
    assert prepared("sbom", "create", "notes.txt", "-o", "cyclonedx-json=n.json").code == 3
    assert not (prepared.folder / "n.json").exists()
    assert prepared("sbom", "create", "notes.txt", "-o", "cyclonedx-json=n.json", "--allow-empty").code == 0
    assert prepared("sbom", "create", "note.txt").code == 3


def test_source_date_epoch_is_the_time_of_documents(prepared: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "dist/demo-1.0-py3-none-any.whl"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    document = json.loads(prepared("sbom", "create", source).out)
    assert document["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert prepared("sbom", "create", source).code == 2


def test_invalid_sbom_is_a_no(prepared: CommandLine) -> None:
    prepared.write("bad.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": "one"}))
    assert prepared("sbom", "validate", "bad.json").code == 1
    prepared.write("other.json", "{}")
    assert prepared("sbom", "validate", "other.json").code == 3


def test_policy_verbs(prepared: CommandLine) -> None:
    assert "valid" in prepared("policy", "lint", "policy.yaml").out
    assert "signed" in prepared("policy", "explain", "policy.yaml").out
    assert prepared("policy", "explain", "max-size").code == 0
    assert "max-size" in prepared("policy", "rules").out
    assert json.loads(prepared("policy", "schema").out)
    prepared.write("bad.yaml", POLICY.replace("type: asset-set", "typ: asset-set"))
    ran = prepared("policy", "lint", "bad.yaml")
    assert ran.code == 2
    assert "bad.yaml:10" in ran.err


def test_assets_of_several_folders_or_none(prepared: CommandLine) -> None:
    prepared.write("one/a", "a")
    prepared.write("two/b", "b")
    (prepared.folder / "empty").mkdir()
    assert prepared("prepare", "one/a", "two/b", "--key", "release.key").code == 3
    assert prepared("prepare", "empty", "--key", "release.key").code == 3
    prepared.write("nested/in/a", "a")
    assert prepared("prepare", "nested", "--key", "release.key").code == 1


@pytest.mark.threat(58)
def test_key_through_a_link_is_not_read(prepared: CommandLine) -> None:
    (prepared.folder / "release.pub").rename(prepared.folder / "real.pub")
    (prepared.folder / "release.pub").symlink_to("real.pub")
    assert prepared("gate", "dist", "--policy", "policy.yaml").code == 2
