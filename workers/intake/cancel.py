"""Take a job that cancels: messages that are not sent yet end, those still to come are cancelled on arrival."""

from contextlib import suppress

from pec.jobs import CancelJob, JobRejected
from pec.messages import UnsupportedRecord
from pec.names import State
from pec.problems import Problem, problem
from pec.store import job_stream, records
from pec.store.commits import Commit, KeyExists, apply, update
from pec.store.job_stream import Entry
from pec.transitions import NotAllowed, cancelled
from workers.context import WorkerContext
from workers.unsupported import skip

REMEMBERED_SECONDS = 86_400
MAX_PROBLEMS = 100  # more are of no help


def take_cancel(ctx: WorkerContext, entry: Entry, job: CancelJob) -> None:
    """Cancel what the job names, and remove its entry. Raise JobRejected."""
    if ctx.reconcile_since:
        raise JobRejected([problem("type", "cancel_after_restore")])
    if job.id is not None:
        _cancel(ctx, entry, job.id)
    elif job.batch is not None:
        _cancel_batch(ctx, entry, job.batch)


def _cancel(ctx: WorkerContext, entry: Entry, job_id: str) -> None:
    ids = records.ids_of_job(ctx.store, job_id)
    if not ids:
        _remember(ctx, entry, job_id)
        return
    problems = []
    for message_id in ids:
        try:
            problems += _cancel_one(ctx, message_id)
        except NotAllowed as refused:
            problems.append(refused.problem)
    if problems:
        raise JobRejected(problems)
    _remove(ctx, entry)


def _cancel_batch(ctx: WorkerContext, entry: Entry, batch: str) -> None:
    """Cancel what is still queued, and on arrival what comes within a day. Messages already sent are not affected."""
    ctx.store.client.set(ctx.store.keys.cancelled("batch", batch), "1", ex=REMEMBERED_SECONDS)
    problems = []
    for message_id in records.ids_of_batch(ctx.store, batch):
        with suppress(NotAllowed):
            problems += _cancel_one(ctx, message_id)
    if problems:
        raise JobRejected(problems[:MAX_PROBLEMS])
    _remove(ctx, entry)


def _remember(ctx: WorkerContext, entry: Entry, job_id: str) -> None:
    keys = ctx.store.keys
    remember: list[str | float] = ["SET", keys.cancelled("id", job_id), "1", "EX", REMEMBERED_SECONDS]
    commands = [remember, *job_stream.removal(ctx.store, entry.id)]
    try:
        apply(ctx.store, Commit(absent=[keys.taken(job_id)], commands=commands))
    except KeyExists:  # its send was taken in between
        _cancel(ctx, entry, job_id)


def _cancel_one(ctx: WorkerContext, message_id: str) -> list[Problem]:
    """Cancel one message. Raise NotAllowed if it is sent already, or has ended."""
    try:
        update(
            ctx.store,
            lambda: records.read(ctx.store, message_id),
            lambda message: None if message.state is State.CANCELLED else cancelled(message, ctx.now()),
        )
    except UnsupportedRecord as met:
        skip(ctx.store, met)
        return [problem("id", "of_a_newer_version", id=message_id)]
    return []


def _remove(ctx: WorkerContext, entry: Entry) -> None:
    apply(ctx.store, Commit(commands=job_stream.removal(ctx.store, entry.id)))
