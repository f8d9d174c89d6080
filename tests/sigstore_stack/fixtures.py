"""Stacks for a session of tests. A folder that wants them imports them in its conftest.py:

    from tests.sigstore_stack.fixtures import stack, stranger

They are shared, so a test that moves the clock does it in `with stack.clock.at(...)`.
"""

import pytest

from tests.sigstore_stack.stack import Stack, new_stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The one that is trusted; its Rekor v2 has two witnesses."""
    return new_stack(witnesses=2)


@pytest.fixture(scope="session")
def stranger() -> Stack:
    """Another one of the same names, that nobody trusts."""
    return new_stack(witnesses=2)
