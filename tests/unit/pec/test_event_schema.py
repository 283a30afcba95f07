"""The schema of events: each type has the `data` that its events carry, and no other."""

import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from pec.changes import changed, created
from pec.event_schema import event_schema
from pec.events import TYPES, of_account, of_message, of_rejection
from pec.messages import Reason
from pec.names import EventType, State
from pec.problems import Problem
from tests.unit.cli.builders import NOW, message

VALIDATOR = jsonschema.Draft202012Validator(event_schema())
ACCOUNT = (EventType.ACCOUNT_PAUSED, EventType.ACCOUNT_RESUMED, EventType.MAILBOX_FILLING)


def test_the_schema_is_one_and_names_every_type_once() -> None:
    jsonschema.Draft202012Validator.check_schema(event_schema())
    kinds = [one["properties"]["type"]["const"] for one in event_schema()["oneOf"]]
    assert sorted(kinds) == sorted(TYPES)


@pytest.mark.parametrize("state", list(State))
def test_every_event_of_a_state_is_as_the_schema_says(state: State) -> None:
    known = message(
        State.QUEUED, accepted_at=NOW, delivered_at=NOW, outcomes={"a@pec.example": "delivered"}, batch="b"
    )
    first = created(message(state)).events
    [*later] = changed(known, NOW + timedelta(1), {"state": state, "reason": Reason("code", "why")}).events

    for event in [*first, *later]:
        VALIDATOR.validate(json.loads(event.body))


@pytest.mark.parametrize(
    "kind", [EventType.MESSAGE_DUPLICATED, EventType.RECEIPT_UNRECOGNISED, EventType.ACCEPTANCE_LATE]
)
def test_every_other_event_about_a_message_is_as_the_schema_says(kind: EventType) -> None:
    VALIDATOR.validate(json.loads(of_message(message(), kind, None).body))


@pytest.mark.parametrize("kind", ACCOUNT)
@pytest.mark.parametrize("reason", [None, Reason("wallet", "empty").as_dict()])
def test_every_event_about_an_account_is_as_the_schema_says(
    kind: EventType, reason: dict[str, Any] | None
) -> None:
    VALIDATOR.validate(json.loads(of_account("acme", kind, NOW, reason).body))


@pytest.mark.parametrize("safe", [{}, {"type": "send", "id": "x", "account": "acme", "batch": "b"}])
@pytest.mark.parametrize("limit_reached", [True, False])
def test_the_event_of_a_rejection_is_as_the_schema_says(safe: dict[str, str], limit_reached: bool) -> None:
    event = of_rejection("1-0", safe, [Problem("body", "is empty")], NOW, limit_reached=limit_reached)

    VALIDATOR.validate(json.loads(event.body))


def test_the_event_of_a_rejection_quotes_no_name_that_may_be_content_and_few_faults() -> None:
    problems = [Problem("<p>Gentile Rossi", "is not a field"), *[Problem(f"x{n}", "y") for n in range(100)]]

    errors = json.loads(of_rejection("1-0", {}, problems, NOW).body)["data"]["errors"]

    assert errors[0] == {"field": "job", "reason": "is not a field"}
    assert len(errors) == 20


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message.delivered", "data": {"state": "sent"}},
        {"type": "message.delivered", "data": {"sequence": None}},
        {"type": "message.unheard-of"},
        {"type": "batch.completed"},  # with the data of a message
        {"type": "account.paused", "data": {"account": None}},
    ],
)
def test_an_event_with_the_data_of_another_type_is_none(event: dict[str, Any]) -> None:
    right = json.loads(created(message(State.DELIVERED)).events[0].body)
    VALIDATOR.validate(right)

    assert not VALIDATOR.is_valid({**right, **event, "data": {**right["data"], **event.get("data", {})}})
