"""The walk and the catalogers together: everything is found, and what is not is said."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from supplychain import _io
from supplychain.archive.walk import Source
from supplychain.errors import ExtraMissing, MalformedDocument, UnsafeArchive
from supplychain.model.inventory import (
    Completeness,
    CompletenessState,
    Component,
    Edge,
    EdgeKind,
    Found,
    Inventory,
    Occurrence,
    Scope,
    Unknown,
)
from supplychain.sbom.catalogers import Cataloger, Catalogued, File
from supplychain.sbom.inventory import take_inventory
from tests.support.hostile_archives import END, HOSTILE, gz, header, tar_of, zip_of

INCOMPLETE, UNKNOWN = CompletenessState.INCOMPLETE, CompletenessState.UNKNOWN
ELF = b"\x7fELF\x02\x01\x01" + bytes(600)


class Packages:
    """A cataloger of a made-up format: ``NAME.pkg`` is JSON of name, version, scope and needs."""

    name: ClassVar[str] = "packages"

    def wants(self, path: str, head: bytes) -> bool:
        return path.endswith(".pkg")

    def read(self, file: File) -> Any:
        with file.open() as stream:
            data = stream.read()
        assert len(data) == file.size
        assert hashlib.sha256(data).hexdigest() == file.sha256
        assert data.startswith(file.head)
        try:
            return json.loads(data)
        except ValueError as e:
            raise MalformedDocument("not JSON", where=file.path) from e

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        return Catalogued(
            components=[
                Component(
                    ref=f"pkg:generic/{fact['name']}@{fact.get('version', '1')}",
                    name=fact["name"],
                    version=fact.get("version", "1"),
                    scope=Scope(fact.get("scope", "shipped")),
                    producer=fact.get("producer", ""),
                    occurrences=(Occurrence(path=file.path, sha256=file.sha256, size=file.size),),
                    found=(Found(cataloger=self.name, path=file.path),),
                )
                for file, fact in facts
            ],
            edges=[
                Edge(source=f"pkg:generic/{fact['name']}@{fact.get('version', '1')}", target=f"pkg:generic/{need}@1")
                for _, fact in facts
                for need in fact.get("needs", ())
            ],
            owners={path: f"pkg:generic/{fact['name']}@1" for _, fact in facts for path in fact.get("owns", ())},
            unknowns=[
                Unknown(ref=f"pkg:generic/{fact['name']}@1", field="licence")
                for _, fact in facts
            ],
        )  # fmt: skip


class Broken(Packages):
    """Fails where it is told to."""

    name: ClassVar[str] = "broken"

    def __init__(self, where: str, error: Exception) -> None:
        self._where = where
        self._error = error

    def wants(self, path: str, head: bytes) -> bool:
        if self._where == "wants":
            raise self._error
        return super().wants(path, head)

    def read(self, file: File) -> Any:
        if self._where == "read":
            raise self._error
        return super().read(file)

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        if self._where == "combine":
            raise self._error
        return super().combine(facts)


def package(name: str, **more: object) -> bytes:
    return json.dumps({"name": name, **more}).encode()


def inventory_of(data: bytes, *catalogers: Cataloger, name: str = "release") -> Inventory:
    source = Source(name=name, stream=io.BytesIO(data))
    return take_inventory(source, spool=_io.spool, catalogers=catalogers or [Packages()])


def test_every_component_of_every_level_is_found() -> None:
    inner = gz(tar_of({"c.pkg": package("c")}))
    data = tar_of({"a.pkg": package("a"), "x.whl": zip_of({"b.pkg": package("b"), "in.tar.gz": inner})})
    inventory = inventory_of(data)
    assert [c.name for c in inventory.components] == ["a", "b", "c"]
    assert inventory.components[2].occurrences[0].path == "x.whl!/in.tar.gz!/c.pkg"
    assert inventory.archives == 2
    assert inventory.sha256 == hashlib.sha256(data).hexdigest()
    assert inventory.size == len(data)
    assert inventory.completeness == ()
    assert inventory.kind == "artifact"
    assert [e.path for e in inventory.entries] == sorted(e.path for e in inventory.entries)


def test_subject_is_named_by_its_digest() -> None:
    inventory = inventory_of(b"hello", name="notes of spring.txt")
    digest = hashlib.sha256(b"hello").hexdigest()
    assert inventory.subject.ref == f"pkg:generic/notes%20of%20spring.txt?checksum=sha256:{digest}"
    assert inventory.subject.type == "file"
    assert inventory.subject.digests[0].value == digest
    assert [(e.path, e.sha256) for e in inventory.entries] == [("notes of spring.txt", digest)]


def test_subject_whose_name_no_purl_can_hold_is_named_by_its_digest_alone() -> None:
    inventory = inventory_of(b"hello", name="bell\x07")
    assert inventory.subject.ref == f"sha256:{hashlib.sha256(b'hello').hexdigest()}"
    assert inventory.subject.purl == ""


def test_nothing_recognised_is_said_of_the_subject() -> None:
    inventory = inventory_of(tar_of({"a": b"text"}))
    assert inventory.completeness == (
        Completeness(ref=inventory.subject.ref, state=UNKNOWN, reason="no component was recognised"),
    )
    assert inventory_of(tar_of({"a": b""})).completeness == ()


def test_file_that_a_cataloger_refuses_is_incomplete_and_the_rest_is_found() -> None:
    inventory = inventory_of(tar_of({"a.pkg": b"{", "b.pkg": package("b")}))
    assert [c.name for c in inventory.components] == ["b"]
    assert inventory.completeness == (
        Completeness(ref="a.pkg", state=INCOMPLETE, reason="not read by packages: MalformedDocument: not JSON"),
    )


@pytest.mark.parametrize("where", ["wants", "read", "combine"])
@pytest.mark.parametrize("error", [ValueError("secret"), RecursionError(), ExtraMissing("needs the extra fast")])
def test_cataloger_that_fails_is_told_and_hides_nothing_of_the_others(where: str, error: Exception) -> None:
    inventory = inventory_of(tar_of({"a.pkg": package("a")}), Broken(where, error), Packages())
    assert [c.name for c in inventory.components] == ["a"]
    reasons = {c.ref: c.reason for c in inventory.completeness}
    assert "broken" in reasons["a.pkg"]
    assert "secret" not in reasons["a.pkg"]
    assert (inventory.subject.ref in reasons) == (where == "combine")


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (b"\x7fELF", "ELF"),
        (b"\xcf\xfa\xed\xfe", "Mach-O"),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", "Mach-O"),
        (b"\0asm\x01\0\0\0", "WebAssembly"),
        (b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0", "PE"),
    ],
)
def test_executable_without_package_data_is_unknown(magic: bytes, kind: str) -> None:
    inventory = inventory_of(zip_of({"a.pkg": package("a", owns=["tool"]), "tool": magic + bytes(600)}))
    assert inventory.owners == {"tool": "pkg:generic/a@1"}
    assert inventory.completeness == (
        Completeness(ref="tool", state=UNKNOWN, reason=f"executable without package data ({kind})"),
    )


@pytest.mark.parametrize("head", [b"\xca\xfe\xba\xbe\0\0\0\x34", b"MZ is a text", b"\x7fEL", b"MZ" + b"\1" * 90])
def test_what_only_looks_like_an_executable_is_a_file(head: bytes) -> None:
    assert inventory_of(tar_of({"a.pkg": package("a"), "x": head + b"\1" * 600})).completeness == ()


class Binaries(Packages):
    """Reads facts from every executable that has some, and from no other file."""

    def wants(self, path: str, head: bytes) -> bool:
        return head.startswith(b"\x7fELF")

    def read(self, file: File) -> Any:
        with file.open() as stream:
            stream.seek(-8, io.SEEK_END)
            return {"name": "go"} if stream.read() == b"facts!!!" else None


def test_executable_with_package_data_is_complete() -> None:
    data = tar_of({"known": ELF + b"facts!!!", "other": ELF})
    assert [c.ref for c in inventory_of(data, Binaries()).completeness] == ["other"]


def test_large_binary_is_read_from_a_spool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_io, "SPOOL_BYTES", 1000)
    data = gz(tar_of({"big": ELF + bytes(3_000_000) + b"facts!!!"}))
    inventory = inventory_of(data, Binaries())
    assert [c.name for c in inventory.components] == ["go"]
    alone = inventory_of(ELF + bytes(3_000_000) + b"facts!!!", Binaries())
    assert [c.found[0].path for c in alone.components] == ["release"]


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        ("a.rar", b"Rar!\x1a\x07\x01\0", "rar"),
        ("a.deb", b"!<arch>\ndebian-binary   ", "deb"),
        ("lib.a", b"!<arch>\n/   ", "ar"),
        ("a.rpm", b"\xed\xab\xee\xdb\3\0", "rpm"),
        ("a.asar", b"\4\0\0\0\x10\0\0\0", "asar"),
        ("a.snap", b"hsqs", "squashfs"),
        ("a.pkg-mac", b"xar!\0\x1c", "xar"),
        ("a.cab", b"MSCF\0\0\0\0", "cab"),
        ("A.DMG", b"x\xda", "dmg"),
    ],
)
def test_archive_that_nothing_opens_is_not_scanned_and_says_so(name: str, head: bytes, kind: str) -> None:
    inventory = inventory_of(tar_of({"a.pkg": package("a"), name: head + b"\1" * 600}))
    assert inventory.completeness == (
        Completeness(ref=name, state=INCOMPLETE, reason=f"not scanned: no reader for {kind}"),
    )
    assert {c.ref for c in inventory_of(head + b"\1" * 600, name=name).completeness} >= {name}


def test_hostile_nested_archive_is_incomplete() -> None:
    inventory = inventory_of(tar_of({"bad": HOSTILE["tar path leaves"][0](), "a.pkg": package("a")}))
    assert [c.ref for c in inventory.completeness] == ["bad"]
    assert [c.name for c in inventory.components] == ["a"]


def test_what_is_wrong_with_the_artifact_itself_is_said_of_the_subject() -> None:
    inventory = inventory_of(tar_of({"a.pkg": package("a")}) + b"tail" * 128)
    assert inventory.completeness == (
        Completeness(
            ref=inventory.subject.ref,
            state=INCOMPLETE,
            reason="512 bytes behind the end of the tar belong to no member",
        ),
    )


def test_one_path_that_is_two_things_is_refused() -> None:
    nested = tar_of({"x": b"inner"})
    with pytest.raises(UnsafeArchive, match="share this path"):
        inventory_of(tar_of({"a": nested, "a!/x": b"outer"}))


def test_components_with_one_ref_are_one() -> None:
    first = package("a", scope="dev", producer="Zoe", needs=["b"])
    second = package("a", scope="shipped", producer="Ann")
    inventory = inventory_of(tar_of({"1.pkg": first, "2.pkg": second, "b.pkg": package("b")}))
    a = inventory.components[0]
    assert (a.scope, a.producer) == (Scope.SHIPPED, "Ann")
    assert [o.path for o in a.occurrences] == ["1.pkg", "2.pkg"]
    assert [f.path for f in a.found] == ["1.pkg", "2.pkg"]
    assert len(inventory.unknowns) == 2


def edges(files: Mapping[str, bytes]) -> list[tuple[str, str, EdgeKind]]:
    inventory = inventory_of(tar_of(files))
    names = {c.ref: c.name for c in inventory.components} | {inventory.subject.ref: "*"}
    return [(names[e.source], names[e.target], e.kind) for e in inventory.edges]


def test_parentless_components_hang_on_the_subject_by_their_scope() -> None:
    assert edges(
        {"a.pkg": package("a", needs=["b"]), "b.pkg": package("b"), "c.pkg": package("c", scope="runtime")}
    ) == [
        ("a", "b", EdgeKind.DEPENDS_ON),
        ("*", "a", EdgeKind.CONTAINS),
        ("*", "c", EdgeKind.DEPENDS_ON),
    ]


def test_components_in_a_circle_are_reached_through_the_circle() -> None:
    files = {
        "b.pkg": package("b", needs=["m"]),
        "m.pkg": package("m", needs=["b", "a"]),
        "a.pkg": package("a", needs=["a"]),
    }
    assert [(s, t) for s, t, _ in edges(files)] == [("b", "m"), ("m", "a"), ("m", "b"), ("*", "b")]


def test_edge_to_nothing_is_taken_out_and_told() -> None:
    inventory = inventory_of(tar_of({"a.pkg": package("a", needs=["gone"])}))
    assert [e.target for e in inventory.edges] == ["pkg:generic/a@1"]
    reason = "depends-on pkg:generic/gone@1, which is not in the inventory"
    assert inventory.completeness == (Completeness(ref="pkg:generic/a@1", state=INCOMPLETE, reason=reason),)


class Loose(Packages):
    """Knows an edge of two components that nobody found, and one that comes from nowhere."""

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        made = super().combine(facts)
        loose = [Edge(source="x", target="y"), Edge(source="x", target="pkg:generic/a@1")]
        return Catalogued(components=made.components, edges=loose, owners={"a.pkg": "x", "other": "pkg:generic/a@1"})


def test_edges_and_owners_from_nowhere_are_left_out() -> None:
    inventory = inventory_of(tar_of({"a.pkg": package("a")}), Loose())
    assert inventory.owners == {}
    assert [c.reason for c in inventory.completeness] == [
        "x depends-on y, which is not in the inventory",
        "x, which is not in the inventory, depends-on pkg:generic/a@1",
    ]
    assert {c.ref for c in inventory.completeness} == {inventory.subject.ref}


def test_newest_time_recorded_inside_is_kept() -> None:
    assert inventory_of(tar_of({"a": b"x"}, mtime=1_700_000_000)).newest == datetime(
        2023, 11, 14, 22, 13, 20, tzinfo=UTC
    )
    assert inventory_of(b"plain").newest is None
    late = header(b"a", b"x", mtime=b"\x80" + (1 << 60).to_bytes(11, "big")) + END
    assert inventory_of(late).newest is None


def test_progress_counts_the_bytes_of_the_source() -> None:
    told: list[int] = []
    data = gz(tar_of({"a": b"x" * 500_000, "b": bytes(range(256)) * 3000}))
    source = Source(name="a", stream=io.BytesIO(data))
    take_inventory(source, spool=_io.spool, catalogers=[], progress=told.append)
    assert told == sorted(told)
    assert told[-1] == len(data)


@pytest.mark.threat(35)
@pytest.mark.parametrize(
    ("name", "path", "before", "after"),
    [
        ("a.whl", "a.pkg", zip_of({"a.pkg": package("a")}), zip_of({"a.pkg": package("b")})),
        ("a.pkg", "a.pkg", package("a"), package("b")),
    ],
)
def test_an_artifact_changed_while_it_is_walked_is_told_as_the_bytes_that_were_hashed(
    tmp_path: Path, name: str, path: str, before: bytes, after: bytes
) -> None:
    """What is read by position, after the digest was taken, are the same bytes and not those of the file by then."""
    artifact = tmp_path / name
    artifact.write_bytes(before)

    def replace_when_read(read: int) -> None:
        if read == len(before):
            artifact.write_bytes(after)

    with _io.open_source(artifact) as source:
        inventory = take_inventory(source, spool=_io.spool, catalogers=[Packages()], progress=replace_when_read)
    assert artifact.read_bytes() == after
    assert inventory.sha256 == hashlib.sha256(before).hexdigest()
    assert [c.name for c in inventory.components] == ["a"]
    assert [e.sha256 for e in inventory.entries if e.path == path] == [hashlib.sha256(package("a")).hexdigest()]


def test_folder_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "a.pkg").write_bytes(package("a", scope="runtime"))
    (tmp_path / "b.txt").write_bytes(b"text")
    with _io.open_source(tmp_path) as source:
        inventory = take_inventory(source, spool=_io.spool, catalogers=[Packages()])
    assert (inventory.kind, inventory.sha256, inventory.newest) == ("source", None, None)
    assert inventory.size == sum(e.size for e in inventory.entries)
    assert inventory.subject.type == "application"
    assert inventory.edges == (Edge(source=inventory.subject.ref, target="pkg:generic/a@1", kind=EdgeKind.DEPENDS_ON),)
