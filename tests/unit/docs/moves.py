"""Every move that a message can make, found by running the functions that move it; what docs/states.md is held against.

Each function is called in the states in which the workers and the command call it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

from config.settings import Receipts, Uncertain
from pec.changes import Change
from pec.job_messages import arrived_cancelled, enqueued, followed
from pec.jobs import PollJob
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.receipt_transitions import receipts_observed
from pec.receipts import Kind, Named, Receipt
from pec.transitions import (
    adopted,
    adopted_after_restore,
    answer_lost,
    answered,
    cancelled,
    claimed,
    code_revoked,
    discarded,
    expired_in_queue,
    failed,
    held_after_restore,
    held_unsent,
    not_found,
    requeued,
    resend_asked,
    unclaimed,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CODE = "2026112309300042"
TO = "mario@pec.example"
WHY = Reason("why", "…")
WAITS, SEARCHES = Receipts(), Uncertain()
Moves = set[tuple[str, str]]  # from (a state, or a new job) and to


def message_in(state: State) -> Message:
    """A message as it stands in one of the states before its code."""
    return Message(
        id="m", account="acme", recipients=(TO,), subject="Oggetto", state=state, created_at=NOW,
        updated_at=NOW, version=3, reference="7K2QX", claimed_at=NOW, not_after=NOW,
    )  # fmt: skip


def births() -> Moves:
    """Return the moves of new jobs."""
    new = message_in(State.QUEUED)
    poll = PollJob(type="poll", id="p", account="acme", code=CODE)
    return {
        ("send", str(enqueued(new, NOW).after.state)),
        ("send", str(arrived_cancelled(new).after.state)),
        ("poll", str(followed(poll, 1, NOW).after.state)),
    }


def moves_before_the_code() -> Moves:
    """Return the moves of messages that have no code yet."""
    late_answers: list[Callable[[Message], Change | None]] = [
        lambda m: answered(m, CODE, NOW, NOW),
        lambda m: requeued(m, NOW, WHY, None, 0.5),
        lambda m: failed(m, NOW, WHY),
    ]
    tasks: dict[State, list[Callable[[Message], Change | None]]] = {
        State.QUEUED: [
            lambda m: claimed(m, NOW, "7K2QX", 30),
            lambda m: expired_in_queue(m, NOW),
            lambda m: cancelled(m, NOW),
            lambda m: failed(m, NOW, WHY),
            lambda m: requeued(m, NOW, WHY, None, 0.5),
            lambda m: held_after_restore(m, NOW, "two alike"),
            lambda m: held_unsent(m, NOW, WHY),
        ],
        State.SENDING: [
            *late_answers,
            lambda m: unclaimed(m, NOW),
            lambda m: answer_lost(m, NOW, WHY, SEARCHES),
        ],
        State.UNCERTAIN: [*late_answers, _searched_for_the_last_time],
        State.HELD: [
            *late_answers,
            lambda m: discarded(m, NOW),
            lambda m: not_found(resend_asked(m, NOW).after, NOW, SEARCHES),
        ],
    }
    stated = {
        (str(state), str(change.after.state))
        for state, functions in tasks.items()
        for function in functions
        if (change := function(message_in(state)))
    }
    return {pair for pair in stated | _found_in_the_mailbox() | _given_twice() if pair[0] != pair[1]}


def moves_with_a_code() -> Moves:
    """All that two looks at the mailbox can see, whatever receipts came before each, and at whatever time."""
    times = (NOW, NOW + timedelta(hours=31))
    sent = replace(message_in(State.SENT), code=CODE, sent_at=NOW)
    seen: Moves = set()
    for first, at in ((first, at) for first in _sets() for at in times):
        earlier = receipts_observed(sent, {}, first, (), at, WAITS, 0.5)
        seen.add(("sent", str(earlier.after.state)))
        if earlier.due[Queue.CHECK] is None:  # nothing looks again
            continue
        kept = {receipt.key: receipt for receipt in first}
        for more, later in ((more, later) for more in _sets() for later in times if later >= at):
            change = receipts_observed(earlier.after, kept, more, (), later, WAITS, 0.5)
            seen.add((str(earlier.after.state), str(change.after.state)))
    return {pair for pair in seen if pair[0] != pair[1]}


def _searched_for_the_last_time(message: Message) -> Change:
    return not_found(replace(message, checks=len(SEARCHES.lookup_seconds) - 1), NOW, SEARCHES)


def _found_in_the_mailbox() -> Moves:
    """Yield the moves by a search, or after a restore. Either shows one receipt at least."""
    found = set()
    for receipts, at in ((some, at) for some in _sets() if some for at in (NOW, NOW + timedelta(hours=31))):
        for state in (State.UNCERTAIN, State.HELD):
            change = adopted(message_in(state), CODE, receipts, at, WAITS, 0.5)
            found.add((str(state), str(change.after.state)))
        change = adopted_after_restore(message_in(State.QUEUED), CODE, None, receipts, at, WAITS, 0.5)
        found.add(("queued", str(change.after.state)))
    return found


def _given_twice() -> Moves:
    """The one move back from a code."""
    sent = replace(message_in(State.SENT), code=CODE, sent_at=NOW)
    return {("sent", str(code_revoked(sent, NOW, SEARCHES).after.state))}


def _sets() -> Iterator[list[Receipt]]:
    """Every set of the receipts that one PEC can get."""
    every = [
        _receipt(Kind.ACCETTAZIONE),
        _receipt(Kind.ACCETTAZIONE, certified=False),
        _receipt(Kind.NON_ACCETTAZIONE),
        _receipt(Kind.CONSEGNA),
        _receipt(Kind.MANCATA_CONSEGNA),
        _receipt(Kind.PREAVVISO, final=False),
        _receipt(Kind.PREAVVISO, final=True),
    ]
    for some in chain.from_iterable(combinations(every, size) for size in range(len(every) + 1)):
        yield list(some)


def _receipt(kind: Kind, *, certified: bool = True, final: bool | None = None) -> Receipt:
    return Receipt(
        kind=kind, subject="Oggetto", code=CODE, date=NOW, virus=False, named=(Named(TO, certified),),
        final=final, error=None, text=f"{certified} {final}", sender="posta-certificata@x.it",
    )  # fmt: skip
