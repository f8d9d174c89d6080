"""Signing by identity with a private Sigstore, verified by us and by sigstore-python; and what fails, fails told."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from supplychain import Identity, Signature, Trust, attest, sign, verify
from supplychain.api.evidence import attest_files, sign_files
from supplychain.api.keys import keyless
from supplychain.errors import (
    IdentityMismatch,
    MalformedDocument,
    NetworkError,
    NetworkRefused,
    SupplyChainError,
    TrustRootExpired,
    UsageError,
)
from supplychain.model.bundle import Bundle
from supplychain.predicates.test_result import ResultOfTests
from supplychain.roots import packaged
from supplychain.roots.packaged import packaged_root, packaged_signing_config
from supplychain.signing.keyless import (
    KeylessSigner,
    ambient_token,
    claimed_identity,
    redacted,
    within,
)
from supplychain.verify import bundle as bundles
from tests.sigstore_stack import claims, oracle, root, tokens
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.services import Services
from tests.sigstore_stack.stack import new_stack
from tests.support.http import Answer, Asked, answering
from tests.support.keyless import PERSON, WORKFLOW, Private, private, running, services

__all__ = ["private", "running", "services"]

PREDICATE = json.dumps({"result": "PASSED", "configuration": [{"digest": {"sha256": "0" * 64}}]}).encode()


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "app.bin"
    path.write_bytes(b"bytes of the app")
    return path


def signer_of(private: Private, token: str | None = None) -> KeylessSigner:
    return keyless(trust_config=private.config, identity_token=token or private.token)


def trust_in(private: Private, who: claims.Claims = WORKFLOW) -> Trust:
    return Trust(Identity(who.subject, issuer=private.services.issuer.url), root=private.root.read_bytes())


def judged(private: Private, bundle: Bundle, artifact: Path, who: claims.Claims) -> None:
    """By sigstore-python."""
    certified = tokens.claims_of(tokens.checked(private.services.issuer, private.services.token(who)))
    document = json.loads(bundles.encode(bundle))
    oracle.judge(json.loads(private.root.read_text()), document, artifact.read_bytes(), oracle.identity(certified))


@pytest.mark.parametrize("who", [PERSON, WORKFLOW], ids=["person", "workflow"])
@pytest.mark.parametrize("rekor", [1, 2])
def test_what_an_identity_signed_verifies_here_and_elsewhere(
    private: Private, artifact: Path, rekor: int, who: claims.Claims
) -> None:
    private.use_rekor(rekor)
    signer = signer_of(private, private.services.token(who))
    sign_files([artifact], signer=signer)
    attest_files([artifact], "test-result", PREDICATE, signer=signer)
    (proof,) = verify(artifact, Signature, trust=trust_in(private, who))
    assert (proof.signer, proof.issuer) == (who.subject, private.services.issuer.url)
    (stated,) = verify(artifact, ResultOfTests, trust=trust_in(private, who))
    assert stated.predicate.result == "PASSED"
    assert proof.signed_at is not None
    judged(private, sign(artifact, signer=signer), artifact, who)
    judged(private, attest(artifact, stated.predicate, signer=signer), artifact, who)


@pytest.mark.parametrize("who", [PERSON, WORKFLOW], ids=["person", "workflow"])
def test_signing_again_in_the_same_name_keeps_what_verifies(
    private: Private, artifact: Path, who: claims.Claims
) -> None:
    for kept in (False, True):
        signer = signer_of(private, private.services.token(who))
        made = sign_files([artifact], signer=signer)
        stated = attest_files([artifact], "test-result", PREDICATE, signer=signer)
        assert (bool(made.kept), bool(stated.kept)) == (kept, kept)
    other = sign_files(
        [artifact], signer=signer_of(private, private.services.token(claims.person("other@example.com")))
    )
    assert other.files


def test_one_certificate_serves_many_files(private: Private, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    for file in files:
        file.write_text(file.name)
    before = len(private.services.seen)
    sign_files(files, signer=signer_of(private))
    paths = [request.path for request in private.services.seen[before:]]
    assert paths.count("/api/v2/signingCert") == 1
    assert paths.count("/api/v2/log/entries") == 3


def test_a_certificate_that_ends_is_followed_by_another(private: Private, artifact: Path) -> None:
    asked: list[str] = []

    def token() -> str:
        asked.append(private.services.token(WORKFLOW))
        return asked[-1]

    signer = keyless(trust_config=private.config, identity_token=token)
    first = sign(artifact, signer=signer)
    assert signer._renew is not None
    signer._renew -= timedelta(hours=1)
    second = sign(artifact, signer=signer)
    assert first.material != second.material
    assert len(asked) == 2


def test_a_job_of_github_is_given_its_token(private: Private, artifact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in private.services.github_environment().items():
        monkeypatch.setenv(name, value)
    sign_files([artifact], signer=keyless(trust_config=private.config))
    (proof,) = verify(artifact, Signature, trust=trust_in(private))
    assert proof.signer == WORKFLOW.subject


def test_a_job_of_gitlab_has_its_token_in_a_variable(private: Private, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    with pytest.raises(UsageError, match="SIGSTORE_ID_TOKEN"):
        ambient_token()
    token = private.services.token(PERSON)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token)
    assert ambient_token() == token


@pytest.mark.parametrize(("variable", "program"), [("BUILDKITE", "buildkite-agent"), ("CIRCLECI", "circleci")])
@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
def test_a_job_of_other_systems_asks_their_program(
    private: Private, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, program: str
) -> None:
    token = private.services.token(PERSON)
    agent = tmp_path / program
    agent.write_text(f"#!/bin/sh\necho {token}\n")
    agent.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv(variable, "true")
    assert ambient_token() == token


def test_without_a_token_nobody_signs_and_nothing_is_asked(private: Private, artifact: Path) -> None:
    before = len(private.services.seen)
    with pytest.raises(UsageError, match="no identity token") as error:
        sign_files([artifact], signer=keyless(trust_config=private.config))
    assert "--identity-token" in error.value.hint
    assert len(private.services.seen) == before
    assert not artifact.with_name("app.bin.sigstore.json").exists()


@pytest.mark.threat(75)
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda p: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.AAAA", "of no use"),
        (lambda p: p.token_of(WORKFLOW, audience="another"), "Audience"),
        (lambda p: p.token_of(WORKFLOW, lifetime=timedelta(minutes=-10)), "expired"),
        (lambda p: p.token_of(WORKFLOW, iss=["x"]), "of no use"),
        (lambda p: p.token_of(PERSON, sub=None), "of no use"),
        (lambda p: "eyJ.eyJ", "--identity-token names no token"),
        (lambda p: "eyJ" + "\0", "--identity-token names no token"),
    ],
)
def test_a_token_that_cannot_serve_is_a_wrong_call_and_is_not_told(
    private: Private, artifact: Path, make: Callable[[Private], str], told: str
) -> None:
    token = make(private)
    before = len(private.services.seen)
    for use in (lambda s: s.trust, lambda s: sign(artifact, signer=s)):
        with pytest.raises(UsageError, match=told) as error:
            use(signer_of(private, token))
        assert token not in f"{error.value} {error.value.hint}"
    assert len(private.services.seen) == before


def with_service(private: Private, kind: str, url: str) -> None:
    config = private.services.trust_config()
    config["signingConfig"][kind][0]["url"] = url
    private.config.write_text(json.dumps(config))


SERVICES = {"caUrls": "the certificate authority", "rekorTlogUrls": "the transparency log"}
"""Kinds in a signing configuration, with how an error names them."""


@pytest.mark.threat(75)
@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(status=500, body=b'{"message": "out of order \\u001b[31m"}'), "500"),
        (Answer(status=403, body=b"<html>"), "403"),
        (Answer(body=b"<html>"), "of no use"),
        (Answer(body=b"{}"), "of no use"),
        (Answer(body=b"[1]"), "of no use"),
        (Answer(waits=True), "no answer within"),
    ],
    ids=["500", "403", "html", "empty", "list", "silence"],
)
def test_a_service_that_fails_is_named_and_nothing_is_written(
    private: Private, artifact: Path, kind: str, answer: Answer, told: str
) -> None:
    with answering(answer) as server:
        with_service(private, kind, server.url)
        signer = signer_of(private)
        signer.patience = 1.0 if answer.waits else 30
        with pytest.raises(NetworkError, match=told) as error:
            sign_files([artifact], signer=signer)
    assert SERVICES[kind] in error.value.message
    assert error.value.where.startswith(server.url)
    assert "\x1b" not in str(error.value)
    assert error.value.hint
    assert [p.name for p in artifact.parent.iterdir()] == ["app.bin"]


@pytest.mark.parametrize(("kind", "told"), [*SERVICES.items(), ("tsaUrls", "the timestamp authority")])
@pytest.mark.parametrize("rekor", [1, 2])
def test_a_service_that_is_down_is_named(private: Private, artifact: Path, rekor: int, kind: str, told: str) -> None:
    config = private.services.trust_config(rekor=rekor)
    config["signingConfig"][kind][0]["url"] = "http://127.0.0.1:9"
    private.config.write_text(json.dumps(config))
    with pytest.raises(NetworkError, match=told) as error:
        sign_files([artifact], signer=signer_of(private))
    assert error.value.where.startswith("http://127.0.0.1:9")
    assert [p.name for p in artifact.parent.iterdir()] == ["app.bin"]


@pytest.mark.threat(75)
def test_a_token_that_a_service_says_back_is_in_no_error_log_or_traceback(
    private: Private, artifact: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import traceback

    caplog.set_level(logging.DEBUG)
    token = private.services.token(WORKFLOW)
    said = json.dumps({"message": f"Bearer {token} is not welcome"}).encode()
    with answering(Answer(status=401, body=said)) as server:
        with_service(private, "caUrls", server.url)
        with pytest.raises(NetworkError, match="not welcome") as error:
            sign(artifact, signer=signer_of(private, token))
        assert token in server.asked[0].headers["authorization"]
    text = "".join(traceback.format_exception(error.value))
    secret = token.rpartition(".")[2]
    assert secret not in text + error.value.hint + caplog.text + repr(signer_of(private, token))


@pytest.mark.threat(75)
def test_secrets_of_the_runner_are_in_no_error(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(body: str, bearer: str) -> str:
        with answering(Answer(status=400, body=body.encode())) as server:
            monkeypatch.setenv("GITHUB_ACTIONS", "true")
            monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{server.url}/?x=1")
            monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", bearer)
            with pytest.raises(UsageError) as error:
                ambient_token()
        return f"{error.value} {error.value.__cause__}"

    told = refused("s3cret-of-runner is wrong", "s3cret-of-runner")
    assert "code=400" in told
    assert "s3cret" not in told
    assert "s3cret" not in refused("", "s3cret\nof-runner")


def test_the_root_of_other_services_is_told_before_a_signature_leaves(private: Private, artifact: Path) -> None:
    config = private.services.trust_config()
    stranger = root.trusted_root(new_stack(Clock(oracle.today())))
    config["trustedRoot"]["timestampAuthorities"] = stranger["timestampAuthorities"]
    private.config.write_text(json.dumps(config))
    with pytest.raises(NetworkError, match="does not verify") as error:
        sign_files([artifact], signer=signer_of(private))
    assert "trusted root" in error.value.hint
    assert [p.name for p in artifact.parent.iterdir()] == ["app.bin"]


def test_of_five_files_none_is_signed_when_the_third_fails(private: Private, tmp_path: Path) -> None:
    files = [tmp_path / str(number) for number in range(5)]
    for file in files:
        file.write_text(file.name)
    count = iter(range(5))

    def log(asked: Asked) -> Answer:
        if next(count) == 2:
            return Answer(status=503)
        kind = {"Content-Type": asked.headers["content-type"]}
        reply = requests.post(private.services.urls.rekor_2 + asked.path, asked.body, headers=kind, timeout=10)
        return Answer(status=reply.status_code, body=reply.content)

    with answering(log) as server:
        with_service(private, "rekorTlogUrls", server.url)
        with pytest.raises(NetworkError, match="503"):
            sign_files(files, signer=signer_of(private))
        assert len(server.asked) == 3
    assert sorted(tmp_path.iterdir()) == files


def spoiled(change: Callable[[Document], object]) -> Callable[[Private], None]:
    def spoil(private: Private) -> None:
        config = private.services.trust_config()
        change(config)
        private.config.write_text(json.dumps(config))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda p: p.config.write_text("{"), MalformedDocument),
        (lambda p: p.config.write_text("[]"), MalformedDocument),
        (spoiled(lambda c: c.update(mediaType="text/plain")), MalformedDocument),
        (spoiled(lambda c: c.pop("trustedRoot")), MalformedDocument),
        (spoiled(lambda c: c.pop("signingConfig")), MalformedDocument),
        (spoiled(lambda c: c["signingConfig"].update(rekorTlogUrls=[])), MalformedDocument),
        (spoiled(lambda c: c["signingConfig"].update(caUrls=7)), MalformedDocument),
        (spoiled(lambda c: c["trustedRoot"].update(tlogs=[{}])), MalformedDocument),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_before_anything(
    private: Private, spoil: Callable[[Private], None], error: type[SupplyChainError]
) -> None:
    spoil(private)
    with pytest.raises(error) as told:
        signer_of(private)
    assert str(private.config) in str(told.value)


@pytest.mark.threat(68)
@pytest.mark.parametrize("kind", [*SERVICES, "tsaUrls"])
@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://169.254.169.254/"])
def test_services_at_refused_addresses_are_not_asked(private: Private, kind: str, url: str) -> None:
    with_service(private, kind, url)
    with pytest.raises(NetworkRefused):
        signer_of(private)


def test_a_token_is_not_sent_in_the_clear(private: Private) -> None:
    with_service(private, "caUrls", "http://fulcio.example.com")
    with pytest.raises(NetworkRefused, match="TLS"):
        signer_of(private)


@pytest.mark.threat(58)
def test_the_public_instance_is_that_of_the_package_and_nobody_else_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    opened: list[str] = []
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and listening else None)
    listening = True
    signer = keyless(identity_token=services.token(PERSON))
    listening = False
    assert signer.trust.roots == (packaged_root(),)
    assert "fulcio.sigstore.dev" in signer.instance.authority
    assert json.loads(packaged_signing_config())["caUrls"][0]["url"] == signer.instance.authority
    assert not [path for path in opened if str(tmp_path) in path or "sigstore-python" in path]
    assert list(tmp_path.iterdir()) == []


def test_a_package_without_its_configuration_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "_FOLDER", ("_moved",))
    with pytest.raises(TrustRootExpired, match="signing configuration"):
        packaged_signing_config()


def test_a_statement_that_cannot_be_checked_is_not_logged(private: Private) -> None:
    before = len(private.services.seen)
    for payload in (b"{}", json.dumps(statement(sha512="0" * 128)).encode()):
        with pytest.raises(SupplyChainError):
            signer_of(private).sign_statement(payload)
    assert len(private.services.seen) == before


def statement(**digest: str) -> Document:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app.bin", "digest": digest}],
        "predicateType": "https://example.com/v1",
        "predicate": {},
    }


def jwt_of(private: Private, **said: object) -> str:
    return private.token_of(claims.Claims(subject="x", issuer=""), **said)


@pytest.mark.parametrize(
    ("said", "subject", "issuer"),
    [
        ({"sub": "spiffe://ci/builder"}, "spiffe://ci/builder", None),
        ({"email": "a@example.com"}, "a@example.com", None),
        (
            {"email": "a@example.com", "federated_claims": {"connector_id": "https://idp"}},
            "a@example.com",
            "https://idp",
        ),
        (
            {"ci_config_ref_uri": "gitlab.com/g/p//.gitlab-ci.yml@refs/tags/v1", "project_path": "g/p"},
            "https://gitlab.com/g/p//.gitlab-ci.yml@refs/tags/v1",
            None,
        ),
        ({"organization_slug": "acme", "pipeline_slug": "release"}, "https://buildkite.com/acme/release", None),
    ],
)
def test_a_token_says_whom_the_certificate_will_name(
    private: Private, said: dict[str, object], subject: str, issuer: str | None
) -> None:
    found = claimed_identity(jwt_of(private, **said))
    assert (found.subject, found.issuer) == (subject, issuer or private.services.issuer.url)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "eyJ.e30.x", "a.bm8.c"])
def test_what_is_no_token_names_nobody(token: str) -> None:
    with pytest.raises(UsageError):
        claimed_identity(token)


def test_what_a_claimed_name_recognises_still_has_to_verify(private: Private, artifact: Path) -> None:
    """A token of ours is no proof: evidence that names us by another root is signed again."""
    made = sign_files([artifact], signer=signer_of(private))
    config = private.services.trust_config()
    stranger = new_stack(Clock(oracle.today()))
    config["trustedRoot"] = root.trusted_root(stranger)
    private.config.write_text(json.dumps(config))
    with pytest.raises(SupplyChainError):
        sign_files([artifact], signer=signer_of(private))
    assert Path(made.files[0]).exists()
    with pytest.raises(IdentityMismatch):
        verify(artifact, Signature, trust=trust_in(private, PERSON))


def test_work_that_takes_too_long_is_left() -> None:
    from threading import Event

    end = Event()
    with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
        within(0.01, lambda: end.wait(10))
    end.set()
    with pytest.raises(TimeoutError, match="its own"):
        within(10, lambda: _raise(TimeoutError("its own")))
    assert within(10, lambda: 7) == 7


def _raise(error: Exception) -> Iterator[None]:
    raise error


def test_foreign_text_is_short_escaped_and_without_tokens() -> None:
    told = redacted("\x1b[31m eyJhbGciOi.eyJzdWIi.sig and Bearer abc123 " + "x" * 300)
    assert "\x1b" not in told
    assert "eyJ" not in told
    assert "abc123" not in told
    assert len(told) < 250
