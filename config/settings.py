"""Every setting, with its unit, bounds and default: from the environment and `pec.toml`, checked at boot.

Only the composition roots (`workers/app.py`, `cli`, `sandbox/__main__.py`) load the settings and pass them on; no other
module reads the environment. Secrets are `SecretStr`, so no `repr` shows them.
"""

import base64
import binascii
import json
import re
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self
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
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.probe import NAMESPACE, REDIS_URL
from config.redis_url import host_and_port, next_database, problem_of_redis_url
from config.sources import Environment, explain, read_toml
from config.sources import SettingsError as SettingsError  # raised by load_settings, so imported from here
from config.texts import _

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Schedule = Annotated[list[Seconds], Field(min_length=1)]

ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
ENDPOINT_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_CLOCK_DIFFERENCE = timedelta(minutes=30)  # between machines; a wrong UTC offset is an hour or more
HOUR, DAY = 3600, 86400


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Api(_Section):
    """The PEC Massiva API and the limits of its use."""

    url: str = Field("https://ws.pecmassiva.com", description="address of the API, without a path")
    token: SecretStr | None = Field(None, description="bearer token of every account without its own token")
    rate: float = Field(1.0, gt=0, le=1000, description="sends per second and token")
    margin_seconds: float = Field(
        0.003,
        ge=0,
        le=60,
        description="extra delay between sends to absorb jitter, in seconds; capped at 2 % of the interval. With 0, "
        "a send up to 5 ms late is not corrected, so the next one follows it up to 5 ms early",
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
    in_flight: int = Field(4, gt=0, le=1000, description="most simultaneous sends per token")
    read_rate: float = Field(10.0, gt=0, le=1000, description="calls other than sends, per second and token")

    @field_validator("url")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError(_("must be an address such as https://ws.pecmassiva.com"))
        return url.rstrip("/")

    def send_deadline_seconds(self, size_bytes: int) -> float:
        """Return how many seconds a POST of this size may take after its first byte."""
        return self.timeout_seconds + size_bytes / self.min_bytes_per_second


class Imap(_Section):
    """Access to the mails of a mailbox, from which signed receipts are kept."""

    host: str = Field("", description="IMAP server of the mailbox; empty: it is not read by IMAP")
    port: int = Field(993, gt=0, le=65535, description="port of the IMAP server")
    tls: bool = Field(True, description="encrypt the connection; `false` only for a server on this machine")
    username: str = Field("", description="user name at the IMAP server; empty: the one at the API")
    password: SecretStr | None = Field(
        None, description="password at the IMAP server; empty: the one at the API"
    )
    folders: Annotated[list[str], NoDecode] = Field(
        min_length=1,
        default=["INBOX"],
        description="folders that receipts come into, by their names on the server, as JSON or separated by commas",
    )
    password_expires: date | None = Field(
        None,
        description="day on which the IMAP password expires, such as 2027-02-28; `pec doctor` warns 14 days before; "
        "empty: it does not expire",
    )

    @field_validator("folders", mode="before")
    @classmethod
    def _separated_by_commas(cls, folders: Any) -> Any:
        return _listed(folders)

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


class Account(_Section):
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


class Endpoint(_Section):
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


class Webhooks(_Section):
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


class Receipts(_Section):
    """How often and how long workers look for receipts."""

    backoff_seconds: Schedule = Field(
        default=[5, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 3600],
        description="seconds between two checks of a message; the last value repeats",
    )
    page_interval_seconds: Seconds = Field(
        15, description="seconds between two scans of a mailbox that awaits many receipts"
    )
    deadline_seconds: Seconds = Field(
        30 * HOUR, description="seconds after the send until a message without a final receipt is expired"
    )
    warning_age_seconds: Seconds = Field(
        22 * HOUR, description="seconds after ACCETTAZIONE from which a time-out notice is final"
    )
    late_acceptance_seconds: Seconds = Field(
        1800, description="seconds without ACCETTAZIONE until `acceptance.late` is published"
    )
    late_interval_seconds: Seconds = Field(
        DAY, description="seconds between two checks for a late CONSEGNA, after `undelivered` or `expired`"
    )
    late_period_seconds: Seconds = Field(
        7 * DAY, description="how long workers check for a late CONSEGNA, in seconds after the end"
    )


class Uncertain(_Section):
    """Searches of the mailbox for a send whose answer was lost."""

    lookup_seconds: Schedule = Field(
        default=[60, 300, 1800, 7200],
        description="times of the searches of the mailbox, in seconds after the send",
    )
    held_interval_seconds: Seconds = Field(
        HOUR, description="seconds between two searches for a held message"
    )
    held_period_seconds: Seconds = Field(
        30 * HOUR, description="how long workers search for a held message, in seconds"
    )


class Quota(_Section):
    """Limits of the space used in a mailbox. A full mailbox gets no receipts."""

    interval_seconds: Seconds = Field(
        600,
        description="most seconds between two readings of the quota of a mailbox; it is read sooner when receipts have "
        "taken 5 % of the mailbox since",
    )
    warn_ratio: float = Field(
        0.80,
        gt=0,
        le=1,
        description="used share of a mailbox from which `mailbox.filling` is published; a mailbox that was full "
        "resumes below it",
    )
    pause_ratio: float = Field(
        0.95,
        gt=0,
        le=1,
        description="share of a mailbox that may be in use and to come; a message whose receipts need more waits",
    )


class Mailbox(_Section):
    """Mail in mailboxes: which receipts workers delete, and how mail that is no receipt is found."""

    purge: Literal["off", "archived", "texts"] = Field(
        "off",
        description="receipts that workers delete from mailboxes. `off`: none; `archived`: those of ended messages, by "
        "IMAP, if all originals are in the archive; `texts`: also those of mailboxes without IMAP, of which only the "
        "texts are kept",
    )
    purge_grace_seconds: float = Field(
        DAY,
        ge=0,
        allow_inf_nan=False,
        description="how long the receipts of an ended message stay in its mailbox, in seconds after its end",
    )

    incoming_interval_seconds: Seconds | None = Field(
        None,
        description="seconds between two scans of each mailbox for incoming mail; empty: it is only found on pages "
        "that are read for receipts, and by IMAP",
    )


class Retention(_Section):
    """How long data is kept, in days."""

    ids_days: Days = Field(
        400, description="days for which ids are remembered, so that a repeated id is not sent twice"
    )
    messages_days: Days = Field(
        90, description="days for which finished messages are kept, with receipts and content"
    )
    delete_unexported: bool = Field(
        False, description="also delete finished messages that `pec export` has not written"
    )
    events_days: Days = Field(90, description="days for which events are kept")
    rejected_days: Days = Field(30, description="days for which rejected jobs are kept")


class S3(_Section):
    """Access to S3-compatible storage. What is empty here is taken from AWS's own variables, such as AWS_REGION."""

    endpoint: str = Field("", description="address of the storage; empty: AWS_ENDPOINT_URL, or Amazon's")
    region: str = Field("", description="region of the bucket; empty: AWS_REGION, or us-east-1")
    access_key_id: str = Field(
        "", description="id of the access key; empty: AWS_ACCESS_KEY_ID, or the role of the machine"
    )
    secret_access_key: SecretStr | None = Field(
        None, description="secret of the access key; empty: AWS_SECRET_ACCESS_KEY, or the role of the machine"
    )

    @field_validator("endpoint")
    @classmethod
    def _http_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
            raise ValueError(_("must be an address such as https://s3.eu-south-1.amazonaws.com"))
        return url.rstrip("/")


class Archive(_Section):
    """How receipts and content are kept, and how receipts are judged."""

    url: str = Field(
        "",
        description="archive of original receipts and of content: the absolute path of a folder that every worker "
        "reaches, or `s3://bucket/prefix`; empty: none, and content stays in Redis",
    )
    s3: S3 = Field(default_factory=S3)
    anchors: str = Field(
        "",
        description="PEM file, or folder of PEM files, with authorities that receipts are judged by besides AgID's; "
        "empty: AgID's only",
    )

    @field_validator("url")
    @classmethod
    def _folder_or_bucket(cls, url: str) -> str:
        parts = urlsplit(url)
        bucket = parts.scheme == "s3" and parts.hostname and not (parts.query or parts.username)
        if url and not bucket and not PurePath(url).is_absolute():
            raise ValueError(_("must be the absolute path of a folder, or s3://bucket/prefix"))
        return url.rstrip("/") or url


class Gateway(_Section):
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
        return _listed(proxies)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        return _networks(proxies)

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


class Console(_Section):
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
        return _listed(proxies)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: list[str]) -> list[str]:
        return _networks(proxies)

    @model_validator(mode="after")
    def _header_comes_from_somewhere(self) -> Self:
        if self.trusted_header and not self.trusted_proxies:
            raise ValueError(_("TRUSTED_HEADER without TRUSTED_PROXIES: name the addresses of the proxy"))
        return self


class Settings(BaseSettings):
    """All settings. Raises pydantic's ValidationError, which `load_settings` explains to people."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    # no repr: a URL can hold a password
    redis_url: str = Field(
        REDIS_URL,
        repr=False,
        description="URL of the Redis or Valkey that holds all state, or of its Sentinels: "
        "redis+sentinel://host:26379,host:26379/NAME/0; in its password write %23 for #, %2F for /, %3F for ?, "
        "%25 for %",
    )
    broker_url: str = Field(
        "", repr=False, description="URL of Dramatiq's Redis; default: the next database of the same server"
    )
    redis_replicas: int = Field(
        0,
        ge=0,
        description="number of replicas that must have a claim before its message is sent, and a job before it counts "
        "as enqueued; with Sentinels, every replica that they could promote must, and at least this many; 0: none",
    )
    namespace: str = Field(
        NAMESPACE, pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="beginning of every key in Redis"
    )
    lease_seconds: Seconds = Field(
        60, description="seconds after which the work of a dead worker is due again"
    )
    metrics_address: str = Field(
        "", description="`host:port` on which each worker serves Prometheus metrics; empty: none"
    )
    reconcile_since: AwareDatetime | None = Field(
        None,
        description="RFC 3339 instant of the backup from which Redis was restored: workers look for each message that "
        "may have been sent since in its mailbox before they send it; empty: Redis was not restored",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="lowest level that is logged"
    )
    log_json: bool | None = Field(
        None, description="log JSON lines; default: true unless stderr is a terminal"
    )
    api: Api = Field(default_factory=Api)
    accounts: dict[str, Account] = Field(default_factory=dict)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    receipts: Receipts = Field(default_factory=Receipts)
    uncertain: Uncertain = Field(default_factory=Uncertain)
    quota: Quota = Field(default_factory=Quota)
    mailbox: Mailbox = Field(default_factory=Mailbox)
    retention: Retention = Field(default_factory=Retention)
    archive: Archive = Field(default_factory=Archive)
    gateway: Gateway = Field(default_factory=Gateway)
    console: Console = Field(default_factory=Console)

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
                _("lies in the future: give the instant of the backup, rather too early than too late")
            )
        return instant

    @field_validator("accounts")
    @classmethod
    def _account_names(cls, accounts: dict[str, Account]) -> dict[str, Account]:
        lowered = {name.lower(): account for name, account in accounts.items()}
        for name in lowered:
            if not ACCOUNT_NAME.fullmatch(name):
                raise ValueError(
                    _("account name {name}: use a-z, 0-9, '_' and '-', 64 at most").format(name=repr(name))
                )
        return lowered

    @model_validator(mode="after")
    def _every_account_has_a_token(self) -> Self:
        for name, account in self.accounts.items():
            if account.token is None and self.api.token is None:
                own = f"PEC_ACCOUNTS__{name.upper()}__TOKEN"
                raise ValueError(
                    _("account {account} has no token: set PEC_API__TOKEN or {own}").format(
                        account=name, own=own
                    )
                )
        return self

    @model_validator(mode="after")
    def _what_imap_reads_is_kept(self) -> Self:
        for name, account in self.accounts.items():
            if account.imap.host and not self.archive.url:
                raise ValueError(
                    _("account {account} is read by IMAP without an archive: set PEC_ARCHIVE__URL").format(
                        account=name
                    )
                )
        return self

    @property
    def broker(self) -> str:
        """Return the URL of Dramatiq's database."""
        return self.broker_url or next_database(self.redis_url)

    def token_of(self, account: str) -> str:
        """Return the bearer token of an account. Raise KeyError if the account is not configured."""
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
        """Return the sources: arguments win over the environment, which wins over the file."""
        return init_settings, Environment(settings_cls), InitSettingsSource(settings_cls, read_toml())


def load_settings() -> Settings:
    """Return the settings of this process. Raise SettingsError, in words for the person who set them."""
    try:
        return Settings()
    except ValidationError as error:
        raise explain(error, Settings) from None  # the cause would show values, secrets among them


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


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_standard_secret(secret: str) -> bool:
    """Return whether Standard Webhooks allows the secret: `whsec_` and base64 of 24 to 64 bytes."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
