"""What is ready becomes jobs, and the batch is told how many messages it has by then."""

from collections.abc import Iterator
from typing import Any

from producers.campaign.campaign import Campaign, Told
from producers.campaign.ledger import Fate
from producers.campaign.waiting import size_with
from producers.producer import Producer


def enqueue(producer: Producer, campaign: Campaign, told: Told) -> Iterator[int]:
    """Enqueues what is ready. Yields after each step how many are in by then.

    Raises RedisUnreachable, and JobRejected or OSError where a file went meanwhile.
    """
    count, done = campaign.ledger.count(Fate.READY), 0
    if not count:
        return
    ready = (str(entry.id) for entry in campaign.ledger.entries(Fate.READY))
    producer.batch(campaign.batch, size_with(producer.store, campaign.batch, ready))
    for more in producer.send_by_steps(_jobs(campaign)):
        done += more
        told(done / count)
        yield done


def _jobs(campaign: Campaign) -> Iterator[dict[str, Any]]:
    for entry in campaign.ledger.entries(Fate.READY):
        yield campaign.letters.job(entry.values, str(entry.id))
