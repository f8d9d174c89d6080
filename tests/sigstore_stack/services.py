"""A stack behind loopback HTTP servers, one a service, for clients that sign over the network.

with served(new_stack(Clock(now))) as services:
    token = services.token(person("maintainer@example.com"))
    config = services.trust_config(rekor=1)        # for ClientTrustConfig.from_json, or --trust-config
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from tests.sigstore_stack import api, root, tokens
from tests.sigstore_stack.api import Request, Routes
from tests.sigstore_stack.claims import Claims, workflow
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.root import Urls
from tests.sigstore_stack.stack import Stack
from tests.sigstore_stack.tokens import Issuer

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Running. `seen` grows with every request that any of them had."""

    stack: Stack
    issuer: Issuer
    urls: Urls
    secret: str
    """What a runner shows to be given tokens."""
    seen: list[Request]

    def token(self, claims: Claims) -> str:
        return tokens.token(self.issuer, claims)

    def trust_config(self, *, rekor: int = 2) -> Document:
        config = root.signing_config(self.urls, root.opened(self.stack), rekor=rekor)
        return root.client_trust_config(root.trusted_root(self.stack), config)

    def github_environment(self) -> dict[str, str]:
        """The variables by which a job of GitHub Actions asks for a token; the claims are those `served` was given."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.issuer.url}/actions/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.secret,
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seen: list[Request]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen = seen
        self.routes: Routes = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0, so that no connection outlives its answer."""

    server: _Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        if size > _MOST_BYTES:
            self.send_error(413)
            return
        target = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=target.path,
            body=self.rfile.read(size),
            headers={name.lower(): value for name, value in self.headers.items()},
            query=dict(parse_qsl(target.query)),
        )
        self.server.seen.append(request)
        reply = api.answered(self.server.routes, request)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Nothing is printed: `Services.seen` has it."""


@contextmanager
def served(stack: Stack, *, ambient: Claims | None = None) -> Iterator[Services]:
    """Until the block ends. Clients compare certificates and tokens with today: give the stack today's clock."""
    seen: list[Request] = []
    secret = secrets.token_hex(16)
    with ExitStack() as running:
        names = ("authority", "rekor_1", "rekor_2", "tsa", "issuer")
        servers = {name: running.enter_context(_running(_Server(seen))) for name in names}
        issuer = tokens.new_issuer(stack.clock, servers["issuer"].url)
        servers["authority"].routes = api.fulcio(stack, issuer)
        servers["rekor_1"].routes = api.rekor_1(stack)
        servers["rekor_2"].routes = api.rekor_2(stack)
        servers["tsa"].routes = api.timestamping(stack)
        servers["issuer"].routes = api.oidc(issuer, ambient or workflow(), secret)
        urls = Urls(**{name: s.url for name, s in servers.items() if name != "tsa"}, tsa=_stamps(servers["tsa"]))
        yield Services(stack=stack, issuer=issuer, urls=urls, secret=secret, seen=seen)


def _stamps(server: _Server) -> str:
    return f"{server.url}/api/v1/timestamp"


@contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
