"""A worker's composition root for benches: the product's own, with its clock, its authorities and its scans set.

`BENCH_APART`: seconds between the wall clocks of one worker process and the next. `BENCH_CERTIFICATE`: trusted beside
the usual authorities. `BENCH_PAGES=no`: no mailbox is scanned. `BENCH_UNLIMITED=yes`: slots are a formality, as
where an API had no limit; the settings know none.
"""

import os

from bench.contender_setup import set_clock_apart, trust

set_clock_apart()
trust()

from workers.mailbox import scan_policy  # noqa: E402 - after the clock is set

if os.environ.get("BENCH_PAGES") == "no":
    scan_policy.MIN_FOR_SCAN = 10**9

if os.environ.get("BENCH_UNLIMITED") == "yes":
    from pec.store import pacing
    from workers import rate_limiter

    rate_limiter.LATE_OF_SHORT_SECONDS, pacing.MAX_SLOTS_AHEAD = 60.0, 100_000

from workers.app import broker as broker  # noqa: E402
