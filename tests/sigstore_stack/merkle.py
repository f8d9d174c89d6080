"""A growing Merkle tree of RFC 6962, section 2.1: the hash of any prefix, and proofs at any size."""

from collections.abc import Sequence
from itertools import pairwise

from tests.sigstore_stack.encoding import sha256

EMPTY = sha256(b"")


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


class MerkleTree:
    """Appends only. Perfect subtrees are hashed once, so a proof costs logarithmically many hashes."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]
        """_levels[k][j] is the hash of the leaves from j * 2**k up to (j + 1) * 2**k."""

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, data: bytes) -> int:
        """The index of the new leaf."""
        index, node, level = self.size, leaf_hash(data), 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
            row = self._levels[level]
            row.append(node)
            if len(row) % 2:
                return index
            node, level = node_hash(row[-2], row[-1]), level + 1

    def root(self, size: int | None = None) -> bytes:
        """MTH(D[size]), by default of the whole tree."""
        size = self.size if size is None else size
        assert 0 <= size <= self.size, size
        return self._hash(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]), from the leaf up."""
        size = self.size if size is None else size
        assert 0 <= index < size <= self.size, (index, size)
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(start, middle))
                start = middle
        return path[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        size = end - start
        if size & (size - 1) == 0:
            return self._levels[size.bit_length() - 1][start // size]
        middle = start + _split(size)
        return node_hash(self._hash(start, middle), self._hash(middle, end))


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH by its definition, level by level: what the tree is compared with."""
    row = [leaf_hash(leaf) for leaf in leaves]
    if not row:
        return EMPTY
    while len(row) > 1:
        joined = [node_hash(left, right) for left, right in list(pairwise(row))[::2]]
        row = joined + row[-1:] if len(row) % 2 else joined
    return row[0]


def root_by_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to (RFC 9162, 2.1.3.2); None where its length is not that of the place."""
    if not 0 <= index < size:
        return None
    node, last = leaf_hash(leaf), size - 1
    for sibling in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = node_hash(sibling, node)
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = node_hash(node, sibling)
        index, last = index // 2, last // 2
    return node if last == 0 else None
