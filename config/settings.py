"""Every setting, with its unit, bounds and default: from the environment and `pec.toml`, checked at boot.

Built by the composition roots (`workers/app.py`, `cli`, `sandbox/__main__.py`) and handed down;
nothing else reads the environment. Secrets are `SecretStr`, so no `repr` shows them.
"""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.redis_url import host_and_port, next_database, problem_of_redis_url
from config.sources import Environment, explain, read_toml
from config.sources import SettingsError as SettingsError  # raised by load_settings, so imported from here

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Schedule = Annotated[list[Seconds], Field(min_length=1)]

ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ENDPOINT_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_CLOCK_DIFFERENCE = timedelta(minutes=30)  # of machines, at most; a wrong UTC offset is an hour or more
HOUR, DAY = 3600, 86400


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Api(_Section):
    """The PEC Massiva API and how hard it may be used."""

    url: str = Field("https://ws.pecmassiva.com", description="address of the API, without a path")
    token: SecretStr | None = Field(
        None, description="bearer token of every account that has none of its own"
    )
    rate: float = Field(1.0, gt=0, le=1000, description="sends a second that one token may make")
    margin_seconds: float = Field(
        0.003,
        ge=0,
        le=60,
        description="seconds added between two sends, against jitter; at most 2 % of their interval; "
        "0: a send may come 5 ms late, and the next that much closer",
    )
    timeout_seconds: Seconds = Field(30.0, description="seconds without a byte before a call is given up")
    connect_timeout_seconds: Seconds = Field(10.0, description="seconds to open a connection")
    min_bytes_per_second: int = Field(
        50_000,
        gt=0,
        description="bytes a second: a call's total deadline is the timeout plus its size over this",
    )
    max_bytes: int = Field(
        30_000_000, gt=0, description="greatest encoded size times recipients of one message, in bytes"
    )
    daily_cap: int | None = Field(
        None, gt=0, description="sends a day (Europe/Rome) of one token; empty: none"
    )
    monthly_cap: int | None = Field(
        None, gt=0, description="sends a month (Europe/Rome) of one token; empty: none"
    )
    price_eur: float = Field(0.05, ge=0, description="EUR that one PEC costs, for estimates")
    in_flight: int = Field(4, gt=0, le=1000, description="sends of one token that may be on the wire at once")
    read_rate: float = Field(
        10.0, gt=0, le=1000, description="calls other than sends a second, for each token"
    )

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("must be an address such as https://ws.pecmassiva.com")
        return url.rstrip("/")

    def send_deadline_seconds(self, size_bytes: int) -> float:
        """How long a POST of this size may take, all in all, once its first byte left."""
        return self.timeout_seconds + size_bytes / self.min_bytes_per_second


class Account(_Section):
    """A mailbox that sends."""

    sender: str = Field(description="its address")
    username: str = Field(description="its user name at the API")
    password: SecretStr = Field(description="its password at the API")
    token: SecretStr | None = Field(None, description="bearer token; empty: the API's")
    reference: bool = Field(
        True, description="append a short reference to subjects, by which lost answers are found"
    )


class Endpoint(_Section):
    """A consumer of webhooks."""

    name: str = Field("", description="name, for jobs and operators; default: its position, from 0")
    url: str = Field(repr=False, description="where events are posted")  # it can hold a password
    secret: SecretStr = Field(description="`whsec_…`; two of them, separated by a space, while rotating")
    events: list[str] | None = Field(
        None, description="event types it hears; empty list: only messages that name it; left out: everything"
    )

    @field_validator("secret")
    @classmethod
    def _standard_secret(cls, secret: SecretStr) -> SecretStr:
        secrets = secret.get_secret_value().split()
        if not secrets or not all(_is_standard_secret(one) for one in secrets):
            raise ValueError("must be whsec_ and base64 of 24 to 64 random bytes: `openssl rand -base64 32`")
        return secret

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an http or https address")
        return url


class Webhooks(_Section):
    """How events reach the services that consume them."""

    endpoints: list[Endpoint] = Field(default_factory=list, description="JSON list of endpoints")
    allow_private: bool = Field(
        False, description="deliver to private, loopback and link-local addresses too"
    )
    timeout_seconds: Seconds = Field(15.0, description="seconds that one delivery may take")
    backoff_seconds: Schedule = Field(
        default=[5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
        description="seconds before each retry; after the last the delivery is dead, and can be replayed",
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
                raise ValueError(f"endpoint name {name!r}: use letters, digits, '.', '_' and '-', 64 at most")
        if len(set(names)) != len(names):
            raise ValueError("two endpoints have the same name: give each its own")
        return self


class Receipts(_Section):
    """When the mailbox is asked for receipts, and for how long."""

    backoff_seconds: Schedule = Field(
        default=[5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 3600],
        description="seconds between two checks; the last one repeats",
    )
    page_interval_seconds: Seconds = Field(
        15, description="seconds between two readings of the pages of a mailbox that awaits many receipts"
    )
    deadline_seconds: Seconds = Field(
        30 * HOUR, description="seconds after which nothing final means expired"
    )
    warning_age_seconds: Seconds = Field(
        22 * HOUR, description="seconds since ACCETTAZIONE from which a time-out notice is final"
    )
    late_acceptance_seconds: Seconds = Field(
        1800, description="seconds without ACCETTAZIONE before the operator is told"
    )
    late_interval_seconds: Seconds = Field(
        DAY, description="seconds between looks for a CONSEGNA that comes after the end"
    )
    late_period_seconds: Seconds = Field(
        7 * DAY, description="seconds after the end during which it is looked for"
    )


class Uncertain(_Section):
    """How a send whose answer was lost is looked for in the mailbox."""

    lookup_seconds: Schedule = Field(
        default=[60, 300, 1800, 7200], description="seconds after the send at which the mailbox is searched"
    )
    held_interval_seconds: Seconds = Field(HOUR, description="seconds between looks once it is held")
    held_period_seconds: Seconds = Field(
        30 * HOUR, description="seconds during which a held message is looked for"
    )


class Quota(_Section):
    """How full a mailbox may be. A full one gets no receipts."""

    interval_seconds: Seconds = Field(600, description="seconds between two looks at a mailbox's quota")
    warn_ratio: float = Field(0.80, gt=0, le=1, description="share in use from which mailbox.filling is told")
    pause_ratio: float = Field(0.95, gt=0, le=1, description="share in use from which its sends wait")


class Retention(_Section):
    """How long things are kept, in days."""

    ids_days: Days = Field(400, description="digests of ids, which keep an id from being sent twice")
    messages_days: Days = Field(
        90, description="finished messages, their receipts and content, after their end"
    )
    delete_unexported: bool = Field(
        False, description="delete finished messages too that `pec export` has not written out"
    )
    events_days: Days = Field(90, description="the stream of events")
    rejected_days: Days = Field(30, description="the stream of rejected jobs")


class Settings(BaseSettings):
    """All settings. Raises pydantic's ValidationError; `load_settings` says it to people."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    # no repr: a URL can hold a password
    redis_url: str = Field(
        "redis://localhost:6379/0",
        repr=False,
        description="URL of the Redis or Valkey that holds the truth; in its password write %23 for #, %2F for /, "
        "%3F for ?, %25 for %",
    )
    broker_url: str = Field(
        "", repr=False, description="URL of Dramatiq's Redis; default: the next database of the same server"
    )
    redis_replicas: int = Field(
        0, ge=0, description="replicas that must acknowledge a claim before it is sent"
    )
    namespace: str = Field("pec", pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="how every key begins")
    lease_seconds: Seconds = Field(
        60, description="seconds after which work that a worker took is offered again"
    )
    metrics_address: str = Field(
        "", description="`host:port` on which each worker serves Prometheus metrics; empty: none"
    )
    reconcile_since: AwareDatetime | None = Field(
        None,
        description="RFC 3339 instant of the backup that Redis was restored from: what may have been sent since "
        "is looked for in its mailbox before it is sent; empty: Redis was not restored",
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="least level logged")
    log_json: bool | None = Field(None, description="log JSON lines; default: unless stderr is a terminal")
    api: Api = Field(default_factory=Api)
    accounts: dict[str, Account] = Field(default_factory=dict)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    receipts: Receipts = Field(default_factory=Receipts)
    uncertain: Uncertain = Field(default_factory=Uncertain)
    quota: Quota = Field(default_factory=Quota)
    retention: Retention = Field(default_factory=Retention)

    @field_validator("redis_url", "broker_url")
    @classmethod
    def _redis_address(cls, url: str) -> str:
        if url and (problem := problem_of_redis_url(url)):
            raise ValueError(problem)
        return url

    @field_validator("metrics_address")
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        if address:
            host_and_port(address)
        return address

    @field_validator("reconcile_since")
    @classmethod
    def _is_past(cls, instant: datetime | None) -> datetime | None:
        if instant and instant > datetime.now(UTC) + MAX_CLOCK_DIFFERENCE:
            raise ValueError(
                "lies in the future: give the instant of the backup, rather too early than too late"
            )
        return instant

    @field_validator("accounts")
    @classmethod
    def _account_names(cls, accounts: dict[str, Account]) -> dict[str, Account]:
        lowered = {name.lower(): account for name, account in accounts.items()}
        for name in lowered:
            if not ACCOUNT_NAME.fullmatch(name):
                raise ValueError(f"account name {name!r}: use a-z, 0-9, '_' and '-', 64 at most")
        return lowered

    @model_validator(mode="after")
    def _every_account_has_a_token(self) -> Self:
        for name, account in self.accounts.items():
            if account.token is None and self.api.token is None:
                own = f"PEC_ACCOUNTS__{name.upper()}__TOKEN"
                raise ValueError(f"account {name} has no token: set PEC_API__TOKEN or {own}")
        return self

    @property
    def broker(self) -> str:
        """The URL of Dramatiq's database."""
        return self.broker_url or next_database(self.redis_url)

    def token_of(self, account: str) -> str:
        """The bearer token of an account. Raises KeyError where the account is not configured."""
        token = self.accounts[account].token or self.api.token
        assert token is not None  # noqa: S101 - checked at boot by _every_account_has_a_token
        return token.get_secret_value()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file."""
        return init_settings, Environment(settings_cls), InitSettingsSource(settings_cls, read_toml())


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError, worded for the person who set them."""
    try:
        return Settings()
    except ValidationError as error:
        raise explain(error, Settings) from None  # the cause would show values, secrets among them


def _is_standard_secret(secret: str) -> bool:
    """Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
