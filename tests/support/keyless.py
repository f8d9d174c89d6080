"""A private Sigstore on loopback, and the files by which a command signs with it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sigstore_stack import claims, oracle, root, tokens
from tests.sigstore_stack.claims import Claims
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.services import Services, served
from tests.sigstore_stack.stack import new_stack

PERSON = claims.person("maintainer@example.com")
WORKFLOW = claims.workflow()
CI = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "GOOGLE_SERVICE_ACCOUNT_NAME", "SIGSTORE_ID_TOKEN")
"""What tells the library that it is in a CI job."""


@pytest.fixture(scope="module")
def running() -> Iterator[Services]:
    with served(new_stack(Clock(oracle.today()), witnesses=1)) as services:
        yield services


@pytest.fixture
def services(running: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """At today's time, however long ago they were started; in no CI job."""
    running.stack.clock.set(oracle.today())
    for name in CI:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("id._internal.oidc.ambient._GCP_PRODUCT_NAME_FILE", "/nowhere")
    return running


class Private(NamedTuple):
    """Files of an instance, and who signs there."""

    services: Services
    config: Path
    root: Path
    token: Path
    who: Claims

    @property
    def signs(self) -> tuple[str, ...]:
        return ("--keyless", "--trust-config", str(self.config), "--identity-token", str(self.token))

    @property
    def verifies(self) -> tuple[str, ...]:
        issuer = self.services.issuer.url
        named = ("--certificate-identity", self.who.subject, "--certificate-oidc-issuer", issuer)
        return (*named, "--trusted-root", str(self.root))

    def use_rekor(self, version: int) -> None:
        self.config.write_text(json.dumps(self.services.trust_config(rekor=version)))

    def token_of(self, who: Claims, **more: object) -> str:
        return tokens.token(self.services.issuer, who, **more)  # type: ignore[arg-type]  # claims to put in


@pytest.fixture
def private(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Private:
    folder = tmp_path_factory.mktemp("instance")
    made = Private(services, folder / "config.json", folder / "root.json", folder / "token", WORKFLOW)
    made.use_rekor(2)
    made.root.write_text(json.dumps(root.trusted_root(services.stack)))
    made.token.write_text(services.token(WORKFLOW) + "\n")
    return made
