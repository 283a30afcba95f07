"""The base of all groups of settings, and the kinds of their values."""

import json
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from config.redis_url import host_and_port
from config.texts import _


class Section(BaseModel):
    """A group of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(names: Any) -> Any:
    """Return a list that was written as JSON or with commas."""
    if isinstance(names, str) and not names.startswith("["):
        return [name.strip() for name in names.split(",")]
    try:
        return json.loads(names) if isinstance(names, str) else names
    except ValueError as error:
        raise ValueError(
            _("must be JSON, or names separated by commas ({error})").format(error=error)
        ) from None


def _networks(addresses: list[str]) -> list[str]:
    """Return the list if each is an address or a network. Raise ValueError otherwise."""
    for one in addresses:
        try:
            ip_network(one)
        except ValueError:
            raise ValueError(
                _("{proxy} is no address and no network: write 10.0.0.5 or 10.0.0.0/24").format(proxy=one)
            ) from None
    return addresses


def _host_and_port(address: str) -> str:
    if address:
        host_and_port(address)
    return address


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Schedule = Annotated[list[Seconds], Field(min_length=1)]
HOUR, DAY = 3600, 86400
Names = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
Proxies = Annotated[list[str], NoDecode, BeforeValidator(_listed), AfterValidator(_networks)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
