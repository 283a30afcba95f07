"""The process: `python -m console` reads the options, binds the port, and serves until a signal stops it."""

import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import click
import uvicorn

from config.foreign_words import system_words
from config.logs import configure_logging
from config.redis_connection import RedisRefused, RedisUnreachable, check
from config.settings import Settings, SettingsError, load_settings
from config.texts import _
from console.app import build_app
from console.campaigns.shelf import folder_of
from console.language import ITALIAN, translated
from pec.http.listener import listen, url_of
from pec.http.server_protocol import MAX_HEAD_BYTES, GuardedProtocol
from pec.operations.session import Session, open_store

STOP_SECONDS = 10  # for requests in hand
MAX_CONNECTIONS = 1000
IDLE_SECONDS = 20  # a page that asks every 5 s keeps its connection
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


class Server(uvicorn.Server):
    """Has no more work on campaigns begun once it stops. What runs is taken up by the next console."""

    def __init__(self, config: uvicorn.Config, stop_work: Callable[[], object]) -> None:
        super().__init__(config)
        self._stop_work = stop_work

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_work()
        await super().shutdown(sockets)


@click.command(context_settings={"show_default": True, "max_content_width": 110})
@click.option("--host", default="127.0.0.1", help="Address to listen on.")
@click.option("--port", default=8026, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--tls-cert", type=_EXISTING, help="PEM certificate with its chain; needs --tls-key.")
@click.option("--tls-key", type=_EXISTING, help="PEM key; needs --tls-cert.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the URL here once the console listens.",
)
def main(host: str, port: int, tls_cert: Path | None, tls_key: Path | None, ready_file: Path | None) -> None:
    """Serve the console's pages. The first line on stdout is their address. SIGTERM or Ctrl-C stops it.

    The first user comes from a terminal: pec user add NAME --role admin. From other machines, open it through
    https: with --tls-cert and --tls-key, or behind a proxy that PEC_CONSOLE__TRUSTED_PROXIES names.

    \b
    Examples:
      pec console
      pec console --host 0.0.0.0 --port 8443 --tls-cert console.pem --tls-key console.key
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key need each other")
    settings = _settings()
    configure_logging(settings.log_level, settings.log_json)
    _spool_uploads(settings)
    with open_store(settings) as store:
        _refuse_a_wrong_password(store.client)
        app = build_app(Session(settings, store))
        config = uvicorn.Config(
            app,
            http=GuardedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # console/proxy.py believes them, and from whom
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
        _load(config, tls_cert, tls_key)
        listener = _listen(host, port)
        _announce(listener, tls_cert is not None, ready_file)
        _warn_of_clear_text(settings, host, tls_cert is not None)
        Server(config, app.state.campaigns.stop).run(sockets=[listener])


def _spool_uploads(settings: Settings) -> None:
    """Put files that people upload, while they come, beside those of campaigns: /tmp may be memory."""
    folder = folder_of(settings).parent / "uploads"
    with suppress(OSError):  # the page says so, where a person needs the folder
        folder.mkdir(0o700, parents=True, exist_ok=True)
        tempfile.tempdir = str(folder)


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        _print(error)
        raise SystemExit(2) from None


def _refuse_a_wrong_password(client: object) -> None:
    """Exit if Redis rejects the user. One that is away is waited for: pages say so meanwhile."""
    try:
        check(client)  # type: ignore[arg-type]  # the store's client
    except RedisRefused as refused:
        _print(refused)
        raise SystemExit(5) from None
    except RedisUnreachable as away:
        _print(away)


def _load(config: uvicorn.Config, tls_cert: Path | None, tls_key: Path | None) -> None:
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        _print(
            _("can't use {cert} with {key} ({why}): give a PEM pair").format(
                cert=tls_cert, key=tls_key, why=error
            )
        )
        raise SystemExit(2) from None


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        _print(
            _("can't listen on {host}, port {port} ({why}): choose another --port").format(
                host=host, port=port, why=system_words(error)
            )
        )
        raise SystemExit(2) from None


def _announce(listener: socket.socket, encrypted: bool, ready_file: Path | None) -> None:
    url = url_of(listener, "https" if encrypted else "http")
    click.echo(url)
    if ready_file:
        part = ready_file.with_name(ready_file.name + ".part")
        part.write_text(f"{url}\n", encoding="utf-8")
        part.replace(ready_file)


def _warn_of_clear_text(settings: Settings, host: str, encrypted: bool) -> None:
    if not encrypted and not settings.console.trusted_proxies and not _is_this_machine(host):
        _print(
            _(
                "passwords cross the network unencrypted: give --tls-cert and --tls-key, or put a proxy in front "
                "and set PEC_CONSOLE__TRUSTED_PROXIES"
            )
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print(text: object) -> None:
    """Print a line on stderr, in the language of the person who started the process."""
    said = str(text)
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    print(translated(ITALIAN, said) if locale.startswith(ITALIAN) else said, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main(prog_name="pec console")
