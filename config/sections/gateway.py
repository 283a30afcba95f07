"""Settings of the HTTP gateway."""

from typing import Literal, Self

from pydantic import Field, model_validator

from config.sections.section import DAY, HostAndPort, Proxies, Section
from config.texts import _


class Gateway(Section):
    """The HTTP gateway, `pec gateway`."""

    shape: Literal["live", "documented"] = Field(
        "live",
        description="spelling of the items of GET /send/{code}. `live`: `date`, `subject`, `body`, as the service "
        "writes them; `documented`: `data`, `object`, `message`, as its description says",
    )
    repeat_window_seconds: float = Field(
        600,
        ge=0,
        le=DAY,
        description="how long the same POST /send of a token, without `Idempotency-Key`, gets the first answer again, "
        "in seconds after the latest answer. A day, if none was given. 0: each request is a PEC of its own",
    )
    token_share: float = Field(
        0.2,
        gt=0,
        le=1,
        description="share of Redis's maxmemory that uploads and waiting jobs of one token may take together; the "
        "largest body always fits. 1: all of it. Without maxmemory there is no limit",
    )
    trusted_proxies: Proxies = Field(
        default=[],
        description="addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, as JSON or "
        "separated by commas; empty: none",
    )
    tls_cert: str = Field(
        "", description="PEM file with the certificate and its chain; empty: HTTP without TLS"
    )
    tls_key: str = Field("", description="PEM file with the key of the certificate")
    metrics_address: HostAndPort = Field(
        "", description="`host:port` on which the gateway serves Prometheus metrics; empty: none"
    )

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError(_("TLS_CERT and TLS_KEY need each other: set both, or neither"))
        return self
