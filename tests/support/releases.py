"""A small release with its evidence, decided and ready to be published: real keys, real files, a chosen clock."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from supplychain import _json
from supplychain.keys import generate
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Decision, Verdict
from supplychain.model.names import RELEASE_FILE, SUMS_FILE
from supplychain.model.permit import JudgedSubject, Permit, PolicyRef
from supplychain.model.release import Asset, AssetSet, Published, Release, sums_of
from supplychain.model.statement import Subject, encode_statement
from supplychain.model.verified import Source
from supplychain.release.permits import read_permit, summary_of, summary_statement
from supplychain.release.publish import publish
from supplychain.signing.local import LocalSigner
from supplychain.verify import bundle as bundles
from supplychain.verify.trust import Trust
from tests.support.decisions import decision

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY: Final = PolicyRef(id="chat/server-release", version="2026.11.1", sha256="4f" * 32)
RELEASE: Final = Release(product="chat-server", line="10.11", version="10.11.3", kind="patch", cause="security")
CYCLONEDX: Final = "https://cyclonedx.org/bom"


@cache
def signer_named(name: str) -> LocalSigner:
    """One key for each name, made once."""
    assert name
    return LocalSigner(generate())


def sha256(data: bytes) -> str:
    """Of some bytes."""
    return hashlib.sha256(data).hexdigest()


def attest(subjects: Mapping[str, bytes], kind: str, predicate: Mapping[str, Any], *, by: str = "release") -> bytes:
    """A signed statement about files, as one line."""
    named = [Subject(name=name, digests={"sha256": sha256(data)}) for name, data in subjects.items()]
    return bundles.encode(signer_named(by).sign_statement(encode_statement(named, kind, predicate)))


def sign(name: str, data: bytes, *, by: str = "release") -> bytes:
    """A signature of a file."""
    return bundles.encode(signer_named(by).sign_artifact(Artifact(name=name, sha256=sha256(data), size=len(data))))


@dataclass(slots=True, kw_only=True)
class World:
    """A folder with a release, and a folder to publish it to."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=lambda: {"chat.tar.gz": b"server" * 50_000, "chat.zip": b"client"})
    release: Release | None = RELEASE
    now: datetime = NOON + timedelta(minutes=5)

    @property
    def dist(self) -> Path:
        """Where the assets and their evidence lie."""
        return self.folder / "dist"

    @property
    def srv(self) -> Path:
        """The destination."""
        return self.folder / "srv"

    def write(self) -> "World":
        """Write assets and evidence as prepare does, with a stranger's attestation among them."""
        self.dist.mkdir(parents=True)
        assets = AssetSet(
            release=self.release or Release(),
            assets=tuple(sorted(Asset(name=n, sha256=sha256(d), size=len(d)) for n, d in self.files.items())),
        )
        papers = {RELEASE_FILE: assets.encode(), SUMS_FILE: sums_of(assets.assets)}
        papers[f"{RELEASE_FILE}.sigstore.json"] = sign(RELEASE_FILE, papers[RELEASE_FILE]) + b"\n"
        for name, data in self.files.items():
            document: dict[str, Any] = {"bomFormat": "CycloneDX", "version": 1, "metadata": {"name": name}}
            papers[f"{name}.sigstore.json"] = sign(name, data) + b"\n"
            papers[f"{name}.cdx.json"] = _json.canonical(document) + b"\n"
            lines = [attest({name: data}, CYCLONEDX, document), attest({name: data}, CYCLONEDX, {}, by="stranger")]
            papers[f"{name}.attestations.jsonl"] = b"".join(line + b"\n" for line in lines)
        for name, data in (self.files | papers).items():
            (self.dist / name).write_bytes(data)
        return self

    @property
    def assets(self) -> dict[str, Path]:
        """Where the bytes of each asset lie."""
        return {name: self.dist / name for name in self.files}

    @property
    def evidence(self) -> list[Path]:
        """Everything in the folder that is no asset."""
        return sorted(p for p in self.dist.iterdir() if p.name not in self.files)

    @property
    def inputs(self) -> tuple[Source, ...]:
        """What counted: everything by the release key, and release.json."""
        found = {RELEASE_FILE: (self.dist / RELEASE_FILE).read_bytes()}
        for path in sorted(self.dist.glob("*.sigstore.json")):
            found[path.name] = path.read_bytes()
        for path in sorted(self.dist.glob("*.attestations.jsonl")):
            found[f"{path.name}#1"] = path.read_bytes().split(b"\n")[0]
        return tuple(Source(str(self.dist / name), sha256(data)) for name, data in sorted(found.items()))

    def decide(self, verdict: Verdict = Verdict.ALLOWED, **changes: Any) -> Decision:
        """The decision on what was written."""
        subjects = tuple(
            JudgedSubject(name=n, sha256=sha256(d), path=str(self.dist / n)) for n, d in sorted(self.files.items())
        )
        fields = {
            "subjects": subjects,
            "policy": POLICY,
            "as_of": NOON,
            "release": self.release,
            "inputs": self.inputs,
        }
        return decision(verdict, **{**fields, **changes})

    def vsa(self, made: Decision | None = None, *, by: str = "gate", **changes: Any) -> bytes:
        """A signed decision, written beside the assets."""
        made = self.decide() if made is None else made
        payload = summary_statement(summary_of(made, **changes), made)
        data = bundles.encode(signer_named(by).sign_statement(payload)) + b"\n"
        (self.dist / "decision.vsa.json").write_bytes(data)
        return data

    def read(self, vsa: bytes, **changes: Any) -> Permit:
        """The permit of a signed decision, read as publish's caller does."""
        fields: dict[str, Any] = {
            "where": "decision.vsa.json",
            "trust": Trust(signer_named("gate").key.public),
            "policy_sha256": POLICY.sha256,
            "at": self.now,
            "resource_uri": (self.release or Release()).resource_uri,
        }
        return read_permit(vsa, **{**fields, **changes})

    def publish(self, permit: Permit | None = None, **changes: Any) -> Published:
        """Publish what was decided."""
        fields: dict[str, Any] = {
            "to": [self.srv.as_uri()],
            "assets": self.assets,
            "evidence": self.evidence,
            "signer": signer_named("publisher"),
            "clock": self.clock,
        }
        return publish(permit if permit is not None else self.decide().permit(), **{**fields, **changes})

    @property
    def clock(self) -> Callable[[], datetime]:
        """Stands still."""
        return lambda: self.now

    def visible(self, root: Path | None = None) -> dict[str, bytes]:
        """Every file a reader of the destination sees."""
        top = root or self.srv
        return {
            str(p.relative_to(top)): p.read_bytes()
            for p in sorted(top.rglob("*"))
            if p.is_file() and not str(p.relative_to(top)).startswith(".")
        }
