"""Row 8 of the performance goals: an npm lock of 2,000 packages as a CycloneDX document.

Run as ``python benchmarks/npm_sbom.py``. CPU seconds, the best of three. Peers are cdxgen and syft, where they are on
PATH, or cdxgen in ``.work/cdxgen`` (``npm install --prefix .work/cdxgen @cyclonedx/cdxgen``);
one that is missing is skipped by name. Each side reads the same folder and writes a document: ours is timed as work
in a running process, which is what the goal compares, and as a process of its own with Python's start.
"""

import base64
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from math import log
from pathlib import Path

from supplychain import __version__
from supplychain.archive.walk import FolderItem, Source
from supplychain.sbom.formats import Writing, format_named
from supplychain.sbom.inventory import take_inventory

REPEATS = 3
PACKAGES = 2000
WORK = Path(__file__).parent.parent / ".work"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = {"cdxgen": 0.03, "syft": 0.1}
EXPONENT = 1.15

CHILD = """
import sys
from supplychain.api.sbom import create
sys.stdout.buffer.write(create(sys.argv[1], ["cyclonedx-json"]).documents["cyclonedx-json"])
"""


def lock(count: int) -> bytes:
    """A lock as real ones are: two dependencies for each package, one package in five below another one."""
    names = [f"package-{i}" for i in range(count)]
    packages: dict[str, object] = {
        "": {"name": "app", "version": "1.0.0", "dependencies": dict.fromkeys(names[:50:5], "*")}
    }
    for i, name in enumerate(names):
        location = f"node_modules/{name}"
        if i % 5 == 4:
            location = f"node_modules/{names[i - 1]}/{location}"
        packages[location] = {
            "version": f"1.{i % 10}.0",
            "resolved": f"https://registry.npmjs.org/{name}/-/{name}-1.{i % 10}.0.tgz",
            "integrity": "sha512-" + base64.b64encode(hashlib.sha512(name.encode()).digest()).decode(),
            "license": "MIT",
            "dev": i % 2 == 0,
            "dependencies": {names[(i * 7 + k * 13) // 5 * 5 % count]: "*" for k in range(2)},
            "engines": {"node": ">=6.9.0"},
        }
    return json.dumps({"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}).encode()


def document(data: bytes) -> bytes:
    """Our whole work: walk, catalogue, assemble, write."""
    source = Source(name="app", items=[FolderItem(path="package-lock.json", open=lambda: BytesIO(data))])
    inventory = take_inventory(source, spool=BytesIO)
    return format_named("cyclonedx-json").write(
        inventory, Writing(created=CREATED, tool_version=__version__, files=False)
    )


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the children it waited for; the best of a few runs."""
    best = float("inf")
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.process_time()
        work()
        used = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, used + after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return best


def run(*command: str | Path, cwd: Path) -> Callable[[], object]:
    """A process whose output is dropped."""
    words = [str(word) for word in command]
    # an installed package has its bytecode: with this, a checkout would be compiled anew in every run
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL
    return lambda: subprocess.run(words, cwd=cwd, env=environment, check=True, stdout=quiet, stderr=quiet, timeout=600)


def peers(folder: Path) -> dict[str, Callable[[], object] | None]:
    """What each peer would do; None for one that is not here."""
    installed = WORK / "cdxgen/node_modules/.bin/cdxgen"
    cdxgen = shutil.which("cdxgen") or (str(installed) if installed.exists() else None)
    syft = shutil.which("syft")
    flags = ("-t", "npm", "--no-install-deps", "--no-recurse", "--no-babel", "--no-validate", "-o")
    return {
        "cdxgen": run(cdxgen, *flags, folder / "bom.json", folder, cwd=folder) if cdxgen else None,
        "syft": run(syft, "scan", f"dir:{folder}", "-o", "cyclonedx-json", cwd=folder) if syft else None,
    }


def main() -> None:
    """Print the figures."""
    data = lock(PACKAGES)
    components = len(json.loads(document(data))["components"])
    ours = cpu(lambda: document(data))
    print(f"row 8  npm lock of {PACKAGES} -> {components} components: ours {ours:.3f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package-lock.json").write_bytes(data)
        whole = cpu(run(sys.executable, "-c", CHILD, folder, cwd=Path(__file__).parent.parent))
        print(f"row 8  the same as a process of its own: {whole:.3f} s")
        for peer, work in peers(folder).items():
            if work is None:
                print(f"row 8  skipped: {peer} is not installed")
                continue
            theirs = cpu(work)
            ratios = f"ratio {ours / theirs:.3f}, with start {whole / theirs:.3f}"
            print(f"row 8  {peer} {theirs:.3f} s  {ratios}  goal <= {GOALS[peer]}")
    sizes = [1000, 8000]
    times = [cpu(partial(document, lock(size))) for size in sizes]
    exponent = log(times[1] / times[0]) / log(sizes[1] / sizes[0])
    print(f"row 8  growth exponent {exponent:.2f} from {sizes[0]} to {sizes[1]} packages  goal <= {EXPONENT}")


if __name__ == "__main__":
    main()
