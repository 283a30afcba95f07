"""Overviews for tests: one in which all is well, and parts that are not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pec.names import Queue
from pec.operations.status.overview import Lane, Overview, Token, Work, Worker
from pec.store.outbox import EndpointState
from tests.unit.cli.builders import NOW

STREAMS = {"rejected": 0, "events": 0, "dead": 0}
TOKEN = Token(digest="t", accounts=("acme",), interval_seconds=1.0, in_flight=4)
LONG_AGO = NOW - timedelta(minutes=4)


def overview(**parts: Any) -> Overview:
    fine: dict[str, Any] = {
        "now": NOW,
        "messages": {},
        "oldest_in_state": {},
        "streams": STREAMS,
        "lanes": {},
        "tokens": {},
        "work": {queue: Work(queue=queue) for queue in Queue},
        "workers": [Worker(id="w1", threads=8)],
    }
    return Overview(**{**fine, **parts})


def lanes(waiting: int = 1, **parts: Any) -> dict[str, Lane]:
    return {"acme": Lane(account="acme", token="t", waiting=waiting, **parts)}


def endpoint(**parts: Any) -> EndpointState:
    fine: dict[str, Any] = {"failures": 0, "disabled": False, "waiting": 0, "lag": 0, "dead": 0}
    return EndpointState("crm", **{**fine, **parts})


def capped(**parts: Any) -> dict[str, Token]:
    return {"t": replace(TOKEN, **parts)}
