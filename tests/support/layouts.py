"""Layouts and links as the in-toto library makes them, with real keys; and that library as an oracle."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from in_toto.models.layout import Inspection, Layout, Step
from in_toto.models.link import Link
from in_toto.models.metadata import Envelope, Metablock, Metadata
from in_toto.verifylib import in_toto_verify
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # public, and re-exported by import

from supplychain.keys import PublicKey
from supplychain.keys.public import wrap_public
from supplychain.model.layout import LayoutVerification
from supplychain.verify.layout.verification import Links, verify_layout

NOW: Final = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LATER: Final = "2999-01-01T00:00:00Z"
FILE: Final = {"sha256": "a" * 64}
OTHER: Final = {"sha256": "b" * 64}

Rules = Sequence[str]


@cache
def signer(name: str) -> CryptoSigner:
    """A key of in-toto's own, one for each name; the part before ``-`` may say which kind."""
    kinds: dict[str, Callable[[], Any]] = {
        "rsa": lambda: rsa.generate_private_key(65537, 3072),
        "weak": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }
    make = kinds.get(name.partition("-")[0], lambda: ec.generate_private_key(ec.SECP256R1()))
    made = make()
    return CryptoSigner(made)


def public(name: str) -> PublicKey:
    """The same key as ours."""
    return wrap_public(signer(name)._private_key.public_key())


def key_of(name: str) -> dict[str, Any]:
    """The same key as a layout carries it."""
    key = signer(name).public_key
    return {"keyid": key.keyid, **key.to_dict()}


def keyid(name: str) -> str:
    """Its id."""
    return signer(name).public_key.keyid


def step(name: str, materials: Sequence[Rules] = (), products: Sequence[Rules] = (), **facts: Any) -> Step:
    """A step by the functionary ``alice``, unless others are named."""
    by = facts.pop("by", ("alice",))
    return Step(
        name=name,
        pubkeys=[keyid(b) for b in by],
        expected_materials=[list(r) for r in materials],
        expected_products=[list(r) for r in products],
        **facts,
    )


def inspection(name: str, run: Sequence[str], products: Sequence[Rules] = (), materials: Sequence[Rules] = ()) -> Any:
    """An inspection."""
    return Inspection(
        name=name,
        run=list(run),
        expected_materials=[list(r) for r in materials],
        expected_products=[list(r) for r in products],
    )


def layout(*steps: Step, by: Sequence[str] = ("alice", "bob", "carol"), **facts: Any) -> Layout:
    """A layout with these functionaries' keys."""
    facts.setdefault("expires", LATER)
    return Layout(steps=list(steps), keys={keyid(b): key_of(b) for b in by}, **facts)


def link(name: str, materials: Mapping[str, Any] | None = None, products: Any = None, **facts: Any) -> Link:
    """A link."""
    return Link(name=name, materials=dict(materials or {}), products=dict(products or {}), **facts)


def signed(content: Layout | Link, *by: str, dsse: bool = False) -> bytes:
    """The file the library writes."""
    metadata: Metadata = Envelope.from_signable(content) if dsse else Metablock(signed=content)
    for name in by:
        metadata.create_signature(signer(name))
    return json.dumps(metadata.to_dict()).encode()


def file_name(step_name: str, by: str) -> str:
    """What a link is called."""
    return f"{step_name}.{keyid(by)[:8]}.link"


def folder(*entries: tuple[str, str, bytes], below: Mapping[str, Links] | None = None) -> Links:
    """Links: (step, functionary, file)."""
    return Links(where="links", files={file_name(s, by): data for s, by, data in entries}, folders=below or {})


def judge(content: Layout | bytes, links: Links, *owners: str, **changes: Any) -> LayoutVerification:
    """Our verdict on a layout that ``owner`` signed."""
    data = content if isinstance(content, bytes) else signed(content, *(owners or ("owner",)))
    keys = [public(o) for o in owners or ("owner",)]
    return verify_layout(data, links, **{"keys": keys, "at": NOW, "where": "root.layout", **changes})


def write(links: Links, path: Path) -> None:
    """The folder on disk."""
    path.mkdir(parents=True, exist_ok=True)
    for name, data in links.files.items():
        (path / name).write_bytes(data)
    for name, below in links.folders.items():
        write(below, path / name)


def oracle(data: bytes, links: Links, path: Path, *owners: str) -> bool:
    """Whether the in-toto library accepts it; it reads a folder and its clock."""
    write(links, path / "links")
    (path / "root.layout").write_bytes(data)
    keys = {keyid(o): key_of(o) for o in owners or ("owner",)}
    before = Path.cwd()
    os.chdir(path)
    try:
        in_toto_verify(Metadata.load(str(path / "root.layout")), keys, link_dir_path=str(path / "links"))
    except Exception:  # noqa: BLE001  # the library refuses by many classes, some of them not its own
        return False
    finally:
        os.chdir(before)
    return True
