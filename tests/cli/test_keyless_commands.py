"""--keyless and --timestamp-url as typed by a person, against a private Sigstore on loopback."""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import supplychain
from supplychain import Identity, Trust
from tests.cli.test_release_commands import PREPARE, prepared
from tests.sigstore_stack.services import Services
from tests.support.commands import CommandLine, command
from tests.support.keyless import WORKFLOW, Private, private, running, services

__all__ = ["command", "prepared", "private", "running", "services"]

RESULT = json.dumps({"result": "PASSED", "configuration": [{"digest": {"sha256": "0" * 64}}]})
RELEASE = PREPARE[2:]
WHEEL = "demo-1.0-py3-none-any.whl"
POLICY = """\
schema: supplychain/policy/v1
id: demo/release
version: "1"
owner: release-team
trusted-root: sha256:{root}
signers:
  ci: {{ identity: "{who}", issuer: "{issuer}", claims: {{ source-repository: https://github.com/example/widget }} }}
rules: [{{ id: signed, type: signer-identity, evidence: [signature], signers: [ci] }}]
"""
SEE = (
    "import os, sys, urllib.request; urllib.request.urlopen(sys.argv[1] + '/keys').read();"
    "open('app.bin', 'w').write(repr(dict(os.environ)))"
)
"""A build step that asks the issuer for its keys, so that it is seen when it ran, and tells what it could see."""


def trust_in(private: Private) -> Trust:
    return Trust(Identity(WORKFLOW.subject, issuer=private.services.issuer.url), root=private.root.read_bytes())


@pytest.fixture
def job(private: Private, monkeypatch: pytest.MonkeyPatch) -> Private:
    """In a job of GitHub Actions that may ask for tokens."""
    for name, value in private.services.github_environment().items():
        monkeypatch.setenv(name, value)
    return private


def test_what_a_job_signs_and_attests_verifies(command: CommandLine, job: Private) -> None:
    command.write("app.bin", b"bytes of the app")
    command.write("result.json", RESULT)
    signs = ("--keyless", "--trust-config", str(job.config))
    assert command("sign", "app.bin", *signs).code == 0
    stated = command("attest", "app.bin", "--type", "test-result", "--predicate", "result.json", *signs)
    assert stated.code == 0, stated.err
    (signature,) = supplychain.verify("app.bin", supplychain.Signature, trust=trust_in(job))
    assert signature.signer == WORKFLOW.subject
    again = command("sign", "app.bin", *signs)
    assert (again.code, "kept" in again.out + again.err) == (0, True)


def test_a_release_is_prepared_twice_and_judged_in_the_same_name(prepared: CommandLine, private: Private) -> None:
    keyed = {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()}
    first = prepared("prepare", "dist", *private.signs, *RELEASE)
    assert first.code == 0, first.err
    made = {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()}
    assert {n for n in made if made[n] != keyed[n]} == {
        "release.json.sigstore.json",
        *(f"{WHEEL}{s}" for s in (".sigstore.json", ".attestations.jsonl")),
    }
    private.token.write_text(private.services.token(WORKFLOW))
    assert prepared("prepare", "dist", *private.signs, *RELEASE).code == 0
    assert {p.name: p.read_bytes() for p in (prepared.folder / "dist").iterdir()} == made
    supplychain.verify(prepared.folder / "dist" / WHEEL, supplychain.Signature, trust=trust_in(private))


def test_a_release_is_judged_and_published_without_any_key(prepared: CommandLine, private: Private) -> None:
    for each in (prepared.folder / "dist").iterdir():
        if each.name != WHEEL:
            each.unlink()
    assert prepared("prepare", "dist", *private.signs, *RELEASE).code == 0
    sha256 = hashlib.sha256(private.root.read_bytes()).hexdigest()
    prepared.write("keyless.yaml", POLICY.format(root=sha256, who=WORKFLOW.subject, issuer=private.services.issuer.url))
    judges = ("gate", "dist", "--policy", "keyless.yaml", "--trusted-root", str(private.root))
    judged = prepared(*judges, "--vsa", "dist/decision.vsa.json", *private.signs, "-o", "json")
    assert judged.code == 0, judged.out + judged.err
    assert "--certificate-identity" in judged.err
    policy = ("--policy-digest", json.loads(judged.out)["policy"]["sha256"])
    sends = ("publish", "dist", "--to", (prepared.folder / "published").as_uri(), "--vsa", "dist/decision.vsa.json")
    nobody = prepared(*sends, *policy, *private.signs)
    assert (nobody.code, "nobody is named who may decide" in nobody.err) == (2, True)
    other = tuple(flag.replace("v1.0.0", "v2.0.0") for flag in private.verifies)
    assert prepared(*sends, *policy, *other, *private.signs).code == 1
    assert not (prepared.folder / "published" / "demo").exists()
    for already in (False, True):
        private.token.write_text(private.services.token(WORKFLOW))
        sent = prepared(*sends, *policy, *private.verifies, *private.signs)
        assert (sent.code, "already" in sent.out) == (0, already), sent.err
    published = prepared.folder / "published" / "demo" / "1.0" / WHEEL
    supplychain.verify(published, supplychain.Signature, trust=trust_in(private))


def test_a_build_step_sees_no_way_to_a_token_and_ends_before_one_is_asked_for(
    command: CommandLine, job: Private
) -> None:
    before = len(job.services.seen)
    signs = ("--keyless", "--trust-config", str(job.config))
    step = (sys.executable, "-c", SEE, job.services.urls.issuer)
    ran = command("run", "--output", "app.bin", *signs, "--", *step)
    assert ran.code == 0, ran.err
    paths = [request.path for request in job.services.seen[before:]]
    assert paths.index("/keys") < paths.index("/actions/token") < paths.index("/api/v2/signingCert")
    saw = (command.folder / "app.bin").read_text()
    assert job.services.secret not in saw
    assert "ACTIONS_ID_TOKEN" not in saw
    assert supplychain.verify("app.bin", supplychain.predicates.provenance.Provenance, trust=trust_in(job))


def test_a_failing_step_asks_for_no_token(command: CommandLine, job: Private) -> None:
    before = len(job.services.seen)
    signs = ("--keyless", "--trust-config", str(job.config))
    ran = command("run", "--output", "app.bin", *signs, "--", sys.executable, "-c", "raise SystemExit(3)")
    assert (ran.code, job.services.seen[before:]) == (1, [])


@pytest.mark.threat(75)
def test_a_token_in_the_call_is_told_nowhere(command: CommandLine, private: Private) -> None:
    command.write("app.bin", b"bytes of the app")
    token = private.services.token(WORKFLOW)
    secret = token.rpartition(".")[2]
    config = ("--keyless", "--trust-config", str(private.config))
    calls = [
        ("sign", "app.bin", *config, "--identity-token", token[:-3] + "AAA"),
        ("sign", "app.bin", *config, "--identity-token", token),
        ("sign", "app.bin", *config, "--identity-token", token + "=="),
        ("sign", "app.bin", *config, "--identity-tokn", token),
        ("sign", token, *config, "--identity-token", token),
        ("run", "--output", "made", *config, "--identity-token", token, "--", "true"),
    ]
    codes = []
    for call in calls:
        ran = command(*call)
        codes.append(ran.code)
        assert secret[:-3] not in ran.out + ran.err, call
    assert codes == [3, 0, 2, 2, 3, 2]
    assert all(secret.encode() not in p.read_bytes() for p in command.folder.iterdir())


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "exactly one of --key and --keyless"),
        (("--key", "release.key", "--keyless"), "exactly one of --key and --keyless"),
        (("--keyless", "--offline"), "--keyless talks to services"),
        (("--key", "release.key", "--offline", "--timestamp-url", "http://127.0.0.1:9"), "--timestamp-url talks"),
        (("--keyless", "--timestamp-url", "http://127.0.0.1:9"), "by a key"),
        (("--key", "release.key", "--trust-config", "x"), "belong to --keyless"),
        (("--key", "release.key", "--identity-token", "x"), "belong to --keyless"),
        (("--key", "release.key", "--timestamp-root", "x"), "belongs to --timestamp-url"),
        (("--keyless",), "no identity token"),
        (("--keyless", "--identity-token", "absent"), "no such file"),
        (("--keyless", "--identity-token", "app.bin"), "holds no identity token"),
    ],
)
def test_a_wrong_call_is_told_and_a_key_is_never_taken_instead(
    command: CommandLine, services: Services, flags: tuple[str, ...], told: str
) -> None:
    command.write("app.bin", b"bytes of the app")
    command("key", "new", "release")
    ran = command("sign", "app.bin", *flags)
    assert (ran.code, told in ran.err) == (2, True), ran.err
    assert not (command.folder / "app.bin.sigstore.json").exists()


def test_a_key_signs_offline(command: CommandLine) -> None:
    command.write("app.bin", b"bytes of the app")
    command("key", "new", "release")
    assert command("sign", "app.bin", "--key", "release.key", "--offline").code == 0


def test_a_signature_by_a_key_is_timestamped(command: CommandLine, private: Private) -> None:
    command.write("app.bin", b"bytes of the app")
    command.write("result.json", RESULT)
    command("key", "new", "release")
    stamp = ("--key", "release.key", "--timestamp-url", private.services.urls.tsa)
    known = (*stamp, "--timestamp-root", str(private.root))
    unknown = command("sign", "app.bin", *stamp)
    assert (unknown.code, "--timestamp-root" in unknown.err) == (3, True)
    assert not (command.folder / "app.bin.sigstore.json").exists()
    assert command("sign", "app.bin", *known).code == 0
    stated = ("attest", "app.bin", "--type", "test-result", "--predicate", "result.json", *known)
    assert command(*stated).code == 0
    assert command(*stated).code == 0
    assert len((command.folder / "app.bin.attestations.jsonl").read_text().splitlines()) == 1
    trust = Trust(supplychain.read_key("release.pub"), root=private.root.read_bytes())
    (proof,) = supplychain.verify("app.bin", supplychain.Signature, trust=trust)
    assert proof.signed_at is not None


@pytest.mark.threat(58)
def test_a_users_cache_and_configuration_are_neither_read_nor_written(
    command: CommandLine, private: Private, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    poison = home / "sigstore-python" / "tuf" / "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev"
    poison.mkdir(parents=True)
    for name in ("trusted_root.json", "signing_config.v0.2.json"):
        (poison / name).write_text("poison")
    before = sorted((p, p.stat().st_mtime_ns) for p in home.rglob("*"))
    with watched(home) as touched:
        command.write("app.bin", b"bytes of the app")
        assert command("sign", "app.bin", *private.signs).code == 0
        supplychain.api.keys.keyless(identity_token=private.token)
    assert touched == []
    assert sorted((p, p.stat().st_mtime_ns) for p in home.rglob("*")) == before


_seen: list[str] = []
_folder = ""
sys.addaudithook(
    lambda event, args: (
        _seen.append(str(args[0]))
        if _folder and event in ("open", "os.listdir", "os.scandir") and str(args[0]).startswith(_folder)
        else None
    )
)


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """What is opened below a folder while the block runs."""
    global _folder  # noqa: PLW0603  # an audit hook stays for ever
    _seen.clear()
    _folder = str(folder)
    yield _seen
    _folder = ""
