"""`pec send`: enqueue a message."""

import json
import secrets
import sys
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.configured_names import ACCOUNT
from cli.enqueued import show_enqueued
from cli.follow import follow, timeout_option
from cli.job_options import job_options
from config.foreign_words import system_words
from config.text_files import MARK, read_text
from config.texts import _
from pec.instants import from_text
from pec.operations.names import refuse_unknown_account
from pec.operations.session import open_session
from producers.producer import Producer


def _text(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Return the text, or that of `@file`, or of stdin for `-`."""
    try:
        if value == "-":
            return sys.stdin.read().removeprefix(MARK)
        return read_text(Path(value[1:])) if value.startswith("@") else value
    except OSError as error:
        raise click.BadParameter(
            _("can't read {path} ({why}): name a readable file").format(
                path=value[1:], why=system_words(error)
            )
        ) from None
    except UnicodeDecodeError:
        raise click.BadParameter(
            _("{path} is not UTF-8 text: convert it").format(path=value.removeprefix("@"))
        ) from None


def _json(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    try:
        return None if value is None else json.loads(value)
    except ValueError as error:
        raise click.BadParameter(
            _("is not JSON ({why}): write it as '{{\"case\": 7}}'").format(why=error)
        ) from None


@click.command()
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sends.")
@click.option("--to", "to", required=True, multiple=True, help="A recipient; several get a PEC each.")
@click.option("--subject", required=True)
@click.option("--body", required=True, metavar="TEXT|@FILE|-", callback=_text, help="HTML.")
@click.option("--attach", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "job_id", help="Your id: the same one is never sent twice. Default: a random one.")
@click.option("--batch", help="A name under which messages are counted together.")
@job_options
@click.option("--metadata", metavar="JSON", callback=_json, help="An object, echoed in events.")
@click.option("--together", is_flag=True, default=None, help="One PEC to all recipients, who see each other.")
@click.option("--wait", is_flag=True, help="Follow it to its end.")
@timeout_option
@output.as_json
def send(
    account: str,
    to: tuple[str, ...],
    subject: str,
    body: str,
    attach: tuple[Path, ...],
    job_id: str | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
    **optional: Any,
) -> None:
    """Send a PEC. Prints its id.

    \b
    pec send --account acme --to x@pec.example.it --subject Fattura --body @fattura.html --attach fattura.pdf
    pec send --account acme --to x@pec.example.it --subject Prova --body '<p>Ciao</p>' --wait --timeout 600
    """
    with open_session() as session:
        refuse_unknown_account(session.store, session.settings, account)
        job = Producer.on(session.store).send(
            job_id or f"pec-{secrets.token_hex(8)}",
            account,
            to[0] if len(to) == 1 else list(to),
            subject,
            body,
            attach,
            **optional,
        )
        show_enqueued(session, job, as_json=as_json, quiet=wait)
        if (until := optional["not_after"]) and from_text(until).timestamp() <= session.store.now():
            output.note(
                _("--not-after is in the past, so nothing is sent: give another --id and a later time.")
            )
        if wait:
            follow(session, [job], timeout_seconds=timeout, as_json=as_json)
