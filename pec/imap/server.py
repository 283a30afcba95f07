"""The address of a mailbox, and how to log in. Knows no library of IMAP."""

from dataclasses import dataclass

from pydantic import SecretStr

from config.settings import Account


@dataclass(frozen=True, slots=True)
class Server:
    """A mailbox's place and credentials."""

    host: str
    port: int
    tls: bool
    username: str
    password: SecretStr

    @classmethod
    def of(cls, account: Account) -> "Server":
        """Return the server that an account's settings name."""
        imap = account.imap
        return cls(imap.host, imap.port, imap.tls, account.imap_username, account.imap_password)
