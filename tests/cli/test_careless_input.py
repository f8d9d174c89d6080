"""What a tired person types, and what is answered: what is wrong, where, and what to do; nothing half-written."""

import json
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from supplychain.cli.gate import EXAMPLE
from tests.support.commands import CommandLine, command

__all__ = ["command"]


@pytest.fixture
def signed(command: CommandLine) -> CommandLine:
    """A key, and a file signed by it."""
    assert command("key", "new", "release").code == 0
    command.write("app.bin", b"bytes of the app")
    assert command("sign", "app.bin", "--key", "release.key").code == 0
    return command


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("verify ap.bin --key release.pub", 3, "did you mean app.bin?"),
        ("verify app.bin --key releas.pub", 2, "did you mean release.pub?"),
        ("sign ap.bin --key release.key", 3, "did you mean app.bin?"),
        ("sign app.bin --key releas.key", 2, "did you mean release.key?"),
        ("key show release.pb", 2, "did you mean release.pub?"),
        ("sbom create ap.bin", 3, "did you mean app.bin?"),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    signed: CommandLine, arguments: str, code: int, told: str
) -> None:
    ran = signed(*arguments.split())
    assert ran.code == code
    assert f"hint: {told}\n" in ran.out + ran.err


def test_a_folder_where_a_key_is_due_is_a_wrong_call(signed: CommandLine) -> None:
    (signed.folder / "folder").mkdir()
    ran = signed("verify", "app.bin", "--key", "folder")
    assert (ran.code, ran.err) == (2, "error: folder: a folder, not a file\n")


def test_a_file_without_evidence_is_shown_with_its_digest(signed: CommandLine) -> None:
    signed.write("sub/bare.bin", b"unsigned")
    shown = signed("verify", "sub/bare.bin", "--key", "release.pub")
    assert shown.out.startswith(
        "NOT VERIFIED  sub/bare.bin   sha256:ceffe727ab2f\n  EvidenceMissing: no signature found"
    )
    assert "supplychain sign sub/bare.bin --key release.key" in shown.out
    row = json.loads(signed("verify", "sub/bare.bin", "--key", "release.pub", "-o", "json").out)["results"][0]
    assert row["sha256"].startswith("ceffe727ab2f")


def test_a_bundle_that_is_not_there_is_named(signed: CommandLine) -> None:
    ran = signed("verify", "app.bin", "--key", "release.pub", "--bundle", "gone.json")
    assert ran.code == 3
    assert "  gone.json: Unreadable: no such file or directory\n" in ran.out


def test_a_file_where_the_folder_of_a_release_is_due(signed: CommandLine) -> None:
    signed("sign", "app.bin", "--key", "release.key")
    named = ("--to", f"file://{signed.folder}/srv", "--vsa-key", "release.pub", "--policy-digest", "0" * 64)
    ran = signed("publish", "app.bin", *named, "--vsa", "app.bin.sigstore.json", "--key", "release.key")
    assert ran.code in (1, 3)
    assert not (signed.folder / "srv").exists()


def test_every_problem_of_a_policy_has_a_line(signed: CommandLine) -> None:
    text = "schema: supplychain/policy/v1\nid: a\nversion: 1\nowner: b\nsigners: {c: {key: release.pub}}\nrulez: []\n"
    signed.write("bad.yaml", text)
    ran = signed("policy", "lint", "bad.yaml")
    assert ran.code == 2
    lines = ran.err.splitlines()
    assert len(lines) > 2
    assert all(line.startswith("error: bad.yaml:") for line in lines), lines


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sbom", "crate"], "'crate' is none of create, validate\nhint: did you mean create?"),
        (["prepare", "x", "--key", "k", "--kind", "pach"], "--kind: 'pach' is none of cloud, minor, patch"),
        (["gate", "x", "--polcy", "p"], "hint: did you mean --policy?"),
        (["verify", "x", "--key", "k", "-o", "jsn"], "-o jsn: there is no such format here\nhint: did you mean json?"),
        (["gate", "x", "-o", "html"], "hint: formats: table, json, markdown"),
        (["gate", "x", "-o", "json=no/where.json"], "no/where.json: there is no folder no\nhint: make it first"),
        (["gate", "x", "-o", "json=."], ".: a folder, not a file"),
        (["verify", "app.bin", "--key", "release.pub", "--type", "vuln"], "'vuln' is no predicate type known here"),
        (["attest", "app.bin", "--key", "k", "--predicate", "p", "--type", "x"], "'x' is no predicate type known here"),
        (["verify", "sha256:abc", "--key", "release.pub"], "64 lower-case hexadecimal digits"),
        (["sbom", "create", "app.bin", "--spec-version", "9"], "version '9' is not written here\nhint: written: 1.6"),
        (["key", "new", "a/.."], "names no file"),
        (["key", "new", "a/"], "names no file"),
        (["policy", "explain", "signer-identty"], "hint: did you mean signer-identity?"),
        (["--version", "-o", "jsn"], "'--version' is no verb"),
        (["run", "--output", "x", "--key", "gone.key", "--", "touch", "x"], "gone.key: no such file or directory"),
    ],
)
def test_a_wrong_call_is_told_before_work_starts(signed: CommandLine, arguments: list[str], told: str) -> None:
    before = sorted(signed.folder.rglob("*"))
    ran = signed(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert sorted(signed.folder.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [("gate", "", "--policy", "p"), ("key", "new", ""), ("gate", "x", "--policy="), ("sign", "--key", "", "x")],
)
def test_a_variable_that_is_not_set_names_no_folder(command: CommandLine, arguments: tuple[str, ...]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert " is empty\nhint: is a variable not set?\n" in ran.err


def test_an_empty_folder_holds_nothing_to_list(command: CommandLine) -> None:
    (command.folder / "empty").mkdir()
    ran = command("sbom", "create", "empty", "--allow-empty")
    assert (ran.code, ran.out) == (3, "")
    assert "empty: the folder is empty: nothing was examined" in ran.err


def test_both_documents_are_written_with_a_version_that_one_of_them_has(command: CommandLine) -> None:
    command.write("app.bin", b"bytes")
    both = ("-o", "cyclonedx-json=a.cdx.json", "-o", "spdx-json=a.spdx.json")
    ran = command("sbom", "create", "app.bin", "--allow-empty", "--spec-version", "1.7", *both)
    assert ran.code == 0, ran.err
    assert json.loads((command.folder / "a.cdx.json").read_text())["specVersion"] == "1.7"
    assert ran.err.endswith("next: supplychain sbom validate a.cdx.json a.spdx.json\n")


def test_every_document_is_judged_though_one_is_missing(command: CommandLine) -> None:
    command.write("bad.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": "one"}))
    ran = command("sbom", "validate", "gone.json", "bad.json")
    assert ran.code == 1
    assert "NOT VALID  gone.json   format unknown\n  Unreadable: no such file or directory\n" in ran.out
    assert "NOT VALID  bad.json   CycloneDX 1.6 JSON\n" in ran.out


@pytest.mark.skipif(sys.platform != "linux", reason="this system has no such names")
def test_a_name_that_is_not_utf8_can_be_signed_and_not_attested(signed: CommandLine) -> None:
    name = os.fsdecode(b"caf\xe9.bin")
    signed.write(name, b"bytes")
    signed.write("result.json", json.dumps({"result": "PASSED", "configuration": [{"digest": {"sha256": "0" * 64}}]}))
    ran = signed("sign", name, "--key", "release.key")
    assert (ran.code, "caf\\u{dce9}.bin.sigstore.json" in ran.out) == (0, True)
    ran = signed("attest", name, "--type", "test-result", "--predicate", "result.json", "--key", "release.key")
    assert ran.code == 3
    assert "the name is not UTF-8" in ran.err


@pytest.mark.parametrize("name", ["my app.bin", "$(ID)", "A;B"])
def test_what_a_success_says_next_can_be_run(name: str, signed: CommandLine) -> None:
    signed.write(name, b"bytes")
    ran = signed("sign", name, "--key", "release.key")
    (following,) = [line for line in ran.out.splitlines() if line.startswith("next: supplychain ")]
    assert signed(*shlex.split(following.removeprefix("next: supplychain "))).code == 0


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "import sys; from supplychain.cli.main import main; sys.exit(main())", *arguments]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
@pytest.mark.parametrize("arguments", [("--help",), ("policy", "schema"), ("sbom", "create", "a.txt", "--allow-empty")])
def test_a_full_disk_behind_stdout_is_no_success(command: CommandLine, arguments: tuple[str, ...]) -> None:
    command.write("a.txt", "text")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(program(*arguments), check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 3
    assert done.stderr.endswith("error: stdout: cannot be written: no space left on device\n")


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX closes descriptors")
@pytest.mark.parametrize(("arguments", "code"), [("policy schema", 3), ("verify gone --key gone", 2)])
def test_a_closed_stdout_is_no_bug(arguments: str, code: int, command: CommandLine) -> None:
    call = f"{shlex.join(program(*arguments.split()))} >&-"
    done = subprocess.run(["sh", "-c", call], check=False, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code
    assert done.stderr.startswith("error: ")
    assert "internal" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_has_seen_enough_leaves_no_traceback(command: CommandLine) -> None:
    call = f"{shlex.join(program('policy', 'schema'))} | true"
    done = subprocess.run(["sh", "-c", call], check=False, stderr=subprocess.PIPE, text=True)
    assert done.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupted_during_a_walk_nothing_is_half_written(command: CommandLine) -> None:
    wait = "import signal, sys, supplychain.api.sbom as s; from supplychain.cli.main import main\n"
    wait += "s.take_inventory = lambda *_, **__: (print('walking', flush=True), signal.pause())\nsys.exit(main())"
    command.write("app.bin", b"bytes")
    made = [sys.executable, "-c", wait, "sbom", "create", "app.bin", "-o", "cyclonedx-json=a.json", "--allow-empty"]
    with subprocess.Popen(made, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as walking:
        assert walking.stdout is not None
        assert walking.stderr is not None
        assert walking.stdout.readline() == "walking\n"
        walking.send_signal(signal.SIGINT)
        told = walking.stderr.read()
    assert walking.returncode == 130
    assert told.startswith("error: interrupted\n")
    assert "Traceback" not in told
    assert [p.name for p in command.folder.iterdir()] == ["app.bin"]


@pytest.mark.parametrize("arguments", [(), ("--help",), ("gate", "x")])
def test_what_a_newcomer_sees_first_fits_eighty_columns(command: CommandLine, arguments: tuple[str, ...]) -> None:
    ran = command(*arguments)
    assert max(len(line) for line in (ran.out + ran.err).splitlines()) <= 80, ran


def test_a_problem_of_a_policy_among_others_keeps_its_hint(signed: CommandLine) -> None:
    text = "schema: supplychain/policy/v1\nid: a\nversion: 1\nowner: b\nsigners: {c: {key: releas.pub}}\nrules: []\n"
    signed.write("bad.yaml", text)
    assert (
        "releas.pub: no such file or directory; did you mean release.pub?\n" in signed("policy", "lint", "bad.yaml").err
    )


def test_many_files_that_were_kept_are_counted(signed: CommandLine) -> None:
    files = [str(signed.write(f"{i}.bin", b"x").relative_to(signed.folder)) for i in range(4)]
    signed("sign", *files, "--key", "release.key")
    assert "kept 4 files: they say exactly this already\n" in signed("sign", *files, "--key", "release.key").out


def test_a_rule_that_passed_counts_what_it_examined(signed: CommandLine) -> None:
    signed.write("p.yaml", EXAMPLE)
    ran = signed("gate", "app.bin", "--policy", "p.yaml", "--explain", "signed")
    assert ran.code == 0
    assert "pass  signed   Signed and attested by those who should   1 of 1 artifact examined\n" in ran.out


def test_a_rule_that_the_policy_lacks_is_told_before_judging(signed: CommandLine) -> None:
    signed.write("p.yaml", EXAMPLE)
    ran = signed("gate", "app.bin", "--policy", "p.yaml", "--explain", "sined")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("hint: did you mean signed?\n")


def test_a_day_is_answered_with_the_time_to_write(signed: CommandLine) -> None:
    signed.write("p.yaml", EXAMPLE)
    ran = signed("gate", "app.bin", "--policy", "p.yaml", "--as-of", "2026-11-24")
    assert (ran.code, ran.err.splitlines()[-1]) == (2, "hint: write 2026-11-24T00:00:00Z for UTC")
    assert signed("gate", "app.bin", "--policy", "p.yaml", "--as-of", "2026-11-24T00:00:00Z").code == 0


def test_a_damaged_archive_is_to_be_made_again(signed: CommandLine) -> None:
    signed.write("p.yaml", EXAMPLE)
    signed.write("broken.zip", b"PK\x03\x04 and nothing more")
    signed("sign", "broken.zip", "--key", "release.key")
    ran = signed("gate", "broken.zip", "--policy", "p.yaml")
    assert ran.code == 3
    assert "  1. broken.zip: as it is, it cannot be read; make it again, or repair what packs it.\n" in ran.out


def packed(signed: CommandLine, name: str) -> None:
    with zipfile.ZipFile(signed.write(name, b""), "w") as made:
        made.writestr("left-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: left\nVersion: 1.0\n")


def test_several_assets_have_a_line_each(signed: CommandLine) -> None:
    packed(signed, "dist/a.zip")
    packed(signed, "dist/b.zip")
    ran = signed("prepare", "dist", "--key", "release.key", "--product", "p", "--version", "1")
    assert ran.code == 0, ran.err
    line = "{}.zip: 1 component in 1 file; everything that was met was read\n"
    assert line.format("a") + line.format("b") in ran.err
    assert "  pypi " not in ran.err


def test_an_sbom_to_look_at_is_named_with_its_folder(signed: CommandLine) -> None:
    rule = "  - {id: all, type: sbom-complete, profile: ntia-2021, min-components: 9}\n"
    signed.write("p.yaml", f"{EXAMPLE.split('rules:')[0]}rules:\n{rule}")
    packed(signed, "my dist/app.zip")
    signed("prepare", "my dist", "--key", "release.key", "--product", "p", "--version", "1")
    ran = signed("gate", "my dist", "--policy", "p.yaml", "-o", "json")
    assert ran.code == 1, ran.err
    fixes = [finding["fix"] for finding in json.loads(ran.out)["findings"] if finding["rule"] == "all"]
    assert fixes == ["See what was recognised inside: supplychain sbom create 'my dist/app.zip'"]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root to become somebody else")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sbom", "create", "closed/app.bin", "--allow-empty"), 3),
        (("sign", "app.bin", "--key", "closed/release.key"), 2),
        (("policy", "lint", "closed/p.yaml"), 2),
        (("key", "new", "closed/other"), 3),
    ],
)
def test_what_may_not_be_entered_is_told_as_such(signed: CommandLine, arguments: tuple[str, ...], code: int) -> None:
    signed("policy", "lint", "gone.yaml")  # loads what this verb needs, where nobody else may read
    signed("sbom", "create", "gone.bin")
    (signed.folder / "closed").mkdir(mode=0o700)
    os.seteuid(65534)
    try:
        ran = signed(*arguments)
    finally:
        os.seteuid(0)
    assert (ran.code, ran.out) == (code, "")
    assert "permission denied" in ran.err
    assert "internal" not in ran.err
