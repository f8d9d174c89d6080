"""The composition behind the promise and the command line: one short module a noun.

These modules open files, read the clock and wire the rooms together; they decide nothing.
"""
