"""Starts the bench's worker processes as `pec worker` starts the product's: `python -m bench.worker_master`."""

import sys

from workers import __main__ as master

master.ROOT, master.SHUTDOWN_MILLISECONDS = "bench.worker_app", 3_000
if __name__ == "__main__":  # from Python 3.14 on each worker process imports this module again
    sys.exit(master.main())
