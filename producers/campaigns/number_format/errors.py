"""What keeps a value from being shown."""


class Unshown(Exception):  # noqa: N818 - what happens to the value
    """The format is unknown, or the sheet itself shows ##### for the value."""
