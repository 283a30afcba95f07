"""`pec import`: the lines of a spreadsheet become jobs, all of them or none."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.campaigns.enqueuing import enqueue_ready
from cli.campaigns.notes import note_end, note_next_step, note_numbers, note_paused_batch, note_same_subject
from cli.campaigns.opening import open_campaign, open_if_there
from cli.campaigns.options import (
    check_new_file,
    check_options,
    import_request,
    row_numbers,
    states_again,
    usage_errors,
)
from cli.campaigns.refused import refuse, write_refused_lines
from cli.campaigns.report import show, show_letters
from cli.campaigns.trial import send_trials
from cli.configured_names import ACCOUNT
from cli.job_options import job_options
from cli.language import translated
from config.settings import Settings
from config.texts import _, ngettext
from pec.names import State
from pec.operations.served_names import check_served
from pec.operations.session import Session, open_session
from producers.campaigns.campaign import ImportRequest
from producers.campaigns.cancelled_batch import refuse_cancelled
from producers.campaigns.preview import Preview, load_preview
from producers.campaigns.preview_json import preview_dict
from producers.campaigns.row_store import RowStatus
from producers.campaigns.trial import own_address

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Letter(click.Path):
    """An existing file, also as `pec send --body` names it: with @ before it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name = str(value)
        marked = name.startswith("@") and not Path(name).exists()
        return super().convert(name[1:] if marked else value, param, ctx)


_LETTER = _Letter(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("file", type=_FILE)
@click.option("--account", type=ACCOUNT, required=True, help="The mailbox that sends.")
@click.option(
    "--subject", required=True, help="The subject. {nome} in it stands for the value in the column nome."
)
@click.option(
    "--body",
    required=True,
    type=_LETTER,
    help="The letter, as HTML or plain text. {nome} in it means the same.",
)
@click.option("--batch", help="The campaign's name, which the ids begin with. Default: FILE's name.")
@click.option(
    "--to-column", metavar="NAME", help="The column of recipients. Default: the one called PEC or alike."
)
@click.option(
    "--attach-column",
    "attach_columns",
    metavar="NAME",
    multiple=True,
    help="A column that names files in FILE's folder. Default: the one called allegati or alike.",
)
@click.option(
    "--id-column",
    metavar="NAME",
    help="The column of your own keys; an id is batch and key. Default: the one called id. '': none.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of a CSV file: utf-8, windows-1252, macintosh, cp850. Default: detected.",
)
@click.option("--attach", type=_FILE, multiple=True, help="A file that every message gets.")
@job_options
@click.option("--dry-run", is_flag=True, help="Check and show everything, enqueue nothing.")
@click.option(
    "--show",
    "shown",
    metavar="ROWS",
    callback=row_numbers,
    help="Rows whose letters the dry run shows, counted below the header: 17, or 1,17.",
)
@click.option(
    "--test-to", metavar="ADDRESS", help="Send letters to yourself as a test, and none to recipients."
)
@click.option(
    "--rows",
    metavar="ROWS",
    callback=row_numbers,
    help="Rows whose letters --test-to sends, counted below the header. Default: the first.",
)
@click.option(
    "--again",
    metavar="STATES",
    callback=states_again,
    help="Send again the messages of this batch in these states: cancelled, or refused,undelivered.",
)
@click.option(
    "--allow-empty", is_flag=True, help="Also send lines without a value that the letter or the subject uses."
)
@click.option("--skip-invalid", is_flag=True, help="Enqueue the valid lines even if others are refused.")
@click.option(
    "--refused", type=_NEW_FILE, help="Write the refused lines into this CSV file, to correct and import."
)
@output.as_json
def import_file(
    account: str,
    dry_run: bool,
    shown: tuple[int, ...],
    test_to: str | None,
    rows: tuple[int, ...],
    again: frozenset[State],
    skip_invalid: bool,
    refused: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Send a PEC for each line of a spreadsheet (CSV, XLSX).

    The first line names the columns. One refused line refuses the file. The same file imported again sends
    nothing twice, because ids are made of batch and recipient: a new campaign needs another --batch.

    \b
    pec import soci.csv --account acme --subject 'Avviso per {nome}' --body avviso.html --dry-run
    pec import soci.csv --account acme --subject 'Avviso per {nome}' --body avviso.html --test-to me@pec.example.it
    pec import soci.xlsx --account acme --subject 'Avviso per {nome}' --body avviso.html --batch soci-2026
    pec import soci.csv --account acme --subject Avviso --body avviso.html --skip-invalid --refused errori.csv
    pec import soci.csv --account acme --subject Avviso --body avviso.html --again cancelled
    """
    request = import_request(account, given)
    check_options(dry_run=dry_run, shown=shown, test_to=test_to, rows=rows, again=again)
    if test_to is not None:
        _send_test(request, test_to, rows, as_json=as_json)
        return
    check_new_file(refused, request)
    with ExitStack() as stack:
        settings, session = stack.enter_context(open_if_there(needed=not dry_run))
        _check_names(request, settings, session)
        campaign = stack.enter_context(open_campaign(request, settings))
        with usage_errors():
            preview = load_preview(campaign, settings, session.store if session else None, shown, again)
        _show_preview(preview, as_json=as_json)
        if preview.count(RowStatus.REFUSED):
            if refused:
                write_refused_lines(refused, campaign, request.file)
            if not (skip_invalid and preview.sendable):
                refuse(preview, refused, dry_run=dry_run, as_json=as_json)
        if session:
            refuse_cancelled(session.store, preview, again)
            note_paused_batch(session, campaign.batch)
        if dry_run:
            _conclude_dry_run(preview, as_json=as_json)
        elif session:
            _conclude(preview, session, enqueue_ready(session, campaign, again), as_json=as_json)


def _send_test(request: ImportRequest, test_to: str, rows: tuple[int, ...], *, as_json: bool) -> None:
    with usage_errors():
        to = own_address(test_to)
    with open_session() as session:
        _check_names(request, session.settings, session)
        with open_campaign(request, session.settings) as campaign:
            send_trials(session, campaign, to, rows, as_json=as_json)


def _check_names(request: ImportRequest, settings: Settings, session: Session | None) -> None:
    """Raise Refused if no worker serves the account or the endpoint."""
    stated, store = request.stated, session.store if session else None
    for note in check_served(store, settings, stated["account"], stated.get("webhook")):
        output.note(note)


def _show_preview(preview: Preview, *, as_json: bool) -> None:
    if not as_json:
        show(preview)
        note_numbers(preview)
    for note in preview.campaign.notes:
        output.note(note)
    note_same_subject(preview)


def _conclude_dry_run(preview: Preview, *, as_json: bool) -> None:
    if as_json:
        output.data(preview_dict(preview, None))
    else:
        show_letters(preview)
    note_end(preview)
    output.note(_("A dry run: nothing was enqueued."))


def _conclude(preview: Preview, session: Session, enqueued: int, *, as_json: bool) -> None:
    if as_json:
        output.data(preview_dict(preview, enqueued))
    else:
        click.echo(
            translated(ngettext("\n{count} enqueued", "\n{count} enqueued", enqueued).format(count=enqueued))
        )
    note_end(preview)
    note_next_step(session, preview.campaign.batch, enqueued)
