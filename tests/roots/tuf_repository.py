"""A TUF repository on loopback: real metadata, really signed, served by http.server; each attack is one method."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from securesystemslib.signer._crypto_signer import CryptoSigner
from tuf.api._payload import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.metadata import Metadata

TARGET = "trusted_root.json"
LATER = timedelta(days=30)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Servers of tests say nothing."""


class Repository:
    """One key signs every role, so that what a test breaks is one thing. Nothing is on disk before `publish`."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.folder = folder
        self.signer = CryptoSigner.generate_ecdsa()
        self.content = content
        self.versions = {"timestamp": 0, "snapshot": 0, "targets": 0}
        self.expires = {role: datetime.now(UTC).replace(microsecond=0) + LATER for role in ("root", *self.versions)}
        self.target = TARGET
        (folder / "targets").mkdir(parents=True)

    @property
    def root(self) -> bytes:
        """The root metadata that a client starts from."""
        root = Root(version=1, expires=self.expires["root"], consistent_snapshot=True)
        key = self.signer.public_key
        for role in ("root", *self.versions):
            root.add_key(key, role)
        return self._signed(Metadata(root))

    def _signed(
        self, metadata: "Metadata[Root] | Metadata[Timestamp] | Metadata[Snapshot] | Metadata[Targets]"
    ) -> bytes:
        metadata.sign(self.signer)
        return metadata.to_bytes()

    def publish(self) -> None:
        """The next version of everything, with the content of now as its target."""
        version = {role: number + 1 for role, number in self.versions.items()}
        self.versions = version
        target = TargetFile.from_data(self.target, self.content, ["sha256"])
        targets = Targets(version=version["targets"], expires=self.expires["targets"], targets={self.target: target})
        snapshot = Snapshot(
            version=version["snapshot"],
            expires=self.expires["snapshot"],
            meta={"targets.json": MetaFile(version["targets"])},
        )
        timestamp = Timestamp(
            version=version["timestamp"],
            expires=self.expires["timestamp"],
            snapshot_meta=MetaFile(version["snapshot"]),
        )
        self._write("1.root.json", self.root)
        self._write(f"{version['targets']}.targets.json", self._signed(Metadata(targets)))
        self._write(f"{version['snapshot']}.snapshot.json", self._signed(Metadata(snapshot)))
        self._write("timestamp.json", self._signed(Metadata(timestamp)))
        self._write(self.served, self.content)

    @property
    def served(self) -> str:
        """Where the target lies."""
        return f"targets/{TargetFile.from_data(TARGET, self.content, ['sha256']).hashes['sha256']}.{self.target}"

    def swap(self, content: bytes) -> None:
        """Other bytes under the name of the target, which nobody signed for."""
        self._write(self.served, content)

    def damage(self, name: str) -> None:
        """A letter of what is signed, changed after it was signed."""
        path = self.folder / name
        document = json.loads(path.read_bytes())
        document["signed"]["expires"] = "2999-01-01T00:00:00Z"
        path.write_text(json.dumps(document), encoding="utf-8")

    def _write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, while the block lasts."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(self.folder)))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
