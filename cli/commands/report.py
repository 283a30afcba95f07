"""`pec report`: a batch on paper, to print and sign."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from archive import selection
from archive.atomic_files import atomic_write
from archive.case_files import CaseFile, gather
from archive.choice import count_of_batch
from archive.report.summary import Summary, gathered, new_summary
from archive.report.words import Words, not_final
from cli import output
from cli.bar import progress_bar
from cli.errors import Exit, Failure
from cli.language import in_italian
from cli.output_file import writing
from config.texts import _
from pec.operations.session import Session, open_session


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
    with open_session() as session:
        count = count_of_batch(session.store, batch)
        with writing(), progress_bar(count, hidden=False) as step:
            cases = _counted(gather(session.store, selection.of_batch(session.store, batch)), step)
            summary = _write(session, batch, cases, write, file)
    if summary.open:
        output.note(not_final(summary.open))
    output.note(_("written to {path}").format(path=file))


def _writer(file: Path) -> Callable[..., None]:
    """Import what the format needs, only then: a command must start quickly."""
    match file.suffix.lower():
        case ".html" | ".htm":
            from archive.report.html_file import write_html

            return write_html
        case ".pdf":
            from archive.report.pdf_file import write_pdf

            return write_pdf
    raise Failure(
        _("{file} is neither .html nor .pdf: name a file of one of these kinds").format(file=file), Exit.USAGE
    )


def _write(
    session: Session, batch: str, cases: Iterable[CaseFile], write: Callable[..., None], file: Path
) -> Summary:
    summary = new_summary(session.store, batch)
    with gathered(cases, summary) as found:
        accounts = session.settings.accounts
        summary.senders = {
            name: accounts[name].sender if name in accounts else "" for name in summary.senders
        }
        with atomic_write(file.resolve()) as opened:
            write(found, Words(in_italian), opened)
    return summary


def _counted(cases: Iterable[CaseFile], step: Callable[[], object]) -> Iterator[CaseFile]:
    for case in cases:
        yield case
        step()
