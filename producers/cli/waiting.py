"""Why a message is where it is, in a sentence with its remedy: a pure function of the record and what is around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pec.instants import to_text
from pec.messages import Message, Reason
from pec.names import Queue, State
from producers.cli.progress import duration

CIRCUIT_OPENS_AT = 3  # DESIGN §5: unknown or unreachable answers in a row

_REMEDIES = {
    "credentials": "correct its user name, password or token, restart the workers, then `pec resume {account}`",
    "wallet": "top up the wallet at PEC Massiva, then `pec resume {account}`",
    "scope": "have the scope of POST /send added to its token, then `pec resume {account}`",
    "mailbox_full": "make room in the mailbox; it resumes by itself, or at once with `pec resume {account}`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a message's waiting depends on. `position` and `seconds_to_send` are None out of line."""

    now: datetime
    paused: Reason | None = None
    account_served: bool = True
    queues_served: frozenset[str] = frozenset(Queue)
    due: Mapping[Queue, datetime] = field(default_factory=dict)
    position: int | None = None
    seconds_to_send: float | None = None
    api_failures: int = 0


def remedy_of_pause(account: str, reason: Reason) -> str:
    """What an operator does about a paused account."""
    return _REMEDIES.get(reason.code, "`pec resume {account}` when it may go on").format(account=account)


def why_it_waits(message: Message, around: Surroundings) -> str:
    """For people. The first cause that holds; of an end, its reason."""
    if message.state is State.QUEUED:
        return _why_queued(message, around)
    if message.state is State.SENDING:
        return "a worker has claimed it: its answer is awaited"
    if message.state in (State.UNCERTAIN, State.HELD):
        return f"{_reason(message)}{_next(Queue.LOOKUP, 'it is looked for again', around)}"
    if message.ended:
        return _reason(message) or str(message.state)
    awaited = "ACCETTAZIONE" if message.state is State.SENT else "CONSEGNA"
    return f"{awaited} is awaited{_next(Queue.CHECK, 'the mailbox is asked again', around)}"


def _why_queued(message: Message, around: Surroundings) -> str:
    if message.not_before and message.not_before > around.now:
        return f"is not to be sent before {to_text(message.not_before)}"
    if around.paused:
        remedy = remedy_of_pause(message.account, around.paused)
        return f"account {message.account} is paused: {around.paused.description or around.paused.code}: {remedy}"
    if not around.account_served:
        return f"no live worker serves account {message.account}: configure it and start `pec worker`"
    if Queue.SEND not in around.queues_served:
        return "no live worker consumes the queue send: start one with `pec worker`"
    if around.api_failures >= CIRCUIT_OPENS_AT:
        times = f"{around.api_failures} times in a row"
        return f"the API gave no usable answer {times}: it is probed, and goes on by itself"
    if around.position is None:
        return f"{_reason(message) or 'its turn has come'}{_next(Queue.RELEASE, 'it is tried again', around)}"
    when = f", about {duration(around.seconds_to_send)}" if around.seconds_to_send is not None else ""
    return f"{around.position} of its account go before it{when}"


def _reason(message: Message) -> str:
    return message.reason.description if message.reason else ""


def _next(queue: Queue, what: str, around: Surroundings) -> str:
    if queue not in around.queues_served:
        return f"; no live worker consumes the queue {queue}: start one with `pec worker`"
    at = around.due.get(queue)
    if at is None:
        return ""
    seconds = (at - around.now).total_seconds()
    return f"; {what} {f'in {duration(seconds)}' if seconds > 0 else 'now'}"
