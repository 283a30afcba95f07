"""The overviews of all sites of PEC_SITES, read at the same time."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import redis

from config.redis_connection import address, cause_of
from config.sections.sites import Site
from config.settings import Settings
from config.texts import Text, _
from pec.operations.session import open_store
from pec.operations.status.load_overview import load_overview
from pec.operations.status.overview import Overview
from pec.operations.status.overview_json import overview_dict


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """A site, and its overview or why there is none."""

    name: str
    site: Site
    overview: Overview | None
    problem: Text | None = None

    @property
    def sent_today(self) -> int:
        return sum(token.usage.today for token in self.overview.tokens.values()) if self.overview else 0

    @property
    def waiting(self) -> int:
        """Return how many jobs and messages wait to be sent."""
        found = self.overview
        return found.jobs + sum(lane.waiting for lane in found.lanes.values()) if found else 0

    @property
    def unserved(self) -> list[str]:
        """Return the accounts that PEC_SITES gives to this site, and that no live worker there serves."""
        lanes = self.overview.lanes if self.overview else {}
        return [name for name in self.site.accounts if name not in lanes or not lanes[name].served]


def load_sites(settings: Settings) -> list[SiteOverview]:
    """Return the overviews of all sites, those out of reach too. Pace and caps are of these settings."""
    if not settings.sites:
        return []
    with ThreadPoolExecutor(len(settings.sites)) as threads:
        return list(threads.map(lambda pair: _load(settings, *pair), settings.sites.items()))


def shared_tokens(found: Iterable[SiteOverview]) -> list[tuple[str, ...]]:
    """Return the sites, two or more, whose live workers send with the same token."""
    owners: dict[str, list[str]] = {}
    for one in found:
        lanes = one.overview.lanes.values() if one.overview else ()
        for digest in sorted({lane.token for lane in lanes if lane.token and lane.served}):
            owners.setdefault(digest, []).append(one.name)
    return sorted({tuple(names) for names in owners.values() if len(names) > 1})


def sites_dict(found: Sequence[SiteOverview]) -> dict[str, Any]:
    """Return the object that `pec status --sites --json` prints."""
    return {
        "sites": {one.name: _site_dict(one) for one in found},
        "waiting": sum(one.waiting for one in found),
        "sent_today": sum(one.sent_today for one in found),
        "messages": _added(one.overview.messages for one in found if one.overview),
        "unreachable": [one.name for one in found if one.overview is None],
        "shared_tokens": [list(names) for names in shared_tokens(found)],
    }


def _load(settings: Settings, name: str, site: Site) -> SiteOverview:
    theirs = settings.model_copy(
        update={
            "redis_url": site.redis_url,
            "broker_url": "",
            "namespace": site.namespace,
            "accounts": {},
            "webhooks": settings.webhooks.model_copy(update={"endpoints": []}),
        }
    )
    with open_store(theirs) as store:
        try:
            # What workers there use as Dramatiq's database is not known here.
            return SiteOverview(name, site, replace(load_overview(store, theirs), broker=None))
        except (redis.RedisError, OSError) as error:
            problem = _(
                "site {site}: Redis at {address} can't be used ({why}): start it, or correct {setting}"
            ).format(
                site=name,
                address=address(store.client),
                why=cause_of(error),
                setting=f"PEC_SITES__{name.upper()}__REDIS_URL",
            )
            return SiteOverview(name, site, None, problem)


def _site_dict(one: SiteOverview) -> dict[str, Any]:
    known = {"accounts": one.site.accounts, "unserved_accounts": one.unserved}
    return known | (overview_dict(one.overview) if one.overview else {"problem": one.problem})


def _added(counts: Iterable[Mapping[Any, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for state, count in one.items():
            total[str(state)] = total.get(str(state), 0) + count
    return total
