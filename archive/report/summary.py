"""The totals of a report's batch, and its lines, kept in a temporary file: ten thousand need no memory."""

import pickle
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

from archive.case_files import CaseFile
from archive.report.lines import Earlier, Line, earlier_of, lines_of
from archive.selection import rejected_of
from pec.instants import from_epoch
from pec.names import ENDS, State
from pec.store import records
from pec.store.store import Store


@dataclass(slots=True)
class Period:
    """From the first to the last of some instants."""

    first: datetime | None = None
    last: datetime | None = None

    def note(self, at: datetime | None) -> None:
        if at is not None:
            self.first = min(self.first or at, at)
            self.last = max(self.last or at, at)


@dataclass(slots=True)
class Summary:
    """Totals by line. `subject` is None if the messages have several."""

    batch: str
    made_at: datetime
    announced: int | None = None  # messages that the batch was said to have
    rejected: int = 0
    senders: dict[str, str] = field(default_factory=dict)  # account → address, "" where it is not known here
    messages: int = 0  # without those that later attempts replaced
    replaced: int = 0
    states: Counter[State] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    queued: Period = field(default_factory=Period)
    sent: Period = field(default_factory=Period)
    subject: str | None = ""

    @property
    def lines(self) -> int:
        return sum(self.states.values())

    @property
    def open(self) -> int:
        return sum(count for state, count in self.states.items() if state not in ENDS)

    @property
    def never_arrived(self) -> int:
        return max(0, (self.announced or 0) - self.messages - self.replaced)


@dataclass(slots=True)
class Report:
    """A summary, and its lines, which can be read again and again."""

    summary: Summary
    _file: IO[bytes]

    def lines(self) -> Iterator[Line]:
        self._file.seek(0)
        while True:
            try:
                yield pickle.load(self._file)  # noqa: S301 - our own file: JSON would lose how a text is translated
            except EOFError:
                return


def new_summary(store: Store, batch: str) -> Summary:
    """Return a summary without messages so far."""
    size = records.batch_of(store, batch).get("size")
    return Summary(
        batch=batch,
        made_at=from_epoch(store.now()),
        announced=int(size) if size else None,
        rejected=rejected_of(store, batch),
    )


@contextmanager
def gathered(cases: Iterable[CaseFile], summary: Summary) -> Iterator[Report]:
    """Read all cases once, earlier attempts before later ones. The lines are in a private temporary file."""
    with TemporaryFile() as file:
        earlier: defaultdict[str, list[Earlier]] = defaultdict(list)
        for case in cases:
            if case.replaced_by:
                summary.replaced += 1
                earlier[case.replaced_by].append(earlier_of(case))
                continue
            _note(case, summary)
            attempts = tuple(earlier.pop(case.message.id, ()))
            for line in (replace(one, earlier=attempts) for one in lines_of(case)):
                summary.states[line.state] += 1
                summary.missing[line.missing] += bool(line.missing)
                pickle.dump(line, file)
        yield Report(summary, file)


def _note(case: CaseFile, summary: Summary) -> None:
    message = case.message
    first = not summary.messages
    summary.messages += 1
    summary.senders.setdefault(message.account, "")
    summary.queued.note(message.created_at)
    summary.sent.note(message.sent_at if message.code else None)
    if first:
        summary.subject = message.subject
    elif summary.subject != message.subject:
        summary.subject = None
