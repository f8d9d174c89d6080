"""The documents are true: their examples run, their commands exist, links lead somewhere, pages match the code."""

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from supplychain.cli.main import VERBS
from tests.support import reference
from tests.support.documents import PASSWORD, ROOT, Folder, blocks, documents, given, instance, mentioned
from tests.support.threats import held

each_document = pytest.mark.parametrize("path", documents(), ids=lambda p: p.relative_to(ROOT).as_posix())
MET = [*range(1, 11), 12, 15, *range(17, 36), *range(37, 55), 68, 69, 71, 72, 75]
"""Threats that this version can meet."""


def squeezed(text: str) -> str:
    """Without the line breaks and columns that versions of argparse choose differently."""
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", reference.pages())
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert squeezed(written) == squeezed(reference.pages()[name]), "write it again with: make docs"


@each_document
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text(encoding="utf-8")
    runnable = [b for b in blocks(text) if b.language in ("python", "console")]
    if not runnable:
        return
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPLYCHAIN_KEY_PASSWORD", PASSWORD)
    monkeypatch.setenv("COLUMNS", "100")
    folder = Folder(tmp_path)
    for command in given(text):
        folder.command(command)
    with ExitStack() as running:
        if "<!-- given: instance -->" in text:
            addresses, job = running.enter_context(instance(tmp_path))
            folder.stands_for |= addresses
            for name, value in job.items():
                monkeypatch.setenv(name, value)
        for block in runnable:
            folder.try_out(block)


@each_document
def test_only_commands_that_exist_are_shown(path: Path) -> None:
    for words in mentioned(path.read_text(encoding="utf-8")):
        verb, *rest = words
        if verb in ("VERB", "--version", "--help", "--print-completion"):
            continue
        assert verb in VERBS, words
        below = rest[:1] if verb in reference.NOUNS else []
        assert not below or below[0] in (*reference.NOUNS[verb], "--help"), words
        ours = rest[: rest.index("--")] if "--" in rest else rest
        known = set(re.findall(r"--?[a-z][a-z-]*", reference.help_of(verb, *(b for b in below if b != "--help"))))
        assert {w.partition("=")[0] for w in ours if re.match(r"--?[a-z]", w)} <= known, words


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_every_document_is_linked_from_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        if path != ROOT / "docs/README.md":
            assert f"]({path.relative_to(ROOT / 'docs').as_posix()})" in index, path.name


def test_the_readme_begins_with_an_example_of_eight_lines() -> None:
    first = next(b for b in blocks((ROOT / "README.md").read_text(encoding="utf-8")) if b.language == "python")
    assert len(first.text.strip().splitlines()) <= 8


def test_every_table_of_extensions_is_in_the_guide_for_contributors() -> None:
    from tests.test_architecture import TABLES

    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for table in TABLES:
        assert f"supplychain/{table.folder.replace('.', '/')}/" in text
        assert f"`{table.name}`" in text


def test_every_threat_has_one_line() -> None:
    assert [t.number for t in reference.threats()] == list(range(1, 78))


def test_tests_named_by_the_table_of_threats_exist() -> None:
    named = set[str]().union(*held().values())
    assert named - reference.all_tests() == set()


@pytest.mark.parametrize("number", MET)
def test_a_threat_this_version_can_meet_is_held_by_a_test(number: int) -> None:
    assert reference.tests_by_threat()[number], reference.threats()[number - 1].given


def test_marks_name_threats_there_are() -> None:
    assert set(reference.tests_by_threat()) <= {t.number for t in reference.threats()}
