"""The tree is that of RFC 6962."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sigstore_stack.merkle import EMPTY, MerkleTree, naive_root, root_by_path

leaves_of = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def grown(leaves: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for place, leaf in enumerate(leaves):
        assert tree.append(leaf) == place
    return tree


@given(leaves_of, st.data())
def test_the_hash_of_any_prefix_is_that_of_its_leaves_alone(leaves: list[bytes], data: st.DataObject) -> None:
    """A log grows by appending: no later leaf changes the head of an earlier tree."""
    size = data.draw(st.integers(0, len(leaves)))
    assert grown(leaves).root(size) == naive_root(leaves[:size])


@given(leaves_of, st.data())
def test_a_proof_at_any_size_leads_to_the_head_of_that_size(leaves: list[bytes], data: st.DataObject) -> None:
    """RFC 9162, 2.1.3.2."""
    tree = grown(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    assert root_by_path(leaves[index], index, size, tree.inclusion(index, size)) == tree.root(size)


@given(leaves_of, st.data())
def test_a_proof_of_another_leaf_place_or_length_leads_elsewhere(leaves: list[bytes], data: st.DataObject) -> None:
    tree = grown(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, head = tree.inclusion(index), tree.root()
    assert root_by_path(leaves[index] + b"!", index, tree.size, path) != head
    assert root_by_path(leaves[index], index, tree.size, [*path, head]) != head
    if path:
        assert root_by_path(leaves[index], index, tree.size, path[:-1]) != head
    assert root_by_path(leaves[index], tree.size, tree.size, path) is None


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert MerkleTree().root() == EMPTY == naive_root([])


def test_the_vectors_of_certificate_transparency() -> None:
    """Heads of the eight-leaf tree that implementations of RFC 6962 test with."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = grown([bytes.fromhex(each) for each in inputs])
    assert tree.root(1).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root(8).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", [0, 5])
def test_no_proof_outside_of_the_tree(size: int) -> None:
    tree = grown([b"a", b"b"])
    with pytest.raises(AssertionError):
        tree.inclusion(0, size)
