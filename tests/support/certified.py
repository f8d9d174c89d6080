"""What the private Sigstore signs, before our verifier: how it is judged; and certificates wrong in one way."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from supplychain.errors import SupplyChainError
from supplychain.model.artifact import Artifact
from supplychain.model.evidence import Evidence
from supplychain.model.statement import Statement
from supplychain.model.verified import Signature, Verified
from supplychain.verify.trust import Identity, Trust
from supplychain.verify.verifier import verify_evidence
from tests.sigstore_stack import certificates, claims, ctlog
from tests.sigstore_stack.bundles import Signer, signed_artifact
from tests.sigstore_stack.certificates import Window
from tests.sigstore_stack.clock import START
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.keys import PrivateKey, p256
from tests.sigstore_stack.stack import Stack

ARTIFACT: Final = b"the bytes of a release\n"
AT: Final = START + timedelta(hours=1)
"""When these tests judge; the stack signs an hour before."""
WORKFLOW: Final = claims.workflow()
WHO: Final = Identity(WORKFLOW.subject, issuer=WORKFLOW.issuer)
Extensions: TypeAlias = dict[str, tuple[x509.ExtensionType, bool]]


def measured(content: bytes = ARTIFACT, *, by_digest: bool = False) -> Artifact:
    """The artifact by path, or its digest alone."""
    return Artifact(
        name="artifact",
        sha256=hashlib.sha256(content).hexdigest(),
        measure=None if by_digest else lambda algorithm: hashlib.new(algorithm, content).hexdigest(),
    )


def raw(document: Document | bytes) -> bytes:
    """As a file has it."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def judge(
    bundle: Document | bytes,
    root: Document | bytes | list[bytes],
    *,
    who: Any = WHO,
    about: Artifact | None = None,
    at: Any = AT,
) -> Verified[Any]:
    """The one proof that the bundle is, for whoever trusts these signers and these roots."""
    data = raw(bundle)
    trust = Trust(*(who if isinstance(who, tuple) else (who,)), root=root if isinstance(root, list) else raw(root))
    want: Any = Statement if b'"dsseEnvelope"' in data else Signature
    return verify_evidence(
        Evidence(uri="bundle.sigstore.json", data=data), about or measured(), want, trust=trust, at=at
    )[0]


def accepted(bundle: Document | bytes, root: Document | bytes | list[bytes], **more: Any) -> None:
    """It is proof, as `judge` says."""
    judge(bundle, root, **more)


def refused(
    error: type[SupplyChainError],
    words: str,
    bundle: Document | bytes,
    root: Document | bytes | list[bytes],
    **more: Any,
) -> SupplyChainError:
    """The refusal, of exactly this class and for this reason."""
    with pytest.raises(SupplyChainError) as caught:
        judge(bundle, root, **more)
    assert type(caught.value) is error, caught.value
    assert words in caught.value.message, caught.value
    return caught.value


def entry(bundle: Document) -> Document:
    """Its one log entry, to be spoilt."""
    (found,) = bundle["verificationMaterial"]["tlogEntries"]
    return found  # type: ignore[no-any-return]  # a document of the stack is JSON


def certified(
    stack: Stack,
    *,
    key: PrivateKey | None = None,
    said: claims.Claims = WORKFLOW,
    change: Callable[[Extensions], object] = lambda extensions: None,
    valid: Window | None = None,
    subject: str | None = None,
    issuer: str | None = None,
    sct: Callable[[x509.Certificate], x509.ExtensionType | None] | None = None,
) -> Signer:
    """A signer whose certificate was altered before the authority signed it.

    Args:
        change: is given the extensions by name (usage, extended, san, ...) to alter
        sct: makes the SCT extension for the certificate without one; by default a true one of the stack's log
    """
    key = key or p256()
    start = stack.clock.now()
    extensions: Extensions = {
        "usage": (certificates.key_usage("digital_signature"), True),
        "extended": (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
        "authority": certificates.identifiers(key.public_key(), stack.authority.key.public_key())[1],
        "san": (x509.SubjectAlternativeName([claims.alternative_name(said.subject)]), True),
    }
    for each in claims.extensions(said):
        extensions[each.oid.dotted_string.rpartition(".")[2]] = (each, False)
    change(extensions)
    serial = x509.random_serial_number()

    def signed(*more: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
        return certificates.certificate(
            subject=subject,
            public_key=key.public_key(),
            issuer=issuer or f"{stack.authority.name} intermediate",
            issuer_key=stack.authority.key,
            valid=valid or Window(start=start, end=start + stack.authority.lifetime),
            extensions=[*extensions.values(), *more],
            serial=serial,
        )

    bare = signed()
    made = true_sct(stack)(bare) if sct is None else sct(bare)
    return Signer(key=key, certificate=bare if made is None else signed((made, False)))


def set_to(name: str, extension: x509.ExtensionType, critical: bool = False) -> Callable[[Extensions], object]:
    """For `certified`: this extension, instead of what is there."""
    return lambda extensions: extensions.update({name: (extension, critical)})


def without(name: str) -> Callable[[Extensions], object]:
    """For `certified`: all but this extension."""
    return lambda extensions: extensions.pop(name)


def true_sct(stack: Stack, **more: Any) -> Callable[[x509.Certificate], x509.ExtensionType]:
    """The promise of the stack's CT log."""

    def made(bare: x509.Certificate) -> x509.ExtensionType:
        issuer = stack.authority.intermediate
        return ctlog.extension(ctlog.timestamp(stack.ctlog, bare, issuer, **{"at": stack.clock.now(), **more}))

    return made


def signed_by(stack: Stack, signer: Signer, **more: Any) -> Document:
    """A bundle of the artifact's signature by this one."""
    return signed_artifact(stack, ARTIFACT, signer=signer, **more)
