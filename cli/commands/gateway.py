"""`pec gateway`: the HTTP gateway's processes."""

import click

from cli.replace_process import replace_process
from config.settings import load_settings


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
    load_settings()  # here, so that a fault in them is reported once and not by each process
    replace_process("producers.gateway", ["--host", host, "--port", str(port), "--workers", str(workers)])
