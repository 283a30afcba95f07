"""`pec export`: the outcome of each message, for a clerk, an accountant, a court or a program."""

import sys
from pathlib import Path

import click

from archive.choice import choose
from archive.export import Exported, ExportRequest
from archive.export import export as write_export
from cli import output
from cli.bar import progress_bar
from cli.export_report import conclude, show_counts, show_places
from cli.language import translated
from cli.output_file import bytes_to, writing
from cli.proof_wait import wait_for_proof
from cli.state_name import states_option
from config.texts import _
from pec.names import State
from pec.operations.session import Session, open_session


@click.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--batch", help="All messages of a batch, in the order of intake.")
@states_option
@click.option("--all", "everything", is_flag=True, help="All messages there are.")
@click.option(
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, whole or not at all, and not to stdout.",
)
@click.option(
    "--receipts",
    "proof",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each message's content and receipts there too, with their SHA-256 sums.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    help="Do not wait until the receipts of ended messages are complete (at most 2 minutes).",
)
@output.as_json
def export(
    ids: tuple[str, ...],
    batch: str | None,
    states: tuple[State, ...],
    everything: bool,
    file: Path | None,
    proof: Path | None,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Write the outcome of each message: as CSV for Excel, or as JSON Lines for programs.

    \b
    pec export --batch november --output november.csv
    pec export --batch november --state undelivered --state expired --output not-reached.csv
    pec export --batch november --output november.csv --receipts november
    cd november && sha256sum -c SHA256SUMS

    The CSV ends with the columns of the sheet that was imported. Its names, states and reasons are Italian if
    LANG is. With --state, only lines in that state are written, and none of messages that were sent again. In
    the CSV, times are those of Europe/Rome, and text that Excel would compute or round begins with a '. FILE
    and DIR hold personal data: they are made for your user alone (modes 0600 and 0700). The same DIR again is
    brought up to date. Where content is no longer in Redis, the rest is written, message.json says what is
    missing, and the exit code is 1.

    Receipts come after the end of a message, and their texts after them: the export waits for them, at most
    2 minutes. Messages whose receipts are still incomplete then are named, and the exit code is 6. Without
    --receipts and --json, only receipts that are missing altogether count, because the CSV holds no texts.

    Messages that have ended and stand whole in DIR may be deleted from Redis in time
    (PEC_RETENTION__MESSAGES_DAYS). A table alone is no proof: what stands only there stays in Redis.
    """
    if (bool(ids), bool(batch), everything).count(True) != 1:
        raise click.UsageError(_("say what: pec export ID…, or pec export --batch B, or pec export --all"))
    with open_session() as session:
        choice = choose(session.store, ids, batch, states)
        request = ExportRequest(choice, file, proof, as_json)
        if not no_wait:
            wait_for_proof(session, choice, request.lacks_if_chosen)
        done = _write(session, request)
        show_counts(session, done, batch, chosen_states=bool(states))
    show_places(done, request)
    conclude(done)


def _write(session: Session, request: ExportRequest) -> Exported:
    """Raise Failure if a file can't be written."""
    hidden = request.file is None and sys.stdout.isatty()
    with writing(), progress_bar(request.choice.count, hidden=hidden) as step:
        lines_to = bytes_to(request.file)
        return write_export(session.store, session.settings, request, lines_to, translated, step)
