"""Calls: GETs for each delivered PEC of a campaign in one mailbox, with and without scans; how late each is reported.

All settings but the pace of sends are the defaults.
"""

import json
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import quantiles

from bench.figures import Figure, Outcome, Plot
from bench.site import fake_api, put, site, until
from pec.receipts import Kind

COUNT, WITHOUT_PAGES = 1200, 300
RATE = 20
ACCEPTANCE, DELIVERY = (1.0, 10.0), (10.0, 70.0)
SETTINGS = {"PEC_API__RATE": str(RATE), "PEC_WEBHOOKS__ENDPOINTS": "[]"}
QUICK = {"PEC_RECEIPTS__BACKOFF_SECONDS": "[1, 2]", "PEC_RECEIPTS__PAGE_INTERVAL_SECONDS": "2"}
Calls = dict[str, float]


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, fewer = (60, 30) if quick else (COUNT, WITHOUT_PAGES)
    delivery = (1.0, 4.0) if quick else DELIVERY
    settings = {**SETTINGS, **(QUICK if quick else {})}
    with ExitStack() as stack:
        with_pages = _Campaign(stack, folder / "pages", count, delivery, {**settings, "BENCH_PAGES": "yes"})
        without = _Campaign(stack, folder / "single", fewer, delivery, {**settings, "BENCH_PAGES": "no"})
        paged, single = with_pages.calls(), without.calls()
        late_seconds = quantiles(with_pages.late_seconds(), n=100)[98]
    receipts = f"ACCETTAZIONE after 1 to 10 s, CONSEGNA after {delivery[0]:.0f} to {delivery[1]:.0f} s"
    figure = Figure(
        "GETs per delivered PEC, texts included",
        "GETs",
        sum(paged.values()),
        {"ours, without pages": sum(single.values())},
        "≤ 1.25",
        better="less",
        note=f"{count:,} in one mailbox sent at up to {RATE}/s ({fewer:,} without pages); {receipts}; "
        f"all were delivered and reported in full within {with_pages.seconds:.0f} s",
    )
    late = Figure(
        "seconds from a CONSEGNA's arrival to its event, at the 99th percentile",
        "s",
        late_seconds,
        {},
        "≤ 60",
        better="less",
        note="receipts of a mailbox with 25 and more open messages come by pages, every 15 s",
    )
    lines = {"with pages": list(paged.items()), "without pages": list(single.items())}
    return Outcome([figure, late], [Plot("calls", "Calls for each delivered PEC", "", "GETs", lines)])


class _Campaign:
    """A campaign that is under way as soon as the object is made."""

    def __init__(
        self,
        stack: ExitStack,
        folder: Path,
        count: int,
        delivery: tuple[float, float],
        settings: dict[str, str],
    ) -> None:
        self._count = count
        self.seconds = 0.0  # from the first job to the last text
        self._api = stack.enter_context(fake_api(folder, acceptance=ACCEPTANCE, delivery=delivery))
        self._site = stack.enter_context(site(folder / "ours", self._api))
        stack.enter_context(self._site.workers({"a0": "token"}, settings))
        self._put_at = time.monotonic()
        put(self._site, count)

    def calls(self) -> Calls:
        """Return the calls per PEC, once all are delivered and reported in full."""
        client = self._site.client
        until(lambda: client.zcard("pec:state:delivered") >= self._count, "all are delivered", 600, every=0.5)
        until(lambda: client.zcard("pec:due:check") <= 1, "all texts are there", 600, every=0.5)
        self.seconds = time.monotonic() - self._put_at
        time.sleep(1)
        calls = self._api.report(sends=10**9, checks=10**9, hooks=10**9)["calls"]
        return {kind: calls.get(kind, 0) / self._count for kind in ("GET /send", "GET /inbox")}

    def late_seconds(self) -> list[float]:
        """Return the seconds from the date of each CONSEGNA, a whole second, to the state that it caused."""
        found = []
        for key in self._site.client.scan_iter("pec:message:*", count=1000):
            receipts = self._site.client.hvals(key.replace(b":message:", b":receipts:"))
            dates = [
                one["date"] for one in map(json.loads, filter(None, receipts)) if one["kind"] == Kind.CONSEGNA
            ]
            ended = str(self._site.client.hget(key, "ended_at"), "ascii")
            found.append((datetime.fromisoformat(ended) - datetime.fromisoformat(dates[0])).total_seconds())
        return found
