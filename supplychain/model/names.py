"""What the files of a release are called. Names lead to evidence, and prove nothing."""

from collections.abc import Container

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

_OWN_FILES = frozenset([RELEASE_FILE, RELEASE_SIGNATURE, RELEASE_ATTESTATIONS, SUMS_FILE])


def is_evidence(name: str, files: Container[str]) -> bool:
    """Whether a name in a release folder is that of evidence about one of ``files``, or of the release's own files.

    A name, no more: nothing is said of the content. A hidden name is neither: it is an asset, and a stray
    ``.DS_Store`` is found before it is published.
    """
    if name in _OWN_FILES or name.endswith(VSA_SUFFIX):
        return True
    return any(name.endswith(suffix) and name.removesuffix(suffix) in files for suffix in EVIDENCE_SUFFIXES)
