"""The private Sigstores that these tests share, and a key that takes long to make."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.sigstore_stack import root
from tests.sigstore_stack.encoding import Document
from tests.sigstore_stack.fixtures import stack, stranger
from tests.sigstore_stack.keys import PrivateKey
from tests.sigstore_stack.stack import Stack

__all__ = ("stack", "stranger")


@pytest.fixture(scope="session")
def rsa_key() -> PrivateKey:
    """Of the least size that is accepted."""
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture
def trusted(stack: Stack) -> Document:
    """A root that trusts every part of the stack, to be altered."""
    return root.trusted_root(stack)
