"""Messages as tables show them, and rejections as `--json` prints them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pec.instants import from_text
from pec.messages import Message
from pec.operations.forecast import ROME
from pec.status_codes import explained
from pec.store.rejections import Rejection

COLUMNS = ("ID", "STATE", "ACCOUNT", "RECIPIENT", "UPDATED", "REASON")
REJECTED_COLUMNS = ("ENTRY", "JOB", "ID", "ACCOUNT", "BATCH", "REJECTED", "FIELD", "REASON")


def rejection_dict(rejection: Rejection) -> dict[str, Any]:
    """A job that was not taken: `state` is `rejected`, which no message ever is."""
    job = rejection.job
    known = {"job_type": job.get("type"), "account": job.get("account"), "batch": job.get("batch")}
    return {
        "id": rejection.name,
        "state": "rejected",
        "entry": rejection.entry,
        "at": rejection.at,
        **{name: value for name, value in known.items() if value is not None},
        "errors": [problem.as_dict() for problem in rejection.problems],
    }


def rejection_rows(rejection: Rejection) -> Iterator[tuple[object, ...]]:
    """For a table with REJECTED_COLUMNS, a row for each fault."""
    job = rejection.job
    shared = (rejection.entry, *map(job.get, ("type", "id", "account", "batch")), _local(rejection.at))
    return ((*shared, problem.field, problem.reason) for problem in rejection.problems)


def local_time(instant: datetime) -> str:
    """Return the time in Rome with its offset from UTC, to the second."""
    return instant.astimezone(ROME).isoformat(" ", timespec="seconds")


def _local(written: str) -> str:
    try:
        return local_time(from_text(written))
    except ValueError:  # an older version wrote none
        return written


def row(message: Message) -> tuple[object, ...]:
    """For a table with COLUMNS."""
    return (
        message.id,
        message.state,
        message.account,
        ", ".join(message.recipients),
        local_time(message.updated_at),
        explained(message.reason.description, message.reason.details) if message.reason else None,
    )
