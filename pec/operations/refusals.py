"""Refusals: what an operator asked for cannot be done, because of a name, a state or a moment."""


class Refused(Exception):
    """Nothing was changed. `code` is stable; the text names the thing, the reason and the remedy."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
