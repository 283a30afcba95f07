"""Build what every peer sends, stores and reports for a message: the same as ours. No I/O."""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

API = os.environ["BENCH_API"]
HOOK = os.environ["BENCH_HOOK"]
RATE = int(os.environ.get("BENCH_RATE", "0"))  # sends a second; 0: no limit
FIRST_CHECK, NEXT_CHECK = map(float, os.environ.get("BENCH_CHECKS", "5 10").split())  # seconds
FOLLOWED = (
    os.environ.get("BENCH_FOLLOWED", "yes") == "yes"
)  # whether receipts and webhooks are part of the work
SECRET = base64.b64decode("YmVuY2ggYmVuY2ggYmVuY2ggYmVuY2ggYmVuY2g=")
SENDER = "peer@pec.example"
FOLLOWING = ("sent", "accepted", "delivered")
SEND_HEADERS = {"Authorization": f"Bearer {os.environ['BENCH_TOKEN']}"}
CHECK_HEADERS = {**SEND_HEADERS, "x-username": SENDER, "x-password": "bench"}


def job(number: int) -> dict[str, object]:
    """Return the body of POST /send."""
    return {
        "sender": SENDER,
        "recipient": f"r{number}@pec.example",
        "subject": f"Comunicazione n. {number}",
        "body": "<p>Gentile cliente, in allegato la comunicazione.</p>",
        "attachments": [],
        "username": SENDER,
        "password": "bench",
    }


def receipts(mails: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what is stored of the receipts, by their kind."""
    return {mail["subject"].partition(":")[0]: json.dumps(_read(mail)) for mail in mails}


def state_of(mails: Iterable[Mapping[str, str]]) -> str:
    subjects = [mail["subject"] for mail in mails]
    if any(subject.startswith("CONSEGNA: ") for subject in subjects):
        return "delivered"
    return "accepted" if any(subject.startswith("ACCETTAZIONE: ") for subject in subjects) else "sent"


def news(known: str, shown: str) -> tuple[str, ...]:
    """Return the states to report, since each receipt has its event even if one look shows both."""
    return FOLLOWING[FOLLOWING.index(known) + 1 : FOLLOWING.index(shown) + 1]


def record(state: str, **fields: str) -> dict[str, str]:
    return {"state": state, "updated_at": str(time.time()), **fields}


def event(number: int, state: str, **fields: str) -> str:
    data = {"id": f"m{number}", "state": state, "recipient": f"r{number}@pec.example", **fields}
    return json.dumps(
        {"type": f"message.{state}", "timestamp": time.strftime("%FT%TZ", time.gmtime()), "data": data}
    )


def signed(event: str) -> dict[str, str]:
    """Return the headers of a webhook (Standard Webhooks)."""
    event_id, at = "evt_" + hashlib.sha256(event.encode()).hexdigest()[:24], str(int(time.time()))
    signature = base64.b64encode(hmac.digest(SECRET, f"{event_id}.{at}.{event}".encode(), "sha256")).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{signature}",
    }


def _read(mail: Mapping[str, str]) -> dict[str, str]:
    kind, _, rest = mail["subject"].partition(": ")
    subject, _, code = rest.rpartition(" ")
    date = datetime.fromisoformat(mail["date"]).isoformat()
    return {"kind": kind, "subject": subject, "code": code, "date": date, "text": mail["body"]}
