"""Proof: the fate of each message, written to files that people and courts can keep."""
