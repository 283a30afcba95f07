"""Calls: GETs for each delivered PEC of a campaign in one mailbox, with pages of /inbox and without."""

import time
from contextlib import ExitStack
from pathlib import Path

from bench.figures import Figure, Outcome, Plot
from bench.site import fake_api, send_job, site, until

COUNT = 5000
RATE = 60
ACCEPTANCE, DELIVERY = (1.0, 10.0), (10.0, 90.0)
SETTINGS = {
    "PEC_API__RATE": str(RATE),
    "PEC_API__IN_FLIGHT": "16",
    "PEC_API__READ_RATE": "1000",
    "PEC_QUOTA__INTERVAL": "86400",
    "PEC_WEBHOOKS__ENDPOINTS": "[]",
}


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count = 100 if quick else COUNT
    delivery = (1.0, 10.0) if quick else DELIVERY
    with_pages = _gets(folder / "pages", count, delivery, "yes")
    without = _gets(folder / "single", count, delivery, "no")
    came = f"ACCETTAZIONE after 1 to 10 s, CONSEGNA after {delivery[0]:.0f} to {delivery[1]:.0f} s"
    note = f"{count:,} sent at {RATE}/s, {came}"
    figures = [
        Figure(
            "GETs per delivered PEC",
            "GETs",
            sum(with_pages.values()) / count,
            {"ours, without pages": sum(without.values()) / count},
            "≤ 1.25",
            better="less",
            note=f"{note}; {with_pages}",
        )
    ]
    lines = {
        "with pages": [(kind, calls / count) for kind, calls in sorted(with_pages.items())],
        "without pages": [(kind, calls / count) for kind, calls in sorted(without.items())],
    }
    return Outcome(figures, [Plot("calls", "Calls for each delivered PEC", "", "calls", lines)])


def _gets(folder: Path, count: int, delivery: tuple[float, float], pages: str) -> dict[str, int]:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=ACCEPTANCE, delivery=delivery))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(made.workers({"a0": "token"}, {**SETTINGS, "BENCH_PAGES": pages}))
        with made.client.pipeline() as pipeline:
            for number in range(count):
                pipeline.xadd("pec:jobs", {"job": send_job(number)})
            pipeline.execute()
        until(lambda: made.client.zcard("pec:state:delivered") >= count, "all are delivered", 600, every=0.5)
        until(lambda: made.client.zcard("pec:due:check") <= 1, "all texts are there", 120, every=0.5)
        time.sleep(1)
        calls = api.report(sends=10**9, looks=10**9, hooks=10**9)["calls"]
        return {"GET /send": calls.get("GET /send", 0), "GET /inbox": calls.get("GET /inbox", 0)}
