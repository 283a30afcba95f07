"""Jobs to put in and what is in the stream; moves of a message, as a worker would make them; types of fixtures."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pec.changes import Change, Lane, changed
from pec.messages import Message
from pec.names import State
from pec.receipts import Kind, Receipt
from producers import Producer

SEND: dict[str, Any] = {
    "account": "acme",
    "recipient": "x@pec.example",
    "subject": "Fattura",
    "body": "<p>Ecco</p>",
}
AWKWARD_SUBJECT = 'Perché; così "è", n. 1'  # in a table
PATIENCE_SECONDS = 30

TakeJobs = Callable[[], None]
Settle = Callable[..., Message]


def jobs_in(producer: Producer) -> list[dict[str, Any]]:
    entries: Any = producer.store.client.xrange(producer.store.keys.jobs)
    return [json.loads(fields[b"job"]) for _, fields in entries]


def to(state: State) -> Callable[[Message], Change]:
    """A commit that moves a message, as a worker would."""
    return lambda message: changed(message, datetime.now(UTC), {"state": state}, lane=Lane.LEAVE)


@contextmanager
def meanwhile(*tasks: Callable[[], object]) -> Iterator[None]:
    """Does these in another thread, and waits for it."""
    thread = threading.Thread(target=lambda: [task() for task in tasks])
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE_SECONDS)


RECEIPT = Receipt(
    kind=Kind.ACCETTAZIONE,
    subject="Fattura",
    code="2020082610003492",
    date=datetime(2026, 11, 24, 12, tzinfo=UTC),
    virus=False,
    named=(),
    error=None,
    final=False,
    sender="posta-certificata@pec.example",
    text="Il giorno 24/11/2026 …",
)
