"""Reads the text files of Go modules: go.mod, go.work, go.sum and vendor/modules.txt.

Each reader takes foreign bytes and names the line that breaks the format: a directive that is not known is an error,
since what it would change is not known either.

>>> read_mod(b"module example.com/a\\nrequire example.com/b v1.0.0 // indirect\\n", path="go.mod").requires
(Require(path='example.com/b', version='v1.0.0', indirect=True),)
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from supplychain.errors import LimitExceeded, MalformedDocument
from supplychain.model.inventory import ContentDigest
from supplychain.sbom.catalogers.go_names import dirhash

MAX_BYTES: Final = 16 << 20
MAX_LINE: Final = 16_384
"""Characters; one line names at most two modules."""

_TOKEN = re.compile(r'\s*(?:(//.*)|("(?:[^"\\]|\\.)*"|`[^`]*`)|(=>|[()\[\],]|[^\s()\[\],"`]+))')
_INDIRECT = re.compile(r"//\s*indirect(?:\s|;|$)")
_ARGUMENTS: Final = {
    "module": 1, "go": 1, "toolchain": 1, "godebug": 1, "tool": 1, "ignore": 1, "require": 2, "exclude": 2, "use": 1
}  # fmt: skip
_IN_MOD: Final = frozenset(_ARGUMENTS) - {"use"} | {"replace", "retract"}
_IN_WORK: Final = frozenset(("go", "toolchain", "godebug", "use", "replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """A module that is asked for, at the version that is used unless another module asks for a later one."""

    path: str
    version: str
    indirect: bool = False
    """No package of the main module imports it: another module needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Builds use ``new_path`` for ``old_path``; an empty old version means every version."""

    old_path: str
    old_version: str = ""
    new_path: str
    new_version: str = ""
    """Empty for a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModFile:
    """A go.mod."""

    path: str
    module: str
    go: str = ""
    """The version of the language; empty means 1.16."""
    requires: tuple[Require, ...] = ()
    replaces: tuple[Replace, ...] = ()
    excludes: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFile:
    """A go.work."""

    path: str
    uses: tuple[str, ...] = ()
    """Folders of the modules that are built together, relative to it."""
    replaces: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SumFile:
    """A go.sum or go.work.sum."""

    path: str
    sums: Mapping[tuple[str, str], ContentDigest]
    """Of modules; the sums of their go.mod files are read and left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendored:
    """One module of vendor/modules.txt."""

    module: Require
    replace: Replace | None = None
    copied: bool = False
    """Packages of it lie in the folder; False where it is only mentioned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorFile:
    """A vendor/modules.txt."""

    path: str
    modules: tuple[Vendored, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    where: str
    words: tuple[str, ...]
    comment: str = ""

    def fail(self, message: str) -> NoReturn:
        raise MalformedDocument(message, where=self.where)


def read_mod(data: bytes, *, path: str) -> ModFile:
    """A go.mod. Raises MalformedDocument with the line, and LimitExceeded."""
    module = go = ""
    requires: list[Require] = []
    replaces: list[Replace] = []
    excludes: set[tuple[str, str]] = set()
    for verb, line in _directives(data, path, _IN_MOD):
        if verb == "module":
            if module:
                line.fail("a second module directive")
            module = line.words[0]
        elif verb == "go":
            go = line.words[0]
        elif verb == "require":
            asked, version = line.words
            requires.append(Require(path=asked, version=version, indirect=bool(_INDIRECT.match(line.comment))))
        elif verb == "exclude":
            excludes.add((line.words[0], line.words[1]))
        elif verb == "replace":
            replaces.append(_replace(line))
    if not module:
        raise MalformedDocument("expected a module directive, found none", where=path)
    return ModFile(
        path=path,
        module=module,
        go=go,
        requires=tuple(requires),
        replaces=tuple(replaces),
        excludes=frozenset(excludes),
    )


def read_work(data: bytes, *, path: str) -> WorkFile:
    """A go.work. Raises MalformedDocument with the line, and LimitExceeded."""
    uses: list[str] = []
    replaces: list[Replace] = []
    for verb, line in _directives(data, path, _IN_WORK):
        if verb == "use":
            uses.append(line.words[0])
        elif verb == "replace":
            replaces.append(_replace(line))
    return WorkFile(path=path, uses=tuple(uses), replaces=tuple(replaces))


def read_sum(data: bytes, *, path: str) -> SumFile:
    """A go.sum. Raises MalformedDocument with the line, also where one module has two sums; and LimitExceeded."""
    sums: dict[tuple[str, str], ContentDigest] = {}
    for where, text in _lines(data, path):
        words = text.split()
        if not words:
            continue
        if len(words) != 3:
            raise MalformedDocument(f"expected module, version and sum, found {len(words)} words", where=where)
        module, version, stated = words
        if not stated.startswith("h1:"):
            continue  # a later algorithm, as Go itself skips it
        try:
            digest = dirhash(stated)
        except MalformedDocument as e:
            raise MalformedDocument(e.message, where=where) from None
        if sums.setdefault((module, version), digest) != digest:
            raise MalformedDocument(f"a second, different sum of {module} {version}", where=where)
    return SumFile(path=path, sums={key: d for key, d in sums.items() if not key[1].endswith("/go.mod")})


def read_vendor(data: bytes, *, path: str) -> VendorFile:
    """A vendor/modules.txt. Raises MalformedDocument with the line, and LimitExceeded."""
    found: dict[str, Vendored] = {}
    last = ""
    for where, text in _lines(data, path):
        if text.startswith("## ") or not text.strip():
            continue
        if text.startswith("# "):
            vendored = _vendored(_Line(where, tuple(text[2:].split())))
            last = vendored.module.path if vendored else ""
            if vendored:
                found.setdefault(last, vendored)
        elif text.startswith("#") or len(text.split()) != 1:
            raise MalformedDocument("expected a package, or # and a module", where=where)
        elif not last:
            raise MalformedDocument("a package of no module", where=where)
        else:
            known = found[last]
            found[last] = Vendored(module=known.module, replace=known.replace, copied=True)
    return VendorFile(path=path, modules=tuple(found.values()))


def _vendored(line: _Line) -> Vendored | None:
    """A module, replaced or not; None for ``path => ...``, which only repeats a replacement of all versions."""
    words = line.words
    if "=>" not in words:
        if len(words) != 2:
            line.fail("expected # and a module with its version")
        return Vendored(module=Require(path=words[0], version=words[1]))
    replace = _replace(line)
    if not replace.old_version:
        return None
    return Vendored(module=Require(path=replace.old_path, version=replace.old_version), replace=replace)


def _replace(line: _Line) -> Replace:
    words = line.words
    arrow = words.index("=>") if "=>" in words else 0
    old, new = words[:arrow], words[arrow + 1 :]
    if not 1 <= len(old) <= 2 or not 1 <= len(new) <= 2:
        line.fail("expected module [version] => module version, or a folder")
    return Replace(old_path=old[0], old_version=(*old, "")[1], new_path=new[0], new_version=(*new, "")[1])


def _directives(data: bytes, path: str, known: frozenset[str]) -> Iterator[tuple[str, _Line]]:
    """Each directive with its arguments; those of a block one by one."""
    block = ""
    line = _Line(path, ())
    for where, text in _lines(data, path):
        line = _Line(where, *_words(text, where))
        words = line.words
        if not words:
            continue
        if block:
            if words == (")",):
                block = ""
                continue
            verb = block
        else:
            verb, words = words[0], words[1:]
            if verb not in known:
                line.fail(f"unknown directive {verb[:40]!r}")
            if words == ("(",):
                block = verb
                continue
            if words == ("(", ")"):
                continue
        if verb != "retract" and ("(" in words or ")" in words):
            line.fail("a bracket in the middle of a line")
        if len(words) != _ARGUMENTS.get(verb, len(words)):
            line.fail(f"expected {_ARGUMENTS[verb]} words after {verb}, found {len(words)}")
        yield verb, _Line(where, words, line.comment)
    if block:
        line.fail(f"the {block} block has no end")


def _words(text: str, where: str) -> tuple[tuple[str, ...], str]:
    """The words of a line, unquoted, and its comment."""
    words: list[str] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise MalformedDocument(f"a string without an end: {text[at : at + 40]!r}", where=where)
        comment, quoted, word = match.groups()
        at = match.end()
        if comment:
            return tuple(words), comment
        if quoted:
            words.append(_unquoted(quoted, where))
            continue
        bare, slashes, rest = word.partition("//")
        if bare:
            words.append(bare)
        if slashes:
            return tuple(words), slashes + rest + text[at:]
    return tuple(words), ""


def _unquoted(quoted: str, where: str) -> str:
    text = quoted[1:-1]
    if quoted[0] == '"' and "\\" in text:
        raise MalformedDocument("an escape in a string, which no module path needs", where=where)
    if not text:
        raise MalformedDocument("an empty string", where=where)
    return text


def _lines(data: bytes, path: str) -> Iterator[tuple[str, str]]:
    """Each line and where it is, for errors."""
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"more than {MAX_BYTES} bytes", where=path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise MalformedDocument(f"not UTF-8 at byte {e.start}", where=path) from None
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise LimitExceeded(f"a line of {len(line)} characters", where=f"{path}: line {number}")
        yield f"{path}: line {number}", line
