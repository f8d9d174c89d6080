"""What a tired person types, and what is answered: what is wrong, where, and what to do; nothing half-written."""

import json

import pytest

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
