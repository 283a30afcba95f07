"""Errors of operations: nothing was changed, because of a name, a state or a moment."""


class Refused(Exception):
    """Nothing was changed. `code` is stable; the text names the thing, the reason and the remedy."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Contended(Exception):
    """Nothing was changed, because others kept changing the message meanwhile."""
