"""The pure rooms have no effects: an audit hook is armed around what they do, on real input."""

import io
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from supplychain import _json, _yaml
from supplychain.archive.walk import Source
from supplychain.errors import SupplyChainError
from supplychain.keys import generate, read_private, read_public
from supplychain.model.case import Case
from supplychain.model.decision import Decision
from supplychain.model.inventory import Inventory
from supplychain.model.verified import Signature, Verified
from supplychain.policy.engine import judge
from supplychain.policy.reader import read_policy
from supplychain.report import REPORTS, render
from supplychain.sbom.formats import FORMATS, Writing, format_named
from supplychain.sbom.inventory import take_inventory
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import claimed_type, verify_any, verify_evidence
from tests.support import cases
from tests.support.decisions import denied
from tests.support.evidence import NOW, artifact, attested, evidence, key, signed
from tests.support.purity import Effect, no_effects
from tests.support.results import RESULTS


def _archive() -> bytes:
    """A tar.gz that holds a wheel, a lock file and a nested zip."""
    nested, wheel, out = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(nested, "w") as archive:
        archive.writestr("package-lock.json", '{"lockfileVersion":3,"packages":{"":{"name":"a"}}}')
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("a-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: a\nVersion: 1\n")
        archive.writestr("a-1.dist-info/RECORD", "")
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in (
            ("go.mod", b"module example.org/a\n"),
            ("inner.zip", nested.getvalue()),
            ("a-1-py3-none-any.whl", wheel.getvalue()),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


ARCHIVE: Final = _archive()
PRIVATE: Final = key().pem(password=b"x", salt=b"s" * 16, iv=b"i" * 16)
POLICY: Final = cases.policy_text(
    "- {id: a, type: signer-identity, evidence: [signature]}\n- {id: b, type: max-size, bytes: 1GiB}"
)


def _inventory() -> Inventory:
    return take_inventory(Source(name="a.tar.gz", stream=io.BytesIO(ARCHIVE)), spool=io.BytesIO)


def _document(name: str) -> object:
    form = format_named(name)
    written = form.write(_inventory(), Writing(created=NOW, tool_version="1"))
    return form.read(_json.parse(written, where=name))


def _policy() -> Any:
    return read_policy(POLICY, where="policy.yaml", load=cases.load_key)


def _proofs() -> tuple[Verified[Signature], ...]:
    return verify_evidence(evidence(signed()), artifact(), Signature, trust=Trust(key()), at=NOW)


def _decision() -> Decision:
    return judge(Case(artifacts=(artifact(),), verified=_proofs()), _policy(), at=NOW)


def _refusal() -> str:
    try:
        verify_evidence(evidence(b"{}"), artifact(), Signature, trust=Trust(key()), at=NOW)
    except SupplyChainError as e:
        return str(e)
    raise AssertionError("nothing was refused")


CALLS: Final[dict[str, Callable[[], object]]] = {
    "parse json": lambda: _json.canonical(_json.parse(b'{"a":[1,"\\u00e9"]}', where="x").value),
    "parse yaml": lambda: _yaml.parse(b"a:\n  - b\n", where="x"),
    "make a key": lambda: generate().public.fingerprint,
    "read keys": lambda: (read_private(PRIVATE, password=b"x"), read_public(key().public.pem())),
    "verify a signature": _proofs,
    "verify an attestation": lambda: verify_any(evidence(attested()), artifact(), trust=Trust(key()), at=NOW),
    "refuse evidence": _refusal,
    "tell a claimed type": lambda: claimed_type(evidence(attested())),
    "take an inventory": _inventory,
    "read a policy": _policy,
    "judge": _decision,
    **{f"write and read {name}": partial(_document, name) for name in FORMATS},
    **{f"render {name}": partial(render, denied(), name) for name in REPORTS},
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_pure_room_has_no_effects(call: Callable[[], object]) -> None:
    call()
    with no_effects():
        call()


def test_rendering_any_result_has_no_effects() -> None:
    for result in RESULTS.values():
        render(result, "text")
        with no_effects():
            render(result, "text")


@pytest.mark.parametrize(
    "effect",
    [
        lambda: Path(__file__).read_bytes(),
        lambda: open(__file__),  # noqa: SIM115, PTH123  # refused before it opens
        lambda: subprocess.run(["true"], check=False),
        lambda: sqlite3.connect(":memory:"),
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: list(Path(__file__).parent.iterdir()),
        tempfile.mkdtemp,
        tempfile.TemporaryFile,
    ],
)
def test_the_hook_bites(effect: Callable[[], object]) -> None:
    with no_effects(), pytest.raises(Effect):
        effect()


def test_the_hook_lets_other_threads_be_and_is_disarmed_afterwards() -> None:
    read: list[int] = []
    with no_effects():
        other = threading.Thread(target=lambda: read.append(len(Path(__file__).read_bytes())))
        other.start()
        other.join()
        with no_effects():
            pass
        with pytest.raises(Effect):
            Path(__file__).read_bytes()
    assert read == [len(Path(__file__).read_bytes())]
    assert "tests.support.purity" in sys.modules


def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as connecting, pytest.raises(AssertionError, match="only loopback is allowed"):
        connecting.connect(("192.0.2.1", 443))
