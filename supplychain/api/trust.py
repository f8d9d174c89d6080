"""Roots of trust for the verbs that verify: the caller's, else the one that ships with sigstore."""

from supplychain.verify.trust import Trust


def grounded(trust: Trust) -> Trust:
    """This trust with a root: the packaged one where the caller named none, read only if evidence needs it."""
    return trust.or_root(_packaged)


def _packaged() -> bytes:
    from supplychain.roots.packaged import packaged_root  # evidence by a key alone does without

    return packaged_root()
