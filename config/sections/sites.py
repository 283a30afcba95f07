"""Installations beyond one Redis: the setting PEC_SITES, which says which site has which accounts."""

import re

from pydantic import Field, field_validator

from config.redis_url import problem_of_redis_url
from config.sections.section import Names, Section
from config.texts import _

SITE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Site(Section):
    """One installation: a Redis with its own workers, and the accounts that they serve."""

    redis_url: str = Field(repr=False, description="URL of the site's Redis, as PEC_REDIS_URL there")
    namespace: str = Field(
        "pec",
        pattern=r"^[A-Za-z0-9._:-]{1,64}$",
        description="beginning of the site's keys, as PEC_NAMESPACE there",
    )
    accounts: Names = Field(
        min_length=1, description="accounts that the site serves, as JSON or separated by commas"
    )

    @field_validator("redis_url")
    @classmethod
    def _redis_address(cls, url: str) -> str:
        if problem := problem_of_redis_url(url):
            raise ValueError(problem)
        return url

    @field_validator("accounts")
    @classmethod
    def _in_lower_case(cls, accounts: list[str]) -> list[str]:
        return list(dict.fromkeys(name.strip().lower() for name in accounts))


def checked_sites(sites: dict[str, Site]) -> dict[str, Site]:
    """Return the sites by their names in lower case. Raise ValueError if two have the same account or the same keys."""
    found = {name.lower(): site for name, site in sites.items()}
    owners: dict[str, str] = {}
    places: dict[tuple[str, str], str] = {}
    for name, site in found.items():
        if not SITE_NAME.fullmatch(name):
            raise ValueError(
                _("site name {name}: use a-z, 0-9, '_' and '-', 64 at most").format(name=repr(name))
            )
        if (other := places.setdefault((site.redis_url, site.namespace), name)) != name:
            raise ValueError(
                _("{other} and {site} have the same Redis and namespace: make them one site").format(
                    other=other, site=name
                )
            )
        for account in site.accounts:
            if (other := owners.setdefault(account, name)) != name:
                raise ValueError(
                    _("account {account} is at {other} and {site}: name it once").format(
                        account=account, other=other, site=name
                    )
                )
    return found
