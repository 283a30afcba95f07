"""A batch that was cancelled: what comes into it within a day is cancelled on arrival, unless the cancel is lifted."""

from enum import Enum, auto

from pec.jobs import CancelJob
from pec.store.store import Store
from producers.campaigns.jobs_in_stream import waiting_jobs


class Cancel(Enum):
    """How far the cancel of a batch has come."""

    NONE = auto()
    AT_WORK = auto()  # it is in the stream still, or a job is that it is to meet
    DONE = auto()


def cancel_of(store: Store, batch: str) -> Cancel:
    """Return it as Redis has it. The stream is read first: a cancel that has left it has set its key by then."""
    waiting = list(waiting_jobs(store, batch))
    if any(isinstance(job, CancelJob) for job in waiting):
        return Cancel.AT_WORK
    if not store.client.exists(store.keys.cancelled("batch", batch)):
        return Cancel.NONE
    return Cancel.AT_WORK if waiting else Cancel.DONE


def lift(store: Store, batch: str) -> None:
    """Let in what comes from now on. Only after a cancel that is DONE, and before anything is enqueued.

    A process that dies in between leaves messages that are cancelled, and can still be sent again.
    """
    store.client.delete(store.keys.cancelled("batch", batch))
