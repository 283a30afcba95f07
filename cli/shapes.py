"""Messages and rejected jobs as rows of tables."""

from collections.abc import Iterator
from datetime import datetime

from config.texts import _
from pec.instants import ROME, from_text
from pec.messages import Message
from pec.reasons import explain
from producers import Rejection

COLUMNS = (_("ID"), _("STATE"), _("ACCOUNT"), _("RECIPIENT"), _("UPDATED"), _("REASON"))
REJECTED_COLUMNS = (
    _("ENTRY"),
    _("JOB"),
    _("ID"),
    _("ACCOUNT"),
    _("BATCH"),
    _("REJECTED"),
    _("FIELD"),
    _("REASON"),
)


def rejection_rows(rejection: Rejection) -> Iterator[tuple[object, ...]]:
    """Return a row with REJECTED_COLUMNS for each problem of a job."""
    job = rejection.job
    shared = (rejection.entry, *map(job.get, ("type", "id", "account", "batch")), local_text(rejection.at))
    return ((*shared, problem.field, problem.reason) for problem in rejection.problems)


def local_time(instant: datetime) -> str:
    """Return the time in Rome with its offset from UTC, to the second."""
    return instant.astimezone(ROME).isoformat(" ", timespec="seconds")


def local_text(written: str) -> str:
    """Return the same of an RFC 3339 text; or a text of another form unchanged."""
    try:
        return local_time(from_text(written))
    except ValueError:  # an older version wrote none
        return written


def row(message: Message, replaced_by: str | None = None) -> tuple[object, ...]:
    """Return a row with COLUMNS. The reason of a message that was sent again is the later attempt."""
    return (
        message.id,
        message.state,
        message.account,
        ", ".join(message.recipients),
        local_time(message.updated_at),
        _("sent again as {id}").format(id=replaced_by) if replaced_by else _reason(message),
    )


def _reason(message: Message) -> str | None:
    return explain(message.reason) if message.reason else None
