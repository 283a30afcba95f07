"""The totals of a report's batch, and its lines, kept in a temporary file: ten thousand need no memory."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from archive.case_files import CaseFile
from archive.report.lines import Earlier, Line, earlier_of, lines_of
from archive.selection import rejected_of
from pec.instants import from_epoch
from pec.names import ENDS, State
from pec.store import records
from pec.store.store import Store

_INSTANTS = ("sent_at", "accepted_at", "delivered_at", "failed_at", "at")


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
    _file: IO[str]

    def lines(self) -> Iterator[Line]:
        self._file.seek(0)
        return map(_read, self._file)


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
    with TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as file:
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
                file.write(_written(line))
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


def _written(line: Line) -> str:
    return json.dumps(asdict(line), default=lambda at: at.isoformat()) + "\n"


def _read(text: str) -> Line:
    found = json.loads(text)
    earlier = tuple(Earlier(**_typed(one)) for one in found["earlier"])
    return Line(**{**_typed(found), "earlier": earlier})


def _typed(found: dict[str, Any]) -> dict[str, Any]:
    dates = {name: datetime.fromisoformat(found[name]) for name in _INSTANTS if found.get(name)}
    return {**found, **dates, "state": State(found["state"])}
