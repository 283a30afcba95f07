"""The API's client, with its calls counted and timed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pec.api.client import InboxPage, Mail, Mailbox, PecClient, Quota
from pec.api.errors import ApiError, Denied, Invalid, NotFound, OutcomeUnknown, RateLimited, Unreachable
from workers.metrics.counters import API_ERRORS, API_SECONDS, CHECKS, SENDS

KINDS: dict[type[ApiError], str] = {
    Unreachable: "unreachable",
    RateLimited: "rate_limited",
    Invalid: "invalid",
    Denied: "denied",
    OutcomeUnknown: "unknown",
}


class MeteredClient(PecClient):
    """Changes nothing of what the calls do."""

    def send(self, mailbox: Mailbox, body: bytes, before_first_byte: Callable[[], None]) -> str:
        first_byte_at: list[float] = []

        def note_start() -> None:
            before_first_byte()
            first_byte_at.append(time.perf_counter())

        outcome = "message_given_back"  # what `before_first_byte` raises
        try:
            code = super().send(mailbox, body, note_start)
            outcome = "sent"
            return code
        except ApiError as error:
            outcome = "uncertain" if isinstance(error, OutcomeUnknown) else KINDS[type(error)]
            _count_error("POST /send", error)
            raise
        finally:
            SENDS.labels(outcome).inc()
            for started in first_byte_at:
                API_SECONDS.labels("POST /send").observe(time.perf_counter() - started)

    def receipts(self, mailbox: Mailbox, code: str) -> list[Mail]:
        outcome = "unreadable"
        try:
            with _timed("GET /send/{code}"):
                found = super().receipts(mailbox, code)
            outcome = "found" if found else "nothing"
            return found
        except NotFound:
            outcome = "nothing"
            raise
        finally:
            CHECKS.labels(outcome).inc()

    def delete_receipts(self, mailbox: Mailbox, code: str) -> None:
        with _timed("DELETE /send/{code}"):
            super().delete_receipts(mailbox, code)

    def inbox(self, mailbox: Mailbox, query: str | None = None, page: int | None = None) -> InboxPage:
        with _timed("GET /inbox"):
            return super().inbox(mailbox, query, page)

    def inbox_message(self, mailbox: Mailbox, message_id: int | str) -> Mail:
        with _timed("GET /inbox/{id}"):
            return super().inbox_message(mailbox, message_id)

    def delete_inbox_message(self, mailbox: Mailbox, message_id: int | str) -> None:
        with _timed("DELETE /inbox/{id}"):
            super().delete_inbox_message(mailbox, message_id)

    def quota(self, mailbox: Mailbox, name: str = "inbox") -> Quota:
        with _timed("GET /quota/{mailbox}"):
            return super().quota(mailbox, name)


@contextmanager
def _timed(operation: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    except ApiError as error:
        _count_error(operation, error)
        raise
    finally:
        API_SECONDS.labels(operation).observe(time.perf_counter() - started)


def _count_error(operation: str, error: ApiError) -> None:
    if kind := KINDS.get(type(error)):
        API_ERRORS.labels(operation, kind).inc()
