"""Failures of IMAP, named by what the caller must do."""


class ImapUnavailable(Exception):
    """The server could not be asked now: try again later. `code` is stable, `description` is for people."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code, description)
        self.code, self.description = code, description


class LoginRefused(Exception):
    """The server refuses the user or the password: do not try again, because repeats lock mailboxes."""

    def __init__(self, description: str) -> None:
        super().__init__(description)
        self.description = description


class FolderMissing(Exception):
    """The mailbox has no such folder, or does not open it."""

    def __init__(self, folder: str, description: str) -> None:
        super().__init__(folder, description)
        self.folder, self.description = folder, description
