"""The Python API: validate jobs, add them to `pec:jobs`, and follow their messages."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import redis
from pydantic_core import PydanticSerializationError

from config.redis_connection import RedisUnreachable, connect, unusable
from config.texts import _
from pec.jobs import Job, JobRejected, SendJob, validate
from pec.messages import Message
from pec.problems import Problem
from pec.receipts import Receipt
from pec.store import records
from pec.store.rejections import Rejection, as_error
from pec.store.replication import JOBS_MILLISECONDS, TooFewReplicas, execute
from pec.store.store import Store, text
from producers.room import wait_for_room
from producers.sender import Enqueued, Sender, stated
from producers.trace import in_current_trace
from producers.uploads import KEEP_SECONDS, Uploads
from producers.watch import Watch

_MAX_JOBS = 400  # in one pipeline
_MAX_BYTES = 4_000_000  # of contents in one pipeline


class Producer(Sender):
    """Adds jobs to Redis. Safe to share among threads.

    Every job is checked before anything of it is written. Raise JobRejected if it is invalid, and RedisUnreachable if
    Redis gives no answer, or if fewer replicas than `replicas` have the job. Then the job may be enqueued, or not;
    enqueue it again with the same id. `replicas` is the workers' PEC_REDIS_REPLICAS; 0 waits for none.

    In a program that uses OpenTelemetry, a job without `traceparent` belongs to the current span.
    """

    def __init__(
        self, redis_url: str = "redis://localhost:6379/0", namespace: str = "pec", replicas: int = 0
    ) -> None:
        self.store = Store(connect(redis_url), namespace, replicas)

    @classmethod
    def on(cls, store: Store) -> Self:
        """Return a producer for an open store. Who opened the store closes it."""
        producer = cls.__new__(cls)
        producer.store = store
        return producer

    def send_many(self, jobs: Iterable[SendJob | Mapping[str, Any]]) -> int:
        """Send as `send` does, tens of thousands a second: mappings of its arguments, or models. Return how many.

        A wrong job raises JobRejected when its turn comes: those before it may be enqueued by then.
        Declare the size of a batch with `batch`, so that its completion is published.
        """
        return sum(self.send_by_steps(jobs))

    def send_by_steps(self, jobs: Iterable[SendJob | Mapping[str, Any]]) -> Iterator[int]:
        """Send as `send_many` does, and yield after each step how many more were enqueued."""
        return map(len, self._write(map(_send_job, jobs)))

    def poll(
        self,
        id: str,  # noqa: A002 - the contract's word
        account: str,
        code: str,
        subject: str | None = None,
        recipient: str | None = None,
        traceparent: str | None = None,
    ) -> Enqueued:
        """Follow the receipts of a PEC that another program sent."""
        known = stated({"subject": subject, "recipient": recipient, "traceparent": traceparent})
        return self._enqueue({"type": "poll", "id": id, "account": account, "code": code, **known})

    def cancel(self, id: str | None = None, batch: str | None = None) -> Enqueued:  # noqa: A002 - the contract's word
        """Cancel a message that is not yet sent, or all such messages of a batch."""
        return self._enqueue({"type": "cancel", **stated({"id": id, "batch": batch})})

    def batch(self, id: str, size: int) -> Enqueued:  # noqa: A002 - the contract's word
        """Declare how many messages (recipients, not jobs) a batch will have."""
        return self._enqueue({"type": "batch", "id": id, "size": size})

    def status(self, id: str) -> list[Message]:  # noqa: A002 - the contract's word
        """Return the messages of a job; none until a worker has taken it. Raise UnsupportedRecord."""
        with _usable(self.store):
            return list(records.read_all(self.store, records.ids_of_job(self.store, id)))

    def receipts(self, id: str) -> dict[str, list[Receipt]]:  # noqa: A002 - the contract's word
        """Return the receipts of a job's messages, by message, oldest first.

        `text` is None if `original` names the signed mail in the archive, which has the text.
        """
        with _usable(self.store):
            ids = records.ids_of_job(self.store, id)
            return {one: sorted(records.receipts_of(self.store, one).values(), key=_age) for one in ids}

    def watch(
        self, ids: str | Iterable[str] = (), *, batch: str | None = None, timeout_seconds: float | None = None
    ) -> Iterator[Message]:
        """Yield the messages of these jobs, or of a batch, first and at every change, until all have ended.

        Changes that follow each other within milliseconds may be yielded as one. Raise JobRejected, when the
        others have ended, if workers did not take a job; TimeoutError; UnsupportedRecord.
        """
        rejections = []
        with _usable(self.store):
            for one in Watch(self.store, [ids] if isinstance(ids, str) else ids, batch).changes(
                timeout_seconds
            ):
                if isinstance(one, Rejection):
                    rejections.append(one)
                else:
                    yield one
        if rejections:
            raise as_error(rejections)

    def close(self) -> None:
        self.store.client.close()

    def _enqueue(self, job: Mapping[str, Any]) -> Enqueued:
        [[entry]] = self._write([job])
        return Enqueued(str(job["id"] if "id" in job else job["batch"]), entry)

    def _write(self, jobs: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
        """Check and add jobs, a pipeline at a time. Yield the entries of each."""
        uploads = Uploads()
        ready: list[str] = []
        for job in jobs:
            ready.append(wire_job(validate(in_current_trace(uploads.prepare(job)))))
            if len(ready) >= _MAX_JOBS or uploads.waiting_bytes >= _MAX_BYTES:
                yield self._flush(ready, uploads)
                ready = []
        if ready:
            yield self._flush(ready, uploads)

    def _flush(self, ready: list[str], uploads: Uploads) -> list[str]:
        if uploads.may_wait and uploads.waiting_bytes >= _MAX_BYTES:
            with _usable(self.store):
                uploads.may_wait = wait_for_room(self.store)
        with _usable(self.store), self.store.client.pipeline(transaction=False) as pipeline:
            for digest, content in uploads.waiting.items():
                pipeline.set(self.store.keys.upload(digest), content, ex=KEEP_SECONDS)
            for job in ready:
                pipeline.xadd(self.store.keys.jobs, {"job": job})
            replies = execute(self.store, pipeline, JOBS_MILLISECONDS)
        uploads.took()
        return [text(entry) for entry in replies[-len(ready) :]]


@contextmanager
def _usable(store: Store) -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise unusable(store.client, error) from error
    except TooFewReplicas as too_few:
        raise RedisUnreachable(
            _(
                "the jobs are on {there} of {required} replicas of Redis, so a failover could lose them: enqueue them "
                "again with the same ids once `pec doctor` finds the replicas, or lower PEC_REDIS_REPLICAS"
            ).format(there=too_few.count, required=too_few.wanted)
        ) from too_few


def _send_job(job: SendJob | Mapping[str, Any]) -> Mapping[str, Any]:
    found = job.model_dump(mode="json", exclude_defaults=True) if isinstance(job, SendJob) else job
    return {"type": "send", **stated(found)}


def wire_job(job: Job) -> str:
    """Return the job as JSON, without fields that have their default. Raise JobRejected."""
    try:
        return job.model_dump_json(exclude_defaults=True)
    except PydanticSerializationError:
        raise JobRejected([Problem("job", _("is not Unicode text: it holds half of a character"))]) from None


def _age(receipt: Receipt) -> str:
    return receipt.date.isoformat() if receipt.date else ""
