"""The process: `python -m sandbox` reads the options, binds the port, and serves until a signal stops it."""

import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import uvicorn
from fastapi import FastAPI

from pec.api.vendor_words import Shape
from pec.http.listener import listen, url_of
from sandbox.access import Credentials, parse_credentials, parse_token
from sandbox.app import build_app
from sandbox.clock import Delays
from sandbox.paging import Paging
from sandbox.providers import make_providers
from sandbox.state import Options
from sandbox.wire import AbortableProtocol

Parsed = TypeVar("Parsed")
POSITIVE = click.FloatRange(min=0, min_open=True)
NOT_NEGATIVE = click.FloatRange(min=0)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _each(parse: Callable[[str], Parsed]) -> Callable[[Any, Any, tuple[str, ...]], tuple[Parsed, ...]]:
    """Return a click callback that turns a ValueError of `parse` into a usage error."""

    def parse_all(context: Any, parameter: Any, values: tuple[str, ...]) -> tuple[Parsed, ...]:
        try:
            return tuple(map(parse, values))
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return parse_all


@click.command(
    context_settings={"auto_envvar_prefix": "PEC_SANDBOX", "show_default": True, "max_content_width": 110}
)
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option(
    "--port", default=8025, type=click.IntRange(0, 65535), help="Port of the API. 0: any free port."
)
@click.option(
    "--token",
    multiple=True,
    default=["sandbox-token"],
    callback=_each(parse_token),
    help="A bearer token with all scopes, or TOKEN=GET:send,POST:send. Repeatable.",
)
@click.option("--rate", default=1.0, type=POSITIVE, help="Sends per second and token.")
@click.option(
    "--shape",
    default="live",
    type=click.Choice(["live", "documented"]),
    help="Form of the items of GET /send.",
)
@click.option("--acceptance-delay", default=0.5, type=NOT_NEGATIVE, help="Seconds from send to ACCETTAZIONE.")
@click.option("--delivery-delay", default=2.0, type=NOT_NEGATIVE, help="Seconds from send to CONSEGNA.")
@click.option("--hour", default=3600.0, type=NOT_NEGATIVE, help="Seconds that a simulated hour lasts.")
@click.option(
    "--mailbox",
    multiple=True,
    callback=_each(parse_credentials),
    help="ADDRESS:USERNAME:PASSWORD. Repeatable. Without any, all credentials are taken.",
)
@click.option("--quota-mb", default=1024, type=click.IntRange(min=1), help="Size of a mailbox, in MiB.")
@click.option(
    "--first-page", default="1", type=click.Choice(["0", "1"]), help="Number of the first page of /inbox."
)
@click.option(
    "--inbox-order",
    default="newest",
    type=click.Choice(["newest", "oldest"]),
    help="Order of the mails of /inbox.",
)
@click.option(
    "--imap-port",
    type=click.IntRange(0, 65535),
    help="Serve the mailboxes by IMAP too, on this port. 0: any free port.",
)
@click.option(
    "--anchor-file",
    type=NEW_FILE,
    help="Write the root certificate of the receipts here, for PEC_ARCHIVE__ANCHORS.",
)
@click.option("--tls-cert", type=EXISTING_FILE, help="PEM certificate; needs --tls-key.")
@click.option("--tls-key", type=EXISTING_FILE, help="PEM key; needs --tls-cert.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the URLs here once the sandbox listens.",
)
def main(
    host: str,
    port: int,
    token: tuple[tuple[str, frozenset[str]], ...],
    rate: float,
    shape: str,
    acceptance_delay: float,
    delivery_delay: float,
    hour: float,
    mailbox: tuple[Credentials, ...],
    quota_mb: int,
    first_page: str,
    inbox_order: str,
    imap_port: int | None,
    anchor_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    ready_file: Path | None,
) -> None:
    """Serve the PEC Massiva API on this machine. Nothing is sent to anyone.

    The first line on stdout is the URL; the second one is that of the IMAP door, if there is one. Every option
    can come from the environment: --rate from PEC_SANDBOX_RATE; repeatable ones, there, are separated by spaces.

    The recipient's name, up to a +, chooses the outcome of a PEC: consegna, mancata-consegna, casella-piena,
    non-accettazione, virus, preavviso, tempo-massimo, posta-ordinaria, silenzio, errore-500,
    errore-500-inviata, risposta-persa, connessione-chiusa. Any other is delivered.

    \b
    Examples:
      pec sandbox
      pec sandbox --port 0 --ready-file /tmp/sandbox.url
      pec sandbox --rate 50 --acceptance-delay 0 --delivery-delay 0.1 --hour 1
      pec sandbox --imap-port 8143 --anchor-file sandbox-ca.pem
      pec sandbox --token reader=GET:send,GET:inbox --mailbox a@pec.example:user:secret
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key need each other")
    if anchor_file and imap_port is None:
        raise click.UsageError("--anchor-file needs --imap-port: only IMAP shows what is signed")
    providers = None if imap_port is None else make_providers()
    if providers and anchor_file:
        _write_at_once(anchor_file, providers.authority.anchor)
    options = Options(
        tokens=dict(token),
        rate=rate,
        shape=Shape(shape),
        delays=Delays(acceptance_delay, delivery_delay, hour),
        mailboxes=mailbox,
        quota_mb=quota_mb,
        paging=Paging(int(first_page), inbox_order == "newest"),
        providers=providers,
    )
    app = build_app(options)
    config = _config(app, tls_cert, tls_key)
    listener = _listen(host, port, "--port")
    urls = [url_of(listener, "https" if tls_cert else "http")]
    if imap_port is not None:
        from sandbox.imap.door import serve_imap  # a tenth of a second and 10 MB, for those who want it

        door = _listen(host, imap_port, "--imap-port")
        serve_imap(app.state.sandbox, door, config.ssl)
        urls.append(url_of(door, "imaps" if tls_cert else "imap"))
    _announce(urls, ready_file)
    uvicorn.Server(config).run(sockets=[listener])


def _config(app: FastAPI, tls_cert: Path | None, tls_key: Path | None) -> uvicorn.Config:
    """Quiet, because stdout is data; loaded here, so that a bad certificate is reported before the URL is printed."""
    config = uvicorn.Config(
        app,
        http=AbortableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise click.ClickException(
            f"can't use {tls_cert} with {tls_key} ({error}): give a PEM pair"
        ) from None
    return config


def _listen(host: str, port: int, option: str) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        problem = f"can't listen on {host}, port {port} ({error.strerror}): try {option} 0"
        raise click.ClickException(problem) from None


def _announce(urls: Sequence[str], ready_file: Path | None) -> None:
    for url in urls:
        click.echo(url)
    if ready_file:
        _write_at_once(ready_file, "".join(f"{url}\n" for url in urls).encode())


def _write_at_once(path: Path, content: bytes) -> None:
    """Write the file in one step, so that a program that waits for it never reads half of it."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise click.ClickException(f"can't write {path} ({error.strerror}): choose another file") from None


if __name__ == "__main__":
    main(prog_name="pec sandbox")
