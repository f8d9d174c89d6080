"""Values that formats allow only in a certain form: digests, addresses, licence expressions."""

import re
from functools import lru_cache
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_HEX_LENGTHS: Final = {
    "md5": 32,
    "sha1": 40,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
    "sha3-256": 64,
    "sha3-384": 96,
    "sha3-512": 128,
    "blake2b-256": 64,
    "blake2b-384": 96,
    "blake2b-512": 128,
    "blake3": 64,
}
_HEX: Final = re.compile(r"[0-9a-f]+", re.ASCII)
_URL: Final = re.compile(
    r"[a-z][a-z0-9+.-]*+:"
    r"(?://(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9a-f]{2})*+@)?[\w.~-]*+(?::[0-9]{1,4})?(?=[/?#]|\Z))?"
    r"(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-f]{2})*+"
    r"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*+)?"
    r"(?:\#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9a-f]{2})*+)?",
    re.ASCII | re.IGNORECASE,
)
_PLAIN_URL: Final = re.compile(r"https://[A-Za-z0-9.-]++/[A-Za-z0-9._~/@+-]*+", re.ASCII)
"""What nearly all addresses are, told in a third of the time."""
_EXPRESSION: Final = re.compile(r"[A-Za-z0-9.+() -]{1,1000}", re.ASCII)


def is_digest(algorithm: str, value: str) -> bool:
    """Whether this is a digest of a known algorithm in lower-case hexadecimal of the right length."""
    return _HEX_LENGTHS.get(algorithm) == len(value) and _HEX.fullmatch(value) is not None


def is_url(text: str) -> bool:
    """Whether this is an absolute URI by RFC 3986; addresses of another form are kept as plain text."""
    return _PLAIN_URL.fullmatch(text) is not None or (len(text) <= 4096 and _URL.fullmatch(text) is not None)


@lru_cache(maxsize=4096)
def is_expression(text: str) -> bool:
    """Whether this is an SPDX licence expression, of listed licences or LicenseRefs, in its normal form."""
    if not _EXPRESSION.fullmatch(text):
        return False
    try:
        return canonicalize_license_expression(text) == text
    except (InvalidLicenseExpression, RecursionError, MemoryError):
        return False
