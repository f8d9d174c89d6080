"""npm locks made to measure: the smallest ones that show a trap, and large ones that show growth."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any


def integrity(content: str, algorithm: str = "sha512") -> str:
    """The Subresource Integrity of an archive with this content."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, content.encode()).digest()).decode()}"


def package(version: str = "1.0.0", **fields: Any) -> dict[str, Any]:
    """An installed package, from the registry unless ``resolved`` says otherwise."""
    content = fields.pop("content", version)
    made = {"version": version, "resolved": f"https://registry.npmjs.org/x/-/x-{version}.tgz"}
    if content:
        made["integrity"] = integrity(content)
    return {**made, **fields}


def lock(packages: Mapping[str, Any], *, version: int = 3, **fields: Any) -> bytes:
    """A lock of version 2 or 3, for the project app 1.0.0 unless ``packages`` has its own root."""
    root = {"name": "app", "version": "1.0.0"}
    top = {"name": "app", "version": "1.0.0", "lockfileVersion": version, "requires": True}
    return json.dumps({**top, **fields, "packages": {"": root, **packages}}).encode()


def lock_v1(dependencies: Mapping[str, Any], **fields: Any) -> bytes:
    """A lock of version 1."""
    top = {"name": "app", "version": "1.0.0", "lockfileVersion": 1, "requires": True}
    return json.dumps({**top, **fields, "dependencies": dependencies}).encode()


def tree(count: int) -> bytes:
    """A lock of so many packages as locks are: five dependencies each, one in five nested below another."""
    names = [f"package-{i}" for i in range(count)]
    direct = dict.fromkeys(names[:50:5], "*")
    packages: dict[str, Any] = {"": {"name": "app", "version": "1.0.0", "dependencies": direct}}
    for i, name in enumerate(names):
        location = f"node_modules/{name}"
        if i % 5 == 4:
            location = f"node_modules/{names[i - 1]}/{location}"
        wanted = {names[(i * 7 + k * 13) // 5 * 5 % count]: "*" for k in range(5)}
        packages[location] = {
            "version": f"1.{i % 10}.0",
            "resolved": f"https://registry.npmjs.org/{name}/-/{name}-1.{i % 10}.0.tgz",
            "integrity": integrity(name),
            "license": "MIT",
            "dev": i % 2 == 0,
            "dependencies": wanted,
        }
    return json.dumps({"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}).encode()
