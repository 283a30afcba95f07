"""Starts the bench's worker processes as `pec worker` starts the product's: `python -m bench.worker_master`."""

import sys

from workers import __main__ as master

master.ROOT, master.SHUTDOWN_MILLISECONDS = "bench.worker_app", 3_000
sys.exit(master.main())
