"""How many messages ended in the last hour, day or week, and how long receipts took."""

import json
from datetime import timedelta

from fastapi import APIRouter, Response

from config.texts import _
from console.visit import WholeReader
from pec.names import State
from pec.operations.throughput import Ends, Period, durations, ends_in

router = APIRouter()

PERIODS = {
    "hour": Period(60, timedelta(minutes=1)),
    "day": Period(96, timedelta(minutes=15)),
    "week": Period(84, timedelta(hours=2)),
}
NAMES = {"hour": _("last hour"), "day": _("last day"), "week": _("last week")}
GROUPS = {
    "good": (_("delivered messages"), (State.DELIVERED,)),
    "bad": (_("messages not delivered"), (State.UNDELIVERED, State.REFUSED, State.EXPIRED, State.FAILED)),
    "other": (_("uncertified or cancelled"), (State.UNCERTIFIED, State.CANCELLED)),
}


@router.get("/figures")
def show(visit: WholeReader, period: str = "hour") -> Response:
    """Show a chart, the same as a table, and the durations of receipts."""
    chosen = period if period in PERIODS else "hour"
    found = ends_in(visit.store, PERIODS[chosen])
    accepted, delivered = durations(visit.store)
    return visit.page(
        "figures.html",
        ends=found,
        chart=json.dumps(_chart(found)),
        groups={name: words for name, (words, _states) in GROUPS.items()},
        period=chosen,
        periods=NAMES,
        accepted=accepted,
        delivered=delivered,
    )


def _chart(found: Ends) -> dict[str, object]:
    """Return what the script draws: the steps' beginnings, and counts of each group."""
    zeros = [0] * len(found.starts)
    series = {
        name: [sum(each) for each in zip(*(found.counts.get(state, zeros) for state in states), strict=True)]
        for name, (_words, states) in GROUPS.items()
    }
    return {"starts": [int(one.timestamp()) for one in found.starts], **series}
