"""Artifact rules: each case has the verdict of the in-toto library, which judges the same files on disk."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import LimitExceeded
from supplychain.verify.layout.content import ArtifactRule, Item, Performed
from supplychain.verify.layout.rules import Budget, check_item
from tests.support.layouts import FILE, OTHER, folder, judge, layout, link, oracle, signed, step

MATCH = ["WITH", "PRODUCTS", "FROM", "first"]
FIRST = {"a": FILE, "dir/b": FILE, "changed": FILE, "gone": FILE}
SECOND = ({"a": FILE, "dir/b": FILE, "changed": FILE, "gone": FILE}, {"a": FILE, "changed": OTHER, "new": FILE})
NO = ["DISALLOW", "*"]

CASES: list[tuple[str, list[list[str]], list[list[str]], bool]] = [
    ("nothing is asked", [], [], True),
    ("disallow all", [NO], [], False),
    ("disallow what is not there", [["DISALLOW", "x*"]], [], True),
    ("allow all", [["ALLOW", "*"], NO], [["ALLOW", "*"], NO], True),
    ("allow one", [["ALLOW", "a"], NO], [], False),
    ("a star crosses folders", [["ALLOW", "d*"], ["DISALLOW", "dir/*"]], [], True),
    ("sets of letters", [["ALLOW", "[a-d]*"], ["ALLOW", "g?ne"], NO], [], True),
    ("letters are told apart", [["ALLOW", "A"], ["DISALLOW", "a"]], [], False),
    ("match", [["MATCH", "*", *MATCH], NO], [], True),
    ("match other bytes", [], [["MATCH", "changed", *MATCH], ["DISALLOW", "changed"]], False),
    ("match the same bytes", [], [["MATCH", "a", *MATCH], ["DISALLOW", "a"]], True),
    ("match what was not made", [], [["MATCH", "new", *MATCH], ["DISALLOW", "new"]], False),
    ("match materials of none", [["MATCH", "*", "WITH", "MATERIALS", "FROM", "first"], NO], [], False),
    ("match in a folder", [["MATCH", "b", "IN", "dir", *MATCH], ["DISALLOW", "dir/b"]], [], False),
    ("match from folder to folder", [["MATCH", "b", "IN", "dir", "WITH", "PRODUCTS", "IN", "dir", "FROM", "first"],
      ["DISALLOW", "dir/b"]], [], True),
    ("match into a folder", [["MATCH", "b", "WITH", "PRODUCTS", "IN", "dir", "FROM", "first"], ["DISALLOW", "dir/b"]],
     [], False),
    ("match with a closing slash", [["MATCH", "*", "IN", "dir/", "WITH", "PRODUCTS", "IN", "dir/", "FROM", "first"],
      ["DISALLOW", "dir/*"]], [], True),
    ("match a step that is none", [["MATCH", "*", "WITH", "PRODUCTS", "FROM", "nobody"], NO], [], False),
    ("match itself", [], [["MATCH", "a", "WITH", "MATERIALS", "FROM", "second"], ["DISALLOW", "a"]], True),
    ("create", [], [["CREATE", "*"], ["DISALLOW", "new"]], True),
    ("create what was there", [], [["CREATE", "*"], ["DISALLOW", "a"]], False),
    ("create as a rule of materials", [["CREATE", "*"], ["DISALLOW", "a"]], [], False),
    ("delete", [["DELETE", "*"], ["DISALLOW", "gone"]], [], True),
    ("delete what stayed", [["DELETE", "*"], ["DISALLOW", "a"]], [], False),
    ("modify", [], [["MODIFY", "*"], ["DISALLOW", "changed"]], True),
    ("modify what is the same", [], [["MODIFY", "*"], ["DISALLOW", "a"]], False),
    ("modify as a rule of materials", [["MODIFY", "*"], ["DISALLOW", "changed"]], [], True),
    ("require", [["REQUIRE", "a"]], [["REQUIRE", "new"]], True),
    ("require what is not there", [], [["REQUIRE", "gone"]], False),
    ("require takes no pattern", [["REQUIRE", "*"]], [], False),
    ("require what was consumed", [["ALLOW", "a"], ["REQUIRE", "a"]], [], False),
    ("require consumes nothing", [["REQUIRE", "a"], ["DISALLOW", "a"]], [], False),
    ("words in lower case", [["allow", "*"], ["disallow", "*"]], [], True),
    ("the first rule wins", [["DISALLOW", "a"], ["ALLOW", "*"]], [], False),
]  # fmt: skip


def chain(materials: list[list[str]], products: list[list[str]], second: Any = SECOND) -> tuple[bytes, Any]:
    """Two steps: what the first made goes into the second, whose rules these are."""
    data = signed(layout(step("first"), step("second", materials, products)), "owner")
    links = folder(
        ("first", "alice", signed(link("first", {}, FIRST), "alice")),
        ("second", "alice", signed(link("second", *second), "alice")),
    )
    return data, links


@pytest.mark.parametrize(("materials", "products", "good"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_rule_has_the_verdict_of_the_library(
    materials: list[list[str]], products: list[list[str]], good: bool, tmp_path: Path
) -> None:
    data, links = chain(materials, products)
    result = judge(data, links)
    assert result.verified is good
    assert oracle(data, links, tmp_path) is good
    assert [p.code for s in result.steps for p in s.problems] == ([] if good else ["SubjectMismatch"])


def test_materials_and_products_are_both_told() -> None:
    result = judge(*chain([NO], [["REQUIRE", "x"], NO]))
    assert [p.message for p in result.steps[1].problems] == [
        "materials of second: DISALLOW *: a, changed, dir/b, gone",
        "products of second: REQUIRE x: 'x' is not there",
    ]
    many: tuple[dict[str, Any], dict[str, Any]] = ({f"f{i}": FILE for i in range(9)}, {})
    (problem,) = judge(*chain([NO], [], many)).steps[1].problems
    assert problem.message == "materials of second: DISALLOW *: f0, f1, f2, f3, f4 and 4 more"


@pytest.mark.threat(30)
def test_a_digest_that_proves_nothing_matches_nothing() -> None:
    """The library takes two equal MD5 digests for one file."""
    weak = {"md5": "a" * 32}
    data = signed(layout(step("first"), step("second", [["MATCH", "*", *MATCH], NO])), "owner")
    links = folder(
        ("first", "alice", signed(link("first", {}, {"a": weak}), "alice")),
        ("second", "alice", signed(link("second", {"a": weak}), "alice")),
    )
    assert not judge(data, links).verified


@pytest.mark.parametrize("path", ["dir//etc", "dir/x\\y"])
def test_a_path_that_would_leave_its_prefix_matches_nothing(path: str) -> None:
    prefixed = [["MATCH", "*", "IN", "dir", "WITH", "PRODUCTS", "IN", "dir", "FROM", "first"], NO]
    data = signed(layout(step("first"), step("second", prefixed)), "owner")
    both = {path: FILE, "dir/x/y": FILE}
    links = folder(
        ("first", "alice", signed(link("first", {}, both), "alice")),
        ("second", "alice", signed(link("second", both), "alice")),
    )
    assert not judge(data, links).verified


WORD = st.sampled_from(["a", "*", "d*", "dir/b", "gone", "[a-c]*", "new", "x"])
RULE = st.builds(
    lambda kind, pattern, rest: [kind, pattern, *rest] if kind == "MATCH" else [kind, pattern],
    st.sampled_from(["MATCH", "CREATE", "DELETE", "MODIFY", "ALLOW", "DISALLOW", "REQUIRE"]),
    WORD,
    st.sampled_from([MATCH, ["IN", "dir", *MATCH], ["WITH", "MATERIALS", "IN", "dir", "FROM", "second"]]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(RULE, max_size=4), st.lists(RULE, max_size=4))
def test_any_rules_have_the_verdict_of_the_library(
    tmp_path_factory: pytest.TempPathFactory, materials: list[list[str]], products: list[list[str]]
) -> None:
    """The in-toto specification 1.0, section 4.3.3, as the library reads it."""
    data, links = chain(materials, products)
    assert judge(data, links).verified is oracle(data, links, tmp_path_factory.mktemp("o"))


def test_rules_times_artifacts_are_bounded() -> None:
    rule = ArtifactRule(words=("ALLOW", "x"), unpacked={"rule_type": "allow", "pattern": "x"})
    item = Item(name="s", command=(), materials=(rule,) * 10, products=())
    performed = {"s": Performed(materials={str(i): FILE for i in range(100)})}
    assert check_item(item, performed, Budget(links=0, comparisons=1010)) == ()
    with pytest.raises(LimitExceeded):
        check_item(item, performed, Budget(links=0, comparisons=1009))
