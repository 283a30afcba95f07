"""The work of every peer for a message, beside its queue: the same calls, records and webhooks as ours."""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from datetime import datetime
from typing import Any

import redis
import requests

from bench.contender_setup import set_clock_apart, trust

set_clock_apart()
trust()

API = os.environ["BENCH_API"]
HOOK = os.environ["BENCH_HOOK"]
TOKEN = os.environ["BENCH_TOKEN"]
RATE = int(os.environ.get("BENCH_RATE", "0"))  # sends a second; 0: no limit
FIRST_CHECK, NEXT_CHECK = map(float, os.environ.get("BENCH_CHECKS", "5 10").split())  # seconds
FOLLOWED = (
    os.environ.get("BENCH_FOLLOWED", "yes") == "yes"
)  # whether receipts and webhooks are part of the work
SESSION = os.environ.get("BENCH_SESSION") == "yes"
SECRET = base64.b64decode("YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g=")
SENDER = "peer@pec.example"

store = redis.Redis.from_url(os.environ["BENCH_REDIS"])
_mine = threading.local()


def http() -> Any:
    """`requests`, as its quick start has it; or a session for each thread."""
    if not SESSION:
        return requests
    if not hasattr(_mine, "session"):
        _mine.session = requests.Session()
    return _mine.session


def post(number: int) -> str:
    """Return the code. Raise what `requests` raises."""
    job = {
        "sender": SENDER,
        "recipient": f"r{number}@pec.example",
        "subject": f"Comunicazione n. {number}",
        "body": "<p>Gentile cliente, in allegato la comunicazione.</p>",
        "attachments": [],
        "username": SENDER,
        "password": "bench",
    }
    answer = http().post(f"{API}/send", json=job, headers=_headers(), timeout=30)
    answer.raise_for_status()
    return str(answer.json()["message_id"])


def state_shown(number: int, code: str) -> str:
    """Store the receipts. Return the state that they show."""
    headers = {**_headers(), "x-username": SENDER, "x-password": "bench"}
    answer = http().get(f"{API}/send/{code}", headers=headers, timeout=30)
    if answer.status_code == 404:
        return "sent"
    answer.raise_for_status()
    mails = answer.json()["data"]
    receipts = {mail["subject"].partition(":")[0]: json.dumps(_read(mail)) for mail in mails}
    store.hset(f"receipts:{number}", mapping=receipts)
    subjects = [mail["subject"] for mail in mails]
    if any(subject.startswith("CONSEGNA: ") for subject in subjects):
        return "delivered"
    return "accepted" if any(subject.startswith("ACCETTAZIONE: ") for subject in subjects) else "sent"


def _read(mail: dict[str, str]) -> dict[str, str]:
    kind, _, rest = mail["subject"].partition(": ")
    subject, _, code = rest.rpartition(" ")
    date = datetime.fromisoformat(mail["date"]).isoformat()
    return {"kind": kind, "subject": subject, "code": code, "date": date, "text": mail["body"]}


def keep(number: int, state: str, **fields: str) -> str:
    """Write the record. Return the event."""
    store.hset(f"message:{number}", mapping={"state": state, "updated_at": str(time.time()), **fields})
    data = {"id": f"m{number}", "state": state, "recipient": f"r{number}@pec.example", **fields}
    return json.dumps(
        {"type": f"message.{state}", "timestamp": time.strftime("%FT%TZ", time.gmtime()), "data": data}
    )


def known_state(number: int) -> str:
    found = store.hget(f"message:{number}", "state")
    return found.decode() if isinstance(found, bytes) else ""


def report(event: str) -> None:
    """A signed webhook (Standard Webhooks)."""
    event_id, at = "evt_" + hashlib.sha256(event.encode()).hexdigest()[:24], str(int(time.time()))
    signature = base64.b64encode(hmac.digest(SECRET, f"{event_id}.{at}.{event}".encode(), "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{signature}",
    }
    http().post(HOOK, data=event.encode(), headers=headers, timeout=15).raise_for_status()


def _headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}
