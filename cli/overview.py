"""The tables of `pec status`, and below them what needs a person."""

from collections.abc import Iterable, Iterator, Sequence

from cli import output
from cli.shapes import local_text
from config.texts import _, ngettext
from pec.names import Queue, State
from pec.operations.status.lane_forecast import empty_at
from pec.operations.status.overview import Lane, Overview, Token, Work, Worker
from pec.operations.status.overview_warnings import named, recommendations, warnings
from pec.operations.status.progress import age, clock, duration

_STATES = (_("STATE"), _("MESSAGES"), _("OLDEST"))
_LANES = (
    _("ACCOUNT"),
    _("WAITING"),
    _("OLDEST"),
    _("TIME LEFT"),
    _("ENDS (ROME)"),
    _("MAILBOX"),
    _("TO COME"),
    _("ROOM FOR"),
    _("PAUSED"),
)
_TOKENS = (_("TOKEN"), _("ACCOUNTS"), _("LAST MINUTE"), _("SENT TODAY"), _("THIS MONTH"))
_STREAMS = (_("STREAM"), _("ENTRIES"), _("OLDEST"))
_QUEUES = (_("QUEUE"), _("SCHEDULED"), _("DUE NOW"), _("LATE"))
_WORKERS = (_("WORKER"), _("HOST"), _("THREADS"), _("QUEUES"), _("SINCE"))
_ENDPOINTS = (_("ENDPOINT"), _("FAILURES"), _("WAITING"), _("NOT YET READ"), _("DEAD"), _("DISABLED"))

_PAUSES = {
    "operator": _("operator"),
    "credentials": _("credentials"),
    "wallet": _("wallet"),
    "scope": _("scope"),
    "mailbox_full": _("mailbox_full"),
    "no_room": _("no_room"),
}


def show(found: Overview) -> None:
    """Print tables on stdout, and what needs a person on stderr."""
    oldest_job = age(found.oldest_job_at, found.now)
    streams = [(name, entries, None) for name, entries in found.streams.items()]
    _table(_STATES, [_state_row(found, *pair) for pair in found.messages.items() if pair[1]])
    _table(_LANES, [_lane_row(found, lane) for lane in found.lanes.values()])
    _table(_TOKENS, map(_token_row, found.tokens.values()))
    _table(_STREAMS, [("jobs", found.jobs, oldest_job), *streams])
    _table(_QUEUES, [_work_row(found, work) for work in found.work.values() if work.scheduled])
    _table(_WORKERS, map(_worker_row, found.workers))
    _table(_ENDPOINTS, _endpoint_rows(found))
    for line in (*warnings(found), *recommendations(found), *_purged(found)):
        output.note(line)


# Rows


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    if each := list(rows):
        output.table(columns, each)


def _state_row(found: Overview, state: State, count: int) -> tuple[object, ...]:
    return state, count, age(found.oldest_in_state.get(state), found.now)


def _lane_row(found: Overview, lane: Lane) -> tuple[object, ...]:
    ends = empty_at(found, lane.account)
    return (
        lane.account,
        lane.waiting,
        age(lane.oldest_at, found.now),
        _("about {duration}").format(duration=duration((ends - found.now).total_seconds())) if ends else None,
        clock(ends, found.now) if ends else None,
        None if lane.room.share is None else f"{lane.room.share:.0%}",
        _to_come(lane),
        lane.messages_left,
        _held_back(lane),
    )


def _purged(found: Overview) -> Iterator[str]:
    """Yield how many mails workers deleted from each mailbox."""
    for lane in found.lanes.values():
        if lane.imap.purged:
            said = ngettext(
                "account {account}: {count} receipt was deleted from the mailbox, {size} MB",
                "account {account}: {count} receipts were deleted from the mailbox, {size} MB",
                lane.imap.purged,
            )
            size = f"{lane.imap.purged_bytes / 1e6:.1f}"
            yield said.format(account=lane.account, count=lane.imap.purged, size=size)


def _to_come(lane: Lane) -> str | None:
    """Return the share of the mailbox that receipts take which are not part of its last reading."""
    room = lane.room
    return f"{room.share_with_receipts - (room.share or 0):.0%}" if room.limit else None


def _held_back(lane: Lane) -> str | None:
    code = lane.paused.code if lane.paused else "no_room" if lane.waits_for_room else ""
    return _PAUSES.get(code, code)


def _token_row(token: Token) -> tuple[object, ...]:
    made = _("{sends} of {allowed} ({share})").format(
        sends=token.sends_last_minute,
        allowed=f"{token.allowed_per_minute:.0f}",
        share=f"{token.pace_used:.0%}",
    )
    today, month = str(token.usage.today), str(token.usage.this_month)
    if token.daily_cap is not None:
        today = _used(token.usage.today, token.daily_cap, token.left_today)
    if token.monthly_cap is not None:
        month = _used(token.usage.this_month, token.monthly_cap, token.left_this_month)
    return token.digest, named(token.accounts), made, today, month


def _used(used: int, cap: int, left: int | None) -> str:
    return ngettext("{used} of {cap}, {left} left", "{used} of {cap}, {left} left", left or 0).format(
        used=used, cap=cap, left=left
    )


def _work_row(found: Overview, work: Work) -> tuple[object, ...]:
    return work.queue, work.scheduled, work.overdue, age(work.overdue_since, found.now)


def _worker_row(worker: Worker) -> tuple[object, ...]:
    queues = _("all") if set(worker.queues) == set(Queue) else " ".join(worker.queues)
    return worker.id, f"{worker.host}:{worker.pid}", worker.threads, queues, local_text(worker.started_at)


def _endpoint_rows(found: Overview) -> Iterator[tuple[object, ...]]:
    for one in found.endpoints:
        yield one.name, one.failures, one.waiting, one.lag, one.dead, _("yes") if one.disabled else _("no")
