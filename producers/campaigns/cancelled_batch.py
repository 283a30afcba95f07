"""A batch that was cancelled: what comes into it within a day is cancelled on arrival, unless the cancel is lifted."""

from collections.abc import Collection
from enum import Enum, auto

from config.texts import _
from pec.jobs import CancelJob
from pec.names import State
from pec.operations.refusals import Refused
from pec.store.store import Store
from producers.campaigns.earlier.jobs_in_stream import waiting_jobs
from producers.campaigns.preview import Preview
from producers.campaigns.row_store import RowStatus


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


def refuse_cancelled(store: Store, preview: Preview, again: Collection[State]) -> None:
    """Raise Refused if new messages would be cancelled on arrival. `again` are states to send again."""
    batch, wanted = preview.campaign.batch, State.CANCELLED in again
    if not (preview.count(RowStatus.READY) or wanted):
        return
    cancel = cancel_of(store, batch)
    if cancel is Cancel.NONE or (cancel is Cancel.DONE and wanted):
        return
    if wanted:
        raise Refused(
            "batch_being_cancelled",
            _(
                "nothing is enqueued, because batch {batch} is still being cancelled: "
                "import again once workers have taken its jobs (`pec status` shows them)"
            ).format(batch=batch),
        )
    raise Refused(
        "batch_cancelled",
        _(
            "nothing is enqueued, because batch {batch} was cancelled and new messages of it would "
            "be too: send them, and what was cancelled, with --again cancelled, "
            "or choose another --batch"
        ).format(batch=batch),
    )


def lift(store: Store, batch: str) -> None:
    """Let in what comes from now on. Only after a cancel that is DONE, and before anything is enqueued.

    A process that dies in between leaves messages that are cancelled, and can still be sent again.
    """
    store.client.delete(store.keys.cancelled("batch", batch))
