"""The Case: what a policy may look at, joined on digests."""

from supplychain.model.artifact import Artifact
from supplychain.model.case import Case, Observed
from supplychain.model.evidence import Evidence, Rejected
from supplychain.model.inventory import Component, Entry, EntryKind, Inventory
from supplychain.model.verified import Signature
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence
from tests.support.evidence import NOW, artifact, by_digest, evidence, key, signed

OTHER = artifact(b"other bytes", name="app.tar.gz")


def test_proof_is_joined_on_the_digest_and_never_on_the_name() -> None:
    proofs = verify_evidence(evidence(signed()), artifact(), Signature, trust=Trust(key()), at=NOW)
    case = Case(artifacts=(artifact(), OTHER), verified=proofs)
    assert list(case.about(artifact(), Signature)) == list(proofs)
    assert list(case.about(OTHER, Signature)) == []
    assert list(case.about(artifact(), Release)) == []


class Release:
    """Another predicate."""


def test_an_inventory_belongs_to_the_bytes_it_was_taken_of() -> None:
    inventory = Inventory(subject=Component(ref="a", name="a"), kind="artifact")
    case = Case(artifacts=(artifact(),), observed=(Observed(sha256=artifact().sha256, inventory=inventory),))
    assert case.inventory_of(artifact()) is inventory
    assert case.inventory_of(OTHER) is None


def test_what_was_rejected_is_told_for_its_artifact_or_for_all() -> None:
    def rejected(sha256: str | None) -> Rejected:
        return Rejected(uri="u", sha256="0", code="X", message="m", judged=True, sha256_of_artifact=sha256)

    case = Case(artifacts=(), rejected=(rejected(None), rejected(artifact().sha256), rejected(OTHER.sha256)))
    assert list(case.rejected_for(artifact())) == list(case.rejected[:2])


def test_an_artifact_known_by_digest_alone_has_no_other_digest() -> None:
    assert by_digest().measured("sha512") is None
    assert by_digest().measured("sha256") == artifact().sha256
    assert Artifact(name="a", sha256="0" * 64, known={"sha512": "1"}).measured("sha512") == "1"


def test_evidence_is_named_by_the_digest_of_its_bytes() -> None:
    made = Evidence(uri="a", data=b"")
    assert made.sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert "data" not in repr(made)


def test_nested_archives_are_counted_once_each() -> None:
    paths = ("a.tar", "a.tar!/x", "a.tar!/y", "a.tar!/b.zip!/z")
    entries = tuple(Entry(path=p, kind=EntryKind.FILE) for p in paths)
    assert Inventory(subject=Component(ref="a", name="a"), kind="artifact", entries=entries).archives == 2
