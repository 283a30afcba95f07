"""Attacks on the promises: real processes under faults that a seed decides, and a checker of what came of it."""
