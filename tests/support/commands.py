"""Running the command line in this process, as its console script does."""

from pathlib import Path
from typing import NamedTuple

import pytest

from supplychain.cli.main import main

PASSWORD = "correct horse"


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


class CommandLine:
    """A folder to work in, and the program."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        code = main(arguments)
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """The command line in an empty folder, with a password for keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPLYCHAIN_KEY_PASSWORD", PASSWORD)
    return CommandLine(tmp_path, capsys)
