"""Laws of the inventory: the content decides, and nothing else does."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import _io
from supplychain.archive import LIMITS
from supplychain.archive.walk import FolderItem, Source
from supplychain.errors import InputError
from supplychain.model.inventory import Component, Edge, Entry, Found, Inventory, Occurrence
from supplychain.sbom.catalogers import Catalogued, File
from supplychain.sbom.inventory import take_inventory
from tests.support.hostile_archives import gz, tar_of, zip_of

pytestmark = pytest.mark.property
SMALL = replace(LIMITS, bytes=32 << 20, entries=2000, ratio_after=1 << 20)


class Notes:
    """A cataloger of text files: the first line names a component, the others what it needs."""

    name: ClassVar[str] = "notes"

    def wants(self, path: str, head: bytes) -> bool:
        return path.endswith(".note")

    def read(self, file: File) -> Any:
        with file.open() as stream:
            return stream.read().decode().split("\n")

    def combine(self, facts: Sequence[tuple[File, Any]]) -> Catalogued:
        return Catalogued(
            components=[
                Component(
                    ref=lines[0],
                    name=lines[0],
                    occurrences=(Occurrence(path=file.path),),
                    found=(Found(cataloger=self.name, path=file.path),),
                )
                for file, lines in reversed(facts)
            ],
            edges=[Edge(source=lines[0], target=need) for _, lines in facts for need in lines[1:]],
            owners={file.path: lines[0] for file, lines in facts},
        )


letters = st.sampled_from("abcdefgh")
notes = st.lists(letters, min_size=1, max_size=4).map(lambda lines: "\n".join(lines).encode())
trees = st.dictionaries(
    st.tuples(st.sampled_from(["", "d/", "d/e/"]), letters, st.sampled_from([".note", ".txt"])).map("".join),
    notes,
    min_size=1,
    max_size=8,
)


def inventory_of(data: bytes) -> Inventory:
    source = Source(name="x", stream=io.BytesIO(data))
    return take_inventory(source, spool=_io.spool, catalogers=[Notes()], limits=SMALL)


def of_folder(files: dict[str, bytes]) -> Inventory:
    items = [FolderItem(path=path, open=lambda data=data: io.BytesIO(data)) for path, data in files.items()]  # type: ignore[misc]
    return take_inventory(Source(name="x", items=items), spool=_io.spool, catalogers=[Notes()], limits=SMALL)


@settings(max_examples=40, deadline=None)
@given(files=trees, data=st.data())
def test_order_of_files_changes_nothing(files: dict[str, bytes], data: st.DataObject) -> None:
    """The same content gives the same inventory whatever the order of files."""
    shuffled = dict(data.draw(st.permutations(list(files.items()))))
    assert of_folder(files) == of_folder(shuffled)
    assert without_digest(inventory_of(tar_of(files))) == without_digest(inventory_of(tar_of(shuffled)))


@settings(max_examples=40, deadline=None)
@given(files=trees)
def test_container_changes_nothing(files: dict[str, bytes]) -> None:
    """The same content gives the same inventory whatever the container, save what only one of them records."""
    flat = tar_of(files)
    expected = content_of(inventory_of(flat))
    assert content_of(inventory_of(gz(flat))) == expected
    assert content_of(inventory_of(zip_of(files))) == expected
    assert content_of(of_folder(files)) == expected


@settings(max_examples=40, deadline=None)
@given(files=trees)
def test_nested_equals_flat_up_to_the_prefix(files: dict[str, bytes]) -> None:
    """An archive inside another gives what it gives alone, each path behind the outer one's."""
    expected = content_of(inventory_of(tar_of(files)))
    for outer in (
        tar_of({"in.tar": tar_of(files)}),
        zip_of({"in.tar": gz(tar_of(files))}),
        gz(tar_of({"in.tar": zip_of(files)})),
    ):
        assert content_of(inventory_of(outer), prefix="in.tar!/") == expected


@settings(max_examples=40, deadline=None)
@given(files=trees)
def test_everything_is_reached_from_the_subject(files: dict[str, bytes]) -> None:
    """Every component is below the subject, and every edge joins what is there."""
    inventory = of_folder(files)
    known = {inventory.subject.ref, *(c.ref for c in inventory.components)}
    assert {ref for e in inventory.edges for ref in (e.source, e.target)} <= known
    reached, waiting = {inventory.subject.ref}, [inventory.subject.ref]
    while waiting:
        here = waiting.pop()
        new = {e.target for e in inventory.edges if e.source == here} - reached
        reached |= new
        waiting += new
    assert reached == known


@settings(max_examples=60, deadline=None)
@given(data=st.one_of(st.binary(max_size=2000), st.binary(max_size=900).map(lambda b: tar_of({"a.note": b, "b": b}))))
def test_any_bytes_give_an_inventory_or_one_of_our_errors(data: bytes) -> None:
    """Any bytes give a result or one of our errors."""
    try:
        inventory = inventory_of(data)
    except InputError:
        return
    assert inventory.components or inventory.completeness or not any(e.size for e in inventory.entries)


def test_place_on_disk_changes_nothing(tmp_path: Path) -> None:
    """The same content gives the same inventory whatever the checkout's path and file times."""
    found = []
    for place in ("here/x", "far/away/x"):
        folder = tmp_path / place
        (folder / "d").mkdir(parents=True)
        (folder / "d" / "a.note").write_bytes(b"a\nb")
        (folder / "in.zip").write_bytes(zip_of({"b.note": b"b"}))
        with _io.open_source(folder) as source:
            found.append(take_inventory(source, spool=_io.spool, catalogers=[Notes()]))
    assert found[0] == found[1]
    assert str(tmp_path) not in repr(found[0])


def without_digest(inventory: Inventory) -> str:
    """All but the digest of the container itself, as text."""
    text = repr(inventory).replace(str(inventory.sha256), "DIGEST")
    return text.replace(f"size={inventory.size}, components", "components")


def content_of(inventory: Inventory, prefix: str = "") -> str:
    """What an inventory says about content, each path without a prefix; other entries are left out."""

    def short(path: str) -> str:
        return path.removeprefix(prefix)

    def entry(one: Entry) -> tuple[str, str, int, str | None]:
        return short(one.path), one.kind, one.size, one.sha256

    def ref(text: str) -> str:
        return "*" if text == inventory.subject.ref else short(text)

    return json.dumps(
        {
            "entries": [entry(e) for e in inventory.entries if e.path.startswith(prefix)],
            "components": [
                (c.ref, [short(o.path) for o in c.occurrences], [short(f.path) for f in c.found])
                for c in inventory.components
            ],
            "edges": [(ref(e.source), ref(e.target), e.kind) for e in inventory.edges],
            "owners": {short(path): owner for path, owner in inventory.owners.items()},
            "completeness": sorted((ref(c.ref), c.state, c.reason) for c in inventory.completeness),
        },
        indent=1,
    )
