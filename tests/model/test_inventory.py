"""The facts of an inventory have one order each, so that equal content gives equal inventories."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from supplychain.model.inventory import Occurrence

OCCURRENCES = st.builds(
    Occurrence,
    path=st.sampled_from(["a", "b"]),
    sha256=st.none() | st.sampled_from(["", "00", "ff"]),
    size=st.none() | st.integers(min_value=0, max_value=2),
)


def test_what_is_not_recorded_comes_before_what_is() -> None:
    bare, sized = Occurrence(path="a"), Occurrence(path="a", size=0)
    hashed, both = Occurrence(path="a", sha256="00"), Occurrence(path="a", sha256="00", size=3)
    expected = [bare, sized, hashed, both, Occurrence(path="b")]
    for mixed in permutations(expected):
        assert sorted(mixed) == expected


@given(one=OCCURRENCES, other=OCCURRENCES)
def test_any_two_occurrences_are_equal_or_one_comes_first(one: Occurrence, other: Occurrence) -> None:
    assert (one == other) + (one < other) + (other < one) == 1
