"""Settings of the HTTP gateway."""

from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from config.redis_url import host_and_port
from config.sections.section import DAY, Section, listed, networks
from config.texts import _


class Gateway(Section):
    """The HTTP gateway, `pec gateway`."""

    shape: str = Field(
        "live",
        pattern="^(live|documented)$",
        description="spelling of the items of GET /send/{code}. `live`: `date`, `subject`, `body`, as the service "
        "writes them; `documented`: `data`, `object`, `message`, as its description says",
    )
    repeat_window_seconds: float = Field(
        600,
        ge=0,
        le=DAY,
        description="how long the same POST /send of a token, without `Idempotency-Key`, gets the first answer again, "
        "in seconds; 0: each request is a PEC of its own",
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, as JSON or "
        "separated by commas; empty: none",
    )
    tls_cert: str = Field(
        "", description="PEM file with the certificate and its chain; empty: HTTP without TLS"
    )
    tls_key: str = Field("", description="PEM file with the key of the certificate")
    metrics_address: str = Field(
        "", description="`host:port` on which the gateway serves Prometheus metrics; empty: none"
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, proxies: Any) -> Any:
        return listed(proxies)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        return networks(proxies)

    @field_validator("metrics_address")
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        if address:
            host_and_port(address)
        return address

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError(_("TLS_CERT and TLS_KEY need each other: set both, or neither"))
        return self
