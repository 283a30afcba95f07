"""One message as an operator looks at it: its record, why it waits, its timeline and what is next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings
from pec.domains import for_people
from pec.instants import to_text
from pec.messages import Message
from pec.names import Queue, State
from pec.operations.messages.absent import absent
from pec.operations.messages.wait_context import load_wait_context
from pec.operations.status.diagnosis import WaitContext, explain_wait
from pec.proof import lacking, proof_of
from pec.receipts import Kind, Receipt
from pec.record_json import message_dict
from pec.store import records
from pec.store.store import Store
from pec.timeline import Happened, timeline

_IN_TIMELINE = (Queue.RELEASE, Queue.SEND, Queue.CHECK, Queue.LOOKUP)  # tasks that change a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A task that is due for the message; `at` is None if its time cannot be estimated."""

    queue: Queue
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetail:
    """A message and what surrounds it. `position` and `turn_at` are None if it stands in no lane.

    `proof` is what the proof of an ended message consists of, or None: then it lacks receipts or has nothing to prove.
    """

    message: Message
    why: str
    position: int | None
    turn_at: datetime | None
    proof: str | None
    lacking: Sequence[Kind]
    happened: Sequence[Happened]
    next: Sequence[Next]


def load_details(store: Store, settings: Settings, message_id: str) -> list[MessageDetail]:
    """Return the messages of an id, or of a job's id. Raise Refused if there is none."""
    messages = list(records.read_all(store, records.ids_of_job(store, message_id)))
    if not messages:
        raise absent(store, message_id)
    return [_detail(store, settings, message) for message in messages]


def detail_dict(detail: MessageDetail) -> dict[str, Any]:
    """Return the object that `pec status ID --json` prints: times are RFC 3339."""
    return {
        **message_dict(detail.message),
        "why": detail.why,
        "position": detail.position,
        "turn_at": detail.turn_at and to_text(detail.turn_at),
        "timeline": [_happened_dict(one) for one in detail.happened],
        "next": [{"what": str(one.queue), "at": one.at and to_text(one.at)} for one in detail.next],
    }


def addresses_named(receipt: Receipt) -> list[str]:
    """Return the recipients that a receipt names, as people write them."""
    return [for_people(named.address) for named in receipt.named]


def _detail(store: Store, settings: Settings, message: Message) -> MessageDetail:
    ctx = load_wait_context(store, settings, message)
    receipts = list(records.receipts_of(store, message.id).values())
    return MessageDetail(
        message=message,
        why=explain_wait(message, ctx),
        position=ctx.position,
        turn_at=ctx.turn_at,
        proof=proof_of(message.state, receipts, message.proof),
        lacking=lacking(message.state, receipts),
        happened=timeline(message, receipts),
        next=_next(_due(message, ctx)),
    )


def _due(message: Message, ctx: WaitContext) -> Mapping[Queue, datetime | None]:
    """Return what is due; for a message in line, its turn, or None if that cannot be estimated."""
    in_line = message.state is State.QUEUED and Queue.RELEASE not in ctx.due
    return {**ctx.due, Queue.SEND: ctx.turn_at} if in_line else ctx.due


def _next(due: Mapping[Queue, datetime | None]) -> list[Next]:
    """Return the soonest first."""
    known = [Next(queue=queue, at=at) for queue, at in due.items() if queue in _IN_TIMELINE]
    return sorted(known, key=lambda one: one.at.timestamp() if one.at else math.inf)


def _happened_dict(one: Happened) -> dict[str, Any]:
    at = to_text(one.at) if one.at else None
    if isinstance(one.what, State):
        return {"at": at, "state": str(one.what), **({"left_out": one.left_out} if one.left_out else {})}
    receipt = one.what
    facts = {
        "error": receipt.error,
        "virus": receipt.virus or None,
        "final": receipt.final,
        "recipients": addresses_named(receipt) or None,
    }
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return {"at": at, "receipt": str(receipt.kind), **known}
