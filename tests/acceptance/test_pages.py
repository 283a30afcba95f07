"""A busy mailbox is scanned by its pages, in whatever order and from whatever number the service counts."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests
from redis import Redis

from tests.acceptance.site import Site, eventually, site

COUNT = 200


@pytest.mark.parametrize(
    ("order", "first_page"), [("newest", "1"), ("oldest", "0")]
)  # all four: test_inbox.py
def test_a_campaign_costs_little_more_than_a_get_for_each_message(
    redis: Redis, redis_url: str, tmp_path: Path, order: str, first_page: str
) -> None:
    options = ("--inbox-order", order, "--first-page", first_page, "--delivery-delay", "8")
    with (
        site(redis, redis_url, tmp_path, rate=1000, options=options) as at,
        at.workers(
            PEC_API__RATE="40",
            PEC_API__READ_RATE="1000",
            PEC_RECEIPTS__PAGE_INTERVAL_SECONDS="1",
            PEC_RECEIPTS__BACKOFF_SECONDS="[3, 5]",  # on a busy machine, many are checked before pages take over
        ),
    ):
        began = time.monotonic()
        for number in range(COUNT):
            kind = "mancata-consegna" if number % 20 == 0 else "consegna"
            at.add(id=f"m{number}", recipient=f"{kind}+{number}@pec.example", subject=f"Avviso n. {number}")
        eventually(lambda: _ended(redis) == COUNT, 60)
        eventually(lambda: _texts(redis) == COUNT, 30)
        seconds = time.monotonic() - began

        calls = _calls(at)
        assert calls["GET /send"] >= COUNT, "the texts of each are asked for"
        assert calls["GET /send"] <= 1.2 * COUNT, "and hardly any other is"
        readings = seconds + 1  # one a second, which a busy machine has more of
        assert 0 < calls["GET /inbox"] <= 10 * readings, (
            "not the whole mailbox, 16 pages in the end, each time"
        )
        assert redis.zcard("pec:state:delivered") == COUNT * 19 // 20
        assert redis.zcard("pec:state:undelivered") == COUNT // 20
        assert redis.zcard("pec:awaiting:acme") == 0


def _ended(redis: Redis) -> int:
    return int(redis.zcard("pec:state:delivered")) + int(redis.zcard("pec:state:undelivered"))


def _texts(redis: Redis) -> int:
    """Messages all of whose receipts have their texts."""
    whole = 0
    for number in range(COUNT):
        stored: Any = redis.hvals(f"pec:receipts:m{number}")
        whole += len(stored) == 2 and not any(b'"text":null' in one for one in stored)
    return whole


def _calls(at: Site) -> Counter[str]:
    found: Any = requests.get(f"{at.sandbox_url}/_sandbox/requests", timeout=30).json()
    return Counter(f"{one['method']} /{one['path'].split('/')[1]}" for one in found)
