"""run and publish as typed by a person, and the library's promise around them."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import supplychain
from supplychain.errors import PermitRefused
from tests.cli.test_release_commands import POLICY, PREPARE, prepared
from tests.support.commands import PASSWORD, CommandLine, command

__all__ = ["command", "prepared"]

MAKE = "import os; os.makedirs('out', exist_ok=True); open('out/app.bin', 'w').write('app')"


@pytest.fixture
def allowed(prepared: CommandLine) -> CommandLine:
    """A release with its signed decision."""
    ran = prepared("gate", "dist", "--policy", "policy.yaml", "--vsa", "dist/decision.vsa.json", "--key", "release.key")
    assert ran.code == 0
    assert "next: supplychain publish" in ran.err
    return prepared


def digest(command: CommandLine) -> str:
    found: str = json.loads(command("gate", "dist", "--policy", "policy.yaml", "-o", "json").out)["policy"]["sha256"]
    return found


def publish(command: CommandLine, policy_digest: str, *more: str, folder: str = "dist") -> Any:
    to = (command.folder / "published").as_uri()
    vsa = ("--vsa", "dist/decision.vsa.json", "--vsa-key", "release.pub", "--policy-digest", policy_digest)
    return command("publish", folder, "--to", to, *vsa, "--key", "release.key", *more)


def test_what_was_allowed_is_published_once(allowed: CommandLine) -> None:
    policy = digest(allowed)
    ran = publish(allowed, policy, "-o", "json")
    assert ran.code == 0, ran.err
    published = allowed.folder / "published" / "demo"
    assert (published / "latest.json").exists()
    wheel = "demo-1.0-py3-none-any.whl"
    assert (published / "1.0" / wheel).read_bytes() == (allowed.folder / "dist" / wheel).read_bytes()
    again = publish(allowed, policy)
    assert again.code == 0
    assert "already" in again.out


@pytest.mark.threat(35)
def test_file_replaced_after_the_gate_is_not_published(allowed: CommandLine) -> None:
    policy = digest(allowed)
    allowed.write("dist/demo-1.0-py3-none-any.whl", b"another file")
    ran = publish(allowed, policy)
    assert ran.code == 1
    assert not (allowed.folder / "published" / "demo" / "1.0").exists()


def test_decision_by_another_policy_or_key_is_no_permit(allowed: CommandLine) -> None:
    assert publish(allowed, "0" * 64).code == 1
    allowed("key", "new", "other")
    policy = digest(allowed)
    to = ("--to", (allowed.folder / "published").as_uri())
    vsa = ("--vsa", "dist/decision.vsa.json", "--vsa-key", "other.pub", "--policy-digest", policy)
    assert allowed("publish", "dist", *to, *vsa, "--key", "release.key").code == 1
    assert not (allowed.folder / "published" / "demo").exists()


def test_denied_release_is_not_published(allowed: CommandLine) -> None:
    policy = digest(allowed)
    (allowed.folder / "dist" / "decision.vsa.json").unlink()
    allowed.write("dist/notes.txt", "TBD")
    signed = ("--vsa", "dist/decision.vsa.json", "--key", "release.key")
    assert allowed("gate", "dist", "--policy", "policy.yaml", *signed).code == 1
    assert publish(allowed, policy).code == 1


def test_undetermined_decision_is_not_signed(prepared: CommandLine) -> None:
    (prepared.folder / "dist" / "demo-1.0-py3-none-any.whl.attestations.jsonl").unlink()
    ran = prepared("gate", "dist", "--policy", "policy.yaml", "--vsa", "v.json", "--key", "release.key")
    assert ran.code == 3
    assert "v.json was not written" in ran.err
    assert not (prepared.folder / "v.json").exists()


def test_readme_example_runs_as_it_is_written(prepared: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    """The first example of the README, with its paths and its secret put in place."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    example = readme.split("```python\n")[1].split("```")[0]
    assert len([line for line in example.splitlines() if line.strip()]) <= 8
    example = example.replace("policies/server.yaml", "policy.yaml")
    example = example.replace("file:///srv/releases", (prepared.folder / "srv").as_uri())
    exec(compile(example, "README.md", "exec"), {"secret": PASSWORD})  # that is what the test is for
    assert "ALLOWED" in capsys.readouterr().out
    assert (prepared.folder / "srv" / "demo" / "latest.json").exists()


def test_denied_decision_gives_no_permit(prepared: CommandLine) -> None:
    prepared.write("dist/notes.txt", "TBD")
    decision = supplychain.gate("dist/", policy="policy.yaml")
    assert not decision
    with pytest.raises(PermitRefused):
        decision.permit()


def test_library_signs_attests_and_verifies(prepared: CommandLine) -> None:
    from supplychain.model.evidence import Evidence
    from supplychain.model.statement import Subject
    from supplychain.predicates.test_result import ResultOfTests
    from supplychain.verify.bundle import encode

    key = supplychain.read_key("release.key", password=PASSWORD)
    trust = supplychain.Trust(supplychain.read_key("release.pub"))
    file = prepared.write("a.bin", "bytes")
    signature = Evidence(uri="here", data=encode(supplychain.sign(file, signer=key)))
    assert supplychain.verify(file, supplychain.Signature, trust=trust, evidence=[signature])
    stated = ResultOfTests(result="PASSED", configuration=(Subject(digests={"sha256": "0" * 64}),))
    attested = Evidence(uri="here", data=encode(supplychain.attest(file, stated, signer=key)))
    proof = supplychain.verify(file, ResultOfTests, trust=trust, evidence=[attested])[0]
    assert proof.predicate == stated
    inventory = supplychain.inventory("dist/demo-1.0-py3-none-any.whl")
    assert [c.purl for c in inventory.components] == ["pkg:pypi/demo@1.0"]
    assets = supplychain.prepare("dist", release=supplychain.Release(product="demo", version="1.0"), signer=key)
    assert [a.name for a in assets.assets] == ["demo-1.0-py3-none-any.whl"]
    with pytest.raises(AttributeError):
        supplychain.nothing  # noqa: B018  # the point of the test
    assert "gate" in dir(supplychain)


def test_build_step_is_attested_by_who_ran_it(command: CommandLine) -> None:
    command("key", "new", "release")
    ran = command("run", "--output", "out", "--key", "release.key", "--", sys.executable, "-c", MAKE)
    assert ran.code == 0, ran.err
    assert command("verify", "out/app.bin", "--key", "release.pub", "--type", "provenance").code == 0
    again = command("run", "--output", "out", "--key", "release.key", "--", sys.executable, "-c", MAKE)
    assert again.code == 2


def test_failing_build_step_attests_nothing(command: CommandLine) -> None:
    command("key", "new", "release")
    ran = command("run", "--output", "out", "--key", "release.key", "--", sys.executable, "-c", "raise SystemExit(7)")
    assert ran.code == 1
    assert "status 7" in ran.err
    assert not (command.folder / "out").exists()


def test_named_step_is_attested_by_a_link_and_not_by_provenance(command: CommandLine) -> None:
    command("key", "new", "release")
    command.write("src.tar", "x")
    options = ("--output", "out", "--material", "src.tar", "--key", "release.key", "--step")
    assert command("run", *options, "", "--", sys.executable, "-c", MAKE).code == 2
    assert command("run", *options, "build", "--builder-id", "https://b", "--", sys.executable, "-c", MAKE).code == 2
    assert not (command.folder / "out").exists()
    ran = command("run", *options, "build", "--", sys.executable, "-c", MAKE)
    assert ran.code == 0, ran.err
    assert command("verify", "out/app.bin", "--key", "release.pub", "--type", "link").code == 0
    assert command("verify", "out/app.bin", "--key", "release.pub", "--type", "provenance").code == 1


@pytest.mark.threat(75)
def test_secret_in_the_environment_is_in_no_output(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", "hunter2-hunter2")
    command("key", "new", "release")
    assert command("run", "--output", "out", "--key", "release.key", "--", sys.executable, "-c", MAKE).code == 0
    command("prepare", "out", "--key", "release.key")
    command.write("policy.yaml", POLICY)
    command("gate", "out", "--policy", "policy.yaml", "-o", "json=decision.json")
    for path in command.folder.rglob("*"):
        if path.is_file():
            assert b"hunter2" not in path.read_bytes(), path
            assert PASSWORD.encode() not in path.read_bytes(), path
            assert os.fspath(command.folder).encode() not in path.read_bytes() or path.name == "decision.json", path


def test_prepare_takes_provenance_from_whoever_built(prepared: CommandLine) -> None:
    prepared.write("built/app.bin", "app")
    predicate = {
        "buildDefinition": {"buildType": "urn:x:y", "externalParameters": {}},
        "runDetails": {"builder": {"id": "urn:x:ci"}},
    }
    prepared.write("predicate.json", json.dumps(predicate))
    attest = ("--type", "provenance", "--predicate", "predicate.json", "--key", "release.key")
    assert prepared("attest", "built/app.bin", *attest).code == 0
    given = (prepared.folder / "built" / "app.bin.attestations.jsonl").rename(prepared.folder / "given.jsonl")
    assert prepared("prepare", "built", "--key", "release.key", "--provenance", str(given)).code == 0
    assert prepared("verify", "built/app.bin", "--key", "release.pub", "--type", "provenance").code == 0
    assert prepared("prepare", "dist", *PREPARE, "--provenance", str(given)).code == 1
    assert prepared("prepare", "dist", *PREPARE, "--provenance", "built/app.bin.sigstore.json").code == 3


def test_published_folder_is_judged_like_the_one_it_came_from(allowed: CommandLine) -> None:
    assert publish(allowed, digest(allowed)).code == 0
    ran = allowed("gate", "published/demo/1.0", "--policy", "policy.yaml")
    assert ran.code == 0, ran.out
