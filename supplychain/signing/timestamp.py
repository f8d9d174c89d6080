"""RFC 3161 timestamps for signatures by a key: an authority vouches when it saw them.

A token is put into a bundle only once it verifies, by the root that readers will judge it by: all that a bundle carries
must verify, so a token of an unknown authority would make the signature worthless.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from rfc3161_client import TimestampRequestBuilder, TimeStampResponse, decode_timestamp_response
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.tsp import PKIStatus

from supplychain import _http
from supplychain.errors import NetworkError, TimestampInvalid
from supplychain.verify.root import parse_root
from supplychain.verify.timestamp import time_of
from supplychain.verify.trust import CLOCK_SKEW

MAX_TOKEN_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampAuthority:
    """Where timestamps come from, and the trusted root that names who makes them."""

    url: str
    root: bytes = field(repr=False)
    """The trusted root, JSON."""
    offline: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    pause: Callable[[float], None] = time.sleep
    """Waits so many seconds before another attempt."""

    def check(self) -> None:
        """Whether it may be asked at all. Raises NetworkRefused, and MalformedDocument for a root that is none."""
        _http.check_address(self.url, offline=self.offline)
        parse_root(self.root, where="trusted root")

    def stamp(self, signature: bytes) -> bytes:
        """A timestamp of this signature, as a bundle carries it. Raises NetworkError, NetworkRefused."""
        request = TimestampRequestBuilder().data(signature).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
        asked = request.cert_request(cert_request=True).build()
        token = _http.post(
            self.url,
            asked.as_bytes(),
            content_type="application/timestamp-query",
            max_bytes=MAX_TOKEN_BYTES,
            offline=self.offline,
            repeatable=True,
            pause=self.pause,
        )
        response = self._granted(token)
        if asked.nonce is None or response.tst_info.nonce != asked.nonce:
            raise self._useless("is not an answer to what was asked: its nonce is another one")
        try:
            stamped = time_of(token, signature, parse_root(self.root, where="trusted root"), where=self.url)
        except TimestampInvalid as e:
            raise self._useless(f"is of no use: {e.message}") from e
        if abs(stamped - self.clock()) > CLOCK_SKEW:
            raise self._useless(f"says that it is {stamped}", hint="check the clock of this machine")
        return token

    def _granted(self, token: bytes) -> TimeStampResponse:
        try:
            response = decode_timestamp_response(token)
            if response.status in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
                _ = response.tst_info.nonce
                return response
            told = "; ".join(response.status_string)
        except (ValueError, TypeError, OverflowError) as e:
            raise self._useless("cannot be read") from e
        raise self._useless(f"is a refusal{f': {told[:200]!a}' if told else ''}")

    def _useless(self, why: str, *, hint: str = "") -> NetworkError:
        return NetworkError(
            f"the authority's answer {why}; nothing was signed",
            where=self.url.partition("?")[0],
            hint=hint or "name the trusted root that knows this authority with --timestamp-root, or another authority",
        )
