"""Taking a job that cancels: what is not sent yet ends, what has still to come is cancelled on arrival."""

from contextlib import suppress

from pec.jobs import CancelJob, JobRejected, Problem
from pec.messages import UnknownRecord
from pec.names import State
from pec.store import jobs, records
from pec.store.commits import Commit, Present, apply, decide
from pec.store.jobs import Entry
from pec.transitions import NotAllowed, cancelled
from workers.kit import Kit
from workers.strangers import left_alone

REMEMBERED_SECONDS = 86_400
MOST_PROBLEMS = 100  # more help nobody
AFTER_A_RESTORE = (
    "what it cancels may have been sent since the backup: say it once workers run without --reconcile"
)


def take_cancel(kit: Kit, entry: Entry, job: CancelJob) -> None:
    """The entry leaves the stream with what it asks for. Raises JobRejected."""
    if kit.reconcile_since:
        raise JobRejected([Problem("type", AFTER_A_RESTORE)])
    if job.id is not None:
        _cancel(kit, entry, job.id)
    elif job.batch is not None:
        _cancel_batch(kit, entry, job.batch)


def _cancel(kit: Kit, entry: Entry, job_id: str) -> None:
    ids = records.ids_of_job(kit.store, job_id)
    if not ids:
        _remember(kit, entry, job_id)
        return
    problems = []
    for message_id in ids:
        try:
            problems += _cancel_one(kit, message_id)
        except NotAllowed as why:
            problems.append(Problem("id", f"{message_id} {why}"))
    if problems:
        raise JobRejected(problems)
    _remove(kit, entry)


def _cancel_batch(kit: Kit, entry: Entry, batch: str) -> None:
    """Those already sent go on; those that come within a day are cancelled on arrival."""
    kit.store.client.set(kit.store.keys.cancelled("batch", batch), "1", ex=REMEMBERED_SECONDS)
    problems = []
    for message_id in records.ids_of_batch(kit.store, batch):
        with suppress(NotAllowed):
            problems += _cancel_one(kit, message_id)
    if problems:
        raise JobRejected(problems[:MOST_PROBLEMS])
    _remove(kit, entry)


def _remember(kit: Kit, entry: Entry, job_id: str) -> None:
    keys = kit.store.keys
    remember: list[str | float] = ["SET", keys.cancelled("id", job_id), "1", "EX", REMEMBERED_SECONDS]
    commands = [remember, *jobs.removal(kit.store, entry.id)]
    try:
        apply(kit.store, Commit(absent=[keys.taken(job_id)], commands=commands))
    except Present:  # its send was taken in between
        _cancel(kit, entry, job_id)


def _cancel_one(kit: Kit, message_id: str) -> list[Problem]:
    """Raises NotAllowed: it is sent already, or has ended."""
    try:
        decide(
            kit.store,
            lambda: records.read(kit.store, message_id),
            lambda message: None if message.state is State.CANCELLED else cancelled(message, kit.now()),
        )
    except UnknownRecord as met:
        left_alone(kit.store, met)
        return [
            Problem("id", f"{message_id} was written by a newer version: upgrade the workers, then cancel")
        ]
    return []


def _remove(kit: Kit, entry: Entry) -> None:
    apply(kit.store, Commit(commands=jobs.removal(kit.store, entry.id)))
