"""The private Sigstore, for commands that verify certificates."""

from tests.sigstore_stack.fixtures import stack, stranger

__all__ = ("stack", "stranger")
