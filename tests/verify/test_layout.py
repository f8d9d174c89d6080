"""Classic in-toto: who may say what of which step, and every attack on that. Metadata by the in-toto library itself."""

import base64
import contextlib
import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supplychain.errors import (
    EvidenceMissing,
    KeyUnusable,
    LimitExceeded,
    MalformedDocument,
    PolicyInvalid,
    SignatureInvalid,
    SupplyChainError,
    TimestampInvalid,
    UnsupportedAlgorithm,
    UnsupportedType,
    UsageError,
)
from supplychain.model.artifact import Artifact
from supplychain.model.layout import CheckedStep, LayoutVerification
from supplychain.verify.layout import content, rules, verification
from supplychain.verify.layout.verification import Links
from tests.support.layouts import (
    FILE,
    NOW,
    OTHER,
    file_name,
    folder,
    inspection,
    judge,
    key_of,
    keyid,
    layout,
    link,
    oracle,
    public,
    signed,
    signer,
    step,
)
from tests.support.purity import no_effects

MADE = link("build", {"src": OTHER}, {"app": FILE}, command=["make"])
NOTHING_ELSE = ["DISALLOW", "*"]
ONE = layout(step("build", [["ALLOW", "src"], ["DISALLOW", "*"]], [["CREATE", "app"], ["DISALLOW", "*"]]))
ALICE = folder(("build", "alice", signed(MADE, "alice")))


def only(result: LayoutVerification) -> CheckedStep:
    (found,) = result.steps
    return found


def code(result: LayoutVerification) -> str:
    """The one problem of the one step."""
    assert not result.verified
    (problem,) = only(result).problems
    return problem.code


def altered(data: bytes, change: Callable[[Any], object]) -> bytes:
    value = json.loads(data)
    change(value)
    return json.dumps(value).encode()


@pytest.mark.parametrize("dsse", [False, True])
@pytest.mark.parametrize("kind", ["ed25519-f", "p256-f", "p384-f", "rsa-f"])
def test_a_step_by_its_functionary_holds(kind: str, dsse: bool, tmp_path: Path) -> None:
    data = signed(layout(step("build", products=[["CREATE", "app"]], by=(kind,)), by=(kind,)), kind, dsse=dsse)
    links = folder(("build", kind, signed(MADE, kind, dsse=dsse)))
    result = judge(data, links, kind)
    assert (result.verified, result.exit_code) == (True, 0)
    row = only(result)
    assert row.signers == (public(kind).fingerprint,)
    assert row.links == (f"links/{file_name('build', kind)}",)
    assert (row.materials, row.products, row.notes, row.threshold) == (1, 1, (), 1)
    assert result.signers == (public(kind).fingerprint,)
    assert oracle(data, links, tmp_path, kind)


def test_judging_has_no_effects_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    data = signed(ONE, "owner")
    judge(data, ALICE)
    caplog.clear()
    with no_effects(), caplog.at_level(logging.WARNING):
        assert judge(data, ALICE).verified
    assert caplog.records == []


def test_every_owner_that_is_named_must_have_signed(tmp_path: Path) -> None:
    both = signed(ONE, "owner", "second")
    assert judge(both, ALICE, "owner", "second").verified
    assert judge(both, ALICE, "second").verified
    assert len(judge(both, ALICE, "owner", "owner").signers) == 1
    with pytest.raises(SignatureInvalid, match="not signed by"):
        judge(signed(ONE, "owner"), ALICE, "owner", "second")
    assert not oracle(signed(ONE, "owner"), ALICE, tmp_path, "owner", "second")
    with pytest.raises(UsageError, match="no key"):
        judge(ONE, ALICE, keys=[])
    with pytest.raises(UsageError, match="no key"):
        verification.open_layout(both, keys=[], at=NOW, where="x")


@pytest.mark.threat(6)
@pytest.mark.parametrize("dsse", [False, True])
def test_a_layout_without_signature_is_refused(dsse: bool) -> None:
    with pytest.raises(SignatureInvalid, match="no signature"):
        judge(signed(ONE, dsse=dsse), ALICE)


@pytest.mark.threat(8)
@pytest.mark.parametrize("dsse", [False, True])
def test_a_key_id_that_names_the_owner_is_no_signature(dsse: bool) -> None:
    def claim(value: Any) -> None:
        value["signatures"][0]["keyid"] = keyid("owner")

    with pytest.raises(SignatureInvalid):
        judge(altered(signed(ONE, "mallory", dsse=dsse), claim), ALICE)


def test_a_signature_by_openpgp_is_no_signature_here() -> None:
    def gpg(value: Any) -> None:
        value["signatures"] = [{"keyid": "ab", "other_headers": "00", "signature": "00"}]

    with pytest.raises(SignatureInvalid, match="can be judged"):
        judge(altered(signed(ONE, "owner"), gpg), ALICE)


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_expired_layout_is_refused(seconds: int) -> None:
    at = datetime.fromisoformat("2026-11-24T12:00:00Z")
    with pytest.raises(TimestampInvalid, match="expired"):
        judge(layout(step("build"), expires="2026-11-24T12:00:00Z"), ALICE, at=at + timedelta(seconds=seconds))
    assert judge(layout(step("build"), expires="2026-11-24T12:00:00Z"), ALICE, at=at - timedelta(seconds=1)).verified
    with pytest.raises(UsageError, match="time zone"):
        judge(ONE, ALICE, at=at.replace(tzinfo=None))


def test_a_layout_that_never_expires_is_malformed() -> None:
    def forever(value: Any) -> None:
        del value["expires"]

    assert refused_layout(forever) is MalformedDocument


def refused_layout(change: Callable[[Any], object], base: Any = ONE) -> type[SupplyChainError]:
    """The refusal of a changed layout that its owner signed all the same."""
    value = json.loads(repr(base))
    change(value)
    with pytest.raises(SupplyChainError) as caught:
        judge(resigned(value), ALICE)
    return type(caught.value)


def resigned(value: Any, by: str = "owner") -> bytes:
    """Anything as the payload of a DSSE envelope that is signed well."""
    payload = json.dumps(value).encode()
    kind = "application/vnd.in-toto+json"
    covered = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    signature = bytes.fromhex(signer(by).sign(covered).signature)
    return json.dumps(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}],
        }
    ).encode()


def set_step(**facts: Any) -> Callable[[Any], object]:
    return lambda value: value["steps"][0].update(facts)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (set_step(threshold=True), MalformedDocument),
        (set_step(threshold="one"), MalformedDocument),
        (set_step(pubkeys=["../../etc"]), MalformedDocument),
        (set_step(name="../../etc/passwd"), MalformedDocument),
        (set_step(name="a\nb"), MalformedDocument),
        (set_step(name="n" * 201), MalformedDocument),
        (set_step(expected_products=[["CREATE"]]), MalformedDocument),
        (set_step(expected_products=[["MATCH", "*", "WITH", "NOTHING", "FROM", "x"]]), MalformedDocument),
        (set_step(expected_products=[["CREATE", "{name}"]]), UnsupportedType),
        (set_step(expected_products=[["ALLOW", "*"]] * 1001), LimitExceeded),
        (set_step(pubkeys=["ab" * 32] * 257), LimitExceeded),
        (set_step(expected_command=[1]), MalformedDocument),
        (lambda v: v.update(steps=[]), PolicyInvalid),
        (lambda v: v.update(steps=v["steps"] * 2), MalformedDocument),
        (lambda v: v.update(expires="soon"), MalformedDocument),
        (lambda v: v.update(inspect=None), MalformedDocument),
        (lambda v: v.update(keys=[]), MalformedDocument),
        (lambda v: v.update(keys={"ab": key_of("bob")}), MalformedDocument),
        (lambda v: v.update(_type="link"), UnsupportedType),
    ],
)
def test_a_layout_that_breaks_its_format_is_refused(
    change: Callable[[Any], object], error: type[SupplyChainError]
) -> None:
    assert refused_layout(change) is error


@pytest.mark.threat(17)
@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_below_one_is_no_policy(threshold: int) -> None:
    assert refused_layout(set_step(threshold=threshold)) is PolicyInvalid


@pytest.mark.threat(15)
def test_ten_thousand_steps_are_too_many() -> None:
    assert refused_layout(lambda v: v.update(steps=v["steps"] * 10_000)) is LimitExceeded
    assert refused_layout(lambda v: v.update(keys={f"{i:08x}": key_of("bob") for i in range(257)})) is LimitExceeded


@pytest.mark.threat(4)
def test_another_payload_type_is_refused() -> None:
    def other(value: Any) -> None:
        value["payloadType"] = "text/plain"

    with pytest.raises(UnsupportedType, match="text/plain"):
        judge(altered(signed(ONE, "owner", dsse=True), other), ALICE)


@pytest.mark.threat(39, 41)
def test_what_has_no_canonical_form_is_malformed() -> None:
    half = b'{"signed": {"_type": "layout", "x": 0.5}, "signatures": []}'
    with pytest.raises(MalformedDocument, match="not whole"):
        judge(half, ALICE)
    with pytest.raises(MalformedDocument, match="duplicate"):
        judge(b'{"signed": {}, "signed": {}, "signatures": []}', ALICE)
    with pytest.raises(MalformedDocument, match="hexadecimal"):
        judge(b'{"signed": {}, "signatures": [{"keyid": "", "sig": "0x"}]}', ALICE)


def test_what_is_added_to_the_signed_part_breaks_the_signature() -> None:
    def add(value: Any) -> None:
        value["signed"]["later"] = 1

    with pytest.raises(SignatureInvalid):
        judge(altered(signed(ONE, "owner"), add), ALICE)


def test_no_link_is_missing_evidence_and_not_a_no() -> None:
    result = judge(ONE, Links(where="links"))
    assert code(result) == "EvidenceMissing"
    assert result.exit_code == 3
    assert only(result).problems[0].hint == f"looked for {file_name('build', 'alice')}"


@pytest.mark.parametrize(
    ("links", "said"),
    [
        (folder(("build", "alice", signed(MADE))), "no signature"),
        (folder(("build", "alice", signed(MADE, "mallory"))), "not signed by"),
        (folder(("build", "alice", signed(MADE, "bob"))), "not signed by"),
        (folder(("build", "alice", signed(link("test", {}, {"app": FILE}), "alice"))), "of the step 'test'"),
        (folder(("build", "alice", altered(signed(MADE, "alice"), lambda v: v["signed"].update(name="b")))), "not sig"),
    ],
    ids=["unsigned", "untrusted key", "functionary of another step", "link of another step", "altered"],
)
def test_a_link_that_is_not_the_functionary_s_word_does_not_count(links: Links, said: str, tmp_path: Path) -> None:
    data = signed(ONE, "owner")
    result = judge(data, links)
    assert code(result) == "ThresholdNotMet"
    assert result.exit_code == 1
    assert said in only(result).problems[0].message
    if "step 'test'" not in said:  # the library does not look at the name
        assert not oracle(data, links, tmp_path)


def test_a_functionary_who_is_not_authorised_counts_for_nothing() -> None:
    assert code(judge(ONE, folder(("build", "bob", signed(MADE, "bob"))))) == "EvidenceMissing"
    unknown = layout(step("build"), by=())
    assert code(judge(unknown, ALICE)) == "EvidenceMissing"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"signed": 1}', b"\xff", signed(ONE, "alice").replace(b'"layout"', b'"x"')],
    ids=range(7),
)
def test_a_link_that_cannot_be_read_is_not_judged(data: bytes) -> None:
    result = judge(ONE, folder(("build", "alice", data)))
    assert only(result).problems
    assert result.exit_code in (1, 3)
    assert any(n.startswith("does not count") for n in only(result).notes)


def test_a_link_of_no_known_kind_is_not_judged() -> None:
    assert code(judge(ONE, folder(("build", "alice", resigned({"_type": "x"}, "alice"))))) == "UnsupportedType"
    big = link("build", {}, {f"{i}": FILE for i in range(4)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "MAX_ARTIFACTS", 3)
        assert code(judge(ONE, folder(("build", "alice", signed(big, "alice"))))) == "LimitExceeded"


def test_a_bad_link_among_good_ones_takes_nothing_from_them() -> None:
    two = layout(step("build", by=("alice", "bob")))
    result = judge(two, folder(("build", "alice", b"broken"), ("build", "bob", signed(MADE, "bob"))))
    assert result.verified
    assert only(result).signers == (public("bob").fingerprint,)
    assert only(result).notes[0].startswith("does not count: links/build.")


@pytest.mark.threat(7)
def test_one_key_under_two_ids_is_one_functionary() -> None:
    twin = {**key_of("alice"), "keyid": "ab" * 32}
    value = json.loads(repr(layout(step("build", by=("alice",), threshold=2))))
    value["keys"]["ab" * 32] = twin
    value["steps"][0]["pubkeys"].append("ab" * 32)
    links = folder(("build", "alice", signed(MADE, "alice")))
    doubled = Links(where="links", files={**links.files, f"build.{'ab' * 4}.link": signed(MADE, "alice")})
    assert code(judge(resigned(value), doubled)) == "ThresholdNotMet"


def test_a_threshold_counts_functionaries_who_agree(tmp_path: Path) -> None:
    two = layout(step("build", by=("alice", "bob", "carol"), threshold=2))
    other = link("build", {"src": OTHER}, {"app": OTHER})
    for bob, good in ((MADE, True), (other, False)):
        links = folder(("build", "alice", signed(MADE, "alice")), ("build", "bob", signed(bob, "bob")))
        data = signed(two, "owner")
        assert judge(data, links).verified is good
        assert oracle(data, links, tmp_path / str(good)) is good
    assert code(judge(two, ALICE)) == "ThresholdNotMet"
    assert code(judge(two, folder(("build", "alice", signed(MADE, "alice")), ("build", "bob", b"")))) == (
        "MalformedDocument"
    )


def test_of_two_functionaries_where_one_is_enough_the_first_counts(tmp_path: Path) -> None:
    either = layout(step("build", products=[["REQUIRE", "app"]], by=("alice", "bob")))
    nothing = link("build")
    for alice, bob, good in ((MADE, nothing, True), (nothing, MADE, False)):
        links = folder(("build", "alice", signed(alice, "alice")), ("build", "bob", signed(bob, "bob")))
        data = signed(either, "owner")
        assert judge(data, links).verified is good
        assert oracle(data, links, tmp_path / str(good)) is good


def test_a_key_that_proves_nothing_is_not_judged() -> None:
    weak = layout(step("build", by=("weak",)), by=("weak",))
    assert code(judge(weak, folder(("build", "weak", signed(MADE, "weak"))))) == "UnsupportedAlgorithm"
    pgp = json.loads(repr(ONE))
    pgp["keys"][keyid("alice")] = {"keyid": keyid("alice"), "type": "rsa", "method": "pgp+rsa-pkcsv1.5", "keyval": {}}
    assert code(judge(resigned(pgp), ALICE)) == "UnsupportedAlgorithm"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scheme": "ed25519"}, UnsupportedAlgorithm),
        ({"keytype": "ed25519"}, MalformedDocument),
        ({"keyval": {"public": "no key"}}, KeyUnusable),
    ],
)
def test_a_key_of_a_layout_that_contradicts_itself_is_not_used(
    change: dict[str, Any], error: type[SupplyChainError]
) -> None:
    value = json.loads(repr(ONE))
    value["keys"][keyid("alice")].update(change)
    result = judge(resigned(value), ALICE)
    assert (code(result), result.exit_code) == (error.__name__, 3)


def test_a_pkcs1_signature_is_none_where_pss_is_meant() -> None:
    with pytest.raises(SignatureInvalid):
        public("alice").verify_pss(b"x", b"y")
    with pytest.raises(SignatureInvalid):
        public("rsa").verify_pss(b"x", b"y")


def test_another_command_is_noted_and_decides_nothing(tmp_path: Path) -> None:
    data = signed(layout(step("build", expected_command=["make", "all"])), "owner")
    result = judge(data, ALICE)
    assert result.verified
    assert only(result).notes == ("the command is not the one the layout expects",)
    assert oracle(data, ALICE, tmp_path)
    assert only(judge(layout(step("build", expected_command=["make"])), ALICE)).notes == ()


def test_a_replayed_link_does_not_fit_the_step_before_it(tmp_path: Path) -> None:
    chain = layout(
        step("fetch", products=[["CREATE", "src"], ["DISALLOW", "*"]]),
        step("build", [["MATCH", "src", "WITH", "PRODUCTS", "FROM", "fetch"], ["DISALLOW", "*"]], by=("bob",)),
    )
    data, old = signed(chain, "owner"), signed(link("build", {"src": OTHER}, {"app": FILE}), "bob")
    for now, good in ((OTHER, True), (FILE, False)):
        links = folder(("fetch", "alice", signed(link("fetch", {}, {"src": now}), "alice")), ("build", "bob", old))
        result = judge(data, links)
        assert result.verified is good
        assert oracle(data, links, tmp_path / str(good)) is good
    assert [p.message for p in result.steps[1].problems] == ["materials of build: DISALLOW *: src"]


def test_when_a_step_lacks_its_link_no_rule_is_judged() -> None:
    chain = layout(step("fetch"), step("build", [["DISALLOW", "*"]]))
    result = judge(chain, ALICE)
    assert [[p.code for p in s.problems] for s in result.steps] == [["EvidenceMissing"], []]


SUB = layout(
    step("inner", products=[["CREATE", "app"], ["DISALLOW", "*"]], by=("bob",)), step("last", by=("bob",)), by=("bob",)
)
INNER = folder(
    ("inner", "bob", signed(link("inner", {"src": OTHER}, {"app": FILE}), "bob")),
    ("last", "bob", signed(link("last", {"x": FILE}, {"app": FILE}, command=["strip"]), "bob")),
)


def below(links: Links = INNER, by: str = "alice", name: str = "build") -> dict[str, Links]:
    return {file_name(name, by).removesuffix(".link"): links}


def test_a_layout_stands_for_a_link_with_its_first_materials_and_last_products(tmp_path: Path) -> None:
    data = signed(ONE, "owner")
    links = folder(("build", "alice", signed(SUB, "alice")), below=below())
    result = judge(data, links)
    assert result.verified
    assert (only(result).materials, only(result).products) == (1, 1)
    assert oracle(data, links, tmp_path)


@pytest.mark.parametrize(
    ("sub", "inside", "found"),
    [
        (SUB, Links(), "EvidenceMissing"),
        (layout(step("inner", by=("bob",)), expires="2020-01-01T00:00:00Z"), INNER, "ThresholdNotMet"),
        (layout(step("inner", products=[["DISALLOW", "*"]], by=("bob",)), by=("bob",)), INNER, "ThresholdNotMet"),
        (layout(step("inner", by=("bob",)), inspect=[inspection("i", ["true"])]), INNER, "UnsupportedType"),
    ],
)
def test_a_layout_that_does_not_hold_is_no_link(sub: Any, inside: Links, found: str, tmp_path: Path) -> None:
    links = folder(("build", "alice", signed(sub, "alice")), below=below(inside))
    assert code(judge(ONE, links)) == found
    if found != "UnsupportedType":
        assert not oracle(signed(ONE, "owner"), links, tmp_path)


@pytest.mark.threat(51)
def test_layouts_inside_layouts_end() -> None:
    again = layout(step("build", by=("alice",)))
    links = folder(("build", "alice", signed(MADE, "alice")))
    for _ in range(verification.MAX_DEPTH):
        links = folder(("build", "alice", signed(again, "alice")), below=below(links))
    assert judge(again, links).verified
    links = folder(("build", "alice", signed(again, "alice")), below=below(links))
    assert code(judge(again, links)) == "LimitExceeded"


def test_a_budget_bounds_links_and_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    sub = folder(("build", "alice", signed(SUB, "alice")), below=below())
    monkeypatch.setattr(verification, "MAX_LINKS", 2)
    with pytest.raises(LimitExceeded, match="more links"):
        judge(ONE, sub)
    monkeypatch.setattr(verification, "MAX_LINKS", 3)
    assert judge(ONE, sub).verified
    budget = rules.Budget(links=1, comparisons=1)
    with pytest.raises(LimitExceeded, match="comparisons"):
        budget.compare(2)


@pytest.mark.threat(54)
def test_names_of_links_are_looked_up_and_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    value = json.loads(repr(ONE))
    value["steps"][0]["name"] = "../secret"
    with pytest.raises(MalformedDocument, match="without /"):
        judge(resigned(value), ALICE)


def made(content: bytes, **digests: str) -> Artifact:
    return Artifact(
        name="app",
        sha256=hashlib.sha256(content).hexdigest(),
        measure=lambda algorithm: hashlib.new(algorithm, content).hexdigest(),
    )


@pytest.mark.threat(31, 32)
def test_a_file_in_hand_must_be_a_product_of_the_last_step() -> None:
    sha256, sha512 = hashlib.sha256(b"app").hexdigest(), hashlib.sha512(b"app").hexdigest()
    for digests, good in (
        ({"sha256": sha256}, True),
        ({"sha512": sha512}, True),
        ({"sha256": sha256, "sha512": "0" * 128}, False),
        ({"sha256": "0" * 64}, False),
        ({"md5": hashlib.md5(b"app").hexdigest()}, False),
    ):
        links = folder(("build", "alice", signed(link("build", {}, {"dist/app": digests}), "alice")))
        result = judge(layout(step("build")), links, artifacts=[made(b"app")])
        assert result.verified is good
        (row,) = result.products
        assert row.names == (("dist/app",) if good else ())
        assert good or (row.error is not None and row.error.code == "SubjectMismatch")
        assert result.exit_code == (0 if good else 1)
    assert judge(ONE, Links(), artifacts=[made(b"app")]).products == ()


def test_inspections_are_refused_unless_somebody_runs_them() -> None:
    inspected = layout(step("build"), inspect=[inspection("untar", ["tar", "xf", "app"])])
    with pytest.raises(UnsupportedType) as caught:
        judge(inspected, ALICE)
    assert "--unsafe-run-inspections" in caught.value.hint


def test_an_inspection_is_judged_by_its_rules() -> None:
    inspected = layout(
        step("build"),
        inspect=[inspection("look", ["true"], [["MATCH", "app", "WITH", "PRODUCTS", "FROM", "build"], NOTHING_ELSE])],
    )
    for there, good in (({"app": FILE}, True), ({"app": OTHER}, False), ({"app": FILE, "more": FILE}, False)):
        run = content.Performed(materials={"app": FILE}, products=there)
        result = judge(inspected, ALICE, inspect=lambda _, run=run: run)
        assert result.verified is good
        assert [s.inspection for s in result.steps] == [False, True]

    def fails(_: content.Item) -> content.Performed:
        raise EvidenceMissing("not today")

    result = judge(inspected, ALICE, inspect=fails)
    assert (result.exit_code, result.steps[1].problems[0].code) == (3, "EvidenceMissing")


def test_no_inspection_is_run_when_a_step_does_not_hold() -> None:
    def never(_: content.Item) -> content.Performed:
        raise AssertionError("it was run")

    inspected = layout(step("build", products=[["DISALLOW", "*"]]), inspect=[inspection("look", ["true"])])
    assert not judge(inspected, ALICE, inspect=never).verified


REFUSED = {
    "layout": [signed(ONE, "mallory"), signed(layout(step("build", products=[NOTHING_ELSE])), "owner")],
    "link": [signed(MADE, "mallory"), signed(link("build", {}, {"bad": FILE}), "alice")],
}
GOOD_LAYOUT, GOOD_LINK = signed(ONE, "owner"), signed(MADE, "alice")
ANY = st.binary(max_size=60) | st.sampled_from([GOOD_LAYOUT, GOOD_LINK, signed(SUB, "owner"), *REFUSED["layout"]])


@settings(max_examples=40, deadline=None)
@given(ANY, ANY)
def test_any_bytes_give_a_result_or_an_error_of_ours(first: bytes, second: bytes) -> None:
    """Any bytes give a result or one of our errors, and nothing but the true files a success."""
    try:
        result = judge(first, folder(("build", "alice", second)))
    except SupplyChainError:
        return
    assert result.verified is ((first, second) == (GOOD_LAYOUT, GOOD_LINK))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_flipping_a_bit_never_turns_a_refusal_into_a_success(data: st.DataObject) -> None:
    """Flipping one bit of layout or link never turns deny into allow."""
    flip_layout = data.draw(st.booleans())
    which = data.draw(st.sampled_from(REFUSED["layout" if flip_layout else "link"]))
    changed = bytearray(which)
    bit = data.draw(st.integers(0, len(changed) * 8 - 1))
    changed[bit // 8] ^= 1 << bit % 8
    files = (bytes(changed), GOOD_LINK) if flip_layout else (GOOD_LAYOUT, bytes(changed))
    with contextlib.suppress(SupplyChainError):
        assert not judge(files[0], folder(("build", "alice", files[1]))).verified


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_flipping_a_bit_of_what_is_signed_is_noticed(data: st.DataObject) -> None:
    """A flip inside the signed content of a good link never leaves it a success with other content."""
    good = bytearray(GOOD_LINK)
    at = good.index(b'"signed"')
    bit = data.draw(st.integers(at * 8, len(good) * 8 - 1))
    good[bit // 8] ^= 1 << bit % 8
    try:
        result = judge(ONE, folder(("build", "alice", bytes(good))))
    except SupplyChainError:
        return
    assert not result.verified or json.loads(bytes(good))["signed"] == json.loads(GOOD_LINK)["signed"]
