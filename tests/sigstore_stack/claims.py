"""Who signs: the claims that Fulcio takes from an OIDC token and writes into a certificate."""

from dataclasses import dataclass, fields

from cryptography import x509

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
_ARC = "1.3.6.1.4.1.57264.1"
USER_NAME = x509.ObjectIdentifier(f"{_ARC}.7")
"""The otherName of a subject that is neither a URI nor an e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Certified facts; an empty one has no extension.

    Numbers are the last arc of the extension: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
    """

    subject: str
    """The subject alternative name: a URI, an e-mail address, or NAME!DOMAIN as an otherName."""
    issuer: str
    """1 as raw bytes and 8 as a DER UTF8String."""
    github_workflow_trigger: str = ""
    """2 to 6 are raw bytes."""
    github_workflow_sha: str = ""
    github_workflow_name: str = ""
    github_workflow_repository: str = ""
    github_workflow_ref: str = ""
    build_signer_uri: str = ""
    """9; from here on each is a DER UTF8String."""
    build_signer_digest: str = ""
    runner_environment: str = ""
    source_repository_uri: str = ""
    source_repository_digest: str = ""
    source_repository_ref: str = ""
    source_repository_identifier: str = ""
    source_repository_owner_uri: str = ""
    source_repository_owner_identifier: str = ""
    build_config_uri: str = ""
    build_config_digest: str = ""
    build_trigger: str = ""
    run_invocation_uri: str = ""
    source_repository_visibility: str = ""
    deployment_environment: str = ""
    token_subject: str = ""
    """24."""


LEGACY = dict(zip([f.name for f in fields(Claims)][2:7], range(2, 7), strict=True))
CURRENT = dict(zip([f.name for f in fields(Claims)][7:], range(9, 25), strict=True))
"""Names of fields with the last arc of their extension."""


def extensions(claims: Claims) -> list[x509.UnrecognizedExtension]:
    """In ascending order of arc."""
    made = [_extension(1, claims.issuer.encode())]
    made += [_extension(arc, getattr(claims, name).encode()) for name, arc in LEGACY.items() if getattr(claims, name)]
    made.append(_extension(8, utf8_string(claims.issuer)))
    made += [
        _extension(arc, utf8_string(getattr(claims, name))) for name, arc in CURRENT.items() if getattr(claims, name)
    ]
    return made


def _extension(arc: int, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_ARC}.{arc}"), value)


def utf8_string(text: str) -> bytes:
    """DER: tag 0x0C, length, UTF-8."""
    data = text.encode()
    size = len(data)
    length = bytes([size]) if size < 0x80 else bytes([0x80 | (n := (size.bit_length() + 7) // 8)]) + size.to_bytes(n)
    return b"\x0c" + length + data


def alternative_name(subject: str) -> x509.GeneralName:
    """A workflow's identity has an @ before its ref: what is a URI is looked for first."""
    if "://" in subject:
        return x509.UniformResourceIdentifier(subject)
    if "!" in subject:
        return x509.OtherName(USER_NAME, utf8_string(subject))
    return x509.RFC822Name(subject)


def person(email: str = "release-manager@example.com", issuer: str = "https://accounts.example.com") -> Claims:
    return Claims(subject=email, issuer=issuer)


def workflow(
    repository: str = "example/widget",
    *,
    path: str = ".github/workflows/release.yml",
    ref: str = "refs/tags/v1.0.0",
    commit: str = "8b1a9953c4611296a827abf8c47804d7e6c49c6b",
    issuer: str = GITHUB_ISSUER,
) -> Claims:
    """A GitHub Actions workflow that runs itself, with every extension of its certificate."""
    home = f"https://github.com/{repository}"
    owner, _, _ = repository.partition("/")
    definition = f"{home}/{path}@{ref}"
    return Claims(
        subject=definition,
        issuer=issuer,
        github_workflow_trigger="push",
        github_workflow_sha=commit,
        github_workflow_name="release",
        github_workflow_repository=repository,
        github_workflow_ref=ref,
        build_signer_uri=definition,
        build_signer_digest=commit,
        runner_environment="github-hosted",
        source_repository_uri=home,
        source_repository_digest=commit,
        source_repository_ref=ref,
        source_repository_identifier="1296269",
        source_repository_owner_uri=f"https://github.com/{owner}",
        source_repository_owner_identifier="583231",
        build_config_uri=definition,
        build_config_digest=commit,
        build_trigger="push",
        run_invocation_uri=f"{home}/actions/runs/30433642/attempts/1",
        source_repository_visibility="public",
        deployment_environment="production",
        token_subject=f"repo:{repository}:environment:production",
    )
