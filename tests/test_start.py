"""A cold start: what a bare import and the first words of the command line load, seen from a child process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from supplychain.cli.main import VERBS
from tests.test_architecture import EFFECT_MODULES, PACKAGE

PROBE = """
import json, sys
sys.path.insert(0, sys.argv.pop(1))
before = set(sys.modules)
{act}
print("\\n" + json.dumps(sorted(set(sys.modules) - before)))
"""
RUN = "from supplychain.cli.main import main\nassert main(sys.argv[1:]) == 0"


def loaded(act: str, *arguments: str) -> set[str]:
    """The modules that a fresh interpreter loads for this."""
    command = [sys.executable, "-I", "-c", PROBE.format(act=act), str(PACKAGE.parent), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(found)


def third_party(modules: set[str]) -> set[str]:
    """Top-level names that belong neither to Python nor to us."""
    heads = {m.partition(".")[0] for m in modules}
    return {h for h in heads if h not in sys.stdlib_module_names and h != "supplychain"}


def test_importing_the_package_loads_nothing_but_its_version() -> None:
    modules = loaded("import supplychain")
    assert {m for m in modules if m.startswith("supplychain")} == {"supplychain", "supplychain._version"}
    assert third_party(modules) == set()
    assert not modules & (EFFECT_MODULES - {"os", "time"})


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--version",), ("--version", "-o", "json")])
def test_the_first_words_of_the_command_line_load_no_third_party_module(arguments: tuple[str, ...]) -> None:
    modules = loaded(RUN, *arguments)
    assert third_party(modules) == set()
    assert {m for m in modules if m.startswith("supplychain")} <= {
        "supplychain",
        "supplychain._version",
        "supplychain.cli",
        "supplychain.cli.main",
    }
    assert "argparse" not in modules


@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"gate", "publish", "policy"}))
def test_a_verb_without_a_policy_loads_no_policy_reader(verb: str) -> None:
    assert not third_party(loaded(RUN, verb, "--help")) & {"pydantic", "cyclonedx", "yaml", "lxml", "jsonschema_rs"}


@pytest.fixture
def verifying(tmp_path: Path) -> set[str]:
    """What a verification with a key loads."""
    from supplychain.api.evidence import sign_files
    from tests.support.evidence import key

    (tmp_path / "a.pub").write_bytes(key().public.pem())
    (tmp_path / "a.bin").write_bytes(b"content")
    sign_files([tmp_path / "a.bin"], signer=key())
    return loaded(RUN, "verify", str(tmp_path / "a.bin"), "--key", str(tmp_path / "a.pub"))


def test_verifying_with_a_key_loads_neither_policies_nor_documents(verifying: set[str]) -> None:
    assert third_party(verifying) <= {"_cffi_backend", "_openssl", "bcrypt", "cryptography", "org", "rfc8785"}
    rooms = ("supplychain.policy", "supplychain.sbom", "supplychain.archive", "supplychain.stores")
    assert not {m for m in verifying if m.startswith(rooms)}


def test_verifying_with_a_key_makes_no_class_it_does_not_need(verifying: set[str]) -> None:
    models = {m.removeprefix("supplychain.model.") for m in verifying if m.startswith("supplychain.model.")}
    assert not models & {"case", "decision", "inventory", "permit", "release", "results"}
    reports = {m.removeprefix("supplychain.report.") for m in verifying if m.startswith("supplychain.report.")}
    assert reports == {"escape", "proofs", "screen", "text"}
    assert not verifying & {"difflib", "getpass", "importlib.resources", "secrets", "shutil", "tempfile"}


def test_only_a_process_of_its_own_changes_how_garbage_is_collected() -> None:
    program = "import gc, sys\nfrom supplychain.cli.main import main\nusual = gc.get_threshold()\n"
    own = "sys.argv = ['supplychain', '--version']\nassert main() == 0 and gc.get_threshold() != usual"
    assert loaded(program + own)
    assert loaded(program + "assert main(['--version']) == 0 and gc.get_threshold() == usual")


def test_an_inventory_loads_no_cataloger_but_those_whose_files_are_there(tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_bytes(
        b'{"lockfileVersion": 3, "packages": {"": {"name": "a"}, "node_modules/b": {"version": "1", "license": "MIT"}}}'
    )
    modules = loaded(RUN, "sbom", "create", str(tmp_path), "-o", f"cyclonedx-json={tmp_path / 'a.cdx.json'}")
    assert (tmp_path / "a.cdx.json").stat().st_size > 100
    assert "supplychain.sbom.catalogers.npm" in modules
    assert not {
        m for m in modules if m.startswith(("supplychain.sbom.catalogers.python", "supplychain.sbom.catalogers.go"))
    }
    assert not modules & {"packaging.requirements", "packaging.metadata", "tomllib", "email.policy"}
    assert not third_party(modules) & {"pydantic", "cyclonedx", "license_expression", "yaml", "lxml"}
