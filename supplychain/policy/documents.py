"""The SBOMs in a case, read once each: shared by the rules that look into them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from supplychain.errors import InputError
from supplychain.model.artifact import Artifact
from supplychain.model.decision import Outcome
from supplychain.model.verified import Verified
from supplychain.policy.context import Context, Problem, absent, cite, clip
from supplychain.predicates import short_name
from supplychain.sbom.document import Document
from supplychain.sbom.formats import format_named

KINDS: Final = ("cyclonedx", "spdx")
"""Evidence that is an SBOM."""
_FORMATS: Final = {"cyclonedx": "cyclonedx-json", "spdx": "spdx-json"}
_FIX: Final = "Make the SBOM again from this very file: supplychain prepare ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A document that a named signer attested about the artifact."""

    proof: Verified[Any]
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Sboms:
    """The SBOMs of one artifact."""

    found: tuple[Attested, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Why others do not count; when nothing was found there is at least one."""


def sboms_of(context: Context, artifact: Artifact, signers: Sequence[str], kinds: Sequence[str] = KINDS) -> Sboms:
    """The SBOMs of these kinds by these signers about an artifact.

    A document that cannot be read is an ERROR; one that names another subject than it was attested for is a FAIL.
    """
    gathered = context.gather(artifact, kinds, signers)
    if not gathered.proofs:
        return Sboms(problems=(absent(artifact, gathered, kinds, signers),))
    seen = [sbom_of(context, artifact, proof) for proof in gathered.proofs]
    return Sboms(
        found=tuple(s for s in seen if isinstance(s, Attested)),
        problems=tuple(s for s in seen if isinstance(s, Problem)),
    )


def sbom_of(context: Context, artifact: Artifact, proof: Verified[Any]) -> Attested | Problem:
    """The document of one attestation, or why it does not count."""
    try:
        document = read_once(context, proof)
    except InputError as e:
        return _problem(Outcome.ERROR, f"its SBOM cannot be read: {clip(str(e), 300)}", artifact, proof)
    if document.sha256 not in ("", artifact.sha256):
        return _problem(Outcome.FAIL, f"its SBOM is about sha256:{clip(document.sha256, 12)}", artifact, proof)
    if not document.components and not document.files:
        said = "its SBOM lists nothing: no component and no file"
        return _problem(Outcome.ERROR, said, artifact, proof, empty=True)
    return Attested(proof=proof, document=document)


def read_once(context: Context, proof: Verified[Any]) -> Document:
    """The document of a proof, read by the first rule that asks. Raises InputError."""
    name = _FORMATS[short_name(proof.predicate_type)]
    return context.once((proof.payload_sha256, name), lambda: format_named(name).read(proof.predicate.document))


def _problem(
    outcome: Outcome, message: str, artifact: Artifact, proof: Verified[Any], *, empty: bool = False
) -> Problem:
    return Problem(outcome=outcome, message=message, artifact=artifact, evidence=(cite(proof),), fix=_FIX, empty=empty)
