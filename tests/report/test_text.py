"""Screens: the answer first, then why, then what next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from supplychain.model.decision import Mode, Outcome, Verdict
from supplychain.model.release import AssetSet, Published
from supplychain.model.results import Validation, Written
from supplychain.model.verification import Problem, Verification, VerifiedRow
from supplychain.report import render
from supplychain.report.screen import cells, counted, exact, minute, size, wrap
from tests.support.decisions import NOON, decision, denied, finding
from tests.support.results import (
    ASSETS,
    INVENTORY,
    KEY,
    NOT_VERIFIED,
    PUBLISHED,
    SHA,
    VALIDATION,
    VERIFIED,
    WRITTEN,
)

DENIED_AT_80 = """\
DENIED  chat-server 10.11.3 (patch, security)
        2 of 11 rules failed, 1 could not be judged
        policy chat/server-release 2026.11.1 sha256:4f1c2a9be0d1
        policy not pinned   as of 2026-11-23 12:00 UTC

  FAIL    signed-by-ci       1 of 2 artifacts
          chat-server-10.11.3-linux-arm64.tar.gz: provenance is by octo/fork,
            not octo/server
  FAIL    sbom-matches       1 of 2 artifacts
          chat-server-10.11.3-linux-arm64.tar.gz: 2 files in the tarball are in
            no SBOM: bin/chatctl, prepackaged/jira-4.1.0.tar.gz
  ERROR   tests-passed       0 of 2 artifacts examined
          no test-result attestation for sha256:777777777777
  WARN    no-snapshot-deps   1 of 412 components
          example-lib 1.2.0-SNAPSHOT
  waived  licences           1 of 412 components
          W-7: by a.person until 2026-12-01 (8 days): LGPL-2.1-only in libvips
  n/a     1 rule: sbom-diff (not applicable, its condition does not hold)
  pass    5 rules: builder-l3, sbom-ntia, asset-set, archive-hygiene and 1 more
  read    2 artifacts, 412 components, 2 pieces of evidence

Evidence that was found and does not count:
  dist/arm64.attestations.jsonl#2: SignatureInvalid: not signed by the P-256 key
    sha256:0011aabb

To get this release allowed:
  1. Re-run the release workflow of octo/server from tag v10.11.3 for
     linux-arm64.
  2. Rebuild the SBOM from the tarball:
       supplychain sbom create dist/chat-server-10.11.3-linux-arm64.tar.gz
  3. Attach the test results:
       supplychain attest --type test-result --predicate results.json ...
Why, step by step: --explain signed-by-ci. Nothing may be published.
"""


def test_a_denial_says_what_failed_and_what_to_do_in_order() -> None:
    assert render(denied(), "text", width=80) == DENIED_AT_80


def test_on_a_wide_screen_messages_stand_beside_their_rules() -> None:
    shown = render(denied(), "text", width=120)
    assert (
        "  ERROR   tests-passed       0 of 2 artifacts examined   no test-result attestation for sha256:777777777777\n"
        in shown
    )
    assert max(map(cells, shown.splitlines())) <= 120


def test_what_is_allowed_is_short() -> None:
    shown = render(decision(Verdict.ALLOWED, finding("a"), finding("b")), "text")
    assert shown == (
        "ALLOWED  chat-server 10.11.3 (patch, security)   all 2 rules passed\n"
        "         policy chat/server-release 2026.11.1 sha256:4f1c2a9be0d1   policy not pinned\n"
        "         as of 2026-11-23 12:00 UTC\n"
        "\n"
        "  pass  2 rules: a, b\n"
        "  read  2 artifacts, 2 pieces of evidence\n"
    )


def test_undetermined_says_that_nothing_was_judged_wrong() -> None:
    unjudged = finding("tests-passed", Outcome.ERROR, examined=0, total=0, title="Tests passed")
    shown = render(decision(Verdict.UNDETERMINED, unjudged, finding("ok"), release=None), "text", width=120)
    first, second, *_ = shown.splitlines()
    assert first == "UNDETERMINED  chat-server-10.11.3-linux-amd64.tar.gz, chat-server-10.11.3-linux-arm64.tar.gz"
    assert second.strip() == "nothing was judged wrong, but 1 of 2 rules could not be judged"
    assert "  ERROR  tests-passed   0 examined   message of tests-passed\n" in shown
    assert "To get this release judged:\n  1. tests-passed: Tests passed\n" in shown
    assert shown.endswith("Nothing may be published.\n")


def test_undetermined_beside_a_warning_does_not_say_that_nothing_is_wrong() -> None:
    warned = finding("w", Outcome.FAIL, mode=Mode.WARN)
    shown = render(decision(Verdict.UNDETERMINED, finding("e", Outcome.ERROR), warned), "text")
    assert "nothing that blocks was judged wrong, but 1 of 2 rules could not be judged" in shown


def test_allowed_names_what_did_not_simply_pass() -> None:
    shown = render(
        decision(
            Verdict.ALLOWED,
            finding("a"),
            finding("w", Outcome.FAIL, mode=Mode.WARN),
            finding("u", Outcome.ERROR, mode=Mode.AUDIT, message="no time"),
            finding("v", Outcome.WAIVED, waiver="W-1"),
            finding("n", Outcome.NOT_APPLICABLE),
        ),
        "text",
        width=120,
    )
    assert "1 of 5 rules passed, 1 only warned, 1 only noted, 1 waived, 1 not applicable" in shown
    assert "  audit   u   2 of 2 artifacts examined   could not be judged: no time\n" in shown


def test_a_pinned_policy_and_a_root_are_named() -> None:
    ref = replace(decision().policy, pinned=True)
    shown = render(decision(Verdict.ALLOWED, finding("a"), policy=ref, root="9ab0c1d2e3f4" + "0" * 52), "text")
    assert "sha256:4f1c2a9be0d1 pinned" in shown
    assert "not pinned" not in shown
    assert "root sha256:9ab0c1d2e3f4" in shown


def test_allowed_without_a_permit_says_why() -> None:
    shown = render(decision(Verdict.ALLOWED, finding("a"), no_permit="judged as of a chosen time"), "text")
    assert shown.endswith("\nNo permit: judged as of a chosen time\n")


def test_many_findings_are_counted_not_dropped_and_verbose_shows_them() -> None:
    many = [finding("licences", Outcome.FAIL, message=f"finding {i}", fix=f"fix {i}") for i in range(40)]
    shown = render(decision(Verdict.DENIED, *many), "text")
    assert "finding 4\n" in shown
    assert "finding 5" not in shown
    assert "and 35 more\n" in shown
    assert " 10. fix 9\n     and 30 more\n" in shown
    told = render(decision(Verdict.DENIED, *many), "text", verbose=True)
    assert "finding 39\n" in told
    assert " 40. fix 39\n" in told
    assert "judged  chat-server-10.11.3-linux-amd64.tar.gz  sha256:777777777777" in told


def test_a_rule_with_two_outcomes_is_counted_once_by_the_worse() -> None:
    shown = render(decision(Verdict.DENIED, finding("r", Outcome.FAIL), finding("r")), "text")
    assert "1 of 1 rule failed" in shown
    assert "pass" not in shown


def test_a_message_names_its_artifact_once() -> None:
    arm = finding("r", Outcome.FAIL, subject="arm.tar.gz", message="no signature")
    amd = finding("q", Outcome.FAIL, subject="amd.tar.gz", message="amd.tar.gz has no signature")
    shown = render(decision(Verdict.DENIED, arm, amd), "text")
    assert "arm.tar.gz: no signature\n" in shown
    assert "  amd.tar.gz has no signature\n" in shown


def test_what_was_not_examined_is_said() -> None:
    shown = render(decision(Verdict.DENIED, finding("r", Outcome.FAIL, examined=1, total=3)), "text")
    assert "1 of 3 artifacts, 1 examined" in shown


def test_colour_only_repeats_words() -> None:
    plain, painted = (render(denied(), "text", colour=colour) for colour in (False, True))
    assert painted.startswith("\x1b[1;31mDENIED\x1b[0m  chat-server")
    for code in ("0", "1", "2", "33", "1;31", "1;32"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == plain


def test_verified_names_who_signed_when_and_where() -> None:
    assert render(VERIFIED, "text", width=80) == (
        "VERIFIED  chat.tar.gz   sha256:77ab01c2d3e4\n"
        "  signature   by release.pub   signing time not proven\n"
        "    in chat.tar.gz.sigstore.json\n"
        "  https://slsa.dev/provenance/v1\n"
        "    by https://github.com/octo/server/.github/workflows/release.yml@refs/tags/v1\n"
        "    issuer https://token.actions.githubusercontent.com\n"
        "    from https://github.com/octo/server refs/tags/v1   on 2026-11-23 12:00 UTC\n"
        "    in chat.tar.gz.attestations.jsonl#1   root sha256:9ab0c1d2e3f4\n"
        "    sha512 not compared   sigstore-python agrees\n"
        "  found, and does not count:\n"
        "    chat.tar.gz.attestations.jsonl#2: SignatureInvalid: not signed by the P-256\n"
        "      key sha256:0011aabbccdd\n"
    )


def test_not_verified_names_the_error_and_the_next_step() -> None:
    assert render(NOT_VERIFIED, "text", width=120) == (
        "NOT VERIFIED  0 of 2 artifacts verified\n"
        "\n"
        "NOT VERIFIED  chat.tar.gz   sha256:77ab01c2d3e4\n"
        "  SubjectMismatch: the bundle chat.tar.gz.sigstore.json signs sha256:90fe11aa0b3c, "
        "this file is sha256:77ab01c2d3e4\n"
        "  hint: the file changed after it was signed; fetch it again, or sign the new file\n"
        "NOT VERIFIED  gone.tar.gz\n"
        "  Unreadable: gone.tar.gz: no such file or directory\n"
    )


def test_nothing_verified_is_not_verified() -> None:
    shown = render(Verification(rows=(), verified=True, exit_code=0), "text")
    assert shown == "NOT VERIFIED  nothing was examined\n"


@pytest.mark.parametrize("verified", [True, False])
def test_an_artifact_without_a_good_row_is_never_verified(verified: bool) -> None:
    row = VerifiedRow(artifact="a", sha256=SHA, bundle=None, error=Problem(code="EvidenceMissing", message="none"))
    assert render(Verification(rows=(row,), verified=verified, exit_code=3), "text").startswith("NOT VERIFIED  a ")


def test_an_unexplained_no_is_not_shown_as_verified() -> None:
    row = VerifiedRow(artifact="a", sha256=SHA, bundle="b", predicate_type="signature", signer="k")
    assert render(Verification(rows=(row,), verified=False, exit_code=1), "text").startswith("NOT VERIFIED  a ")


def test_a_bad_named_bundle_beside_a_good_one_is_not_shown_as_verified() -> None:
    shown = render(replace(VERIFIED, verified=False, exit_code=1), "text")
    assert shown.startswith("NOT VERIFIED  chat.tar.gz ")


def test_validation_names_each_document_and_its_problems() -> None:
    assert render(VALIDATION, "text") == (
        "NOT VALID  1 of 3 documents valid\n"
        "\n"
        "VALID  chat.cdx.json   CycloneDX 1.6 JSON\n"
        "NOT VALID  other.cdx.json   CycloneDX 1.6 JSON\n"
        "  MalformedDocument: components[3].type: 'libary' is not one of 13\n"
        "NOT VALID  notes.txt   format unknown\n"
        "  UnsupportedType: no SBOM\n"
        "  hint: CycloneDX and SPDX are known\n"
    )


def test_nothing_validated_is_not_valid_nor_is_a_document_of_no_format() -> None:
    assert render(Validation(documents=(), exit_code=0), "text") == "NOT VALID  nothing was examined\n"
    nameless = replace(VALIDATION.documents[0], format="")
    shown = render(Validation(documents=(nameless,), exit_code=0), "text")
    assert shown == "NOT VALID  chat.cdx.json   format unknown\n"


def test_a_document_with_many_problems_counts_the_rest() -> None:
    problems = tuple(Problem(code="MalformedDocument", message=f"p{i}") for i in range(50))
    result = Validation(documents=(replace(VALIDATION.documents[1], problems=problems),), exit_code=1)
    assert render(result, "text").endswith("p19\n  and 30 more\n")
    assert render(result, "text", verbose=True).endswith("p49\n")


def test_a_fingerprint_is_shown_whole_because_people_compare_it() -> None:
    assert render(KEY, "text") == (
        "release.key   P-256 private key\n"
        f"  fingerprint  sha256:{SHA}\n"
        "  password     needed to sign\n"
        "wrote release.key\n"
        "wrote release.pub\n"
    )


def test_a_key_without_a_password_is_called_that() -> None:
    shown = render(replace(KEY, encrypted=False), "text")
    assert "  password     none: whoever reads this file can sign in your name\n" in shown
    assert "password" not in render(replace(KEY, private=False, encrypted=None), "text")


def test_written_and_kept_files_and_the_next_command() -> None:
    assert render(WRITTEN, "text", width=80) == (
        "chat-server 10.11.3: 3 assets, 142 MiB\n"
        "wrote dist/chat.tar.gz.sigstore.json\n"
        "wrote dist/release.json\n"
        "kept dist/SHA256SUMS: it says exactly this already\n"
        "next: supplychain gate dist/ --policy policies/release.yaml\n"
    )
    assert render(Written(verb="sign", files=()), "text") == "wrote nothing\n"


def test_an_inventory_counts_by_ecosystem_and_says_what_it_does_not_know() -> None:
    assert render(INVENTORY, "text") == (
        "chat-server-10.11.3-linux-amd64.tar.gz   142 MiB, 2 files, 1 link, 1 nested archive\n"
        "sha256:77ab01c2d3e4\n"
        "  npm         1,604 components from 1 file (401 dev)\n"
        "  golang      235 components from 9 files\n"
        "  other       1 component\n"
        "  incomplete  1 place could not be read in full\n"
        "              client/main.js: a bundle without its source map\n"
        "  unknown     1 place may hold more than is listed\n"
        "              deep.zip: encrypted, not scanned\n"
        "  not told    licence unknown for 2 components, producer withheld for 1 component\n"
    )


def test_an_inventory_of_nothing_says_so() -> None:
    empty = replace(INVENTORY, components=(), completeness=(), unknowns=(), sha256=None, kind="source")
    shown = render(empty, "text", width=120)
    assert "a folder\n  none      no component was recognised\n  complete  everything that was met was read\n" in shown


def test_nothing_met_is_not_called_complete() -> None:
    empty = replace(INVENTORY, components=(), completeness=(), unknowns=(), entries=())
    assert "complete" not in render(empty, "text")
    assert '"complete": false' in render(empty, "json")
    assert '"complete": true' in render(replace(INVENTORY, completeness=()), "json")


def test_an_asset_set_lists_its_files() -> None:
    assert render(ASSETS, "text") == (
        "chat-server 10.11.3 (patch, security)   2 files, 142 MiB   set sha256:15959c1dc1d5\n"
        "  chat-server-10.11.3-linux-amd64.tar.gz  142 MiB     sha256:77ab01c2d3e4\n"
        "  chat-server-10.11.3.cdx.json            913 bytes   sha256:bbbbbbbbbbbb\n"
    )
    many = AssetSet(release=ASSETS.release, assets=ASSETS.assets * 40)
    assert render(many, "text").endswith("  and 30 more\n")
    assert render(many, "text", verbose=True).count("913 bytes") == 40


def test_published_says_where_and_that_it_was_read_back() -> None:
    assert render(PUBLISHED, "text", width=120) == (
        "PUBLISHED  chat-server 10.11.3 (patch, security)   set sha256:77ab01c2d3e4\n"
        "           resumed the publish begun 2026-11-23 12:00 UTC\n"
        "  done           file:///srv/releases          9 files   /srv/releases/chat-server/10.11.3\n"
        "  there already  oci://registry.example/chat   9 files\n"
        "Read back from every destination: it holds what was judged.\n"
        "\n"
        "Withheld, it did not go out:\n"
        "  a.attestations.jsonl: 1 of 4 attestations were not judged\n"
        "  b.cdx.json: it was not judged\n"
    )


def test_a_publication_that_withheld_nothing_does_not_speak_of_it() -> None:
    assert "ithheld" not in render(replace(PUBLISHED, withheld=()), "text")


def test_published_to_nowhere_is_not_published() -> None:
    shown = render(Published(release=ASSETS.release, set_digest=SHA, delivered=()), "text")
    assert shown == "NOT PUBLISHED  no destination took it\n"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (10_239, "10 KiB"),
        (148_897_792, "142 MiB"),
        (3 << 30, "3.0 GiB"),
        (5_000 << 40, "5,000 TiB"),
    ],
)
def test_sizes_for_people(count: int, shown: str) -> None:
    assert size(count) == shown


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    east = datetime(2026, 11, 23, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert minute(east) == "2026-11-23 12:00 UTC"
    assert exact(east) == "2026-11-23T12:00:00Z"
    assert exact(NOON.replace(microsecond=250_000)) == "2026-11-23T12:00:00.250000Z"
    assert exact(NOON.replace(tzinfo=None)) == exact(NOON) == exact(NOON.astimezone(UTC))


def test_wide_letters_take_two_columns_and_words_are_never_broken() -> None:
    assert cells("日本e\u0301") == 5
    assert wrap("日本 日本 x", 7) == ["日本", "日本 x"]
    assert wrap("a " + "x" * 30 + " b", 10, hang=2) == ["a", "  " + "x" * 30, "  b"]
    assert counted(1, "entries") == "1 entry"
