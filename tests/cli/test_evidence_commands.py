"""key, sign, attest, verify as typed by a person."""

import json
import os
import stat

import pytest

from supplychain.cli.main import main
from tests.support.commands import CommandLine, command

__all__ = ["command"]

RESULT = json.dumps({"result": "PASSED", "configuration": [{"digest": {"sha256": "0" * 64}}]})

TESTED = ("--type", "test-result", "--predicate", "result.json", "--key", "release.key")


@pytest.fixture
def signed(command: CommandLine) -> CommandLine:
    """An artifact with a signature and an attestation beside it."""
    command.write("app.bin", b"bytes of the app")
    command.write("result.json", RESULT)
    assert command("key", "new", "release").code == 0
    assert command("sign", "app.bin", "--key", "release.key").code == 0
    assert (
        command("attest", "app.bin", "--type", "test-result", "--predicate", "result.json", "--key", "release.key").code
        == 0
    )
    return command


def test_key_is_readable_by_its_owner_alone_and_encrypted(command: CommandLine) -> None:
    ran = command("key", "new", "release", "-o", "json")
    assert ran.code == 0
    assert json.loads(ran.out)["fingerprint"].startswith("sha256:")
    pem = (command.folder / "release.key").read_text()
    assert pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    if os.name == "posix":
        assert stat.S_IMODE((command.folder / "release.key").stat().st_mode) == 0o600


def test_existing_key_is_never_replaced(command: CommandLine) -> None:
    command("key", "new", "release")
    before = (command.folder / "release.key").read_bytes()
    ran = command("key", "new", "release")
    assert ran.code == 2
    assert "exists already" in ran.err
    assert (command.folder / "release.key").read_bytes() == before


def test_key_without_a_password_must_be_asked_for_by_name(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPPLYCHAIN_KEY_PASSWORD")
    assert command("key", "new", "bare").code == 2
    assert not (command.folder / "bare.key").exists()
    ran = command("key", "new", "bare", "--unsafe-no-password")
    assert ran.code == 0
    assert "not encrypted" in ran.err
    assert command("sign", "bare.pub", "--key", "bare.key").code == 0


def test_key_show_tells_the_same_of_both_halves(command: CommandLine) -> None:
    command("key", "new", "release")
    shown = [json.loads(command("key", "show", f"release.{half}", "-o", "json").out) for half in ("key", "pub")]
    assert shown[0]["fingerprint"] == shown[1]["fingerprint"]
    assert command("key", "show", "release.pub").out


def test_what_was_signed_verifies(signed: CommandLine) -> None:
    ran = signed("verify", "app.bin", "--key", "release.pub", "-o", "json")
    found = json.loads(ran.out)
    assert (ran.code, found["verified"], len(found["results"])) == (0, True, 2)
    assert signed("verify", "app.bin", "--key", "release.pub", "--type", "signature").code == 0
    assert signed("verify", "app.bin", "--key", "release.pub", "--type", "test-result").code == 0


def test_signing_again_changes_nothing(signed: CommandLine) -> None:
    before = {p.name: p.read_bytes() for p in signed.folder.iterdir()}
    assert "kept" in signed("sign", "app.bin", "--key", "release.key").out
    signed("attest", "app.bin", *TESTED)
    assert {p.name: p.read_bytes() for p in signed.folder.iterdir()} == before


def test_one_flipped_byte_is_refused(signed: CommandLine) -> None:
    signed.write("app.bin", b"bytes of the apq")
    ran = signed("verify", "app.bin", "--key", "release.pub")
    assert ran.code == 1
    assert "SubjectMismatch" in ran.out
    assert "NOT VERIFIED" in ran.out


def test_another_key_is_refused(signed: CommandLine) -> None:
    signed("key", "new", "other")
    ran = signed("verify", "app.bin", "--key", "other.pub")
    assert ran.code == 1
    assert "SignatureInvalid" in ran.out


@pytest.mark.threat(1)
def test_no_evidence_is_not_success(signed: CommandLine) -> None:
    signed.write("bare.bin", b"unsigned")
    ran = signed("verify", "bare.bin", "--key", "release.pub", "-o", "json")
    assert ran.code == 3
    assert json.loads(ran.out)["results"][0]["error"]["code"] == "EvidenceMissing"


def test_evidence_of_another_type_only_is_a_no(signed: CommandLine) -> None:
    assert signed("verify", "app.bin", "--key", "release.pub", "--type", "cyclonedx").code == 1


def test_artifact_by_digest_with_a_named_bundle(signed: CommandLine) -> None:
    digest = json.loads(signed("verify", "app.bin", "--key", "release.pub", "-o", "json").out)["results"][0]["sha256"]
    bundle = ("--bundle", "app.bin.sigstore.json")
    assert signed("verify", f"sha256:{digest}", "--key", "release.pub", *bundle).code == 0
    assert signed("verify", f"sha256:{digest}", "--key", "release.pub").code == 3
    assert signed("verify", "sha256:ABC", "--key", "release.pub", *bundle).code == 2


def test_each_named_bundle_must_verify(signed: CommandLine) -> None:
    signed.write("junk.sigstore.json", "{}")
    good, bad = ("--bundle", "app.bin.sigstore.json"), ("--bundle", "junk.sigstore.json")
    assert signed("verify", "app.bin", "--key", "release.pub", *good).code == 0
    assert signed("verify", "app.bin", "--key", "release.pub", *good, *bad).code == 3
    signed.write("empty.jsonl", "\n")
    assert signed("verify", "app.bin", "--key", "release.pub", "--bundle", "empty.jsonl").code == 3


def test_one_bad_attestation_does_not_poison_the_rest(signed: CommandLine) -> None:
    path = signed.folder / "app.bin.attestations.jsonl"
    path.write_bytes(b"not json\n" + path.read_bytes())
    assert signed("verify", "app.bin", "--key", "release.pub", "--type", "test-result").code == 0


@pytest.mark.threat(37)
def test_artifact_that_is_no_plain_file(signed: CommandLine) -> None:
    (signed.folder / "link").symlink_to("app.bin")
    os.mkfifo(signed.folder / "fifo")
    for name in ("link", "fifo"):
        assert signed("sign", name, "--key", "release.key").code == 3
        ran = signed("verify", name, "--key", "release.pub")
        assert ran.code == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("verify", "app.bin", "--key", "absent.pub"), 2),
        (("verify", "app.bin", "--key", "release.key"), 2),
        (("sign", "app.bin", "--key", "release.pub"), 2),
        (("sign", "absent.bin", "--key", "release.key"), 3),
        (("attest", "app.bin", "--type", "nonsense", "--predicate", "result.json", "--key", "release.key"), 2),
        (("attest", "app.bin", "--type", "cyclonedx", "--predicate", "result.json", "--key", "release.key"), 3),
        (("verify", "app.bin"), 2),
        (("verify", "app.bin", "--key", "release.pub", "-o", "nonsense"), 2),
        (("verify", "app.bin", "--key", "release.pub", "-o", "json="), 2),
        (("veriyf", "app.bin"), 2),
    ],
)
def test_bad_calls_say_what_to_do_and_leave_nothing(signed: CommandLine, arguments: tuple[str, ...], code: int) -> None:
    before = sorted(p.name for p in signed.folder.iterdir())
    ran = signed(*arguments)
    assert ran.code == code
    assert ran.err.startswith("error: ")
    assert sorted(p.name for p in signed.folder.iterdir()) == before


def test_wrong_password(signed: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPLYCHAIN_KEY_PASSWORD", "wrong")
    assert signed("sign", "app.bin", "--key", "release.key").code == 2


def test_output_goes_to_a_file_whole(signed: CommandLine) -> None:
    ran = signed("verify", "app.bin", "--key", "release.pub", "-o", "json=out.json", "-o", "table")
    assert "VERIFIED" in ran.out
    assert json.loads((signed.folder / "out.json").read_text())["verified"] is True


def test_nothing_typed_shows_four_lines_that_work(command: CommandLine) -> None:
    ran = command()
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 4


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("--version", "-o", "json"), ("key", "--help")])
def test_help_is_data(command: CommandLine, arguments: tuple[str, ...]) -> None:
    ran = command(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out


def test_a_bug_is_exit_4_without_a_traceback(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("supplychain.cli.key.show_key", broken)
    ran = command("key", "show", "x")
    assert ran.code == 4
    assert "internal error" in ran.err
    monkeypatch.setenv("SUPPLYCHAIN_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["key", "show", "x"])


def test_interrupt_is_told(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("supplychain.cli.key.show_key", interrupted)
    assert command("key", "show", "x").code == 130
