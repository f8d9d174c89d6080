"""cosign signs with the private Sigstore and verifies what it makes, where cosign is installed."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sigstore_stack import bundles, claims, oracle, root
from tests.sigstore_stack.clock import Clock
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.services import Services, served
from tests.sigstore_stack.stack import new_stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not installed"),
]
ARTIFACT = b"signed by another client\n"
WORKFLOW = claims.workflow()
STATEMENT_KINDS = (EntryKind.DSSE_1, EntryKind.INTOTO_2, EntryKind.HASHEDREKORD_2)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with served(new_stack(Clock(oracle.today()), witnesses=1)) as running:
        for version in (1, 2):  # a leaf of number 0 is left out of what cosign writes
            kind = {1: EntryKind.HASHEDREKORD_1, 2: EntryKind.HASHEDREKORD_2}[version]
            bundles.signed_artifact(running.stack, b"first", kind=kind)
        yield running


@pytest.fixture
def folder(tmp_path: Path, services: Services) -> Path:
    """What the commands read."""
    services.stack.clock.set(oracle.today())
    (tmp_path / "artifact").write_bytes(ARTIFACT)
    (tmp_path / "statement").write_bytes(bundles.statement(ARTIFACT))
    (tmp_path / "token").write_text(services.token(WORKFLOW))
    (tmp_path / "root").write_bytes(bundles.to_json(root.trusted_root(services.stack)))
    for version in (1, 2):
        config = services.trust_config(rekor=version)["signingConfig"]
        (tmp_path / f"config-{version}").write_bytes(bundles.to_json(config))
    return tmp_path


def cosign(folder: Path, verb: str, *options: str) -> None:
    command = ["cosign", verb, "--trusted-root", "root", "--bundle", "bundle", *options, "artifact"]
    environment = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(
        command,
        executable=shutil.which("cosign"),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def sign(folder: Path, verb: str, rekor: int, *options: str) -> Document:
    cosign(folder, verb, "--yes", "--signing-config", f"config-{rekor}", "--identity-token", "token", *options)
    made: Document = json.loads((folder / "bundle").read_bytes())
    return made


def verify(folder: Path, verb: str, issuer: str, *options: str) -> None:
    cosign(folder, verb, "--certificate-identity", WORKFLOW.subject, "--certificate-oidc-issuer", issuer, *options)


@pytest.mark.parametrize("rekor", [1, 2])
def test_it_signs_an_artifact(services: Services, folder: Path, rekor: int) -> None:
    made = sign(folder, "sign-blob", rekor)
    who = claims.workflow(issuer=services.issuer.url)
    oracle.judge(root.trusted_root(services.stack), made, ARTIFACT, oracle.identity(who))
    verify(folder, "verify-blob", services.issuer.url)


@pytest.mark.parametrize("rekor", [1, 2])
def test_it_signs_a_statement(services: Services, folder: Path, rekor: int) -> None:
    made = sign(folder, "attest-blob", rekor, "--statement", "statement")
    who = claims.workflow(issuer=services.issuer.url)
    oracle.judge(root.trusted_root(services.stack), made, ARTIFACT, oracle.identity(who))
    verify(folder, "verify-blob-attestation", services.issuer.url, "--type", "slsaprovenance1")


@pytest.mark.parametrize("kind", [EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2])
def test_it_verifies_an_artifact(services: Services, folder: Path, kind: EntryKind) -> None:
    made = bundles.signed_artifact(services.stack, ARTIFACT, kind=kind)
    (folder / "bundle").write_bytes(bundles.to_json(made))
    verify(folder, "verify-blob", WORKFLOW.issuer)


@pytest.mark.parametrize("kind", STATEMENT_KINDS)
def test_it_verifies_a_statement(services: Services, folder: Path, kind: EntryKind) -> None:
    made = bundles.signed_statement(services.stack, bundles.statement(ARTIFACT), kind=kind)
    (folder / "bundle").write_bytes(bundles.to_json(made))
    verify(folder, "verify-blob-attestation", WORKFLOW.issuer, "--type", "slsaprovenance1")
