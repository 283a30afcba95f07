"""The errors of the archive, named by what the caller must do."""

from config.texts import joined
from pec.archive_causes import archive_cause


class VaultError(Exception):
    """The archive gave no bytes. `what` says what happened, `remedy` what to do, and the message both.

    `details`: of bytes that an operator must put back, their `place` and `name`.
    """

    def __init__(self, what: str, remedy: str, **details: str) -> None:
        super().__init__(joined(": ", [what, remedy]))
        self.what = what
        self.remedy = remedy
        self.details = details


class VaultAway(VaultError):
    """The archive can't be used now: try again later. It says nothing about what the archive holds.

    `details`: the `cause`, by which a reader of another language finds the texts again, and what fills them in.
    """

    def __init__(self, cause: str, **details: str) -> None:
        super().__init__(*archive_cause(cause, details), cause=cause, **details)


class Missing(VaultError):
    """The archive is there and does not hold these bytes: an operator must put them back."""


class Altered(VaultError):
    """The archive holds other bytes under this name than were put: an operator must put them back."""
