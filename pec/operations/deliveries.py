"""Deliveries of webhooks as an operator looks at them, and a test event that is posted at once."""

import json
import secrets
from typing import Any

from config.settings import Endpoint, Settings
from config.texts import Text, _
from pec.instants import from_epoch, to_text
from pec.operations.refusals import Refused
from pec.store import delivery_history
from pec.store.delivery_history import Note, Tried
from pec.store.store import Store, wall_clock
from pec.webhooks.delivery import Poster
from pec.webhooks.outcomes import Delivered, Failed, Gone, Outcome

MAX_KEPT = delivery_history.MAX_KEPT
TEST_TYPE = "test"


def list_deliveries(store: Store, endpoint: str, limit: int, *, failed_only: bool = False) -> list[Tried]:
    """Return the latest tries at an endpoint, newest first."""
    return delivery_history.newest(store, endpoint, limit, failed_only=failed_only)


def delivery_dict(tried: Tried) -> dict[str, Any]:
    """Return a try as JSON shows it."""
    return {
        "at": to_text(tried.at),
        "event": tried.event_id,
        "type": tried.type,
        "outcome": tried.outcome,
        "try": tried.tries,
        "status": tried.answer.status,
        "milliseconds": round(tried.answer.seconds * 1000),
        "answer": tried.answer.text,
        "why": tried.why,
    }


def configured_endpoint(settings: Settings, name: str) -> Endpoint | None:
    """Return an endpoint of these settings, or None if only workers have it."""
    return next((one for one in settings.webhooks.endpoints if one.name == name), None)


def send_test_event(settings: Settings, store: Store, name: str) -> Text:
    """Post a test event to an endpoint, and return the words for its success. Raise Refused."""
    endpoint = configured_endpoint(settings, name)
    if endpoint is None:
        raise Refused(
            "unknown_endpoint",
            _("these settings have no endpoint {name}: add it to PEC_WEBHOOKS__ENDPOINTS here too").format(
                name=name
            ),
        )
    outcome = deliver_test_event(settings, endpoint, store)
    seconds = f"{outcome.answer.seconds if outcome.answer else 0:.2f}"
    match outcome:
        case Delivered():
            return _("The endpoint took the test event after {seconds} s.").format(seconds=seconds)
        case Gone():
            raise Refused("test_failed", _("the endpoint answered 410 to the test event: it wants no more"))
        case Failed():
            said = _("the test event failed after {seconds} s: {why}").format(
                seconds=seconds, why=outcome.why
            )
            raise Refused("test_failed", said)


def deliver_test_event(settings: Settings, endpoint: Endpoint, store: Store) -> Outcome:
    """Post a signed event of the type `test` once, as workers would, and keep its outcome among the deliveries."""
    at = wall_clock()
    event = {
        "type": TEST_TYPE,
        "timestamp": to_text(from_epoch(at)),
        "data": {"endpoint": endpoint.name},
    }
    event_id = f"evt_test_{secrets.token_hex(12)}"
    with Poster(settings.webhooks, endpoint) as poster:
        outcome = poster.post(event_id, json.dumps(event).encode())
    delivery_history.add(store, endpoint.name, Note(at, event_id, TEST_TYPE, outcome, 1, step=TEST_TYPE))
    return outcome
