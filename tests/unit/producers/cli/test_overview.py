"""What `pec status` complains of."""

from typing import Any

import pytest

from pec.messages import Reason
from pec.names import State
from pec.store.outbox import EndpointState
from producers.cli.overview import Lane, Overview, complaints

STREAMS = {"jobs": 0, "rejected": 0, "events": 0, "dead": 0}


def overview(**parts: Any) -> Overview:
    fine: dict[str, Any] = {
        "messages": {},
        "streams": STREAMS,
        "lanes": [],
        "pace": {},
        "workers": {"w1": {}},
        "unserved_queues": [],
        "endpoints": [],
        "api_failures": 0,
    }
    return Overview(**{**fine, **parts})


def lane(waiting: int = 1, **parts: Any) -> Lane:
    fine: dict[str, Any] = {
        "paused": None,
        "served": True,
        "seconds_to_empty": None,
        "share_of_mailbox": None,
    }
    return Lane("acme", waiting, **{**fine, **parts})


def endpoint(**parts: Any) -> EndpointState:
    fine: dict[str, Any] = {"failures": 0, "disabled": False, "waiting": 0, "lag": 0, "dead": 0}
    return EndpointState("crm", **{**fine, **parts})


def test_nothing_is_said_where_all_is_well() -> None:
    assert complaints(overview(lanes=[lane(1000)], endpoints=[endpoint(waiting=3)])) == []


@pytest.mark.parametrize(
    ("parts", "remedy"),
    [
        ({"workers": {}}, "`pec worker`"),
        ({"unserved_queues": ["send"]}, "`pec worker --queues send …`"),
        ({"messages": {State.HELD: 2}}, "`pec list --state held`"),
        ({"streams": {**STREAMS, "rejected": 1}}, "`pec status ID`"),
        ({"api_failures": 3}, "`pec doctor`"),
        ({"lanes": [lane(0, paused=Reason("operator", ""))]}, "`pec resume acme`"),
        ({"lanes": [lane(1, served=False)]}, "start `pec worker`"),
        ({"endpoints": [endpoint(disabled=True)]}, "`pec resume --endpoint crm`"),
        ({"endpoints": [endpoint(failures=1)]}, "look at its log"),
        ({"endpoints": [endpoint(dead=1)]}, "`pec replay --endpoint crm --dead`"),
    ],
)
def test_what_stands_still_is_told_once_with_its_remedy(parts: dict[str, Any], remedy: str) -> None:
    [line] = complaints(overview(**parts))

    assert remedy in line


def test_an_account_that_nobody_serves_is_no_trouble_while_nothing_waits_in_it() -> None:
    assert complaints(overview(lanes=[lane(0, served=False)])) == []
