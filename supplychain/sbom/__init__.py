"""What is inside an artifact, as an Inventory, and the documents that say so.

Catalogers measure; formats write and read; profiles and proofs hold a document against what it must say.
"""
