"""Break every check of the verifier, one at a time, and see that a test of tests/verify fails: ``make mutate``.

    python -m tests.mutation [--minutes N] [--only FILE] [--jobs N] [--state FILE]

Tests of `if`, `while` and conditional expressions are negated, comparisons turned into their opposite, `and` exchanged
with `or`, `not` dropped and `raise` left out; what stands in an f-string is a message and no check. One run under
coverage tells which tests reach which line; those judge a mutant, in a fork that has loaded no module of the verifier:
the module's own test file first, then the cheapest. It works on copies of the tree in a temporary folder. Verdicts are
kept in the state file, a line each: a later run judges what is left, then tries again what survived. Exit code 1 when a
mutant that `EQUIVALENT` does not name survives, or when nothing was judged.
"""

import argparse
import ast
import hashlib
import importlib
import io
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import coverage
import hypothesis
import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = "supplychain/verify"
MODULES: Final = "verifier witness transparency logbody certificate timestamp trust root bundle forms".split()
CPU_SECONDS: Final = 60
"""Of one mutant; of the processor and not of the clock, so that a busy machine kills nothing."""
WARM: Final = "cryptography.x509 rfc3161_client supplychain.keys supplychain.predicates sigstore.models".split()
"""Imported once, before the forks: rooms that verify builds on, and other projects."""
KILLED: Final = (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR)
"""A test fails, or cannot be collected: the module, or what conftest makes of it, does not load."""
EQUIVALENT: Final[dict[str, str]] = {}
"""The name of a mutant to why no test can tell it from the original."""
_OPPOSITE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_fork: Final = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change to one module."""

    module: str
    lines: range
    change: str
    source: bytes
    """Of the whole module, changed."""

    @property
    def name(self) -> str:
        """Stays the same when lines move."""
        return f"{self.module}: {self.change}"

    @property
    def key(self) -> str:
        """Changes with the module, so that no verdict outlives the code it was about."""
        return hashlib.sha256(self.module.encode() + self.source).hexdigest()[:16]


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, each once, in the order of its lines."""
    source = (ROOT / PACKAGE / f"{module}.py").read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    seen = {source}
    for function, node, new in sorted(_changes(ast.parse(source), ""), key=lambda each: each[1].lineno):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        text = "pass" if isinstance(new, ast.Pass) else f"({ast.unparse(new)})"
        changed = source[:begin] + text.encode() + source[end:]
        if changed not in seen:
            seen.add(changed)
            was = " ".join(source[begin:end].decode().split())
            yield Mutant(
                module=module,
                lines=range(node.lineno, (node.end_lineno or node.lineno) + 1),
                change=f"{function}: {was} -> {text}",
                source=changed,
            )


def _changes(node: ast.AST, function: str) -> Iterator[tuple[str, ast.expr | ast.stmt, ast.expr | ast.stmt]]:
    """The function it stands in, the node, what to put in its place."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".lstrip(".")
    for test in _tests(node):
        if not isinstance(test, ast.UnaryOp | ast.Compare) or (isinstance(test, ast.Compare) and len(test.ops) > 1):
            yield function, test, ast.UnaryOp(op=ast.Not(), operand=test)
    if isinstance(node, ast.expr | ast.stmt):
        for new in _instead(node):
            yield function, node, new
    for child in ast.iter_child_nodes(node):
        yield from _changes(child, function)


def _tests(node: ast.AST) -> list[ast.expr]:
    """What a node goes by; a `not` or one comparison is negated by `_instead`."""
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.match_case(guard=ast.expr() as guard):
            return [guard]
    return []


def _instead(node: ast.expr | ast.stmt) -> Iterator[ast.expr | ast.stmt]:
    match node:
        case ast.Compare():
            for n, op in enumerate(node.ops):
                ops = [*node.ops[:n], _OPPOSITE[type(op)](), *node.ops[n + 1 :]]
                yield ast.Compare(left=node.left, ops=ops, comparators=node.comparators)
        case ast.BoolOp():
            yield ast.BoolOp(op=ast.And() if isinstance(node.op, ast.Or) else ast.Or(), values=node.values)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand
        case ast.Raise():
            yield ast.Pass()


def copied(folder: Path) -> Path:
    """The tree, beside the vectors as the checkout has them."""
    copy = folder / "tree"
    ignored = shutil.ignore_patterns(".git", ".venv", ".work", ".hypothesis", ".*_cache", "__pycache__", "dist")
    shutil.copytree(ROOT, copy, ignore=ignored)
    if (shared := ROOT.parent / "shared").exists():
        (folder / "shared").symlink_to(shared.resolve())
    return copy


def forked(work: Callable[[], int]) -> int:
    """What work returned in a process of its own; minus the signal that ended it."""
    child = _fork.Process(target=lambda: os._exit(work()))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def enter(tree: Path) -> None:
    """From here on the package is the one of the copy, or this fails."""
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    found = importlib.import_module("supplychain").__file__
    if found != str(tree / "supplychain" / "__init__.py"):
        raise SystemExit(f"{found} is not in {tree}")


def run_tests(tree: Path, arguments: list[str], *, plugins: Sequence[object] = (), show: bool = False) -> int:
    """Of a copy, with few examples that are the same each time; pytest's exit code."""
    enter(tree)
    sys.dont_write_bytecode = True
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=10,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("mutation")
    command = ["-q", "-x", "-m", "not slow", "--tb=short" if show else "--tb=no", "-p", "no:xdist"]
    command += ["-W", "ignore::pytest.PytestAssertRewriteWarning", f"--basetemp={tree.parent / 'tmp'}", *arguments]
    if show:
        return int(pytest.main(command, plugins=plugins))
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        code = int(pytest.main(command, plugins=plugins))
    (tree / "mutation.out").write_text(output.getvalue(), encoding="utf-8")
    return code


def failed(tree: Path) -> str:
    """The test that failed in the last run that was not shown; empty where none did."""
    lines = (tree / "mutation.out").read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.startswith(("FAILED ", "ERROR "))), "")


class Costs:
    """A plugin that writes down what each test function takes, cheapest first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Parameters of a function count together."""
        name = report.nodeid.split("[")[0]
        self.seconds[name] = self.seconds.get(name, 0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """For the process that forked this one."""
        self.path.write_text("\n".join(sorted(self.seconds, key=lambda name: self.seconds[name])), encoding="utf-8")


Reached = dict[str, dict[int, set[str]]]
"""Module to line to the test functions that run it."""


def reached(tree: Path) -> tuple[Reached, list[str]]:
    """What a run under coverage tells, which must be green, and every test function, cheapest first."""
    configuration, costs = tree / "mutation.coveragerc", tree / "mutation.costs"
    configuration.write_text("[run]\nbranch = true\nsource = supplychain.verify\ndata_file = mutation.coverage\n")
    options = ["--cov", f"--cov-config={configuration}", "--cov-context=test", "--cov-report="]
    if code := forked(lambda: run_tests(tree, ["tests/verify", *options], plugins=[Costs(costs)], show=True)):
        raise SystemExit(f"the tests do not pass as they are: pytest exits {code}")
    data = coverage.CoverageData(str(tree / "mutation.coverage"))
    data.read()
    lines = {
        Path(name).stem: {
            line: {context.split("|")[0].split("[")[0] for context in contexts if context}
            for line, contexts in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
        if Path(name).parent.name == "verify"
    }
    return lines, costs.read_text(encoding="utf-8").splitlines()


def verdict(mutant: Mutant, tree: Path, lines: Reached, tests: list[str]) -> str:
    """killed, timeout or survived; where no test runs the line, as for what runs on import, all are tried."""
    mine = set().union(*(lines.get(mutant.module, {}).get(line, ()) for line in mutant.lines)) or set(tests)
    own = f"tests/verify/test_{mutant.module}.py"
    near = [test for test in tests if test in mine and test.startswith(own)]
    far = [test for test in tests if test in mine and not test.startswith(own)]
    path = tree / PACKAGE / f"{mutant.module}.py"
    before = path.read_bytes()
    path.write_bytes(mutant.source)

    def limited(arguments: list[str]) -> int:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        return run_tests(tree, arguments)

    try:
        for arguments in filter(None, (near, far)):
            code = forked(lambda arguments=arguments: limited(arguments))  # type: ignore[misc]  # a default binds now
            if code < 0:
                return "timeout"
            if code in KILLED:
                return "killed"
            if code:
                raise SystemExit(f"{mutant.name}: pytest exits {code}")
        return "survived"
    finally:
        path.write_bytes(before)


def judge(todo: list[Mutant], tree: Path, lines: Reached, tests: list[str], *, end: float, state: Path) -> None:
    """Each in turn until the time is over; verdicts are appended, a line each. What is not changed must survive."""
    enter(tree)
    for name in WARM:
        importlib.import_module(name)
    for mutant in todo[:1]:
        same = (ROOT / PACKAGE / f"{mutant.module}.py").read_bytes()
        if (found := verdict(replace(mutant, source=same), tree, lines, tests)) != "survived":
            raise SystemExit(f"{mutant.module}.py as it is: {found} {failed(tree)}")
    for mutant in todo:
        if time.monotonic() > end:
            break
        found = verdict(mutant, tree, lines, tests)
        row = {
            "key": mutant.key,
            "verdict": found,
            "by": failed(tree) if found == "killed" else "",
            "line": mutant.lines.start,
            "name": mutant.name,
        }
        with state.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        if found == "survived":
            print(f"survived: {PACKAGE}/{mutant.module}.py:{mutant.lines.start}: {mutant.change}", flush=True)


def verdicts(state: Path) -> dict[str, str]:
    """Key to the last verdict."""
    rows = state.read_text(encoding="utf-8").splitlines() if state.exists() else []
    return {row["key"]: row["verdict"] for row in map(json.loads, rows)}


def main() -> int:
    """Judge the mutants that were not judged yet, and list those that live."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--minutes", type=float, default=60, help="after which no other mutant is begun")
    parser.add_argument("--only", action="append", metavar="FILE", help="a module, as verifier.py; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--state", type=Path, default=ROOT / ".work" / "mutation.jsonl")
    given = parser.parse_args()
    end = time.monotonic() + given.minutes * 60
    given.state.parent.mkdir(parents=True, exist_ok=True)
    modules = [Path(name).stem for name in given.only] if given.only else MODULES
    every = [mutant for module in modules for mutant in mutants(module) if mutant.name not in EQUIVALENT]
    known = verdicts(given.state)
    todo = [m for m in every if m.key not in known] + [m for m in every if known.get(m.key) == "survived"]
    print(f"{len(every)} mutants, {len(todo)} to judge", flush=True)
    if todo:
        with tempfile.TemporaryDirectory() as folder:
            trees = [copied(Path(folder) / str(n)) for n in range(given.jobs)]
            lines, tests = reached(trees[0])
            workers = [
                _fork.Process(
                    target=judge,
                    args=(todo[n :: given.jobs], tree, lines, tests),
                    kwargs={"end": end, "state": given.state},
                )
                for n, tree in enumerate(trees)
            ]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
                if worker.exitcode:
                    raise SystemExit(f"a worker exits {worker.exitcode}")
    return summary(every, verdicts(given.state))


def summary(every: list[Mutant], known: dict[str, str]) -> int:
    """A line a module, and all that survived; the exit code."""
    for module in dict.fromkeys(mutant.module for mutant in every):
        counts = Counter(known.get(mutant.key, "not run") for mutant in every if mutant.module == module)
        told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
        print(f"{module}.py: {counts.total()} mutants: {told}")
    living = [mutant for mutant in every if known.get(mutant.key) == "survived"]
    for mutant in living:
        print(f"survived: {PACKAGE}/{mutant.module}.py:{mutant.lines.start}: {mutant.change}")
    return 1 if living or not any(mutant.key in known for mutant in every) else 0


if __name__ == "__main__":
    raise SystemExit(main())
