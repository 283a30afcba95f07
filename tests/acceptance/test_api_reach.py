"""A worker host that reaches Redis but not the API leaves the sends to the others, is named, and comes back."""

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path

from redis import Redis

from tests.acceptance.command import PEC
from tests.acceptance.site import Site, eventually, site
from tests.cut_way import cut_way

JOBS, RATE = 240, 20
LONGEST_SECONDS = (
    7.0  # without sends. A connection takes 10 s to fail: so long the places on the wire would be held
)


def test_a_host_that_does_not_reach_the_api_leaves_the_sends_to_others(
    redis: Redis, redis_url: str, tmp_path: Path
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

        said = eventually(lambda: [one for one in status(at) if one["api_lost"]])
        assert said[0]["api_lost"]["code"] == "timeout"
        eventually(lambda: len({one["recipients"][0] for one in at.sent()}) == JOBS, 60)
        doctor = pec(at, "doctor")
        assert "1 worker process does not reach the API since" in doctor.stdout + doctor.stderr
        assert "other hosts go on" in pec(at, "status").stderr
        way.mend()
        eventually(lambda: not any(one["api_lost"] for one in status(at)))

        moments = sorted(float(one["received_at"]) for one in at.sent())
        assert len(moments) == JOBS, "nothing was sent twice"
        assert max(later - earlier for earlier, later in pairwise(moments)) < LONGEST_SECONDS
        log = at.log.read_text(encoding="utf-8")
        assert "api_out_of_reach" in log
        assert "api_in_reach" in log


def pec(at: Site, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PEC, *arguments],
        env={**os.environ, **at.settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def status(at: Site) -> list[dict[str, dict[str, str] | None]]:
    """Return the workers of `pec status --json`."""
    return list(json.loads(pec(at, "status", "--json").stdout)["workers"])
