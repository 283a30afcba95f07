"""Messages as `--json` prints them and as tables show them."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from pec.instants import to_text
from pec.messages import Attachment, Message, Reason
from producers.rejections import Rejection

COLUMNS = ("ID", "STATE", "ACCOUNT", "RECIPIENT", "UPDATED", "REASON")


def message_dict(message: Message) -> dict[str, Any]:
    """The record's public fields, typed; those that are empty are left out."""
    values = {spec.name: getattr(message, spec.name) for spec in fields(message)}
    values["recipient"] = recipients(message)
    del values["recipients"]
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", (), {})}


def rejection_dict(rejection: Rejection) -> dict[str, Any]:
    """A job that was not taken: `state` is `rejected`, which no message ever is."""
    errors = [problem.as_dict() for problem in rejection.problems]
    return {"id": rejection.name, "state": "rejected", "entry": rejection.entry, "errors": errors}


def recipients(message: Message) -> str | list[str]:
    return message.recipients[0] if len(message.recipients) == 1 else list(message.recipients)


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


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return to_text(value)
        case Reason():
            return value.as_dict()
        case Attachment():
            return {"name": value.name, "sha256": value.sha256}
        case tuple():
            return [_plain(one) for one in value]
        case Mapping():
            return dict(value)
    return value
