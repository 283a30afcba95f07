"""Calls: GETs for each delivered PEC of a campaign in one mailbox, with pages of /inbox and without."""

import time
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figure, Outcome, Plot
from bench.site import fake_api, put, site, until

COUNT, WITHOUT_PAGES = 5000, 300
RATE = 60
ACCEPTANCE, DELIVERY = (1.0, 10.0), (10.0, 70.0)
SETTINGS = {
    "PEC_API__RATE": str(RATE),
    "PEC_API__MARGIN": "0",
    "PEC_API__IN_FLIGHT": "16",
    "PEC_API__READ_RATE": "1000",
    "PEC_QUOTA__INTERVAL": "86400",
    "PEC_WEBHOOKS__ENDPOINTS": "[]",
}
Calls = dict[str, float]


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count, fewer = (60, 30) if quick else (COUNT, WITHOUT_PAGES)
    delivery = (1.0, 4.0) if quick else DELIVERY
    with ExitStack() as stack:
        with_pages = _Campaign(stack, folder / "pages", count, delivery, "yes")
        without = _Campaign(stack, folder / "single", fewer, delivery, "no")
        paged, single = with_pages.calls(), without.calls()
    receipts = f"ACCETTAZIONE after 1 to 10 s, CONSEGNA after {delivery[0]:.0f} to {delivery[1]:.0f} s"
    figure = Figure(
        "GETs per delivered PEC, texts included",
        "GETs",
        sum(paged.values()),
        {"ours, without pages": sum(single.values())},
        "≤ 1.25",
        better="less",
        note=f"{count:,} in one mailbox sent at up to {RATE}/s ({fewer:,} without pages); {receipts}; "
        f"all were delivered and told in full within {with_pages.seconds:.0f} s",
    )
    lines = {"with pages": list(paged.items()), "without pages": list(single.items())}
    return Outcome([figure], [Plot("calls", "Calls for each delivered PEC", "", "GETs", lines)])


class _Campaign:
    """Started when made."""

    def __init__(
        self, stack: ExitStack, folder: Path, count: int, delivery: tuple[float, float], pages: str
    ) -> None:
        self._count = count
        self.seconds = 0.0  # from the first job to the last text
        self._api = stack.enter_context(fake_api(folder, acceptance=ACCEPTANCE, delivery=delivery))
        self._site = stack.enter_context(site(folder / "ours", self._api))
        stack.enter_context(self._site.workers({"a0": "token"}, {**SETTINGS, "BENCH_PAGES": pages}))
        self._put_at = time.monotonic()
        put(self._site, count)

    def calls(self) -> Calls:
        """For each PEC, once all are delivered and told in full."""
        client = self._site.client
        until(lambda: client.zcard("pec:state:delivered") >= self._count, "all are delivered", 600, every=0.5)
        until(lambda: client.zcard("pec:due:check") <= 1, "all texts are there", 120, every=0.5)
        self.seconds = time.monotonic() - self._put_at
        time.sleep(1)
        calls = self._api.report(sends=10**9, looks=10**9, hooks=10**9)["calls"]
        return {kind: calls.get(kind, 0) / self._count for kind in ("GET /send", "GET /inbox")}
