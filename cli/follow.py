"""Messages that `pec watch` and `--wait` follow to their end, with progress and outcome."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from cli import output
from cli.batch_names import note_unknown
from cli.errors import Exit, Failure, rejection
from cli.language import translated
from cli.shapes import COLUMNS, row
from config.texts import _, ngettext
from pec.instants import from_epoch
from pec.messages import Message
from pec.operations.messages.wait_context import load_paused_batch, seconds_to_send
from pec.operations.rejections import as_error, rejection_dict
from pec.operations.session import Session
from pec.operations.status.paused_batches import said
from pec.operations.status.progress import Tally, summary
from pec.record_json import message_dict
from producers import Rejection
from producers.watch import Watch

_REFRESH_EVERY_SECONDS = 2.0
_MAX_ROWS = 50

timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Follow it no longer than this."
)


def follow(
    session: Session,
    ids: Iterable[str] = (),
    batch: str | None = None,
    *,
    timeout_seconds: float | None = None,
    as_json: bool = False,
) -> None:
    """Print progress on stderr and the outcome on stdout. Raise Failure or TimeoutError."""
    if batch:
        note_unknown(session, batch)
    followed = _Followed(session, batch, as_json)
    try:
        with followed.shown():
            for one in Watch(session.store, ids, batch).changes(timeout_seconds, followed.refresh):
                followed.note(one)
    except KeyboardInterrupt:
        output.note(_("Nothing was cancelled: workers go on. `pec watch` follows it again."))
        raise
    except TimeoutError:
        followed.print_so_far()
        raise
    followed.conclude()


class _Followed:
    """The messages that are followed, and their progress so far."""

    def __init__(self, session: Session, batch: str | None, as_json: bool) -> None:
        self._session, self._batch, self._as_json = session, batch, as_json
        self._tally = Tally()
        self._last: dict[str, Message] = {}  # what the table shows in the end
        self._rejections: list[Rejection] = []
        self._all_sent_at: float | None = None  # by time.monotonic
        self._refresh_at = 0.0
        self._pause_noted = False

    def note(self, one: Message | Rejection) -> None:
        if isinstance(one, Rejection):
            self._rejections.append(one)
        else:
            self._tally.note(one)
            if len(self._last) < _MAX_ROWS or one.id in self._last:
                self._last[one.id] = one
        if self._as_json:
            output.data(rejection_dict(one) if isinstance(one, Rejection) else message_dict(one))

    def refresh(self) -> None:
        """Read what no event reports: a pause of the batch, and when all will be sent."""
        now = time.monotonic()
        if now >= self._refresh_at:
            self._refresh_at = now + _REFRESH_EVERY_SECONDS
            self._note_pause()
            self._estimate(now)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show one line that changes on a terminal, and nothing elsewhere."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.live import Live

        with Live(get_renderable=self._line, console=Console(stderr=True), transient=True):
            yield

    def print_so_far(self) -> None:
        """Print the messages that are known, unless each change was printed as JSON."""
        if self._last and not self._as_json:
            self._print()

    def conclude(self) -> None:
        """Print the outcome. Raise Failure if not all were delivered."""
        if not self._as_json:
            self._print()
        if self._rejections:
            raise Failure(rejection(as_error(self._rejections)), Exit.REJECTED)
        if not self._tally.all_delivered:
            raise Failure(
                _("not all were delivered: see `pec status ID` and `pec receipts ID`"), Exit.UNDELIVERED
            )

    def _print(self) -> None:
        if len(self._tally.places) <= _MAX_ROWS:
            last = (one for one in self._last.values() if one.id not in self._tally.replaced)
            output.table(COLUMNS, map(row, last))
        else:
            output.table((_("STATE"), _("MESSAGES")), self._tally.counts.items())
        output.note(summary(self._tally.counts, len(self._rejections)))
        if self._tally.replaced:
            count = len(self._tally.replaced)
            output.note(
                ngettext(
                    "{count} earlier attempt is not counted",
                    "{count} earlier attempts are not counted",
                    count,
                ).format(count=count)
            )

    def _line(self) -> str:
        left = self._all_sent_at and max(0.0, self._all_sent_at - time.monotonic())
        return translated(summary(self._tally.counts, len(self._rejections), left))

    def _estimate(self, now: float) -> None:
        if sys.stderr.isatty():
            seconds = seconds_to_send(self._session.store, self._session.settings, self._tally.last_queued())
            self._all_sent_at = None if seconds is None else now + seconds

    def _note_pause(self) -> None:
        """Note each pause once: without it, a batch that does not move looks broken."""
        paused = load_paused_batch(self._session.store, self._batch) if self._batch else None
        if paused and not self._pause_noted:
            output.note(said(paused, from_epoch(self._session.store.now())))
        self._pause_noted = paused is not None
