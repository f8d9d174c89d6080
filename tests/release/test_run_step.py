"""run: what a step may see, what must come of it, and what is told of it. Real child processes, real git."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from supplychain import _process
from supplychain.errors import (
    CommandFailed,
    EvidenceMissing,
    LimitExceeded,
    Unreadable,
    UnsafePath,
    UsageError,
)
from supplychain.model.statement import Statement
from supplychain.predicates.link import Link
from supplychain.predicates.provenance import V1, Provenance
from supplychain.release.run import BUILDER_ID, BuildRecord, link_of, provenance_of, run_step, statement_of
from supplychain.release.source import public_uri

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
posix = pytest.mark.skipif(os.name != "posix", reason="process groups, links and modes of POSIX")
git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def clock() -> Callable[[], datetime]:
    ticks = iter(range(1000))
    return lambda: NOON + timedelta(minutes=next(ticks))


def step(
    folder: Path, code: str, *outputs: str, environment: Mapping[str, str] = ENVIRONMENT, **options: Any
) -> BuildRecord:
    """Run Python code as the build step."""
    return run_step(
        [sys.executable, "-c", code],
        outputs=outputs or ["out.bin"],
        cwd=folder,
        environment=environment,
        clock=clock(),
        **options,
    )


WRITE = "open('out.bin', 'wb').write(b'made')"


def test_a_step_is_measured_and_stated(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("locked")
    record = step(tmp_path, WRITE, environment={**ENVIRONMENT, "SOURCE_DATE_EPOCH": "1", "CI_COMMIT_SHA": "abc"})
    provenance = provenance_of(record)
    statement = Statement.parse(statement_of(record, provenance), where="p.json")
    made = hashlib.sha256(b"made").hexdigest()
    assert [(s.name, dict(s.digests)) for s in statement.subjects] == [("out.bin", {"sha256": made})]
    read = Provenance.parse(statement.predicate, statement.predicate_type)
    assert read == provenance
    assert statement.predicate_type == V1
    assert (read.builder_id, read.started, read.finished) == (BUILDER_ID, NOON, NOON + timedelta(minutes=1))
    assert read.external_parameters == {"command": [sys.executable, "-c", WRITE], "outputs": ["out.bin"]}
    assert read.internal_parameters == {"variables": {"CI_COMMIT_SHA": "abc", "SOURCE_DATE_EPOCH": "1"}}
    assert [m.name for m in read.materials] == ["uv.lock"]
    assert "no source is recorded" in record.notes[0]


SECRETS = {
    "SUPPLYCHAIN_KEY_PASSWORD": "hunter2-hunter2",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://oidc.example/?x",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token-1",
    "ACTIONS_RUNTIME_TOKEN": "runtime-token-1",
    "SIGSTORE_ID_TOKEN": "id-token-value-1",
    "VAULT_ID_TOKEN": "id-token-value-2",
    "CI_JOB_JWT_V2": "jwt-value-0001",
    "CIRCLE_OIDC_TOKEN_V2": "circle-value-01",
    "BITBUCKET_STEP_OIDC_TOKEN": "bitbucket-val-1",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-value",
    "AWS_SESSION_TOKEN": "aws-session-value",
    "GOOGLE_APPLICATION_CREDENTIALS": "/run/secrets/gcp.json",
    "AZURE_CLIENT_SECRET": "azure-secret-val",
    "ARM_CLIENT_SECRET": "arm-secret-value",
    "COSIGN_PASSWORD": "cosign-password",
    "IDENTITY_HEADER": "identity-header",
    "aws_access_key_id": "lower-case-value",
}
KEPT = {"HOME": "/nowhere", "MY_API_TOKEN": "my-own-token-value", "CI": "true", "ARMOUR": "1"}


def test_the_child_sees_no_way_to_sign_or_to_the_cloud(tmp_path: Path) -> None:
    code = "import json, os; json.dump(dict(os.environ), open('out.bin', 'w'))"
    record = step(tmp_path, code, environment={**ENVIRONMENT, **SECRETS, **KEPT})
    seen = json.loads((tmp_path / "out.bin").read_text())
    assert not set(SECRETS) & set(seen)
    assert seen.items() >= KEPT.items()
    payload = statement_of(record, provenance_of(record)).decode()
    assert not [value for value in [*SECRETS.values(), KEPT["MY_API_TOKEN"]] if value in payload]


@pytest.mark.parametrize(
    "words",
    [
        ["--token", "s3cr3t-value"],
        ["--api-key=s3cr3t-value"],
        ["sh", "-c", "curl --password s3cr3t-value https://x"],
        ["sh", "-c", "DEPLOY_TOKEN=s3cr3t-value make"],
        ["https://me:s3cr3t-value@host/x"],
        ["https://s3cr3t-value@host/x"],
        ["-H", "Authorization: Bearer s3cr3t-value"],
        ["deploy", "prefix-hidden-by-name-suffix"],
        ["ghp_s3cr3tvalues3cr3tvalues3cr3tvalue"],
    ],
)
def test_a_secret_on_the_command_line_is_not_told(tmp_path: Path, words: list[str]) -> None:
    record = run_step(
        [sys.executable, "-c", WRITE, *words],
        outputs=["out.bin"],
        cwd=tmp_path,
        environment={**ENVIRONMENT, "DEPLOY_PASSWORD": "hidden-by-name", "EMPTY_TOKEN": "", "ONE_TOKEN": "1"},
        clock=clock(),
    )
    payload = statement_of(record, provenance_of(record)).decode()
    assert "s3cr3t" not in payload
    assert "hidden-by-name" not in payload
    assert "[redacted]" in payload
    assert record.command[1:3] == ("-c", WRITE)


def test_an_output_that_was_there_before_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.bin").write_bytes(b"old")
    with pytest.raises(UsageError, match="there before the step"):
        step(tmp_path, "open('ran', 'w')", "out.bin")
    with pytest.raises(UsageError, match="there before the step"):
        step(tmp_path, "open('ran', 'w')", "*.bin")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / ".hidden").touch()
    with pytest.raises(UsageError, match="there before the step"):
        step(tmp_path, "open('ran', 'w')", "dist")
    assert not (tmp_path / "ran").exists()


@posix
def test_a_dangling_link_in_the_place_of_an_output_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.bin").symlink_to("elsewhere")
    with pytest.raises(UsageError, match="there before the step"):
        step(tmp_path, WRITE)


def test_a_folder_and_a_pattern_name_all_they_hold(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    code = (
        "import os; os.makedirs('dist/sub');"
        "[open(p, 'w').write(p) for p in ('dist/a', 'dist/sub/b', 'dist/.c', 'x.whl', 'y.whl')]"
    )
    record = step(tmp_path, code, "dist", "*.whl", "x.whl")
    assert [o.name for o in record.outputs] == [".c", "a", "sub/b", "x.whl", "y.whl"]


def test_outputs_of_one_name_are_told_apart_by_their_path(tmp_path: Path) -> None:
    code = "import os; [(os.makedirs(d), open(d + '/app', 'w').write(d)) for d in ('arm', 'x86')]"
    assert [o.name for o in step(tmp_path, code, "arm/app", "x86/app").outputs] == ["arm/app", "x86/app"]


@pytest.mark.parametrize("output", ["missing.bin", "*.none", "empty"])
def test_an_output_that_was_not_made_is_missing(tmp_path: Path, output: str) -> None:
    with pytest.raises(EvidenceMissing, match="did not make"):
        step(tmp_path, "import os; os.mkdir('empty')", output)


@posix
@pytest.mark.parametrize(
    "code",
    [
        "import os; os.symlink('/etc/hostname', 'out.bin')",
        "import os; os.mkfifo('out.bin')",
        "import os; os.mkdir('out.bin'); os.symlink('/etc/hostname', 'out.bin/x')",
        "import os; os.mkdir('real'); os.symlink('real', 'd'); open('real/out.bin', 'w')",
    ],
)
def test_an_output_that_is_no_plain_file_is_unsafe(tmp_path: Path, code: str) -> None:
    with pytest.raises(UnsafePath):
        step(tmp_path, code, "d/out.bin" if "'d'" in code else "out.bin")


@pytest.mark.parametrize(
    ("code", "said"), [("raise SystemExit(7)", "status 7"), ("import os; os.kill(os.getpid(), 9)", "signal 9")]
)
def test_a_failing_step_attests_nothing(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(CommandFailed, match=said) as failed:
        step(tmp_path, f"{WRITE}; {code}")
    assert failed.value.exit_code == 1


def test_a_call_that_names_nothing_is_refused(tmp_path: Path) -> None:
    def call(command: list[str], outputs: list[str], cwd: Path = tmp_path) -> None:
        run_step(command, outputs=outputs, cwd=cwd, environment=ENVIRONMENT, clock=clock())

    with pytest.raises(UsageError, match="no command"):
        call([], ["out.bin"])
    with pytest.raises(UsageError, match="no output"):
        call(["true"], [])
    with pytest.raises(UsageError, match="no such folder"):
        call(["true"], ["out.bin"], tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no such file"):
        call(["supplychain-no-such-program"], ["out.bin"])
    with pytest.raises(UsageError, match="cannot be started"):
        call([sys.executable, "a\0b"], ["out.bin"])


def test_more_outputs_than_a_statement_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="1024"):
        step(tmp_path, "import os; os.mkdir('d'); [open(f'd/{i}', 'w').close() for i in range(1025)]", "d")


@posix
def test_nothing_of_the_step_is_running_when_it_returns(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    left = "import os, time; time.sleep(5); os.write({}, b'still running')"
    code = (
        "import os, subprocess, sys; pipe = os.open('pipe', os.O_WRONLY);"
        f"subprocess.Popen([sys.executable, '-c', {left!r}.format(pipe)], pass_fds=[pipe]);"
        f"{WRITE}"
    )
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    step(tmp_path, code)
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b""


@posix
def test_a_step_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="longer than"):
        step(tmp_path, "import time; time.sleep(60)", timeout=0.3)


@posix
def test_an_interrupt_ends_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "waitid", interrupted)
    started: list[int] = []
    popen = subprocess.Popen

    def remember(*args: Any, **options: Any) -> Any:
        child = popen(*args, **options)
        started.append(child.pid)
        return child

    monkeypatch.setattr(subprocess, "Popen", remember)
    with pytest.raises(KeyboardInterrupt):
        _process.run([sys.executable, "-c", "import time; time.sleep(60)"], cwd=str(tmp_path), environment=ENVIRONMENT)
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_what_a_program_says_is_bounded(tmp_path: Path) -> None:
    def ask(code: str, **options: Any) -> _process.Answer:
        return _process.ask([sys.executable, "-c", code], cwd=str(tmp_path), environment=ENVIRONMENT, **options)

    with pytest.raises(LimitExceeded, match="bytes of output"):
        ask("while True: print('x' * 1000)", max_bytes=10_000)
    with pytest.raises(LimitExceeded, match="longer than"):
        ask("import time; time.sleep(60)", timeout=0.3)
    said = ask("import sys; print('out'); print('why', file=sys.stderr); sys.exit(3)")
    assert (said.status, said.output.split(), said.errors.split()) == (3, [b"out"], [b"why"])


@posix
def test_a_step_reads_nothing_and_its_output_goes_to_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    step(tmp_path, f"import sys; print('seen', repr(sys.stdin.read())); {WRITE}")
    out, err = capfd.readouterr()
    assert out == ""
    assert "seen ''" in err


def checkout(folder: Path) -> Callable[..., str]:
    """A repository with one commit."""

    def call(*words: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.run(
            ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    call("init", "-q", "-b", "main")
    (folder / "source.txt").write_text("source")
    (folder / ".gitignore").write_text("*.bin\n")
    call("add", ".")
    call("commit", "-q", "-m", "first")
    return call


@git
def test_a_clean_commit_is_a_material(tmp_path: Path) -> None:
    call = checkout(tmp_path)
    call("remote", "add", "origin", "https://ci:s3cr3t-value@github.com/octo/server.git")
    record = step(tmp_path, WRITE)
    read = provenance_of(record)
    assert (read.source_commit, read.source_uri, read.source_ref) == (
        call("rev-parse", "HEAD"),
        "https://github.com/octo/server.git",
        "refs/heads/main",
    )
    assert record.notes == ()
    assert read.external_parameters["source"] == {
        "commit": call("rev-parse", "HEAD"),
        "dirty": False,
        "ref": "refs/heads/main",
        "uri": "git+https://github.com/octo/server.git",
    }
    assert b"s3cr3t" not in statement_of(record, read)


@git
@pytest.mark.parametrize("name", ["source.txt", "new.txt"])
def test_a_dirty_tree_is_recorded_as_dirty(tmp_path: Path, name: str) -> None:
    checkout(tmp_path)
    (tmp_path / name).write_text("changed")
    record = step(tmp_path, WRITE)
    assert record.source is not None
    assert record.source.dirty
    assert name in record.notes[0]
    assert record.source.material.name == "source"


@git
def test_outputs_of_the_step_do_not_make_its_source_dirty(tmp_path: Path) -> None:
    checkout(tmp_path)
    record = step(tmp_path, "open('not-ignored.txt', 'w').write('x')", "not-ignored.txt")
    assert record.source is not None
    assert not record.source.dirty


@git
def test_a_step_that_moves_head_has_a_dirty_source(tmp_path: Path) -> None:
    call = checkout(tmp_path)
    first = call("rev-parse", "HEAD")
    code = (
        "import subprocess; subprocess.run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q',"
        f" '--allow-empty', '-m', 'x'], check=True); {WRITE}"
    )
    record = step(tmp_path, code)
    assert record.source is not None
    assert (record.source.commit, record.source.dirty) == (first, True)
    assert "moved HEAD" in record.notes[-1]


@git
def test_a_repository_without_a_commit_is_no_material(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    record = step(tmp_path, WRITE)
    assert record.source is None
    assert "no commit" in record.notes[0]


def test_without_git_there_is_no_material_and_it_is_said(tmp_path: Path) -> None:
    record = step(tmp_path, WRITE, environment={**ENVIRONMENT, "PATH": str(tmp_path)})
    assert (record.source, record.materials) == (None, ())
    assert "no source is recorded" in record.notes[0]


@git
@posix
@pytest.mark.parametrize("config", ["core.fsmonitor", "filter.evil.clean", "filter.a=b.clean", "core.hooksPath"])
def test_asking_git_executes_nothing_from_the_checkout(tmp_path: Path, config: str) -> None:
    call = checkout(tmp_path)
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/executed'\n")
    program.chmod(0o755)
    call("config", config, str(tmp_path / "hooks" if config == "core.hooksPath" else program))
    driver = config.removeprefix("filter.").removesuffix(".clean")
    (tmp_path / ".gitattributes").write_text(f"*.txt filter={driver}\n")
    (tmp_path / "source.txt").write_text("SOURCE")
    os.utime(tmp_path / "source.txt", (1, 1))
    record = step(tmp_path, WRITE)
    assert record.source is not None
    assert record.source.dirty
    assert not (tmp_path / "executed").exists()


@git
def test_git_is_not_led_to_another_repository(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    checkout(there)
    record = step(here, WRITE, environment={**ENVIRONMENT, "GIT_DIR": str(there / ".git")})
    assert record.source is None


@posix
def test_a_lock_file_that_is_a_link_is_not_recorded_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "go.sum").symlink_to("/etc/hostname")
    record = step(tmp_path, WRITE)
    assert record.materials == ()
    assert any("go.sum is not recorded" in note for note in record.notes)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "octo/server", "GITHUB_RUN_ID": "7"},
            "https://github.com/octo/server/actions/runs/7/attempts/1",
        ),
        ({"CI_JOB_URL": "https://gitlab.example/j/1"}, "https://gitlab.example/j/1"),
        ({"CI_JOB_URL": "a\nb", "CI_JOB_NAME": "x" * 1001}, ""),
    ],
)
def test_the_invocation_is_the_ci_job(tmp_path: Path, variables: dict[str, str], address: str) -> None:
    record = step(tmp_path, WRITE, environment={**ENVIRONMENT, **variables})
    assert provenance_of(record).invocation_id == address
    assert provenance_of(record, invocation_id="mine").invocation_id == "mine"


def test_a_builder_id_is_a_uri(tmp_path: Path) -> None:
    record = step(tmp_path, WRITE)
    assert provenance_of(record, builder_id="https://ci.example/b").builder_id == "https://ci.example/b"
    with pytest.raises(UsageError, match="URI"):
        provenance_of(record, builder_id="builder")


def test_an_absolute_output_does_not_tell_where_it_lay(tmp_path: Path) -> None:
    record = step(tmp_path, WRITE, str(tmp_path / "out.bin"))
    assert str(tmp_path) not in json.dumps(provenance_of(record).encode()["buildDefinition"]).replace(
        sys.executable, ""
    )


def test_a_folder_that_cannot_be_read_is_no_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def denied(path: Any) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(Unreadable, match="permission denied"):
        step(tmp_path, "import os; os.makedirs('d/secret'); open('d/x', 'w')", "d")


@git
def test_when_git_cannot_tell_the_tree_is_dirty(tmp_path: Path) -> None:
    checkout(tmp_path)
    (tmp_path / ".git" / "index").write_bytes(b"no index")
    record = step(tmp_path, WRITE)
    assert record.source is not None
    assert record.source.dirty
    assert "did not tell" in record.notes[0]


@posix
@pytest.mark.parametrize(
    ("answers", "found", "said"),
    [
        ("status) exec cat /dev/zero;; rev-parse) echo $COMMIT;;", True, "did not tell whether"),
        ("status) ;; rev-parse) echo not-a-commit;;", False, "no commit"),
        ("rev-parse) echo 'fatal: detected dubious ownership' >&2; exit 128;;", False, "dubious ownership"),
        ("rev-parse) exit 77;;", False, "status 77"),
        ("rev-parse) test -e out.bin && exit 128; echo $COMMIT;;", True, "moved HEAD"),
    ],
)
def test_a_git_that_misbehaves_is_believed_nothing(tmp_path: Path, answers: str, found: bool, said: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text(
        "#!/bin/sh\nCOMMIT=" + "c0ffee00" * 5 + '\nfor word; do case "$word" in\n' + answers + "\nesac; done\n"
    )
    (programs / "git").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    record = step(work, WRITE, environment={**ENVIRONMENT, "PATH": f"{programs}:{ENVIRONMENT['PATH']}"})
    assert (record.source is not None) is found
    assert record.source is None or record.source.dirty
    assert said in " ".join(record.notes)


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/x.git",
        "../x.git",
        "file:///srv/x.git",
        "C:\\x.git",
        "https://[x",
        "https://host:99999/x",
        "a\nb:c",
    ],
)
def test_a_remote_on_this_machine_is_not_told(remote: str) -> None:
    assert public_uri(remote) == ""


def test_a_remote_is_told_without_credentials() -> None:
    assert public_uri("ssh://git:pw@host:2222/a/b.git") == "git+ssh://host:2222/a/b.git"
    assert public_uri("https://token@host/a?x=token#token") == "git+https://host/a"


def test_a_named_step_is_stated_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("locked")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/a.c").write_text("before")
    code = f"{WRITE}; open('src/a.c', 'w').write('after')"
    record = step(tmp_path, code, step="build", materials=["src", "uv.lock"], environment={**ENVIRONMENT, **KEPT})
    statement = Statement.parse(statement_of(record, link_of(record)), where="l.json")
    made = hashlib.sha256(b"made").hexdigest()
    assert [(s.name, dict(s.digests)) for s in statement.subjects] == [("out.bin", {"sha256": made})]
    assert statement.predicate_type == "https://in-toto.io/attestation/link/v0.3"
    link = Link.parse(statement.predicate, statement.predicate_type)
    assert link == link_of(record)
    assert (link.name, link.command, link.byproducts) == ("build", (sys.executable, "-c", code), {"return-value": 0})
    before = hashlib.sha256(b"before").hexdigest()
    assert [(m.name, m.digests["sha256"]) for m in link.materials] == [
        ("uv.lock", hashlib.sha256(b"locked").hexdigest()),
        ("a.c", before),
    ]
    assert not link.environment
    assert KEPT["MY_API_TOKEN"] not in statement_of(record, link).decode()


def test_named_materials_are_provenance_too(tmp_path: Path) -> None:
    (tmp_path / "src.tar").write_text("x")
    record = step(tmp_path, WRITE, materials=["src.tar"])
    assert [m.name for m in provenance_of(record).materials] == ["src.tar"]


@pytest.mark.parametrize("name", ["a/b", "a\nb"])
def test_a_step_with_an_unusable_name_is_not_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="printable"):
        step(tmp_path, WRITE, step=name)
    assert not (tmp_path / "out.bin").exists()


def test_a_material_that_is_not_there_is_told_before_the_step(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no material 'src\.tar'"):
        step(tmp_path, WRITE, materials=["src.tar"])
    assert not (tmp_path / "out.bin").exists()


@posix
def test_a_material_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "src.tar").symlink_to("/etc/hostname")
    with pytest.raises(UnsafePath):
        step(tmp_path, WRITE, materials=["src.tar"])


def test_a_failing_step_gives_no_link(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="nothing is attested"):
        step(tmp_path, f"{WRITE}; raise SystemExit(3)", step="build")
