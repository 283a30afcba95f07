"""`pec report`: a batch on paper, to print and sign."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from pec.instants import from_epoch
from pec.store import records
from producers.cli import output
from producers.cli.errors import Exit, Failure
from producers.cli.exporting import cannot_write, no_batch, progress_bar
from producers.cli.language import in_italian
from producers.cli.session import Session, session
from producers.evidence import selection
from producers.evidence.cases import Case, gather
from producers.evidence.whole_files import whole_file
from producers.report.summary import Summary, gathered
from producers.report.words import Words


@click.command()
@click.option("--batch", required=True, help="The batch to report on.")
@click.option(
    "--output",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="An .html or .pdf file, written whole or not at all.",
)
def report(batch: str, file: Path) -> None:
    """Write a report of a batch, to print and sign.

    \b
    pec report --batch november --output november.pdf
    pec report --batch november --output november.html

    It is in Italian whatever LANG says. FILE holds personal data: it is made for your user alone.
    """
    write = _writer(file)
    with session() as here:
        count = selection.count_of_batch(here.store, batch)
        if not count:
            raise no_batch(here.store, batch)
        try:
            with progress_bar(count, hidden=False) as step:
                cases = _counted(gather(here.store, selection.of_batch(here.store, batch)), step)
                summary = _write(here, batch, cases, write, file)
        except OSError as error:
            raise cannot_write(error) from None
    if summary.open:
        output.note(f"{summary.open} have not ended: this report is not final")
    output.note(f"written to {file}")


def _writer(file: Path) -> Callable[..., None]:
    """Import what the format needs, only then: a command must start quickly."""
    match file.suffix.lower():
        case ".html" | ".htm":
            from producers.report.html_file import write_html

            return write_html
        case ".pdf":
            from producers.report.pdf_file import write_pdf

            return write_pdf
    raise Failure(f"{file} is neither .html nor .pdf: name a file of one of these kinds", Exit.USAGE)


def _write(
    here: Session, batch: str, cases: Iterable[Case], write: Callable[..., None], file: Path
) -> Summary:
    size = records.batch_of(here.store, batch).get("size")
    summary = Summary(
        batch=batch,
        made_at=from_epoch(here.store.now()),
        announced=int(size) if size else None,
        rejected=selection.rejected_of(here.store, batch),
    )
    with gathered(cases, summary) as found:
        accounts = here.settings.accounts
        summary.senders = {
            name: accounts[name].sender if name in accounts else "" for name in summary.senders
        }
        with whole_file(file.resolve()) as opened:
            write(found, Words(in_italian), opened)
    return summary


def _counted(cases: Iterable[Case], step: Callable[[], object]) -> Iterator[Case]:
    for case in cases:
        yield case
        step()
