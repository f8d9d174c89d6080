"""One bit flipped never verifies: in bundles, in roots, in artifacts; in files, and inside decoded fields.

What is excused is named in `tests.support.flips`, with the reason.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import SubjectMismatch
from tests.support.certified import measured, refused
from tests.support.flips import Vector, accepts, decoded, excused, flipped, leaves, vectors

NAMES = sorted(vectors())
LAW = settings(max_examples=12, deadline=None)


def test_vectors_verify() -> None:
    assert all(accepts(vector) for vector in vectors().values())


def judge_flip(vector: Vector, changed: bytes | None, *, of: str) -> None:
    if changed is None:
        return
    if of == "bundle":
        assert not accepts(vector, bundle=changed) or excused(vector, bundle=changed)
    else:
        assert not accepts(vector, root=changed) or excused(vector, root=changed)


@pytest.mark.parametrize("of", ["bundle", "root"])
@pytest.mark.parametrize("name", NAMES)
@LAW
@given(data=st.data())
def test_a_bit_of_a_decoded_field(name: str, of: str, data: st.DataObject) -> None:
    """Signatures, certificates, hashes, tokens, ids, times: encoded again, so that the format has nothing to refuse."""
    vector = vectors()[name]
    document: bytes = getattr(vector, of)
    fields = [(path, value) for path, value in leaves(json.loads(document)) if decoded(path, value)]
    path, value = data.draw(st.sampled_from(fields))
    bit = data.draw(st.integers(0, len(decoded(path, value)) * 8 - 1))
    judge_flip(vector, flipped(document, path, bit), of=of)


@pytest.mark.parametrize("of", ["bundle", "root"])
@pytest.mark.parametrize("name", NAMES[::4])
@LAW
@given(data=st.data())
def test_a_bit_of_the_file(name: str, of: str, data: st.DataObject) -> None:
    vector = vectors()[name]
    document = bytearray(getattr(vector, of))
    bit = data.draw(st.integers(0, len(document) * 8 - 1))
    document[bit // 8] ^= 1 << bit % 8
    judge_flip(vector, bytes(document), of=of)


@pytest.mark.parametrize("name", NAMES)
def test_a_bit_of_the_artifact(name: str) -> None:
    vector = vectors()[name]
    content = bytearray(vector.content)
    content[len(content) // 2] ^= 4
    refused(
        SubjectMismatch, "", vector.bundle, vector.root, who=vector.who, about=measured(bytes(content)), at=vector.at
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dsse 0.0.1", "hashedrekord 0.0.2", "intoto 0.0.2, a key"])
@pytest.mark.parametrize("of", ["bundle", "root"])
def test_every_bit_of_every_decoded_field(name: str, of: str) -> None:
    vector = vectors()[name]
    document: bytes = getattr(vector, of)
    for path, value in leaves(json.loads(document)):
        for bit in range(len(decoded(path, value)) * 8):
            judge_flip(vector, flipped(document, path, bit), of=of)
