"""archive-hygiene and the rules that read SBOMs: a pass, a failure and nothing at all, for each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from supplychain.model.case import Case, Observed, Unmeasured
from supplychain.model.decision import Finding, Mode, Outcome, Verdict
from supplychain.model.inventory import Completeness, CompletenessState, EntryKind, Scope
from supplychain.policy.licences import Answer, answer, is_licence
from tests.support.cases import (
    artifact,
    case,
    component,
    file,
    judged,
    observed,
    only,
    packed,
    policy,
    refused,
    sbom,
)

APP = artifact()
WHL = artifact("app.whl", b"a wheel\n")
MIT = component("mit", "1.0", "MIT")
AGPL = component("agpl", "2.0", "AGPL-3.0-only")
PACKED = packed(APP, MIT)


def finding(held: Case, rule: str) -> Finding:
    """What one rule comes to."""
    return only(judged(held, f"- {{id: r, {rule}}}"))


def findings(held: Case, rule: str) -> list[Finding]:
    """What one rule comes to, when it finds several things."""
    return [f for f in judged(held, f"- {{id: r, {rule}}}").findings if f.rule == "r"]


def of(seen: Observed, *kinds: str, edit: Callable[[dict[str, Any]], object] | None = None, **fields: Any) -> Case:
    """A case about one artifact as measured, with its SBOMs of these kinds."""
    return case(APP, observed=(seen,), verified=tuple(sbom(seen, kind, edit) for kind in kinds), **fields)


CLEAN = "type: archive-hygiene"


def test_a_clean_archive_passes() -> None:
    entries = [
        file("bin/tool", mode=0o755, owner="root", uid=0, gid=0),
        file("lib/current", kind=EntryKind.SYMLINK, link="v1/../v1", mode=0o777),
        file("lib/hard", kind=EntryKind.HARDLINK, link="bin/tool"),
        file("lib", kind=EntryKind.DIRECTORY, mode=0o755),
        file("inner.tar!/x", mode=None),
    ]
    found = finding(case(APP, observed=(observed(APP, *entries),)), CLEAN)
    assert (found.outcome, found.examined, found.unit) == (Outcome.PASS, 5, "entries")


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("entry", "kind", "said"),
    [
        (file("a", mode=0o666), "world-writable", "everybody may write: a"),
        (file("d", kind=EntryKind.DIRECTORY, mode=0o777), "world-writable", "everybody may write: d"),
        (file("a", mode=0o4755), "setuid", "setuid or setgid: a"),
        (file("a", mode=0o2755), "setuid", "setuid or setgid: a"),
        (file("a", uid=1000), "owner", "owned by the user who packed it: a"),
        (file("a", gid=1000), "owner", "owned by the user who packed it: a"),
        (file("a", owner="builder"), "owner", "owned by the user who packed it: a"),
        (file("/etc/passwd"), "absolute-path", "an absolute path: /etc/passwd"),
        (file("C:/x"), "absolute-path", "an absolute path: C:/x"),
        (file("a.zip!/\\x"), "absolute-path", "an absolute path: a.zip!/\\x"),
        (file("a/../x"), "parent-path", "a path with ..: a/../x"),
        (file("a\\..\\x"), "parent-path", "a path with ..: a\\..\\x"),
        (file("a", kind=EntryKind.SYMLINK, link="../x"), "link-escape", "a link out of the archive: a"),
        (file("a", kind=EntryKind.SYMLINK, link="/x"), "link-escape", "a link out of the archive: a"),
        (file("b/a", kind=EntryKind.SYMLINK, link="../../x"), "link-escape", "a link out of the archive: b/a"),
        (file("i.zip!/a", kind=EntryKind.SYMLINK, link="../x"), "link-escape", "a link out of the archive: i.zip!/a"),
        (file("b/a", kind=EntryKind.HARDLINK, link="../x"), "link-escape", "a link out of the archive: b/a"),
    ],
)
def test_what_harms_who_unpacks_it_fails_unless_it_is_allowed(entry: Any, kind: str, said: str) -> None:
    held = case(APP, observed=(observed(APP, file("fine"), entry),))
    found = finding(held, CLEAN)
    assert (found.outcome, found.message, found.failed, found.total) == (Outcome.FAIL, said, 1, 2)
    assert finding(held, f"{CLEAN}, allow: [{kind}]").outcome is Outcome.PASS
    assert finding(held, f"{CLEAN}, allow: [{kind}], in: ['nowhere/**']").outcome is Outcome.FAIL


def test_an_exception_holds_only_in_its_paths() -> None:
    held = case(APP, observed=(observed(APP, file("tmp/a", mode=0o666), file("b", mode=0o666)),))
    found = finding(held, f"{CLEAN}, allow: [world-writable], in: ['tmp/*']")
    assert found.message == "everybody may write: b"


@pytest.mark.parametrize("kind", [EntryKind.DEVICE, EntryKind.FIFO])
def test_a_device_always_fails(kind: EntryKind) -> None:
    found = finding(case(APP, observed=(observed(APP, file("dev/x", kind=kind)),)), CLEAN)
    assert (found.outcome, found.message) == (Outcome.FAIL, "a device or pipe: dev/x")


def test_every_kind_of_harm_is_told() -> None:
    entries = [file(f"f{n}", mode=0o4777, uid=1000) for n in range(8)]
    found = findings(case(APP, observed=(observed(APP, *entries),)), CLEAN)
    assert [f.message for f in found] == [
        "everybody may write: f0, f1, f2, f3, f4 and 3 more",
        "owned by the user who packed it: f0, f1, f2, f3, f4 and 3 more",
        "setuid or setgid: f0, f1, f2, f3, f4 and 3 more",
    ]
    assert {f.failed for f in found} == {8}


def gap(reason: str, state: CompletenessState = CompletenessState.INCOMPLETE) -> Completeness:
    return Completeness(ref="inner.7z", state=state, reason=reason)


@pytest.mark.threat(51)
def test_an_archive_that_was_not_looked_into_cannot_be_judged() -> None:
    unread = observed(APP, file("inner.7z"), completeness=(gap("not scanned: no reader for 7z"),))
    found = finding(case(APP, observed=(unread,)), CLEAN)
    assert (found.outcome, found.message) == (Outcome.ERROR, "not scanned: inner.7z")
    assert finding(case(APP, observed=(unread,)), f"{CLEAN}, allow: [unscanned]").outcome is Outcome.PASS
    for harmless in (gap("not read by npm: x"), gap("not scanned", CompletenessState.COMPLETE)):
        seen = observed(APP, file("inner.7z"), completeness=(harmless,))
        assert finding(case(APP, observed=(seen,)), CLEAN).outcome is Outcome.PASS


def test_what_was_not_measured_cannot_be_judged() -> None:
    assert finding(case(APP), CLEAN).message == "its inventory was not taken"
    broken = Unmeasured(name=APP.name, sha256=APP.sha256, reason="a damaged archive")
    decision = judged(case(APP, unmeasured=(broken,)), f"- {{id: r, {CLEAN}}}")
    assert decision.verdict is Verdict.UNDETERMINED
    assert "it could not be read: a damaged archive" in [f.message for f in decision.findings]
    other = observed(APP, file("a"), sha256="0" * 64)
    assert finding(case(APP, observed=(other,)), CLEAN).message == "its inventory is of other bytes"
    two = (observed(APP, file("a")), observed(APP, file("b")))
    assert finding(case(APP, observed=two), CLEAN).message == "two inventories of it differ"
    assert finding(case(APP, observed=(two[0], two[0])), CLEAN).outcome is Outcome.PASS
    assert finding(case(APP, observed=(observed(APP),)), CLEAN).outcome is Outcome.ERROR


PRESENT = "type: sbom-present, formats: [cyclonedx, spdx]"


def test_sboms_in_every_format_pass() -> None:
    found = finding(of(PACKED, "cyclonedx", "spdx"), PRESENT)
    assert (found.outcome, found.message) == (Outcome.PASS, "cyclonedx and spdx by release")


def test_a_missing_format_is_told() -> None:
    found = finding(of(PACKED, "cyclonedx"), PRESENT)
    assert (found.outcome, found.message) == (Outcome.ERROR, "no spdx attestation by release was found")
    assert finding(of(PACKED, "cyclonedx"), "type: sbom-present").outcome is Outcome.PASS
    assert finding(of(PACKED, "cyclonedx", rejected=(refused(APP),)), PRESENT).outcome is Outcome.FAIL


def test_an_sbom_that_cannot_be_read_cannot_be_judged() -> None:
    found = finding(of(PACKED, "cyclonedx", edit=lambda d: d.update(components=7)), "type: sbom-present")
    assert found.outcome is Outcome.ERROR
    assert found.message.startswith("its SBOM cannot be read: sbom: components: expected an array")


@pytest.mark.threat(34)
def test_an_sbom_about_another_artifact_fails() -> None:
    def other(value: dict[str, Any]) -> None:
        value["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": "0" * 64}]

    found = finding(of(PACKED, "cyclonedx", edit=other), "type: sbom-present")
    assert (found.outcome, found.message) == (Outcome.FAIL, "its SBOM is about sha256:000000000...")


@pytest.mark.threat(67)
def test_an_empty_sbom_is_no_sbom() -> None:
    found = finding(of(packed(APP, files=()), "cyclonedx"), "type: sbom-present")
    assert (found.outcome, found.message) == (Outcome.ERROR, "its SBOM lists nothing: no component and no file")
    assert found.examined == 0


def test_a_bad_sbom_beside_a_good_one_takes_nothing_from_it() -> None:
    good, bad = sbom(PACKED), sbom(PACKED, edit=lambda d: d.update(components=7), payload_sha256="1" * 64)
    assert finding(case(APP, verified=(good, bad)), "type: sbom-present").outcome is Outcome.PASS


COMPLETE = "type: sbom-complete, profile: ntia-2021"


def test_an_sbom_with_every_field_passes() -> None:
    found = finding(of(PACKED, "cyclonedx"), COMPLETE)
    assert (found.outcome, found.message, found.examined) == (Outcome.PASS, "ntia-2021: every field is there", 1)


def test_missing_fields_are_told_with_where_they_come_from() -> None:
    poor = packed(APP, component("a", producer=""), component("b", producer=""), component("c", version=""))
    found = finding(of(poor, "cyclonedx"), COMPLETE)
    assert found.outcome is Outcome.FAIL
    assert found.message == "ntia-2021 lacks supplier of pkg:pypi/a@1.0 and 1 more, version of pkg:pypi/c@"
    assert (found.examined, found.failed) == (3, 3)
    assert "supplier from the package's own metadata" in found.fix
    allowed = finding(of(poor, "cyclonedx"), f"{COMPLETE}, allow-unknown: [supplier]")
    assert allowed.message == "ntia-2021 lacks version of pkg:pypi/c@"


def test_a_missing_field_of_the_document_is_told_as_that() -> None:
    def undated(value: dict[str, Any]) -> None:
        del value["metadata"]["timestamp"]

    found = finding(of(PACKED, "cyclonedx", edit=undated), COMPLETE)
    assert found.message == "ntia-2021 lacks timestamp of the document"


def test_one_complete_sbom_is_enough() -> None:
    poor = sbom(PACKED, edit=lambda d: d["components"][0].pop("supplier"), payload_sha256="1" * 64)
    assert finding(case(APP, verified=(poor, sbom(PACKED, "spdx"))), COMPLETE).outcome is Outcome.PASS
    assert finding(case(APP, verified=(poor,)), COMPLETE).outcome is Outcome.FAIL


@pytest.mark.threat(67)
def test_too_few_components_fail_and_none_cannot_be_judged() -> None:
    found = finding(of(PACKED, "cyclonedx"), f"{COMPLETE}, min-components: 2")
    assert (found.outcome, found.message) == (Outcome.FAIL, "its SBOM lists 1 components, at least 2 are expected")
    found = finding(of(packed(APP), "cyclonedx"), COMPLETE)
    assert (found.outcome, found.message) == (Outcome.ERROR, "its SBOM lists 0 components, at least 1 are expected")
    empty = judged(of(packed(APP), "cyclonedx"), f"- {{id: r, {COMPLETE}, allow-empty: true}}")
    assert empty.verdict is Verdict.ALLOWED


def test_without_an_sbom_completeness_cannot_be_judged() -> None:
    found = finding(case(APP), COMPLETE)
    assert (found.outcome, found.message) == (Outcome.ERROR, "no cyclonedx or spdx attestation by release was found")


MATCHES = "type: sbom-matches-artifact"


def test_an_sbom_that_agrees_with_every_byte_passes() -> None:
    found = finding(of(PACKED, "cyclonedx", "spdx"), MATCHES)
    assert (found.outcome, found.examined, found.unit) == (Outcome.PASS, 2, "files")


def claimed(*paths: str, content: bytes = b"x") -> Observed:
    """What an SBOM says is inside, whatever really is."""
    return observed(APP, *(file(p, content) for p in paths))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (claimed("a.py", "b.py", content=b"y"), "2 files have other bytes than its SBOM says: a.py, b.py"),
        (claimed("a.py", "b.py", "c.py"), "1 files are in its SBOM and not in it: c.py"),
        (claimed("a.py"), "1 files are in no SBOM: b.py"),
    ],
)
def test_an_sbom_that_differs_from_the_bytes_fails(said: Observed, message: str) -> None:
    found = finding(case(APP, observed=(PACKED,), verified=(sbom(said),)), MATCHES)
    assert (found.outcome, found.message) == (Outcome.FAIL, message)


def test_files_that_need_not_be_listed_are_named_by_glob() -> None:
    held = case(APP, observed=(PACKED,), verified=(sbom(claimed("a.py")),))
    assert finding(held, f"{MATCHES}, allow-unclaimed: ['b.*']").outcome is Outcome.PASS
    assert finding(held, f"{MATCHES}, allow-unclaimed: ['c.*']").outcome is Outcome.FAIL


def test_a_lying_sbom_beside_a_true_one_fails() -> None:
    lying = sbom(claimed("a.py", "b.py", content=b"y"), "spdx")
    assert finding(case(APP, observed=(PACKED,), verified=(sbom(PACKED), lying)), MATCHES).outcome is Outcome.FAIL


def test_several_sboms_may_list_the_files_together() -> None:
    parts = (sbom(claimed("a.py")), sbom(claimed("b.py"), "spdx"))
    assert finding(case(APP, observed=(PACKED,), verified=parts), MATCHES).outcome is Outcome.PASS


def test_an_sbom_without_files_proves_nothing() -> None:
    bare = sbom(PACKED, files=False)
    found = finding(case(APP, observed=(PACKED,), verified=(bare,)), MATCHES)
    assert (found.outcome, found.examined) == (Outcome.ERROR, 0)
    assert found.message == "its SBOMs list no files, so that nothing can be compared"
    both = case(APP, observed=(PACKED,), verified=(bare, sbom(PACKED, "spdx")))
    assert finding(both, MATCHES).outcome is Outcome.PASS


def test_without_bytes_or_sbom_nothing_is_compared() -> None:
    assert finding(case(APP, verified=(sbom(PACKED),)), MATCHES).message == "its inventory was not taken"
    assert finding(case(APP, observed=(PACKED,)), MATCHES).outcome is Outcome.ERROR
    assert finding(case(APP, observed=(PACKED,), rejected=(refused(APP),)), MATCHES).outcome is Outcome.FAIL


@pytest.mark.threat(34)
def test_an_sbom_of_other_bytes_fails_even_beside_a_true_one() -> None:
    def other(value: dict[str, Any]) -> None:
        value["metadata"]["component"]["hashes"] = [{"alg": "SHA-256", "content": "0" * 64}]

    wrong = sbom(PACKED, edit=other, payload_sha256="1" * 64)
    assert (
        finding(case(APP, observed=(PACKED,), verified=(sbom(PACKED, "spdx"), wrong)), MATCHES).outcome is Outcome.FAIL
    )


DENY = "type: licence, deny: [AGPL-3.0-only]"


def test_no_refused_licence_passes() -> None:
    found = finding(of(PACKED, "cyclonedx", "spdx"), DENY)
    assert (found.outcome, found.examined, found.message) == (Outcome.PASS, 1, "no component has a refused licence")


def test_a_refused_licence_fails_and_names_its_components() -> None:
    found = finding(of(packed(APP, MIT, AGPL), "cyclonedx"), DENY)
    assert (found.outcome, found.message) == (Outcome.FAIL, "refused licences: AGPL-3.0-only in agpl 2.0")
    assert (found.examined, found.failed, found.unit) == (2, 1, "components")


@pytest.mark.parametrize("kind", ["cyclonedx", "spdx"])
@pytest.mark.parametrize(
    ("licences", "outcome"),
    [
        (("MIT OR AGPL-3.0-only",), Outcome.PASS),
        (("MIT AND AGPL-3.0-only",), Outcome.FAIL),
        (("(MIT OR AGPL-3.0-only) AND (ISC OR AGPL-3.0-only)",), Outcome.PASS),
        (("MIT OR ISC AND AGPL-3.0-only",), Outcome.PASS),
        (("(MIT OR ISC) AND AGPL-3.0-only",), Outcome.FAIL),
        (("agpl-3.0-ONLY",), Outcome.FAIL),
        (("AGPL-3.0",), Outcome.FAIL),
        (("AGPL-3.0-or-later",), Outcome.PASS),
        (("MIT", "AGPL-3.0-only"), Outcome.FAIL),
        (("GPL-2.0-only WITH Classpath-exception-2.0",), Outcome.PASS),
    ],
)
def test_expressions_are_judged_by_their_meaning(licences: tuple[str, ...], outcome: Outcome, kind: str) -> None:
    assert finding(of(packed(APP, component("x", "1", *licences)), kind), DENY).outcome is outcome


@pytest.mark.parametrize(
    ("allow", "licence", "outcome"),
    [
        ("MIT", "MIT", Outcome.PASS),
        ("MIT", "ISC", Outcome.FAIL),
        ("MIT", "MIT OR ISC", Outcome.PASS),
        ("MIT", "MIT AND ISC", Outcome.FAIL),
        ("GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", Outcome.PASS),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", Outcome.PASS),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", Outcome.FAIL),
        ("Apache-2.0", "Apache-2.0+", Outcome.PASS),
        ("Apache-2.0+", "Apache-2.0+ WITH LLVM-exception", Outcome.PASS),
        ("Apache-2.0+", "Apache-2.0", Outcome.FAIL),
        ("LicenseRef-Ours", "LicenseRef-Ours", Outcome.PASS),
    ],
)
def test_an_allow_list_accepts_nothing_else(allow: str, licence: str, outcome: Outcome) -> None:
    held = of(packed(APP, component("x", "1", licence)), "cyclonedx")
    assert finding(held, f"type: licence, allow: ['{allow}']").outcome is outcome


def test_an_exception_does_not_hide_a_refused_licence() -> None:
    held = of(packed(APP, component("x", "1", "GPL-2.0-only WITH Classpath-exception-2.0")), "cyclonedx")
    assert finding(held, "type: licence, deny: [GPL-2.0-only]").outcome is Outcome.FAIL


@pytest.mark.parametrize("licences", [(), ("see LICENSE.txt",), ("LicenseRef-Ours",), ("MIT AND LicenseRef-Ours",)])
def test_an_unknown_licence_does_what_the_policy_says(licences: tuple[str, ...]) -> None:
    held = of(packed(APP, component("x", "1", *licences)), "cyclonedx")
    found = finding(held, DENY)
    assert (found.outcome, found.mode) == (Outcome.FAIL, Mode.ENFORCE)
    assert found.message.startswith("licence not known: ")
    assert found.message.endswith(" in x 1")
    warned = judged(held, f"- {{id: r, {DENY}, unknown: warn}}")
    assert (warned.verdict, only(warned).mode) == (Verdict.ALLOWED, Mode.WARN)
    assert finding(held, f"{DENY}, unknown: pass").outcome is Outcome.PASS


def test_a_refused_licence_denies_even_where_unknown_ones_only_warn() -> None:
    held = of(packed(APP, AGPL, component("x"), component("y", "1", "AGPL-3.0-only")), "cyclonedx")
    decision = judged(held, f"- {{id: r, {DENY}, unknown: warn}}")
    assert decision.verdict is Verdict.DENIED
    assert [(f.outcome, f.mode) for f in decision.findings] == [
        (Outcome.FAIL, Mode.WARN),
        (Outcome.FAIL, Mode.ENFORCE),
    ]


def test_only_the_scopes_asked_for_are_looked_at() -> None:
    held = of(packed(APP, MIT, replace(AGPL, scope=Scope.DEV)), "cyclonedx", "spdx")
    assert finding(held, f"{DENY}, scopes: [shipped]").outcome is Outcome.PASS
    assert finding(held, f"{DENY}, scopes: [dev]").outcome is Outcome.FAIL
    assert finding(held, f"{DENY}, scopes: [test]").message == "nothing was examined: 0 of 0 components"


def test_what_two_sboms_say_of_one_component_adds_up() -> None:
    nameless = {"purl": "", "ref": "x"}
    one = packed(APP, component("x", "1", "MIT", **nameless))
    other = packed(APP, component("x", "1", "AGPL-3.0-only", **nameless))
    held = case(APP, verified=(sbom(one), sbom(other, "spdx")))
    found = finding(held, DENY)
    assert (found.outcome, found.examined) == (Outcome.FAIL, 1)
    assert found.message == "refused licences: MIT and AGPL-3.0-only in x 1"


def test_without_an_sbom_licences_cannot_be_judged() -> None:
    assert finding(case(APP), DENY).outcome is Outcome.ERROR


def test_several_artifacts_are_each_judged() -> None:
    two = case(APP, WHL, verified=(sbom(PACKED), sbom(packed(WHL, AGPL))), observed=(PACKED, packed(WHL, AGPL)))
    found = finding(two, DENY)
    assert (found.subject, found.examined, found.failed) == ("app.whl", 2, 1)
    assert finding(two, COMPLETE).outcome is Outcome.PASS
    assert finding(two, MATCHES).examined == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("MIT OR ISC", False),
        ("(MIT)", True),
        ("", False),
        ("nope", False),
    ],
)
def test_what_is_one_licence(text: str, expected: bool) -> None:
    assert is_licence(text) is expected


def test_a_deep_or_long_expression_is_unknown_and_soon() -> None:
    for text in ("(" * 400 + "MIT" + ")" * 400, "MIT OR " * 5000 + "MIT", "(" * 5000):
        assert answer(text, lambda _: Answer.FINE) in (Answer.UNKNOWN, Answer.FINE)


def test_a_policy_with_everything_judges_each_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from supplychain.sbom.formats.cyclonedx import CycloneDxJson

    calls: list[int] = []
    read = CycloneDxJson.read

    def counted(self: CycloneDxJson, node: Any) -> Any:
        calls.append(1)
        return read(self, node)

    monkeypatch.setattr(CycloneDxJson, "read", counted)
    rules = [f"- {{id: r{n}, {rule}}}" for n, rule in enumerate([DENY, COMPLETE, MATCHES, "type: sbom-present"])]
    assert judged(of(PACKED, "cyclonedx"), policy("\n".join(rules)))
    assert len(calls) == 1
