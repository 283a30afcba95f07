"""Errors that prevent a value from being shown."""


class Unshown(Exception):
    """The format is unknown, or the sheet itself shows ##### for the value."""
