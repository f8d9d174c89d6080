"""The threats this project answers: hostile or broken input on the left, the error that names it on the right.

A test says which lines it holds with ``@pytest.mark.threat(39)``, or with "Threat 39" in its docstring; those that do
not say so are named in `HELD`. `tests.support.reference` makes docs/reference/threats.md of it all.
"""

from typing import Final, NamedTuple


class Threat(NamedTuple):
    """One line."""

    number: int
    given: str
    answer: str


SECTIONS: Final[dict[str, tuple[Threat, ...]]] = {
    "Envelope and signature": (
        Threat(1, "no attestations at all", "EvidenceMissing"),
        Threat(2, "right signer, wrong predicate type", "PredicateMismatch"),
        Threat(3, "valid signature over a payload that cannot be parsed", "MalformedDocument"),
        Threat(4, "another payload type around a Statement", "UnsupportedType"),
        Threat(5, "a Statement of unknown `_type`", "UnsupportedType"),
        Threat(6, "no signatures in the envelope", "SignatureInvalid"),
        Threat(7, "one key twice for a threshold of two", "ThresholdNotMet"),
        Threat(8, "keyid of a trusted key, signature of another", "SignatureInvalid"),
        Threat(9, "valid log entry of another artifact", "LogEntryMismatch"),
        Threat(10, "two entries of one log for a threshold of two", "ThresholdNotMet"),
        Threat(11, "an empty certificate list", "SignatureInvalid"),
        Threat(12, "signed outside the validity of certificate or key", "TimestampInvalid"),
        Threat(13, "an expired intermediate with the log check skipped", "TrustRootExpired"),
        Threat(14, "a timestamp by the wrong authority", "TimestampInvalid"),
        Threat(15, "ten thousand signatures, log entries or subjects", "LimitExceeded"),
        Threat(16, "a malformed checkpoint", "a typed error"),
        Threat(17, "a threshold of zero or less", "PolicyInvalid"),
        Threat(18, "verified bytes differ from parsed bytes", "decoded once"),
        Threat(19, "signature over the raw payload instead of its encoding", "SignatureInvalid"),
        Threat(20, "raw r\\|\\|s where DER is expected", "SignatureInvalid"),
    ),
    "Identity": (
        Threat(21, "an identity inside another URL", "IdentityMismatch"),
        Threat(22, "a name that begins like a trusted one", "IdentityMismatch"),
        Threat(23, "a regular expression as identity", "PolicyInvalid"),
        Threat(24, "a line end after the identity", "IdentityMismatch"),
        Threat(25, "look-alike letters in an identity", "IdentityMismatch"),
        Threat(26, "right workflow, wrong ref", "IdentityMismatch"),
        Threat(27, "right subject, wrong issuer", "IdentityMismatch"),
        Threat(28, "a signer without an issuer", "PolicyInvalid"),
        Threat(29, "claims of a predicate used as identity", "IdentityMismatch"),
    ),
    "Subject and artifact": (
        Threat(30, "only an md5 or sha1 digest matches", "UnsupportedAlgorithm"),
        Threat(31, "sha256 right, sha512 wrong", "SubjectMismatch"),
        Threat(32, "same name, other digest", "SubjectMismatch"),
        Threat(33, "empty digest set; digest in upper case, short or no hexadecimal", "MalformedDocument"),
        Threat(34, "the SBOM is about another artifact than the provenance", "SubjectMismatch"),
        Threat(35, "a file replaced between gate and publish", "ArtifactChanged"),
        Threat(36, "a mutable tag", "ArtifactChanged"),
        Threat(37, "the artifact is a symbolic link, pipe or device", "UnsafePath"),
        Threat(38, "missing, extra, renamed or duplicate assets", "AssetSetMismatch"),
    ),
    "Parsing": (
        Threat(39, "a duplicate JSON key", "MalformedDocument"),
        Threat(40, "100,000 levels of nesting", "LimitExceeded"),
        Threat(41, "NaN, Infinity, 1e400, an integer of 5,000 digits", "MalformedDocument"),
        Threat(42, "UTF-16, lone surrogates, NUL", "MalformedDocument"),
        Threat(43, "YAML aliases, anchors, tags, merge keys", "PolicyInvalid"),
        Threat(44, "duplicate YAML keys; unquoted `no`, `on`, `1.10`", "PolicyInvalid"),
        Threat(45, "an unknown key, rule, pack, parameter; a policy without rules", "PolicyInvalid"),
        Threat(46, "an XML SBOM with entities or a DTD", "MalformedDocument"),
        Threat(47, "200 MB of zeros in a small zip", "LimitExceeded"),
        Threat(48, "a zip that lies about sizes, or whose entries overlap", "UnsafeArchive"),
        Threat(49, "tar names and links that leave the archive, negative sizes", "UnsafeArchive"),
        Threat(50, "gzip members without end", "LimitExceeded"),
        Threat(51, "archives nested deeper than the limit", "recorded as not scanned"),
        Threat(52, "a version string of 40 KB", "kept, listed as unknown, at once"),
        Threat(53, "a package URL with %2f, `..`, control bytes", "MalformedDocument"),
        Threat(54, "evidence named ../../x", "UnsafePath"),
    ),
    "Trust, freshness, policy": (
        Threat(55, "a root or policy older than last seen", "RollbackDetected"),
        Threat(56, "an expired trusted root", "TrustRootExpired"),
        Threat(57, "a vulnerability snapshot that is old or another one", "StaleDatabase"),
        Threat(58, "configuration, plugin or root found without being named", "never read"),
        Threat(59, "evidence of the future, a clock set back", "TimestampInvalid"),
        Threat(60, "valid evidence of a revoked release or signer", "EvidenceRevoked"),
        Threat(61, "an expired waiver", "treated as absent"),
    ),
    "VEX and vulnerabilities": (
        Threat(62, "VEX unsigned or by nobody who was named", "VexUntrusted"),
        Threat(63, "`not_affected` without a justification", "MalformedDocument"),
        Threat(64, "VEX about another product or component", "the finding stays"),
        Threat(65, "trusted authors disagree", "VexConflict"),
        Threat(66, "a truncated page of advisories", "EvidenceIncomplete"),
        Threat(67, "an empty SBOM of an artifact that is not empty", "EvidenceIncomplete"),
    ),
    "Network, output, ledger": (
        Threat(68, "an address named by evidence", "NetworkRefused"),
        Threat(69, "a redirect to another origin", "NetworkRefused"),
        Threat(70, "a referrer of the wrong digest", "SubjectMismatch"),
        Threat(71, "terminal escapes and bidirectional controls in a name", "escaped"),
        Threat(72, "workflow commands in a version", "escaped in every sink"),
        Threat(73, "Markdown and @all in a name sent to chat", "escaped"),
        Threat(74, "`$(...)` in generated CI", "never interpolated"),
        Threat(75, "a secret in the environment", "in no output"),
        Threat(76, "a ledger row edited, deleted or truncated", "LedgerTampered"),
        Threat(77, "two writers at once", "both present"),
    ),
}

HELD: Final[dict[str, dict[int, str]]] = {
    "archive/test_compression.py": {
        47: "ratio_is_judged_by_every_reader",
    },
    "archive/test_folder_walk.py": {
        37: "artifact_that_is_no_plain_file_is_unsafe",
    },
    "archive/test_hostile_archives.py": {
        47: "bomb_of_absolute_size_is_refused_even_when_nested",
        48: "hostile_artifact_is_refused",
        49: "hostile_artifact_is_refused",
        50: "endless_gzip_members_are_refused",
        51: "archive_nested_deeper_than_the_limit_is_recorded_as_not_scanned",
    },
    "archive/test_names.py": {
        49: "name_that_leaves_is_refused link_that_leaves_is_refused",
    },
    "policy/test_reader.py": {
        45: "a_wrong_rule_is_refused_with_its_place "
        "a_policy_with_no_rules_is_refused "
        "a_wrong_top_level_is_refused_with_its_place",
    },
    "release/test_publish.py": {
        35: "an_asset_replaced_while_publishing_is_refused",
    },
    "release/test_run_step.py": {
        75: "the_child_sees_no_way_to_sign_or_to_the_cloud a_secret_on_the_command_line_is_not_told",
    },
    "sbom/test_purls.py": {
        53: "purl_that_hides_something_is_refused",
    },
    "sbom/test_python_packages.py": {
        52: "hostile_metadata_takes_no_time version_that_nobody_can_order_is_kept_and_unknown",
    },
    "stores/test_file_store.py": {
        54: "a_file_cannot_leave_its_place",
    },
    "test_yaml.py": {
        40: "deep_nesting_is_over_the_limit_and_soon",
        42: "other_encodings_are_refused_with_their_place",
        43: "what_two_readers_could_take_differently_is_refused",
        44: "a_scalar_that_some_reader_takes_for_another_type_must_be_quoted "
        "what_two_readers_could_take_differently_is_refused",
    },
    "verify/test_verifier.py": {
        2: "right_signer_wrong_predicate_type",
        3: "payload_that_cannot_be_parsed_is_refused_although_it_is_signed",
        4: "other_payload_type_wrapping_a_statement",
        5: "unknown_statement_type",
        6: "zero_signatures",
        8: "keyid_of_a_trusted_key_does_not_make_another_key_trusted",
        12: "key_outside_its_time",
        15: "ten_thousand_of_anything_is_over_the_limit",
        18: "the_predicate_is_read_from_the_bytes_that_were_verified",
        19: "signature_over_the_raw_payload_instead_of_the_encoding",
        20: "raw_ecdsa_signature_where_der_is_expected",
        30: "weak_digest_is_no_proof",
        31: "all_known_digests_must_agree",
        32: "same_name_other_digest",
        33: "digest_set_that_says_nothing_exactly",
        60: "revoked_signer_counts_for_nothing",
    },
}
"""File to threat to the names of its tests, without ``test_``."""


def held() -> dict[int, set[str]]:
    """Threat to tests, as ``file::name``."""
    found: dict[int, set[str]] = {}
    for path, numbers in HELD.items():
        for number, names in numbers.items():
            found.setdefault(number, set()).update(f"{path}::test_{name}" for name in names.split())
    return found
