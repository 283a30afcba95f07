"""`pec send`, `pec poll`, `pec cancel`: commands that put a job into Redis."""

import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli import output
from cli.commands.watch import follow, timeout_option
from cli.configured_names import ACCOUNT, ENDPOINT
from cli.session import Session, open_session
from config.text_files import MARK, read_text
from config.texts import _
from pec.operations.batch_names import near_batch
from pec.operations.live_workers import no_worker_runs
from pec.store import records
from producers.producer import Enqueued

Command = TypeVar("Command", bound=Callable[..., Any])


def _text(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Text, `@file`, or `-` for stdin."""
    try:
        if value == "-":
            return sys.stdin.read().removeprefix(MARK)
        return read_text(Path(value[1:])) if value.startswith("@") else value
    except OSError as error:
        raise click.BadParameter(
            _("can't read {path} ({why}): name a readable file").format(path=value[1:], why=error.strerror)
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


_STATED = (
    click.option("--priority", type=click.IntRange(0, 9), help="Higher first. Default: 5."),
    click.option("--not-before", metavar="INSTANT", help="RFC 3339: not sent earlier."),
    click.option("--not-after", metavar="INSTANT", help="RFC 3339: not sent later, but expired."),
    click.option(
        "--webhook", type=ENDPOINT, metavar="NAME", help="An endpoint that hears of this message too."
    ),
    click.option(
        "--no-reference",
        "reference",
        flag_value=False,
        type=bool,
        default=None,
        help="Append no reference to the subject.",
    ),
)


def stated_options(command: Command) -> Command:
    """What every job that sends may say, in one message or in a campaign of them: fields of the job, or None."""
    for option in reversed(_STATED):
        command = option(command)
    return command


@click.command()
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sends.")
@click.option("--to", "to", required=True, multiple=True, help="A recipient; several get a PEC each.")
@click.option("--subject", required=True)
@click.option("--body", required=True, metavar="TEXT|@FILE|-", callback=_text, help="HTML.")
@click.option("--attach", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "job_id", help="Your id: the same one is never sent twice. Default: a random one.")
@click.option("--batch", help="A name under which messages are counted together.")
@stated_options
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
        job = session.producer.send(
            job_id or f"pec-{secrets.token_hex(8)}",
            account,
            to[0] if len(to) == 1 else list(to),
            subject,
            body,
            attach,
            **optional,
        )
        _enqueued(session, job, as_json=as_json, quiet=wait)
        if wait:
            follow(session, [job], timeout_seconds=timeout, as_json=as_json)


@click.command()
@click.argument("code")
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sent it.")
@click.option("--subject", help="Its subject, if known.")
@click.option("--recipient", help="Its recipient, if known.")
@click.option("--id", "job_id", help="Your id. Default: a random one.")
@click.option("--wait", is_flag=True, help="Follow it to its end.")
@timeout_option
@output.as_json
def poll(
    code: str,
    account: str,
    subject: str | None,
    recipient: str | None,
    job_id: str | None,
    wait: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Follow the receipts of a PEC sent elsewhere, by its CODE. Prints the id it gets.

    \b
    pec poll 2020082610003492 --account acme --wait
    """
    with open_session() as session:
        name = job_id or f"poll-{secrets.token_hex(8)}"
        job = session.producer.poll(name, account, code, subject, recipient)
        _enqueued(session, job, as_json=as_json, quiet=wait)
        if wait:
            follow(session, [job], timeout_seconds=timeout, as_json=as_json)


@click.command()
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--batch", help="All messages of a batch that are not yet sent.")
@output.as_json
def cancel(job_id: str | None, batch: str | None, as_json: bool) -> None:
    """Cancel a message that is not yet sent, or all such of a batch.

    \b
    pec cancel inv-2026-001
    pec cancel --batch november
    """
    if (job_id is None) == (batch is None):
        raise click.UsageError(_("name a message or a batch: pec cancel ID, or pec cancel --batch B"))
    with open_session() as session:
        _enqueued(session, session.producer.cancel(job_id, batch), as_json=as_json, quiet=True)
        known = (
            records.ids_of_job(session.store, job_id)
            if job_id
            else records.ids_of_batch(session.store, batch or "")
        )
        if known:
            output.note(_("Asked. What is sent already goes on: `pec status` tells."))
        else:
            output.note(
                _(
                    "Nothing is known of {name} so far: what comes within a day is cancelled on arrival."
                ).format(name=job_id or batch)
            )
            if near := batch and near_batch(session.store, batch):
                output.note(
                    _("Nothing of batch {name} was cancelled: if you meant it, name it.").format(name=near)
                )


def _enqueued(session: Session, job: Enqueued, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        output.data({"id": job, "entry": job.entry})
    else:
        click.echo(job)
    if no_worker_runs(session.store):
        output.note(_("No worker is running, so it waits in Redis: start one with `pec worker`."))
    elif not quiet:
        output.note(_("Enqueued. Follow it with `pec watch {id}`.").format(id=job))
