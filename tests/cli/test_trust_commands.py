"""trust show and trust update, as typed by a person."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from supplychain.roots.packaged import packaged_root
from tests.roots.tuf_repository import Repository
from tests.sigstore_stack import bundles, claims, root
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.encoding import b64, spki
from tests.sigstore_stack.root import NOWHERE, client_trust_config, signing_config
from tests.sigstore_stack.stack import Stack
from tests.support.commands import CommandLine, command

__all__ = ["command"]

WHO = claims.workflow()


def test_the_packaged_root_is_shown_with_what_has_ended(command: CommandLine) -> None:
    ran = command("trust", "show")
    assert ran.code == 0
    assert "transparency log: keeps what was signed in public" in ran.out
    assert "ended" in ran.out
    found = json.loads(command("trust", "show", "-o", "json").out)
    assert {p["role"] for p in found["parties"]} == {
        "certificate authority",
        "transparency log",
        "certificate log",
        "timestamp authority",
    }
    assert any(p["ended"] and p["until"] for p in found["parties"])
    assert found["sha256"][:12] in ran.out
    assert command("trust", "show", "-o", "markdown").out.startswith("**TRUSTED ROOT**")


def test_a_root_and_the_configuration_around_it_show_the_same_parties(command: CommandLine, stack: Stack) -> None:
    document = root.trusted_root(stack)
    command.write("root.json", json.dumps(document))
    command.write("config.json", json.dumps(client_trust_config(document, signing_config(NOWHERE))))
    by_root = json.loads(command("trust", "show", "--trusted-root", "root.json", "-o", "json").out)
    by_config = json.loads(command("trust", "show", "--trust-config", "config.json", "-o", "json").out)
    assert by_root["parties"] == by_config["parties"]
    assert (by_root["source"], by_config["source"]) == ("root.json", "config.json")


def test_keys_nobody_verifies_with_are_named(command: CommandLine, stack: Stack) -> None:
    document = root.trusted_root(stack)
    foreign = ec.generate_private_key(ec.SECP256K1()).public_key()
    document["tlogs"][0]["publicKey"]["rawBytes"] = b64(spki(foreign))
    command.write("root.json", json.dumps(document))
    found = json.loads(command("trust", "show", "--trusted-root", "root.json", "-o", "json").out)
    assert len(found["unusable"]) == 1
    assert "nothing is verified with them" in command("trust", "show", "--trusted-root", "root.json").out


def test_a_root_that_believes_nobody_says_so(command: CommandLine) -> None:
    command.write("root.json", json.dumps(root.document(tlogs=[], ctlogs=[], authorities=[], timestamp_authorities=[])))
    assert "believes nobody" in command("trust", "show", "--trusted-root", "root.json").out
    assert "believes nobody" in command("trust", "show", "--trusted-root", "root.json", "-o", "markdown").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--trusted-root", "absent.json"), 3),
        (("--trusted-root", "config.json"), 3),
        (("--trust-config", "root.json"), 3),
        (("--trust-config", "broken.json"), 3),
        (("--trust-config", "config.json", "--trusted-root", "root.json"), 2),
    ],
)
def test_what_is_no_root_is_not_shown(
    command: CommandLine, stack: Stack, arguments: tuple[str, ...], code: int
) -> None:
    document = root.trusted_root(stack)
    command.write("root.json", json.dumps(document))
    config = client_trust_config(document, signing_config(NOWHERE))
    command.write("config.json", json.dumps(config))
    command.write("broken.json", json.dumps({**config, "trustedRoot": [1]}))
    ran = command("trust", "show", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith("error: ")


@pytest.fixture
def repository(tmp_path: Path, stack: Stack) -> Repository:
    made = Repository(tmp_path / "repository", bundles.to_json(root.trusted_root(stack)))
    made.publish()
    return made


def test_an_update_is_written_and_read_by_nobody_who_was_not_told(
    command: CommandLine, stack: Stack, repository: Repository
) -> None:
    command.write("start.json", repository.root)
    command.write("app.bin", b"app")
    command.write("app.bin.sigstore.json", bundles.to_json(bundles.signed_artifact(stack, b"app")))
    who = ("--certificate-identity", WHO.subject, "--certificate-oidc-issuer", WHO.issuer)
    with repository.serving() as url:
        update = ("trust", "update", "-o", "new.json", "--state", "state", "--url", url, "--root", "start.json")
        ran = command(*update)
        assert ran.code == 0
        assert "wrote new.json" in ran.out
        assert "trust show --trusted-root new.json" in ran.out
        assert "kept new.json" in command(*update).out
    assert command.folder.joinpath("new.json").read_bytes() == repository.content
    assert command("verify", "app.bin", *who).code == 1
    assert command("verify", "app.bin", *who, "--trusted-root", "new.json").code == 0


@pytest.mark.threat(55)
def test_a_rollback_writes_nothing(command: CommandLine, repository: Repository) -> None:
    command.write("start.json", repository.root)
    repository.publish()
    with repository.serving() as url:
        update = ("trust", "update", "-o", "new.json", "--state", "state", "--url", url, "--root", "start.json")
        assert command(*update).code == 0
        command.write("new.json", b"as it was")
        repository.versions["timestamp"] = 0
        repository.publish()
        ran = command(*update)
    assert ran.code == 3
    assert "seen before" in ran.err
    assert command.folder.joinpath("new.json").read_bytes() == b"as it was"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--url", "https://tuf.example.org"), 2),
        (("--url", "file:///srv"), 2),
        (("--offline",), 3),
        (("--root", "absent.json"), 3),
    ],
)
def test_an_update_that_cannot_begin_leaves_nothing(
    command: CommandLine, arguments: tuple[str, ...], code: int
) -> None:
    ran = command("trust", "update", "-o", "new.json", "--state", "state", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert list(command.folder.iterdir()) == []


@pytest.mark.threat(58)
def test_a_root_in_the_cache_of_the_user_changes_nothing(
    command: CommandLine, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put where sigstore keeps its own is read by nothing here."""
    home = command.folder / "home"
    poisoned = bundles.to_json(root.trusted_root(stack))
    for name in (
        "HOME",
        "XDG_CACHE_HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "APPDATA",
        "LOCALAPPDATA",
        "USERPROFILE",
    ):
        monkeypatch.setenv(name, str(home if name in ("HOME", "USERPROFILE") else home / name))
    for folder in ("XDG_CACHE_HOME", "XDG_DATA_HOME", ".cache", ".local/share"):
        for repository in ("https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", ""):
            for app in ("sigstore-python/tuf", "sigstore/tuf", ".sigstore/root"):
                command.write(f"home/{folder}/{app}/{repository}/trusted_root.json", poisoned)
    command.write("home/.sigstore/root/targets/trusted_root.json", poisoned)
    command.write("trusted_root.json", poisoned)
    command.write("app.bin", b"app")
    command.write("app.bin.sigstore.json", bundles.to_json(bundles.signed_artifact(stack, b"app")))
    who = ("--certificate-identity", WHO.subject, "--certificate-oidc-issuer", WHO.issuer)
    assert command("verify", "app.bin", *who).code == 1
    shown = json.loads(command("trust", "show", "-o", "json").out)
    assert shown["sha256"] == hashlib.sha256(packaged_root()).hexdigest()


def test_what_has_ended_is_told_by_the_time_it_ended(command: CommandLine, stack: Stack) -> None:
    now = stack.clock.now()
    window = Window(start=now.replace(year=2020), end=now)
    command.write("root.json", json.dumps(root.trusted_root(stack, valid=window)))
    found = json.loads(command("trust", "show", "--trusted-root", "root.json", "-o", "json").out)
    assert all(p["ended"] and p["until"] == "2025-06-01T12:00:00Z" for p in found["parties"])
