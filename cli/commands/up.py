"""`pec up`: an office on one machine."""

from pathlib import Path

import click

_PORT = click.IntRange(1, 65535)


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/pec-massiva"),
    show_default=True,
    help="Folder of the office: settings, server, archive, logs.",
)
@click.option(
    "--console-port", default=8026, show_default=True, type=_PORT, help="For people, on this machine."
)
@click.option(
    "--gateway-port", default=8080, show_default=True, type=_PORT, help="For programs, on this machine."
)
def up(data: Path, console_port: int, gateway_port: int) -> None:
    """Run everything that an office needs, and start again what ends.

    A Redis server with durable settings, workers, the HTTP gateway and the console. The first start asks for the
    account, and makes the user admin of the console. SIGTERM or Ctrl-C stops everything in order. The next start goes
    on where this one ended.

    \b
    pec up
    pec up --data /srv/pec
    """
    from cli.office import run

    run(data, console_port=console_port, gateway_port=gateway_port)
