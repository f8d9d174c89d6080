"""Frozen facts: what the rooms hand to each other. Values only, no behaviour beyond reading and building them.

Untrusted values are named for it (`Evidence`); what was proven is `Verified`, which only the verifier makes.
"""
