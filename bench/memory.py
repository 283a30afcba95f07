"""Memory: what a delivered PEC keeps in Redis, with an archive and IMAP, in all and by kind of key.

A mailbox of `pec sandbox` and an endpoint that takes webhooks. All settings but the pace are the defaults, and each PEC
has a body of its own.
"""

import json
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import custody
from bench.figures import Figure, Outcome
from bench.site import SECRET, FakeApi, Site, fake_api, send_job, site, until
from pec.store.store import text

COUNT, QUICK_COUNT = 300, 20
WARM = 100  # enough to fill the list of deliveries that operators see
AIM_BYTES = 2_000
RATE = 50


def run(folder: Path, *, quick: bool = False) -> Outcome:
    warm, count = (QUICK_COUNT, QUICK_COUNT) if quick else (WARM, COUNT)
    with ExitStack() as stack:
        receiver = stack.enter_context(fake_api(folder / "receiver"))
        api, imap_port = stack.enter_context(custody.sandbox(folder))
        made = stack.enter_context(site(folder / "ours", api))
        stack.enter_context(
            made.workers({custody.ACCOUNT: "sandbox-token"}, _settings(folder, receiver, imap_port))
        )
        _deliver(made, 0, warm)
        before, kinds_before = made.memory_bytes()["redis"], _bytes_by_kind(made)
        _deliver(made, warm, count)
        grown = (made.memory_bytes()["redis"] - before) / count
        kinds = {kind: (size - kinds_before[kind]) / count for kind, size in _bytes_by_kind(made).items()}
    kinds = dict(sorted(kinds.items(), key=lambda one: -one[1]))
    total = Figure(
        "memory of Redis a delivered PEC, archived, by IMAP", "bytes", grown, target=f"≤ {AIM_BYTES:,}", better="less",
    )  # fmt: skip
    parts = [
        Figure(f"of it in {kind}", "bytes", size, better="less") for kind, size in kinds.items() if size > 1
    ]
    rest = grown - sum(kinds.values())
    return Outcome([total, *parts, Figure("of it elsewhere in the server", "bytes", rest, better="less")])


def _settings(folder: Path, receiver: FakeApi, imap_port: int) -> dict[str, str]:
    endpoint = {"name": "crm", "url": f"{receiver.url}/hook/ours", "secret": SECRET}
    return custody.settings(folder, "archived", imap_port) | {
        "PEC_API__RATE": str(RATE),
        "PEC_WEBHOOKS__ENDPOINTS": json.dumps([endpoint]),
    }


def _deliver(made: Site, first: int, count: int) -> None:
    """Return when all are delivered, their originals kept, and their events taken by the endpoint."""
    with made.client.pipeline(transaction=False) as pipeline:
        for number in range(first, first + count):
            body = f"<p>Gentile cliente {number}, in allegato la comunicazione.</p>"
            pipeline.xadd("pec:jobs", {"job": send_job(number, body=body)})
        pipeline.execute()
    until(lambda: made.client.zcard("pec:state:delivered") >= first + count, "all are delivered", 300, 0.5)
    until(lambda: custody.all_archived(made), "all originals are kept", 300, 0.5)
    until(lambda: _all_taken(made), "all events are taken", 300, 0.5)


def _all_taken(made: Site) -> bool:
    groups: Any = made.client.xinfo_groups("pec:events")
    return not made.client.zcard("pec:deliveries:crm") and all(
        not one["pending"] and not one["lag"] for one in groups
    )


def _bytes_by_kind(made: Site) -> Counter[str]:
    found: Counter[str] = Counter()
    keys = list(made.client.scan_iter("pec:*", count=1000))
    with made.client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.memory_usage(key, samples=0)
        for key, size in zip(keys, pipeline.execute(), strict=True):
            found[_kind(text(key))] += size or 0  # None: it expired meanwhile
    tables: Any = made.client.memory_stats()["db.0"]
    found["tables of keys"] = sum(
        int(size) for size in (tables.values() if isinstance(tables, dict) else tables[1::2])
    )
    return found


def _kind(key: str) -> str:
    kind = key.split(":")[1]
    return "sets of states and schedules" if kind in ("state", "due", "awaiting", "accounts") else kind
