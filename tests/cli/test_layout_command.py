"""layout verify: the whole way on disk, inspections included."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from supplychain.api import layout as api
from supplychain.errors import AssetSetMismatch, LimitExceeded
from supplychain.release.inspections import lay_out
from tests.support.commands import CommandLine, command
from tests.support.evidence import artifact
from tests.support.layouts import (
    file_name,
    inspection,
    keyid,
    layout,
    link,
    public,
    signed,
    step,
)

__all__ = ["command"]

APP = b"the product\n"
posix = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


def digest(content: bytes) -> dict[str, str]:
    return {"sha256": artifact(content).sha256}


MADE = link("build", {}, {"app": digest(APP)})


def supplied(command: CommandLine, content: Any = None, made: Any = MADE) -> CommandLine:
    """A folder with a layout, its links, its owner's key and the product."""
    command.write("root.layout", signed(content or layout(step("build")), "owner"))
    command.write(f"links/{file_name('build', 'alice')}", signed(made, "alice"))
    command.write("owner.pub", public("owner").pem())
    command.write("app", APP)
    return command


def verify(command: CommandLine, *more: str) -> Any:
    return command("layout", "verify", "root.layout", "--links", "links", "--key", "owner.pub", *more)


def test_a_layout_that_holds_is_verified(command: CommandLine) -> None:
    ran = verify(supplied(command))
    assert (ran.code, ran.err) == (0, "next: supplychain gate dist/ --policy release.yaml\n")
    assert ran.out.startswith("VERIFIED  root.layout")
    assert "no file was compared" in ran.out
    ran = verify(command, "--artifact", "app", "-o", "json")
    told = json.loads(ran.out)
    assert told["schema"] == "supplychain/layout-verification/v1"
    assert (told["verified"], told["exit_code"], ran.code) == (True, 0, 0)
    assert told["products"][0]["names"] == ["app"]
    assert told["steps"][0]["signers"] == [public("alice").fingerprint]


def test_a_product_that_changed_is_a_no(command: CommandLine) -> None:
    supplied(command).write("app", "changed")
    ran = verify(command, "--artifact", "app")
    assert ran.code == 1
    assert "is no product of the last step" in ran.out


def test_a_layout_by_another_owner_is_a_no(command: CommandLine) -> None:
    supplied(command).write("owner.pub", public("mallory").pem())
    ran = verify(command, "-o", "json=out.json")
    assert ran.code == 1
    told = json.loads((command.folder / "out.json").read_text())
    assert (told["verified"], told["error"]["code"], told["steps"]) == (False, "SignatureInvalid", [])


def test_what_cannot_be_judged_is_neither_yes_nor_no(command: CommandLine) -> None:
    supplied(command)
    assert command("layout", "verify", "none", "--links", "links", "--key", "owner.pub").code == 3
    assert command("layout", "verify", "root.layout", "--links", "none", "--key", "owner.pub").code == 3
    (command.folder / "links" / file_name("build", "alice")).unlink()
    ran = verify(command)
    assert ran.code == 3
    assert "EvidenceMissing" in ran.out
    assert "no link was found" in ran.out


def test_wrong_calls_and_layouts_that_ask_for_nothing(command: CommandLine) -> None:
    assert command("layout", "verify", "root.layout", "--links", "links").code == 2
    assert verify(supplied(command), "--unsafe-run-inspections").code == 2
    assert verify(supplied(command, layout())).code == 2
    assert verify(supplied(command), "--artifact", "gone").code == 3


@pytest.mark.threat(37, 54)
@posix
def test_a_link_file_that_is_a_symbolic_link_is_not_followed(command: CommandLine) -> None:
    supplied(command)
    path = command.folder / "links" / file_name("build", "alice")
    path.rename(command.folder / "elsewhere")
    path.symlink_to(command.folder / "elsewhere")
    ran = verify(command)
    assert ran.code == 3
    assert "UnsafePath" in ran.out
    path.unlink()
    (command.folder / "others").mkdir()
    (command.folder / "elsewhere").rename(command.folder / "others" / path.name)
    (command.folder / "links" / "below").symlink_to(command.folder / "others")
    assert verify(command).code == 3


def test_folders_of_links_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "/".join(["d"] * 9)
    deep.mkdir(parents=True)
    with pytest.raises(LimitExceeded, match="deeper"):
        api.read_links(tmp_path)
    (tmp_path / "few").mkdir()
    for name in ("a.link", "b.link", "c.txt"):
        (tmp_path / "few" / name).write_bytes(b"x")
    assert sorted(api.read_links(tmp_path / "few").files) == ["a.link", "b.link"]
    monkeypatch.setattr(api, "MAX_LINKS", 1)
    with pytest.raises(LimitExceeded, match="more than 1 links"):
        api.read_links(tmp_path / "few")


PYTHON = [sys.executable, "-c"]
FROM_BUILD = ["MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"]


def inspected(code: str, *rules: list[str]) -> Any:
    return layout(step("build"), inspect=[inspection("look", [*PYTHON, code], [FROM_BUILD, *rules, ["DISALLOW", "*"]])])


def test_inspections_are_refused_by_default(command: CommandLine) -> None:
    ran = verify(supplied(command, inspected("open('/tmp/never', 'w')")), "--artifact", "app")
    assert ran.code == 3
    assert "UnsupportedType" in ran.out
    assert "--unsafe-run-inspections" in ran.out


@pytest.mark.threat(75)
def test_an_inspection_sees_the_product_and_none_of_our_secrets(command: CommandLine) -> None:
    code = "import os; assert os.listdir() == ['app']; assert 'SUPPLYCHAIN_KEY_PASSWORD' not in os.environ"
    ran = verify(supplied(command, inspected(code)), "--artifact", "app", "--unsafe-run-inspections")
    assert ran.code == 0, ran.out
    assert "programs of whoever signed the layout" in ran.err
    assert "inspection look" in ran.out


@pytest.mark.parametrize(
    ("code", "rules", "exit_code", "said"),
    [
        ("open('unpacked', 'w')", [["CREATE", "unpacked"]], 0, "VERIFIED"),
        ("open('unpacked', 'w')", [], 1, "DISALLOW *: unpacked"),
        ("import os; os.makedirs('a/b'); open('a/b/c', 'w')", [["CREATE", "a/b/c"]], 0, "VERIFIED"),
        ("open('app', 'w')", [], 1, "DISALLOW *: app"),
        ("raise SystemExit(3)", [], 1, "ended with status 3"),
    ],
)
def test_what_an_inspection_finds_is_judged(
    command: CommandLine, code: str, rules: list[list[str]], exit_code: int, said: str
) -> None:
    ran = verify(supplied(command, inspected(code, *rules)), "--artifact", "app", "--unsafe-run-inspections")
    assert (ran.code, said in ran.out) == (exit_code, True), ran.out
    assert (command.folder / "app").read_bytes() == APP


@posix
def test_an_inspection_that_leaves_a_link_or_cannot_start_is_not_judged(command: CommandLine) -> None:
    for content in (
        inspected("import os; os.symlink('app', 'x')"),
        layout(step("build"), inspect=[inspection("look", ["/no/such/program"])]),
        layout(step("build"), inspect=[inspection("look", [])]),
    ):
        ran = verify(supplied(command, content), "--artifact", "app", "--unsafe-run-inspections")
        assert ran.code == 3, ran.out


def test_a_product_is_laid_out_under_names_that_differ(tmp_path: Path) -> None:
    with pytest.raises(AssetSetMismatch):
        lay_out([artifact(name="App"), artifact(name="app")], tmp_path)


def test_key_ids_are_those_of_the_library() -> None:
    assert len(keyid("alice")) == 64
