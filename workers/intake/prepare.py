"""Prepare a job: its messages, the content they need, and the commit that takes it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from archive.contents import MAX_BYTES_IN_REDIS
from archive.vault import CONTENT, Altered, Missing
from pec.content import is_blank, sha256
from pec.job_messages import (
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
from pec.jobs import BatchJob, ContentRef, Job, JobRejected, PollJob, SendJob
from pec.problems import Problem, problem
from pec.store import job_stream, records
from pec.store.commits import BatchDelta, Commit, call
from pec.store.job_stream import Entry
from pec.store.store import ScriptCall, text_list
from workers.context import WorkerContext

SERVED_LATELY_SECONDS = 3600.0  # a restart, of workers or of Redis, makes no job wrong


@dataclass(slots=True)
class IntakeContext:
    """The state of Redis at the start of a batch of entries, read in one round trip."""

    accounts: Collection[str]  # that live workers registered of late; endpoints likewise
    endpoints: Collection[str]
    order: int  # the next number of intake: as many are ours as the jobs need
    sizes: dict[str, int]  # of content that is stored, or will be by a commit before
    archived: set[str]  # what of it is in the archive, as Redis knows
    cancelled: bool | None = None  # whether a cancel came before; None: the commit must check

    def next_order(self, count: int) -> int:
        order, self.order = self.order, self.order + count
        return order


@dataclass(frozen=True, slots=True)
class PreparedJob:
    """A job and the commit that takes it. Redis may still say that the id was used, or that a cancel came."""

    entry: Entry
    job: SendJob | PollJob | BatchJob
    commit: ScriptCall
    messages: int

    @property
    def size(self) -> int:
        return sum(len(part) for part in self.commit.args if isinstance(part, str | bytes))


def load_context(ctx: WorkerContext, found: Sequence[Job]) -> IntakeContext:
    """Return what preparing these jobs needs, with their numbers of intake reserved."""
    keys, since = ctx.store.keys, ctx.now().timestamp() - SERVED_LATELY_SECONDS
    named = list(dict.fromkeys(digest for job in found for digest in _named_by(job)))
    count = sum(_messages_by(job) for job in found)
    with ctx.store.client.pipeline(transaction=False) as pipeline:
        for kind in ("account", "endpoint"):
            pipeline.zrangebyscore(keys.seen(kind), since, "+inf")
        pipeline.incrby(keys.sequence, count) if count else pipeline.get(keys.sequence)
        for digest in named:
            pipeline.hstrlen(keys.content(digest), "data")
            if ctx.vault:
                pipeline.hget(keys.content(digest), "archived")
        accounts, endpoints, last, *sizes = pipeline.execute()
    in_archive: dict[str, int] = {}
    if ctx.vault:
        in_archive = {digest: int(size) for digest, size in zip(named, sizes[1::2], strict=True) if size}
        sizes = sizes[::2]
    return IntakeContext(
        {*text_list(accounts), *ctx.settings.accounts},
        {*text_list(endpoints), *(endpoint.name for endpoint in ctx.settings.webhooks.endpoints)},
        int(last or 0) - count + 1,
        {digest: size for digest, size in zip(named, sizes, strict=True) if size} | in_archive,
        set(in_archive),
    )


def prepare(
    ctx: WorkerContext, entry: Entry, job: SendJob | PollJob | BatchJob, known: IntakeContext
) -> PreparedJob:
    """Return the job with the commit that takes it, not made yet. Raise JobRejected or VaultAway."""
    if isinstance(job, BatchJob):
        size = BatchDelta(job.id, size=str(job.size))
        work = Commit(batches=[size], commands=job_stream.removal(ctx.store, entry.id))
        return PreparedJob(entry, job, call(ctx.store, work, intake=True), 0)
    with ctx.spans.begin(job.traceparent, job=job.id, account=job.account) as current:
        if job.traceparent is None and current:  # its trace begins here
            job = job.model_copy(update={"traceparent": current})
        work = _work(ctx, entry, job, known)
        return PreparedJob(entry, job, call(ctx.store, work, intake=True), len(work.changes))


def _work(ctx: WorkerContext, entry: Entry, job: SendJob | PollJob, known: IntakeContext) -> Commit:
    if isinstance(job, SendJob):
        return _send_work(ctx, entry, job, known)
    return _poll_work(ctx, entry, job, known)


def _send_work(ctx: WorkerContext, entry: Entry, job: SendJob, known: IntakeContext) -> Commit:
    _check_names(job, known)
    contents = contents_of(job)
    fetched = _bytes_of(ctx, contents, known)
    check_size(job, contents, known.sizes, ctx.settings.api.max_bytes)
    now, order = ctx.now(), known.next_order(_messages_by(job))
    account = ctx.settings.accounts.get(job.account)
    messages = messages_of(job, contents, known.sizes, order, now, account.reference if account else True)
    changes = [
        arrived_cancelled(message) if known.cancelled else enqueued(message, now) for message in messages
    ]
    archived = _archive(ctx, fetched)
    known.archived.update(archived)
    hashes = dict.fromkeys([contents.body, *(attached.sha256 for attached in contents.attachments)])
    return Commit(
        changes=changes,
        absent=[ctx.store.keys.taken(job.id), *([] if known.cancelled else cancels_of(ctx, job))],
        uses=[digest for _ in messages for digest in hashes],
        contents=fetched,
        archived=archived,
        commands=[
            *_stamp(ctx, entry, job.id, digest_of(job, contents), count_of(job)),
            *(["UNLINK", ctx.store.keys.upload(one)] for one in contents.named if one in known.archived),
        ],
    )


def _poll_work(ctx: WorkerContext, entry: Entry, job: PollJob, known: IntakeContext) -> Commit:
    _check_names(job, known)
    return Commit(
        changes=[followed(job, known.next_order(1), ctx.now())],
        absent=[ctx.store.keys.taken(job.id)],
        commands=_stamp(ctx, entry, job.id, digest_of(job), 0),
    )


def _stamp(ctx: WorkerContext, entry: Entry, job_id: str, digest: str, count: int) -> list[list[str | float]]:
    """Return the commands that mark the id as used and remove the entry."""
    seconds = round(ctx.settings.retention.ids_days * 86_400)
    taken: list[str | float] = [
        "SET", ctx.store.keys.taken(job_id), f"{digest} {count}", "EX", seconds,
    ]  # fmt: skip
    return [taken, *job_stream.removal(ctx.store, entry.id)]


def cancels_of(ctx: WorkerContext, job: SendJob | PollJob | BatchJob) -> list[str]:
    """Return the keys of cancels that can have come before the job."""
    keys, batch = ctx.store.keys, job.batch if isinstance(job, SendJob) else None
    return [keys.cancelled("id", job.id), *([keys.cancelled("batch", batch)] if batch else [])]


def _bytes_of(ctx: WorkerContext, contents: Contents, known: IntakeContext) -> dict[str, bytes | None]:
    """Return the bytes of contents that are not stored yet, and note the sizes of all. Raise JobRejected."""
    fetched: dict[str, bytes | None] = {}
    for digest, data in contents.carried.items():
        if digest not in known.sizes:
            fetched[digest] = data
            known.sizes[digest] = len(data)
    for digest, name in contents.named.items():
        if digest not in known.sizes:
            stored = records.content_size(ctx.store, digest)  # the length is 0 for missing content, too
            if stored is None:
                fetched[digest] = data = _uploaded(ctx, digest, name)
                stored = len(data)
            known.sizes[digest] = stored
    return fetched


def _archive(ctx: WorkerContext, fetched: dict[str, bytes | None]) -> dict[str, int]:
    """Move large contents from what the commit would store to the archive. Return their sizes. Raise VaultAway."""
    if not ctx.vault:
        return {}
    large = {digest: data for digest, data in fetched.items() if data and len(data) > MAX_BYTES_IN_REDIS}
    for digest, data in large.items():
        ctx.vault.put(data, CONTENT)
        del fetched[digest]
    return {digest: len(data) for digest, data in large.items()}


def _uploaded(ctx: WorkerContext, digest: str, field: str) -> bytes:
    key = ctx.store.keys.upload(digest)
    data = ctx.store.client.get(key) or _from_archive(ctx, digest)
    if data is None:
        raise JobRejected([problem(field, "upload_missing", key=key)])
    content = bytes(data)  # type: ignore[arg-type]  # bytes: responses are not decoded
    if sha256(content) != digest:
        raise JobRejected([problem(field, "upload_altered", key=key)])
    if field == "body.sha256" and is_blank(content.decode(errors="replace")):
        raise JobRejected([problem("body", "empty_body")])
    return content


def _from_archive(ctx: WorkerContext, digest: str) -> bytes | None:
    """Return an upload that an earlier job moved to the archive, whose messages are deleted since. Raise VaultAway."""
    try:
        return ctx.vault.get(digest, CONTENT) if ctx.vault else None
    except (Missing, Altered):
        return None


def _named_by(job: Job) -> list[str]:
    """Return the hashes of content that a job names."""
    if not isinstance(job, SendJob):
        return []
    body = [job.body.sha256] if isinstance(job.body, ContentRef) else []
    return body + [attached.sha256 for attached in job.attachments if attached.sha256]


def _messages_by(job: Job) -> int:
    """Return how many numbers of intake a job needs."""
    return max(1, count_of(job)) if isinstance(job, SendJob) else int(isinstance(job, PollJob))


def _check_names(job: SendJob | PollJob, known: IntakeContext) -> None:
    """Raise JobRejected for an account or endpoint that no live worker has settings for."""
    problems = []
    if job.account not in known.accounts:
        problems.append(_unknown("account", "unknown_account", "no_account_known", known.accounts))
    webhook = job.webhook if isinstance(job, SendJob) else None
    if webhook is not None and webhook not in known.endpoints:
        problems.append(_unknown("webhook", "unknown_endpoint", "no_endpoint_known", known.endpoints))
    if problems:
        raise JobRejected(problems)


def _unknown(field: str, code: str, code_of_none: str, known: Collection[str]) -> Problem:
    if not known:
        return problem(field, code_of_none)
    return problem(field, code, names=", ".join(sorted(known)[:20]))
