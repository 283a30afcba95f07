"""The errors of the archive, named by what the caller must do."""


class VaultError(Exception):
    """The archive gave no bytes. The message says what happened and what to do."""


class VaultAway(VaultError):
    """The archive can't be used now: try again later. It says nothing about what the archive holds."""


class Missing(VaultError):
    """The archive is there and does not hold these bytes: an operator must put them back."""


class Altered(VaultError):
    """The archive holds other bytes under this name than were put: an operator must put them back."""
