"""Rows 4, 5, 6 and 13: starting the command line, verifying one file, signing a hundred.

Run as ``python benchmarks/start.py``. CPU seconds of whole child processes, the median of seven, against
``python -c pass``; cosign is compared where it is installed.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 7
PROGRAM = str(Path(sys.executable).with_name("supplychain"))


def seconds(*command: str, folder: str = ".", runs: int = RUNS) -> float:
    """CPU seconds of one run of a command."""
    environment = os.environ | {"SUPPLYCHAIN_KEY_PASSWORD": "x", "COSIGN_PASSWORD": "x"}
    # an installed package has its bytecode: without this, a checkout would be compiled anew in every run
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    found = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def row(number: int, what: str, ours: float, peer: float, goal: float) -> None:
    """One line of the report."""
    ratio = ours / peer
    verdict = "met" if ratio <= goal else "MISSED"
    print(
        f"row {number:<2} {what:<32} ours {ours:.3f} s  peer {peer:.3f} s  ratio {ratio:.3f}  goal <= {goal}  {verdict}"
    )


def alone(cosign: str) -> tuple[str, ...]:
    """The flags with which cosign signs without log and network. Version 3 has its services from elsewhere, and says
    so: an empty configuration of them would make it look for a trusted root on the network all the same."""
    flags = subprocess.run((cosign, "sign-blob", "--help"), check=True, capture_output=True, text=True).stdout
    newer = ("--use-signing-config=false", "--bundle=f0.cosign.json") if "--signing-config" in flags else ()
    return ("--tlog-upload=false", *newer)


def sigstore_bundle(folder: str) -> None:
    """A trusted root, and a bundle by a private Sigstore for one of the files."""
    from tests.sigstore_stack import bundles, root
    from tests.sigstore_stack.stack import new_stack

    stack = new_stack()
    Path(folder, "root.json").write_bytes(bundles.to_json(root.trusted_root(stack)))
    bundle = bundles.signed_artifact(stack, Path(folder, "f1").read_bytes())
    Path(folder, "f1.sigstore.json").write_bytes(bundles.to_json(bundle))


def main() -> None:
    """Print the rows."""
    bare = seconds(sys.executable, "-c", "pass")
    for option in ("--help", "--version"):
        row(4, f"supplychain {option}", seconds(PROGRAM, option), bare, 2.5)
    with tempfile.TemporaryDirectory() as folder:
        seconds(PROGRAM, "key", "new", "k", folder=folder, runs=1)
        names = [f"f{i}" for i in range(100)]
        for name in names:
            Path(folder, name).write_bytes(name.encode())
        seconds(PROGRAM, "sign", "f0", "--key", "k.key", folder=folder, runs=1)
        row(
            5,
            "verify with a local key, cold",
            seconds(PROGRAM, "verify", "f0", "--key", "k.pub", folder=folder),
            bare,
            8,
        )
        sigstore_bundle(folder)
        row(
            6,
            "verify a Sigstore bundle, cold",
            seconds(PROGRAM, "verify", "f1", "--trusted-root", "root.json", "--repo", "example/widget", folder=folder),
            seconds(sys.executable, "-c", "import sigstore.verify"),
            0.35,
        )
        Path(folder, "f0.sigstore.json").unlink()
        Path(folder, "f1.sigstore.json").unlink()
        ours = seconds(PROGRAM, "sign", *names, "--key", "k.key", folder=folder, runs=1)
        cosign = shutil.which("cosign")
        if cosign is None:
            print(f"row 13 sign 100 files: ours {ours:.3f} s; skipped against cosign: it is not installed")
            return
        seconds(cosign, "generate-key-pair", folder=folder, runs=1)
        sign = (cosign, "sign-blob", "--key", "cosign.key", *alone(cosign), "--yes", "f0")
        row(13, "sign 100 files in one command", ours, 100 * seconds(*sign, folder=folder, runs=3), 0.02)


if __name__ == "__main__":
    main()
