"""Settings of webhooks and of the endpoints that receive them."""

import base64
import binascii
import re
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from config.sections.section import HOUR, Schedule, Seconds, Section
from config.texts import _

ENDPOINT_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Endpoint(Section):
    """A consumer of webhooks."""

    name: str = Field(
        "", description="name, for jobs and operators; default: the position in the list, from 0"
    )
    url: str = Field(repr=False, description="address that receives the events")  # it can hold a password
    secret: SecretStr = Field(description="`whsec_…`; while you change it, two separated by a space")
    events: list[str] | None = Field(
        None,
        description="event types that it receives; empty list: only those of messages that name the endpoint; "
        "absent: all",
    )

    @field_validator("secret")
    @classmethod
    def _standard_secret(cls, secret: SecretStr) -> SecretStr:
        secrets = secret.get_secret_value().split()
        if not secrets or not all(_is_standard_secret(one) for one in secrets):
            raise ValueError(
                _("must be whsec_ and base64 of 24 to 64 random bytes: `openssl rand -base64 32`")
            )
        return secret

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(_("must be an http or https address"))
        return url


class Webhooks(Section):
    """Delivery of events to endpoints."""

    endpoints: list[Endpoint] = Field(default_factory=list, description="JSON list of endpoints")
    allow_private: bool = Field(
        False, description="also deliver to private, loopback and link-local addresses"
    )
    timeout_seconds: Seconds = Field(15.0, description="longest time of one delivery, in seconds")
    backoff_seconds: Schedule = Field(
        default=[5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
        description="seconds before each retry; after the last one the delivery becomes a dead letter, which can be "
        "replayed",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_endpoints_by_position(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("endpoints"), list):
            named = [
                {"name": str(position), **endpoint} if isinstance(endpoint, dict) else endpoint
                for position, endpoint in enumerate(values["endpoints"])
            ]
            return {**values, "endpoints": named}
        return values

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [endpoint.name for endpoint in self.endpoints]
        for name in names:
            if not ENDPOINT_NAME.fullmatch(name):
                raise ValueError(
                    _("endpoint name {name}: use letters, digits, '.', '_' and '-', 64 at most").format(
                        name=repr(name)
                    )
                )
        if len(set(names)) != len(names):
            raise ValueError(_("two endpoints have the same name: give each its own"))
        return self


def _is_standard_secret(secret: str) -> bool:
    """Return whether Standard Webhooks allows the secret: `whsec_` and base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
