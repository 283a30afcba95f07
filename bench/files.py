"""Files: what a PEC with a file of 200 kB costs with an archive and without, and a campaign larger than Redis."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import cost
from bench.cost import Spent, spend
from bench.figures import Figure, Outcome
from bench.site import FakeApi, Site, fake_api, send_job, site, until
from producers import Producer

FILE_BYTES = 200_000
COUNT, QUICK_COUNT = 400, 12
CAMPAIGN, QUICK_CAMPAIGN = 5_000, 60
CAMPAIGN_MEMORY_BYTES = 256_000_000
QUICK_MEMORY_BYTES = 20_000_000
AIM_BYTES = 7_000


def run(folder: Path, *, quick: bool = False) -> Outcome:
    count = QUICK_COUNT if quick else COUNT
    without = _cost(folder / "without", count, archive=None)
    archived = _cost(folder / "archived", count, archive=folder / "archive")
    sent, most = _campaign(folder / "campaign", quick=quick)
    peers = {"without an archive": without.redis_bytes}
    cpu = {"without an archive": without.cpu_seconds}
    figures = [
        Figure(
            "memory of Redis a PEC with a file of 200 kB, with an archive",
            "bytes",
            archived.redis_bytes,
            peers,
            target=f"≤ {AIM_BYTES}",
            better="less",
        ),
        Figure(
            "CPU seconds for 1,000 of them, with an archive", "s", archived.cpu_seconds, cpu, better="less"
        ),
        Figure(
            f"PEC of a campaign of {CAMPAIGN:,} different files that went through a Redis of 256 MB",
            "PEC",
            sent,
            target=f"= {QUICK_CAMPAIGN if quick else CAMPAIGN}",
        ),
        Figure("most memory that Redis used meanwhile", "MB", most / 1e6, better="less"),
    ]
    note = "The archive is a folder on the same disk; the files come as base64 in the jobs, in the campaign as uploads."
    return Outcome(figures, notes=[note])


def _cost(folder: Path, count: int, archive: Path | None) -> Spent:
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=cost.ACCEPTANCE, delivery=cost.DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(made.workers({"a0": "token"}, _settings(archive), threads=cost.THREADS))
        _spend(made, api, 5, first=0)  # warm
        return _spend(made, api, count, first=1_000)


def _spend(made: Site, api: FakeApi, count: int, first: int) -> Spent:
    def put() -> None:
        for number in range(first, first + count):
            file = base64.b64encode(secrets.token_bytes(FILE_BYTES)).decode()
            job = send_job(number, attachments=[{"name": "fattura.pdf", "file": file}])
            made.client.xadd("pec:jobs", {"job": job})

    return spend(made, api, "ours", count, put)


def _campaign(folder: Path, *, quick: bool) -> tuple[float, float]:
    """Return how many were delivered, and the most memory that Redis used."""
    count = QUICK_CAMPAIGN if quick else CAMPAIGN
    with ExitStack() as stack:
        api = stack.enter_context(fake_api(folder, acceptance=cost.ACCEPTANCE, delivery=cost.DELIVERY))
        made = stack.enter_context(site(folder / "ours", api))
        limit = QUICK_MEMORY_BYTES if quick else CAMPAIGN_MEMORY_BYTES
        made.client.config_set("maxmemory", str(limit))
        stack.enter_context(
            made.workers({"a0": "token"}, _settings(folder / "archive"), threads=cost.THREADS)
        )
        with Producer(made.server.url) as producer:
            producer.send_many(_jobs(count))
        delivered = until(lambda: _delivered(made) >= count and _delivered(made), "all are delivered", 600)
        info: Any = made.client.info("memory")
        return float(delivered), float(info["used_memory_peak"])


def _jobs(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "id": f"m{number}",
            "account": "a0",
            "recipient": f"r{number}@pec.example",
            "subject": f"Fattura n. {number}",
            "body": f"<p>Gentile cliente {number}, in allegato la fattura.</p>",
            "attachments": [("fattura.pdf", secrets.token_bytes(FILE_BYTES))],
        }


def _delivered(made: Site) -> int:
    return int(made.client.zcard("pec:state:delivered"))


def _settings(archive: Path | None) -> dict[str, str]:
    return cost.SETTINGS | ({"PEC_ARCHIVE__URL": str(archive)} if archive else {})
