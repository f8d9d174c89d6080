"""Workers change how long a verification takes, and nothing else: whatever happens to them, no answer is lost."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain import Trust, _pool
from supplychain.api.evidence import sign_files, verify_all
from supplychain.errors import UsageError
from tests.support.evidence import key
from tests.support.pooled import SCENES

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not fork")

PROCESS: Final = (sys.executable, "-W", "error", "-m", "tests.support.pooled")
FILES: Final = ("good", "better", "changed", "unsigned", "stranger", "broken", "missing", "folder", "link")
PATIENCE: Final = 120


@dataclass(frozen=True)
class Compared:
    """All that a verification shows, made by one process and with workers."""

    alone: list[str]
    together: list[str]
    forks: int


class Verifying:
    """A process that may be forked, and files of every kind."""

    def __init__(self, folder: Path, process: "subprocess.Popen[str]") -> None:
        self.folder = folder
        self._process = process

    def __call__(self, names: list[Any], workers: int | None, trouble: dict[str, str]) -> Compared:
        """Verify files by these names; what is no name is passed as it is."""
        artifacts = [str(self.folder / n) if n in FILES else n for n in names]
        asked = {"artifacts": artifacts, "key": str(self.folder / "a.pub"), "workers": workers, "trouble": trouble}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Compared(**json.loads(self._process.stdout.readline()))


@pytest.fixture(scope="module")
def verifying(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Iterator[Verifying]:
    folder = tmp_path_factory.mktemp("many")
    (folder / "a.pub").write_bytes(key().public.pem())
    for name in ("good", "better", "changed", "unsigned", "stranger", "broken"):
        (folder / name).write_bytes(name.encode())
    sign_files([folder / name for name in ("good", "better", "changed")], signer=key())
    sign_files([folder / "stranger"], signer=key("stranger"))
    (folder / "changed").write_bytes(b"other bytes")
    (folder / "broken.sigstore.json").write_bytes(b'{"mediaType":')
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("good")
    command = [*PROCESS, "serve"]
    with subprocess.Popen(command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Verifying(folder, process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("scene", SCENES)
def test_each_item_has_its_answer_in_its_place(scene: str, repository: Path) -> None:
    done = subprocess.run([*PROCESS, scene], cwd=repository, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@settings(max_examples=30, deadline=None)
@given(
    names=st.lists(st.sampled_from((*FILES, 5)), min_size=1, max_size=24),
    workers=st.integers(2, 3),
    trouble=st.dictionaries(st.sampled_from(FILES), st.sampled_from(("dies", "fails")), max_size=2),
)
def test_workers_come_to_the_same_as_one_process(
    verifying: Verifying, names: list[Any], workers: int, trouble: dict[str, str]
) -> None:
    """Rows, exit code and every format; also the same exception, where what is named is no path."""
    found = verifying(names, workers, trouble)
    assert found.together == found.alone


@pytest.mark.parametrize("what", ["dies", "fails"])
def test_an_artifact_whose_worker_is_lost_is_verified_all_the_same(verifying: Verifying, what: str) -> None:
    found = verifying(["good", *["better"] * 20, "changed", *["better"] * 20], 2, {"changed": what, "better": what})
    assert found.forks == 2
    assert found.together == found.alone
    assert found.alone[0].count("VerifiedRow(") == 42
    assert found.alone[1] == "1"


def test_a_fault_of_ours_is_raised_and_no_row_is_made_of_it(verifying: Verifying) -> None:
    found = verifying(["good", *["better"] * 8, 5, "good"], 2, {})
    assert found.forks == 2
    assert found.together == found.alone
    assert found.alone[0] == "TypeError"


@pytest.mark.parametrize(("count", "most"), [(399, 0), (400, 2)])
def test_few_artifacts_are_not_worth_a_worker(verifying: Verifying, count: int, most: int) -> None:
    found = verifying(["missing"] * count, None, {})
    assert found.forks == (most if _pool.cpus() > 1 else 0)
    assert found.together == found.alone


def test_nobody_verifies_by_no_workers() -> None:
    with pytest.raises(UsageError, match="0 workers"):
        verify_all(["a"], trust=Trust(key()), workers=0)


def test_an_interrupt_ends_the_workers_without_a_word(repository: Path) -> None:
    command = [*PROCESS, "stuck"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=repository, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        workers = {int(process.stdout.readline()) for _ in range(2)}
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        said, complained = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said, complained) == (0, b"ended\n", b"")
    assert len(workers - {process.pid}) == 2


def test_workers_do_not_outlive_who_asked_them(repository: Path) -> None:
    with subprocess.Popen([*PROCESS, "killed"], cwd=repository, stdout=subprocess.PIPE) as process:
        # the pipe is theirs too: it ends when the last of them has
        said, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (-signal.SIGKILL, b"first answer\n")
