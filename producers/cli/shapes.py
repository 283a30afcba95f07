"""Messages as tables show them, and rejections as `--json` prints them."""

from typing import Any

from pec.instants import to_text
from pec.messages import Message
from producers.rejections import Rejection

COLUMNS = ("ID", "STATE", "ACCOUNT", "RECIPIENT", "UPDATED", "REASON")


def rejection_dict(rejection: Rejection) -> dict[str, Any]:
    """A job that was not taken: `state` is `rejected`, which no message ever is."""
    errors = [problem.as_dict() for problem in rejection.problems]
    return {"id": rejection.name, "state": "rejected", "entry": rejection.entry, "errors": errors}


def row(message: Message) -> tuple[object, ...]:
    """For a table with COLUMNS."""
    return (
        message.id,
        message.state,
        message.account,
        ", ".join(message.recipients),
        to_text(message.updated_at),
        message.reason.description if message.reason else None,
    )
