"""What a build step may see of our environment, and what of it may be told to the world.

>>> sorted(child_environment({"PATH": "/bin", "SUPPLYCHAIN_KEY_PASSWORD": "x", "AWS_PROFILE": "y"}))
['PATH']
>>> redact(["curl", "--token", "abc", "https://me:pw@host/"], {})
('curl', '--token', '[redacted]', 'https://[redacted]@host/')
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

REDACTED: Final = "[redacted]"
MAX_VALUE: Final = 1000
"""Characters of a recorded variable; a longer one is not recorded."""

_WITHHELD: Final = re.compile(
    r"SUPPLYCHAIN_.*"
    # whoever holds one of these can ask for a certificate in the name of this job
    r"|ACTIONS_(ID_TOKEN_REQUEST_.*|RUNTIME_TOKEN)|.*(ID_TOKEN|OIDC).*|CI_JOB_JWT.*|BUILDKITE_AGENT_ACCESS_TOKEN"
    r"|IDENTITY_(ENDPOINT|HEADER)|MSI_(ENDPOINT|SECRET)"
    # cloud accounts, and what signs
    r"|(AWS|GOOGLE|GCP|GCLOUD|CLOUDSDK|AZURE|ALIBABA_CLOUD|ALICLOUD|OCI_CLI|IBMCLOUD|DIGITALOCEAN|HCLOUD|VAULT)_.*"
    r"|ARM_(CLIENT|ACCESS|SUBSCRIPTION|TENANT|SAS|MSI)_?.*|KUBECONFIG|COSIGN_.*|SIGSTORE_.*"
)
_RECORDED: Final = frozenset(
    """
    SOURCE_DATE_EPOCH
    GITHUB_SERVER_URL GITHUB_REPOSITORY GITHUB_REPOSITORY_ID GITHUB_REF GITHUB_SHA GITHUB_EVENT_NAME GITHUB_WORKFLOW
    GITHUB_WORKFLOW_REF GITHUB_WORKFLOW_SHA GITHUB_JOB GITHUB_RUN_ID GITHUB_RUN_NUMBER GITHUB_RUN_ATTEMPT
    RUNNER_OS RUNNER_ARCH RUNNER_ENVIRONMENT
    CI_SERVER_URL CI_PROJECT_ID CI_PROJECT_PATH CI_COMMIT_SHA CI_COMMIT_REF_NAME CI_COMMIT_TAG CI_CONFIG_PATH
    CI_PIPELINE_ID CI_PIPELINE_SOURCE CI_JOB_ID CI_JOB_NAME CI_JOB_URL CI_RUNNER_ID
    BUILDKITE_BUILD_ID BUILDKITE_BUILD_NUMBER BUILDKITE_BUILD_URL BUILDKITE_COMMIT BUILDKITE_BRANCH BUILDKITE_TAG
    CIRCLE_SHA1 CIRCLE_BRANCH CIRCLE_TAG CIRCLE_BUILD_NUM CIRCLE_BUILD_URL CIRCLE_WORKFLOW_ID
    BUILD_NUMBER BUILD_TAG JOB_NAME GIT_COMMIT GIT_BRANCH
    """.split()
)
_SECRET_NAME: Final = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|JWT|AUTH|COOKIE|(API|ACCESS|SIGNING|ENCRYPTION)_?KEY|_(KEY|PAT|PW)\Z"
)
_MIN_SECRET: Final = 6
"""Characters: anything shorter would blacken ordinary words."""
_FLAG_WORDS: Final = r"(?:token|secret|passw|passphrase|credential|api-?_?key|access-?_?key|private-?_?key|auth)"
_SECRET_FLAG: Final = re.compile(rf"--?[\w-]*{_FLAG_WORDS}[\w-]*", re.IGNORECASE)
_IN_TEXT: Final = (
    re.compile(rf"((?:^|(?<=[\s\"';&|]))--?[\w-]*{_FLAG_WORDS}[\w-]*(?:=|\s+))([^\s\"']+)", re.IGNORECASE),
    re.compile(rf"(\b\w*{_FLAG_WORDS}\w*=)([^\s\"'&]+)", re.IGNORECASE),
    re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/@\s]+)(?=@)"),
    re.compile(r"((?i:authorization:\s*\w+\s+))(\S+)"),
    re.compile(
        r"()(\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bAKIA[A-Z0-9]{16}\b|\bxox[abpr]-[\w-]{10,}"
        r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)"
    ),
)


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a build step: ours without our own settings, ways to an identity token, and cloud accounts."""
    return {name: value for name, value in environment.items() if not _WITHHELD.fullmatch(name.upper())}


def recorded_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The few variables that provenance records, sorted: facts a CI system tells about the build, never a secret."""
    hidden = _secrets_of(environment)
    return {
        name: _hide(environment[name], hidden)
        for name in sorted(environment)
        if name in _RECORDED and 0 < len(environment[name]) <= MAX_VALUE and environment[name].isprintable()
    }


def redact(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The command as it may be told: without values of secret variables, secret flags, and passwords in URLs.

    A secret under an innocent name cannot be told from an ordinary word: keep secrets in the environment.
    """
    hidden = _secrets_of(environment)
    told: list[str] = []
    for word in command:
        after_flag = bool(told) and _SECRET_FLAG.fullmatch(told[-1]) is not None
        told.append(REDACTED if after_flag and not word.startswith("-") else _hide(word, hidden))
    return tuple(told)


def _secrets_of(environment: Mapping[str, str]) -> list[str]:
    """Values of variables whose names say secret, longest first so that no remainder of one is left."""
    found = {v for n, v in environment.items() if len(v) >= _MIN_SECRET and _SECRET_NAME.search(n.upper())}
    return sorted(found, key=lambda value: (-len(value), value))


def _hide(text: str, hidden: Sequence[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, REDACTED)
    for pattern in _IN_TEXT:
        text = pattern.sub(lambda found: found[1] + REDACTED, text)
    return text
