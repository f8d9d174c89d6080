"""read_policy, gate: from files to a decision."""

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from supplychain import _io
from supplychain._io import StrPath
from supplychain.api.trust import grounded, with_second_opinion
from supplychain.errors import InputError, PolicyInvalid, UsageError
from supplychain.model.decision import Decision
from supplychain.policy import engine, reader
from supplychain.policy import explain as explaining
from supplychain.policy.model import Policy
from supplychain.release.gate import collect
from supplychain.verify.trust import Trust

MAX_POLICY_BYTES = 256 * 1024


def read_policy(path: StrPath, *, sha256: str | None = None) -> Policy:
    """Read a policy and the keys it names, which lie under its folder.

    ``sha256`` pins the digest of the resolved policy; ``PATH@sha256:HEX`` does the same. Raises PolicyInvalid.
    """
    name = os.fspath(path)
    if "@sha256:" in name and sha256 is None:
        name, _, sha256 = name.rpartition("@sha256:")
    try:
        data = _io.read_bytes(name, max_bytes=MAX_POLICY_BYTES)
    except InputError as e:
        raise PolicyInvalid(e.message, where=name, hint=e.hint) from e
    folder = Path(name).parent

    def load(relative: str) -> bytes:
        step = folder
        for part in Path(relative).parts:
            step /= part
            if step.is_symlink():
                raise PolicyInvalid("a symbolic link is not followed", where=str(step))
        try:
            return _io.read_bytes(folder / relative, max_bytes=MAX_POLICY_BYTES)
        except InputError as e:
            raise PolicyInvalid(e.message, where=str(folder / relative), hint=e.hint) from e

    return reader.read_policy(data, where=name, load=load, pin=sha256)


def gate(
    *assets: StrPath,
    policy: StrPath | Policy,
    evidence: Sequence[StrPath] = (),
    root: StrPath | None = None,
    at: datetime | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> Decision:
    """Measure, verify and judge: the decision of this policy about these files, or about the asset set in a folder.

    ``root`` is the file of the trusted root that certificates must lead to; without it, it is the one that ships with
    sigstore. ``at`` judges at another time than now, for audits: such a decision gives no permit. Raises PolicyInvalid,
    and UsageError for a root that the policy does not allow, before anything else is read; EvidenceMissing when there
    is nothing to judge, InputError for artifacts that cannot be read; a denial is a Decision.
    """
    if at is not None and at.tzinfo is None:
        raise UsageError("the time to judge at has no time zone")
    resolved = policy if isinstance(policy, Policy) else read_policy(policy)
    now = at or datetime.now(UTC)
    trust = grounded(Trust(*resolved.signers, root=allowed_root(resolved, root)))
    steps = any(rule.params.reads_steps for rule in resolved.rules)
    ask = partial(with_second_opinion, trust=trust) if resolved.second_opinion else None
    case = collect(assets, trust=trust, at=now, evidence=evidence, steps=steps, ask=ask, progress=progress)
    no_permit = "it was judged as of a time that somebody chose" if at else ""
    return engine.judge(case, resolved, at=now, no_permit=no_permit)


def allowed_root(policy: Policy, root: StrPath | None) -> bytes | None:
    """The trusted root to judge by, when it is not simply the packaged one: the caller's file, as the policy allows it.

    Raises UsageError for any other root, and MalformedDocument for one that cannot be read.
    """
    if root is None and policy.root_sha256 is None:
        return None
    from supplychain.roots.packaged import packaged_root  # judging by keys alone does without
    from supplychain.verify.root import MAX_ROOT_BYTES, parse_root

    data = packaged_root() if root is None else _io.read_bytes(root, max_bytes=MAX_ROOT_BYTES)
    found = hashlib.sha256(data).hexdigest()
    wanted = policy.root_sha256 or hashlib.sha256(packaged_root()).hexdigest()
    if found != wanted:
        raise UsageError(
            f"the policy allows the trusted root sha256:{wanted}{'' if policy.root_sha256 else ' (packaged)'}, "
            f"and {'the packaged one' if root is None else os.fspath(root)} is sha256:{found}",
            hint="name the allowed one with --trusted-root, or allow this one in the policy: trusted-root: sha256:HEX",
        )
    parse_root(data, where="trusted root" if root is None else os.fspath(root))
    return data


def lint(path: StrPath) -> str:
    """What is worth saying about a policy that is valid; an invalid one raises PolicyInvalid with every problem."""
    policy = read_policy(path)
    told = "".join(f"advice: {line}\n" for line in explaining.advice(policy))
    return f"valid  {policy.id} {policy.version}  sha256:{policy.sha256}\n{told}"


def explain(what: str) -> str:
    """A policy in words, or the documentation of one type of rule."""
    from supplychain.policy.rules import RULES

    if what in RULES:
        return explaining.explain_rule(what)
    if not Path(what).exists() and (near := get_close_matches(what, list(RULES), n=1)):
        raise UsageError(f"{what}: neither a file nor a type of rule", hint=f"did you mean {near[0]}?")
    return explaining.explain_policy(read_policy(what))


def rules() -> str:
    """The types of rules, one a line."""
    return explaining.list_rules()


def schema() -> str:
    """The JSON Schema of policies, for editors."""
    return explaining.schema_text()
