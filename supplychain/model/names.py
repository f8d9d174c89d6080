"""What the files of a release are called. Names lead to evidence, and prove nothing."""

RELEASE_FILE = "release.json"
SUMS_FILE = "SHA256SUMS"
SIGNATURE_SUFFIX = ".sigstore.json"
ATTESTATIONS_SUFFIX = ".attestations.jsonl"
CYCLONEDX_SUFFIX = ".cdx.json"
SPDX_SUFFIX = ".spdx.json"
EVIDENCE_SUFFIXES = (SIGNATURE_SUFFIX, ATTESTATIONS_SUFFIX, CYCLONEDX_SUFFIX, SPDX_SUFFIX)
"""What the files of evidence about an asset are called: its name and one of these."""
VSA_SUFFIX = ".vsa.json"
"""Of a signed decision about all the assets."""
RELEASE_SIGNATURE = RELEASE_FILE + SIGNATURE_SUFFIX
RELEASE_ATTESTATIONS = RELEASE_FILE + ATTESTATIONS_SUFFIX
"""Where a publication leaves its own attestation."""
MAX_ASSETS = 10_000
"""Files of one release."""
