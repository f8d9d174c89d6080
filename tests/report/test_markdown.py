"""The same decision as one chat message."""

from dataclasses import replace

import pytest

from supplychain.errors import UsageError
from supplychain.model.decision import Outcome, Verdict
from supplychain.model.verification import Verification
from supplychain.report import View, render
from supplychain.report.markdown import RUNES, Markdown
from tests.support.decisions import SUBJECTS, decision, denied, finding
from tests.support.results import KEY, NOT_VERIFIED, PUBLISHED, VERIFIED


def test_a_denial_in_a_chat_says_what_the_screen_says() -> None:
    assert render(denied(), "markdown") == (
        "**DENIED** `chat-server 10.11.3 (patch, security)`: 2 of 11 rules failed, 1 could not be judged\n"
        "\n"
        "Policy `chat/server-release 2026.11.1` `sha256:4f1c2a9be0d1`, policy not pinned, "
        "as of 2026-11-23 12:00 UTC.\n"
        "\n"
        "- **FAIL** `signed-by-ci` `1 of 2 artifacts`: "
        "`chat-server-10.11.3-linux-arm64.tar.gz: provenance is by octo/fork, not octo/server`\n"
        "- **FAIL** `sbom-matches` `1 of 2 artifacts`: `chat-server-10.11.3-linux-arm64.tar.gz: "
        "2 files in the tarball are in no SBOM: bin/chatctl, prepackaged/jira-4.1.0.tar.gz`\n"
        "- **ERROR** `tests-passed` `0 of 2 artifacts examined`: "
        "`no test-result attestation for sha256:777777777777`\n"
        "- **WARN** `no-snapshot-deps` `1 of 412 components`: `example-lib 1.2.0-SNAPSHOT`\n"
        "- **waived** `licences` `1 of 412 components`: "
        "`W-7: by a.person until 2026-12-01 (8 days): LGPL-2.1-only in libvips`\n"
        "- pass: 5 rules; read `2 artifacts, 412 components, 2 pieces of evidence`\n"
        "- not applicable: 1 rule\n"
        "\n"
        "Evidence that was found and does not count:\n"
        "- `dist/arm64.attestations.jsonl#2: SignatureInvalid: not signed by the P-256 key sha256:0011aabb`\n"
        "\n"
        "To get this release allowed:\n"
        "\n"
        "1. `Re-run the release workflow of octo/server from tag v10.11.3 for linux-arm64.`\n"
        "2. `Rebuild the SBOM from the tarball: supplychain sbom create "
        "dist/chat-server-10.11.3-linux-arm64.tar.gz`\n"
        "3. `Attach the test results: supplychain attest --type test-result --predicate results.json ...`\n"
        "\n"
        "Nothing may be published.\n"
    )


def test_what_does_not_fit_one_message_is_counted() -> None:
    many = [finding(f"rule-{i}", Outcome.FAIL, message="m" * 290, fix=f"{i} " + "f" * 290) for i in range(200)]
    shown = render(decision(Verdict.DENIED, *many), "markdown")
    assert RUNES - 2000 < len(shown) <= RUNES
    lines = shown.splitlines()
    assert lines[0].startswith("**DENIED**")
    assert lines[-1] == "Nothing may be published."
    left_out = [line for line in lines if line.startswith("- and ")]
    findings = sum(line.startswith("- **FAIL**") for line in lines)
    steps = sum(line[:1].isdigit() for line in lines)
    assert left_out == [f"- and {200 - findings} more", f"- and {200 - steps} more"]
    assert findings > 10
    assert steps > 10


def test_many_findings_of_one_rule_do_not_push_out_the_others() -> None:
    many = [finding("licences", Outcome.FAIL, message=f"m{i}") for i in range(900)]
    shown = render(decision(Verdict.DENIED, *many, finding("signed", Outcome.FAIL, message="unsigned")), "markdown")
    assert "- **FAIL** `licences`: and 895 more of this rule\n" in shown
    assert "`unsigned`" in shown


def test_names_call_nobody_and_format_nothing() -> None:
    """Threat 73."""
    name = "x` @channel <img src=x> [y](http://e.example) |"
    subject = replace(SUBJECTS[0], name=name)
    shown = render(decision(Verdict.ALLOWED, finding("r"), release=None, subjects=(subject,)), "markdown")
    assert shown.startswith(
        "**ALLOWED** `x\\u{60} \\u{40}channel <img src=x> [y](http://e.example) \\u{7c}`: 1 rule passed\n"
    )


def test_allowed_without_a_permit_says_why() -> None:
    shown = render(decision(Verdict.ALLOWED, finding("r"), no_permit="recorded observations"), "markdown")
    assert shown.endswith("\nNo permit: `recorded observations`\n")


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_the_first_word(verdict: Verdict) -> None:
    shown = render(decision(verdict, finding("r", Outcome.ERROR), root="9" * 64), "markdown")
    assert shown.startswith(f"**{verdict.upper()}** ")
    assert ", root `sha256:999999999999`, " in shown


def test_verification() -> None:
    assert render(VERIFIED, "markdown").startswith(
        "**VERIFIED** 1 of 1 artifact\n\n- **VERIFIED** `chat.tar.gz` `sha256:"
    )
    shown = render(NOT_VERIFIED, "markdown")
    assert shown.startswith("**NOT VERIFIED** 0 of 2 artifacts\n")
    assert "`gone.tar.gz`\n  - `Unreadable: gone.tar.gz: no such file or directory`\n" in shown
    assert " hint: `the file changed after it was signed" in shown
    nothing = render(Verification(rows=(), verified=True, exit_code=0), "markdown")
    assert nothing.startswith("**NOT VERIFIED** 0 of 0 artifacts\n")


def test_published() -> None:
    assert render(PUBLISHED, "markdown") == (
        "**PUBLISHED** `chat-server 10.11.3 (patch, security)`, set `sha256:77ab01c2d3e4`, "
        "resumed from 2026-11-23 12:00 UTC\n"
        "\n"
        "- done: `file:///srv/releases`, 9 files\n"
        "- there already: `oci://registry.example/chat`, 9 files\n"
        "\n"
        "Withheld, it did not go out:\n"
        "- `a.attestations.jsonl: 1 of 4 attestations were not judged`\n"
        "- `b.cdx.json: it was not judged`\n"
    )
    assert render(replace(PUBLISHED, delivered=()), "markdown").startswith("**NOT PUBLISHED** ")


def test_a_result_without_a_message_is_refused_even_when_asked_directly() -> None:
    with pytest.raises(UsageError, match="no markdown report of a KeyInfo"):
        Markdown().render(KEY, View())


def test_a_finding_that_counts_nothing_has_no_count() -> None:
    shown = render(decision(Verdict.DENIED, finding("r", Outcome.FAIL, failed=0, examined=0, total=0)), "markdown")
    assert "- **FAIL** `r`: `message of r`\n" in shown
