"""Wrong use that a type checker refuses before it runs: mypy is asked."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
from supplychain import Decision, Identity, Permit, Trust, Verified, publish, read_key, verify, Signature
decision: Decision
permit: Permit
PRIVATE = read_key("a.key", password=None)
"""
REFUSED = {
    "publishing a decision": 'publish(decision, to=["file:///srv"], signer=PRIVATE)  # arg-type',
    "publishing a verdict": 'publish(bool(decision), to=["x"], signer=PRIVATE)  # arg-type',
    "publishing with a public key": 'publish(permit, to=["x"], signer=read_key("a.pub"))  # arg-type',
    "an identity without an issuer": 'Identity("me@example.org")  # call-arg',
    "an issuer by position": 'Identity("me@example.org", "https://issuer.example")  # call-arg misc',
    "trusting a name": 'Trust("me@example.org")  # arg-type',
    "verifying without trust": 'verify("a.tar.gz", Signature)  # call-arg call-overload',
}
ACCEPTED = """
publish(permit, to=["file:///srv"], signer=PRIVATE)
publish(decision.permit(), to=["file:///srv"], signer=PRIVATE)
trust = Trust(Identity("me@example.org", issuer="https://issuer.example"), read_key("a.pub"))
proofs: tuple[Verified[Signature], ...] = verify("a.tar.gz", Signature, trust=trust)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[int, set[str]]:
    """The codes mypy reports, by line of a file with every snippet."""
    path = tmp_path_factory.mktemp("types") / "snippets.py"
    path.write_text(HEAD + "\n".join([*REFUSED.values(), ACCEPTED]), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--show-error-codes", "--config-file", "pyproject.toml"]
    done = subprocess.run(
        [*command, "--cache-dir", str(repository / ".mypy_cache"), "--follow-imports", "silent", str(path)],
        check=False,
        capture_output=True,
        text=True,
        cwd=repository,
    )
    assert done.stderr == ""
    found: dict[int, set[str]] = {}
    for line, code in re.findall(r"snippets\.py:(\d+): error: .*\[([\w-]+)\]", done.stdout):
        found.setdefault(int(line), set()).add(code)
    return found


@pytest.mark.parametrize("what", REFUSED)
def test_mypy_refuses(what: str, answers: dict[int, set[str]]) -> None:
    line = HEAD.count("\n") + 1 + list(REFUSED).index(what)
    expected = REFUSED[what].partition("  # ")[2].split()
    assert answers.get(line, set()) & set(expected)


def test_mypy_accepts_right_use(answers: dict[int, set[str]]) -> None:
    first = HEAD.count("\n") + 1 + len(REFUSED)
    assert {line for line in answers if line >= first} == set()
