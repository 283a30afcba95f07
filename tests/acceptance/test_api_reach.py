"""A worker host that reaches Redis but not the API leaves the sends to the others, is named, and comes back."""

import json
from itertools import pairwise
from pathlib import Path

from redis import Redis

from pec.store import heartbeat
from pec.store.store import Store
from tests.acceptance.command import Command
from tests.acceptance.site import Site, eventually, site
from tests.cut_way import cut_way

JOBS, RATE = 120, 20
LONGEST_SECONDS = (
    7.0  # without sends. A connection takes 10 s to fail: so long the places on the wire would be held
)


def test_a_host_that_does_not_reach_the_api_leaves_the_sends_to_others(
    redis: Redis, redis_url: str, tmp_path: Path, command: Command
) -> None:
    with (
        site(redis, redis_url, tmp_path, RATE) as at,
        cut_way(at.sandbox_url) as way,
        at.workers(1),
        at.workers(1, PEC_API__URL=way.url),
    ):
        for number in range(JOBS):
            at.add(id=f"job-{number}", recipient=f"consegna+{number}@pec.example", subject="Avviso")
        eventually(lambda: len(at.sent()) >= JOBS // 6)

        way.cut()

        eventually(lambda: lost(redis))
        [said] = [one for one in status(command, at) if one["api_lost"]]
        assert (said["api_lost"] or {})["code"] == "timeout"
        doctor = command(at.settings, "doctor")
        assert "1 worker process does not reach the API since" in doctor.out + doctor.err
        assert "other hosts go on" in command(at.settings, "status").err
        eventually(lambda: len({one["recipients"][0] for one in at.sent()}) == JOBS, 60)
        way.mend()
        eventually(lambda: not lost(redis))
        assert not any(one["api_lost"] for one in status(command, at))

        moments = sorted(float(one["received_at"]) for one in at.sent())
        assert len(moments) == JOBS, "nothing was sent twice"
        assert max(later - earlier for earlier, later in pairwise(moments)) < LONGEST_SECONDS
        log = at.log.read_text(encoding="utf-8")
        assert "api_out_of_reach" in log
        assert "api_in_reach" in log


def lost(redis: Redis) -> bool:
    """Return whether a heartbeat says that its worker does not reach the API."""
    return any(about.get("api_lost") for about in heartbeat.workers(Store(redis, "pec")).values())


def status(command: Command, at: Site) -> list[dict[str, dict[str, str] | None]]:
    """Return the workers of `pec status --json`."""
    return list(json.loads(command(at.settings, "status", "--json").out)["workers"])
