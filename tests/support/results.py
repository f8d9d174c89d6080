"""One result of every kind, as the verbs give them, to render."""

from typing import Final

from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    Edge,
    Entry,
    EntryKind,
    Found,
    Inventory,
    Scope,
    Unknown,
)
from supplychain.model.layout import CheckedProduct, CheckedStep, LayoutVerification
from supplychain.model.release import Asset, AssetSet, Delivered, Published
from supplychain.model.results import KeyInfo, TrustedParties, TrustedParty, ValidatedDocument, Validation, Written
from supplychain.model.verification import Problem, Verification, VerifiedRow
from supplychain.report import Result
from tests.support.decisions import NOON, SERVER, denied

SHA: Final = "77ab01c2d3e4" + "5" * 52

VERIFIED: Final = Verification(
    rows=(
        VerifiedRow(
            artifact="chat.tar.gz",
            sha256=SHA,
            bundle="chat.tar.gz.sigstore.json",
            predicate_type="signature",
            signer="release.pub",
            signed_at=None,
        ),
        VerifiedRow(
            artifact="chat.tar.gz",
            sha256=SHA,
            bundle="chat.tar.gz.attestations.jsonl#1",
            predicate_type="https://slsa.dev/provenance/v1",
            signer="https://github.com/octo/server/.github/workflows/release.yml@refs/tags/v1",
            identity="https://github.com/octo/server/.github/workflows/release.yml@refs/tags/v1",
            issuer="https://token.actions.githubusercontent.com",
            source_repository="https://github.com/octo/server",
            source_ref="refs/tags/v1",
            signed_at=NOON,
            root="9ab0c1d2e3f4" + "0" * 52,
            unchecked=("sha512",),
            second_opinion="sigstore-python agrees",
        ),
        VerifiedRow(
            artifact="chat.tar.gz",
            sha256=SHA,
            bundle="chat.tar.gz.attestations.jsonl#2",
            error=Problem(code="SignatureInvalid", message="not signed by the P-256 key sha256:0011aabbccdd"),
        ),
    ),
    verified=True,
    exit_code=0,
)
NOT_VERIFIED: Final = Verification(
    rows=(
        VerifiedRow(
            artifact="chat.tar.gz",
            sha256=SHA,
            bundle="chat.tar.gz.sigstore.json",
            error=Problem(
                code="SubjectMismatch",
                message="the bundle chat.tar.gz.sigstore.json signs sha256:90fe11aa0b3c, "
                "this file is sha256:77ab01c2d3e4",
                hint="the file changed after it was signed; fetch it again, or sign the new file",
            ),
        ),
        VerifiedRow(
            artifact="gone.tar.gz",
            sha256=None,
            bundle=None,
            error=Problem(code="Unreadable", message="gone.tar.gz: no such file or directory"),
        ),
    ),
    verified=False,
    exit_code=1,
)
LAYOUT: Final = LayoutVerification(
    layout="root.layout",
    sha256=SHA,
    signers=(f"sha256:{SHA}",),
    expires=NOON,
    steps=(
        CheckedStep(
            name="build",
            inspection=False,
            threshold=1,
            signers=(f"sha256:{SHA}",),
            links=("links/build.0011aabb.link",),
            materials=12,
            products=1,
            notes=("the command is not the one the layout expects",),
        ),
        CheckedStep(name="untar", inspection=True, threshold=0, signers=(), links=(), materials=1, products=2),
    ),
    products=(CheckedProduct(artifact="chat.tar.gz", sha256=SHA, names=("dist/chat.tar.gz",)),),
    verified=True,
    exit_code=0,
)
LAYOUT_FAILS: Final = LayoutVerification(
    layout="root.layout",
    sha256=SHA,
    signers=(f"sha256:{SHA}",),
    expires=NOON,
    steps=(
        CheckedStep(
            name="build",
            inspection=False,
            threshold=2,
            signers=(f"sha256:{SHA}",),
            links=("links/build.0011aabb.link",),
            materials=12,
            products=1,
            problems=(
                Problem(
                    code="SubjectMismatch",
                    message="products of build: DISALLOW *: chat.tar.gz",
                    hint="find out why before anything else",
                ),
            ),
        ),
    ),
    products=(
        CheckedProduct(
            artifact="chat.tar.gz", sha256=SHA, names=(), error=Problem(code="SubjectMismatch", message="no product")
        ),
    ),
    verified=False,
    exit_code=1,
)
LAYOUT_REFUSED: Final = LayoutVerification(
    layout="root.layout",
    sha256=None,
    error=Problem(code="SignatureInvalid", message="root.layout: not signed by the key", hint="get it again"),
    verified=False,
    exit_code=1,
)
VALIDATION: Final = Validation(
    documents=(
        ValidatedDocument(path="chat.cdx.json", format="CycloneDX 1.6 JSON"),
        ValidatedDocument(
            path="other.cdx.json",
            format="CycloneDX 1.6 JSON",
            problems=(Problem(code="MalformedDocument", message="components[3].type: 'libary' is not one of 13"),),
        ),
        ValidatedDocument(
            path="notes.txt",
            format="",
            problems=(Problem(code="UnsupportedType", message="no SBOM", hint="CycloneDX and SPDX are known"),),
        ),
    ),
    exit_code=1,
)
KEY: Final = KeyInfo(
    path="release.key",
    algorithm="P-256",
    fingerprint=f"sha256:{SHA}",
    private=True,
    encrypted=True,
    wrote=("release.key", "release.pub"),
)
WRITTEN: Final = Written(
    verb="prepare",
    files=("dist/chat.tar.gz.sigstore.json", "dist/release.json"),
    kept=("dist/SHA256SUMS",),
    summary=("chat-server 10.11.3: 3 assets, 142 MiB",),
    next="supplychain gate dist/ --policy policies/release.yaml",
)
INVENTORY: Final = Inventory(
    subject=Component(ref="chat", name="chat-server-10.11.3-linux-amd64.tar.gz"),
    kind="artifact",
    sha256=SHA,
    size=148_897_792,
    components=(
        *(
            Component(
                ref=f"pkg:golang/example.org/m{i}@v1",
                name=f"m{i}",
                purl=f"pkg:golang/example.org/m{i}@v1",
                found=(Found(cataloger="go-binary", path=f"bin/{i % 9}"),),
            )
            for i in range(235)
        ),
        *(
            Component(
                ref=f"pkg:npm/p{i}@1.0.0",
                name=f"p{i}",
                purl=f"pkg:npm/p{i}@1.0.0",
                scope=Scope.DEV if i % 4 == 0 else Scope.SHIPPED,
                found=(Found(cataloger="npm", path="client/package-lock.json"),),
            )
            for i in range(1604)
        ),
        Component(ref="com.example.jira", name="jira", version="4.1.0"),
    ),
    edges=(Edge(source="chat", target="com.example.jira"),),
    entries=(
        Entry(path="bin", kind=EntryKind.DIRECTORY),
        Entry(path="bin/0", kind=EntryKind.FILE, size=3, sha256=SHA),
        Entry(path="current", kind=EntryKind.SYMLINK, link="bin"),
        Entry(path="plugins/jira.tar.gz!/plugin.json", kind=EntryKind.FILE, size=3, sha256=SHA),
    ),
    completeness=(
        Completeness(
            ref="client/main.js", state=CompletenessState.INCOMPLETE, reason="a bundle without its source map"
        ),
        Completeness(ref="deep.zip", state=CompletenessState.UNKNOWN, reason="encrypted, not scanned"),
    ),
    unknowns=(
        Unknown(ref="pkg:npm/p1@1.0.0", field="licence"),
        Unknown(ref="pkg:npm/p2@1.0.0", field="licence"),
        Unknown(ref="com.example.jira", field="producer", reason="withheld"),
    ),
    newest=NOON,
)
ASSETS: Final = AssetSet(
    release=SERVER,
    assets=(
        Asset(name="chat-server-10.11.3-linux-amd64.tar.gz", sha256=SHA, size=148_897_792),
        Asset(name="chat-server-10.11.3.cdx.json", sha256="b" * 64, size=913),
    ),
)
PUBLISHED: Final = Published(
    release=SERVER,
    set_digest=f"sha256:{SHA}",
    delivered=(
        Delivered(
            destination="file:///srv/releases", location="/srv/releases/chat-server/10.11.3", files=9, already=False
        ),
        Delivered(destination="oci://registry.example/chat", location="", files=9, already=True),
    ),
    resumed_from=NOON,
    withheld=("a.attestations.jsonl: 1 of 4 attestations were not judged", "b.cdx.json: it was not judged"),
)
TRUSTED: Final = TrustedParties(
    source="root.json",
    sha256="9ab0c1d2e3f4" + "0" * 52,
    as_of=NOON,
    parties=(
        TrustedParty(
            role="certificate authority",
            name="CN=fulcio.example.com",
            id=SHA,
            since=NOON.replace(year=2022),
            until=None,
            ended=False,
        ),
        TrustedParty(
            role="transparency log",
            name="https://rekor.example.com",
            id="c" * 64,
            since=NOON.replace(year=2021),
            until=NOON.replace(year=2023),
            ended=True,
        ),
    ),
    unusable=("https://log.example.com: a key of an unknown kind",),
)
RESULTS: Final[dict[str, Result]] = {
    "decision": denied(),
    "verification": VERIFIED,
    "verification-refused": NOT_VERIFIED,
    "layout": LAYOUT,
    "layout-fails": LAYOUT_FAILS,
    "layout-refused": LAYOUT_REFUSED,
    "validation": VALIDATION,
    "key": KEY,
    "written": WRITTEN,
    "inventory": INVENTORY,
    "asset-set": ASSETS,
    "published": PUBLISHED,
    "trusted-parties": TRUSTED,
}
