"""Two steps attested by run, a layout that wants both, and the gate that judges what came out."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # public, and re-exported by import

from tests.support.commands import PASSWORD, CommandLine, command
from tests.support.layouts import layout, step

__all__ = ["command"]

POLICY = """\
schema: supplychain/policy/v1
id: test/steps
version: "1"
signers: { release: { key: release.pub }, worker: { key: worker.pub } }
rules:
  - { id: chain, type: in-toto-layout, layout: root.layout, owners: [release], signers: [worker] }
"""
COPY = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[2])"


def signer_of(folder: Path, name: str) -> Any:
    return CryptoSigner(load_pem_private_key((folder / f"{name}.key").read_bytes(), PASSWORD.encode()))


@pytest.fixture
def stepped(command: CommandLine) -> CommandLine:
    """app.bin made from src.bin in two attested steps, and a policy with their layout."""
    from in_toto.models.metadata import Metablock

    for name in ("release", "worker"):
        assert command("key", "new", name).code == 0
    command.write("upstream", "source")
    for name, source, made in (("fetch", "upstream", "src.bin"), ("build", "src.bin", "app.bin")):
        options = ("--output", made, "--material", source, "--key", "worker.key", "--step", name)
        assert command("run", *options, "--", sys.executable, "-c", COPY, source, made).code == 0
    worker = signer_of(command.folder, "worker").public_key
    key = {"keyid": worker.keyid, **worker.to_dict()}
    wanted = layout(
        step("fetch", [["ALLOW", "upstream"], ["DISALLOW", "*"]], [["CREATE", "src.bin"], ["DISALLOW", "*"]], by=()),
        step("build", [["MATCH", "src.bin", "WITH", "PRODUCTS", "FROM", "fetch"], ["DISALLOW", "*"]], by=()),
        by=(),
    )
    wanted.keys = {worker.keyid: key}
    for each in wanted.steps:
        each.pubkeys = [worker.keyid]
    metadata = Metablock(signed=wanted)
    metadata.create_signature(signer_of(command.folder, "release"))
    metadata.dump(str(command.folder / "root.layout"))
    command.write("policy.yaml", POLICY)
    return command


def gate(command: CommandLine, *more: str) -> Any:
    ran = command("gate", "app.bin", "--policy", "policy.yaml", "-o", "json", *more)
    return ran.code, json.loads(ran.out)


def test_what_came_through_both_steps_is_allowed(stepped: CommandLine) -> None:
    code, told = gate(stepped, "--evidence", "src.bin.attestations.jsonl")
    assert (code, told["verdict"]) == (0, "allowed"), told["findings"]
    assert told["untrusted"] == []
    assert len(told["inputs"]) == 2


def test_a_step_that_is_not_shown_is_not_there(stepped: CommandLine) -> None:
    code, told = gate(stepped)
    assert (code, told["verdict"]) == (3, "undetermined")
    assert "no link of step fetch" in told["findings"][1]["message"]


def test_source_that_was_exchanged_between_the_steps_is_denied(stepped: CommandLine) -> None:
    stepped.write("src.bin", "exchanged")
    (stepped.folder / "app.bin").unlink()
    (stepped.folder / "app.bin.attestations.jsonl").unlink()
    options = ("--output", "app.bin", "--material", "src.bin", "--key", "worker.key", "--step", "build")
    assert stepped("run", *options, "--", sys.executable, "-c", COPY, "src.bin", "app.bin").code == 0
    code, told = gate(stepped, "--evidence", "src.bin.attestations.jsonl")
    assert (code, told["verdict"]) == (1, "denied")
    assert told["findings"][0]["message"] == "materials of build: DISALLOW *: src.bin"


def test_links_of_others_and_other_files_are_no_steps(stepped: CommandLine) -> None:
    (stepped.folder / "worker.pub").write_bytes((stepped.folder / "release.pub").read_bytes())
    stepped.write("policy.yaml", POLICY.replace("worker: { key: worker.pub }", "worker: { key: other.pub }"))
    stepped("key", "new", "other")
    stepped.write("broken.json", "{")
    stepped("sign", "src.bin", "--key", "other.key")
    evidence = ["--evidence", "src.bin.attestations.jsonl", "--evidence", "broken.json"]
    code, told = gate(stepped, *evidence, "--evidence", "src.bin.sigstore.json")
    assert (code, told["verdict"]) == (1, "denied")
    assert "SignatureInvalid" in {r["code"] for r in told["untrusted"]}
