"""Fills a store as an office has it after a month: messages in all states, receipts' times, batches, dead letters."""

import json
from datetime import timedelta
from itertools import cycle

from bench.fill import CODE, NAME, ORDER, _write
from pec.changes import created
from pec.instants import from_epoch, to_text
from pec.messages import Message
from pec.minute_figures import Timed, duration_name, error_name
from pec.names import Queue, State
from pec.reasons import reason_by_code
from pec.store import accounts, delivery_history, heartbeat, outbox
from pec.store.delivery_history import Note
from pec.store.store import Store, text, text_list
from pec.webhooks.answers import Answer
from pec.webhooks.outcomes import Delivered

ACCOUNTS = ("acme", "beta", "gamma")
BATCHES = tuple(f"avvisi-{number:02d}" for number in range(10))
WORD = "verdi"  # in the subject of one group of a thousand
GROUP = 1000  # messages that changed at about the same time
DAYS = 30
LETTERS, REJECTED, ACTS = 10_000, 10_000, 10_000
_STATES = (  # of groups, in turn
    State.DELIVERED,
    State.HELD,
    State.UNDELIVERED,
    State.QUEUED,
    State.ACCEPTED,
    State.REFUSED,
    State.UNCERTIFIED,
    State.FAILED,
    *[State.QUEUED, *[State.DELIVERED] * 10, State.UNDELIVERED, *[State.DELIVERED] * 10] * 4,
)


def messages(store: Store, count: int, *, first: int) -> None:
    """Add so many messages, in groups of a mailbox, a batch and a state."""
    groups = max(1, count // GROUP)
    now = store.now()
    for number, state in zip(range(groups), cycle(_STATES), strict=False):
        at = from_epoch(now - DAYS * 86_400 * (groups - number) / groups)
        whole = first // GROUP + number
        message = Message(
            id=NAME,
            account=ACCOUNTS[whole % len(ACCOUNTS)],
            recipients=(f"{NAME.lower()}@pec.example",),
            subject=f"Avviso di pagamento n. {NAME}" + (f" {WORD}" if number == groups // 2 else ""),
            state=state,
            created_at=at - timedelta(minutes=5),
            updated_at=at,
            order=ORDER,
            batch=BATCHES[whole % len(BATCHES)],
            code=None if state in (State.QUEUED, State.HELD) else CODE,
            attempts=1,
            sent_at=at - timedelta(minutes=1),
            accepted_at=at if state in (State.DELIVERED, State.ACCEPTED) else None,
            ended_at=at if state is State.DELIVERED else None,
            reason=reason_by_code("not_found", searches=4, id=NAME) if state is State.HELD else None,
            metadata={"pratica": NAME},
        )
        start = first + number * GROUP
        _write(store, created(message), range(start, min(start + GROUP, first + count)))


def surroundings(store: Store) -> None:
    """Add what pages show beside messages: a worker, endpoints with deliveries, streams that are full, figures."""
    for name in ACCOUNTS:
        accounts.register(store, name, "digest")
    outbox.ensure(store, ["crm", "empty"])
    minute = int(store.now()) // 60 * 60
    counts = {duration_name(timed, seconds): 40 for timed in Timed for seconds in (0.1, 0.3, 2, 4, 12)}
    figures = {minute - 60 * back: counts | {error_name(Timed.SEND, "denied"): 1} for back in range(1440)}
    seen = {
        "worker": ["w1"],
        "queue": [str(queue) for queue in Queue],
        "account": [*ACCOUNTS],
        "endpoint": ["crm", "empty"],
    }
    heartbeat.beat(store, seen, 86_400, figures=figures)
    heartbeat.beat(store, seen, 86_400, figures={minute - 900 * back: counts for back in range(96, 670)})
    good = Delivered(Answer(0.04, 200, "ok"))
    for number in range(delivery_history.MAX_KEPT):
        delivery_history.add(store, "crm", Note(store.now(), f"evt_{number}", "message.sent", good, 1))
    _streams(store)


def _streams(store: Store) -> None:
    at = to_text(from_epoch(store.now()))
    event = json.dumps({"type": "message.sent", "timestamp": at, "data": {"id": "x" * 20, "state": "sent"}})
    letter = {
        "endpoint": "crm", "id": "evt_1", "type": "message.sent", "event": event, "status": 500,
        "why": "answered 500", "code": "status", "details": '{"status": 500}', "tries": 10, "at": at,
    }  # fmt: skip
    errors = json.dumps(
        [{"field": "recipient", "reason": "is not an e-mail address", "code": "not_an_address"}]
    )
    job = json.dumps({"type": "send", "id": "x", "account": "acme", "recipient": "nessuno"})
    act = {"at": at, "actor": "user:anna", "action": "account.pause", "object": "account:acme"}
    with store.client.pipeline(transaction=False) as pipeline:
        for _ in range(LETTERS):
            pipeline.xadd(store.keys.dead, letter)  # type: ignore[arg-type]
        for number in range(REJECTED):
            fields = {"entry": f"1-{number}", "job": job, "errors": errors, "at": at}
            pipeline.xadd(store.keys.rejected, fields)  # type: ignore[arg-type]
        for _ in range(ACTS):
            pipeline.xadd(store.keys.audit, act)  # type: ignore[arg-type]
        pipeline.hset(store.keys.endpoint("crm"), "dead", LETTERS)
        pipeline.execute()


def some_message(store: Store) -> str:
    """Return the id of a message that was delivered."""
    return _newest(store, State.DELIVERED)


def some_held(store: Store) -> str:
    """Return the id of a message that is held."""
    return _newest(store, State.HELD)


def _newest(store: Store, state: State) -> str:
    return text(text_list(store.client.zrevrange(store.keys.state(state), 0, 0))[0])
