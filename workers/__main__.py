"""`python -m workers`: runs worker processes (what `pec worker` starts)."""

import argparse
import os
import sys

from dramatiq import cli

from config.settings import SettingsError, load_settings
from pec.names import Queue

SHUTDOWN_MILLISECONDS = 60_000  # a send has ended by then; keep the container's grace above it


def main() -> int:
    """Exit codes: 0 stopped in an orderly way, 2 the settings or options can't be used."""
    options = _parse()
    try:
        load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before logging is set up
        return 2
    os.environ.setdefault("dramatiq_worker_timeout", "250")  # at most this late after an idle spell
    arguments = ["workers.app", "--processes", str(options.processes), "--threads", str(options.threads)]
    arguments += ["--skip-logging", "--worker-shutdown-timeout", str(SHUTDOWN_MILLISECONDS)]
    arguments += ["--queues", *options.queues] if options.queues else []
    return int(cli.main(cli.make_argument_parser().parse_args(arguments)) or 0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pec worker", description="Run worker processes.")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default: 2)")
    parser.add_argument("--threads", type=int, default=8, help="threads in each (default: 8)")
    parser.add_argument(
        "--queues", nargs="*", choices=[str(queue) for queue in Queue], help="only these (default: all)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
