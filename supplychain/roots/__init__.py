"""Roots of trust: the one that ships with sigstore, and newer ones fetched when somebody asks.

Nothing here is read from a user's cache: a root that lies there may have been put there by anybody.
"""
