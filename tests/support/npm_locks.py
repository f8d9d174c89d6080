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


def trees() -> dict[str, dict[str, bytes]]:
    """Locks with a trap each, by name, with the manifests that npm wants beside them."""

    def app(**kinds: Any) -> dict[str, Any]:
        return {"name": "app", "version": "1.0.0", **kinds}

    def manifest(**fields: Any) -> bytes:
        return json.dumps(fields).encode()

    nested = {
        "": app(dependencies={"a": "*", "b": "1.0.0"}),
        "node_modules/a": package(dependencies={"b": "2.0.0", "c": "*"}),
        "node_modules/a/node_modules/b": package("2.0.0", dependencies={"c": "*"}),
        "node_modules/b": package("1.0.0"),
        "node_modules/c": package(dependencies={"b": "*"}),
    }
    alias = {
        "": app(dependencies={"old": "npm:@real/thing@1"}),
        "node_modules/old": package(name="@real/thing", dependencies={"@real/thing": "2"}),
        "node_modules/@real/thing": package("2.0.0"),
    }
    workspaces = {
        "": app(workspaces=["packages/*"]),
        "node_modules/one": {"resolved": "packages/one", "link": True},
        "node_modules/two": {"resolved": "packages/two", "link": True},
        "packages/one": {"version": "1.1.0", "dependencies": {"b": "*", "two": "*"}, "devDependencies": {"d": "*"}},
        "packages/two": {"version": "3.0.0", "peerDependencies": {"d": "*"}},
        "packages/one/node_modules/b": package("2.0.0", dependencies={"d": "*"}),
        "node_modules/d": package(dev=True),
    }
    outside = {
        "": app(dependencies={"out": "file:../out", "b": "*"}),
        "../out": {"version": "1.0.0", "dependencies": {"b": "*"}, "devDependencies": {"q": "*"}},
        "node_modules/out": {"resolved": "../out", "link": True},
        "node_modules/b": package(),
    }
    folder = {
        "": app(dependencies={"f": "file:libs/f"}),
        "libs/f": {"name": "f", "version": "1.0.0", "dependencies": {"b": "*"}, "devDependencies": {"d": "*"}},
        "node_modules/f": {"resolved": "libs/f", "link": True},
        "node_modules/b": package(),
        "node_modules/d": package(),
    }
    peers = {
        "": app(dependencies={"plugin": "*", "react": "*"}),
        "node_modules/plugin": package(
            peerDependencies={"react": "*", "vue": "*"},
            peerDependenciesMeta={"vue": {"optional": True}},
            optionalDependencies={"fs": "*"},
        ),
        "node_modules/react": package("18.0.0"),
    }
    first = {
        "a": {
            "version": "1.0.0",
            "integrity": integrity("a"),
            "requires": {"b": "2.0.0"},
            "dependencies": {"b": {"version": "2.0.0", "integrity": integrity("b"), "requires": {"c": "*"}}},
        },
        "b": {"version": "1.0.0", "integrity": integrity("c")},
        "c": {"version": "1.5.0", "integrity": integrity("d"), "requires": {"b": "*"}},
    }
    return {
        "nested": {"package-lock.json": lock(nested)},
        "alias": {"package-lock.json": lock(alias)},
        "workspaces": {
            "package-lock.json": lock(workspaces),
            "package.json": manifest(**workspaces[""]),
            "packages/one/package.json": manifest(name="one", **workspaces["packages/one"]),
            "packages/two/package.json": manifest(name="two", **workspaces["packages/two"]),
        },
        "outside": {"package-lock.json": lock(outside)},
        "folder": {"package-lock.json": lock(folder)},
        "peers": {"package-lock.json": lock(peers)},
        "version 1": {
            "package-lock.json": lock_v1(first),
            "package.json": manifest(**app(dependencies={"a": "*"}, devDependencies={"b": "1.0.0"})),
        },
    }
