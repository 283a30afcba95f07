"""Intake: takes jobs from the stream `pec:jobs` and turns each into messages or a rejection."""
