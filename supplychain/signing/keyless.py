"""Signing without a key: an identity token is exchanged for a certificate of minutes, and every signature is logged.

sigstore-python talks to the services through its public interface; what it makes is read by our own reader and verified
by our own verifier before it is handed on, so that nothing leaves that a reader of it would refuse. It has HTTP of its
own: a caller that is offline does not come here.

A token is a secret: whoever holds it can sign in its name. Nothing that the library or a service says is passed on
before what looks like a token is blackened, and the exceptions behind our errors are not chained, for the same reason.
"""

import base64
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any, Final, TypeVar

from sigstore.dsse import Statement as Signable
from sigstore.hashes import Hashed
from sigstore.models import ClientTrustConfig, InvalidBundle
from sigstore.oidc import ExpiredIdentity, IdentityError, IdentityToken, detect_credential
from sigstore.sign import Signer, SigningContext
from sigstore_models.common.v1 import HashAlgorithm

from supplychain import _http, _json
from supplychain._json import JSON, Node
from supplychain.errors import MalformedDocument, NetworkError, NetworkRefused, SupplyChainError, UsageError
from supplychain.model.artifact import Artifact
from supplychain.model.bundle import Bundle, Certificates
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.model.verified import Signature
from supplychain.verify import bundle as bundles
from supplychain.verify.certificate import facts_of, load_chain
from supplychain.verify.root import parse_root
from supplychain.verify.trust import Claims, Identity, Trust
from supplychain.verify.verifier import verify_evidence

T = TypeVar("T")

AUDIENCE: Final = "sigstore"
PATIENCE: Final = 60.0
"""Seconds that one step at one service may take; the library itself would wait for ever."""
MARGIN: Final = timedelta(minutes=1)
"""A certificate that ends sooner than this signs nothing more: the log must take the signature in before."""
_CONFIG: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
_SECRETS: Final = re.compile(r"(eyJ[\w-]{6,}[\w.-]*|(?<=earer )\S+)", re.ASCII)
_AGAIN: Final = "try again; if it stays so, look at the status of the instance"
_HOW: Final = (
    "GitHub: permissions: id-token: write; GitLab: id_tokens: SIGSTORE_ID_TOKEN with aud: sigstore; elsewhere name a "
    "file that holds one with --identity-token, or sign with --key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A Sigstore instance: where to sign, and the root that vouches for what it makes."""

    root: bytes = field(repr=False)
    """The trusted root, JSON."""
    context: SigningContext = field(repr=False)
    authority: str
    """URL of who certifies."""
    log: str
    timestamps: tuple[str, ...]
    """URLs of who stamps each signature."""


def read_instance(data: bytes, *, where: str) -> Instance:
    """The instance of a client trust configuration (``clienttrustconfig.v0.1+json``).

    Raises MalformedDocument for what is none, names no service that is in use now, or whose root is no root; and
    NetworkRefused for services that are not talked to.
    """
    node = _json.parse(data, where=where)
    if node.at("mediaType").text() != _CONFIG:
        node.at("mediaType").fail(f"expected {_CONFIG}")
    return _instance(_json.canonical(node.at("trustedRoot").object()), node.at("signingConfig").object(), where)


def instance_of(root: bytes, signing_config: bytes, *, where: str) -> Instance:
    """The instance of a trusted root and a signing configuration that lie apart. Raises as `read_instance`."""
    return _instance(root, _json.parse(signing_config, where=where).object(), where)


def _instance(root: bytes, signing: dict[str, JSON], where: str) -> Instance:
    parse_root(root, where=f"{where}: trustedRoot")
    trusted = _json.parse(root, where=where).object()
    whole = _json.canonical({"mediaType": _CONFIG, "trustedRoot": trusted, "signingConfig": signing})
    try:
        config = ClientTrustConfig.from_json(whole.decode())
        services = config.signing_config
        made = Instance(
            root=root,
            context=SigningContext.from_trust_config(config),
            authority=services.get_fulcio().url,
            log=str(getattr(services.get_tlogs()[0], "url", "")),
            timestamps=tuple(client.url for client in services.get_tsas()),
        )
    except Exception as e:  # pydantic's errors, the library's own, and what slips through both
        told = str(e).partition("\n")[0][:200]
        raise MalformedDocument(f"the services to sign with are not usable: {told}", where=where) from e
    for url in (made.authority, made.log, *made.timestamps):
        _http.check_address(url, look_up=False, secret=url == made.authority)
    return made


@dataclass(slots=True, kw_only=True)
class KeylessSigner:
    """An identity as a signer of bundles. One certificate serves for as long as it lives."""

    instance: Instance
    token: Callable[[], str] = field(repr=False)
    """Gives an identity token; asked again when the certificate has expired."""
    patience: float = PATIENCE
    _signer: Signer | None = field(default=None, repr=False)
    _identity: Identity | None = None
    _renew: datetime | None = None

    @property
    def trust(self) -> Trust:
        """Who this is, by its own instance. Before the first signature it is what the token will be named by.

        Raises UsageError where there is no token that could be used.
        """
        if self._identity is None:
            token = self.token()
            _usable(token)
            self._identity = claimed_identity(token)
        return Trust(self._identity, root=self.instance.root)

    @property
    def timestamped(self) -> bool:
        """Always: without a time that somebody vouches for, a certificate says nothing."""
        return True

    def sign_artifact(self, artifact: Artifact) -> Bundle:
        """Sign the file's SHA-256, log it, and verify what came back. Raises UsageError, NetworkError."""
        hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(artifact.sha256))
        made = self._made(lambda signer: signer.sign_artifact(hashed))
        return self._checked(made, artifact, Signature)

    def sign_statement(self, payload: bytes) -> Bundle:
        """Sign a Statement, log it, and verify what came back. Raises UsageError, NetworkError."""
        subjects = Statement.parse(payload, where="statement").subjects
        about = next((s for s in subjects if "sha256" in s.digests), None)
        if about is None:
            raise UsageError("a statement is signed that names a subject by its sha256, and this one names none")
        made = self._made(lambda signer: signer.sign_dsse(Signable(payload)))
        return self._checked(made, Artifact(name=about.name, sha256=about.digests["sha256"]), Statement)

    def _made(self, sign: Callable[[Signer], Any]) -> bytes:
        if self._signer is None or (self._renew and datetime.now(UTC) > self._renew):
            token = _usable(self.token())
            self._signer = self._asked("the certificate authority", self.instance.authority, lambda: self._open(token))
        signer = self._signer
        made: str = self._asked("the transparency log", self.instance.log, lambda: sign(signer).to_json())
        return made.encode()

    def _open(self, token: IdentityToken) -> Signer:
        """A certificate for a new key."""
        with self.instance.context.signer(token) as signer:
            return signer

    def _asked(self, who: str, url: str, ask: Callable[[], T]) -> T:
        def work() -> T:
            _http.check_address(url)
            return ask()

        try:
            return within(self.patience, work)
        except NetworkRefused:
            raise
        except ExpiredIdentity:
            raise UsageError("the identity token has expired", hint=_HOW) from None
        except InvalidBundle as e:
            raise self._incomplete(str(e)) from None
        except Exception as e:  # noqa: BLE001  # whatever the library and its HTTP raise: nothing was signed
            told, hint = _told(e), _AGAIN
            if re.match("answered with status 4", told) and url == self.instance.authority:
                hint = "does this instance accept the issuer of the token? A token also counts only for minutes"
        raise NetworkError(f"{who} {told}; nothing was signed", where=url, hint=hint)

    def _incomplete(self, why: str) -> NetworkError:
        """The library warns of a timestamp authority that fails, and goes on without."""
        if self.instance.timestamps:
            told = "the timestamp authority gave no timestamp"
            where = " or ".join(self.instance.timestamps)
        else:
            told, where = f"the log's answer makes no whole signature: {redacted(why)}", self.instance.log
        return NetworkError(f"{told}; nothing was signed", where=where, hint=_AGAIN)

    def _checked(self, data: bytes, artifact: Artifact, want: type[Any]) -> Bundle:
        """The new bundle, as a reader who trusts this instance would see it; its certificate says who we are."""
        where = "the new signature"
        try:
            parsed = bundles.parse(data, where=where)
            assert isinstance(parsed, Bundle)
            assert isinstance(parsed.material, Certificates)
            if len(parsed.timestamps) < len(self.instance.timestamps):
                raise self._incomplete("a timestamp is missing")
            leaf = load_chain(parsed.material.chain, where=where)[0]
            facts = facts_of(leaf, where=where)
            claims = Claims(source_repository=facts.source_repository or None)
            identity = Identity(facts.identity, issuer=facts.issuer, claims=claims)
            trust = Trust(identity, root=self.instance.root)
            verify_evidence(Evidence(uri=where, data=data), artifact, want, trust=trust, at=datetime.now(UTC))
        except NetworkError:
            raise
        except SupplyChainError as e:
            raise NetworkError(
                f"what the services made does not verify: {e.message}",
                where=self.instance.authority,
                hint="is the trusted root that of these services? And is the clock of this machine right?",
            ) from e
        self._renew, self._identity = leaf.not_valid_after_utc - MARGIN, identity
        return parsed


def within(seconds: float, work: Callable[[], T]) -> T:
    """What the work returns or raises; TimeoutError when it takes longer, and it is left to itself then."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as e:  # noqa: BLE001  # raised where it is waited for
            future.set_exception(e)

    Thread(target=run, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if future.done():
            raise
        raise TimeoutError(f"no answer within {seconds:g} seconds") from None


def _told(error: Exception) -> str:
    """What went wrong at a service, in words, with nothing of a token in them."""
    chain = list(_causes(error))
    for each in chain:
        if (status := getattr(getattr(each, "response", None), "status_code", None)) is not None:
            said = _message(getattr(each, "response", None))
            return f"answered with status {status}{f': {said}' if said else ''}"
    if any(isinstance(each, TimeoutError) for each in chain):
        return f"gave {error}"
    if any(isinstance(each, OSError) and not isinstance(each, ValueError) for each in chain):
        return f"cannot be reached ({type(error).__name__})"
    said = redacted(str(error).partition("\n")[0])
    return f"gave an answer that is of no use ({type(error).__name__}{f': {said}' if said else ''})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        yield from (a for a in found.args if isinstance(a, BaseException))
        found = found.__cause__


def _message(response: Any) -> str:
    """What a service says beside its status; empty where that is no JSON of Sigstore's services."""
    try:
        said = _json.parse(response.content[: 1 << 16], where="answer").at("message").text()
    except SupplyChainError:
        return ""
    return redacted(said)


def redacted(text: str) -> str:
    """Foreign text for a message: short, what is not ASCII escaped, and what looks like a token blackened."""
    return ascii(_SECRETS.sub("[redacted]", text)[:200])[1:-1]


def ambient_token() -> str:
    """The identity token of this CI job, from GitHub, GitLab, Google Cloud, Buildkite or CircleCI.

    Raises UsageError that says how to get one, where there is none.
    """
    try:
        token = within(PATIENCE, lambda: detect_credential(AUDIENCE))
        problem = "" if token else "no identity token is at hand, so nobody can be named in a certificate"
    except IdentityError as e:  # its text is of the platform's words
        told, body, _ = str(e).partition(", body=")  # what the platform answered may hold what it was asked with
        problem = f"this job gives no identity token: {redacted(told)}{')' if body else ''}"
    except Exception as e:  # noqa: BLE001  # each platform fails in a way of its own, with secrets in the text
        problem = f"this job gives no identity token ({type(e).__name__})"
    if problem:
        raise UsageError(problem, hint=_HOW)
    assert token is not None
    return token


def _usable(token: str) -> IdentityToken:
    """The token, as the library checks it. Raises UsageError for one that is malformed, expired or for others."""
    try:
        return IdentityToken(token, client_id=AUDIENCE)
    except Exception as e:  # noqa: BLE001  # the library's own error, and what a strange token raises
        reason = redacted(str(e.__cause__ or e))
    raise UsageError(f"the identity token is of no use: {reason}", hint=f"it must be unexpired and for {AUDIENCE!r}")


def claimed_identity(token: str) -> Identity:
    """Whom a certificate for this token will name: for recognising what was signed before, never a proof.

    The claims are read as Fulcio reads those of the CI systems and of people, and are not verified here. Raises
    UsageError for what is no token.
    """
    try:
        _, body, _ = token.split(".")
        claims = _json.parse(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), where="identity token")
        subject, repository = _named(claims)
        federated = claims.maybe("federated_claims")
        return Identity(
            subject,
            issuer=(federated.at("connector_id") if federated else claims.at("iss")).text(),
            claims=Claims(source_repository=repository),
        )
    except (ValueError, SupplyChainError):
        raise UsageError("the identity token is of no use: its claims cannot be read", hint=_HOW) from None


def _named(claims: Node) -> tuple[str, str | None]:
    """The subject of the certificate, and the repository it names."""
    if workflow := claims.maybe("job_workflow_ref"):
        return f"https://github.com/{workflow.text()}", f"https://github.com/{claims.at('repository').text()}"
    if pipeline := claims.maybe("ci_config_ref_uri"):
        return f"https://{pipeline.text()}", f"{claims.at('iss').text()}/{claims.at('project_path').text()}"
    if organization := claims.maybe("organization_slug"):
        return f"https://buildkite.com/{organization.text()}/{claims.at('pipeline_slug').text()}", None
    return claims.at("email" if claims.maybe("email") else "sub").text(), None
