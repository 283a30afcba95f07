"""Settings of the console."""

from typing import Self

from pydantic import Field, model_validator

from config.sections.section import Days, Proxies, Section
from config.texts import _


class Console(Section):
    """The pages of `pec console`."""

    trusted_proxies: Proxies = Field(
        default=[],
        description="addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, and "
        "whose word about the user, as JSON or separated by commas; empty: none",
    )
    trusted_header: str = Field(
        "",
        pattern=r"^([A-Za-z][A-Za-z0-9-]{0,63})?$",
        description="HTTP header in which a trusted proxy names the user that it authenticated, such as "
        "X-Remote-User; empty: people log in at the console",
    )
    read_only: bool = Field(False, description="show pages, and refuse every act")
    folder: str = Field(
        "",
        description="folder for the files of campaigns: lists, letters and attachments that people upload. Several "
        "consoles share one. Empty: a folder of the process's user, below $XDG_STATE_HOME or ~/.local/state",
    )
    campaign_days: Days = Field(
        30, description="how long the files of a campaign are kept after its last change, in days"
    )

    @model_validator(mode="after")
    def _header_comes_from_somewhere(self) -> Self:
        if self.trusted_header and not self.trusted_proxies:
            raise ValueError(_("TRUSTED_HEADER without TRUSTED_PROXIES: name the addresses of the proxy"))
        return self
