"""Policies and rules in words, as a list, as a JSON Schema, and as a page of the reference. Texts made from the code.

>>> print(explain_rule("max-size").splitlines()[0])
max-size: No file is larger than it may be
"""

import json
import textwrap
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from supplychain._json import JSON
from supplychain.errors import UsageError
from supplychain.model.decision import Mode
from supplychain.policy.builds import PLATFORMS
from supplychain.policy.documentation import documentation_of
from supplychain.policy.fields import Model, keys_of
from supplychain.policy.model import Policy, PolicyFile, PolicyRule, RuleEntry
from supplychain.policy.rules import RULES, load
from supplychain.policy.signers import CertificateSigner, KeySigner, signer_in_words
from supplychain.verify.trust import Identity

_WIDTH: Final = 100


def rule_titles() -> tuple[tuple[str, str], ...]:
    """Every rule type with what holds when it passes."""
    return tuple((kind, load(kind).title) for kind in RULES)


def list_rules() -> str:
    """The rule types, one a line."""
    width = max(map(len, RULES))
    return "".join(f"{kind:<{width}}  {title}\n" for kind, title in rule_titles())


def explain_rule(kind: str) -> str:
    """A rule type for people: what it checks, why, its parameters, an example, how to fix. Raises UsageError."""
    if kind not in RULES:
        raise UsageError(f"there is no rule type {kind[:80]!r}", hint=f"known: {', '.join(RULES)}")
    rule = load(kind)
    told = documentation_of(type(rule))
    parameters = [f"{key} ({shape}{default}): {meaning}" for key, shape, default, meaning in _parameters(rule.Params)]
    parts = [
        f"{kind}: {rule.title}",
        *_paragraph("What it checks", told.checks),
        *_paragraph("Why", told.why),
        "",
        "Parameters",
        *(line for text in parameters for line in _wrapped(text)),
        "",
        "Example",
        textwrap.indent(told.example, "  "),
        *_paragraph("How to fix", told.fix),
    ]
    return "\n".join(parts) + "\n"


def _paragraph(heading: str, text: str) -> list[str]:
    return ["", heading, *textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def explain_policy(policy: Policy) -> str:
    """A policy for people: who is trusted, and what must hold, in the order of the file."""
    lines = [
        f"policy {policy.id} {policy.version}   sha256:{policy.sha256}{' pinned' if policy.pinned else ''}",
        *([f"owner {policy.owner}"] if policy.owner else []),
        f"a decision by it may be used to publish for {_length(policy.max_age)}",
        f"certificates lead to the trusted root {policy.trusted_root}",
        *(["a certificate counts where sigstore-python agrees, or cannot judge"] if policy.second_opinion else []),
        "",
        "Signers",
        *(f"  {signer_in_words(facts)}" for facts in policy.facts.values()),
        "",
        "Rules",
        *(line for rule in policy.rules for line in _rule_in_words(rule)),
    ]
    return "\n".join(lines) + "\n"


def _rule_in_words(rule: PolicyRule) -> Iterator[str]:
    kind = load(rule.type)
    when = rule.when.model_dump(by_alias=True, exclude_none=True) if rule.when else {}
    notes = [
        "" if rule.mode is Mode.ENFORCE else f"{rule.mode} only",
        f"enforced from {rule.enforce_from:%Y-%m-%d %H:%M} UTC" if rule.enforce_from else "",
        f"only when {' and '.join(f'{k} is {v}' for k, v in when.items())}" if when else "",
        "nothing to examine is a pass" if rule.allow_empty else "",
        "" if rule.waivable else "cannot be waived",
    ]
    said = "".join(f" ({n})" for n in notes if n)
    yield f"  {rule.id}: {kind.title}{said}"
    yield from textwrap.wrap(
        documentation_of(type(kind)).claim, _WIDTH, initial_indent="    ", subsequent_indent="    "
    )
    for key, value in rule.params.model_dump(by_alias=True, exclude_defaults=True).items():
        yield from textwrap.wrap(
            f"{key}: {_value(value)}", _WIDTH, initial_indent="      ", subsequent_indent="        "
        )


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _length(length: timedelta) -> str:
    hours = length / timedelta(hours=1)
    return f"{hours:g} hours"


def advice(policy: Policy) -> tuple[str, ...]:
    """What is legal in a policy and probably not meant, with its place; for ``policy lint``."""
    return tuple(sorted(_advice(policy)))


def _advice(policy: Policy) -> Iterator[str]:
    if all(rule.mode is not Mode.ENFORCE for rule in policy.rules):
        yield f"{policy.where}: no rule is enforced: this policy denies nothing"
    used = {
        name
        for rule in policy.rules
        for key in getattr(rule.params, "names_signers", ())
        for name in getattr(rule.params, key)
    }
    for name, facts in policy.facts.items():
        if name not in used:
            yield f"{policy.where}: no rule asks for signer {name!r}"
        if facts.signer.identity:
            for said in _advice_on_identity(facts.signer.identity):
                yield f"{policy.where}: signer {name!r}: {said}"
    for rule in policy.rules:
        for said in _advice_on(rule, policy):
            yield f"{rule.at}: rule {rule.id!r}: {said}"


def _advice_on_identity(identity: Identity) -> Iterator[str]:
    _, at, ref = identity.subject.partition("@")
    workflow = "://" in identity.subject
    if workflow and not at and identity.issuer in PLATFORMS:
        yield "its identity has no @REF, and the name in a workflow's certificate has: it would match nothing"
    if workflow and ref.startswith("refs/heads/") and "*" in ref and identity.claims.ref is None:
        yield "whoever can push any branch that its * matches can sign; name the branch, or say claims.ref"


def _advice_on(rule: PolicyRule, policy: Policy) -> Iterator[str]:
    names: Iterable[str] = getattr(rule.params, "signers", ())
    facts = [policy.facts[name] for name in names]
    if facts and all(f.signer.revoked for f in facts):
        yield "every signer it names is revoked: it can never pass"
    level = getattr(rule.params, "level", 0)
    if facts and level > max(f.slsa_level for f in facts):
        yield f"none of its signers reaches level {level}: it can never pass"
    for denied in getattr(rule.params, "deny", ()):
        later = denied.removesuffix("-only") + "-or-later"
        if denied.endswith("-only") and later not in rule.params.deny:  # type: ignore[attr-defined]  # seen above
            yield f"{later} is not denied, and offers {denied} too"


def _parameters(model: type[Model]) -> Iterator[tuple[str, str, str, str]]:
    """Key, shape, default and meaning of each parameter."""
    properties = model.model_json_schema(by_alias=True)["properties"]
    for key, info in zip(keys_of(model), model.model_fields.values(), strict=True):
        default = "; required" if info.is_required() else _default(info.default)
        yield key, _shape(properties[key]), default, info.description or ""


def _default(value: object) -> str:
    if value is None or value == ():
        return ""
    said = json.dumps(value) if isinstance(value, bool | int | str) else f"[{', '.join(map(str, value))}]"  # type: ignore[call-overload]
    return f"; default {said}"


def _shape(schema: dict[str, Any]) -> str:
    """The shape of a value in a few words."""
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if "anyOf" in schema:
        shapes = [_shape(s) for s in schema["anyOf"] if s.get("type") != "null"]
        return " or ".join(shapes)
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    return {"string": "text", "integer": "number", "boolean": "true | false"}.get(schema.get("type", ""), "mapping")


def json_schema() -> dict[str, JSON]:
    """The JSON Schema of policies, for editors. What it cannot say (keys, signer names) only reading tells."""
    schema = PolicyFile.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema.setdefault("$defs", {})
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "supplychain policy v1"
    names = schema["properties"]["signers"]
    signer: JSON = {"anyOf": [_defined(model, definitions) for model in (KeySigner, CertificateSigner)]}
    names["patternProperties"] = dict.fromkeys(names["patternProperties"], signer)
    names["additionalProperties"] = False
    schema["properties"]["rules"]["items"] = {"anyOf": [_rule_schema(kind, definitions) for kind in RULES]}
    found: dict[str, JSON] = schema
    return found


def _defined(model: type[Model], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a model, with its own definitions moved up."""
    schema = model.model_json_schema(by_alias=True)
    definitions |= schema.pop("$defs", {})
    return schema


def _rule_schema(kind: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """The common keys and the parameters of one rule, as one object."""
    rule = load(kind)
    common, own = _defined(RuleEntry, definitions), _defined(rule.Params, definitions)
    return {
        "title": kind,
        "description": rule.title,
        "type": "object",
        "additionalProperties": False,
        "properties": common["properties"] | {"type": {"const": kind}} | own.get("properties", {}),
        "required": [*common["required"], *own.get("required", [])],
    }


def schema_text() -> str:
    """The JSON Schema as a file."""
    return json.dumps(json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def rules_reference() -> str:
    """The page ``docs/reference/rules.md``."""
    lines = [
        "# Rules",
        "",
        f"Made from the rules themselves. Every rule also has the keys {_ticked(keys_of(RuleEntry))}.",
        "",
        *(f"- [`{kind}`](#{kind}): {title}" for kind, title in rule_titles()),
    ]
    for kind in RULES:
        rule = load(kind)
        told = documentation_of(type(rule))
        lines += ["", f"## {kind}", "", told.claim, "", _joined(told.checks), "", f"**Why.** {_joined(told.why)}", ""]
        lines += ["| Key | Value | Meaning |", "|---|---|---|"]
        for key, shape, default, meaning in _parameters(rule.Params):
            lines.append(f"| `{key}` | {_cell(shape + default)} | {_cell(meaning)} |")
        lines += ["", "```yaml", told.example, "```", "", f"**How to fix.** {_joined(told.fix)}"]
    return "\n".join(lines) + "\n"


def _ticked(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _joined(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
