"""Policies and the engine that judges a Case by one: the only maker of a Decision. Rules see verified facts and nothing
else: no clock, no file, no network.
"""
