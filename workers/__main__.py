"""`python -m workers`: runs worker processes (what `pec worker` starts)."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
from dramatiq import cli

from config.redis_connection import RedisRefused, RedisUnreachable, cause_of, check, connect
from config.redis_failover import WrongServer
from config.settings import Settings, SettingsError, load_settings
from config.texts import _
from pec.names import Queue
from workers.metrics.definitions import FOLDER, PULSE
from workers.metrics.server_mark import ending_with_the_server
from workers.preload import preload
from workers.tracing import require_opentelemetry

ROOT = "workers.app"  # each process imports it
SHUTDOWN_MILLISECONDS = 60_000  # a send has ended by then; keep the container's grace above it
NO_FORK_MILLISECONDS = 1_000  # Dramatiq's master waits so long to fork; until then it shows no log


def main() -> int:
    """Return the exit code: 0 stopped in order, 2 settings or server can't be used, 5 Redis refuses the user."""
    options = _parse()
    try:
        settings = load_settings()
        if settings.otel:
            require_opentelemetry()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before logging is set up
        return 2
    if problem := _problem_of_anchors(settings.archive.anchors):
        print(problem, file=sys.stderr)  # noqa: T201 - the same
        return 2
    if refused := _refused(settings):
        print(refused, file=sys.stderr)  # noqa: T201 - before logging is set up
        return 2 if isinstance(refused.__cause__, WrongServer) else 5
    arguments = [ROOT, "--processes", str(options.processes), "--threads", str(options.threads)]
    arguments += ["--skip-logging", "--worker-shutdown-timeout", str(SHUTDOWN_MILLISECONDS)]
    if not settings.metrics_address:
        arguments += ["--worker-fork-timeout", str(NO_FORK_MILLISECONDS)]
    arguments += ["--queues", *options.queues] if options.queues else []
    with _folder_of_counts(settings):
        preload(settings)
        return int(cli.main(cli.make_argument_parser().parse_args(arguments)) or 0)


def _problem_of_anchors(anchors: str) -> str | None:
    if not anchors:
        return None
    from archive import trust  # with cryptography, which the workers share from here on

    try:
        trust.profiles(Path(anchors))
    except trust.AnchorsError as error:
        return f"PEC_ARCHIVE__ANCHORS: {error}"
    return None


def _refused(settings: Settings) -> RedisUnreachable | None:
    """Return the refusal of a Redis that rejects the user, or of a server that is none of ours.

    Report one that is away: the workers wait for it.
    """
    away = None
    for url in (settings.redis_url, settings.broker):
        try:
            with connect(url, retries=0) as client:
                check(client)
                if url == settings.redis_url:
                    _check_info(client)
        except RedisRefused as refused:
            return refused
        except RedisUnreachable as error:
            if isinstance(error.__cause__, WrongServer):
                return error
            away = away or error
    if away:
        print(f"{away}. The workers wait until it answers.", file=sys.stderr, flush=True)  # noqa: T201 - the same
    return None


def _check_info(client: redis.Redis) -> None:
    """Raise RedisRefused if INFO is refused: by it the pace is kept when the server is another one than before."""
    try:
        client.info("server")
    except redis.ResponseError as error:
        raise RedisRefused(
            _("INFO is refused by Redis ({why}): allow it to the user of PEC_REDIS_URL").format(
                why=cause_of(error)
            )
        ) from error
    except redis.RedisError:
        pass  # it is away


@contextmanager
def _folder_of_counts(settings: Settings) -> Iterator[None]:
    """Set the folder of the worker processes' counts, before any of them imports prometheus_client."""
    if not settings.metrics_address:
        yield
    elif given := os.environ.get(FOLDER):
        Path(given).mkdir(parents=True, exist_ok=True)
        for left in Path(given).glob(f"*{PULSE}"):  # by processes that were killed
            left.unlink()
        with ending_with_the_server(Path(given), settings):
            yield
    else:
        with TemporaryDirectory(prefix="pec-metrics-", ignore_cleanup_errors=True) as made:
            os.environ[FOLDER] = made
            with ending_with_the_server(Path(made), settings):
                yield


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
