"""The shape of the house, kept: who may import whom, what pure code may call, what each table must name.

One ordered list of rooms. A pure room imports only pure rooms above it; edge rooms import pure rooms and the edge
helpers; release, api and cli come last, in that order. CONTRIBUTING.md tells the same to people.
"""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "supplychain"

PURE: Final = tuple(
    "_version errors _json _yaml model report keys archive predicates verify sbom advisories policy".split()
)
HELPERS: Final = ("_io", "_http", "_process", "_pool")
EDGE: Final = ("signing", "roots", "stores", "feeds", "notify")

MAY_IMPORT: Final[dict[str, set[str]]] = {
    **{room: set(PURE[:place]) for place, room in enumerate(PURE)},
    **{room: {*PURE, *HELPERS} for room in (*HELPERS, *EDGE)},
    "release": {*PURE, *HELPERS, *EDGE} - {"_pool"},  # a publish gate never leaves its own process
    "api": {*PURE, *HELPERS, *EDGE, "release"},
    "cli": {"_version", "errors", "_io", "api"},
    "": {*PURE, *HELPERS, *EDGE, "release", "api"},
}
"""What each room may import besides itself; "" is the package's own __init__, which does so for type checkers only."""

EFFECT_MODULES: Final = frozenset(
    """asyncio concurrent ctypes fcntl fileinput getpass glob http locale logging mmap multiprocessing os pathlib.Path
    platform random requests secrets select shutil signal socket sqlite3 ssl subprocess tempfile threading time urllib
    importlib.resources importlib.metadata""".split()
)
NO_EFFECT: Final = frozenset({"urllib.parse"})
"""Parts of those that only turn strings into strings."""
EFFECT_CALLS: Final = frozenset(
    """breakpoint eval exec input now open print read_bytes read_text today utcnow uuid1 uuid4 write_bytes
    write_text""".split()
)

ONLY_IN: Final[dict[str, tuple[str, ...]]] = {
    "argparse": ("cli",),
    "cyclonedx": ("sbom.formats",),
    "in_toto": ("verify.layout", "predicates.link"),
    "jinja2": ("report.html",),
    "jsonschema_rs": ("sbom.formats",),
    "lxml": ("sbom.formats",),
    "pickle": (),
    "requests": ("_http",),
    "rich": ("cli",),
    "shelve": (),
    "shtab": ("cli.completion",),
    "marshal": (),
    "multiprocessing": ("_pool",),
    "sigstore": ("signing", "roots"),
    "sigstore_models": ("signing", "roots"),
    "sqlalchemy": ("release.ledger",),
    "subprocess": ("_process",),
    "tuf": ("roots",),
    "yaml": ("_yaml",),
}
"""Where a third-party or dangerous module may be imported; everywhere below the place named."""

MINTS: Final = {
    ("verify.verifier", "Verified"),
    ("policy.engine", "Decision"),
    ("model.decision", "Permit"),
    ("release.permits", "Permit"),
}
"""The makers of sealed values."""

MODULE_LINES: Final = 450
FUNCTION_LINES: Final = 70


class Table(NamedTuple):
    """An extension folder: its table, and the contract that marks what belongs in it."""

    folder: str
    name: str
    contract: str


TABLES: Final = (
    Table("archive", "CONTAINERS", "Container"),
    Table("predicates", "PREDICATES", "Predicate"),
    Table("report", "REPORTS", "Report"),
    Table("sbom.catalogers", "CATALOGERS", "Cataloger"),
    Table("sbom.formats", "FORMATS", "Format"),
    Table("policy.rules", "RULES", "Rule"),
    Table("signing", "SIGNERS", "BundleSigner"),
    Table("stores", "STORES", "Destination"),
)


def name_of(path: Path) -> str:
    """The module's name below the package, ``verify.bundle``; empty for the package itself."""
    return ".".join(p for p in path.relative_to(PACKAGE).with_suffix("").parts if p != "__init__")


def module(path: Path) -> ast.Module:
    """The module as a tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


FILES: Final = {name_of(p): p for p in sorted(PACKAGE.rglob("*.py"))}
each_file = pytest.mark.parametrize("name", FILES, ids=lambda n: n or "supplychain")


def promise() -> set[str]:
    """The names of ``__all__``: what the command line may take from ``supplychain`` itself."""
    for node in module(FILES[""]).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
            value = getattr(node, "value", None)
            return {str(n.value) for n in ast.walk(value) if isinstance(n, ast.Constant)} if value else set()
    return set()


def imports(tree: ast.AST, promised: set[str]) -> Iterator[tuple[int, str]]:
    """Every module a file imports, at any depth, lazily or for types only; names of the promise are free."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "." * node.level + (node.module or "")
        elif isinstance(node, ast.ImportFrom) and node.module == "supplychain":
            yield from ((node.lineno, f"supplychain.{a.name}") for a in node.names if a.name not in promised)
        elif isinstance(node, ast.ImportFrom) and node.module in ("pathlib", "importlib"):
            yield from ((node.lineno, f"{node.module}.{a.name}") for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def is_under(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of these places, or below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def broken_imports(name: str, tree: ast.AST, promised: set[str]) -> list[str]:
    """Imports that go up the page, leave their confinement or bring an effect into a pure room."""
    room, bad = name.partition(".")[0], []
    for line, target in imports(tree, promised if room == "cli" else set()):
        head, _, rest = target.partition(".")
        other = rest.partition(".")[0]
        if target.startswith("."):
            bad.append(f"{name}:{line} imports relatively")
        elif head == "supplychain":
            if other and other != room and other not in MAY_IMPORT.get(room, set()):
                bad.append(f"{name}:{line} imports {target}")
        elif head in ONLY_IN and not is_under(name, ONLY_IN[head]):
            bad.append(f"{name}:{line} imports {head}, which is kept to {', '.join(ONLY_IN[head]) or 'nobody'}")
        elif (
            room in PURE
            and target not in NO_EFFECT
            and (head in EFFECT_MODULES or target in EFFECT_MODULES or target == "pathlib")
        ):
            bad.append(f"{name}:{line} is pure and imports {target}")
    return bad


def effects(name: str, tree: ast.AST) -> list[str]:
    """Calls in a pure room that look at a clock, a file or a terminal.

    ``thing.open()`` without arguments is a stream factory that was handed in; with ``fileobj=`` a stream was.
    """
    bad = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        attribute = isinstance(node.func, ast.Attribute)
        called = getattr(node.func, "attr" if attribute else "id", "")
        handed = attribute and ((not node.args and not node.keywords) or any(k.arg == "fileobj" for k in node.keywords))
        if called in EFFECT_CALLS and not (called == "open" and handed):
            bad.append(f"{name}:{node.lineno} is pure and calls {called}()")
    return bad


@each_file
def test_imports_flow_down_the_page(name: str) -> None:
    assert broken_imports(name, module(FILES[name]), promise()) == []


@pytest.mark.parametrize("name", [n for n in FILES if n.partition(".")[0] in PURE])
def test_pure_rooms_call_nothing_with_an_effect(name: str) -> None:
    assert effects(name, module(FILES[name])) == []


def test_the_package_loads_nothing_but_its_version() -> None:
    body = [n for n in module(FILES[""]).body if not (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")]
    loaded = {target for _, target in imports(ast.Module(body, []), set())}
    assert {t for t in loaded if t.startswith("supplychain")} == {"supplychain._version"}


def test_type_checkers_and_programs_are_promised_the_same() -> None:
    import supplychain

    shown = {
        (alias.name, node.module)
        for node in ast.walk(module(FILES[""]))
        if isinstance(node, ast.ImportFrom) and node.module not in ("importlib", "typing")
        for alias in node.names
    } - {("__version__", "supplychain._version")}
    assert shown == set(supplychain._PROMISE.items())
    assert sorted([*supplychain._PROMISE, "__version__"]) == sorted(supplychain.__all__) == dir(supplychain)
    assert all(getattr(supplychain, name) is not None for name in supplychain.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = supplychain.nothing


def test_every_room_stands_on_the_page() -> None:
    assert {name.partition(".")[0] for name in FILES} <= {*MAY_IMPORT}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("model.digest", "from supplychain.keys import generate"),
        ("model.digest", "def f():\n    import supplychain.policy.engine"),
        ("verify.verifier", "from supplychain import _io"),
        ("verify.verifier", "from supplychain.sbom import inventory"),
        ("signing.local", "from supplychain.stores import files"),
        ("_io", "from supplychain.signing.local import LocalSigner"),
        ("release.gate", "from supplychain.api import keys"),
        ("cli.main", "from supplychain.model.digest import Digest"),
        ("cli.main", "from supplychain import model"),
        ("api.keys", "from supplychain.cli.main import main"),
        ("model.digest", "from .statement import Statement"),
        ("archive.tar", "import os"),
        ("archive.tar", "import os.path as o"),
        ("archive.tar", "from pathlib import Path"),
        ("archive.tar", "import pathlib"),
        ("archive.tar", "from importlib import resources"),
        ("policy.engine", "import yaml"),
        ("policy.engine", "from concurrent.futures import ThreadPoolExecutor"),
        ("verify.verifier", "import in_toto.verifylib"),
        ("sbom.inventory", "from cyclonedx.model import Bom"),
        ("api.keys", "import argparse"),
        ("release.gate", "from supplychain import _pool"),
        ("release.publish", "import subprocess"),
        ("release.gate", "from multiprocessing import Pool"),
        ("release.publish", "import pickle"),
    ],
)
def test_the_import_rule_bites(name: str, source: str) -> None:
    assert broken_imports(name, ast.parse(source), {"gate"}) != []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("cli.main", "from supplychain import gate\nfrom supplychain.api import keys\nfrom supplychain._io import x"),
        ("sbom.formats.xml", "import cyclonedx.schema"),
        ("model.digest", "from pathlib import PurePosixPath"),
        ("policy.engine", "from supplychain.verify.trust import Trust"),
        ("_process", "import subprocess"),
    ],
)
def test_the_import_rule_lets_pass_what_it_must(name: str, source: str) -> None:
    assert broken_imports(name, ast.parse(source), {"gate"}) == []


@pytest.mark.parametrize(
    "source",
    ["open('a')", "print(1)", "p.read_text()", "p.open('rb')", "datetime.now(UTC)", "date.today()", "uuid.uuid4()"],
)
def test_the_rule_of_effects_bites(source: str) -> None:
    assert effects("model", ast.parse(source)) != []


def test_a_stream_that_was_handed_in_may_be_opened() -> None:
    assert effects("archive.tar", ast.parse("tarfile.open(fileobj=stream, mode='r|')\nfile.open()")) == []


@each_file
def test_modules_and_functions_fit_a_screen_or_a_few(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    long = [
        f"{name}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]
    lines = text.count("\n")
    assert long == []
    assert lines <= MODULE_LINES, f"{name} has {lines} lines: split it"


@each_file
def test_every_module_says_where_it_stands(name: str) -> None:
    assert ast.get_docstring(module(FILES[name])), f"{name} has no docstring"


def minted(name: str) -> set[tuple[str, str]]:
    """Which sealed classes a module makes; "?" for what cannot be told, a mint in disguise."""
    found = set()
    for node in ast.walk(module(FILES[name])):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "mint":
            first = node.args[0] if node.args else None
            found.add((name, first.id if isinstance(first, ast.Name) else "?"))
        elif isinstance(node, ast.ImportFrom) and node.module == "supplychain.model.sealed":
            found |= {(name, f"mint as {a.asname}") for a in node.names if a.name == "mint" and a.asname}
        elif isinstance(node, ast.Attribute) and node.attr == "__new__" and getattr(node.value, "id", "") == "object":
            found.add((name, "object.__new__"))
    return found


def test_only_the_makers_mint_sealed_values() -> None:
    makers = set[tuple[str, str]]().union(*(minted(name) for name in FILES if name != "model.sealed"))
    assert makers <= MINTS


def test_frozen_values_are_set_only_while_they_are_made() -> None:
    bad = []
    for name in FILES:
        if name == "model.sealed":
            continue
        for function in (n for n in ast.walk(module(FILES[name])) if isinstance(n, ast.FunctionDef)):
            for node in ast.walk(function):
                if not isinstance(node, ast.Attribute) or node.attr != "__setattr__":
                    continue
                if function.name not in ("__init__", "__post_init__"):
                    bad.append(f"{name}:{node.lineno}")
    assert bad == []


def targets_of(table: Table) -> dict[str, str]:
    """A table as written: name to "module:Class"."""
    for node in module(FILES[table.folder]).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == table.name:
            value = getattr(node, "value", None)
            assert isinstance(value, ast.Dict), f"{table.name} is no plain table"
            listed: dict[str, str] = ast.literal_eval(value)
            return listed
    raise AssertionError(f"{table.folder} has no table {table.name}")


def contract_of(table: Table) -> set[str]:
    """The methods of the Protocol that stands beside a table."""
    for node in module(FILES[table.folder]).body:
        if isinstance(node, ast.ClassDef) and node.name == table.contract:
            return {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
    raise AssertionError(f"{table.folder} has no contract {table.contract}")


def implementations(table: Table) -> set[str]:
    """Every class below a folder that has all methods of its contract, as "module:Class"."""
    methods, found = contract_of(table), set()
    for name, path in FILES.items():
        if name.startswith(f"{table.folder}."):
            for node in (n for n in module(path).body if isinstance(n, ast.ClassDef)):
                if methods <= {n.name for n in node.body if isinstance(n, ast.FunctionDef)}:
                    found.add(f"supplychain.{name}:{node.name}")
    return found


each_table = pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)


@each_table
def test_every_extension_is_in_its_table(table: Table) -> None:
    assert implementations(table) - set(targets_of(table).values()) == set(), f"add a line to {table.name}"


@each_table
def test_every_line_of_a_table_leads_to_a_class(table: Table) -> None:
    listed = targets_of(table)
    assert listed
    for target in listed.values():
        place, _, attribute = target.partition(":")
        assert isinstance(getattr(import_module(place), attribute), type), target


def verbs() -> set[str]:
    """The modules that the command line loads by name."""
    from supplychain.cli.main import VERBS

    return {module for module, _ in VERBS.values()}


def test_every_module_is_used_by_another_or_named_in_a_table() -> None:
    used = {"", "cli.main", "__main__", "_version"} | {f"cli.{verb}" for verb in verbs()}
    for name, path in FILES.items():
        tree = module(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                used |= set(re.findall(r"^supplychain\.([\w.]+)(?::\w+)?$", node.value))
            elif isinstance(node, ast.Import):
                used |= {a.name.removeprefix("supplychain.") for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("supplychain"):
                base = node.module.removeprefix("supplychain").removeprefix(".")
                used |= {base} | {f"{base}.{a.name}".removeprefix(".") for a in node.names if base != name}
    packages = {name for name, path in FILES.items() if path.name == "__init__.py"}
    orphans = {n for n in FILES if n not in used and n not in packages and not n.startswith("api.")}
    assert orphans == set(), "nobody calls them: add a line to a table, or delete them"
