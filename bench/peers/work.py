"""The work for a message of peers that block, beside their queue: the same calls, records and webhooks as ours."""

import os
import threading
from typing import Any

import redis
import requests

from bench.contender_setup import set_clock_apart, trust
from bench.peers import messages

set_clock_apart()
trust()

RATE, FOLLOWED = messages.RATE, messages.FOLLOWED
FIRST_CHECK, NEXT_CHECK = messages.FIRST_CHECK, messages.NEXT_CHECK
SESSION = os.environ.get("BENCH_SESSION") == "yes"

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
    url, job = f"{messages.API}/send", messages.job(number)
    answer = http().post(url, json=job, headers=messages.SEND_HEADERS, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["message_id"])


def state_shown(number: int, code: str) -> str:
    """Store the receipts. Return the state that they show."""
    answer = http().get(f"{messages.API}/send/{code}", headers=messages.CHECK_HEADERS, timeout=30)
    if answer.status_code == 404:
        return "sent"
    answer.raise_for_status()
    mails = answer.json()["data"]
    store.hset(f"receipts:{number}", mapping=messages.receipts(mails))
    return messages.state_of(mails)


def keep(number: int, state: str, **fields: str) -> str:
    """Write the record. Return the event."""
    store.hset(f"message:{number}", mapping=messages.record(state, **fields))
    return messages.event(number, state, **fields)


def known_state(number: int) -> str:
    found = store.hget(f"message:{number}", "state")
    return found.decode() if isinstance(found, bytes) else "sent"


def report(event: str) -> None:
    headers = messages.signed(event)
    http().post(messages.HOOK, data=event.encode(), headers=headers, timeout=15).raise_for_status()
