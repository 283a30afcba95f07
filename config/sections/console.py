"""Settings of the console."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from config.sections.section import Section, listed, networks
from config.texts import _


class Console(Section):
    """The pages of `pec console`."""

    trusted_proxies: Annotated[list[str], NoDecode] = Field(
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

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, proxies: Any) -> Any:
        return listed(proxies)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        return networks(proxies)

    @model_validator(mode="after")
    def _header_comes_from_somewhere(self) -> Self:
        if self.trusted_header and not self.trusted_proxies:
            raise ValueError(_("TRUSTED_HEADER without TRUSTED_PROXIES: name the addresses of the proxy"))
        return self
