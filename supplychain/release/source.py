"""The source a build step starts from: the git commit, whether the tree is clean, and the lock files.

git is asked so that nothing in the checkout is executed: no fsmonitor, no hooks, no filter that the repository's own
configuration defines.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from supplychain import _io, _process
from supplychain.errors import SupplyChainError
from supplychain.model.statement import Subject

LOCK_FILES: Final = (
    "Cargo.lock",
    "Gemfile.lock",
    "Package.resolved",
    "Pipfile.lock",
    "Podfile.lock",
    "bun.lock",
    "composer.lock",
    "deno.lock",
    "flake.lock",
    "go.sum",
    "gradle.lockfile",
    "mix.lock",
    "npm-shrinkwrap.json",
    "package-lock.json",
    "packages.lock.json",
    "pdm.lock",
    "pnpm-lock.yaml",
    "poetry.lock",
    "pubspec.lock",
    "pylock.toml",
    "requirements.lock",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
)
"""What pins the dependencies of a build, by file name."""

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_SCP_LIKE: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]{2,}):(?!//)([^\s\\]+)")
_MAX_STATUS: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A git checkout at one moment."""

    commit: str
    dirty: bool
    """True when anything tracked was changed, anything unignored added, or git could not tell."""
    ref: str = ""
    """``refs/heads/...``; empty for a detached head."""
    uri: str = ""
    """``git+https://...`` of the remote named origin, without credentials; empty when there is none to tell."""

    @property
    def material(self) -> Subject:
        """The commit as what went into a build."""
        where = f"{self.uri}@{self.ref}" if self.uri and self.ref else self.uri
        return Subject(name="" if where else "source", uri=where, digests={"gitCommit": self.commit})


def read_source(folder: str, environment: Mapping[str, str]) -> tuple[SourceState | None, str]:
    """The state of the checkout that ``folder`` lies in, and a sentence for people where there is something to say.

    None when there is no repository, no commit, or no git: then there is no material, and the sentence says so.
    """
    try:
        git = _Git(folder, environment)
        commit = git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except _Refused as e:
        return None, f"no source is recorded: {e}"
    if not _COMMIT.match(commit):
        return None, "no source is recorded: the repository has no commit"
    dirty, why = git.dirty()
    state = SourceState(
        commit=commit,
        dirty=dirty,
        ref=git.maybe("symbolic-ref", "--quiet", "HEAD"),
        uri=public_uri(git.maybe("config", "--get", "remote.origin.url")),
    )
    return state, why


def head_of(folder: str, environment: Mapping[str, str]) -> str | None:
    """The commit checked out now; None when git does not say."""
    try:
        return _Git(folder, environment).line("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except _Refused:
        return None


def lock_materials(folder: str) -> tuple[list[Subject], list[str]]:
    """The lock files in ``folder`` with their digests, and a sentence for each that could not be read."""
    found, notes = [], []
    for name in LOCK_FILES:
        path = Path(folder) / name
        if not os.path.lexists(path):
            continue
        try:
            with _io.open_plain(path) as stream:
                found.append(Subject(name=name, digests=_io.digest_stream(stream, "sha256")[1]))
        except (SupplyChainError, OSError) as e:
            notes.append(f"{name} is not recorded: {e}")
    return found, notes


def public_uri(remote: str) -> str:
    """A remote as the world may read it: ``git+`` scheme, no credentials; empty for a path on this machine.

    >>> public_uri("https://ci:secret@github.com/octo/server.git")
    'git+https://github.com/octo/server.git'
    >>> public_uri("git@github.com:octo/server.git")
    'git+ssh://github.com/octo/server.git'
    >>> public_uri("/srv/git/server.git")
    ''
    """
    if short := _SCP_LIKE.fullmatch(remote):
        return f"git+ssh://{short[1]}/{short[2].lstrip('/')}"
    try:
        parts = urlsplit(remote)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http", "ssh", "git") or not host or not remote.isprintable():
        return ""
    return f"git+{parts.scheme}://{host}{port}{parts.path}"


class _Refused(Exception):
    """git gave no answer; the message says why."""


class _Git:
    """git, asked for facts about one folder."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        kept = {n: v for n, v in environment.items() if not n.startswith("GIT_")}
        self._environment = {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        self._options = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
        self._options += ["-c", "safe.bareRepository=explicit", "-c", "submodule.recurse=false"]
        # through the environment, since an "=" in a filter's name would end the key of an option
        off = self._own_filters()
        for i, name in enumerate(off):
            self._environment |= {f"GIT_CONFIG_KEY_{i}": name, f"GIT_CONFIG_VALUE_{i}": ""}
        self._environment["GIT_CONFIG_COUNT"] = str(len(off))

    def _ask(self, *arguments: str) -> _process.Answer:
        try:
            return _process.ask(
                ["git", *self._options, *arguments],
                cwd=self._folder,
                environment=self._environment,
                max_bytes=_MAX_STATUS,
            )
        except SupplyChainError as e:
            raise _Refused(str(e)) from e

    def line(self, *arguments: str) -> str:
        """The answer in one line; empty when git says nothing by an exit status of 1."""
        answer = self._ask(*arguments)
        if answer.status not in (0, 1):
            said = answer.errors.decode(errors="replace").strip().partition("\n")[0]
            raise _Refused(said.removeprefix("fatal: ") or f"git ended with status {answer.status}")
        return answer.output.decode(errors="replace").strip()

    def maybe(self, *arguments: str) -> str:
        """As `line`; empty when git refuses."""
        try:
            return self.line(*arguments)
        except _Refused:
            return ""

    def _own_filters(self) -> list[str]:
        """The filter commands that the repository's own configuration defines; each is a program status would run."""
        answer = self._ask("config", "--includes", "--show-scope", "--name-only", "-z", "--get-regexp", r"^filter\..*")
        words = answer.output.decode(errors="replace").split("\0")
        scoped = zip(words[::2], words[1::2], strict=False)
        return sorted({name for scope, name in scoped if scope in ("local", "worktree")})

    def dirty(self) -> tuple[bool, str]:
        """Whether the tree differs from the commit; when git cannot tell, it does, and the sentence says why."""
        try:
            answer = self._ask(
                "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"
            )
        except _Refused as e:
            return True, f"git did not tell whether the tree is clean: {e}"
        if answer.status != 0:
            return True, "git did not tell whether the tree is clean"
        if answer.output:
            first = answer.output[3:].split(b"\0")[0].decode(errors="replace")
            return True, f"the tree is dirty ({first[:80]!r} and perhaps more) and is recorded as dirty"
        return False, ""
