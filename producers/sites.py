"""Producers of several installations: each job goes to the site that has its account."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError

from config.sections.sites import Site, checked_sites
from config.sources import explain
from config.texts import _
from pec.jobs import JobRejected, SendJob
from pec.problems import Problem
from producers.producer import Producer
from producers.sender import Enqueued, Sender

_MAX_JOBS = 1000  # that are sorted by site at a time


class SiteProducers(Sender):
    """Adds each job to the site that has its account. Safe to share among threads.

    `sites` is the setting PEC_SITES: by name, `redis_url`, `accounts` and perhaps `namespace`. `replicas` is as of
    Producer, for every site. Raise ValueError if the sites can't be used.
    """

    def __init__(self, sites: Mapping[str, Site | Mapping[str, Any]], replicas: int = 0) -> None:
        found = checked_sites(_validated(sites))
        self._sites = {account: name for name, site in found.items() for account in site.accounts}
        self._producers = {
            name: Producer(site.redis_url, site.namespace, replicas) for name, site in found.items()
        }

    def of(self, account: str) -> Producer:
        """Return the producer of the account's site, for `cancel`, `batch`, `status` and `watch`. Raise JobRejected."""
        return self._producers[self._site_of(account)]

    def send_many(self, jobs: Iterable[SendJob | Mapping[str, Any]]) -> int:
        """Send as `Producer.send_many` does, each at its account's site. Return how many.

        The order of jobs stays the same within a site.
        """
        return sum(
            self._producers[site].send_many(mine) for few in _few(jobs) for site, mine in self._sorted(few)
        )

    def close(self) -> None:
        for producer in self._producers.values():
            producer.close()

    def _enqueue(self, job: Mapping[str, Any]) -> Enqueued:
        return self.of(job["account"])._enqueue(job)

    def _sorted(
        self, jobs: Iterable[SendJob | Mapping[str, Any]]
    ) -> Iterable[tuple[str, list[SendJob | Mapping[str, Any]]]]:
        """Return the jobs by site. Raise JobRejected before any of them is written."""
        found: dict[str, list[SendJob | Mapping[str, Any]]] = {}
        for job in jobs:
            account = job.account if isinstance(job, SendJob) else job.get("account")
            found.setdefault(self._site_of(account), []).append(job)
        return found.items()

    def _site_of(self, account: object) -> str:
        site = self._sites.get(account) if isinstance(account, str) else None
        if site is None:
            known = ", ".join(sorted(self._sites))
            raise JobRejected(
                [
                    Problem(
                        "account",
                        _("no site has this account (known: {names}): see PEC_SITES").format(names=known),
                    )
                ]
            )
        return site


class _Sites(BaseModel):
    """The sites under the name of their setting, so that a fault names its variable."""

    sites: dict[str, Site]


def _validated(sites: Mapping[str, Site | Mapping[str, Any]]) -> dict[str, Site]:
    """Raise ValueError with a line for each fault, and without the value, which may hold a password."""
    try:
        return _Sites.model_validate({"sites": sites}).sites
    except ValidationError as error:
        raise ValueError(str(explain(error, _Sites))) from None


def _few(jobs: Iterable[SendJob | Mapping[str, Any]]) -> Iterator[list[SendJob | Mapping[str, Any]]]:
    waiting = iter(jobs)
    while few := list(islice(waiting, _MAX_JOBS)):
        yield few
