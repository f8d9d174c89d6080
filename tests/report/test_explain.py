"""Why one rule came out as it did."""

import pytest

from supplychain.errors import UsageError
from supplychain.report import View
from supplychain.report.judgement import explain
from tests.support.decisions import denied


def test_a_rule_is_explained_from_the_decision_alone() -> None:
    assert explain(denied(), "signed-by-ci", View(width=110)) == (
        "FAIL  signed-by-ci   Title of signed-by-ci   1 of 2 artifacts\n"
        "      rule type signer-identity   mode enforce   at policies/server.yaml:14:5\n"
        "\n"
        "  What signed-by-ci checks, and why.\n"
        "\n"
        "  FAIL: chat-server-10.11.3-linux-arm64.tar.gz: provenance is by octo/fork, not octo/server\n"
        "    artifact  chat-server-10.11.3-linux-arm64.tar.gz sha256:888888888888\n"
        "    expected  octo/server\n"
        "    found     octo/fork\n"
        "    evidence  dist/arm64.attestations.jsonl#1 sha256:aaaaaaaaaaaa /predicate/builder signed by ci\n"
        "    to fix    Re-run the release workflow of octo/server from tag v10.11.3 for linux-arm64.\n"
    )


def test_a_rule_that_was_not_judged_lists_those_that_were() -> None:
    with pytest.raises(UsageError, match="no rule 'signed-by-cl' was judged") as caught:
        explain(denied(), "signed-by-cl", View())
    assert caught.value.hint.startswith("judged: signed-by-ci, sbom-matches, tests-passed, ")
