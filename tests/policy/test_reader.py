"""Reading a policy: everything that is wrong is told, with its place, before any evidence is read."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import LimitExceeded, PolicyInvalid, Unreadable
from supplychain.keys import generate
from supplychain.model.decision import Mode
from supplychain.policy.reader import MAX_REPORTED, examine, read_policy
from tests.support.cases import load_key, policy, policy_text, public_key

SIZE = "- {id: size, type: max-size, bytes: 1MB}"


def problems(data: bytes, where: str = "p.yaml") -> list[str]:
    """What is wrong with a policy, line by line; the keys it names are there."""
    with pytest.raises(PolicyInvalid) as caught:
        read_policy(data, where=where, load=load_key)
    return str(caught.value).splitlines()


def marked(data: bytes) -> tuple[bytes, str]:
    """A policy without its mark, and the line and column of that."""
    before, _, after = data.decode().partition("§")
    return (before + after).encode(), f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_a_policy_is_read_with_all_it_says() -> None:
    read = read_policy(
        policy_text(
            """
- id: store
  type: max-size
  bytes: 1GiB
  mode: audit
  when: {kind: patch, line: "10.11", artifact: "*.whl"}
  waivable: false
  allow-empty: true
  fix: |
    Pack
    less.
- {id: signed, type: signer-identity, signers: [b], evidence: [slsaprovenance, "https://spdx.dev/Document/v2.3"]}
- {id: later, type: asset-set, enforce-from: "2027-01-01"}""",
            signers='a: {key: keys/a.pub, valid-from: "2026-01-01", valid-until: "2027-01-01T00:00:00Z"}\n'
            "b: {key: b.pub, revoked: true, builder: https://ci.example.org, slsa-level: 2}",
            head="owner: release-team@example.org\nmax-age: 7d",
        ),
        where="p.yaml",
        load=load_key,
    )
    assert (read.id, read.version, read.owner, read.max_age) == (
        "test/policy",
        "1",
        "release-team@example.org",
        timedelta(days=7),
    )
    store, signed, later = read.rules
    assert (store.mode, store.waivable, store.allow_empty, store.fix) == (Mode.AUDIT, False, True, "Pack less.")
    assert store.when is not None
    assert (store.when.kind, store.when.line, store.when.artifact) == ("patch", "10.11", "*.whl")
    assert signed.params.model_dump() == {"signers": ("b",), "evidence": ("provenance", "spdx"), "all": False}
    assert later.enforce_from == datetime(2027, 1, 1, tzinfo=UTC)
    assert (store.at, signed.at) == ("p.yaml:11:5", "p.yaml:21:5")
    first, second = read.signers
    assert (first.key, first.valid_from) == (public_key("a"), datetime(2026, 1, 1, tzinfo=UTC))
    assert (second.revoked, read.facts["b"].builder, read.facts["b"].slsa_level) == (True, "https://ci.example.org", 2)


@pytest.mark.threat(45)
def test_the_screen_of_a_misspelt_policy() -> None:
    text = policy_text(
        """
- id: no-snapshot-deps
  type: asset-set
  requrie: ["*.whl"]
- id: signed
  type: signer-identity
  signers: [securty]
  evidence: [signature]""",
        signers="ci: {key: ci.pub}\nsecurity: {key: security.pub}",
    )
    assert problems(text, "server.yaml") == [
        "server.yaml:11:5: unknown key 'requrie' in rule 'no-snapshot-deps'; did you mean 'require'?",
        "server.yaml:14:15: signer 'securty' is not in signers (ci, security)",
    ]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            "- {id: a, type: §max-sise, bytes: 1MB}",
            "unknown rule type 'max-sise' in rule 'a'; did you mean 'max-size'?",
        ),
        ("- §{id: a, type: max-size}", "rule 'a' lacks 'bytes'"),
        ("- §{id: a, bytes: 1MB}", "rule 'a' lacks 'type'"),
        ("- §{type: max-size, bytes: 1MB}", "rule 1 lacks 'id'"),
        ("- {id: a, type: §7}", "type of rule 'a': expected a string, found 7"),
        ("- {id: §7, type: max-size, bytes: 1MB}", "id of rule 1: expected a string, found 7"),
        ("- §7", "rule 1: expected a mapping"),
        ("- {id: §a b, type: max-size, bytes: 1MB}", "id of rule 'a b': expected text of the form"),
        (
            "- {id: size, type: max-size, bytes: 1MB}\n- {id: §size, type: max-size, bytes: 1MB}",
            "the rule id 'size' is used twice",
        ),
        ("- {id: a, type: max-size, bytes: 1MB, §wenn: {}}", "unknown key 'wenn' in rule 'a'; did you mean 'when'?"),
        ("- {id: a, type: max-size, bytes: 1MB, §xyz: 1}", "unknown key 'xyz' in rule 'a'; known: allow-empty,"),
        (
            "- {id: a, type: max-size, bytes: 1MB, when: {§lin: x}}",
            "unknown key 'lin' in rule 'a'; did you mean 'line'?",
        ),
        ("- {id: a, type: max-size, bytes: 1MB, when: §7}", "when of rule 'a': expected a mapping, found 7"),
        (
            "- {id: a, type: max-size, bytes: 1MB, allow-empty: §'yes'}",
            "allow-empty of rule 'a': expected true or false",
        ),
        (
            "- {id: a, type: max-size, bytes: 1MB, mode: §off-by}",
            "mode of rule 'a': expected 'enforce', 'warn' or 'audit'",
        ),
        (
            "- {id: a, type: max-size, bytes: 1MB, mode: warn, enforce-from: §'2027-01-01'}",
            "rule 'a': enforce-from is for rules with mode: enforce",
        ),
        ("- {id: a, type: max-size, bytes: 1MB, artifact: §''}", "artifact of rule 'a': expected a glob"),
        (
            "- {id: a, type: max-size, bytes: 1MB, artifact: §[x]}",
            "artifact of rule 'a': expected a string, found a list",
        ),
        ('- {id: a, type: max-size, bytes: 1MB, fix: §"\\e[31m"}', "fix of rule 'a': expected printable characters"),
        ("- {id: a, type: max-size, bytes: §[1MB]}", "bytes of rule 'a': expected a size such as 250MB or 1GiB"),
        (
            "- {id: a, type: signer-identity, evidence: §[]}",
            "evidence of rule 'a': expected at least one entry, found an empty list",
        ),
        (
            "- {id: a, type: signer-identity, evidence: §{}}",
            "evidence of rule 'a': expected a list, found an empty mapping",
        ),
        (
            "- {id: a, type: signer-identity, evidence: [§sig]}",
            "evidence of rule 'a': 'sig' is no type of evidence (known:",
        ),
        ("- {id: a, type: signer-identity, evidence: [spdx], signers: §[]}", "rule 'a' names no signer"),
        (
            "- {id: a, type: signer-identity, evidence: [spdx], signers: §x}",
            "signers of rule 'a': expected a list, found 'x'",
        ),
        ("- {id: a, type: slsa-build, level: §4}", "level of rule 'a': expected 3 or less, found 4"),
        ("- {id: a, type: slsa-build, level: §0}", "level of rule 'a': expected 1 or more, found 0"),
        ("- {id: a, type: slsa-build, level: §true}", "level of rule 'a': expected a whole number, found true"),
        ("- {id: a, type: slsa-build, level: §null}", "level of rule 'a': expected a whole number, found nothing"),
        (
            '- {id: a, type: slsa-build, source: §"x\\ey"}',
            "source of rule 'a': expected a glob of printable characters",
        ),
        (
            "- §{id: a, type: sbom-complete, profile: ntia-2012}",
            "rule 'a': 'ntia-2012' is no profile (known: ntia-2021)",
        ),
        (
            "- §{id: a, type: sbom-complete, profile: ntia-2021, allow-unknown: [supplier, suplier]}",
            "rule 'a': 'suplier' is no field that may be unknown (known: identifier, name, supplier, version)",
        ),
        (
            "- §{id: a, type: sbom-complete, profile: ntia-2021, allow-unknown: [timestamp]}",
            "rule 'a': 'timestamp' is no field that may be unknown (known: identifier, name, supplier, version)",
        ),
        ("- §{id: a, type: licence}", "rule 'a': give either deny or allow"),
        ("- §{id: a, type: licence, deny: [MIT], allow: [MIT]}", "rule 'a': give either deny or allow"),
        ("- §{id: a, type: licence, deny: [AGPL-3.0-onyl]}", "rule 'a': 'AGPL-3.0-onyl' is no SPDX licence identifier"),
        ("- §{id: a, type: licence, deny: [MIT OR ISC]}", "rule 'a': 'MIT OR ISC' is no SPDX licence identifier"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(rules: str, expected: str) -> None:
    """The mark stands where the problem is."""
    text, place = marked(policy_text(rules))
    (said,) = problems(text)
    assert said.startswith(f"p.yaml:{place}: {expected}")


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("signers", "expected"),
    [
        ("a: {key: §../a.pub}", "'../a.pub' is not a path under the policy's folder"),
        ("a: {key: §/etc/a.pub}", "'/etc/a.pub' is not a path under the policy's folder"),
        ("a: {key: §'C:\\a.pub'}", "'C:\\\\a.pub' is not a path under the policy's folder"),
        ("a: {key: §'x\\..\\a.pub'}", "'x\\\\..\\\\a.pub' is not a path under the policy's folder"),
        ("a: {key: a.pub, §buidler: x}", "unknown key 'buidler' in signer 'a'; did you mean 'builder'?"),
        ("a: §a.pub", "signer 'a': expected a mapping, found 'a.pub'"),
        ("a b: §{key: a.pub}", "signers.a b of the policy: expected text of the form"),
        ("a: {key: a.pub, revoked: §maybe}", "revoked of signer 'a': expected true or false, found 'maybe'"),
        ("a: {key: a.pub, valid-from: §tomorrow}", "valid-from of signer 'a': expected a time such as"),
        (
            "a: {key: a.pub, valid-from: '2027-01-01', valid-until: §'2026-01-01'}",
            "signer 'a': valid-until is before valid-from",
        ),
        ("a: {key: a.pub, slsa-level: §3}", "slsa-level of signer 'a': expected 2 or less, found 3"),
        ("a: {key: a.pub}\n§b: {key: x/a.pub}", "signer 'b' is the same key as 'a'"),
        ("a: §{identity: x@example.org}", "signer 'a' lacks 'issuer'"),
        ("a: §{issuer: https://issuer.example}", "signer 'a' lacks 'identity'"),
        (
            "a: {issuer: https://issuer.example, identity: 'https://github.com/octo/*', claims: {§reff: x}}",
            "unknown key 'reff' in signer 'a'; did you mean 'ref'?",
        ),
    ],
)
def test_a_wrong_signer_is_refused_with_its_place(signers: str, expected: str) -> None:
    """The mark stands where the problem is."""
    text, place = marked(policy_text(SIZE, signers))
    (said,) = problems(text)
    assert said.startswith(f"p.yaml:{place}: {expected}")


@pytest.mark.threat(45)
@pytest.mark.parametrize("key", ["extends", "params", "plugins", "waivers"])
def test_what_this_version_cannot_honour_is_refused_and_never_ignored(key: str) -> None:
    (said,) = problems(policy_text(SIZE, head=f"{key}: []"))
    assert said == f"p.yaml:4:1: {key!r} is not supported by this version, and never ignored"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ["p.yaml:1:1: expected a mapping with schema, id, version, signers and rules"]),
        (
            "{}",
            [
                "p.yaml:1:1: the policy lacks 'schema'",
                "p.yaml:1:1: the policy lacks 'id'",
                "p.yaml:1:1: the policy lacks 'version'",
                "p.yaml:1:1: the policy lacks 'signers'",
                "p.yaml:1:1: the policy lacks 'rules'",
            ],
        ),
    ],
)
def test_what_is_no_policy_says_what_one_is(text: str, expected: list[str]) -> None:
    assert problems(text.encode()) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "supplychain/policy/v1",
            "supplychain/policy/v2",
            "1:9: schema of the policy: expected 'supplychain/policy/v1'",
        ),
        ('version: "1"', "version: 1", "3:10: version of the policy: expected a string, found 1"),
        ('version: "1"', 'version: ""', "3:10: version of the policy: expected text, found ''"),
        ('version: "1"', f'version: "{"1" * 201}"', "3:10: version of the policy: expected at most 200 characters"),
        ("id: test/policy", "id: ../x", "2:5: id of the policy: expected text of the form"),
        (
            "signers:\n  release: {key: release.pub}",
            "signers: {}",
            "4:10: signers of the policy: expected at least one entry",
        ),
        ("signers:\n  release: {key: release.pub}", "signers: [a]", "4:10: signers of the policy: expected a mapping"),
        ("rules:\n", "rulez: 1\nrules:\n", "6:1: unknown key 'rulez' in the policy; did you mean 'rules'?"),
        (
            "signers:\n",
            "trusted-root: sha256:00\nsigners:\n",
            "4:15: trusted-root of the policy: expected text of the form",
        ),
    ],
)
def test_a_wrong_top_level_is_refused_with_its_place(old: str, new: str, expected: str) -> None:
    said = problems(policy_text(SIZE).decode().replace(old, new).encode())
    assert said[0].startswith(f"p.yaml:{expected}")


def test_a_policy_with_no_rules_is_refused() -> None:
    text = policy_text(SIZE).decode().replace(f"rules:\n  {SIZE}", "rules: []")
    assert problems(text.encode()) == [
        "p.yaml:6:8: rules of the policy: expected at least one entry, found an empty list"
    ]
    text = policy_text(SIZE).decode().replace(f"rules:\n  {SIZE}", "rules: {}")
    assert problems(text.encode()) == ["p.yaml:6:8: rules of the policy: expected a list, found an empty mapping"]


def test_a_rule_that_reads_evidence_names_its_signers_unless_there_is_one() -> None:
    two = "a: {key: a.pub}\nb: {key: b.pub}"
    (said,) = problems(policy_text("- {id: x, type: sbom-present}", two))
    assert said == "p.yaml:8:5: rule 'x' must say whose evidence counts: signers: [a, b]"
    assert policy("- {id: x, type: sbom-present}").rules[0].params.model_dump()["signers"] == ("release",)
    assert policy("- {id: x, type: asset-set}", two).rules[0].params.model_dump()["signers"] == ("a", "b")


def test_every_problem_is_told_not_the_first() -> None:
    text = policy_text("\n".join(f"- {{id: r{n}, type: max-size, bites: 1MB}}" for n in range(3)))
    assert len(problems(text)) == 6
    many = policy_text("\n".join("- 7" for _ in range(MAX_REPORTED + 5)))
    said = problems(many)
    assert len(said) == MAX_REPORTED + 1
    assert said[-1] == "and 5 more problems"


def test_a_single_problem_keeps_its_hint_and_place() -> None:
    def private(_: str) -> bytes:
        return b"-----BEGIN PRIVATE KEY-----"

    with pytest.raises(PolicyInvalid) as caught:
        read_policy(policy_text(SIZE), where="p.yaml", load=private)
    assert caught.value.where == "p.yaml:5:18"
    assert caught.value.message == "release.pub: this is a private key"
    assert caught.value.hint == "name the .pub file; keep this one to yourself"


@pytest.mark.parametrize("error", [FileNotFoundError("x"), Unreadable("no such file", where="release.pub")])
def test_a_key_file_that_cannot_be_read_is_a_problem_of_the_policy(error: Exception) -> None:
    def missing(_: str) -> bytes:
        raise error

    policy_, found = examine(policy_text(SIZE), where="p.yaml", load=missing)
    assert policy_ is None
    assert str(found[0]).startswith("p.yaml:5:18: release.pub: ")


def test_the_digest_covers_what_a_policy_means_and_nothing_else() -> None:
    plain = policy(SIZE)
    text = policy_text(SIZE).decode()
    reordered = "# a comment\n" + text.replace("id: test/policy\n", "").replace("rules:", "id: test/policy\nrules:")
    assert read_policy(reordered.encode(), where="q.yaml", load=load_key).sha256 == plain.sha256
    defaults = policy("- {id: size, type: max-size, bytes: 1000kB, mode: enforce, waivable: true, artifact: '*'}")
    assert defaults.sha256 == plain.sha256
    others = [
        policy(SIZE, head="owner: x"),
        policy(SIZE, head="max-age: 25h"),
        policy(SIZE, head=f"trusted-root: sha256:{'0' * 64}"),
        policy(SIZE, signers="release: {key: release.pub, slsa-level: 2}"),
        policy(SIZE, signers="release: {key: other.pub}"),
        policy(SIZE, signers="release: {key: release.pub, revoked: true}"),
        policy(SIZE, signers="release: {key: release.pub, valid-until: '2027-01-01'}"),
        policy("- {id: size, type: max-size, bytes: 2MB}"),
        policy("- {id: size, type: max-size, bytes: 1MB, mode: warn}"),
        policy("- {id: size, type: max-size, bytes: 1MB, enforce-from: '2027-01-01'}"),
        policy("- {id: size, type: max-size, bytes: 1MB, when: {kind: patch}}"),
        policy("- {id: size, type: max-size, bytes: 1MB, waivable: false}"),
        policy("- {id: size, type: max-size, bytes: 1MB, allow-empty: true}"),
        policy("- {id: size, type: max-size, bytes: 1MB, fix: x}"),
    ]
    assert len({p.sha256 for p in [plain, *others]}) == len(others) + 1


@pytest.mark.threat(58)
def test_swapping_a_key_file_changes_the_digest() -> None:
    def other(_: str) -> bytes:
        return generate().public.pem()

    mine, swapped = policy(SIZE), read_policy(policy_text(SIZE), where="p.yaml", load=other)
    assert mine.sha256 != swapped.sha256
    with pytest.raises(PolicyInvalid, match="was asked for"):
        read_policy(policy_text(SIZE), where="p.yaml", load=other, pin=mine.sha256)


@pytest.mark.threat(58)
def test_a_pinned_policy_is_the_one_that_was_pinned() -> None:
    plain = policy(SIZE)
    assert not plain.pinned
    for pin in (plain.sha256, f"sha256:{plain.sha256}"):
        pinned = policy(SIZE, pin=pin)
        assert (pinned.pinned, pinned.ref.pinned, pinned.sha256) == (True, True, plain.sha256)
    with pytest.raises(PolicyInvalid, match="sha256:0000"):
        policy(SIZE, pin="0" * 64)


def as_json(**changes: object) -> bytes:
    body = {
        "schema": "supplychain/policy/v1",
        "id": "test/policy",
        "version": "1",
        "signers": {"release": {"key": "release.pub"}},
        "rules": [{"id": "size", "type": "max-size", "bytes": "1MB"}],
    }
    return json.dumps(body | changes).encode()


TOML = b"""
schema = "supplychain/policy/v1"
id = "test/policy"
version = "1"
signers.release.key = "release.pub"
[[rules]]
id = "size"
type = "max-size"
bytes = "1MB"
"""


def test_json_and_toml_say_the_same() -> None:
    yaml = policy(SIZE)
    assert read_policy(as_json(), where="p.json", load=load_key).sha256 == yaml.sha256
    assert read_policy(TOML, where="p.toml", load=load_key).sha256 == yaml.sha256


@pytest.mark.parametrize(
    ("data", "where", "expected"),
    [
        (as_json(ownr=1), "p.json", "p.json: ownr: unknown key 'ownr' in the policy; did you mean 'owner'?"),
        (as_json(rules=[7]), "p.json", "p.json: rules[0]: rule 1: expected a mapping"),
        (as_json(version=1.5), "p.json", "p.json: version: version of the policy: expected a string, found 1.5"),
        (b"[]", "p.json", "p.json: expected a mapping with schema, id, version, signers and rules"),
        (b'{"a": 1, "a": 2}', "p.json", 'p.json: duplicate key "a"'),
        (b"a =", "p.toml", "p.toml: this is no TOML: Invalid value (at end of document)"),
        (b"\xff", "p.toml", "p.toml: this is no TOML: 'utf-8' codec can't decode byte 0xff in position 0"),
        (
            TOML.replace(b'version = "1"', b"version = 2026-01-01"),
            "p.toml",
            "p.toml: version: version of the policy: expected a string, found 2026",
        ),
    ],
)
def test_json_and_toml_are_refused_with_their_path(data: bytes, where: str, expected: str) -> None:
    assert problems(data, where)[0].startswith(expected)


@pytest.mark.threat(40)
@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"[" * 100_000, "p.json"),
        (b"a = " + b"[" * 100_000, "p.toml"),
        (b"#" * 300_000, "p.toml"),
        (b" " * 300_000, "p.json"),
    ],
)
def test_foreign_depth_and_size_are_limited_in_every_format(data: bytes, where: str) -> None:
    with pytest.raises(LimitExceeded):
        read_policy(data, where=where, load=load_key)


KEYS = ["id", "type", "mode", "when", "signers", "evidence", "rules", "key", "bytes", "x", "schema", "version"]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["a", "release", "max-size", "1MB", "licence", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["signers", "rules", "owner", "max-age", "extends"]), VALUES, max_size=3))
def test_any_content_gives_a_policy_or_problems_with_line_and_column(changes: dict[str, object]) -> None:
    """Any bytes give a result or one of our errors."""
    try:
        places = [problem.at for problem in examine(as_json(**changes), where="p.yaml", load=load_key)[1]]
    except (PolicyInvalid, LimitExceeded) as e:
        places = [e.where]
    for place in places:
        name, line, column = place.rsplit(":", 2)
        assert (name, line.isdigit(), column.isdigit()) == ("p.yaml", True, True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 7))
def test_a_flipped_bit_of_a_policy_gives_another_digest_or_a_refusal_or_the_same_meaning(at: int, bit: int) -> None:
    text = policy_text("# comment\n" + SIZE)
    changed = bytearray(text)
    changed[at % len(text)] ^= 1 << bit
    same = read_policy(text, where="p.yaml", load=load_key)
    try:
        other = read_policy(bytes(changed), where="p.yaml", load=load_key)
    except (PolicyInvalid, LimitExceeded):
        return
    assert (other.sha256 == same.sha256) is (other.resolved() == same.resolved())
