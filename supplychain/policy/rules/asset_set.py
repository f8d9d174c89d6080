"""Rule ``asset-set``: judged on the folder as it lies there and on its signed release.json."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from supplychain.errors import SupplyChainError
from supplychain.model.case import Case, Listing
from supplychain.model.decision import Cited, Outcome
from supplychain.model.names import (
    RELEASE_FILE,
    RELEASE_SIGNATURE,
    is_evidence,
)
from supplychain.model.release import check_names
from supplychain.policy.context import Context, Problem, RuleResult, cite, some
from supplychain.policy.globs import matches
from supplychain.policy.model import EvidenceParams, Field, Glob, Many, RuleParams

_PREPARE = "Make the asset set again: supplychain prepare FOLDER --key KEY"


class AssetSetParams(EvidenceParams):
    """Parameters of ``asset-set``."""

    any_signer: ClassVar[bool] = True
    signers: Many[str] = Field(default=(), description="Who may sign release.json; any signer of the policy if absent.")
    require: Many[Glob] = Field(default=(), description="Each of these must match an asset.")
    allow_extra: bool = Field(default=False, description="Whether files that release.json does not name may lie there.")


class AssetSetComplete:
    """The folder holds exactly the files that a signed release.json declares.

    What it checks:
        release.json is signed by a signer of the policy. Every asset it names is there, under that name, with that
        digest; nothing else is there but evidence about these assets, SHA256SUMS and decisions. No two names are
        one file on some system (case, Unicode form), and none is reserved. Each glob of `require` matches an asset.

    Why:
        A release with one file missing, renamed, added or exchanged is another release than the one that was
        prepared, and its readers cannot tell.

    Example:
        - id: complete
          type: asset-set
          require: ["*.whl", "*.tar.gz"]

    How to fix:
        Find out where the difference comes from, then run supplychain prepare on the folder again. To judge single
        files, leave this rule out.
    """

    Params: ClassVar[type[RuleParams]] = AssetSetParams
    type: ClassVar[str] = "asset-set"
    title: ClassVar[str] = "Exactly the declared files, none missing, none extra"

    def judge(self, context: Context, params: AssetSetParams) -> RuleResult:
        """Compare what is declared with what is there."""
        listing = context.case.listing
        if listing is None:
            problem = Problem(
                outcome=Outcome.ERROR,
                message="single files were given: there is no release.json to hold them against",
                fix="Gate the folder that supplychain prepare made.",
                empty=True,
            )
            return RuleResult(examined=0, total=len(context.case.artifacts), problems=(problem,), unit="assets")
        if refused := _unproven(context.case, listing, params.signers):
            return RuleResult(examined=0, total=len(listing.declared.assets), problems=(refused,), unit="assets")
        differences = list(_compare(context.case, listing, allow_extra=params.allow_extra))
        missing = [g for g in params.require if not any(matches(g, a.name) for a in listing.declared.assets)]
        if missing:
            differences.append(_fail(f"no asset matches {some(missing)}", fix="Add what is missing and prepare again."))
        assert listing.proof is not None
        return RuleResult(
            examined=len(listing.declared.assets),
            total=len(listing.declared.assets),
            failed=len(differences),
            problems=tuple(differences),
            unit="assets",
            message=f"{RELEASE_FILE} is signed by {listing.proof.signer}",
            evidence=(Cited(uri=listing.source.uri, sha256=listing.source.sha256), cite(listing.proof)),
        )


def _unproven(case: Case, listing: Listing, signers: Iterable[str]) -> Problem | None:
    """Why release.json proves nothing; None when it is signed as it must be."""
    by = " or ".join(signers)
    cited = (Cited(uri=listing.source.uri, sha256=listing.source.sha256),)
    if listing.proof is not None:
        if listing.proof.signer in signers:
            return None
        message = f"{RELEASE_FILE} is signed by {listing.proof.signer}, not by {by}"
        return Problem(outcome=Outcome.FAIL, message=message, evidence=(*cited, cite(listing.proof)), fix=_PREPARE)
    refused = [r for r in case.rejected if r.sha256_of_artifact == listing.source.sha256]
    if refused:
        first = next((r for r in refused if r.judged), refused[0])
        outcome = Outcome.FAIL if first.judged else Outcome.ERROR
        return Problem(outcome=outcome, message=f"{first.uri}: {first.message}", evidence=cited, fix=_PREPARE)
    if RELEASE_SIGNATURE in listing.names:
        message = f"{RELEASE_SIGNATURE} is no signature of {RELEASE_FILE} by {by}"
        return Problem(outcome=Outcome.FAIL, message=message, evidence=cited, fix=_PREPARE)
    message = f"{RELEASE_FILE} is not signed by {by}"
    return Problem(outcome=Outcome.ERROR, message=message, evidence=cited, fix=_PREPARE, empty=True)


def _compare(case: Case, listing: Listing, *, allow_extra: bool) -> Iterator[Problem]:
    """Each difference between the declared set and the files."""
    declared = {a.name: a for a in listing.declared.assets}
    there = {a.name: a for a in case.artifacts}
    elsewhere = {a.sha256: a.name for a in case.artifacts if a.name not in declared}
    for name, asset in declared.items():
        found = there.get(name)
        if found is None:
            renamed = elsewhere.get(asset.sha256)
            message = f"{name} was renamed to {renamed}" if renamed else f"{name} is missing"
            yield _fail(message, expected=f"{name} sha256:{asset.sha256}", actual=renamed or "nothing")
        elif found.sha256 != asset.sha256:
            yield Problem(
                outcome=Outcome.FAIL,
                message=f"{name} is sha256:{found.sha256[:12]}, declared is sha256:{asset.sha256[:12]}",
                artifact=found,
                expected=f"sha256:{asset.sha256}",
                actual=f"sha256:{found.sha256}",
                fix=f"The file changed after it was prepared: find out why. {_PREPARE}",
            )
    twice = sorted({a.name for a in case.artifacts if there[a.name] is not a})
    if twice:
        yield _fail(f"one name, several files: {some(twice)}")
    if not allow_extra:
        present = {*listing.names, *there} - declared.keys()
        extra = sorted(name for name in present if not is_evidence(name, declared))
        if extra:
            message = f"{some(extra)}: in the folder, and neither declared nor evidence of an asset"
            yield _fail(message, fix=f"Remove what does not belong to the release, or declare it. {_PREPARE}")
    try:
        check_names([n.removesuffix("/") for n in listing.names], where=RELEASE_FILE)
    except SupplyChainError as e:
        yield _fail(e.message)


def _fail(message: str, *, expected: str = "", actual: str = "", fix: str = _PREPARE) -> Problem:
    return Problem(outcome=Outcome.FAIL, message=message, expected=expected, actual=actual, fix=fix)
