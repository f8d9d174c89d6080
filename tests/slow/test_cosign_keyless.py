"""cosign verifies what we sign by identity, and we verify what it signs, where cosign is installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from supplychain import Identity, Signature, Trust, verify
from supplychain.api.evidence import attest_files, sign_files
from supplychain.api.keys import keyless
from supplychain.predicates import resolve
from tests.support.keyless import WORKFLOW, Private, private, running, services

__all__ = ["private", "running", "services"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not installed"),
]
PROVENANCE = (
    b'{"buildDefinition": {"buildType": "https://example.com/make/v1", "externalParameters": {}},'
    b' "runDetails": {"builder": {"id": "https://example.com/ci"}}}'
)


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "app.bin"
    path.write_bytes(b"bytes of the app")
    return path


def cosign(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["cosign", *arguments],
        cwd=folder,
        env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def spoken(private: Private) -> None:
    """A leaf of number 0 is left out of what cosign writes."""
    from tests.sigstore_stack import bundles
    from tests.sigstore_stack.entries import EntryKind

    for kind in (EntryKind.HASHEDREKORD_1, EntryKind.HASHEDREKORD_2):
        bundles.signed_artifact(private.services.stack, b"first", kind=kind)


@pytest.mark.parametrize("rekor", [1, 2])
def test_what_we_sign_is_verified_by_cosign(private: Private, artifact: Path, rekor: int) -> None:
    private.use_rekor(rekor)
    spoken(private)
    signer = keyless(trust_config=private.config, identity_token=private.token)
    sign_files([artifact], signer=signer)
    cosign(artifact.parent, "verify-blob", "--bundle", "app.bin.sigstore.json", *private.verifies, "app.bin")
    attest_files([artifact], "provenance", PROVENANCE, signer=signer)
    kind = ("--type", "slsaprovenance1", "--bundle", "app.bin.attestations.jsonl")
    cosign(artifact.parent, "verify-blob-attestation", *kind, *private.verifies, "app.bin")


@pytest.mark.parametrize("rekor", [1, 2])
def test_what_cosign_signs_is_verified_by_us(private: Private, artifact: Path, rekor: int) -> None:
    private.use_rekor(rekor)
    spoken(private)
    private.token.write_text(private.token.read_text().strip())  # cosign sends it as it is
    config = private.config.with_name("signing.json")
    config.write_text(json.dumps(private.services.trust_config(rekor=rekor)["signingConfig"]))
    common = ("--yes", "--signing-config", str(config), "--identity-token", str(private.token))
    signs = (*common, "--trusted-root", str(private.root), "--bundle")
    cosign(artifact.parent, "sign-blob", *signs, "app.bin.sigstore.json", "app.bin")
    trust = Trust(Identity(WORKFLOW.subject, issuer=private.services.issuer.url), root=private.root.read_bytes())
    (proof,) = verify(artifact, Signature, trust=trust)
    assert proof.signer == WORKFLOW.subject
    (artifact.parent / "predicate").write_bytes(PROVENANCE)
    attests = ("--type", "slsaprovenance1", "--predicate", "predicate", *signs, "app.bin.json")
    cosign(artifact.parent, "attest-blob", *attests, "app.bin")
    (stated,) = verify(artifact, resolve("provenance"), trust=trust, evidence=[artifact.with_name("app.bin.json")])
    assert stated.signed_at is not None
