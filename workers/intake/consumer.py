"""Jobs from the stream `pec:jobs`: each is turned into messages, or into a rejection that a person understands."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import redis
import structlog

from archive.contents import MAX_BYTES_IN_REDIS
from archive.vault import VaultAway
from pec.job_messages import contents_of, digest_of
from pec.jobs import BatchJob, CancelJob, Job, JobRejected, PollJob, SendJob, parse, safe_fields
from pec.problems import problem
from pec.store import job_stream
from pec.store.commits import Commit, Conflict, ContentMissing, KeyExists, apply, check
from pec.store.job_stream import Entry
from pec.store.store import text
from workers.context import WorkerContext
from workers.intake.cancel import take_cancel
from workers.intake.prepare import IntakeContext, PreparedJob, cancels_of, load_context, prepare
from workers.spans import log_fields

MAX_ENTRIES = 100
BLOCK_SECONDS = 4.0  # less than the connection's timeout; a job ends the wait, and so does `end_wait`
MIN_WAIT_SECONDS = 0.05
RECLAIM_SECONDS = 1.9  # between two looks for entries of dead workers, which wait a lease and 2 s at most
RECLAIM_SHARE = 0.1  # of a lease: so long between two looks if that is more, and if other workers look too
REGISTERED_SECONDS = 7.0  # until all live workers have registered again, so that their accounts are known
HEAVY_BYTES = 10_000_000  # of one read: with files in them, 100 jobs can be more than memory holds
MAX_BYTES = 1_000_000  # of commits that go in one write, about
RETRY_SECONDS = 2.0  # between two tries while the archive is away or Redis is full
MEMORY_SECONDS = 5.0  # between two looks at memory while it is short
MEMORY_IDLE_SECONDS = 20.0  # the same while it is not, and no jobs come
log = structlog.get_logger()


class Consumer:
    """One consumer of the group `workers`: Redis gives each entry to one, and a dead one's entries to another."""

    def __init__(self, ctx: WorkerContext, consumer: str) -> None:
        self._ctx = ctx
        self._store = ctx.store
        self._consumer = consumer
        self._read_limit = MAX_ENTRIES  # entries in one read, as long as they are light
        self._reclaim_at = 0.0
        self._memory_at = 0.0
        self._memory_short = False
        self._waiting: list[Entry] = []  # in hand, until the archive and Redis have room for them
        self._stopped = ""  # why the last step could not take all
        self._ready = False

    def step(self) -> float:
        """Take what is in the stream. Return the seconds to rest."""
        if not self._ready:
            job_stream.ensure_group(self._store)
            self._ready = True
        short = self._memory_is_short()
        if short and not self._ctx.vault:
            return self._pause()
        try:
            entries = self._retried() or self._reclaimed() or self._read()
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._ready = False  # Redis came back empty
            log.warning("intake_paused", why="Redis lost what it held: all workers register first")
            return REGISTERED_SECONDS
        take = _until_large(entries) if short else len(entries)
        entries, later = entries[:take], entries[take:]
        was_stopped, self._stopped = self._stopped, ""
        for few in _by_size(entries):
            self._take(few)
        self._waiting += later
        if entries:
            self._ctx.became_due.set()
            self._memory_at = 0.0
        elif short:
            return self._pause()
        if self._stopped and self._stopped != was_stopped:
            log.error("intake_paused", why=self._stopped)
        return RETRY_SECONDS if self._stopped else 0.0

    def end_wait(self) -> None:
        """End the wait for jobs now. Without an answer of Redis it ends when its time is over."""
        with suppress(redis.RedisError):
            job_stream.end_wait(self._store)

    def _pause(self) -> float:
        share = f"{self._max_memory_share():.0%}"
        log.error("intake_paused", why=f"Redis is at {share} of maxmemory: give it more, or let messages end")
        return MEMORY_SECONDS

    # Read

    def _reclaimed(self) -> list[Entry]:
        """Return an entry that a dead worker has held for too long, if it is time to look for one.

        Only one at a time: a death counts against the entry in hand, not against those that waited behind it.
        """
        now = self._ctx.clock.now()
        if now < self._reclaim_at:
            return []
        stale = job_stream.reclaim(self._store, self._consumer, self._ctx.settings.lease_seconds, limit=1)
        for entry in stale:
            log.warning("job_reclaimed", entry=entry.id, deliveries=entry.deliveries)
        if not stale:
            self._reclaim_at = now + self._reclaim_seconds()
        return stale

    def _reclaim_seconds(self) -> float:
        shared = min(
            RECLAIM_SECONDS * self._ctx.alike.count, RECLAIM_SHARE * self._ctx.settings.lease_seconds
        )
        return max(RECLAIM_SECONDS, shared)

    def _retried(self) -> list[Entry]:
        """Return the entries that wait in hand. They stay this consumer's, and the wait counts as no try."""
        if self._waiting:
            job_stream.keep(self._store, self._consumer, self._waiting)
        waiting, self._waiting = self._waiting, []
        return waiting

    def _read(self) -> list[Entry]:
        """Return new entries. Wait for one if there is none."""
        wait = min(BLOCK_SECONDS, max(MIN_WAIT_SECONDS, self._reclaim_at - self._ctx.clock.now()))
        found = job_stream.read_new(self._store, self._consumer, self._read_limit, round(wait * 1000))
        heavy = sum(len(entry.job or b"") for entry in found) > HEAVY_BYTES
        self._read_limit = 1 if heavy else min(MAX_ENTRIES, self._read_limit * 2)
        return found

    def _memory_is_short(self) -> bool:
        """Return whether Redis is nearly full, asked before each batch while jobs come, else now and then."""
        now = self._ctx.clock.now()
        if now >= self._memory_at:
            info = self._store.client.info("memory")
            limit = int(info.get("maxmemory") or 0)
            self._memory_short = limit > 0 and int(info["used_memory"]) > limit * self._max_memory_share()
            self._memory_at = now + (MEMORY_SECONDS if self._memory_short else MEMORY_IDLE_SECONDS)
        return self._memory_short

    def _max_memory_share(self) -> float:
        """Return a greater share with an archive: taking a job with large files frees memory then."""
        return job_stream.MAX_MEMORY_SHARE_ARCHIVING if self._ctx.vault else job_stream.MAX_MEMORY_SHARE

    # Take

    def _take(self, entries: Sequence[Entry]) -> None:
        """Take entries in their order. Each has a commit of its own, but one write carries those of many."""
        parsed = [(entry, job) for entry in entries if (job := self._parsed(entry))]
        try:
            known = load_context(self._ctx, [job for _, job in parsed])
        except redis.OutOfMemoryError as why:
            self._wait(why, [entry for entry, _ in parsed])
            return
        ready: list[PreparedJob] = []
        size = 0
        for entry, job in parsed:
            if self._stopped:
                self._waiting.append(entry)
                continue
            with self._rejecting(entry, job):
                if isinstance(job, CancelJob) or size > MAX_BYTES:  # a cancel is for those before it
                    self._commit(ready)
                    ready, size = [], 0
                if isinstance(job, CancelJob):
                    take_cancel(self._ctx, entry, job)
                elif one := self._prepared(entry, job, known):
                    ready.append(one)
                    size += one.size
        self._commit(ready)

    def _prepared(
        self, entry: Entry, job: SendJob | PollJob | BatchJob, known: IntakeContext
    ) -> PreparedJob | None:
        """Return the job with its commit, or None if it was taken before. Raise JobRejected."""
        try:
            return prepare(self._ctx, entry, job, known)
        except JobRejected:  # what was taken is not refused for what has gone since
            if not self._taken_before(entry, job):
                raise
        return None

    def _parsed(self, entry: Entry) -> Job | None:
        with self._rejecting(entry):
            if entry.deliveries > job_stream.MAX_DELIVERIES:
                raise JobRejected([problem("job", "not_taken", tries=job_stream.MAX_DELIVERIES)])
            if entry.job is None:
                raise JobRejected([problem("job", "no_job_field")])
            if entry.count > 1:
                raise JobRejected([problem("job", "several_job_fields", count=entry.count)])
            return parse(entry.job)
        return None

    @contextmanager
    def _rejecting(self, entry: Entry, job: Job | None = None) -> Iterator[None]:
        """Reject the entry for its faults, and log a bug, after which it is tried again. Redis's errors go through.

        An entry that the archive or Redis can't take now waits in hand.
        """
        traced = log_fields(job.traceparent) if job else {}
        with structlog.contextvars.bound_contextvars(entry=entry.id, **traced):
            try:
                yield
            except JobRejected as rejected:
                safe = safe_fields(job.model_dump()) if job else rejected.safe
                log.warning("job_rejected", **safe, fields=[problem.field for problem in rejected.problems])
                job_stream.reject(self._store, entry, rejected.problems, safe)
            except (VaultAway, redis.OutOfMemoryError) as why:
                self._wait(why, [entry])
            except redis.RedisError:
                raise
            except Exception:  # the entry stays pending, and is rejected after MAX_DELIVERIES
                log.exception("job_not_taken")

    def _wait(self, why: Exception, entries: Iterable[Entry]) -> None:
        self._stopped = str(why)
        self._waiting += entries

    # Commit

    def _commit(self, ready: Sequence[PreparedJob]) -> None:
        """Commit many in one write. A commit that Redis refuses is prepared again, alone."""
        replies = self._store.pipeline([one.commit for one in ready])
        for one, reply in zip(ready, replies, strict=True):
            with self._rejecting(one.entry, one.job):
                try:
                    check(reply)
                except (ContentMissing, KeyExists, Conflict):
                    self._take_alone(one)
                else:
                    _log_taken(one)

    def _take_alone(self, one: PreparedJob) -> None:
        """Take one whose id was used, whose cancel came before it, or whose content has gone."""
        entry, job = one.entry, one.job
        while not self._taken_before(entry, job):
            known = load_context(self._ctx, [job])
            known.cancelled = self._store.client.exists(*cancels_of(self._ctx, job)) > 0
            again = prepare(self._ctx, entry, job, known)
            try:
                check(*self._store.pipeline([again.commit]))
            except (ContentMissing, KeyExists):
                continue  # content went, a cancel or the same id came, in between
            except Conflict:
                if self._taken_before(entry, job):
                    return
                raise _conflict() from None
            _log_taken(again)
            return

    def _taken_before(self, entry: Entry, job: SendJob | PollJob | BatchJob) -> bool:
        """Remove the entry, and return True, if the same job was taken before. Raise JobRejected if another was."""
        if isinstance(job, BatchJob):
            return False
        found = self._store.client.get(self._store.keys.taken(job.id))
        if found is None:
            return False
        if text(found).split()[0] != digest_of(job, contents_of(job) if isinstance(job, SendJob) else None):
            raise _conflict()
        apply(self._store, Commit(commands=job_stream.removal(self._store, entry.id)))
        log.info("job_repeated", job=job.id)
        return True


def _until_large(entries: Sequence[Entry]) -> int:
    """Return how many to take until one frees memory, because its content goes to the archive; 0 if none does."""
    sizes = (len(entry.job or b"") for entry in entries)
    return next((number for number, size in enumerate(sizes, 1) if size > MAX_BYTES_IN_REDIS), 0)


def _by_size(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield entries in their order, so many at a time that their jobs fit in memory beside each other."""
    few: list[Entry] = []
    size = 0
    for entry in entries:
        few.append(entry)
        size += len(entry.job or b"")
        if size > MAX_BYTES:
            yield few
            few, size = [], 0
    if few:
        yield few


def _log_taken(one: PreparedJob) -> None:
    if not isinstance(one.job, BatchJob):
        log.info("job_taken", job=one.job.id, messages=one.messages)


def _conflict() -> JobRejected:
    return JobRejected([problem("id", "id_used")])
