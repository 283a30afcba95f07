"""Events: the reports of changes that the stream `pec:events` and the webhooks carry.

The body is Standard Webhooks' `{type, timestamp, data}`: ids and states, never a message's content. Of a mail that
came in, it has sender, subject and the names of files.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pec.incoming import IncomingMail
from pec.instants import to_text
from pec.messages import Message
from pec.names import EventType, State
from pec.problems import Problem

MESSAGE_TYPES = tuple(f"message.{state}" for state in State)
TYPES = (*MESSAGE_TYPES, *(str(event) for event in EventType))
_MAX_ERRORS = 20  # in the event of a rejection: `pec:rejected` has all
_FIELD = re.compile(r"[A-Za-z0-9_.-]{1,128}")  # a name of another form may be content
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INSTANTS = ("sent_at", "accepted_at", "delivered_at", "undelivered_at", "refused_at")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: `id` is the webhook-id, the same however often it is delivered."""

    id: str
    type: str
    body: str  # JSON
    webhook: str | None = None  # an endpoint that gets it whatever its types


def of_message(
    message: Message, kind: str, previous: State | None, reason: Mapping[str, Any] | None = None
) -> Event:
    """Return an event about a message as the commit leaves it."""
    stated = reason if reason is not None else message.reason and message.reason.as_dict()
    data = {
        "id": message.id,
        "sequence": message.version,
        "account": message.account,
        "recipient": message.recipients[0] if len(message.recipients) == 1 else list(message.recipients),
        "batch": message.batch,
        "state": message.state,
        "previous": previous,
        "code": message.code,
        "attempts": message.attempts,
        **{name: to_text(at) for name in _INSTANTS if (at := getattr(message, name))},
        "proof": message.proof,
        "recipients": dict(message.outcomes) or None,
        "reason": stated,
        "traceparent": message.traceparent,
        "metadata": dict(message.metadata) or None,
    }
    event_id = _event_id(message.id, str(message.version), kind, str(data["reason"]) if reason else "")
    return Event(event_id, kind, _body(kind, message.updated_at, data), message.webhook)


def of_account(account: str, kind: EventType, now: datetime, reason: Mapping[str, Any] | None) -> Event:
    """Return an event about a mailbox."""
    body = _body(kind, now, {"account": account, "reason": reason})
    return Event(_event_id(account, kind, to_text(now)), kind, body)


def of_mail(mail: IncomingMail, name: str, now: datetime) -> Event:
    """Return the event about a mail that came in. `name` is its own in its mailbox."""
    kind = EventType.MAIL_RECEIVED
    return Event(_event_id(kind, mail.account, name), kind, _body(kind, now, mail.as_dict()))


def of_rejection(
    entry: str,
    safe: Mapping[str, str],
    problems: Sequence[Problem],
    now: datetime,
    *,
    limit_reached: bool = False,
) -> Event:
    """Return the event about a rejected job. `safe` holds the fields of the job that may be shown.

    `limit_reached`: the limit for such events suppresses the next one.
    """
    errors = [
        (one if _FIELD.fullmatch(one.field) else replace(one, field="job")).as_dict()
        for one in problems[:_MAX_ERRORS]
    ]
    data = {
        "entry": entry,
        "job_type": safe.get("type"),
        **{name: safe.get(name) for name in ("id", "account", "batch")},
        "errors": errors,
        "limit_reached": limit_reached or None,
    }
    event_id = _event_id(EventType.JOB_REJECTED, entry, json.dumps(errors))
    return Event(event_id, EventType.JOB_REJECTED, _body(EventType.JOB_REJECTED, now, data))


def _body(kind: str, at: datetime, data: Mapping[str, Any]) -> str:
    present = {name: value for name, value in data.items() if value is not None}
    body = {"type": str(kind), "timestamp": to_text(at), "data": present}
    return _JSON.encode(body)


def _event_id(*parts: str) -> str:
    return "evt_" + hashlib.blake2b("\0".join(parts).encode(), digest_size=15).hexdigest()
