"""RFC 3161 timestamps: when a timestamp authority of the trusted root saw a signature.

The token's signature and chain are judged by rfc3161-client at the time that the token states, so that a token
outlives the authority's certificates; the authority's window in the trusted root, both ends included, is judged here.
"""

from datetime import datetime
from functools import lru_cache

from rfc3161_client import TimeStampResponse, VerificationError, Verifier, VerifierBuilder, decode_timestamp_response

from supplychain.errors import TimestampInvalid
from supplychain.verify.root import Authority, TrustedRoot


def time_of(token: bytes, signature: bytes, root: TrustedRoot, *, where: str) -> datetime:
    """When an authority of the root vouched that it saw this signature. Raises TimestampInvalid, saying why.

    A token that embeds a certificate is still judged against the root's alone.
    """
    if not root.timestamp_authorities:
        raise TimestampInvalid(
            "carries a timestamp, and the trusted root names no timestamp authority",
            where=where,
            hint="name the root of the instance that made it with --trusted-root",
        )
    try:
        response = decode_timestamp_response(token)
        at = response.tst_info.gen_time
    except (ValueError, TypeError, OverflowError) as e:
        raise _invalid("it cannot be read", token, root, where) from e
    reasons: list[str] = []
    for authority in root.timestamp_authorities:
        reason = _refusal(response, signature, authority)
        if reason is None and authority.window.holds(at):
            return at
        reasons.append(reason or f"its time {at} is outside of the authority's validity, {authority.window}")
    raise _invalid(reasons[-1], token, root, where)


def _invalid(reason: str, token: bytes, root: TrustedRoot, where: str) -> TimestampInvalid:
    """The refusal. A token names its authority's issuer in DER; where that is nobody's of the root, this is why."""
    if not any(a.chain[0].issuer.public_bytes() in token for a in root.timestamp_authorities):
        reason = "it was made by no timestamp authority that the trusted root names"
    return TimestampInvalid(f"a timestamp does not verify: {reason}", where=where)


def _refusal(response: TimeStampResponse, signature: bytes, authority: Authority) -> str | None:
    """Why this authority did not make the timestamp of this signature; None when it did."""
    try:
        _verifier(authority).verify_message(response, signature)
    except (VerificationError, ValueError, TypeError, Warning) as e:  # cryptography warns of what it will refuse
        return _told(response, authority, str(e))
    return None


def _told(response: TimeStampResponse, authority: Authority, reason: str) -> str:
    """The library's reason, in words for who reads it."""
    at = response.tst_info.gen_time
    if reason == "Mismatch between messages":
        return "it is about another signature"
    if any(not c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in authority.chain):
        return f"its time {at} is outside of the validity of its authority's certificates"
    return reason.split("(", maxsplit=1)[0].strip()[:120]


@lru_cache(maxsize=64)
def _verifier(authority: Authority) -> Verifier:
    """Built once an authority: leaf first, the root last."""
    builder = VerifierBuilder().tsa_certificate(authority.chain[0]).add_root_certificate(authority.chain[-1])
    for intermediate in authority.chain[1:-1]:
        builder = builder.add_intermediate_certificate(intermediate)
    return builder.build()
