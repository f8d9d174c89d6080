"""What holds for every test: only loopback is reached, laws are marked, no key of the caller is near."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0", "::ffff:127.")
_may_connect = False


def _only_loopback(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect" or _may_connect:
        return
    address = args[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(_LOCAL):
        raise AssertionError(f"a test reached for {address[0]}: only loopback is allowed outside make slow")


sys.addaudithook(_only_loopback)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every Hypothesis test is a law: `make property` runs them all."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("property")


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No network but for slow tests, and none of the variables that the command line reads."""
    global _may_connect  # noqa: PLW0603  # an audit hook has no other way to know which test runs
    for name in ("SUPPLYCHAIN_KEY_PASSWORD", "SOURCE_DATE_EPOCH", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    _may_connect = request.node.get_closest_marker("slow") is not None
    yield
    _may_connect = False


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the project."""
    return Path(__file__).resolve().parents[1]
