"""Settings of the PEC Massiva API: where it is, and how much it is used."""

import math
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from config.sections.section import Seconds, Section
from config.texts import _

MAX_PLACES = 1000
PLACES_SECONDS = 4  # of sends: the API may take so long for each without costing pace


class Api(Section):
    """The PEC Massiva API and the limits of its use."""

    url: str = Field("https://ws.pecmassiva.com", description="address of the API, without a path")
    token: SecretStr | None = Field(None, description="bearer token of every account without its own token")
    rate: float = Field(1.0, gt=0, le=1000, description="sends per second and token")
    margin_seconds: float | None = Field(
        None,
        ge=0,
        le=60,
        description="extra delay between sends to absorb jitter, in seconds; capped at 2 % of the interval. Empty: "
        "learnt from how late this machine's sends are, up to 0.15 % of the interval and 3 ms; above 6 sends a second, "
        "and for ten minutes after a refusal (429), up to 2 % and 3 ms. With 0, a send up to 5 ms late is not "
        "corrected, so the next one follows it up to 5 ms early",
    )
    timeout_seconds: Seconds = Field(30.0, description="longest wait for the next byte of a call, in seconds")
    connect_timeout_seconds: Seconds = Field(
        10.0, description="longest time to open a connection, in seconds"
    )
    min_bytes_per_second: int = Field(
        50_000,
        gt=0,
        description="slowest accepted transfer, in bytes per second: the deadline of a call is the timeout plus its "
        "size divided by this",
    )
    max_bytes: int = Field(
        30_000_000, gt=0, description="largest encoded size of one message times its recipients, in bytes"
    )
    daily_cap: int | None = Field(
        None, gt=0, description="most sends per day (Europe/Rome) and token; empty: no limit"
    )
    monthly_cap: int | None = Field(
        None, gt=0, description="most sends per month (Europe/Rome) and token; empty: no limit"
    )
    price_eur: float = Field(0.05, ge=0, description="price of one PEC in EUR, for estimates")
    in_flight: int | None = Field(
        None,
        gt=0,
        le=MAX_PLACES,
        description="most simultaneous sends per token; empty: as many as are made in 4 s, at least 4",
    )
    read_rate: float = Field(10.0, gt=0, le=1000, description="calls other than sends, per second and token")

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(_("must be an address such as https://ws.pecmassiva.com"))
        return url.rstrip("/")

    @property
    def places(self) -> int:
        """Return how many sends of one token may be on the wire at once."""
        return self.in_flight or min(MAX_PLACES, math.ceil(PLACES_SECONDS * max(1.0, self.rate)))

    def send_deadline_seconds(self, size_bytes: int) -> float:
        """Return how many seconds a POST of this size may take after its first byte."""
        return self.timeout_seconds + size_bytes / self.min_bytes_per_second
