"""A message's record is plain JSON, whatever it holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from pec.messages import Attachment, Message, Reason
from pec.names import State
from pec.record_json import message_dict
from pec.searches import Search

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
MESSAGE = Message(
    id="a", account="acme", recipients=("x@pec.example",), subject="s", state=State.UNCERTAIN,
    created_at=AT, updated_at=AT,
)  # fmt: skip


def test_nested_values_are_objects_and_instants_are_text() -> None:
    message = replace(
        MESSAGE,
        reason=Reason("no_answer", "no answer came"),
        attachments=(Attachment("a.pdf", "ab" * 32),),
        searches=(Search(AT, mails=2),),
    )

    found = json.loads(json.dumps(message_dict(message)))

    assert found["reason"]["code"] == "no_answer"
    assert found["attachments"] == [{"name": "a.pdf", "sha256": "ab" * 32}]
    assert found["searches"] == [{"at": "2026-11-29T12:00:00.000Z", "result": "nothing", "mails": 2}]


def test_one_recipient_is_text_and_several_are_a_list() -> None:
    two = ("x@pec.example", "y@pec.example")

    assert message_dict(MESSAGE)["recipient"] == "x@pec.example"
    assert message_dict(replace(MESSAGE, recipients=two))["recipient"] == list(two)
