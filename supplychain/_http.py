"""The only user of HTTP of our own: bounded in time, bytes and attempts, and to addresses that are fit to talk to.

What is asked for is never evidence's choice alone: a verb passes an address that its caller named. Even so, ``file:``
and the link-local addresses where clouds keep their credentials are refused, redirects stay on their origin, and
nothing of a user's ``.netrc`` is sent. Proxies are those of the environment.

>>> post("file:///etc/passwd", b"", content_type="text/plain", max_bytes=10)
Traceback (most recent call last):
supplychain.errors.NetworkRefused: file:///etc/passwd: only http and https are spoken here
"""

import ipaddress
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final
from urllib.parse import urljoin, urlsplit

import requests

from supplychain.errors import LimitExceeded, NetworkError, NetworkRefused

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
"""From the first byte of a request to the last of its answer, each attempt for itself."""
ATTEMPTS: Final = 3
MAX_REDIRECTS: Final = 3
_PAUSES: Final = (0.5, 2.0)
"""Seconds before the second attempt, and before the third."""
_CHUNK: Final = 16 * 1024
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may do better."""
_SAME_REQUEST: Final = frozenset({307, 308})
"""Redirects that keep method and body."""
_METADATA: Final = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))
"""Where clouds answer with credentials, besides the link-local 169.254.169.254."""


def post(
    url: str,
    data: bytes,
    *,
    content_type: str,
    max_bytes: int,
    offline: bool = False,
    repeatable: bool = False,
    seconds: float = ANSWER_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> bytes:
    """The body of the answer to one POST. ``repeatable`` says that sending it twice does no harm.

    Only then is it sent again, after no connection or an answer that says later. Raises NetworkRefused for an address
    that is not talked to and when offline, LimitExceeded for a longer answer, NetworkError for anything but a success.
    """
    for before in (*_PAUSES[: ATTEMPTS - 1 if repeatable else 0], None):
        try:
            return _once(url, data, content_type, max_bytes, offline, seconds)
        except _Later as e:
            if before is None:
                raise NetworkError(e.message, where=e.where, hint=e.hint) from e.__cause__
        pause(before)
    raise AssertionError  # the last attempt returns or raises


def check_address(url: str, *, offline: bool = False, secret: bool = False, look_up: bool = True) -> None:
    """Whether an address may be talked to; with ``look_up``, whatever its name stands for. Raises NetworkRefused.

    ``secret`` says that a secret goes there: only through TLS, or to this very machine. A name is looked up again to
    connect: whoever rules the name can still lead astray, and named it is by our caller.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or {"http": 80}.get(parts.scheme, 443)
    except ValueError:
        raise NetworkRefused("this is no address", where=_shown(url)) from None
    if parts.scheme not in ("http", "https"):
        raise NetworkRefused("only http and https are spoken here", where=_shown(url))
    if not host or parts.username is not None or parts.password is not None:
        raise NetworkRefused(
            "an address has a host, and no user or password before it", where=f"{parts.scheme}://...@{host}"
        )
    if offline:
        raise NetworkRefused("no service is talked to when offline", where=_shown(url), hint="leave out --offline")
    found = _addresses(host, port, numeric=not look_up)
    if any(a.is_link_local or a.is_multicast or a.is_unspecified or a in _METADATA for a in found):
        raise NetworkRefused("link-local and metadata addresses are not talked to", where=_shown(url))
    here = host == "localhost" or (found and all(a.is_loopback for a in found))
    if secret and parts.scheme != "https" and not here:
        raise NetworkRefused("a secret is sent through TLS only", where=_shown(url), hint="use its https address")


def _addresses(host: str, port: int, *, numeric: bool) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """What a host name stands for; nothing where it is unknown here, as behind a proxy it may be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST if numeric else 0)
    except (OSError, UnicodeError):
        return []
    made = [ipaddress.ip_address(str(address[0]).partition("%")[0]) for *_, address in found]
    return [getattr(a, "ipv4_mapped", None) or a for a in made]


class _Later(NetworkError):
    """What may go better when asked again."""


def _once(url: str, data: bytes, content_type: str, max_bytes: int, offline: bool, seconds: float) -> bytes:
    until = time.monotonic() + seconds
    headers = {"Content-Type": content_type, "Accept-Encoding": "identity", "User-Agent": "supplychain"}
    with requests.Session() as session:
        session.auth = lambda request: request  # without one, requests looks into .netrc
        for _ in range(MAX_REDIRECTS + 1):
            check_address(url, offline=offline)
            try:
                answer = session.post(
                    url,
                    data=data,
                    headers=headers,
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                )
                with closing(answer):
                    if answer.is_redirect or answer.status_code in _SAME_REQUEST:
                        url = _redirected(url, answer)
                        continue
                    return _body(url, answer, max_bytes, until)
            except requests.Timeout as e:
                raise _Later(f"gave no answer within {seconds:g} seconds", where=_shown(url), hint=_HINT) from e
            except requests.RequestException as e:
                raise _Later(f"cannot be reached ({type(e).__name__})", where=_shown(url), hint=_HINT) from e
    raise NetworkError(f"more than {MAX_REDIRECTS} redirects", where=_shown(url))


_HINT: Final = "try again later; is the address right?"


def _redirected(url: str, answer: requests.Response) -> str:
    target = urljoin(url, answer.headers.get("Location", ""))
    origins = [(p.scheme, p.hostname, p.port) for p in map(urlsplit, (url, target))]
    if answer.status_code not in _SAME_REQUEST or origins[0] != origins[1]:
        raise NetworkRefused(
            f"it sends us on to {_shown(target)}, which is not followed", where=_shown(url), hint="name that address"
        )
    return target


def _body(url: str, answer: requests.Response, max_bytes: int, until: float) -> bytes:
    if not 200 <= answer.status_code < 300:
        kind = _Later if answer.status_code in _AGAIN else NetworkError
        raise kind(f"answered with status {answer.status_code}", where=_shown(url), hint=_HINT)
    found = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        found += chunk
        if len(found) > max_bytes:
            raise LimitExceeded(f"the answer is longer than {max_bytes} bytes", where=_shown(url))
        if time.monotonic() > until:
            raise _Later("its answer did not end in time", where=_shown(url), hint=_HINT)
    return bytes(found)


def _shown(url: str) -> str:
    """An address in a message: without what may be secret in its query, and not endless."""
    return ascii(url.partition("?")[0][:200])[1:-1]
