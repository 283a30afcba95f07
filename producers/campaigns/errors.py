"""What keeps a campaign from being imported at all; of single rows tells `pec.jobs.Problem`.

Both messages are for people, remedy included.
"""


class Unusable(Exception):  # noqa: N818 - what the file is
    """The file can't be read, or has not the columns that it needs."""


class Misused(Exception):  # noqa: N818 - what happened to the option
    """An option or a template names what is not there, or can't be read."""
