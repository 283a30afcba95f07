"""Enqueue the rows that are ready, and declare the new size of the batch."""

from collections.abc import Collection, Iterator
from typing import Any

from pec.names import State
from producers.campaigns.campaign import Campaign, OnProgress
from producers.campaigns.cancelled_batch import lift
from producers.campaigns.earlier.jobs_in_stream import size_with
from producers.campaigns.row_store import RowStatus
from producers.producer import Producer


def enqueue(
    producer: Producer, campaign: Campaign, again: Collection[State], progress: OnProgress
) -> Iterator[int]:
    """Enqueue the rows that are ready. Yield after each step how many are enqueued. `again`: states to send again.

    Raise RedisUnreachable, and JobRejected or OSError if a file is gone meanwhile.
    """
    count, done = campaign.row_store.count(RowStatus.READY), 0
    if not count:
        return
    if State.CANCELLED in again:
        lift(producer.store, campaign.batch)
    ready = (str(entry.id) for entry in campaign.row_store.entries(RowStatus.READY))
    producer.batch(campaign.batch, size_with(producer.store, campaign.batch, ready))
    for more in producer.send_by_steps(_jobs(campaign)):
        done += more
        progress(done / count)
        yield done


def _jobs(campaign: Campaign) -> Iterator[dict[str, Any]]:
    for entry in campaign.row_store.entries(RowStatus.READY):
        yield campaign.renderer.job(entry.values, str(entry.id))
