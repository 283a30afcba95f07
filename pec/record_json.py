"""A message's record as JSON states it."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from pec.instants import to_text
from pec.messages import Attachment, Message, Reason
from pec.searches import Search


def message_dict(message: Message) -> dict[str, Any]:
    """Return the record's public fields, typed, without those that are empty and without the raw history."""
    values = {spec.name: getattr(message, spec.name) for spec in fields(message) if spec.name != "history"}
    values["recipient"] = recipients(message)
    del values["recipients"]
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", (), {})}


def recipients(message: Message) -> str | list[str]:
    return message.recipients[0] if len(message.recipients) == 1 else list(message.recipients)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return to_text(value)
        case Reason():
            return value.as_dict()
        case Attachment():
            return {"name": value.name, "sha256": value.sha256}
        case Search():
            return {"at": to_text(value.at), "result": value.result, "mails": value.mails}
        case tuple():
            return [_plain(one) for one in value]
        case Mapping():
            return dict(value)
    return value
