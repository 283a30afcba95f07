"""The proof and the report of a campaign's batch, as files that a person downloads."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive import selection
from archive.atomic_files import atomic_write
from archive.bundle.bundle import Maker
from archive.bundle.zip_file import packed
from archive.case_files import CaseFile, gather
from archive.choice import choose, count_of_batch
from archive.report.pdf_file import write_pdf
from archive.report.summary import gathered, new_summary
from archive.report.words import Words
from archive.vault import VaultError
from config.foreign_words import system_words
from config.texts import _
from console.campaigns.draft import Draft
from console.campaigns.room import require_room
from console.campaigns.tasks import Failed, Report
from console.language import ITALIAN, translated
from pec.operations.refusals import Refused
from pec.operations.session import Session


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was written. `lacking`: messages without all originals; `incomplete`: with bytes missing."""

    messages: int
    files: int
    lacking: int
    incomplete: int


def make_bundle(session: Session, draft: Draft, place: Path, report: Report) -> Bundle:
    """Write what `pec proof --batch` writes, as one ZIP file. Raise Failed."""
    maker = Maker.of(session.store, session.settings.archive, in_italian, ITALIAN)
    try:
        choice = choose(session.store, (), draft.batch, ())
        step = _Steps(choice.count, report, place.parent)
        with packed(place) as folder:
            done = maker.write(folder, choice, step)
    except Refused as refused:
        raise Failed(str(refused)) from None
    except (OSError, VaultError) as error:
        raise _not_written(error) from None
    return Bundle(done.messages, done.files, len(done.lacking), len(done.incomplete))


def make_report(session: Session, draft: Draft, place: Path, report: Report) -> int:
    """Write what `pec report --batch` writes, as PDF. Return how many messages have not ended. Raise Failed."""
    store, accounts = session.store, session.settings.accounts
    try:
        step = _Steps(count_of_batch(store, draft.batch), report, place.parent)
        cases = _counted(gather(store, selection.of_batch(store, draft.batch)), step)
        summary = new_summary(store, draft.batch)
        with gathered(cases, summary) as found:
            summary.senders = {
                name: accounts[name].sender if name in accounts else "" for name in summary.senders
            }
            with atomic_write(place) as opened:
                write_pdf(found, Words(in_italian), opened)
    except Refused as refused:
        raise Failed(str(refused)) from None
    except OSError as error:
        raise _not_written(error) from None
    return summary.open


def in_italian(text: str) -> str:
    """Return a text in Italian, the language of the offices that get these files."""
    return str(translated(ITALIAN, text))


class _Steps:
    """Reports each message of a file, and leaves off when the disk is nearly full. Raise Refused."""

    def __init__(self, count: int, report: Report, folder: Path) -> None:
        self._count, self._report, self._done, self._folder = max(1, count), report, 0, folder
        require_room(folder, 0)

    def __call__(self) -> None:
        require_room(self._folder, 0)
        self._done += 1
        self._report(self._done / self._count)


def _counted(cases: Iterable[CaseFile], step: Callable[[], None]) -> Iterator[CaseFile]:
    for case in cases:
        yield case
        step()


def _not_written(error: Exception) -> Failed:
    why = system_words(error) if isinstance(error, OSError) else error
    return Failed(_("the file could not be written ({why}): ask an administrator").format(why=why))
