"""A run in which nothing went wrong, and ways to plant harm in it."""

import copy
from typing import Any

from tests.chaos.campaign import Expected
from tests.chaos.checks import ENDS
from tests.chaos.observation import Observation

BODY, FILE, ORIGINAL = "b" * 64, "f" * 64, "0" * 64


def clean() -> Observation:
    """Five messages, among them one held after a doubtful answer and one failed by a 400; and a rejected job."""
    seen = Observation(
        expected={
            "good": Expected("delivered"),
            "doubtful": Expected("delivered"),
            "cancelled": Expected("delivered", ("cancelled",)),
            "refused": Expected("delivered"),
            "adopted": Expected("undelivered"),
        },
        interval_seconds=0.043,
        added={
            f"{number}-0": {"job_id": job_id, "refused": job_id == "bad"}
            for number, job_id in enumerate(["good", "doubtful", "cancelled", "refused", "adopted", "bad"])
        },
    )
    _story(seen, "good", ["queued", "sending", "sent", "accepted", "delivered"], code="11")
    _story(seen, "doubtful", ["queued", "sending", "uncertain", "held"])
    _story(seen, "cancelled", ["queued", "cancelled"])
    _story(seen, "refused", ["queued", "sending", "failed"])
    _story(seen, "adopted", ["queued", "sending", "uncertain", "undelivered"], code="22")
    seen.sent = [{"messages": ["good"], "code": "11"}, {"messages": ["adopted"], "code": "22"}]
    seen.posts = [
        _post("good", None, 201, 1.000),
        _post("doubtful", "timeout-before", None, 1.043),
        _post("refused", "400", 400, 1.086),
        _post("adopted", "reset-after", None, 1.129),
    ]
    seen.first_bytes = [{"token": "t", "at": 1 + 0.043 * number} for number in range(4)]
    seen.first_bytes += [{"token": "u", "at": 1.001}]  # another token's, whose pace is its own
    seen.endpoints = {"steady": None, "inside": ["batch.completed"]}
    seen.batch_sizes = {"b": 4}
    seen.events.append({"id": "e-batch", "type": "batch.completed", "data": {"batch": "b"}})
    reject(seen, "5-0", "[]")
    seen.received = [{"endpoint": "steady", **copy.deepcopy(event)} for event in seen.events]
    seen.schedule = {
        "due:quota": ["acme"],
        "due:sweep": ["*"],
        "due:lookup": ["doubtful"],
        "due:check": ["adopted"],
        "due:webhook": ["inside"],
        "deliveries:inside": ["1-0"],
    }
    seen.by_imap = ["acme"]
    seen.receipts["purged"] = [{"kind": "avvenuta-consegna", "original": {"sha256": ORIGINAL}}]
    seen.archived = {ORIGINAL: 10.0}
    seen.deleted = [{"kind": "receipt", "subject": "CONSEGNA: x 33", "sha256": ORIGINAL, "at": 12.0}]
    seen.mails = [
        {"kind": "receipt", "subject": "AVVISO DI MANCATA CONSEGNA: 22", "flags": ["\\Deleted"]},
        {"kind": "envelope", "subject": "POSTA CERTIFICATA: sollecito", "flags": []},
    ]
    seen.contents = {BODY: 5, FILE: 5}
    counts = {"delivered": "1", "held": "1", "cancelled": "1", "failed": "1", "undelivered": "1"}
    seen.batches = {"b": {"size": "4", "ended": "4", **counts}}
    enter(seen)
    return seen


def enter(seen: Observation) -> None:
    """Each message is in the indexes of its state and of its state and account, and none is elsewhere."""
    seen.entered, seen.accounts = {}, {}
    for message_id, stored in seen.records.items():
        state, account = stored["state"], stored["account"]
        for index in (state, f"{state}:{account}"):
            seen.entered.setdefault(index, []).append(message_id)
        seen.accounts[account] = seen.accounts.get(account, 0) + 1


def reject(seen: Observation, entry: str, why: str) -> None:
    """A job is rejected, and the endpoint that subscribes to all events gets the event."""
    seen.rejected[entry] = why
    event = {"id": f"e-rejected-{entry}", "type": "job.rejected", "data": {"entry": entry}}
    seen.events.append(event)
    seen.received.append({"endpoint": "steady", **copy.deepcopy(event)})


def record(seen: Observation, message_id: str, **fields: str) -> None:
    """Change a message's record in Redis, and its events and webhooks, so that no other check is affected."""
    before = seen.records[message_id]["state"]
    seen.records[message_id] |= fields
    for event in (*seen.events, *seen.received):
        if event["data"].get("id") == message_id and event["data"]["state"] == before:
            event["data"]["state"] = fields.get("state", before)
    seen.receipts[message_id] = _receipts(seen.records[message_id])
    enter(seen)
    if "state" in fields:
        for members in seen.schedule.values():
            members[:] = [member for member in members if member != message_id]
        batch = seen.batches["b"]
        batch[before] = str(int(batch[before]) - 1)
        batch[fields["state"]] = str(int(batch.get(fields["state"], 0)) + 1)
        ended_more(seen, (fields["state"] in ENDS) - (before in ENDS))


def ended_more(seen: Observation, count: int) -> None:
    """The batch, which is complete all the same."""
    seen.batch_sizes["b"] += count
    seen.batches["b"] |= dict.fromkeys(("size", "ended"), str(seen.batch_sizes["b"]))


def _story(seen: Observation, message_id: str, states: list[str], **fields: str) -> None:
    seen.records[message_id] = {
        "state": states[-1],
        "body": BODY,
        "attachments": f'[["a.pdf", "{FILE}"]]',
        "batch": "b",
        "account": "acme",
        "proof": "originals",
        **fields,
    }
    seen.receipts[message_id] = _receipts(seen.records[message_id])
    for sequence, (before, state) in enumerate(zip([None, *states], states, strict=False), 1):
        data: dict[str, Any] = {"id": message_id, "sequence": sequence, "state": state, "previous": before}
        seen.events.append({"id": f"e-{message_id}-{sequence}", "type": f"message.{state}", "data": data})


def _receipts(record: dict[str, str]) -> list[dict[str, Any]]:
    """The one that explains the state."""
    kinds = {
        "delivered": "avvenuta-consegna",
        "undelivered": "errore-consegna",
        "refused": "non-accettazione",
        "uncertified": "accettazione",
    }
    code = record.get("code", "")
    receipt = {
        "kind": kinds.get(record["state"]),
        "code": code,
        "text": f"Identificativo messaggio: opec1.{code}.1@pecmassiva.example",
        "final": None,
        "named": [["posta@example.com", False]],
    }
    return [receipt] if receipt["kind"] else []


def _post(message_id: str, fault: str | None, status: int | None, at: float) -> dict[str, Any]:
    return {
        "messages": [message_id],
        "fault": fault,
        "forwarded": fault is None,
        "status": status,
        "token": "t",
        "at": at,
    }
