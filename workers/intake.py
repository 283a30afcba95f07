"""Taking jobs from `pec:jobs`: each becomes messages, or a rejection that a person understands."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import redis
import structlog

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
from pec.jobs import (
    BatchJob,
    CancelJob,
    ContentRef,
    Job,
    JobRejected,
    PollJob,
    Problem,
    SendJob,
    parse,
    safe_fields,
)
from pec.store import jobs, records
from pec.store.commits import Batchwise, Commit, Conflict, Missing, Present, apply, call, check
from pec.store.jobs import Entry
from pec.store.store import Call, text, text_list
from workers.cancelling import take_cancel
from workers.kit import Kit

MOST = 100
BLOCK_MILLISECONDS = 2000  # it is woken by a job; longer, and an orderly end would wait for it
RECLAIM_SECONDS = 1.5  # between two looks for the jobs of the dead, who cost a lease and 2 s at most
HEAVY_BYTES = 10_000_000  # of one read: with files in them, 100 jobs can be more than memory holds
MOST_BYTES = 1_000_000  # of commits that go in one write, about
SERVED_LATELY_SECONDS = 3600.0  # a restart, of workers or of Redis, makes no job wrong
MEMORY_SECONDS = 5.0  # between two looks at memory, while no jobs come
FULL_SHARE = 0.8  # of maxmemory: above it intake waits, so that what is under way can be finished
log = structlog.get_logger()


@dataclass(slots=True)
class _Known:
    """What Redis says at the start of a batch of entries, in one round trip."""

    accounts: Collection[str]  # that workers vouched for of late, as endpoints
    endpoints: Collection[str]
    order: int  # the next number of intake: as many are ours as the jobs need
    sizes: dict[str, int]  # of content that is stored, or will be by a commit before
    cancelled: bool | None = None  # whether a cancel came before; None: nobody asked, so the commit must

    def next_order(self, count: int) -> int:
        order, self.order = self.order, self.order + count
        return order


@dataclass(frozen=True, slots=True)
class _Ready:
    """A job and the commit that takes it. Redis may still say that the id was used, or that a cancel came."""

    entry: Entry
    job: SendJob | PollJob | BatchJob
    commit: Call
    messages: int

    @property
    def size(self) -> int:
        return sum(len(part) for part in self.commit.args if isinstance(part, str | bytes))


class Intake:
    """One consumer of the group."""

    def __init__(self, kit: Kit, consumer: str, taken: Callable[[], None]) -> None:
        self._kit = kit
        self._store = kit.store
        self._consumer = consumer
        self._taken = taken
        self._most = MOST  # entries in one read, as long as they are light
        self._reclaim_at = 0.0
        self._memory_at = 0.0
        self._memory_short = False
        self._ready = False

    def step(self) -> float:
        """Takes what there is. Returns the seconds to rest."""
        if not self._ready:
            jobs.ensure_group(self._store)
            self._ready = True
        if self._memory_is_short():
            log.error("intake_waits", why="Redis is at 80 % of maxmemory: give it more, or let messages end")
            return MEMORY_SECONDS
        try:
            entries = self._entries()
        except redis.ResponseError as error:
            self._ready = "NOGROUP" not in str(error)
            raise
        for few in _by_size(entries):
            self._take(few)
        if entries:
            self._taken()
            self._memory_at = 0.0
        return 0.0

    def _entries(self) -> list[Entry]:
        now = self._kit.clock.now()
        if now >= self._reclaim_at:
            # one at a time: a death counts against the entry in hand, not against those that waited behind it
            if stale := jobs.reclaim(self._store, self._consumer, self._kit.settings.lease, most=1):
                log.warning("job_reclaimed", entry=stale[0].id, deliveries=stale[0].deliveries)
                return stale
            self._reclaim_at = now + RECLAIM_SECONDS
        found = jobs.read_new(self._store, self._consumer, self._most, BLOCK_MILLISECONDS)
        heavy = sum(len(entry.job or b"") for entry in found) > HEAVY_BYTES
        self._most = 1 if heavy else min(MOST, self._most * 2)
        return found

    def _memory_is_short(self) -> bool:
        """Asked before each batch while jobs come, else now and then."""
        now = self._kit.clock.now()
        if now >= self._memory_at:
            info = self._store.client.info("memory")
            most = int(info.get("maxmemory") or 0)
            self._memory_short = most > 0 and int(info["used_memory"]) > most * FULL_SHARE
            self._memory_at = now + MEMORY_SECONDS
        return self._memory_short

    # A batch of entries

    def _take(self, entries: Sequence[Entry]) -> None:
        """In their order; each has a commit of its own, but one write carries those of many."""
        parsed = [(entry, job) for entry in entries if (job := self._parsed(entry))]
        known = self._look([job for _, job in parsed])
        ready: list[_Ready] = []
        size = 0
        for entry, job in parsed:
            with self._telling(entry, job):
                if isinstance(job, CancelJob) or size > MOST_BYTES:  # a cancel is for those before it
                    self._commit(ready)
                    ready, size = [], 0
                if isinstance(job, CancelJob):
                    take_cancel(self._kit, entry, job)
                    continue
                try:
                    ready.append(self._prepared(entry, job, known))
                except JobRejected:  # what was taken is not refused for what has gone since
                    if not self._taken_before(entry, job):
                        raise
                else:
                    size += ready[-1].size
        self._commit(ready)

    def _parsed(self, entry: Entry) -> Job | None:
        with self._telling(entry):
            if entry.deliveries > jobs.MOST_DELIVERIES:
                why = f"could not be taken in {jobs.MOST_DELIVERIES} tries: see the workers' log"
                raise JobRejected([Problem("job", why)])
            if entry.job is None:
                raise JobRejected([Problem("job", "the entry has no field `job`: XADD … * job '{…}'")])
            return parse(entry.job)
        return None

    @contextmanager
    def _telling(self, entry: Entry, job: Job | None = None) -> Iterator[None]:
        """What comes of one entry's faults: a rejection, or another try. Redis's own go through."""
        with structlog.contextvars.bound_contextvars(entry=entry.id):
            try:
                yield
            except JobRejected as rejected:
                safe = safe_fields(job.model_dump()) if job else rejected.safe
                log.warning("job_rejected", **safe, fields=[problem.field for problem in rejected.problems])
                jobs.reject(self._store, entry, rejected.problems, safe)
            except redis.RedisError:
                raise
            except Exception:  # it stays pending, is tried again, and rejected after some tries
                log.exception("job_not_taken")

    def _look(self, found: Sequence[Job]) -> _Known:
        keys, since = self._store.keys, self._kit.now().timestamp() - SERVED_LATELY_SECONDS
        named = list(dict.fromkeys(digest for job in found for digest in _named_by(job)))
        count = sum(_messages_by(job) for job in found)
        with self._store.client.pipeline(transaction=False) as pipeline:
            for kind in ("account", "endpoint"):
                pipeline.zrangebyscore(keys.seen(kind), since, "+inf")
            pipeline.incrby(keys.sequence, count) if count else pipeline.get(keys.sequence)
            for digest in named:
                pipeline.hstrlen(keys.content(digest), "data")
            accounts, endpoints, last, *sizes = pipeline.execute()
        return _Known(
            {*text_list(accounts), *self._kit.settings.accounts},
            {*text_list(endpoints), *(endpoint.name for endpoint in self._kit.settings.webhooks.endpoints)},
            int(last or 0) - count + 1,
            {digest: size for digest, size in zip(named, sizes, strict=True) if size},
        )

    def _commit(self, ready: Sequence[_Ready]) -> None:
        """Those that can't be taken as they are go alone."""
        replies = self._store.together([one.commit for one in ready])
        for one, reply in zip(ready, replies, strict=True):
            with self._telling(one.entry, one.job):
                try:
                    check(reply)
                except (Missing, Present, Conflict):
                    self._take_alone(one)
                else:
                    _log_taken(one)

    def _take_alone(self, one: _Ready) -> None:
        """Its id or a cancel was there before, or content has gone: look at that first."""
        entry, job = one.entry, one.job
        while not self._taken_before(entry, job):
            known = self._look([job])
            known.cancelled = self._store.client.exists(*self._cancels(job)) > 0
            again = self._prepared(entry, job, known)
            try:
                check(*self._store.together([again.commit]))
            except (Missing, Present):
                continue  # content went, a cancel or the same id came, in between
            except Conflict:
                if self._taken_before(entry, job):
                    return
                raise _conflict() from None
            _log_taken(again)
            return

    def _taken_before(self, entry: Entry, job: SendJob | PollJob | BatchJob) -> bool:
        """The same job again is done already; another with its id is rejected."""
        if isinstance(job, BatchJob):
            return False
        found = self._store.client.get(self._store.keys.taken(job.id))
        if found is None:
            return False
        if text(found).split()[0] != digest_of(job, contents_of(job) if isinstance(job, SendJob) else None):
            raise _conflict()
        apply(self._store, Commit(commands=self._removal(entry)))
        log.info("job_repeated", job=job.id)
        return True

    # One job

    def _prepared(self, entry: Entry, job: SendJob | PollJob | BatchJob, known: _Known) -> _Ready:
        """Raises JobRejected."""
        match job:
            case SendJob():
                work = self._send_work(entry, job, known)
            case PollJob():
                work = self._poll_work(entry, job, known)
            case BatchJob():
                size = Batchwise(job.id, size=str(job.size))
                work = Commit(batches=[size], commands=self._removal(entry))
        return _Ready(entry, job, call(self._store, work, intake=True), len(work.changes))

    def _send_work(self, entry: Entry, job: SendJob, known: _Known) -> Commit:
        _check_names(job, known)
        contents = contents_of(job)
        fetched = self._bytes_of(contents, known)
        check_size(job, contents, known.sizes, self._kit.settings.api.max_bytes)
        now, order = self._kit.now(), known.next_order(_messages_by(job))
        account = self._kit.settings.accounts.get(job.account)
        messages = messages_of(job, contents, order, now, account.reference if account else True)
        changes = [
            arrived_cancelled(message) if known.cancelled else enqueued(message, now) for message in messages
        ]
        hashes = dict.fromkeys([contents.body, *(attached.sha256 for attached in contents.attachments)])
        return Commit(
            changes=changes,
            absent=[self._store.keys.taken(job.id), *([] if known.cancelled else self._cancels(job))],
            uses=[digest for _ in messages for digest in hashes],
            contents=fetched,
            commands=self._stamp(entry, job.id, digest_of(job, contents), count_of(job)),
        )

    def _poll_work(self, entry: Entry, job: PollJob, known: _Known) -> Commit:
        _check_names(job, known)
        return Commit(
            changes=[followed(job, known.next_order(1), self._kit.now())],
            absent=[self._store.keys.taken(job.id)],
            commands=self._stamp(entry, job.id, digest_of(job), 0),
        )

    def _stamp(self, entry: Entry, job_id: str, digest: str, count: int) -> list[list[str | float]]:
        """The id is taken, and the entry is gone."""
        seconds = round(self._kit.settings.retention.ids_days * 86_400)
        taken: list[str | float] = [
            "SET", self._store.keys.taken(job_id), f"{digest} {count}", "EX", seconds,
        ]  # fmt: skip
        return [taken, *self._removal(entry)]

    def _cancels(self, job: SendJob | PollJob | BatchJob) -> list[str]:
        """The keys of cancels that can have come before it."""
        keys, batch = self._store.keys, job.batch if isinstance(job, SendJob) else None
        return [keys.cancelled("id", job.id), *([keys.cancelled("batch", batch)] if batch else [])]

    def _bytes_of(self, contents: Contents, known: _Known) -> dict[str, bytes | None]:
        """The bytes of those that are not stored yet; the sizes of all are known from now on. Raises JobRejected."""
        fetched: dict[str, bytes | None] = {}
        for digest, data in contents.carried.items():
            if digest not in known.sizes:
                fetched[digest] = data
                known.sizes[digest] = len(data)
        for digest, name in contents.named.items():
            if digest not in known.sizes:
                stored = records.content_size(self._store, digest)  # of none, too, the length is 0
                if stored is None:
                    fetched[digest] = data = self._uploaded(digest, name)
                    stored = len(data)
                known.sizes[digest] = stored
        return fetched

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

    def _removal(self, entry: Entry) -> list[list[str | float]]:
        return jobs.removal(self._store, entry.id)


def _by_size(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """In their order, so many at a time that their jobs fit in memory beside each other."""
    few: list[Entry] = []
    size = 0
    for entry in entries:
        few.append(entry)
        size += len(entry.job or b"")
        if size > MOST_BYTES:
            yield few
            few, size = [], 0
    if few:
        yield few


def _named_by(job: Job) -> list[str]:
    """The hashes of content that a job names."""
    if not isinstance(job, SendJob):
        return []
    body = [job.body.sha256] if isinstance(job.body, ContentRef) else []
    return body + [attached.sha256 for attached in job.attachments if attached.sha256]


def _messages_by(job: Job) -> int:
    """How many numbers of intake a job needs."""
    return max(1, count_of(job)) if isinstance(job, SendJob) else int(isinstance(job, PollJob))


def _log_taken(one: _Ready) -> None:
    if not isinstance(one.job, BatchJob):
        log.info("job_taken", job=one.job.id, messages=one.messages)


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
