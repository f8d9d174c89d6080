"""The stacks that every test here shares."""

from tests.sigstore_stack.fixtures import stack, stranger

__all__ = ("stack", "stranger")
