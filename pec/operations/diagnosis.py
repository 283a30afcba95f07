"""Why a message is where it is, in a sentence with its remedy: a pure function of the record and what is around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.operations.paused_batches import said
from pec.operations.progress import clock, duration
from pec.status_codes import explained
from pec.store.batches import PausedBatch

LATE_SECONDS = 60  # a task that is due longer than this is told to be late

_REMEDIES = {
    "credentials": "correct its user name, password or token, restart the workers, then `pec resume {account}`",
    "wallet": "top up the wallet at PEC Massiva, then `pec resume {account}`",
    "scope": "have the scope of POST /send added to its token, then `pec resume {account}`",
    "mailbox_full": "make room in the mailbox; it resumes by itself, or at once with `pec resume {account}`",
}
_NO_RECEIPTS = ("credentials", "mailbox_full")  # pauses while which none can come, or be seen


@dataclass(frozen=True, slots=True)
class Cap:
    """A cap that is used up: its period (`daily`, `monthly`), its size, and when the next send may go."""

    period: str
    size: int
    goes_on_at: datetime


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many must acknowledge a claim, and how many there are."""

    required: int
    connected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitContext:
    """What a message's waiting depends on. `position` and `turn_at` are None out of line."""

    now: datetime
    paused: Reason | None = None
    paused_batch: PausedBatch | None = None  # the message's own
    account_served: bool = True
    queues_served: frozenset[str] = frozenset(Queue)
    due: Mapping[Queue, datetime] = field(default_factory=dict)
    position: int | None = None
    turn_at: datetime | None = None
    silent_answers: int = 0  # of the API, in a row; 0 while it is not doubted
    probe_at: datetime | None = None
    replicas: Replicas | None = None  # None where there are enough
    cap: Cap | None = None
    on_hold_until: datetime | None = None  # the API asked the token to wait
    unreadable: Reason | None = None
    unreadable_at: datetime | None = None


def remedy_of_pause(account: str, reason: Reason) -> str:
    """What an operator does about a paused account."""
    return _REMEDIES.get(reason.code, "`pec resume {account}` when it may go on").format(account=account)


def explain_wait(message: Message, ctx: WaitContext) -> str:
    """For people. The first cause that holds; of an end, its reason."""
    if message.state is State.QUEUED:
        return _why_queued(message, ctx)
    if message.state is State.SENDING:
        return f"a worker has claimed it: its answer is awaited{_look_up(ctx)}"
    if message.state in (State.UNCERTAIN, State.HELD):
        again = _next(Queue.LOOKUP, "it is looked for again", ctx)
        return f"{_reason(message)}{again}{_blind(message)}"
    if message.ended:
        return _reason(message) or str(message.state)
    awaited = "ACCETTAZIONE" if message.state is State.SENT else "CONSEGNA"
    again = _next(Queue.CHECK, "the mailbox is asked again", ctx)
    return f"{awaited} is awaited{again}{_unreadable(message, ctx)}"


# Not sent yet: what stands in the way, first what lasts longest


def _why_queued(message: Message, ctx: WaitContext) -> str:
    return (
        _not_yet(message, ctx)
        or "; ".join(filter(None, (_paused(message, ctx), _batch_paused(ctx))))
        or _unserved(message, ctx)
        or _too_few_replicas(ctx)
        or _api_doubted(ctx)
        or _given_back(message, ctx)
        or _in_line(message, ctx)
    )


def _not_yet(message: Message, ctx: WaitContext) -> str:
    if message.not_before and message.not_before > ctx.now:
        return f"is not to be sent before {clock(message.not_before, ctx.now)} in Rome"
    return ""


def _paused(message: Message, ctx: WaitContext) -> str:
    if not ctx.paused:
        return ""
    remedy = remedy_of_pause(message.account, ctx.paused)
    return f"account {message.account} is paused: {ctx.paused.description or ctx.paused.code}: {remedy}"


def _batch_paused(ctx: WaitContext) -> str:
    return said(ctx.paused_batch, ctx.now) if ctx.paused_batch else ""


def _unserved(message: Message, ctx: WaitContext) -> str:
    if not ctx.account_served:
        return f"no live worker serves account {message.account}: configure it and start `pec worker`"
    if Queue.SEND not in ctx.queues_served:
        return "no live worker consumes the queue send: start one with `pec worker`"
    return ""


def _too_few_replicas(ctx: WaitContext) -> str:
    if not ctx.replicas:
        return ""
    return (
        f"a send must be on {ctx.replicas.required} replicas of Redis, and {ctx.replicas.connected} are "
        "connected: bring them back, or lower PEC_REDIS_REPLICAS"
    )


def _api_doubted(ctx: WaitContext) -> str:
    if not ctx.silent_answers:
        return ""
    times = f"{ctx.silent_answers} times in a row"
    doubted = (
        f"the API gave no usable answer {times}: one message at a time probes it, and all go on by themselves"
    )
    if ctx.probe_at is None or ctx.probe_at <= ctx.now:
        return doubted
    return f"{doubted}; the next probe is at {_at(ctx.probe_at, ctx)}"


def _given_back(message: Message, ctx: WaitContext) -> str:
    """Out of line: it waits after a try that left nothing, or a worker has just picked it."""
    if ctx.position is not None:
        return ""
    tries = f" (given back {message.requeues} times)" if message.requeues > 1 else ""
    reason = f"{_reason(message)}{tries}" if message.reason else "its turn has come"
    return f"{reason}{_next(Queue.RELEASE, 'it is tried again', ctx)}"


def _in_line(message: Message, ctx: WaitContext) -> str:
    turn = f"{ctx.position} of its account go before it{_turn(message, ctx)}"
    if ctx.cap:
        used_up = f"the {ctx.cap.period} cap of {ctx.cap.size} is used up"
        return f"{used_up}: goes on at {clock(ctx.cap.goes_on_at, ctx.now)} in Rome; {turn}"
    if ctx.on_hold_until:
        return f"the API asked to wait until {_at(ctx.on_hold_until, ctx)}; {turn}"
    return turn


def _turn(message: Message, ctx: WaitContext) -> str:
    if ctx.turn_at is None:
        return ""
    turn = f": its turn is likely at {_at(ctx.turn_at, ctx)}"
    if message.not_after and message.not_after < ctx.turn_at:
        return f"{turn}, but it expires before, at {clock(message.not_after, ctx.now)} in Rome"
    return turn


# Sent, or perhaps


def _look_up(ctx: WaitContext) -> str:
    return _next(Queue.LOOKUP, "if its worker is lost, it is looked for", ctx)


def _blind(message: Message) -> str:
    """Why the last look-up proved nothing."""
    blind = message.reason.details.get("search") if message.reason else None
    return f"; its mailbox could not be searched ({blind})" if blind else ""


def _unreadable(message: Message, ctx: WaitContext) -> str:
    """A failed look since the last one that went well, which the record's time tells."""
    if ctx.paused and ctx.paused.code in _NO_RECEIPTS:
        return f"; {_paused(message, ctx)}"
    if not ctx.unreadable or not ctx.unreadable_at or ctx.unreadable_at <= message.updated_at:
        return ""
    why = ctx.unreadable.description or ctx.unreadable.code
    return f"; its mailbox could not be read at {clock(ctx.unreadable_at, ctx.now)} in Rome: {why}"


def _reason(message: Message) -> str:
    return explained(message.reason.description, message.reason.details) if message.reason else ""


def _next(queue: Queue, what: str, ctx: WaitContext) -> str:
    if queue not in ctx.queues_served:
        return f"; no live worker consumes the queue {queue}: start one with `pec worker`"
    at = ctx.due.get(queue)
    if at is None:
        return ""
    seconds = (at - ctx.now).total_seconds()
    if seconds < -LATE_SECONDS:
        return f"; {what} as soon as a thread is free: it is {duration(-seconds)} late"
    return f"; {what} {f'in {duration(seconds)}' if seconds > 0 else 'now'}"


def _at(instant: datetime, ctx: WaitContext) -> str:
    left = (instant - ctx.now).total_seconds()
    return f"{clock(instant, ctx.now)} in Rome, in about {duration(left)}"
