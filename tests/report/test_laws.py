"""Whatever stands in names, messages and versions: a report stays a report."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supplychain import _json
from supplychain.report import REPORTS, formats, render
from supplychain.report.markdown import RUNES
from tests.support.poison import hostile, poisoned
from tests.support.result_schemas import schemas
from tests.support.results import RESULTS

pytestmark = pytest.mark.property

_COLOUR = re.compile(r"\x1b\[(?:0|2|33|1;3[12]|1)m")


def _poison(kind: str, text: str) -> Any:
    if kind == "asset-set":  # its names are checked when it is read, and its digest needs Unicode
        text = text.encode("utf-8", "ignore").decode()
    return poisoned(RESULTS[kind], text)


@pytest.mark.parametrize("kind", RESULTS)
@given(text=hostile, width=st.integers(-1, 200), verbose=st.booleans(), colour=st.booleans())
@example(text=":", width=0, verbose=False, colour=False)
@settings(max_examples=40, deadline=None)
def test_a_screen_has_no_control_character_but_line_ends(
    kind: str, text: str, width: int, verbose: bool, colour: bool
) -> None:
    shown = render(_poison(kind, text), "text", width=width, verbose=verbose, colour=colour)
    plain = _COLOUR.sub("", shown) if colour else shown
    for line in plain.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##[A-Za-z]*\[", line)
    assert plain.split("\n") == [*plain.splitlines(), ""]


@pytest.mark.parametrize("kind", RESULTS)
@given(text=hostile)
@settings(max_examples=25, deadline=None)
def test_json_is_plain_ascii_strictly_readable_and_of_its_schema(kind: str, text: str) -> None:
    shown = render(_poison(kind, text), "json")
    assert re.fullmatch(r"[\n -~]*\n", shown)
    assert "##" not in shown
    value: Any = _json.parse(shown.encode(), where="result").value
    schema = schemas()[f"{value['schema'].split('/')[1]}.v1.schema.json"]
    broken = [e.instance_path for e in jsonschema_rs.Draft202012Validator(schema).iter_errors(json.loads(shown))]
    assert [path for path in broken if path[-1] not in ("sha256", "subject_sha256")] == []


@pytest.mark.parametrize("kind", [kind for kind, result in RESULTS.items() if "markdown" in formats(type(result))])
@given(text=hostile, times=st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_markdown_fits_one_message_and_keeps_foreign_text_in_code(kind: str, text: str, times: int) -> None:
    shown = render(_poison(kind, text + " ZZZ" * times), "markdown")
    assert len(shown) <= RUNES
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("`") % 2 == 0
    outside = re.sub(r"`[^`\n]*`", "", shown)
    assert re.fullmatch(r"[\w\n *.,:;()/-]*", outside, re.ASCII)
    assert "ZZZ" not in outside


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("kind", RESULTS)
def test_the_same_result_gives_the_same_text(kind: str, name: str) -> None:
    if name in formats(type(RESULTS[kind])):
        assert render(RESULTS[kind], name) == render(RESULTS[kind], name)
