"""Which files each cataloger wants to see, by path and first bytes: asked for every file of a walk.

It stands apart from the catalogers, so that one whose files are nowhere to be seen is never loaded.

>>> npm("app/package-lock.json", b""), npm("node_modules/a/package-lock.json", b"")
(True, False)
"""

import re
from collections.abc import Callable
from typing import Final

from supplychain.archive.formats import program
from supplychain.model.inventory import NESTED

GO_FILES: Final = ("go.mod", "go.work", "go.sum", "go.work.sum")
GO_VENDORED: Final = "vendor/modules.txt"
NPM_LOCKS: Final = ("npm-shrinkwrap.json", "package-lock.json")
"""npm reads the first of them that lies in a folder, and no other."""
NPM_MANIFEST: Final = "package.json"

# folders of what other people made: their lock files tell what their authors used
_FOREIGN_TO_GO: Final = frozenset(("vendor", "testdata", "node_modules"))
_FOREIGN_TO_NPM: Final = frozenset(
    ("node_modules", "bower_components", "jspm_packages", "vendor", "vendored", "third_party", "site-packages")
)
_FOREIGN_TO_PYTHON: Final = frozenset(
    ("site-packages", "dist-packages", "node_modules", "vendor", "_vendor", "vendored", "third_party")
)
_GO_CACHE = re.compile(r"(?:^|/)pkg/mod/|@v[0-9][^/]*/")
_INSTALLED: Final = (".whl!", ".egg!", ".dist-info", ".egg-info")
"""Ends of the folders that only installed or packed Python packages have."""
_REQUIREMENTS = re.compile(r"(?:.*[-_.])?requirements(?:[-_.].*)?\.(?:txt|lock)\Z", re.IGNORECASE)
_REQUIREMENTS_FOLDER: Final = "requirements"


def python(path: str, _head: bytes) -> bool:
    """METADATA, RECORD and direct_url.json of a dist-info, PKG-INFO of an egg-info or at the top of an sdist."""
    folder, _, name = path.rpartition("/")
    if name == "vendor.txt":
        return folder.endswith("_vendor")
    if name in {"METADATA", "RECORD", "direct_url.json"}:
        return folder.endswith(".dist-info")
    if name == "PKG-INFO":
        return folder.endswith((".egg-info", "EGG-INFO")) or "/" not in path.rpartition(NESTED)[2].partition("/")[2]
    return name.endswith(".egg-info")


def python_locks(path: str, _head: bytes) -> bool:
    """Lock files and pyproject.toml, but for those of installed and vendored packages."""
    name = path.rpartition("/")[2]
    if name not in {"uv.lock", "poetry.lock", "pyproject.toml"} and not is_pylock(name) and not is_requirements(path):
        return False
    folders = path.split("/")[:-1]
    return _FOREIGN_TO_PYTHON.isdisjoint(folders) and not any(f.endswith(_INSTALLED) for f in folders)


def is_pylock(name: str) -> bool:
    """PEP 751: pylock.toml, or pylock.NAME.toml with a name without dots."""
    parts = name.split(".")
    return parts[0] == "pylock" and parts[-1] == "toml" and len(parts) in {2, 3} and all(parts)


def is_requirements(path: str) -> bool:
    """Whether a file is one by its name: requirements-dev.txt, dev.requirements.txt, requirements/dev.txt, ..."""
    folder, _, name = path.rpartition("/")
    in_folder = folder.rpartition("/")[2] == _REQUIREMENTS_FOLDER and name.endswith(".txt")
    return in_folder or bool(_REQUIREMENTS.match(name))


def npm(path: str, _head: bytes) -> bool:
    """Lock files and package.json, but for those of installed and vendored packages."""
    folder, _, name = path.rpartition("/")
    return (name == NPM_MANIFEST or name in NPM_LOCKS) and _FOREIGN_TO_NPM.isdisjoint(folder.split("/"))


def go_binary(_path: str, head: bytes) -> bool:
    """Compiled programs and libraries."""
    return program(head) in {"ELF", "PE", "Mach-O"}


def go_module(path: str, _head: bytes) -> bool:
    """go.mod, go.sum, go.work and vendor/modules.txt of the project itself."""
    folder, _, name = path.rpartition("/")
    if name not in GO_FILES:
        if name != "modules.txt" or not f"/{path}".endswith(f"/{GO_VENDORED}"):
            return False
        folder = folder[: -len("vendor")]
    return _FOREIGN_TO_GO.isdisjoint(folder.split("/")) and not _GO_CACHE.search(f"{folder}/")


WANTED: "Final[dict[str, Callable[[str, bytes], bool]]]" = {
    "python": python,
    "python-locks": python_locks,
    "npm": npm,
    "go-binary": go_binary,
    "go-module": go_module,
}
"""By the cataloger's name."""
