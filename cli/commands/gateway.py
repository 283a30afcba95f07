"""`pec gateway`: the HTTP gateway's processes."""

import click

from cli import output
from cli.replace_process import replace_process
from config.redis_connection import RedisRefused, RedisUnreachable, check, connect
from config.settings import load_settings
from config.texts import _


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0: any free port."
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(min=1), help="Number of processes."
)
def gateway(host: str, port: int, workers: int) -> None:
    """Run the HTTP gateway. SIGTERM or Ctrl-C lets requests in hand finish.

    The first line on stdout is its address. It adds jobs and reads records; workers send.

    \b
    pec gateway
    pec gateway --host 0.0.0.0 --port 8443 --workers 4
    """
    _report_redis(load_settings().redis_url)  # here, so that a fault is reported once and not by each process
    replace_process("producers.gateway", ["--host", host, "--port", str(port), "--workers", str(workers)])


def _report_redis(url: str) -> None:
    """Raise RedisRefused if Redis rejects the user. Report one that is away: the gateway waits for it."""
    try:
        with connect(url, retries=0) as client:
            check(client)
    except RedisRefused:
        raise
    except RedisUnreachable as away:
        output.note(_("{error}. The gateway answers 503 until then.").format(error=away))
