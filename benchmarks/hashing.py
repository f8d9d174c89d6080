"""Rows 1 to 3 of the performance goals: hashing one file, a folder, and everything inside a tar.gz.

Run as ``python -m benchmarks.hashing [ROW...]``. CPU seconds of one run each, the best of three; a row whose peer is
not installed is skipped by name. Sizes follow BENCH_SCALE (1 is the goal's own size, 0.1 is quick).
"""

import gc
import io
import os
import random
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable
from math import log
from pathlib import Path
from typing import BinaryIO

from supplychain import _io
from supplychain.archive.compression import gzip_decoders
from supplychain.archive.walk import walk
from supplychain.model.inventory import Entry

REPEATS = 3


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the children it waited for; the best of a few runs."""
    best = float("inf")
    for _ in range(REPEATS):
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.process_time()
        work()
        used = time.process_time() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used += after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        best = min(best, used)
    return best


def shell(command: str, folder: Path) -> Callable[[], object]:
    """A peer: run by the shell, its output dropped."""
    return lambda: subprocess.run(["sh", "-c", command], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def report(row: int, what: str, ours: float, peer: float, goal: float) -> None:
    """One line."""
    print(f"row {row}  {what:<48} ours {ours:.3f} s  peer {peer:.3f} s  ratio {ours / peer:.2f}  goal <= {goal}")


def missing(row: int, *programs: str) -> bool:
    """Whether a peer is not here, said by name."""
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        print(f"row {row}  skipped: {', '.join(absent)} is not installed")
    return bool(absent)


class Nobody:
    """A visitor that keeps the entries and wants no file."""

    # ruff: noqa: ARG002  # the arguments are those of the protocol

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def wants(self, path: str, head: bytes) -> bool:
        return False

    def entry(self, entry: Entry, head: bytes) -> None:
        self.entries.append(entry)

    def file(self, entry: Entry, head: bytes, reader: Callable[[], BinaryIO]) -> None:
        raise AssertionError

    def missed(self, path: str, reason: str) -> None:
        raise AssertionError(f"{path}: {reason}")


def walk_path(path: Path) -> Nobody:
    """Walk a file or folder and hash all of it."""
    visitor = Nobody()
    with _io.open_source(path) as source:
        walk(source, visitor, spool=_io.spool)
    return visitor


def one_file(folder: Path, scale: float) -> None:
    """Row 1."""
    if missing(1, "openssl"):
        return
    path, size = folder / "large", int(scale * (1 << 30))
    block = random.Random(1).randbytes(1 << 20)
    with path.open("wb") as stream:
        for _ in range(max(1, size >> 20)):
            stream.write(block)

    def ours() -> None:
        with _io.open_artifact(path):
            pass

    ours()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    used = cpu(ours)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report(1, f"hash a file of {size >> 20} MiB", used, cpu(shell("openssl dgst -sha256 large", folder)), 1.05)
    print(f"row 1  memory grew by {grown:.1f} MiB while hashing  goal <= 8")
    path.unlink()


def tree(folder: Path, scale: float) -> None:
    """Row 2."""
    if missing(2, "openssl", "xargs", "find"):
        return
    chance, made, points = random.Random(2), 0, []
    top = folder / "tree"
    for count in (int(25_000 * scale), int(100_000 * scale)):
        while made < count:
            place = top / str(made // 1000) / str(made // 50 % 20)
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{made}.txt").write_bytes(b"%d " % made * chance.randint(1, 1500))
            made += 1
        points.append((count, cpu(lambda: walk_path(top))))
    peer = cpu(shell("find tree -type f -print0 | xargs -0 openssl dgst -sha256", folder))
    (few, fast), (many, slow) = points
    report(2, f"walk and hash a folder of {many} files", slow, peer, 1.05)
    print(f"row 2  growth exponent {log(slow / fast) / log(many / few):.2f}  goal <= 1.05")
    shutil.rmtree(top)


def archive(folder: Path, scale: float) -> None:
    """Row 3."""
    if missing(3, "gzip", "openssl"):
        return
    path = folder / "release.tar.gz"
    members = write_release(path, int(scale * 1000))
    peer = cpu(shell("gzip -dc release.tar.gz | openssl dgst -sha256", folder))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    readers = [("the standard library", False, 0.75)]
    if gzip_decoders() is not None and "igzip" in gzip_decoders()[1][0].__module__:
        readers.append(("isal", True, 0.5))
    else:
        print("row 3  skipped: isal is not installed (extra fast)")
    for name, fast, goal in readers:
        hidden = sys.modules.get("isal")
        if not fast:
            sys.modules["isal"] = None  # type: ignore[assignment]  # how an absent module is simulated
        try:
            used = cpu(lambda: walk_path(path))
        finally:
            if hidden is None:
                sys.modules.pop("isal", None)
            else:
                sys.modules["isal"] = hidden
        report(3, f"tar.gz, {members} members, {name}", used, peer, goal)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"row 3  memory grew by {grown:.1f} MiB on {path.stat().st_size >> 20} MiB")


def write_release(path: Path, count: int) -> int:
    """A tar.gz as releases are: mostly text and code of all sizes, 200 KiB on average, packed about 3 to 1."""
    chance = random.Random(3)
    words = [chance.randbytes(chance.randint(2, 9)).hex()[:9].encode() for _ in range(3000)]
    text = b" ".join(chance.choices(words, k=600_000))
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    buffer = io.BytesIO()
    with path.open("wb") as stream, tarfile.open(fileobj=buffer, mode="w") as tar:
        for number in range(count):
            size = min(int(chance.lognormvariate(10.5, 1.8)), 4 << 20)
            start = chance.randrange(len(text) - min(size, len(text) - 1))
            data = (text[start:] + text)[:size] if size <= len(text) else text
            info = tarfile.TarInfo(f"release/{number % 40}/file{number}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
            stream.write(packer.compress(buffer.getvalue()))
            buffer.seek(0)
            buffer.truncate()
        stream.write(packer.compress(bytes(10240)) + packer.flush())
    return count


ROWS = {"1": one_file, "2": tree, "3": archive}


def main() -> None:
    """The rows named on the command line, or all."""
    scale = float(os.environ.get("BENCH_SCALE", "1"))
    with tempfile.TemporaryDirectory() as name:
        for row in sys.argv[1:] or ROWS:
            ROWS[row](Path(name), scale)


if __name__ == "__main__":
    main()
