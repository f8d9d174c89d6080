"""publish: a permit and the judged bytes in, a release that the world can see out; transactional and journalled.

::

    measure the assets against the permit, choose the papers, probe every destination   nothing has been touched yet
    sign the intent, journal it                                                         begun
    per destination: copy under the hash, read back                                     staged, not visible
    sign the release attestation, only when all that was read back is what was judged
    per destination: one rename, then read what is visible now                          visible, whole
    per destination: the pointer, last

Killed anywhere, a rerun completes it; a reader sees all of a release or nothing.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO, Final, cast

from supplychain import _io, _json
from supplychain._io import StrPath
from supplychain.errors import (
    ArtifactChanged,
    AssetSetMismatch,
    DestinationConflict,
    EvidenceRevoked,
    LimitExceeded,
    PermitRefused,
    SupplyChainError,
    UsageError,
)
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.names import RELEASE_ATTESTATIONS, SUMS_FILE, is_evidence
from supplychain.model.permit import Permit
from supplychain.model.release import Asset, Delivered, Published, Release, check_names, set_digest, sums_of
from supplychain.model.statement import MAX_SUBJECTS, Subject, encode_statement
from supplychain.model.verified import Verified
from supplychain.predicates.intent import MAX_DESTINATIONS, Intent
from supplychain.predicates.release import ReleasePredicate, describe_release
from supplychain.release.journal import Journal, Step, read_entries, signed_intents
from supplychain.release.outgoing import Papers, choose_papers
from supplychain.release.permits import MAX_AGE, RESUME_WITHIN, FindIntent
from supplychain.signing import BundleSigner
from supplychain.stores import Destination, Place, open_store
from supplychain.verify import bundle as bundles
from supplychain.verify.verifier import verify_evidence

POINTER_SCHEMA: Final = "supplychain/latest/v1"

Progress = Callable[[str, int], None]
"""Called with the name of a file and the bytes of it copied so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One publish: all of it was read and checked before anything was touched."""

    permit: Permit
    release: Release
    key: str
    """The asset set's digest."""
    place: Place
    assets: tuple[Asset, ...]
    paths: Mapping[str, StrPath]
    papers: Papers
    stores: tuple[Destination, ...]

    @property
    def judged(self) -> dict[str, str]:
        """Name and SHA-256 of everything but the release attestation."""
        papers = {n: hashlib.sha256(d).hexdigest() for n, d in self.papers.files.items() if n != RELEASE_ATTESTATIONS}
        return {a.name: a.sha256 for a in self.assets} | papers

    @property
    def subjects(self) -> list[Subject]:
        return [Subject(name=a.name, digests={"sha256": a.sha256}) for a in self.assets]


def publish(
    permit: Permit,
    *,
    to: Sequence[str],
    assets: Mapping[str, StrPath],
    signer: BundleSigner,
    clock: Callable[[], datetime],
    evidence: Sequence[StrPath] = (),
    revoked: Callable[[str], str | None] | None = None,
    progress: Progress | None = None,
    at_step: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish exactly what the permit is for.

    ``to`` are URLs, served in this order; the first one keeps the journal. ``assets`` says where the bytes of each
    judged name lie. Of ``evidence`` only what was judged goes out (`release.outgoing`). ``revoked`` tells, for the
    digest of an asset set, why it was yanked; without it revocation is not checked. ``clock`` is aware of its zone.

    Raises PermitRefused, AssetSetMismatch, ArtifactChanged, EvidenceRevoked (nothing was touched);
    DestinationConflict when this version is there with other bytes; StoreError. After any of these, and after being
    killed, nothing half done is visible, and the same call completes it.
    """
    now = clock()
    plan = _plan(permit, to, assets, evidence, revoked)
    with ExitStack() as locks:
        for store in sorted(plan.stores, key=lambda s: s.url):
            locks.enter_context(store.lock())
        journal = Journal(plan.stores[0], plan.key, clock=clock, at_step=at_step)
        begun = _open_intent(journal, plan, signer, now)
        _check_permit_age(permit, now, begun)
        there = {store.url: _is_there(store, plan) for store in plan.stores}
        pointing = [s for s in plan.stores if not there[s.url] or journal.interrupted(s.url) or _unpointed(s, plan)]
        resumed = begun.predicate.intended_at if begun and not journal.done else None
        if pointing and begun is None:
            _sign_intent(journal, plan, signer, now)
        if pointing:
            _deliver([s for s in plan.stores if not there[s.url]], plan, journal, signer, now, progress, at_step)
            for store in pointing:
                store.point(plan.place.product, _pointer(plan))
                journal.write(Step.POINTED, destination=store.url)
        if pointing or resumed:
            journal.write(Step.DONE)
    delivered = [
        Delivered(
            destination=store.url,
            location=store.locate(plan.place),
            files=len({*plan.judged, RELEASE_ATTESTATIONS}),
            already=there[store.url],
        )
        for store in plan.stores
    ]
    return Published(
        release=plan.release,
        set_digest=plan.key,
        delivered=tuple(delivered),
        resumed_from=resumed,
        withheld=plan.papers.withheld,
    )


def find_intent(to: Sequence[str], *, signer: BundleSigner, at: datetime) -> FindIntent:
    """What `read_permit` asks for the intent of an interrupted publish to these very destinations, by this signer."""

    def find(key: str) -> Verified[Intent] | None:
        stores = _open_stores(to)
        entries = read_entries(stores[0].read_record(key))
        found = signed_intents(entries, key, trust=signer.trust, at=at)
        wanted = {s.url for s in stores}
        return next((proof for proof in found if wanted <= set(proof.predicate.destinations)), None)

    return find


def _plan(
    permit: Permit,
    to: Sequence[str],
    assets: Mapping[str, StrPath],
    evidence: Sequence[StrPath],
    revoked: Callable[[str], str | None] | None,
) -> _Plan:
    if not isinstance(permit, Permit):
        raise PermitRefused("publish takes a Permit, and nothing else is leave to publish")
    if len(permit.subjects) > MAX_SUBJECTS:
        raise LimitExceeded(f"{len(permit.subjects)} assets, one release attestation is about {MAX_SUBJECTS} at most")
    key = set_digest((s.name, s.sha256) for s in permit.subjects).value
    if revoked and (reason := revoked(key)):
        raise EvidenceRevoked(f"this release was yanked: {reason}", hint="publish its replacement")
    release = permit.release or Release()
    place = Place(product=release.product or "_", version=release.version or key[:12])
    check_names([place.product], where="product")
    check_names([place.version], where="version")
    stores = _open_stores(to)
    for store in stores:
        store.locate(place)
    measured = _measure(permit, assets)
    papers = choose_papers(permit, measured, evidence)
    check_names(
        [*(a.name for a in measured), *({*papers.files, RELEASE_ATTESTATIONS})], where="the files to be published"
    )
    return _Plan(
        permit=permit,
        release=release,
        key=key,
        place=place,
        assets=measured,
        paths=assets,
        papers=papers,
        stores=stores,
    )


def _open_stores(to: Sequence[str]) -> tuple[Destination, ...]:
    if not to or len(to) > MAX_DESTINATIONS:
        raise UsageError(f"1 to {MAX_DESTINATIONS} destinations are served, {len(to)} are named", hint="name one: --to")
    stores = tuple(open_store(url) for url in to)
    if len({s.url for s in stores}) < len(stores):
        raise UsageError("one destination is named twice", where=", ".join(to))
    return stores


def _measure(permit: Permit, assets: Mapping[str, StrPath]) -> tuple[Asset, ...]:
    """The files at hand are exactly the permit's subjects, byte for byte."""
    check_names([s.name for s in permit.subjects], where="the permit")
    judged = {s.name: s.sha256 for s in permit.subjects}
    if not judged or judged.keys() != assets.keys():
        missing, extra = sorted(judged.keys() - assets.keys()), sorted(assets.keys() - judged.keys())
        told = [f"missing {name!r}" for name in missing[:1]] + [f"not judged {name!r}" for name in extra[:1]]
        raise AssetSetMismatch(
            f"the files are not those that were judged: {', '.join(told) or 'none was'}", hint="run the gate again"
        )
    made: list[Asset] = []
    for name, sha256 in sorted(judged.items()):
        with _io.open_artifact(assets[name]) as artifact:
            if artifact.sha256 != sha256:
                raise ArtifactChanged(
                    f"it was judged as sha256:{sha256[:12]} and is sha256:{artifact.sha256[:12]} now",
                    where=str(assets[name]),
                    hint="nothing was published; run the gate again on what lies there now",
                )
            assert artifact.size is not None
            made.append(Asset(name=name, sha256=sha256, size=artifact.size))
    return tuple(made)


def _open_intent(journal: Journal, plan: _Plan, signer: BundleSigner, now: datetime) -> Verified[Intent] | None:
    """An intent for this very publish that may still be completed."""
    wanted = _intent(plan, now)
    for proof in signed_intents(journal.entries, plan.key, trust=signer.trust, at=now):
        found = proof.predicate
        if (
            (found.policy_sha256, found.resource_uri, found.decided_at, found.files)
            == (wanted.policy_sha256, wanted.resource_uri, wanted.decided_at, wanted.files)
            and set(wanted.destinations) <= set(found.destinations)
            and timedelta(0) <= now - found.intended_at <= RESUME_WITHIN
        ):
            return proof
    return None


def _check_permit_age(permit: Permit, now: datetime, begun: Verified[Intent] | None) -> None:
    """A decision of this process ages as a signed one does; the age of a signed one was checked when it was read."""
    if permit.decided_at > now:
        raise PermitRefused(f"the permit is of {permit.decided_at}, which is after now, {now}", hint="check the clock")
    if permit.vsa is None and now - permit.decided_at > MAX_AGE and begun is None:
        raise PermitRefused(
            f"the permit is of {permit.decided_at} and counted for {MAX_AGE}", hint="run the gate again"
        )


def _intent(plan: _Plan, now: datetime) -> Intent:
    return Intent(
        set_digest=plan.key,
        destinations=tuple(s.url for s in plan.stores),
        policy_sha256=plan.permit.policy.sha256,
        resource_uri=plan.release.resource_uri,
        decided_at=plan.permit.decided_at,
        intended_at=now,
        files=tuple((a.name, a.sha256) for a in plan.assets),
    )


def _sign_intent(journal: Journal, plan: _Plan, signer: BundleSigner, now: datetime) -> None:
    subject = Subject(name=plan.release.resource_uri, digests={"sha256": plan.key})
    statement = encode_statement([subject], Intent.TYPES[0], _intent(plan, now).encode())
    journal.write(Step.INTENT, bundle=bundles.encode(signer.sign_statement(statement)))


def _is_there(store: Destination, plan: _Plan) -> bool:
    """Whether this release is visible there already, by digest. Anything else under its name is a conflict."""
    found = store.probe(plan.place)
    if found is None:
        return False
    expected = {a.name: a.sha256 for a in plan.assets}
    if SUMS_FILE in found:
        expected.setdefault(SUMS_FILE, hashlib.sha256(sums_of(plan.assets)).hexdigest())
    wrong = [name for name, sha256 in expected.items() if found.get(name) != sha256]
    strays = [name for name in found if name not in expected and not is_evidence(name, found)]
    if wrong or strays:
        raise DestinationConflict(
            f"{plan.place.product} {plan.place.version} is published with other bytes: {(wrong + strays)[0]!r} differs",
            where=store.locate(plan.place),
            hint="a version is never replaced; publish this as a new one",
        )
    return True


def _deliver(  # one call, in publish
    stores: Sequence[Destination],
    plan: _Plan,
    journal: Journal,
    signer: BundleSigner,
    now: datetime,
    progress: Progress | None,
    at_step: Callable[[str], None],
) -> None:
    """Stage everywhere, attest, make visible everywhere."""
    for store in stores:
        _stage(store, plan, progress, at_step)
        journal.write(Step.STAGED, destination=store.url)
    if not stores:
        return
    attestation = _attestation(plan, journal, signer, now)
    data = plan.papers.files.get(RELEASE_ATTESTATIONS, b"") + attestation + b"\n"
    visible = {**plan.judged, RELEASE_ATTESTATIONS: hashlib.sha256(data).hexdigest()}
    for store in stores:
        store.put(plan.key, RELEASE_ATTESTATIONS, _stream(data), sha256=visible[RELEASE_ATTESTATIONS])
        at_step(f"sealed {store.url}")
        store.activate(plan.key, plan.place, visible)
        journal.write(Step.ACTIVATED, destination=store.url)
        if store.probe(plan.place) != visible:
            raise ArtifactChanged(
                "what is visible now is not what was judged",
                where=store.locate(plan.place),
                hint="somebody else writes there; the pointer was not moved",
            )


def _stage(store: Destination, plan: _Plan, progress: Progress | None, at_step: Callable[[str], None]) -> None:
    """Copy what is not staged yet, and read all of it back."""
    judged = plan.judged
    for name, sha256 in store.staged(plan.key).items():
        if judged.get(name) != sha256:
            store.drop(plan.key, name)
        else:
            del judged[name]
    for name, sha256 in judged.items():
        told = (lambda done, name=name: progress(name, done)) if progress else None
        if name in plan.paths:
            with _io.open_plain(plan.paths[name]) as source:
                store.put(plan.key, name, source, sha256=sha256, progress=told)
        else:
            store.put(plan.key, name, _stream(plan.papers.files[name]), sha256=sha256)
        at_step(f"put {name} {store.url}")
    if store.staged(plan.key) != plan.judged:
        raise ArtifactChanged(
            "what the destination gives back is not what was put there", where=store.url, hint="nothing is visible"
        )


def _attestation(plan: _Plan, journal: Journal, signer: BundleSigner, now: datetime) -> bytes:
    """The signed release attestation: the one an interrupted run signed, when it says the same, or a new one."""
    predicate = describe_release(plan.release, plan.key)
    statement = encode_statement(plan.subjects, ReleasePredicate.TYPES[0], predicate.encode())
    first = Artifact(name=plan.assets[0].name, sha256=plan.assets[0].sha256)
    for bundle in journal.bundles(Step.RELEASED):
        evidence = Evidence(uri="journal", data=bundle)
        with suppress(SupplyChainError):
            proof = verify_evidence(evidence, first, ReleasePredicate, trust=signer.trust, at=now)[0]
            if proof.payload_sha256 == hashlib.sha256(statement).hexdigest():
                return bundle
    signed = bundles.encode(signer.sign_statement(statement))
    journal.write(Step.RELEASED, bundle=signed)
    return signed


def _unpointed(store: Destination, plan: _Plan) -> bool:
    """Whether no release of this product is pointed to. An older release is never pointed to again by a rerun."""
    return store.read_pointer(plan.place.product) is None


def _pointer(plan: _Plan) -> bytes:
    release = plan.release
    return (
        _json.canonical(
            {
                "schema": POINTER_SCHEMA,
                "product": release.product,
                "line": release.line,
                "version": release.version,
                "kind": release.kind,
                "path": f"{plan.place.version}/",
                "sha256": plan.key,
            }
        )
        + b"\n"
    )


def _stream(data: bytes) -> BinaryIO:
    return cast("BinaryIO", BytesIO(data))
