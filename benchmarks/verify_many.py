"""Rows 7, 12 and 15: verifying many bundles, against a loop of sigstore-python, one process and, if installed, cosign.

Run as ``python benchmarks/verify_many.py [COUNT]``. Bundles are made by the private Sigstore of the
tests. CPU seconds of this process, or of whole child processes where a program is compared; decisions must be equal.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from supplychain import Identity, Trust, _pool
from supplychain.api.evidence import verify_all
from tests.sigstore_stack import bundles, claims, oracle, root
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.entries import EntryKind
from tests.sigstore_stack.stack import Stack, new_stack

COUNT = 2_000
GOALS = {EntryKind.HASHEDREKORD_1: 0.7, EntryKind.HASHEDREKORD_2: 0.85}
WHO = claims.workflow()


def cpu(act: Callable[[], None]) -> float:
    """CPU seconds of this process for one call."""
    before = time.process_time()
    act()
    return time.process_time() - before


def of_child(*command: str, code: int = 0) -> float:
    """CPU seconds of one whole run of a program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == code, done.stderr.decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def row(number: int, what: str, ours: float, peer: float, goal: float) -> None:
    """One line of the report."""
    ratio = ours / peer
    verdict = "met" if ratio <= goal else "MISSED"
    print(f"row {number:<2} {what:<46} ours {ours:.3f} s  peer {peer:.3f} s  ratio {ratio:.3f}  goal {goal}  {verdict}")


def made(stack: Stack, folder: Path, kind: EntryKind, count: int) -> list[tuple[Path, Document]]:
    """Files with a signature beside each, every one by a certificate of its own."""
    found = []
    for number in range(count):
        path = folder / f"{kind.name}-{number}"
        content = path.name.encode()
        path.write_bytes(content)
        bundle = bundles.signed_artifact(stack, content, kind=kind)
        path.with_name(f"{path.name}.sigstore.json").write_bytes(bundles.to_json(bundle))
        found.append((path, bundle))
    return found


def against_sigstore(kind: EntryKind, files: list[tuple[Path, Document]], trusted: Document) -> None:
    """Row 7: the loop that its documentation shows, with one verifier for all."""
    from sigstore.models import Bundle

    trust = Trust(Identity(WHO.subject, issuer=WHO.issuer), root=json.dumps(trusted).encode())
    judge, who = oracle.verifier(trusted), oracle.identity(WHO)

    def ours() -> None:
        assert verify_all([path for path, _ in files], trust=trust, workers=1).verified

    def theirs() -> None:
        for path, _ in files:
            bundle = Bundle.from_json(path.with_name(f"{path.name}.sigstore.json").read_bytes())
            judge.verify_artifact(path.read_bytes(), bundle, who)

    row(7, f"{len(files)} {kind.name} against a loop of sigstore-python", cpu(ours), cpu(theirs), GOALS[kind])


def by_workers(files: list[tuple[Path, Document]], trusted: Document) -> None:
    """Row 12: two workers against one process, by the clock; the median of three, which a loaded machine spoils.

    CPU seconds say what two free CPUs would do: those of this process, and half of those of the workers.
    """
    if _pool.cpus() < 2 or not _pool.may_fork():
        print("row 12 skipped: there is one CPU, or this process has threads")
        return
    trust = Trust(Identity(WHO.subject, issuer=WHO.issuer), root=json.dumps(trusted).encode())
    paths = [path for path, _ in files]

    def spent(workers: int) -> tuple[float, float]:
        before = os.times()
        assert verify_all(paths, trust=trust, workers=workers).verified
        user, system, of_user, of_system, wall = (b - a for a, b in zip(before, os.times(), strict=True))
        return wall, user + system + (of_user + of_system) / workers

    rounds = [(spent(1), spent(2)) for _ in range(3)]
    wall, path = (statistics.median(alone[at] / both[at] for alone, both in rounds) for at in (0, 1))
    print(
        f"row 12 {len(files)} bundles by two workers: {wall:.2f} times as fast (load {os.getloadavg()[0]:.1f}), "
        f"{path:.2f} by CPU seconds  goal 1.7  {'met' if wall >= 1.7 else 'MISSED'}"
    )


def against_cosign(files: list[tuple[Path, Document]], trusted_root: Path) -> None:
    """Row 15: one command for N files, against N runs of cosign."""
    cosign = shutil.which("cosign")
    if cosign is None:
        print("row 15 skipped: cosign is not installed")
        return
    names = [str(path) for path, _ in files]
    flags = (
        *("--certificate-identity", WHO.subject, "--certificate-oidc-issuer", WHO.issuer),
        *("--trusted-root", str(trusted_root)),
    )
    theirs = of_child(cosign, "verify-blob", names[0], "--bundle", f"{names[0]}.sigstore.json", *flags)
    program = str(Path(sys.executable).with_name("supplychain"))
    for count, goal in ((1, 2.5), (10, 0.5), (1000, 0.05)):
        if count <= len(names):
            ours = of_child(program, "verify", *names[:count], *flags)
            row(15, f"{count} files in one command against cosign", ours, theirs * count, goal)


def main() -> None:
    """Print the rows."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    stack = new_stack()
    trusted = root.trusted_root(stack)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trusted_root = folder / "root.json"
        trusted_root.write_bytes(json.dumps(trusted).encode())
        for kind in GOALS:
            files = made(stack, folder, kind, count)
            against_sigstore(kind, files, trusted)
            against_cosign(files, trusted_root)
        by_workers(files, trusted)


if __name__ == "__main__":
    main()
