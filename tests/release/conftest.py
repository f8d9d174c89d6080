"""A private Sigstore to sign with."""

from tests.sigstore_stack.fixtures import stack, stranger

__all__ = ("stack", "stranger")
