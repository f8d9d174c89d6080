"""One function behind every -o."""

from pathlib import Path

import pytest

import supplychain.report
from supplychain.errors import UsageError
from supplychain.report import REPORTS, formats, render
from tests.support.decisions import decision
from tests.support.results import KEY, RESULTS, WRITTEN


def test_an_unknown_format_lists_the_formats_there_are() -> None:
    with pytest.raises(UsageError, match="'yaml' is no report format") as caught:
        render(WRITTEN, "yaml")
    assert caught.value.hint == "formats: text, json, markdown"
    assert caught.value.exit_code == 2


def test_a_format_without_a_form_for_this_result_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="there is no markdown report of a KeyInfo") as caught:
        render(KEY, "markdown")
    assert caught.value.hint == "it can be shown as text, json"


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no text report of a dict"):
        render({"verdict": "allowed"}, "text")  # type: ignore[arg-type]  # the point of the test


def test_table_is_another_name_of_text() -> None:
    assert render(decision(), "table") == render(decision(), "text")


@pytest.mark.parametrize("kind", RESULTS)
def test_every_result_has_a_screen_and_a_json_form(kind: str) -> None:
    assert formats(type(RESULTS[kind]))[:2] == ("text", "json")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_ends_in_one_line_end(name: str) -> None:
    shown = render(decision(), name)
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")


def test_every_report_in_the_table_has_its_file() -> None:
    folder = Path(supplychain.report.__file__).parent
    for name, target in REPORTS.items():
        assert target.startswith(f"supplychain.report.{name}:")
        assert (folder / f"{name}.py").is_file()
