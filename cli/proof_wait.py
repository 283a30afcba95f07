"""The wait of an export until receipts are complete, with progress on stderr."""

import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from archive import completing
from archive.choice import Choice
from cli import output
from cli.language import translated
from config.texts import _, ngettext
from pec.operations.session import Session

_MAX_SECONDS = 120
_MAX_ASKED = 1000  # looks at the mailbox that one export asks for
_NOTE_EVERY_SECONDS = 10


def wait_for_proof(
    session: Session, choice: Choice, lacks: completing.Lacks, short: Collection[str] = ("",)
) -> None:
    """Return once the proof of these messages is complete, or after two minutes, or if nothing more can come."""
    store = session.store
    pending = completing.incomplete(store, choice.ids(), lacks, short)
    if not pending:
        return
    count = len(pending)
    if not completing.served(store, pending):
        output.note(
            ngettext(
                "receipts of {count} message are incomplete, and no worker looks for them: "
                "start one with `pec worker`, then export again",
                "receipts of {count} messages are incomplete, and no worker looks for them: "
                "start one with `pec worker`, then export again",
                count,
            ).format(count=count)
        )
        return
    completing.ask_again(store, pending, _MAX_ASKED)
    output.note(
        ngettext(
            "waiting for receipts of {count} message, at most 2 min (--no-wait does not wait)",
            "waiting for receipts of {count} messages, at most 2 min (--no-wait does not wait)",
            count,
        ).format(count=count)
    )
    with _progress(count) as show:
        completing.wait(store, pending, lacks, _MAX_SECONDS, show, short)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on a terminal; elsewhere a line every 10 seconds if something has come."""
    if not sys.stderr.isatty():
        yield _Lines(count).show
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(translated(_("receipts")), total=count)
        yield lambda left: progress.update(task, completed=count - left)


class _Lines:
    """Progress for a log."""

    def __init__(self, count: int) -> None:
        self._left, self._next_at = count, time.monotonic() + _NOTE_EVERY_SECONDS

    def show(self, left: int) -> None:
        if left != self._left and time.monotonic() >= self._next_at:
            self._left, self._next_at = left, time.monotonic() + _NOTE_EVERY_SECONDS
            output.note(
                ngettext(
                    "still waiting for receipts of {count} message",
                    "still waiting for receipts of {count} messages",
                    left,
                ).format(count=left)
            )
