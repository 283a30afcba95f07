"""All settings: from the environment and `pec.toml`, checked at boot. Each group is in a file of `sections/`.

Only the composition roots (`workers/app.py`, `cli`, `sandbox/__main__.py`) load the settings and pass them on; no other
module reads the environment. Secrets are `SecretStr`, so no `repr` shows them.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.probe import NAMESPACE, REDIS_URL
from config.redis_url import next_database, problem_of_redis_url, with_options
from config.sections.accounts import Account as Account  # the groups are imported from here, as the whole is
from config.sections.api import Api as Api
from config.sections.archive import Archive as Archive
from config.sections.console import Console as Console
from config.sections.following import Receipts as Receipts
from config.sections.following import Uncertain as Uncertain
from config.sections.gateway import Gateway as Gateway
from config.sections.mailbox import Mailbox as Mailbox
from config.sections.mailbox import Quota as Quota
from config.sections.redis_tls import RedisTls as RedisTls
from config.sections.retention import Retention as Retention
from config.sections.section import HostAndPort, Seconds
from config.sections.sites import Site as Site
from config.sections.sites import checked_sites
from config.sections.webhooks import Endpoint as Endpoint
from config.sections.webhooks import Webhooks as Webhooks
from config.sources import Environment, explain, read_toml
from config.sources import SettingsError as SettingsError  # raised by load_settings
from config.texts import _

ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
MAX_CLOCK_DIFFERENCE = timedelta(minutes=30)  # between machines; a wrong UTC offset is an hour or more


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
    redis_tls: RedisTls = Field(default_factory=RedisTls)
    redis_replicas: int = Field(
        0,
        ge=0,
        description="number of replicas that must have a claim before its message is sent, and a job before it counts "
        "as enqueued; with Sentinels, every replica that they could promote must, and at least this many; 0: none",
    )
    redis_managed: bool = Field(
        False,
        description="whether a provider runs Redis and answers for its configuration: `pec doctor` then does not "
        "fail for a directive that it can't read or that is not as it should be, and says what that can cost",
    )
    namespace: str = Field(
        NAMESPACE, pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="beginning of every key in Redis"
    )
    lease_seconds: Seconds = Field(
        60, description="seconds after which the work of a dead worker is due again"
    )
    metrics_address: HostAndPort = Field(
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
    otel: bool = Field(
        False,
        description="workers send traces by OTLP over HTTP, configured by OpenTelemetry's own variables OTEL_…; needs "
        "pecmassiva[otel]",
    )
    api: Api = Field(default_factory=Api)
    accounts: dict[str, Account] = Field(default_factory=dict)
    sites: dict[str, Site] = Field(default_factory=dict)
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

    @field_validator("sites")
    @classmethod
    def _sites_are_apart(cls, sites: dict[str, Site]) -> dict[str, Site]:
        return checked_sites(sites)

    @model_validator(mode="after")
    def _urls_with_the_files_of_tls(self) -> Self:
        """Add the files to the URLs, so that nothing that connects can forget them. What a URL states counts."""
        for name in ("redis_url", "broker_url"):
            url = getattr(self, name)
            if self.redis_tls.options and url and not url.startswith("unix:"):
                if not url.startswith("rediss"):
                    raise ValueError(
                        _(
                            "PEC_{name} is not encrypted: write rediss:// in front, or unset PEC_REDIS_TLS__…"
                        ).format(name=name.upper())
                    )
                object.__setattr__(self, name, with_options(url, self.redis_tls.options))
        return self

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
