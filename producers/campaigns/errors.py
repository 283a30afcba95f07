"""Errors that prevent the import of a whole campaign; `pec.jobs.Problem` describes those of single rows.

Both messages are for people, remedy included.
"""


class Unusable(Exception):
    """The file can't be read, or has not the columns that it needs."""


class Misused(Exception):
    """An option or a template names what is not there, or can't be read."""
