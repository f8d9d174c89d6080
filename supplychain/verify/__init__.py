"""The only room that turns Evidence into Verified: small files, read against the specifications.

verifier (the numbered steps), bundle (the formats), trust (whom the caller named).
"""
