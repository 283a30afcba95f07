"""Following messages to their end, by reading `pec:events` and `pec:rejected`: no message is asked again and again."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from config.texts import Text, _, ngettext
from pec.messages import Message
from pec.names import EventType
from pec.store import records
from pec.store.rejections import Rejection, since
from pec.store.store import Store, text

_START = "0-0"
_PAGE = 1000
_BLOCK_SECONDS = 2.0  # less than the connection's timeout
_BLOCK_WHILE_PENDING_SECONDS = 0.25  # no event reports a job that was taken without making a message

Span = tuple[str, str]  # entries of `pec:jobs`, first and last; while one of them is there, a job is pending


class Watch:
    """One look after some jobs (ids; those that `Producer` returned know their entry) or a batch."""

    def __init__(self, store: Store, ids: Iterable[str], batch: str | None = None) -> None:
        self._store = store
        self._batch = batch
        self._entries = {str(one): str(getattr(one, "entry", "")) for one in ids}
        self._jobs_of_entries = {entry: job for job, entry in self._entries.items() if entry}
        self._pending: dict[str, Span] = {}
        self._without_messages = set(self._entries)  # jobs without messages so far
        self._with_messages: set[str] = set()  # jobs whose messages were yielded
        self._versions: dict[str, int] = {}  # of each message, when it was last yielded
        self._unfinished: set[str] = set()
        self._rejected: set[str] = set()
        # By job id: it may be an older job's, while ours is pending.
        self._ambiguous: dict[str, Rejection] = {}
        self._events_at = self._rejected_at = _START

    def changes(
        self, timeout_seconds: float | None = None, meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[Message | Rejection]:
        """Yield each message first and at every change, and each rejection, until all have ended.

        `meanwhile` is called before each wait, every two seconds at least. Raise TimeoutError and UnsupportedRecord.
        """
        until = time.monotonic() + timeout_seconds if timeout_seconds is not None else None
        self._begin()
        changed = set(records.ids_of_batch(self._store, self._batch)) if self._batch else set()
        while True:
            # Before events and rejections are read, so that none of a settled job is missed.
            settled = self._settle()
            changed |= self._changed()
            yield from self._rejections()
            yield from self._messages(changed | self._found(settled))
            yield from self._old_rejections()
            if self._done():
                return
            meanwhile()
            self._wait(until)
            changed = set()

    def _begin(self) -> None:
        """Note the positions at which reading starts, so that no later event is missed."""
        keys = self._store.keys
        self._events_at = self._last(keys.events)
        horizon = self._last(keys.jobs)
        self._pending = {
            job: (entry, entry) if entry else ("-", horizon) for job, entry in self._entries.items()
        }
        if self._batch:
            self._pending[""] = ("-", horizon)
        if self._entries and all(self._entries.values()):
            first_ms = min(int(entry.partition("-")[0]) for entry in self._entries.values())
            self._rejected_at = f"{first_ms - 1}-{2**64 - 1}"

    def _last(self, stream: str) -> str:
        latest: Any = self._store.client.xrevrange(stream, count=1)
        return text(latest[0][0]) if latest else _START

    def _settle(self) -> list[str]:
        """Stop waiting for jobs that are no longer pending, and return them: each was taken or rejected."""
        asked = list(self._pending.items())[:_PAGE]
        with self._store.client.pipeline(transaction=False) as pipeline:
            for _, (first, last) in asked:
                pipeline.xrange(self._store.keys.jobs, first, last, count=1)
            settled = [job for (job, _), left in zip(asked, pipeline.execute(), strict=True) if not left]
        for job in settled:
            del self._pending[job]
        return settled

    def _rejections(self) -> Iterator[Rejection]:
        for rejection in since(self._store, self._rejected_at):
            self._rejected_at = rejection.position
            if self._concerns(rejection):
                job = self._jobs_of_entries.get(rejection.entry, rejection.name)
                self._rejected.add(job)
                self._without_messages.discard(job)
                yield rejection

    def _concerns(self, rejection: Rejection) -> bool:
        job = rejection.job.get("id", "")
        if self._batch:
            return (
                rejection.batch == self._batch
                and rejection.name not in self._rejected
                and rejection.name not in self._with_messages
            )
        if rejection.entry in self._jobs_of_entries:
            return True
        if job in self._without_messages and not self._entries[job]:
            self._ambiguous[job] = rejection
        return False

    def _old_rejections(self) -> Iterator[Rejection]:
        """Yield the rejections of jobs known only by their id, now that none of them can be pending."""
        for job in [
            one for one in self._ambiguous if one in self._without_messages and one not in self._pending
        ]:
            self._without_messages.discard(job)
            yield self._ambiguous.pop(job)

    def _found(self, settled: Sequence[str]) -> set[str]:
        """Return the messages of jobs that were taken."""
        return {
            message for job in settled if job in self._without_messages for message in self._messages_of(job)
        }

    def _messages_of(self, job: str) -> list[str]:
        """Return the ids of the job's messages, and follow them; none if it was not taken yet."""
        ids = records.ids_of_job(self._store, job)
        if ids:
            self._without_messages.discard(job)
            self._unfinished.update(ids)
        return ids

    def _messages(self, ids: set[str]) -> Iterator[Message]:
        for message in records.read_all(self._store, ids):
            if message.version <= self._versions.get(message.id, 0):
                continue
            self._versions[message.id] = message.version
            self._with_messages.add(_job_of(message.id))
            self._rejected.discard(_job_of(message.id))
            (self._unfinished.discard if message.ended else self._unfinished.add)(message.id)
            yield message

    def _done(self) -> bool:
        if not self._batch:
            return not (self._without_messages or self._unfinished)
        if self._pending:  # what waits may be more of the batch, and a greater size
            return False
        size = records.batch_of(self._store, self._batch).get("size")
        if size:
            return len(self._versions) - len(self._unfinished) + len(self._rejected) >= int(size)
        return bool(self._versions) and not self._unfinished

    def _wait(self, until: float | None) -> None:
        """Wait for an event, a short time at most. Raise TimeoutError at the end of the watch."""
        left = until - time.monotonic() if until is not None else _BLOCK_SECONDS
        if left <= 0:
            raise TimeoutError(_not_ended(len(self._without_messages | self._unfinished)))
        seconds = min(left, _BLOCK_WHILE_PENDING_SECONDS if self._pending else _BLOCK_SECONDS)
        keys = self._store.keys
        places: Any = {keys.events: self._events_at, keys.rejected: self._rejected_at}
        self._store.client.xread(places, count=1, block=max(1, int(seconds * 1000)))

    def _changed(self) -> set[str]:
        """Return the watched messages that events are about."""
        changed: set[str] = set()
        while True:
            page: Any = self._store.client.xrange(
                self._store.keys.events, min=f"({self._events_at}", count=_PAGE
            )
            for position, fields in page:
                self._events_at = text(position)
                if text(fields[b"type"]) == EventType.JOB_REJECTED:  # `_rejections` reads `pec:rejected`
                    continue
                changed |= self._ours(json.loads(fields[b"event"])["data"])
            if len(page) < _PAGE:
                return changed

    def _ours(self, data: dict[str, Any]) -> set[str]:
        message = str(data.get("id", ""))
        if message in self._versions or message in self._unfinished:
            return {message}
        if self._batch:
            return {message} if data.get("batch") == self._batch and message else set()
        candidates = {message, _job_of(message)} & (self._without_messages - self._pending.keys())
        return {one for job in candidates for one in self._messages_of(job)}


def _job_of(message_id: str) -> str:
    return message_id.partition("#")[0]


def _not_ended(count: int) -> Text:
    if not count:
        return _("some messages have not ended in time")
    return ngettext(
        "{count} message has not ended in time", "{count} messages have not ended in time", count
    ).format(count=count)
