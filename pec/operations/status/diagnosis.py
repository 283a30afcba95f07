"""The reason why a message waits, with its remedy: a pure function of its record and its WaitContext."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.texts import _, joined, ngettext
from pec.messages import Message, Reason
from pec.names import Queue, State
from pec.operations.status.api_reach import explain_out_of_reach
from pec.operations.status.findings import Finding
from pec.operations.status.paused_batches import said
from pec.operations.status.progress import clock, duration, times_in_a_row
from pec.operations.status.state_counts import NAMES
from pec.reasons import explain
from pec.store.batches import PausedBatch
from pec.store.room import Room

LATE_SECONDS = 60  # a task that is due longer than this is late

_REMEDIES = {
    "credentials": _(
        "correct its user name, password or token, restart the workers, then `pec resume {account}`"
    ),
    "wallet": _("top up the wallet at PEC Massiva, then `pec resume {account}`"),
    "scope": _("have the scope of POST /send added to its token, then `pec resume {account}`"),
    "mailbox_full": _("make room in the mailbox: sends resume then, or sooner with `pec resume {account}`"),
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
    """The facts that a message's wait depends on. `position` and `turn_at` are None if it stands in no lane."""

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
    out_of_reach: Reason | None = None  # why no worker reaches the API; None if one does
    replicas: Replicas | None = None  # None if there are enough
    cap: Cap | None = None
    on_hold_until: datetime | None = None  # the API asked the token to wait
    room: Room = field(default_factory=Room)
    unreadable: Reason | None = None
    unreadable_at: datetime | None = None
    broker: Finding | None = None  # why Dramatiq's database can't be used


def remedy_of_pause(account: str, reason: Reason) -> str:
    """Return what an operator does about a paused account."""
    remedy = _REMEDIES.get(reason.code, _("`pec resume {account}` when it may go on"))
    return remedy.format(account=account)


def explain_wait(message: Message, ctx: WaitContext) -> str:
    """Return the first cause that holds, for people; for a message that has ended, the reason of its end."""
    if message.state is State.QUEUED:
        return _why_queued(message, ctx)
    if message.state is State.SENDING:
        look_up = _next(Queue.LOOKUP, _("if its worker is lost, it is looked for"), ctx)
        return _sentences(_("a worker has claimed it: its answer is awaited"), look_up)
    if message.state in (State.UNCERTAIN, State.HELD):
        again = _next(Queue.LOOKUP, _("it is looked for again"), ctx)
        return _sentences(_reason(message), again, _not_searched(message))
    if message.ended:
        return _reason(message) or NAMES[message.state]
    again = _next(Queue.CHECK, _("the mailbox is asked again"), ctx)
    receipt = "ACCETTAZIONE" if message.state is State.SENT else "CONSEGNA"
    return _sentences(_("{receipt} is awaited").format(receipt=receipt), again, _unreadable(message, ctx))


# Not sent yet: what stands in the way, first what lasts longest


def _why_queued(message: Message, ctx: WaitContext) -> str:
    return (
        _not_yet(message, ctx)
        or _sentences(_paused(message, ctx), _batch_paused(ctx))
        or _unserved(message, ctx)
        or _without_broker(ctx)
        or _without_room(ctx)
        or _too_few_replicas(ctx)
        or (explain_out_of_reach(ctx.out_of_reach) if ctx.out_of_reach else "")
        or _api_doubted(ctx)
        or _given_back(message, ctx)
        or _in_line(message, ctx)
    )


def _not_yet(message: Message, ctx: WaitContext) -> str:
    if message.not_before and message.not_before > ctx.now:
        return _("is not to be sent before {time} in Rome").format(time=clock(message.not_before, ctx.now))
    return ""


def _paused(message: Message, ctx: WaitContext) -> str:
    if not ctx.paused:
        return ""
    remedy = remedy_of_pause(message.account, ctx.paused)
    return _("account {account} is paused: {reason}: {remedy}").format(
        account=message.account, reason=explain(ctx.paused), remedy=remedy
    )


def _batch_paused(ctx: WaitContext) -> str:
    return said(ctx.paused_batch, ctx.now) if ctx.paused_batch else ""


def explain_no_room(room: Room) -> str:
    """Return why the next message of an account waits for room in its mailbox, or an empty text if it does not."""
    if room.waits_since is None:
        return ""
    if room.limit is None:
        return _("the quota of its mailbox must be read before the first send: that is under way")
    needed, used = _megabytes(room.needed or 0), f"{room.share or 0:.0%}"
    if room.needed and room.pause_at is not None and room.needed > room.pause_at:
        return _(
            "its receipts may take {needed} MB, more than the whole mailbox may hold ({most} MB): cancel the "
            "message, or ask the provider for more room"
        ).format(needed=needed, most=_megabytes(room.pause_at))
    return _(
        "it waits for room in the mailbox: its receipts may take {needed} MB and {left} MB are left, as {used} "
        "is in use and receipts on their way may take {expected} MB: sends go on when there is room"
    ).format(
        needed=needed,
        left=_megabytes(room.left or 0),
        used=used,
        expected=_megabytes(room.expected + room.uncounted),
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f}"


def _without_room(ctx: WaitContext) -> str:
    why = explain_no_room(ctx.room)
    return (
        _sentences(why, "" if Queue.QUOTA in ctx.queues_served else _next(Queue.QUOTA, "", ctx))
        if why
        else ""
    )


def _unserved(message: Message, ctx: WaitContext) -> str:
    if not ctx.account_served:
        return _("no live worker serves account {account}: configure it and start `pec worker`").format(
            account=message.account
        )
    if Queue.SEND not in ctx.queues_served:
        return _("no live worker consumes the queue send: start one with `pec worker`")
    return ""


def _without_broker(ctx: WaitContext) -> str:
    return joined(": ", (ctx.broker.what, ctx.broker.remedy)) if ctx.broker else ""


def _too_few_replicas(ctx: WaitContext) -> str:
    if not ctx.replicas:
        return ""
    return _(
        "too few replicas of Redis are connected for a send ({connected} of {required}): bring them back, "
        "or lower PEC_REDIS_REPLICAS"
    ).format(connected=ctx.replicas.connected, required=ctx.replicas.required)


def _api_doubted(ctx: WaitContext) -> str:
    if not ctx.silent_answers:
        return ""
    doubted = _(
        "the API gave no usable answer {times}: one message at a time probes it, and all go on by themselves"
    ).format(times=times_in_a_row(ctx.silent_answers))
    if ctx.probe_at is None or ctx.probe_at <= ctx.now:
        return doubted
    return _("{doubted}; the next probe is at {when}").format(doubted=doubted, when=_at(ctx.probe_at, ctx))


def _given_back(message: Message, ctx: WaitContext) -> str:
    """Return why it is out of line: it was tried in vain, or a worker has just picked it."""
    if ctx.position is not None:
        return ""
    reason = _reason(message) if message.reason else _("its turn has come")
    if message.reason and message.requeues > 1:
        reason = ngettext(
            "{reason} (given back {count} time)", "{reason} (given back {count} times)", message.requeues
        ).format(reason=reason, count=message.requeues)
    return _sentences(reason, _next(Queue.RELEASE, _("it is tried again"), ctx))


def _in_line(message: Message, ctx: WaitContext) -> str:
    before = ngettext(
        "{count} of its account goes before it", "{count} of its account go before it", ctx.position or 0
    ).format(count=ctx.position)
    turn = joined(": ", filter(None, (before, _turn(message, ctx))))
    if ctx.cap:
        used_up = _("the {period} cap of {cap} is used up").format(period=ctx.cap.period, cap=ctx.cap.size)
        goes_on_at = clock(ctx.cap.goes_on_at, ctx.now)
        return _("{used}: goes on at {time} in Rome; {turn}").format(used=used_up, time=goes_on_at, turn=turn)
    if ctx.on_hold_until:
        until = _at(ctx.on_hold_until, ctx)
        return _("the API asked to wait until {when}; {turn}").format(when=until, turn=turn)
    return turn


def _turn(message: Message, ctx: WaitContext) -> str:
    if ctx.turn_at is None:
        return ""
    turn = _("its turn is likely at {when}").format(when=_at(ctx.turn_at, ctx))
    if message.not_after and message.not_after < ctx.turn_at:
        ends_at = clock(message.not_after, ctx.now)
        return _("{turn}, but it expires before, at {time} in Rome").format(turn=turn, time=ends_at)
    return turn


# Sent, or perhaps


def _not_searched(message: Message) -> str:
    """Return why the last look-up proved nothing."""
    why = message.reason.details.get("search") if message.reason else None
    return _("its mailbox could not be searched ({why})").format(why=why) if why else ""


def _unreadable(message: Message, ctx: WaitContext) -> str:
    """Return why the mailbox could not be read, if that happened after the message's last change."""
    if ctx.paused and ctx.paused.code in _NO_RECEIPTS:
        return _paused(message, ctx)
    if not ctx.unreadable or not ctx.unreadable_at or ctx.unreadable_at <= message.updated_at:
        return ""
    why = explain(ctx.unreadable)
    failed_at = clock(ctx.unreadable_at, ctx.now)
    return _("its mailbox could not be read at {time} in Rome: {why}").format(time=failed_at, why=why)


def _reason(message: Message) -> str:
    return explain(message.reason) if message.reason else ""


def _next(queue: Queue, what: str, ctx: WaitContext) -> str:
    if queue not in ctx.queues_served:
        return _("no live worker consumes the queue {queue}: start one with `pec worker`").format(queue=queue)
    at = ctx.due.get(queue)
    if at is None or ctx.broker:
        return _without_broker(ctx)
    seconds = (at - ctx.now).total_seconds()
    if seconds < -LATE_SECONDS:
        late = duration(-seconds)
        return _("{what} as soon as a thread is free: it is {duration} late").format(what=what, duration=late)
    if seconds > 0:
        return _("{what} in {duration}").format(what=what, duration=duration(seconds))
    return _("{what} now").format(what=what)


def _at(instant: datetime, ctx: WaitContext) -> str:
    left = duration((instant - ctx.now).total_seconds())
    return _("{time} in Rome, in about {duration}").format(time=clock(instant, ctx.now), duration=left)


def _sentences(*parts: str) -> str:
    return joined("; ", filter(None, parts))
