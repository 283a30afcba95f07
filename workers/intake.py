"""Taking jobs from `pec:jobs`: each becomes messages, or a rejection that a person understands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import redis
import structlog

from pec.changes import Change
from pec.content import sha256
from pec.intake import (
    Contents,
    arrived_cancelled,
    check_size,
    contents_of,
    count_of,
    digest_of,
    enqueued,
    followed,
    messages_of,
)
from pec.jobs import BatchJob, CancelJob, Job, JobRejected, PollJob, Problem, SendJob, parse, safe_fields
from pec.messages import UnknownRecord
from pec.names import State
from pec.store import jobs, presence, records
from pec.store.commits import Batchwise, Commit, Conflict, Missing, Present, apply, decide
from pec.store.jobs import Entry
from pec.store.store import text
from pec.transitions import NotAllowed, cancelled
from workers.kit import Kit
from workers.strangers import left_alone

MOST = 100
BLOCK_MILLISECONDS = 1000
RECLAIM_SECONDS = 10.0
FULL_SHARE = 0.8  # of maxmemory: above it intake waits, so that what is under way can be finished
CANCEL_REMEMBERED_SECONDS = 86_400
AFTER_A_RESTORE = (
    "what it cancels may have been sent since the backup: say it once workers run without --reconcile"
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Known:
    """What live workers vouch for, as read once for a batch of entries."""

    accounts: set[str]
    endpoints: set[str]


class Intake:
    """One consumer of the group."""

    def __init__(self, kit: Kit, consumer: str, taken: Callable[[], None]) -> None:
        self._kit = kit
        self._store = kit.store
        self._consumer = consumer
        self._taken = taken
        self._reclaim_at = 0.0
        self._ready = False

    def step(self) -> float:
        """Takes what there is. Returns the seconds to rest."""
        if not self._ready:
            jobs.ensure_group(self._store)
            self._ready = True
        if self._memory_is_short():
            log.error("intake_waits", why="Redis is at 80 % of maxmemory: give it more, or let messages end")
            return 5.0
        try:
            entries = self._entries()
        except redis.ResponseError as error:
            self._ready = "NOGROUP" not in str(error)
            raise
        if entries:
            known = _Known(
                presence.vouched(self._store, "account"), presence.vouched(self._store, "endpoint")
            )
            for entry in entries:
                self._take(entry, known)
            self._taken()
        return 0.0

    def _entries(self) -> list[Entry]:
        now = self._store.now()
        if now >= self._reclaim_at:
            # one at a time: a death counts against the entry in hand, not against those that waited behind it
            if stale := jobs.reclaim(self._store, self._consumer, self._kit.settings.lease, most=1):
                log.warning("job_reclaimed", entry=stale[0].id, deliveries=stale[0].deliveries)
                return stale
            self._reclaim_at = now + RECLAIM_SECONDS
        return jobs.read_new(self._store, self._consumer, MOST, BLOCK_MILLISECONDS)

    def _memory_is_short(self) -> bool:
        info = self._store.client.info("memory")
        most = int(info.get("maxmemory") or 0)
        return most > 0 and int(info["used_memory"]) > most * FULL_SHARE

    # One entry

    def _take(self, entry: Entry, known: _Known) -> None:
        structlog.contextvars.bind_contextvars(entry=entry.id)
        try:
            self._dispatch(entry, known)
        except JobRejected as rejected:
            log.warning(
                "job_rejected", **rejected.safe, fields=[problem.field for problem in rejected.problems]
            )
            jobs.reject(self._store, entry, rejected.problems, rejected.safe)
        except redis.RedisError:
            raise
        except Exception:  # it stays pending, is tried again, and rejected after some tries
            log.exception("job_not_taken")
        finally:
            structlog.contextvars.unbind_contextvars("entry")

    def _dispatch(self, entry: Entry, known: _Known) -> None:
        if entry.deliveries > jobs.MOST_DELIVERIES:
            raise JobRejected(
                [Problem("job", f"could not be taken in {jobs.MOST_DELIVERIES} tries: see the workers' log")]
            )
        if entry.job is None:
            raise JobRejected([Problem("job", "the entry has no field `job`: XADD … * job '{…}'")])
        job = parse(entry.job)
        try:
            self._take_job(entry, job, known)
        except JobRejected as rejected:
            raise JobRejected(rejected.problems, safe_fields(job.model_dump())) from None

    def _take_job(self, entry: Entry, job: Job, known: _Known) -> None:
        match job:
            case SendJob():
                self._take_send(entry, job, known)
            case PollJob():
                self._take_poll(entry, job, known)
            case CancelJob() if self._kit.reconcile_since:
                raise JobRejected([Problem("type", AFTER_A_RESTORE)])
            case CancelJob(id=str() as job_id):
                self._cancel(entry, job_id)
            case CancelJob(batch=str() as batch):
                self._cancel_batch(entry, batch)
            case BatchJob():
                size = Batchwise(job.id, size=str(job.size))
                apply(self._store, Commit(batches=[size], commands=self._removal(entry)), intake=True)

    def _take_send(self, entry: Entry, job: SendJob, known: _Known) -> None:
        _check_names(job, known)
        contents = contents_of(job)
        digest = digest_of(job, contents)
        while not self._taken_before(entry, job, digest):
            try:
                self._store_messages(entry, job, contents, digest)
            except (Missing, Present):
                continue  # content went, a cancel or the same id came, in between
            except Conflict:
                raise _conflict() from None
            return

    def _store_messages(self, entry: Entry, job: SendJob, contents: Contents, digest: str) -> None:
        sizes, fetched = self._bytes_of(contents)
        check_size(job, contents, sizes, self._kit.settings.api.max_bytes)
        now, keys = self._kit.now(), self._store.keys
        order = int(self._store.client.incrby(keys.sequence, max(1, count_of(job))))
        account = self._kit.settings.accounts.get(job.account)
        messages = messages_of(job, contents, order, now, account.reference if account else True)
        cancels = [keys.cancelled("id", job.id), *([keys.cancelled("batch", job.batch)] if job.batch else [])]
        is_cancelled = self._store.client.exists(*cancels) > 0
        changes = [
            arrived_cancelled(message) if is_cancelled else enqueued(message, now) for message in messages
        ]
        hashes = dict.fromkeys([contents.body, *(attached.sha256 for attached in contents.attachments)])
        self._finish(
            entry,
            changes,
            job.id,
            f"{digest} {count_of(job)}",
            absent=[] if is_cancelled else cancels,
            uses=[digest for _ in messages for digest in hashes],
            contents=fetched,
        )

    def _take_poll(self, entry: Entry, job: PollJob, known: _Known) -> None:
        _check_names(job, known)
        digest = digest_of(job)
        if self._taken_before(entry, job, digest):
            return
        order = int(self._store.client.incr(self._store.keys.sequence))
        try:
            self._finish(entry, [followed(job, order, self._kit.now())], job.id, f"{digest} 0")
        except Present:
            self._taken_before(entry, job, digest)
        except Conflict:
            raise _conflict() from None

    def _finish(
        self,
        entry: Entry,
        changes: list[Change],
        job_id: str,
        stamp: str,
        absent: Sequence[str] = (),
        uses: Sequence[str] = (),
        contents: Mapping[str, bytes | None] = MappingProxyType({}),
    ) -> None:
        """The messages are there, the id is taken and the entry is gone, in one step. Raises what `apply` does."""
        taken = self._store.keys.taken(job_id)
        seconds = round(self._kit.settings.retention.ids_days * 86_400)
        work = Commit(
            changes=changes,
            absent=[taken, *absent],
            contents=contents,
            uses=uses,
            commands=[["SET", taken, stamp, "EX", seconds], *self._removal(entry)],
        )
        apply(self._store, work, intake=True)
        log.info("job_taken", job=job_id, messages=len(changes))

    def _taken_before(self, entry: Entry, job: SendJob | PollJob, digest: str) -> bool:
        """The same job again is done already; another with its id is rejected."""
        found = self._store.client.get(self._store.keys.taken(job.id))
        if found is None:
            return False
        if text(found).split()[0] != digest:
            raise _conflict()
        apply(self._store, Commit(commands=self._removal(entry)))
        log.info("job_repeated", job=job.id)
        return True

    def _bytes_of(self, contents: Contents) -> tuple[dict[str, int], dict[str, bytes | None]]:
        """Sizes of all, and the bytes of those that are not stored yet. Raises JobRejected."""
        sizes = {digest: len(data) for digest, data in contents.carried.items()}
        fetched: dict[str, bytes | None] = dict(contents.carried)
        for digest, field in contents.named.items():
            stored = records.content_size(self._store, digest)
            if stored is None:
                fetched[digest] = self._uploaded(digest, field)
            sizes[digest] = stored if stored is not None else len(fetched[digest] or b"")
        return sizes, fetched

    def _uploaded(self, digest: str, field: str) -> bytes:
        key = self._store.keys.upload(digest)
        data = self._store.client.get(key)
        if data is None:
            raise JobRejected(
                [Problem(field, f"no bytes at {key}: put them there, then enqueue the job again")]
            )
        content = bytes(data)  # type: ignore[arg-type]  # bytes: responses are not decoded
        if sha256(content) != digest:
            raise JobRejected(
                [Problem(field, f"the bytes at {key} have another SHA-256: put the right ones there")]
            )
        return content

    # Cancelling

    def _cancel(self, entry: Entry, job_id: str) -> None:
        ids = records.ids_of_job(self._store, job_id)
        if not ids:
            self._remember_cancel(entry, "id", job_id, absent=[self._store.keys.taken(job_id)])
            return
        problems = [problem for message_id in ids if (problem := self._cancel_one(message_id))]
        if problems:
            raise JobRejected(problems)
        apply(self._store, Commit(commands=self._removal(entry)))

    def _cancel_batch(self, entry: Entry, batch: str) -> None:
        """Those already sent go on; those that come within a day are cancelled on arrival."""
        self._store.client.set(self._store.keys.cancelled("batch", batch), "1", ex=CANCEL_REMEMBERED_SECONDS)
        for message_id in records.ids_of_batch(self._store, batch):
            self._cancel_one(message_id)
        apply(self._store, Commit(commands=self._removal(entry)))

    def _remember_cancel(self, entry: Entry, kind: str, name: str, absent: list[str]) -> None:
        remember: list[str | float] = [
            "SET",
            self._store.keys.cancelled(kind, name),
            "1",
            "EX",
            CANCEL_REMEMBERED_SECONDS,
        ]
        try:
            apply(self._store, Commit(absent=absent, commands=[remember, *self._removal(entry)]))
        except Present:  # its send was taken in between
            self._cancel(entry, name)

    def _cancel_one(self, message_id: str) -> Problem | None:
        try:
            decide(
                self._store,
                lambda: records.read(self._store, message_id),
                lambda message: (
                    None if message.state is State.CANCELLED else cancelled(message, self._kit.now())
                ),
            )
        except NotAllowed as why:
            return Problem("id", f"{message_id} {why}")
        except UnknownRecord as met:
            left_alone(self._store, met)
            return Problem(
                "id", f"{message_id} was written by a newer version: upgrade the workers, then cancel"
            )
        return None

    def _removal(self, entry: Entry) -> list[list[str | float]]:
        return jobs.removal(self._store, entry.id)


def _check_names(job: SendJob | PollJob, known: _Known) -> None:
    """Raises JobRejected for an account or endpoint that no live worker has settings for."""
    problems = []
    if job.account not in known.accounts:
        names = ", ".join(sorted(known.accounts)[:20]) or "none yet"
        problems.append(
            Problem(
                "account",
                f"is not configured on any live worker (known: {names}): use one of them, or configure it",
            )
        )
    webhook = job.webhook if isinstance(job, SendJob) else None
    if webhook is not None and webhook not in known.endpoints:
        names = ", ".join(sorted(known.endpoints)[:20]) or "none"
        problems.append(
            Problem(
                "webhook",
                f"is not the name of a configured endpoint (known: {names}): use one of them, or configure it",
            )
        )
    if problems:
        raise JobRejected(problems)


def _conflict() -> JobRejected:
    reason = (
        "was used before for a job with other content: nothing is sent twice; use a new id for a new message"
    )
    return JobRejected([Problem("id", reason)])
