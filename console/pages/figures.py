"""Charts of a period: what was sent and how it ended, how the API did, and how long receipts took."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Response

from config.texts import Text, _
from console.visit import WholeReader
from pec.names import State
from pec.operations.messages.throughput import Ends, Period, ends_in
from pec.operations.minute_figures import Figures, Timed, figures_in

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
ERRORS = {
    "unreachable": _("not reached"),
    "rate_limited": _("too fast (429)"),
    "invalid": _("request refused (400)"),
    "denied": _("account refused (401, 402, 403)"),
    "unknown": _("no usable answer"),
}
TIMED = {
    Timed.ACCEPTED: Text("ACCETTAZIONE"),
    Timed.DELIVERED: Text("CONSEGNA"),
    Timed.SEND: _("answer to a send"),
    Timed.READ: _("answer to any other call"),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: bars lie on each other, lines do not. `series` has the name, the colour and the values of each."""

    heading: Text
    kind: str  # bars or lines
    starts: Sequence[datetime]
    series: Sequence[tuple[Text, str, Sequence[float | None]]]
    unit: str = ""  # seconds, or empty for counts

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to draw."""
        return not any(value for _, _, values in self.series for value in values)

    @property
    def data(self) -> str:
        """Return what the script draws."""
        drawn: dict[str, Any] = {
            "kind": self.kind,
            "unit": self.unit,
            "starts": [int(one.timestamp()) for one in self.starts],
            "series": [{"colour": colour, "values": values} for _, colour, values in self.series],
        }
        return json.dumps(drawn)


@router.get("/figures")
def show(visit: WholeReader, period: str = "hour") -> Response:
    """Show charts, and the same in numbers."""
    chosen = period if period in PERIODS else "hour"
    ends, found = ends_in(visit.store, PERIODS[chosen]), figures_in(visit.store, PERIODS[chosen])
    return visit.page(
        "figures.html",
        ends=ends,
        found=found,
        charts=[_ends(ends), *_charts(found)],
        period=chosen,
        periods=NAMES,
        timed=TIMED,
        errors=ERRORS,
    )


def _ends(found: Ends) -> Chart:
    zeros = [0] * len(found.starts)
    series = [
        (
            words,
            name,
            [sum(each) for each in zip(*(found.counts.get(state, zeros) for state in states), strict=True)],
        )
        for name, (words, states) in GROUPS.items()
    ]
    return Chart(_("Messages that ended"), "bars", found.starts, series)


def _charts(found: Figures) -> list[Chart]:
    answers, timings = found.timings[Timed.SEND], found.timings
    return [
        Chart(
            _("Calls to the API"),
            "bars",
            found.starts,
            [(_("sends"), "good", found.sends), (_("errors"), "bad", found.errors_by_step)],
        ),
        Chart(
            _("Time until the API answered a send"),
            "lines",
            found.starts,
            [(_("median"), "good", answers.medians), (_("95 %"), "bad", answers.mosts)],
            "seconds",
        ),
        Chart(
            _("Time until receipts came"),
            "lines",
            found.starts,
            [
                (_("ACCETTAZIONE, median"), "other", timings[Timed.ACCEPTED].medians),
                (_("CONSEGNA, median"), "good", timings[Timed.DELIVERED].medians),
                (_("CONSEGNA, 95 %"), "bad", timings[Timed.DELIVERED].mosts),
            ],
            "seconds",
        ),
    ]
