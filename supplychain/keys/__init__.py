"""Public and private keys, from bytes: read, checked for strength, used to verify and to sign.

>>> key = generate()
>>> public = key.public
>>> public.verify(key.sign(b"bytes"), b"bytes")
>>> public.fingerprint == read_public(public.pem()).fingerprint
True
"""

from supplychain.keys.private import PrivateKey, generate, read_private
from supplychain.keys.public import PublicKey, read_public

__all__ = ["PrivateKey", "PublicKey", "generate", "read_private", "read_public"]
