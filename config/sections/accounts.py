"""Settings of the mailboxes that send, and of their IMAP servers."""

from datetime import date
from ipaddress import ip_address
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from config.sections.section import Names, Section
from config.texts import _


class Imap(Section):
    """Access to the mails of a mailbox, from which signed receipts are kept."""

    host: str = Field("", description="IMAP server of the mailbox; empty: it is not read by IMAP")
    port: int = Field(993, gt=0, le=65535, description="port of the IMAP server")
    tls: bool = Field(True, description="encrypt the connection; `false` only for a server on this machine")
    username: str = Field("", description="user name at the IMAP server; empty: the one at the API")
    password: SecretStr | None = Field(
        None, description="password at the IMAP server; empty: the one at the API"
    )
    folders: Names = Field(
        min_length=1,
        default=["INBOX"],
        description="folders that receipts come into, by their names on the server, as JSON or separated by commas",
    )
    password_expires: date | None = Field(
        None,
        description="day on which the IMAP password expires, such as 2027-02-28; `pec doctor` warns 14 days before; "
        "empty: it does not expire",
    )

    @field_validator("folders")
    @classmethod
    def _no_empty_or_repeated_name(cls, folders: list[str]) -> list[str]:
        if not all(folders):
            raise ValueError(_("has an empty name: name the folders, such as INBOX, INBOX.Ricevute"))
        return list(dict.fromkeys(folders))

    @field_validator("host")
    @classmethod
    def _is_a_name_alone(cls, host: str) -> str:
        if "/" in host or "@" in host or (":" in host and not host.count(":") > 1):
            raise ValueError(_("must be the name of the server alone: its port is the setting PORT"))
        return host

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        differs = any(getattr(self, name) != field.default for name, field in type(self).model_fields.items())
        if not self.host and differs:
            raise ValueError(_("has no HOST: set it, or unset the others"))
        if not self.tls and not _is_loopback(self.host):
            raise ValueError(
                _("TLS is false, and {host} is another machine: unset it").format(host=self.host)
            )
        return self


class Account(Section):
    """A mailbox that sends."""

    sender: str = Field(description="address of the mailbox")
    username: str = Field(description="user name at the API")
    password: SecretStr = Field(description="password at the API")
    token: SecretStr | None = Field(None, description="bearer token; empty: that of the API")
    reference: bool = Field(
        True,
        description="append a short reference to subjects, which identifies a send whose answer was lost",
    )
    imap: Imap = Field(default_factory=Imap)

    @property
    def imap_username(self) -> str:
        return self.imap.username or self.username

    @property
    def imap_password(self) -> SecretStr:
        return self.imap.password or self.password


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
