"""Sealed values cannot be forged by accident: every ordinary road to one is closed.

``object.__new__`` with ``object.__setattr__`` stays open to whoever wants to cheat himself: no Python code can close
it. `test_architecture` sees to it that nobody in this package takes it.
"""

import copy
import dataclasses
import pickle
from functools import partial
from typing import Any

import pytest

from supplychain.errors import PermitRefused
from supplychain.model.decision import Decision, Mode, Outcome, Verdict
from supplychain.model.permit import Permit
from supplychain.model.sealed import Sealed, mint
from supplychain.model.verified import Signature, Source, Verified
from supplychain.verify.trust import Trust
from supplychain.verify.verifier import verify_evidence
from tests.support.decisions import decision, finding
from tests.support.evidence import NOW, artifact, evidence, key, signed


def sealed() -> list[Any]:
    """One real value of each class."""
    (proof,) = verify_evidence(evidence(signed()), artifact(), Signature, trust=Trust(key()), at=NOW)
    return [proof, decision(), decision().permit()]


each = pytest.mark.parametrize("value", sealed(), ids=lambda v: type(v).__name__)


def test_the_sealed_classes_are_these() -> None:
    assert {c.__name__ for c in Sealed.__subclasses__()} == {"Verified", "Decision", "Permit"}
    assert [type(v) for v in sealed()] == [Verified, Decision, Permit]


@each
def test_it_is_not_made_by_calling_its_class(value: Any) -> None:
    kind: Any = type(value)
    fields = {name: getattr(value, name) for name in kind.__slots__}
    for arguments, named in (((), {}), ((), fields), (tuple(fields.values()), {})):
        for make in (kind, partial(kind.__new__, kind), partial(Sealed.__new__, kind)):
            with pytest.raises(TypeError, match=f"only .* makes a {kind.__name__}"):
                make(*arguments, **named)


def test_a_parametrised_class_makes_none_either() -> None:
    with pytest.raises(TypeError, match="makes a Verified"):
        Verified[Signature](signer="me")


@each
def test_it_is_not_changed(value: Any) -> None:
    for name in (*type(value).__slots__, "anything", "__class__", "__dict__"):
        with pytest.raises(AttributeError):
            setattr(value, name, None)
        with pytest.raises(AttributeError):
            delattr(value, name)
    assert not hasattr(value, "__dict__")


@each
def test_it_is_not_changed_into_another(value: Any) -> None:
    with pytest.raises(TypeError):
        dataclasses.replace(value, root=None)
    with pytest.raises(TypeError, match="is not changed into another"):
        value.__replace__(root=None)
    if hasattr(copy, "replace"):
        with pytest.raises(TypeError):
            copy.replace(value, root=None)


@each
def test_a_copy_is_the_value_itself(value: Any) -> None:
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value
    assert copy.deepcopy([value])[0] is value


@each
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_does_not_leave_its_process(value: Any, protocol: int) -> None:
    with pytest.raises(TypeError, match="does not leave its process"):
        pickle.dumps(value, protocol)


@each
def test_it_has_no_subclasses(value: Any) -> None:
    class Mixin:
        pass

    for bases in ((type(value),), (Mixin, type(value)), (type(value), Mixin), (Sealed, type(value))):
        with pytest.raises(TypeError):
            type("Forged", bases, {"__slots__": (), "made_by": "me"})
    if isinstance(value, Verified):
        with pytest.raises(TypeError, match="is sealed"):
            type("Forged", (Verified[Signature].__origin__,), {})  # type: ignore[attr-defined]  # as typing resolves it


def test_a_sealed_class_says_who_makes_it() -> None:
    with pytest.raises(TypeError, match="is sealed"):
        type("Nameless", (Sealed,), {"__slots__": ()})


def test_the_mint_takes_every_field_and_no_other() -> None:
    fields: dict[str, Any] = {
        "subjects": (),
        "release": None,
        "policy": None,
        "decided_at": NOW,
        "inputs": (),
        "vsa": None,
    }
    assert mint(Permit, **fields).vsa is None
    with pytest.raises(TypeError, match="Permit has no extra"):
        mint(Permit, **fields, extra=1)
    with pytest.raises(KeyError):
        mint(Permit, subjects=())


@pytest.mark.parametrize("verdict", Verdict)
def test_only_an_allowed_decision_is_true(verdict: Verdict) -> None:
    made = decision(verdict, finding("a"), finding("b", Outcome.FAIL))
    assert bool(made) is (verdict is Verdict.ALLOWED)
    assert made.exit_code == {"allowed": 0, "denied": 1, "undetermined": 3}[verdict]
    assert str(made) == f"{verdict.upper()} chat-server 10.11.3 (patch, security): 1 pass, 1 fail"


@pytest.mark.parametrize("verdict", [Verdict.DENIED, Verdict.UNDETERMINED])
def test_what_is_not_allowed_gives_no_permit(verdict: Verdict) -> None:
    with pytest.raises(PermitRefused, match=f"the decision is {verdict}"):
        decision(verdict).permit()


def test_an_allowed_decision_of_another_time_gives_no_permit() -> None:
    with pytest.raises(PermitRefused, match="judged as of a chosen time"):
        decision(no_permit="judged as of a chosen time").permit()


def test_a_permit_is_for_what_was_judged() -> None:
    made = decision()
    permit = made.permit()
    assert (permit.subjects, permit.inputs, permit.release) == (made.subjects, made.inputs, made.release)
    assert (permit.policy, permit.decided_at, permit.vsa) == (made.policy, made.as_of, None)


def test_a_decision_counts_rules_not_findings() -> None:
    twice = [finding("a", Outcome.FAIL, subject=name) for name in ("x", "y")]
    made = decision(Verdict.DENIED, *twice, finding("b", mode=Mode.WARN))
    assert made.counts == {"pass": 1, "fail": 1, "error": 0, "waived": 0, "not_applicable": 0}


def test_a_decision_on_no_release_names_its_files() -> None:
    assert str(decision(release=None)).startswith("ALLOWED chat-server-10.11.3-linux-amd64.tar.gz, chat-server")


def test_sources_compare_by_content() -> None:
    assert Source("a", "0") == ("a", "0")
